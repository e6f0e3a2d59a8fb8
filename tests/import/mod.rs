//! Keys that live elsewhere.

mod candidate;
mod dotenv;
mod environment;
mod rcfile;
mod rewrite;
mod tool;
