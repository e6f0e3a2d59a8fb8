//! What the proxy does.

use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
