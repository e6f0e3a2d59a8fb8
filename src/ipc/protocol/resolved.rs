//! What is active somewhere, and what speaks against it.

use super::{KeyFacts, WireSecret};
use crate::env_patch::EnvPatch;
use crate::ipc::shell_lines::Reason;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

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
