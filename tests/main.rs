//! Every test of the program, in one binary; names mirror `src/`.

mod atomic;
mod config;
mod process;
mod store;
mod support;
