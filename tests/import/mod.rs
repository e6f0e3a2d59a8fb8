//! Keys that live elsewhere.

mod candidate;
mod dotenv;
mod environment;
mod rewrite;
