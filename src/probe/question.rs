//! Where to ask: an address at the profile's own host whose answer depends on the key.

use http::request::Builder;
use http::{HeaderValue, Uri};

use super::Target;
use crate::error::{Error, Result};
use crate::profile::{Auth, Dialect};
use crate::provider::base_url;
use crate::secret::Secret;

/// The version of Anthropic's API that its SDKs send.
const ANTHROPIC_VERSION: &str = "2023-06-01";

/// One request, without the key.
pub(super) struct Question {
    /// The address.
    pub(super) uri: Uri,
    /// Whether a good answer proves the key: it is known that others get none.
    pub(super) is_proof: bool,
    /// Whether the answer is a list of models.
    pub(super) is_list: bool,
    auth: Auth,
    headers: Vec<(&'static str, String)>,
}

/// Chooses the address: the catalogue's, where that is at the profile's host; else the list of models, which every API has.
pub(super) fn question(target: &Target) -> Result<Question> {
    let origin = base_url::origin(&target.base_url)?;
    let key = target.key.as_ref();
    let by_key = |endpoint| key.map_or(Auth::None, |key| target.row.auth_at(endpoint, key));
    let (url, auth, is_proof) = match target.row.check.as_deref().and_then(|check| at_host(target, check, &origin)) {
        Some(url) => (url, by_key(target.row.default_endpoint()), true),
        None => (models(target), by_key(target.row.endpoint(target.dialect)), false),
    };
    let uri: Uri = url.parse().map_err(|_| Error::new("the base URL is none that can be asked"))?;
    let path = uri.path().to_owned();
    let mut headers = vec![("accept", "application/json".to_owned())];
    headers.push(("user-agent", concat!("llmenv/", env!("CARGO_PKG_VERSION")).to_owned()));
    if target.dialect == Dialect::AnthropicMessages || target.row.id == "anthropic" {
        headers.push(("anthropic-version", ANTHROPIC_VERSION.to_owned()));
    }
    if target.row.id == "openai" {
        let of_account = [("openai-organization", &target.organization), ("openai-project", &target.project)];
        headers.extend(of_account.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
    }
    let auth = if key.is_some() { target.auth.unwrap_or(auth) } else { Auth::None };
    Ok(Question { uri, is_proof, is_list: path.ends_with("/models"), auth, headers })
}

/// The catalogue's address at this profile's host; `None` where it is another's, to whom the key is not shown.
fn at_host(target: &Target, check: &str, origin: &str) -> Option<String> {
    let (scheme, rest) = check.split_once("://")?;
    let (host, path) = rest.split_at(rest.find('/')?);
    // The user's own server, or one resource of many: only the path is common to all.
    let is_anywhere = target.row.local || host.contains('{');
    let is_same = base_url::origin(&format!("{scheme}://{host}")).is_ok_and(|own| own == origin);
    (is_anywhere || is_same).then(|| format!("{origin}{path}"))
}

fn models(target: &Target) -> String {
    let base = target.base_url.trim_end_matches('/');
    let path = match target.dialect {
        Dialect::OpenaiChat | Dialect::OpenaiResponses => "/models",
        Dialect::AnthropicMessages if base.ends_with("/v1") => "/models",
        Dialect::AnthropicMessages => "/v1/models",
        Dialect::Gemini if base.ends_with("/v1beta") => "/models",
        Dialect::Gemini => "/v1beta/models",
    };
    format!("{base}{path}")
}

impl Question {
    /// The host, with its port where that is not the scheme's own.
    pub(super) fn host(&self) -> String {
        self.uri.authority().map_or_else(String::new, ToString::to_string)
    }

    /// The request, with this key or without any.
    pub(super) fn request(&self, key: Option<&Secret>) -> Builder {
        let mut request = http::Request::get(self.uri.clone());
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let Some(key) = key else { return request };
        let (name, text) = match self.auth {
            Auth::None | Auth::Client => return request,
            Auth::Bearer => ("authorization", zeroize::Zeroizing::new(format!("Bearer {}", key.expose()))),
            Auth::XApiKey => ("x-api-key", zeroize::Zeroizing::new(key.expose().to_owned())),
            Auth::ApiKey => ("api-key", zeroize::Zeroizing::new(key.expose().to_owned())),
            Auth::XGoogApiKey => ("x-goog-api-key", zeroize::Zeroizing::new(key.expose().to_owned())),
        };
        match HeaderValue::from_str(&text) {
            Ok(mut value) => {
                value.set_sensitive(true);
                request.header(name, value)
            }
            // An error of the builder, which the sender words.
            Err(_) => request.header(name, "\0"),
        }
    }
}
