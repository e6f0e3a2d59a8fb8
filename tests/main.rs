//! Every test of the program, in one binary; names mirror `src/`.

#![allow(clippy::unwrap_used)]

mod allow;
mod atomic;
mod config;
mod pin;
mod process;
mod provider;
mod sanitize;
mod store;
mod support;
