//! Where keys are kept: the OS keyring, the encrypted vault, files and programs that something else maintains.
//!
//! A profile's name comes in, a [`StoredKey`] or a [`StoreError`] goes out. The daemon calls the `…_async` half of
//! [`StoreHandle`], commands that run without a daemon the blocking half. Nothing here knows what a profile is for.
//!
//! ```text
//! StoreHandle ─► lane (one OS thread, a deadline a call) ─► Backend ─┬► keyring: secret_service (Linux)
//!                                                                    │           native (macOS, Windows)
//!                                                                    └► vault ─► vault_format, vault_file
//! file, command: no store of ours; read per use, called by the daemon or the foreground command
//! ```

mod backend;
#[cfg(target_os = "linux")]
pub mod bus;
pub mod command;
mod error;
pub mod file;
mod gate;
mod handle;
mod items;
mod lane;
pub mod native;
#[cfg(target_os = "linux")]
mod secret_service;
mod stored_key;
pub mod vault;
mod vault_file;
pub mod vault_format;

pub use error::StoreError;
pub use handle::{KeyringPlace, StoreHandle, Unlock, VaultPlace};
pub use stored_key::StoredKey;

use std::time::Duration;

/// How long a keyring may take before it counts as hung.
pub const DEADLINE: Duration = Duration::from_secs(2);

/// How long the encrypted file may take. A disk that writes back much else holds up an `fsync` for seconds, and nobody is
/// asked anything meanwhile, so this says nothing of a dialog that waits.
const FILE_DEADLINE: Duration = Duration::from_secs(10);

/// The service under which every item of llmenv is filed in a keyring.
pub const SERVICE: &str = "llmenv";

/// Which store holds the keys; the configuration's words are `keyring` and `file`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum StoreKind {
    /// The operating system's keyring.
    #[serde(rename = "keyring")]
    Keyring,
    /// The encrypted file in the data folder.
    #[serde(rename = "file")]
    Vault,
}

impl StoreKind {
    /// Its word in the configuration and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::Vault => "file",
        }
    }

    /// Reads the word of the configuration and the command line.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "keyring" => Some(Self::Keyring),
            "file" => Some(Self::Vault),
            _ => None,
        }
    }
}

/// Whether a call may put a dialog on the screen and wait for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// Never: what would need a person is [`StoreError::Locked`].
    Never,
    /// A command at a terminal asked for it.
    Allowed,
}

/// What a store says about itself without being asked for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreState {
    /// Keys can be read.
    Unlocked,
    /// `llmenv unlock` is needed first.
    Locked,
    /// There is none, or none that could be used.
    Absent {
        /// Why, as the system put it.
        reason: String,
    },
    /// It is there and does not answer.
    Hung,
}

/// The user part under which a profile's item is filed: `profile:NAME`.
///
/// A name with a colon, which no profile can have, is taken as it is, so that llmenv can keep keys of its own
/// (`internal:backups`) beside those of profiles.
pub fn item_user(name: &str) -> String {
    if name.contains(':') { name.to_owned() } else { format!("profile:{name}") }
}
