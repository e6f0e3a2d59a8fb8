//! Every test of the program, in one binary; names mirror `src/`.

mod support;
#[cfg(unix)]
mod terminal;
