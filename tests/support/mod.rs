//! Real parts that tests start for themselves and end when they are dropped.

pub mod child;
#[cfg(target_os = "linux")]
pub mod keyring;
