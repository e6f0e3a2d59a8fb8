//! The catalogue of providers: where they are, what they speak, what their keys and variables look like.
//!
//! In: `catalogue.toml`, compiled in. Out: rows, and who a key, a host or a variable belongs to. Called by whatever adds,
//! resolves, serves or reports a profile; nothing here does I/O.

pub mod base_url;
pub mod family;
mod key_shape;
mod lookup;

use serde::{Deserialize, Deserializer};

pub use key_shape::{KeyKind, KeyShape, Pattern};
pub use lookup::{all, custom, find, nearest, of_host, of_key, of_variable};

use crate::profile::{Auth, Dialect, Family};
use crate::secret::Secret;

/// A row of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Its stable id.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Words people type instead of the id; used for suggestions only.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Dialects it speaks natively, preferred first, each with its base URL. A URL may hold `{placeholders}` that a profile must fill.
    pub endpoints: Vec<Endpoint>,
    /// Further base URLs of the `openai` family that work and stay as they are typed.
    #[serde(default)]
    pub other_urls: Vec<String>,
    /// How its endpoints want to see the key, unless an endpoint says otherwise.
    pub auth: Auth,
    /// Host names that belong to it beside those of its endpoints (`*.openai.azure.com`).
    #[serde(default)]
    pub hosts: Vec<String>,
    /// What its keys look like; empty where unknown.
    #[serde(default, rename = "keys")]
    pub key_shapes: Vec<KeyShape>,
    /// Variables by which its tools learn something, preferred first.
    #[serde(default)]
    pub variables: Vec<Variable>,
    /// Whether it runs on the user's machine or the user's own server.
    #[serde(default)]
    pub local: bool,
    /// Whether a profile may do without a key.
    #[serde(default)]
    pub key_optional: bool,
    /// Whether it hands other providers' keys on, so that any key is at home here.
    #[serde(default)]
    pub passes_keys: bool,
    /// A URL whose GET answers 2xx only to a valid key. For use where the profile's origin is the row's own.
    pub check: Option<String>,
    /// A cheap model for a probe of one token.
    pub ping_model: Option<String>,
    /// Where a person gets a key.
    pub console_url: Option<String>,
    /// What is odd about it, in a sentence.
    pub note: Option<String>,
}

/// One base URL of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The grammar spoken there.
    pub dialect: Dialect,
    /// The base URL as that family's variable wants it (`OPENAI_BASE_URL` with the version path, `ANTHROPIC_BASE_URL` without).
    pub base_url: String,
    /// How this endpoint wants to see the key, where it differs from the provider's way.
    pub auth: Option<Auth>,
}

/// A variable by which the provider's own tools learn something.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// What it carries.
    pub role: Role,
    /// Whether no other tools live on it; shared names are set only where a profile lists them in `also`.
    ///
    /// Two providers may own one name (`KIMI_API_KEY`, `LLAMA_API_KEY`): [`of_variable`] gives both.
    #[serde(rename = "shared", default = "owned", deserialize_with = "negated")]
    pub own: bool,
}

/// What a provider's variable carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The key a profile holds.
    Key,
    /// The base URL of the `openai` family's endpoint.
    BaseUrl,
    /// The base URL without any path: `https://resource.openai.azure.com`.
    Origin,
    /// `api_version` of the profile.
    ApiVersion,
    /// `project` of the profile.
    Project,
    /// The first part of an Azure host.
    Resource,
    /// A place such as `europe-west4`.
    Region,
    /// A cloud account's id.
    Account,
    /// A gateway's id.
    Gateway,
    /// A second secret, for the gateway itself. Reported, never set from the profile's key.
    GatewayToken,
    /// A short-lived token that takes the key's place. Reported, never set from the profile's key.
    Token,
    /// A key that manages and calls no model. Reported, never set from the profile's key.
    AdminKey,
    /// A key for `codestral.mistral.ai` alone. Reported, never set from the profile's key.
    CodestralKey,
}

fn owned() -> bool {
    true
}

fn negated<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    bool::deserialize(deserializer).map(|shared| !shared)
}

impl Provider {
    /// Gives the endpoint a profile uses unless it says otherwise. Only the row [`custom`] has none.
    pub fn default_endpoint(&self) -> Option<&Endpoint> {
        self.endpoints.first()
    }

    /// Gives the endpoint that speaks a dialect natively.
    pub fn endpoint(&self, dialect: Dialect) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.dialect == dialect)
    }

    /// Gives the first endpoint whose dialect is of this family.
    pub fn family_endpoint(&self, family: Family) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.dialect.family() == family)
    }

    /// Lists the families it can serve, preferred first.
    pub fn families(&self) -> Vec<Family> {
        let mut families = Vec::new();
        for endpoint in &self.endpoints {
            if !families.contains(&endpoint.dialect.family()) {
                families.push(endpoint.dialect.family());
            }
        }
        families
    }

    /// Says how the default endpoint wants to see this key.
    pub fn auth_for(&self, key: &Secret) -> Auth {
        self.auth_at(self.default_endpoint(), key)
    }

    /// Says how an endpoint wants to see this key: an OAuth token goes out as a bearer token even where keys do not.
    pub fn auth_at(&self, endpoint: Option<&Endpoint>, key: &Secret) -> Auth {
        let by_key = self.shape_begun_by(key.expose()).and_then(|shape| shape.auth);
        by_key.or(endpoint.and_then(|endpoint| endpoint.auth)).unwrap_or(self.auth)
    }

    /// Gives the shape whose certain prefix the key starts with; the longest one counts.
    pub fn shape_begun_by(&self, key: &str) -> Option<&KeyShape> {
        self.key_shapes.iter().filter(|shape| shape.is_begun_by(key)).max_by_key(|shape| shape.prefix.len())
    }

    /// Names it for people: `OpenRouter (openrouter)`.
    pub fn shown(&self) -> String {
        format!("{} ({})", self.name, self.id)
    }

    /// Describes what its keys look like, for `llmenv providers`.
    pub fn keys_shown(&self) -> String {
        let shapes: Vec<_> =
            self.key_shapes.iter().filter(|shape| shape.kind.calls_models()).map(KeyShape::shown).collect();
        match (shapes.is_empty(), self.auth) {
            (false, _) => shapes.join("; or "),
            (true, Auth::None) => "none needed".to_owned(),
            (true, _) => "not known".to_owned(),
        }
    }
}
