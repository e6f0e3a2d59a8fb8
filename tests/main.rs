//! Every test of the program, in one binary; names mirror `src/`.

// A test says what it expects in the plainest way; style is for what is shipped.
#![allow(clippy::pedantic, clippy::unwrap_used, clippy::type_complexity, clippy::nonminimal_bool)]

mod allow;
mod atomic;
#[cfg(unix)]
mod backup;
mod cli;
mod config;
#[cfg(unix)]
mod daemon;
#[cfg(unix)]
mod detect;
mod dialect;
mod dotenv;
#[cfg(unix)]
mod explain;
#[cfg(unix)]
mod hook;
mod import;
mod net;
mod pin;
mod probe;
mod process;
mod provider;
mod readme;
mod sanitize;
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
