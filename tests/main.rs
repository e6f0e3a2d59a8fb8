//! Every test of the program, in one binary; names mirror `src/`.

// A test says what it expects in the plainest way; style is for what is shipped.
#![allow(clippy::pedantic, clippy::unwrap_used, clippy::type_complexity, clippy::nonminimal_bool)]

#[cfg(unix)]
mod allow;
#[cfg(unix)]
mod atomic;
#[cfg(unix)]
mod backup;
#[cfg(unix)]
mod cli;
#[cfg(unix)]
mod client;
#[cfg(unix)]
mod config;
#[cfg(target_os = "linux")]
mod daemon;
#[cfg(unix)]
mod detect;
#[cfg(unix)]
mod dialect;
#[cfg(unix)]
mod dotenv;
#[cfg(unix)]
mod explain;
#[cfg(unix)]
mod hook;
#[cfg(unix)]
mod import;
#[cfg(unix)]
mod net;
#[cfg(unix)]
mod pin;
mod probe;
#[cfg(unix)]
mod process;
mod provider;
#[cfg(target_os = "linux")]
mod proxy;
#[cfg(unix)]
mod readme;
#[cfg(unix)]
mod repair;
mod sanitize;
#[cfg(unix)]
mod shell;
#[cfg(unix)]
mod source;
mod store;
mod support;
#[cfg(unix)]
mod terminal;
mod unit;
#[cfg(windows)]
mod windows;
