//! Taking over keys that live elsewhere: what is found there comes in, profiles to be offered go out. Called by commands that
//! ask the user first; nothing here stores or writes.

pub mod environment;
