//! A profile as the configuration describes it: everything about a provider account but its key.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Names that would collide with a path of the local proxy or a word of the command line.
const RESERVED_NAMES: &[&str] = &["v1", "v1beta", "health", "auto"];

/// Checks a profile name: `[a-z0-9][a-z0-9_-]{0,31}` and not a reserved word.
pub fn check_name(name: &str) -> Result<()> {
    let mut bytes = name.bytes();
    let well_formed = bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
        && name.len() <= 32;
    if !well_formed {
        return Err(Error::usage(format!("`{}` cannot be a profile name", crate::printable::text(name)))
            .hint("use up to 32 of a-z, 0-9, `-` and `_`, starting with a letter or digit"));
    }
    if RESERVED_NAMES.contains(&name) {
        return Err(Error::usage(format!("`{name}` is a reserved word and cannot be a profile name"))
            .hint(format!("choose another one, such as `{name}-1`")));
    }
    Ok(())
}

/// The wire grammar of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// Anthropic's Messages API.
    AnthropicMessages,
    /// `OpenAI`'s Chat Completions API.
    OpenaiChat,
    /// `OpenAI`'s Responses API.
    OpenaiResponses,
    /// Google's generateContent API.
    Gemini,
}

impl Dialect {
    /// Its name in configuration and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::AnthropicMessages => "anthropic-messages",
            Self::OpenaiChat => "openai-chat",
            Self::OpenaiResponses => "openai-responses",
            Self::Gemini => "gemini",
        }
    }

    /// How endpoints of this dialect usually want to see the key.
    pub fn usual_auth(self) -> Auth {
        match self {
            Self::AnthropicMessages => Auth::XApiKey,
            Self::OpenaiChat | Self::OpenaiResponses => Auth::Bearer,
            Self::Gemini => Auth::XGoogApiKey,
        }
    }

    /// The family of variables by which tools of this dialect learn a pair.
    pub fn family(self) -> Family {
        match self {
            Self::AnthropicMessages => Family::Anthropic,
            Self::OpenaiChat | Self::OpenaiResponses => Family::Openai,
            Self::Gemini => Family::Gemini,
        }
    }
}

/// All variables by which tools of one kind learn a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// `OPENAI_API_KEY`, `OPENAI_BASE_URL` and their rivals.
    Openai,
    /// `ANTHROPIC_API_KEY`, `ANTHROPIC_AUTH_TOKEN`, `ANTHROPIC_BASE_URL` and their rivals.
    Anthropic,
    /// `GEMINI_API_KEY`, `GOOGLE_GEMINI_BASE_URL` and their rivals.
    Gemini,
}

impl Family {
    /// All families, in the order in which lists show them.
    pub const ALL: [Self; 3] = [Self::Openai, Self::Anthropic, Self::Gemini];

    /// Its name in configuration and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
        }
    }
}

/// How an endpoint wants to see the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Auth {
    /// `Authorization: Bearer KEY`.
    Bearer,
    /// `x-api-key: KEY`.
    XApiKey,
    /// `api-key: KEY`.
    ApiKey,
    /// `x-goog-api-key: KEY`.
    XGoogApiKey,
    /// No key at all; clients are given the literal `llmenv-no-key`.
    None,
    /// The client's own credential is passed on, through the proxy alone; llmenv holds none.
    Client,
}

impl Auth {
    /// Its name in configuration and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::XApiKey => "x-api-key",
            Self::ApiKey => "api-key",
            Self::XGoogApiKey => "x-goog-api-key",
            Self::None => "none",
            Self::Client => "client",
        }
    }
}

/// Who pays, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Billing {
    /// By use.
    Metered,
    /// A flat rate.
    Subscription,
    /// Nobody: it runs here.
    Local,
}

impl Billing {
    /// Its name in configuration and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Metered => "metered",
            Self::Subscription => "subscription",
            Self::Local => "local",
        }
    }
}

/// Where a profile's key is kept.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum KeySource {
    /// In the store that the configuration chose (keyring or vault).
    #[default]
    Stored,
    /// In a file that something else maintains.
    File(PathBuf),
    /// Printed by a program.
    Command {
        /// Absolute program and its arguments.
        argv: Vec<String>,
        /// How long a result may be kept.
        ttl: Option<std::time::Duration>,
        /// Whether only a foreground command may run it (the default).
        interactive: bool,
        /// Variables it gets beside the allow-listed ones when the daemon runs it.
        pass_env: Vec<String>,
    },
    /// The endpoint takes none (`auth = "none"`).
    Absent,
}

/// A named provider account, without its key.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Profile {
    /// Its name, as [`check_name`] allows it.
    pub name: String,
    /// The id of a row of the catalogue, or `custom`.
    pub provider: String,
    /// The base URL where it differs from the catalogue's.
    pub base_url: Option<String>,
    /// For `custom`: the grammar of the endpoint.
    pub dialect: Option<Dialect>,
    /// How the endpoint wants to see the key, where it differs from the catalogue.
    pub auth: Option<Auth>,
    /// The model to use by default.
    pub model: Option<String>,
    /// Model names by size: `big`, `middle`, `small`.
    pub models: BTreeMap<String, String>,
    /// Families set in a shell; empty: the provider's first dialect's.
    pub serve: Vec<Family>,
    /// The dialect the proxy speaks to the provider, where it is to be a certain one.
    pub upstream: Option<Dialect>,
    /// Whose account it is, for `status`.
    pub account: Option<String>,
    /// Who pays, for `status`.
    pub billing: Option<Billing>,
    /// Whether it is served through the local proxy.
    pub proxy: bool,
    /// Where its key is.
    pub key: KeySource,
    /// Headers that the proxy sends.
    pub headers: BTreeMap<String, String>,
    /// The provider's organisation, where it knows one.
    pub organization: Option<String>,
    /// The provider's project, where it knows one.
    pub project: Option<String>,
    /// The API version, where the provider wants one.
    pub api_version: Option<String>,
    /// The deployment, where the provider wants one.
    pub deployment: Option<String>,
    /// Extra variables that are no secrets.
    pub env: BTreeMap<String, String>,
    /// Names of extra variables whose values are in the store beside the key.
    pub secrets: Vec<String>,
    /// Shared names that this profile may set.
    pub also: Vec<String>,
    /// The file and line that define it.
    pub defined_at: Option<(PathBuf, usize)>,
}
