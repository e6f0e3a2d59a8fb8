//! Where a request goes: URL, how the key is shown there, and which grammar is spoken. Pure.
//!
//! In: a profile, its row of the catalogue and what the client speaks. Out: an [`Endpoint`]. Azure is an endpoint, not a
//! dialect: its bodies are `OpenAI`'s, its addresses are its own (`learn.microsoft.com`, Azure `OpenAI` REST reference).

use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};

use crate::dialect::{Dialect, Quirks};
use crate::error::{Error, Result};
use crate::profile::{self, Auth, Profile};
use crate::provider::{Provider, base_url};
use crate::resolve;
use crate::secret::Secret;

/// Where requests of one exchange go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The grammar spoken there.
    pub dialect: Dialect,
    /// Scheme, host and port.
    pub origin: String,
    /// The URL that paths are added to, without a slash at the end.
    base: String,
    /// What is added to every query.
    query: Option<String>,
    /// How the key is shown.
    pub auth: Auth,
}

/// Turns the configuration's word into the translator's.
pub fn dialect(dialect: profile::Dialect) -> Dialect {
    match dialect {
        profile::Dialect::AnthropicMessages => Dialect::AnthropicMessages,
        profile::Dialect::OpenaiChat => Dialect::OpenaiChat,
        profile::Dialect::OpenaiResponses => Dialect::OpenaiResponses,
        profile::Dialect::Gemini => Dialect::Gemini,
    }
}

fn word(dialect: Dialect) -> profile::Dialect {
    match dialect {
        Dialect::AnthropicMessages => profile::Dialect::AnthropicMessages,
        Dialect::OpenaiChat => profile::Dialect::OpenaiChat,
        Dialect::OpenaiResponses => profile::Dialect::OpenaiResponses,
        Dialect::Gemini => profile::Dialect::Gemini,
    }
}

/// The dialects a profile's provider speaks, preferred first.
fn spoken(profile: &Profile, provider: &Provider) -> Vec<Dialect> {
    match profile.dialect {
        Some(only) => vec![dialect(only)],
        None => provider.endpoints.iter().map(|endpoint| dialect(endpoint.dialect)).collect(),
    }
}

/// The dialect to speak upstream: the profile's `upstream`, else the client's where it is spoken there, else the first.
pub fn upstream_dialect(profile: &Profile, provider: &Provider, inbound: Dialect) -> Dialect {
    if let Some(chosen) = profile.upstream {
        return dialect(chosen);
    }
    let spoken = spoken(profile, provider);
    if spoken.contains(&inbound) { inbound } else { spoken.first().copied().unwrap_or(inbound) }
}

/// The dialect for what only endpoints of the `openai` family have; `None`: the profile has no such endpoint.
pub fn openai_dialect(profile: &Profile, provider: &Provider) -> Option<Dialect> {
    let wanted = [Dialect::OpenaiChat, Dialect::OpenaiResponses];
    spoken(profile, provider).into_iter().find(|dialect| wanted.contains(dialect))
}

impl Endpoint {
    /// How the client's own credential is shown there, for a client of another dialect.
    pub fn passes(&mut self) {
        self.auth = word(self.dialect).usual_auth();
    }

    /// The endpoint of a profile for a dialect.
    pub fn of(profile: &Profile, provider: &Provider, key: &Secret, spoken: Dialect) -> Result<Self> {
        let family = word(spoken).family();
        let row = provider.endpoint(word(spoken)).or_else(|| provider.family_endpoint(family));
        let auth = profile.auth.unwrap_or_else(|| match row {
            Some(row) => provider.auth_at(Some(row), key),
            None => word(spoken).usual_auth(),
        });
        let base = match (&profile.base_url, row) {
            // A custom endpoint has one URL, whatever the family of its dialect.
            (Some(url), None) => base_url::canonical(None, family, url)?.url,
            _ => resolve::base_url_of(profile, provider, family)?,
        };
        let origin = base_url::origin(&base)?;
        let mut endpoint = Self { dialect: spoken, origin, base, query: None, auth };
        if provider.id == "azure-openai" {
            endpoint.azure(profile)?;
        }
        Ok(endpoint)
    }

    /// A dated API version asks for the classic addresses, which name a deployment; the v1 addresses take none.
    fn azure(&mut self, profile: &Profile) -> Result<()> {
        let is_classic = self.base.contains("/openai/deployments/");
        let version = profile.api_version.as_deref();
        match version {
            Some(version) if is_classic || version.starts_with(|c: char| c.is_ascii_digit()) => {
                if !is_classic {
                    let deployment = profile.deployment.as_deref().or(profile.model.as_deref()).ok_or_else(|| {
                        Error::new(format!("profile `{}` has a dated `api_version` and no `deployment`", profile.name))
                            .hint("name the deployment, or take `api_version` out to use Azure's v1 addresses")
                    })?;
                    let deployment: String = url::form_urlencoded::byte_serialize(deployment.as_bytes()).collect();
                    self.base = format!("{}/openai/deployments/{deployment}", self.origin);
                }
                self.query = Some(format!("api-version={version}"));
            }
            None if is_classic => {
                return Err(Error::new(format!("profile `{}` needs `api_version`", profile.name))
                    .hint("add a line such as `api_version = \"2024-10-21\"`"));
            }
            // `preview` and `latest` are the words the v1 addresses know.
            Some(version) => self.query = Some(format!("api-version={version}")),
            None => {}
        }
        Ok(())
    }

    /// The URL for a path below the version path (`chat/completions`, `messages`) of the `openai` and `anthropic` families.
    pub fn url(&self, operation: &str, query: Option<&str>) -> String {
        let below = match self.dialect {
            Dialect::AnthropicMessages => "v1/",
            Dialect::Gemini => "v1beta/",
            Dialect::OpenaiChat | Dialect::OpenaiResponses => "",
        };
        let mut base = self.base.as_str();
        // Responses are no deployment's.
        if operation.starts_with("responses")
            && let Some((before, _)) = base.split_once("/deployments/")
        {
            base = before;
        }
        let queries: Vec<&str> = query.into_iter().chain(self.query.as_deref()).filter(|q| !q.is_empty()).collect();
        let mark = if queries.is_empty() { "" } else { "?" };
        format!("{base}/{below}{operation}{mark}{}", queries.join("&"))
    }

    /// The URL of a translated request, whose path the translator gives from the endpoint's base on.
    pub fn translated_url(&self, path: &str, query: Option<&str>) -> String {
        let path = path.strip_prefix("v1/").or_else(|| path.strip_prefix("v1beta/")).unwrap_or(path);
        self.url(path, query)
    }

    /// The header that shows the key; none where the endpoint takes none. Fails on a key that no header can carry.
    pub fn credential(&self, key: &Secret) -> Result<Option<(HeaderName, HeaderValue)>> {
        if matches!(self.auth, Auth::None | Auth::Client) || key.is_empty() {
            return Ok(None);
        }
        // Stricter than the header library, which lets blanks at the end and bytes above 0x7f pass.
        if !key.expose().bytes().all(|b| (0x21..=0x7e).contains(&b)) {
            return Err(Error::new("the stored key holds a blank or a character that no key has")
                .hint("`llmenv rotate NAME` stores a clean one"));
        }
        let (name, text) = match self.auth {
            Auth::Bearer => (AUTHORIZATION, zeroize::Zeroizing::new(format!("Bearer {}", key.expose()))),
            Auth::XApiKey => (HeaderName::from_static("x-api-key"), zeroize::Zeroizing::new(key.expose().to_owned())),
            Auth::ApiKey => (HeaderName::from_static("api-key"), zeroize::Zeroizing::new(key.expose().to_owned())),
            Auth::XGoogApiKey => {
                (HeaderName::from_static("x-goog-api-key"), zeroize::Zeroizing::new(key.expose().to_owned()))
            }
            Auth::None | Auth::Client => return Ok(None),
        };
        let mut value = HeaderValue::from_str(&text).map_err(|_| Error::new("the stored key fits into no header"))?;
        value.set_sensitive(true);
        Ok(Some((name, value)))
    }
}

/// What is known to be particular about a provider's models, beside what dialect and model name say.
pub fn quirks(profile: &Profile, provider: &Provider) -> Quirks {
    let is_old_azure = provider.id == "azure-openai"
        && profile.api_version.as_deref().is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit()) && v < "2024-09");
    Quirks {
        nine_character_ids: provider.id == "mistral",
        think_tags: provider.local,
        stream_options: is_old_azure.then_some(false),
        ..Quirks::default()
    }
}
