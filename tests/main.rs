//! Every test of the program, in one binary; names mirror `src/`.

#![allow(clippy::unwrap_used)]

mod allow;
mod atomic;
mod cli;
mod config;
#[cfg(unix)]
mod daemon;
#[cfg(unix)]
mod hook;
mod import;
mod pin;
mod process;
mod provider;
mod readme;
mod sanitize;
mod shell;
mod store;
mod support;
#[cfg(unix)]
mod terminal;
