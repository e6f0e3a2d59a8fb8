//! Every test of the program, in one binary; names mirror `src/`.

mod shell;
mod store;
mod support;
