//! Every test of the program, in one binary; names mirror `src/`.

mod atomic;
mod process;
mod provider;
mod sanitize;
mod store;
mod support;
