//! Keys that live elsewhere.

mod candidate;
mod commented;
mod dotenv;
mod environment;
mod rcfile;
mod rewrite;
mod tool;
