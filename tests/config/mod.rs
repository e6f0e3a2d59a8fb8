//! `config.toml`: what it may say, what is said about mistakes, and how it is changed.

mod edit;
mod include;
mod mistakes;
mod read;

use std::path::Path;

use llmenv::config::{Config, ProviderCheck, parse};
use llmenv::error::Result;

/// Reads a text as `/c/config.toml` of somebody whose home is `/h`.
fn read_text(text: &str) -> Result<Config> {
    parse(text, Path::new("/c/config.toml"), Path::new("/h"), &ProviderCheck::in_catalogue)
}

/// The whole error that a text gives.
fn error_of(text: &str) -> String {
    match read_text(text) {
        Ok(_) => panic!("this was accepted:\n{text}"),
        Err(error) => error.to_string(),
    }
}
