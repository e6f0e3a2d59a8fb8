//! What can be asked of the daemon, and what it answers: one JSON object a line each way.
//!
//! ```text
//! $ printf '{"op":"hello"}\n' | nc -U "$XDG_RUNTIME_DIR/llmenv/daemon.sock"
//! {"hello":{"protocol":1,"version":"0.1.0","pid":4242,…}}
//! ```
//! A line that starts with `hook ` is a shell's request and is answered in the lines of [`super::shell_lines`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::shell_lines::Reason;
use crate::env_patch::EnvPatch;
use crate::error::Error;
use crate::explain::mask::KeyMask;
use crate::secret::Secret;

/// Raised with every change that an older peer would misread. Equal versions never cause a restart.
pub const PROTOCOL_VERSION: u32 = 1;

/// A secret on its way through the socket. The only form in which one is serialised; nothing else may hold it.
#[derive(Clone, Debug)]
pub struct WireSecret(pub Secret);

impl Serialize for WireSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for WireSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

/// What can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Who are you?
    Hello,
    /// End once the answer is written.
    Stop,
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

/// The asking shell's state, as far as resolving needs it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolveState {
    /// The reason in it.
    pub reason: Reason,
    /// The profile in it.
    pub profile: Option<String>,
    /// When its lease ends, in seconds since 1970; 0: none.
    #[serde(default)]
    pub lease_end: u64,
    /// Its mark.
    #[serde(default)]
    pub mark: String,
}

/// A key with all that belongs to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyEntry {
    /// The key.
    pub key: WireSecret,
    /// The host it is bound to: `https://host`.
    pub origin: String,
    /// Further secret variables.
    #[serde(default)]
    pub more: BTreeMap<String, WireSecret>,
}

/// What is known of a key without telling it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyFacts {
    /// `openrouter …1111`.
    pub shown: Option<String>,
    /// Eight hex digits.
    pub fingerprint: Option<String>,
    /// The host it is bound to.
    pub origin: Option<String>,
    /// Names of further secret variables.
    #[serde(default)]
    pub more: Vec<String>,
    /// Why it could not be read.
    pub error: Option<Error>,
}

/// A pair ready to use.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Served {
    /// What is active.
    pub resolved: ResolvedFacts,
    /// What to set (`Some`) and unset.
    pub vars: BTreeMap<String, Option<WireSecret>>,
}

impl Served {
    /// Gives it as a patch.
    pub fn patch(&self) -> EnvPatch {
        EnvPatch { vars: self.vars.iter().map(|(n, v)| (n.clone(), v.as_ref().map(|v| v.0.clone()))).collect() }
    }
}

/// What is active somewhere, and why; no values.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ResolvedFacts {
    /// The profile.
    pub profile: Option<String>,
    /// Why that one.
    pub reason: Reason,
    /// The pin's or configuration's `file:line`.
    pub origin: Option<PlaceFacts>,
    /// The provider's id.
    pub provider: Option<String>,
    /// The base URL of the first family served.
    pub base_url: Option<String>,
    /// The families served.
    #[serde(default)]
    pub families: Vec<String>,
    /// The key, masked.
    pub key: KeyFacts,
    /// `keyring`, `file`, `command`, `none`.
    pub store: String,
    /// What is not as it should be.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

/// A file and line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceFacts {
    /// `pin`, `rule`, `config`.
    pub kind: String,
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: Option<usize>,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// A stable id.
    pub id: String,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<PlaceFacts>,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Something will go wrong.
    Warning,
    /// Something goes wrong.
    Error,
}

/// What the daemon says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HelloFacts {
    /// [`PROTOCOL_VERSION`].
    pub protocol: u32,
    /// The program's version.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// The name of this run.
    pub boot: String,
    /// Seconds since it started.
    pub uptime_seconds: u64,
    /// Living shells it serves.
    pub shells: usize,
    /// How it was started: `demand`, `foreground`, `systemd`, `launchd`, `task`.
    pub started_by: String,
    /// What is wrong with the configuration, where the last good one serves.
    pub config_error: Option<Error>,
    /// Whether `llmenv lock` holds.
    pub locked: bool,
    /// The program it runs.
    pub program: PathBuf,
}

/// A shell the daemon knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ShellFacts {
    /// Its process.
    pub pid: u32,
    /// `bash`, `zsh`, …
    pub shell: String,
    /// Its directory, when it last asked.
    pub cwd: PathBuf,
    /// The profile applied in it.
    pub profile: Option<String>,
    /// Why.
    pub reason: Reason,
}

/// For whom a pair is, where it holds a token of the proxy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// A program that takes the asking process's place (`exec`).
    Exec {
        /// The process.
        pid: u32,
        /// When it started, in the system's own unit.
        start: u64,
    },
    /// Text that goes anywhere (`env`).
    Text {
        /// For how long, in seconds.
        seconds: Option<u64>,
    },
}

/// The proxy: where it listens, who may use it, what it is doing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ProxyFacts {
    /// Its port, while it listens.
    pub port: Option<u16>,
    /// Why it does not listen, where it should.
    pub error: Option<Error>,
    /// Profiles served through it.
    pub profiles: Vec<String>,
    /// Tokens that are good now.
    pub tokens: Vec<TokenFacts>,
    /// Exchanges under way.
    pub running: Vec<ExchangeFacts>,
    /// Exchanges that ended, newest first.
    pub done: Vec<ExchangeFacts>,
    /// Sums by day and profile.
    pub days: BTreeMap<String, BTreeMap<String, UsageFacts>>,
}

/// A token, without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenFacts {
    /// Eight hex digits.
    pub id: String,
    /// The profile it is valid for.
    pub profile: String,
    /// `shell`, `exec`, `client`, `env`.
    pub kind: String,
    /// The tool's name.
    pub name: Option<String>,
    /// The process it belongs to.
    pub pid: Option<u32>,
    /// When it was made, in seconds since 1970.
    pub made: u64,
    /// When it ends at the latest, in seconds since 1970.
    pub until: Option<u64>,
}

/// One exchange through the proxy: names and numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeFacts {
    /// When it began, in seconds since 1970.
    pub at: u64,
    /// The profile.
    pub profile: String,
    /// The token's kind and name: `shell`, `client codex`.
    pub client: String,
    /// The first word of its user agent.
    pub agent: String,
    /// `anthropic-messages`, …, or the path below the version.
    pub operation: String,
    /// The dialect spoken upstream.
    pub upstream: String,
    /// The model as the client named it.
    pub asked_model: String,
    /// The model upstream.
    pub model: String,
    /// The status the client got.
    pub status: Option<u16>,
    /// Tokens of the request.
    pub input_tokens: Option<u64>,
    /// Of them, read from a cache.
    pub cached_tokens: Option<u64>,
    /// Tokens of the answer.
    pub output_tokens: Option<u64>,
    /// Milliseconds to the answer's first byte.
    pub first_byte_ms: Option<u64>,
    /// Milliseconds to its end, or until now.
    pub duration_ms: u64,
    /// What went wrong, in a word; `client-gone`: the client left.
    pub error: Option<String>,
}

/// Sums of a profile's exchanges on one day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageFacts {
    /// Exchanges.
    pub requests: u64,
    /// Of them, failed or left by the client.
    pub errors: u64,
    /// Tokens of the requests.
    pub input_tokens: u64,
    /// Of them, read from a cache.
    pub cached_tokens: u64,
    /// Tokens of the answers.
    pub output_tokens: u64,
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

/// Whose keys masks and values are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Matches {
    /// For each mask, the profiles whose keys it fits.
    pub masks: Vec<Vec<String>>,
    /// For each value, what it is.
    pub values: Vec<ValueFacts>,
    /// Profiles whose keys could not be looked at.
    pub unread: Vec<String>,
}

/// What a value found somewhere is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueFacts {
    /// The profile whose key it is.
    pub profile: Option<String>,
    /// Whether it was a profile's key once and is no more.
    pub is_rotated_away: bool,
}

/// The store in use and its state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoreFacts {
    /// `keyring` or `file`; none while nothing was chosen and no keyring answers.
    pub kind: String,
    /// `unlocked`, `locked`, `absent`, `hung`.
    pub state: String,
    /// Why, where that needs saying.
    pub detail: Option<String>,
}
