//! What is said of keys and of the store that has them.

use super::WireSecret;
use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
