//! The catalogue of providers: where they are, what they speak, what their keys and variables look like.

use std::collections::BTreeMap;

use crate::profile::{Auth, Dialect};

/// A row of the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Provider {
    /// Its stable id.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Dialects it speaks natively, preferred first, each with its base URL. A URL may hold `{placeholders}` that a profile must fill.
    pub endpoints: Vec<Endpoint>,
    /// How its endpoints want to see the key, unless an endpoint says otherwise.
    pub auth: Auth,
    /// Host names that belong to it beside those of its endpoints (`*.openai.azure.com`).
    pub hosts: Vec<String>,
    /// What its keys look like; empty where unknown.
    pub key_shapes: Vec<KeyShape>,
    /// Variables that carry its key, preferred first.
    pub variables: Vec<Variable>,
    /// Whether it runs on the user's machine.
    pub local: bool,
    /// Where a person gets a key.
    pub console_url: Option<String>,
    /// What is odd about it, in a sentence.
    pub note: Option<String>,
}

/// One base URL of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The grammar spoken there.
    pub dialect: Dialect,
    /// The base URL as that family's variable wants it (`OPENAI_BASE_URL` with the version path, `ANTHROPIC_BASE_URL` without).
    pub base_url: String,
    /// How this endpoint wants to see the key, where it differs from the provider's way.
    pub auth: Option<Auth>,
}

/// What a provider's keys look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyShape {
    /// What they start with; may be empty.
    pub prefix: String,
    /// A pattern of the whole key.
    pub regex: String,
    /// Whether others' keys look the same: such a shape never proves a mismatch.
    pub ambiguous: bool,
}

/// A variable by which the provider's own tools learn something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// What it carries: `key`, `base_url`, `organization`, `project`, `api_version`, `account_id`, …
    pub role: String,
    /// Whether no other tools live on it; shared names are set only where a profile lists them in `also`.
    pub own: bool,
}

#[allow(unused)]
type Fields = BTreeMap<String, String>;
