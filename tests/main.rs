//! Every test of the program, in one binary; names mirror `src/`.

mod atomic;
mod process;
mod store;
mod support;
