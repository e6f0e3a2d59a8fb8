//! Every test of the program, in one binary; names mirror `src/`.

mod allow;
mod atomic;
mod config;
mod pin;
mod process;
mod store;
mod support;
