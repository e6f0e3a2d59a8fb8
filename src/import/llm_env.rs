//! The configuration of samestrin/llm-env: which variable holds whose key, and where it goes. The keys themselves stand in start-up files.
//!
//! INI, `[name]` with `base_url`, `api_key_var` or `auth_token_var`, `default_model`, `protocol` (`openai` unless `anthropic`),
//! `enabled`; `[group:…]` are lists of names (its docs/configuration.md, read 2026-11-28).

use std::path::PathBuf;

/// What one of its providers says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name there; the profile's, where that can be one.
    pub name: String,
    /// The variable with the key.
    pub variable: String,
    /// The address.
    pub base_url: String,
    /// The model.
    pub model: Option<String>,
    /// It is of the `anthropic` protocol.
    pub is_anthropic: bool,
    /// The key is a bearer token there.
    pub is_token: bool,
    /// Where it is said.
    pub at: (PathBuf, usize),
}

/// Reads the bytes of a file. What is switched off is left out, as is what names no key or no address.
pub fn read(path: &std::path::Path, bytes: &[u8]) -> Vec<Account> {
    let text = String::from_utf8_lossy(bytes);
    let mut accounts: Vec<(Account, bool)> = Vec::new();
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let account = Account {
                name: name.trim().to_owned(),
                variable: String::new(),
                base_url: String::new(),
                model: None,
                is_anthropic: false,
                is_token: false,
                at: (path.to_owned(), number + 1),
            };
            accounts.push((account, true));
            continue;
        }
        let (Some((account, is_enabled)), Some((key, value))) = (accounts.last_mut(), line.split_once('=')) else {
            continue;
        };
        let value = value.trim().trim_matches(['"', '\'']);
        match key.trim() {
            "base_url" => value.clone_into(&mut account.base_url),
            "api_key_var" if !account.is_token => value.clone_into(&mut account.variable),
            "auth_token_var" => {
                value.clone_into(&mut account.variable);
                account.is_token = true;
            }
            "default_model" => account.model = Some(value.to_owned()).filter(|model| !model.is_empty()),
            "protocol" => account.is_anthropic = value == "anthropic",
            "enabled" => *is_enabled = value != "false",
            _ => {}
        }
    }
    let is_usable = |account: &Account| !account.variable.is_empty() && !account.base_url.is_empty();
    accounts.into_iter().filter(|(account, on)| *on && is_usable(account)).map(|(account, _)| account).collect()
}
