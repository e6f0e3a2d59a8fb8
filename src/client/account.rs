//! Where a profile's requests go and by what they prove themselves, as tools' settings need to say it.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::profile::{Auth, Dialect, Family, Profile};
use crate::provider::{Provider, Role};
use crate::resolve;
use crate::secret::Secret;

/// A grammar, and where requests in it go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speaks {
    /// The grammar.
    pub dialect: Dialect,
    /// The base URL as that family's variable holds it: with `/v1` for `openai`, without for `anthropic`.
    pub base_url: String,
    /// The variable in which a shell has the credential; none: the profile does not serve that family.
    pub variable: Option<String>,
}

/// A profile as tools see it.
#[derive(Clone, Debug)]
pub struct Account {
    /// The profile's name.
    pub profile: String,
    /// The provider, for people.
    pub provider: String,
    /// What it takes, the preferred first.
    pub speaks: Vec<Speaks>,
    /// The model by default.
    pub model: Option<String>,
    /// Models by size: `big`, `middle`, `small`.
    pub models: BTreeMap<String, String>,
    /// Whether the local proxy serves it.
    pub is_proxied: bool,
    /// The proxy's token for this tool, once there is one.
    pub token: Option<Secret>,
    /// Whether the endpoint takes no credential at all.
    pub is_open: bool,
}

impl Account {
    /// A profile that is served directly.
    pub fn direct(profile: &Profile, provider: &Provider) -> Result<Self> {
        let families = resolve::default_families(profile, provider);
        let mut dialects: Vec<(Dialect, Auth)> = Vec::new();
        if let Some(dialect) = profile.dialect {
            dialects.push((dialect, profile.auth.unwrap_or_else(|| dialect.usual_auth())));
        }
        for endpoint in &provider.endpoints {
            if dialects.iter().all(|(known, _)| *known != endpoint.dialect) {
                dialects.push((endpoint.dialect, profile.auth.or(endpoint.auth).unwrap_or(provider.auth)));
            }
        }
        let own = provider.variables.iter().find(|variable| variable.role == Role::Key && variable.own);
        let speaks: Vec<Speaks> = dialects
            .iter()
            .filter_map(|(dialect, auth)| {
                let family = dialect.family();
                let base_url = resolve::base_url_of(profile, provider, family).ok()?;
                let variable = if families.contains(&family) {
                    Some(family.key_variable(*auth).to_owned())
                } else {
                    own.map(|variable| variable.name.clone())
                };
                Some(Speaks { dialect: *dialect, base_url, variable })
            })
            .collect();
        if speaks.is_empty() {
            // Says why, with the place.
            resolve::base_url_of(profile, provider, families[0])?;
            return Err(Error::new(format!("profile `{}` has no endpoint that a tool could use", profile.name)));
        }
        Ok(Self {
            profile: profile.name.clone(),
            provider: provider.name.clone(),
            speaks,
            model: profile.model.clone(),
            models: profile.models.clone(),
            is_proxied: false,
            token: None,
            is_open: dialects.iter().all(|(_, auth)| *auth == Auth::None),
        })
    }

    /// A profile that the local proxy serves: it takes three grammars, whatever the provider speaks. `base_url` ends with `/v1`.
    pub fn proxied(profile: &Profile, provider: &Provider, base_url: &str, token: Option<Secret>) -> Self {
        let bare = base_url.trim_end_matches('/').trim_end_matches("/v1");
        let at = |dialect: Dialect| Speaks {
            dialect,
            base_url: if dialect.family() == Family::Anthropic { bare.to_owned() } else { format!("{bare}/v1") },
            variable: Some("LLMENV_TOKEN".to_owned()),
        };
        Self {
            profile: profile.name.clone(),
            provider: provider.name.clone(),
            speaks: vec![at(Dialect::OpenaiChat), at(Dialect::AnthropicMessages), at(Dialect::OpenaiResponses)],
            model: profile.model.clone(),
            models: profile.models.clone(),
            is_proxied: true,
            token,
            is_open: false,
        }
    }

    /// Where requests in a grammar go.
    pub fn speaks(&self, dialect: Dialect) -> Option<&Speaks> {
        self.speaks.iter().find(|speaks| speaks.dialect == dialect)
    }

    /// The variable that a tool's settings name for the credential, or why there is none.
    pub(super) fn variable(&self, speaks: &Speaks) -> Result<String> {
        speaks.variable.clone().ok_or_else(|| {
            let family = speaks.dialect.family().name();
            Error::new(format!("no variable holds the key of `{}` for tools of the family `{family}`", self.profile))
                .hint(format!("`llmenv edit {} --serve {family}` sets it in shells", self.profile))
        })
    }

    /// How the credential gets there, for people.
    pub(super) fn credential_note(&self, variable: &str) -> String {
        if self.token.is_some() {
            "the token in it is good for this profile through the local proxy alone; `llmenv proxy revoke` ends it"
                .into()
        } else if self.is_open {
            "the endpoint takes no key".into()
        } else {
            format!(
                "no key is put into the file: it is read from {variable}, which `llmenv use {}` and `llmenv exec` set",
                self.profile
            )
        }
    }

    /// The model that settings name, or which command names one.
    pub(super) fn needed_model(&self, title: &str) -> Result<&str> {
        self.model.as_deref().ok_or_else(|| {
            Error::new(format!("{title} needs the name of a model, and profile `{}` has none", self.profile))
                .hint(format!("`llmenv edit {} --model MODEL`", self.profile))
        })
    }
}
