//! What a store answers when it has no key to give, and how that is told to a person.

use crate::error::{Error, ErrorKind};

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// It is locked; opening it needs a person.
    Locked,
    /// It was asked to open and did not: the dialog was dismissed, or there was nobody to show it.
    NotUnlocked {
        /// Why, as the system put it.
        reason: String,
    },
    /// There is no such store here.
    NoStore {
        /// Why, as the system put it.
        reason: String,
    },
    /// It answers and has no such item.
    NotFound,
    /// An item of the new name is there already.
    Exists,
    /// It did not answer before the deadline. A write may still have happened.
    Hung,
    /// It answers, but not as it should: an item that must be there is not, or cannot be read.
    Broken {
        /// What is wrong.
        reason: String,
    },
    /// The passphrase does not open the vault (or its header was changed: nobody can tell these apart).
    WrongPassphrase,
    /// The disk or the disk quota is full. What was stored before is intact.
    Full {
        /// What was being written.
        reason: String,
    },
    /// A file could not be read or written.
    Io {
        /// Which, and why.
        reason: String,
    },
}

impl StoreError {
    /// A store that answers, but not as it should.
    pub(crate) fn broken(reason: impl Into<String>) -> Self {
        Self::Broken { reason: reason.into() }
    }

    /// No such store here.
    pub(crate) fn no_store(reason: impl Into<String>) -> Self {
        Self::NoStore { reason: reason.into() }
    }

    /// An item that the index names and the store does not show.
    pub(crate) fn hidden() -> Self {
        Self::broken("the profile is in the index, but the store that answers now does not show its key")
    }

    /// A file that could not be read or written.
    pub(crate) fn io(what: &str, path: &std::path::Path, err: &std::io::Error) -> Self {
        let reason = format!("cannot {what} `{}`: {err}", crate::printable::path(path));
        match err.kind() {
            std::io::ErrorKind::StorageFull
            | std::io::ErrorKind::QuotaExceeded
            | std::io::ErrorKind::FileTooLarge
            | std::io::ErrorKind::WriteZero => Self::Full { reason },
            _ => Self::Io { reason },
        }
    }

    /// Words it for a person who asked for this profile.
    pub fn into_error(self, profile: &str) -> Error {
        let name = crate::printable::text(profile);
        match self {
            Self::Locked => {
                Error::of(ErrorKind::Locked, format!("the store is locked, so the key of `{name}` cannot be read"))
                    .hint("run `llmenv unlock`")
            }
            Self::NotUnlocked { reason } => {
                Error::of(ErrorKind::Locked, format!("the store did not open: {}", crate::printable::text(&reason)))
                    .hint("run `llmenv unlock` where the system's dialog can be shown")
                    .hint("without a desktop, `gnome-keyring-daemon --unlock` reads the password from its input")
            }
            Self::NoStore { reason } => {
                Error::new(format!("there is no keyring to use: {}", crate::printable::text(&reason)))
                    .hint("`llmenv setup --store file` uses an encrypted file instead")
            }
            Self::NotFound => Error::of(ErrorKind::NotFound, format!("the store has no key for `{name}`"))
                .hint(format!("run `llmenv add {name}`")),
            Self::Exists => Error::new(format!("the store has a key for `{name}` already"))
                .hint(format!("run `llmenv rotate {name}` to replace it")),
            Self::Hung => Error::new("the store does not answer")
                .hint("a dialog may be waiting on another screen; try again after closing it")
                .hint("`llmenv daemon status` says which store is in use"),
            Self::Broken { reason } => {
                Error::new(format!("the key of `{name}` cannot be used: {}", crate::printable::text(&reason)))
                    .hint(format!("if the key is gone for good, run `llmenv rotate {name}`"))
            }
            Self::WrongPassphrase => Error::of(ErrorKind::Locked, "the passphrase does not open the vault")
                .hint("run `llmenv unlock` again; a vault that was changed by hand gives the same answer"),
            Self::Full { reason } => Error::new(crate::printable::text(&reason))
                .hint("free some space and try again; what was stored before is unchanged"),
            Self::Io { reason } => Error::new(crate::printable::text(&reason)),
        }
    }
}
