//! The stores: real gnome-keyring on a private bus, real files, real programs.

#[cfg(target_os = "linux")]
mod bus;
#[cfg(unix)]
mod command;
#[cfg(unix)]
mod file;
#[cfg(target_os = "linux")]
mod keyring;
mod native;
mod stored_key;
#[cfg(unix)]
mod vault;
#[cfg(unix)]
mod vault_file;
mod vault_format;

use llmenv::secret::Secret;
use llmenv::store::StoredKey;

/// A stored key with a made-up value.
fn key(tail: &str) -> StoredKey {
    StoredKey {
        key: Secret::new(format!("sk-or-v1-{}{tail}", "0123456789abcdef".repeat(4))),
        origin: "https://openrouter.ai".into(),
        more: [("WORK_TOKEN".to_owned(), Secret::new(format!("token \"{tail}\" \u{e9}")))].into(),
    }
}
