//! What can be asked of the daemon, and what it answers: one JSON object a line each way.
//!
//! ```text
//! $ printf '{"op":"hello"}\n' | nc -U "$XDG_RUNTIME_DIR/llmenv/daemon.sock"
//! {"hello":{"protocol":1,"version":"0.1.0","pid":4242,…}}
//! ```
//! A line that starts with `hook ` is a shell's request and is answered in the lines of [`crate::ipc::shell_lines`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::explain::mask::KeyMask;
use crate::ipc::shell_lines::Reason;

mod key;
mod process;
mod proxy;
mod resolved;
mod secret;

pub use key::{KeyEntry, KeyFacts, Matches, StoreFacts, ValueFacts};
pub use process::{HelloFacts, Holder, ShellFacts};
pub use proxy::{ExchangeFacts, ProxyFacts, TokenFacts, UsageFacts};
pub use resolved::{Finding, PlaceFacts, ResolveState, ResolvedFacts, Served, Severity};
pub use secret::WireSecret;

/// Raised with every change that an older peer would misread. Equal versions never cause a restart.
pub const PROTOCOL_VERSION: u32 = 1;

/// What can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Who are you?
    Hello,
    /// End once the answer is written.
    Stop,
    /// The same, for another daemon that comes at once: the proxy's listener and what a person opened are kept for it. A daemon that
    /// does not know how answers an error, and can be asked to [`Request::Stop`].
    HandOver,
    /// Read configuration and allow list again, now, and tell every shell concerned.
    Reload,
    /// Store a key with all that belongs to it, replacing what is there; verified by reading it back.
    KeyPut {
        /// The profile.
        profile: String,
        /// The key and what else is secret.
        entry: KeyEntry,
        /// Whether a key already there may be replaced.
        replace: bool,
    },
    /// Give the stored key in clear (`show --reveal`, and before an edit of the extra secrets).
    KeyGet {
        /// The profile.
        profile: String,
    },
    /// Store the key under another name too, in the place of whatever is there: the first step of a rename.
    KeyCopy {
        /// The profile now.
        from: String,
        /// The profile then.
        to: String,
    },
    /// Remove the key and remember its fingerprint.
    KeyRemove {
        /// The profile.
        profile: String,
        /// Whether the same key stays under another name, and so is not one that is gone.
        #[serde(default)]
        lives_on: bool,
    },
    /// What is known of each profile's key, masked.
    KeyInfo {
        /// The profiles asked for.
        profiles: Vec<String>,
    },
    /// Keep a key that a foreground command or file gave, for a time.
    KeyCache {
        /// The profile.
        profile: String,
        /// The key.
        key: WireSecret,
        /// For how long, in seconds; none: until the daemon ends.
        ttl_seconds: Option<u64>,
    },
    /// The pair of a profile, or of whatever is active in a directory, for `exec` and `env`.
    Serve {
        /// The profile; none: what the directory gives.
        profile: Option<String>,
        /// The directory.
        cwd: PathBuf,
        /// Where a shell asked: its reason and profile, as its state says.
        state: Option<(Reason, Option<String>)>,
        /// Who gets it, where it holds a token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        holder: Option<Holder>,
        /// Whether the real pair is wanted although the profile is served through the proxy.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        direct: bool,
    },
    /// What the proxy is doing.
    Proxy,
    /// Make a token for a tool that keeps it in its own configuration; the earlier one of that name ends.
    TokenMake {
        /// The profile.
        profile: String,
        /// The tool's name.
        name: String,
    },
    /// End tokens: those of a profile, or what a person named (id, client's name, or the token itself).
    TokenEnd {
        /// All of this profile.
        #[serde(default)]
        profile: Option<String>,
        /// What was named.
        #[serde(default)]
        named: Option<WireSecret>,
        /// All of this process.
        #[serde(default)]
        shell: Option<(u32, u64)>,
    },
    /// Says what would be active, without any value.
    Resolve {
        /// The directory.
        cwd: PathBuf,
        /// Reason, profile and mark of the asking shell's state, where it has one.
        state: Option<ResolveState>,
    },
    /// Wipe every key from memory and serve nothing until `unlock`, across restarts.
    Lock,
    /// Open the store in use.
    Unlock {
        /// The vault's passphrase, where it has one.
        passphrase: Option<WireSecret>,
    },
    /// Whose keys these masks and values are.
    KeyMatch {
        /// Keys as errors show them.
        masks: Vec<KeyMask>,
        /// Values found somewhere.
        values: Vec<WireSecret>,
    },
    /// The key that seals backups of edited files; made where there is none.
    BackupKey,
    /// What state the store is in.
    StoreState,
    /// The shells known.
    Shells,
}

/// What the daemon answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Response {
    /// Done; `notes` are worth telling.
    Done {
        /// Lines for the person.
        #[serde(default)]
        notes: Vec<String>,
    },
    /// To [`Request::Hello`].
    Hello(HelloFacts),
    /// To [`Request::KeyGet`].
    Key(KeyEntry),
    /// To [`Request::KeyInfo`].
    Keys(BTreeMap<String, KeyFacts>),
    /// To [`Request::KeyMatch`].
    Matches(Matches),
    /// To [`Request::Serve`].
    Served(Served),
    /// To [`Request::Resolve`].
    Resolved(ResolvedFacts),
    /// To [`Request::BackupKey`]: 64 hex digits.
    BackupKey(WireSecret),
    /// To [`Request::Proxy`].
    Proxy(Box<ProxyFacts>),
    /// To [`Request::TokenMake`].
    Token {
        /// Where a client of the `openai` family sends; without `/v1` for others.
        base_url: String,
        /// The token.
        token: WireSecret,
        /// Its id.
        id: String,
    },
    /// To [`Request::TokenEnd`].
    Ended(Vec<TokenFacts>),
    /// To [`Request::StoreState`].
    Store(StoreFacts),
    /// To [`Request::Shells`].
    Shells(Vec<ShellFacts>),
    /// It failed.
    Error(Error),
}
