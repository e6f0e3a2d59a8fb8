//! Keys that live elsewhere.

mod environment;
