//! Every test of the program, in one binary; names mirror `src/`.

mod provider;
mod sanitize;
mod store;
mod support;
