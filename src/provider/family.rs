//! The variables of each family: which carry the pair, and which would contradict it.

use crate::profile::{Auth, Family};

/// The variables by which tools of one kind learn a pair. Every list may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FamilyVariables {
    /// Names that carry the key. Exactly one is set ([`Family::key_variable`]), the others are unset.
    pub key: &'static [&'static str],
    /// The name that carries the base URL.
    pub base_url: &'static [&'static str],
    /// The organisation's name, set where the profile has one.
    pub organization: &'static [&'static str],
    /// The project's name, set where the profile has one.
    pub project: &'static [&'static str],
    /// Model names, all of them: set where the profile names models, and then those it does not name are unset. A profile
    /// without models leaves them alone: they choose no account, and the choice is the user's.
    pub model: &'static [&'static str],
    /// Names that are unset while the family is served and come back afterwards, unless the profile sets them itself.
    pub rivals: &'static [&'static str],
    /// Names that matter to the family but that other tools live on: reported, never touched.
    pub reported: &'static [&'static str],
}

impl FamilyVariables {
    /// Lists every name that this family sets or unsets.
    pub fn touched(&self) -> impl Iterator<Item = &'static str> + use<> {
        [self.key, self.base_url, self.organization, self.project, self.model, self.rivals]
            .into_iter()
            .flatten()
            .copied()
    }
}

/// What contradicts a served `openai` pair:
/// - other names of the base URL. `OPENAI_API_BASE` (aider, LiteLLM, `LangChain`) and `OPENAI_API_HOST` are read by some tools
///   instead of `OPENAI_BASE_URL`; the rest by single tools. Left over, they send this key to another host.
/// - organisation and project: sent as headers to whatever host is active, and wrong for another account's key (a 401
///   named `mismatched_organization`). `OPENAI_ORGANIZATION` and `OPENAI_PROJECT` are what other tools call the two.
/// - `OPENAI_API_TYPE` and `OPENAI_API_VERSION` turn clients to Azure's grammar; a profile for Azure sets the latter.
/// - `OPENAI_CUSTOM_HEADERS` may carry an `Authorization` of its own, which then wins over the key.
///
/// `OPENAI_ADMIN_KEY` is none: no client calls models with it.
const OPENAI: FamilyVariables = FamilyVariables {
    key: &["OPENAI_API_KEY"],
    base_url: &["OPENAI_BASE_URL"],
    organization: &["OPENAI_ORG_ID"],
    project: &["OPENAI_PROJECT_ID"],
    model: &[],
    rivals: &[
        "OPENAI_API_BASE",
        "OPENAI_API_HOST",
        "OPENAI_BASE",
        "OPENAI_API_URL",
        "OPENAI_ENDPOINT",
        "OPENAI_PROXY_URL",
        "OPENAI_ORG_ID",
        "OPENAI_ORGANIZATION",
        "OPENAI_PROJECT_ID",
        "OPENAI_PROJECT",
        "OPENAI_API_TYPE",
        "OPENAI_API_VERSION",
        "OPENAI_CUSTOM_HEADERS",
    ],
    reported: &["OPENAI_ADMIN_KEY"],
};

/// What contradicts a served `anthropic` pair:
/// - the other credential: with both set, SDKs send `ANTHROPIC_API_KEY` and Claude Code sends both headers.
/// - `ANTHROPIC_API_BASE`: `LiteLLM`'s name of the base URL.
/// - `ANTHROPIC_CUSTOM_HEADERS` may carry `Authorization` or `x-api-key` of another account, to this profile's host.
/// - `CLAUDE_CODE_OAUTH_TOKEN` is a third credential. A tool that prefers it would show a subscription's token to this
///   profile's host, or bill the subscription while `status` names another account.
/// - `ANTHROPIC_PROFILE` makes the SDK take its credentials from a file.
/// - `CLAUDE_CODE_USE_BEDROCK`, `_VERTEX`, `_FOUNDRY` and `_GATEWAY` come before every key and URL in Claude Code: the pair
///   would be set, shown and not used. Their own settings (`AWS_*`, `CLOUD_ML_REGION`, …) do nothing without them and stay.
const ANTHROPIC: FamilyVariables = FamilyVariables {
    key: &["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"],
    base_url: &["ANTHROPIC_BASE_URL"],
    organization: &[],
    project: &[],
    model: &[
        "ANTHROPIC_MODEL",
        "ANTHROPIC_DEFAULT_OPUS_MODEL",
        "ANTHROPIC_DEFAULT_SONNET_MODEL",
        "ANTHROPIC_DEFAULT_HAIKU_MODEL",
        "ANTHROPIC_SMALL_FAST_MODEL",
    ],
    rivals: &[
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "ANTHROPIC_API_BASE",
        "ANTHROPIC_CUSTOM_HEADERS",
        "ANTHROPIC_PROFILE",
        "CLAUDE_CODE_OAUTH_TOKEN",
        "CLAUDE_CODE_USE_BEDROCK",
        "CLAUDE_CODE_USE_VERTEX",
        "CLAUDE_CODE_USE_FOUNDRY",
        "CLAUDE_CODE_USE_GATEWAY",
    ],
    reported: &[],
};

/// What contradicts a served `gemini` pair: `GOOGLE_GENAI_USE_VERTEXAI` turns the SDK to another service with other
/// credentials. `GOOGLE_API_KEY` does win over `GEMINI_API_KEY` in Google's SDK, but Maps and others live on it.
const GEMINI: FamilyVariables = FamilyVariables {
    key: &["GEMINI_API_KEY"],
    base_url: &["GOOGLE_GEMINI_BASE_URL"],
    organization: &[],
    project: &[],
    model: &["GEMINI_MODEL"],
    rivals: &["GOOGLE_GENAI_USE_VERTEXAI"],
    reported: &["GOOGLE_API_KEY", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION"],
};

impl Family {
    /// Gives the names of this family's variables.
    pub fn variables(self) -> FamilyVariables {
        match self {
            Self::Openai => OPENAI,
            Self::Anthropic => ANTHROPIC,
            Self::Gemini => GEMINI,
        }
    }

    /// Gives the name that carries the key for an endpoint that wants to see it this way.
    ///
    /// Only `anthropic` has two: `ANTHROPIC_API_KEY` goes out as `x-api-key`, `ANTHROPIC_AUTH_TOKEN` as a bearer token.
    pub fn key_variable(self, auth: Auth) -> &'static str {
        match (self, auth) {
            (Self::Openai, _) => "OPENAI_API_KEY",
            (Self::Gemini, _) => "GEMINI_API_KEY",
            (Self::Anthropic, Auth::XApiKey) => "ANTHROPIC_API_KEY",
            (Self::Anthropic, _) => "ANTHROPIC_AUTH_TOKEN",
        }
    }

    /// Gives the name that carries the base URL.
    pub fn base_url_variable(self) -> &'static str {
        match self {
            Self::Openai => "OPENAI_BASE_URL",
            Self::Anthropic => "ANTHROPIC_BASE_URL",
            Self::Gemini => "GOOGLE_GEMINI_BASE_URL",
        }
    }

    /// Gives the family a variable belongs to, as key, URL, model, rival or merely reported.
    pub fn of_variable(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| {
            let variables = family.variables();
            variables.touched().any(|known| known == name) || variables.reported.contains(&name)
        })
    }
}
