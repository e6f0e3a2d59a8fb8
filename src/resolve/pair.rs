//! A profile and its key made into variables: key, base URL and what goes with them, or nothing at all.

use crate::env_patch::{is_allowed_name, is_servable};
use crate::error::{Error, Result};
use crate::profile::{Auth, Dialect, Family, KeySource, Profile};
use crate::provider::{self, Provider, Role, base_url};
use crate::secret::Secret;

/// What a client that insists on a key is given where the endpoint takes none.
pub const NO_KEY: &str = "llmenv-no-key";
/// Holds the proxy's token too, for clients whose configuration names a variable of its own.
pub const TOKEN_VARIABLE: &str = "LLMENV_TOKEN";

/// Everything a shell is to hold for one profile.
#[derive(Clone, Debug, Default)]
pub struct Pair {
    /// Names to unset, then addresses and other settings, then keys: the order in which a break does no harm.
    pub vars: Vec<(String, Option<Secret>)>,
    /// The families served, each with its base URL.
    pub families: Vec<(Family, String)>,
    /// Names in `vars` that carry a key.
    pub credentials: Vec<String>,
}

impl Pair {
    /// The same names with nothing in them: what a shell gets while the key is not at hand.
    #[must_use]
    pub fn without_values(&self) -> Self {
        Self { vars: self.vars.iter().map(|(name, _)| (name.clone(), None)).collect(), ..self.clone() }
    }
}

/// The families a profile serves: its `serve`, else that of the provider's first dialect.
pub fn default_families(profile: &Profile, provider: &Provider) -> Vec<Family> {
    if !profile.serve.is_empty() {
        return profile.serve.clone();
    }
    let dialect = profile.dialect.or_else(|| provider.default_endpoint().map(|endpoint| endpoint.dialect));
    vec![dialect.unwrap_or(Dialect::OpenaiChat).family()]
}

/// The families whose variables are set. Through the proxy any but Gemini's, whatever the provider speaks.
pub fn served_families(profile: &Profile, provider: &Provider) -> Vec<Family> {
    let families = default_families(profile, provider);
    if profile.proxy && profile.serve.is_empty() && families == [Family::Gemini] {
        return vec![Family::Openai];
    }
    families
}

/// The family that the profile's own base URL is written for.
pub fn own_family(profile: &Profile, provider: &Provider) -> Family {
    if !profile.proxy {
        return default_families(profile, provider)[0];
    }
    // What is served through the proxy says nothing of what the provider speaks.
    let dialect = profile.dialect.or_else(|| provider.default_endpoint().map(|endpoint| endpoint.dialect));
    dialect.unwrap_or(Dialect::OpenaiChat).family()
}

/// The base URL of one family, as its variable wants it.
pub fn base_url_of(profile: &Profile, provider: &Provider, family: Family) -> Result<String> {
    let first = own_family(profile, provider);
    let endpoint = provider.family_endpoint(family);
    let unserved = || {
        Error::new(format!("profile `{}` cannot serve the family `{}`", profile.name, family.name()))
            .at(place(profile))
            .hint(format!("`llmenv edit {} --serve {}` serves what its provider speaks", profile.name, first.name()))
    };
    match (&profile.base_url, endpoint) {
        (Some(url), _) if family == first => {
            let known = (provider.id != "custom").then_some(provider);
            Ok(base_url::canonical(known, family, url)?.url)
        }
        // One base URL in the profile stands for one server: the other families are looked for there, never at another host.
        (Some(url), Some(endpoint)) => {
            let origin = base_url::origin(url)?;
            let own = base_url::origin(&endpoint.base_url).ok();
            let path = own.and_then(|own| endpoint.base_url.strip_prefix(&own).map(str::to_owned));
            Ok(format!("{origin}{}", path.ok_or_else(unserved)?))
        }
        (None, Some(endpoint)) if endpoint.base_url.contains('{') => {
            Err(Error::new(format!("profile `{}` needs a base URL: `{}` has no common one", profile.name, provider.id))
                .at(place(profile))
                .hint(format!("`llmenv edit {} --base-url {}`", profile.name, endpoint.base_url)))
        }
        (None, Some(endpoint)) => Ok(endpoint.base_url.clone()),
        (_, None) => Err(unserved()),
    }
}

/// The host that a profile's key is for: scheme, host and port of its first family's base URL.
pub fn origin_of(profile: &Profile, provider: &Provider) -> Result<String> {
    base_url::origin(&base_url_of(profile, provider, own_family(profile, provider))?)
}

/// The way through the proxy: its port, and a token that is good for this profile.
#[derive(Clone, Debug)]
pub struct Via {
    /// The port on this machine.
    pub port: u16,
    /// The token.
    pub token: Secret,
}

impl Via {
    /// The base URL for a family's clients.
    pub fn base_url(port: u16, profile: &str, family: Family) -> String {
        match family {
            Family::Openai => format!("http://127.0.0.1:{port}/{profile}/v1"),
            Family::Anthropic | Family::Gemini => format!("http://127.0.0.1:{port}/{profile}"),
        }
    }
}

/// Builds the pair, or says why there is none.
///
/// `bound_to` is the origin that the key was stored for; a key kept elsewhere (`file`, `command`) is bound by the
/// configuration alone and comes without one. `model` is a pin's. `via` is for profiles served through the proxy: the key is
/// only looked at, and a token takes its place.
pub fn pair(
    profile: &Profile,
    provider: &Provider,
    key: &Secret,
    bound_to: Option<&str>,
    more: &std::collections::BTreeMap<String, Secret>,
    model: Option<&str>,
    via: Option<&Via>,
) -> Result<Pair> {
    let origin = origin_of(profile, provider)?;
    if let Some(bound_to) = bound_to
        && profile.key == KeySource::Stored
        && bound_to != origin
    {
        return Err(Error::new(format!(
            "the key of `{}` was stored for {}, but its base URL now points to {}",
            profile.name,
            crate::printable::text(bound_to),
            crate::printable::text(&origin)
        ))
        .at(place(profile))
        .hint(format!(
            "`llmenv edit {} --bind-to {}` sends it there from now on",
            profile.name,
            crate::printable::text(&origin)
        ))
        .hint(format!("`llmenv rotate {}` stores another key for the new host", profile.name)));
    }

    let mut build = Builder::default();
    let families = served_families(profile, provider);
    for &family in &families {
        let variables = family.variables();
        let url = if profile.proxy {
            let Some(via) = via else { return Err(needs_daemon(profile)) };
            if family == Family::Gemini {
                return Err(Error::new(format!("profile `{}` cannot serve `gemini` through the proxy", profile.name))
                    .at(place(profile))
                    .hint("the proxy serves clients of the families `openai` and `anthropic`, whatever the provider speaks"));
            }
            if profile.auth == Some(Auth::Client) {
                // The key's variables are the client's own: the token goes with the address.
                let place = format!("{}/{}", profile.name, via.token.expose());
                let url = Via::base_url(via.port, &place, family);
                build.credential(family.base_url_variable(), Secret::new(url));
            } else {
                let url = Via::base_url(via.port, &profile.name, family);
                build.address(family.base_url_variable(), &url);
                build.credential(family.key_variable(Auth::Bearer), via.token.clone());
            }
            Via::base_url(via.port, &profile.name, family)
        } else if profile.auth == Some(Auth::Client) {
            return Err(Error::new(format!("profile `{}` passes the client's own credential on", profile.name))
                .at(place(profile))
                .hint(format!("only the proxy can: `llmenv proxy on {}`", profile.name)));
        } else {
            let url = base_url_of(profile, provider, family)?;
            let endpoint = provider.family_endpoint(family);
            let auth = profile.auth.unwrap_or_else(|| provider.auth_at(endpoint, key));
            let shown_key = if auth == Auth::None { Secret::new(NO_KEY) } else { key.clone() };
            build.address(family.base_url_variable(), &url);
            build.credential(family.key_variable(auth), shown_key);
            for (names, value) in
                [(variables.organization, &profile.organization), (variables.project, &profile.project)]
            {
                if let (Some(name), Some(value)) = (names.first(), value) {
                    build.address(name, value);
                }
            }
            url
        };
        if family == Family::Anthropic {
            anthropic_models(profile, model, &mut build);
        } else if let (Some(name), Some(model)) = (variables.model.first(), model.or(profile.model.as_deref())) {
            build.address(name, model);
        }
        build.families.push((family, url));
    }
    if let (true, Some(via)) = (profile.proxy, via) {
        build.credential(TOKEN_VARIABLE, via.token.clone());
        // A key of the provider's own name would go around the proxy.
        let is_passed_on = profile.auth == Some(Auth::Client);
        let own_keys = provider.variables.iter().filter(|variable| variable.own && variable.role == Role::Key);
        for name in own_keys.map(|variable| variable.name.as_str()) {
            if is_allowed_name(name) && Family::of_variable(name).is_none() && !is_passed_on {
                build.unset(name);
            }
        }
    } else {
        own_variables(profile, provider, key, &families, &build.families.clone(), &mut build);
    }
    for name in profile.env.keys().chain(&profile.secrets) {
        // Half a pair by the back door would go to another host than the other half.
        if let Some(family) = Family::of_variable(name) {
            return Err(Error::new(format!(
                "`{name}` belongs to the family `{}` and cannot be an extra variable",
                family.name()
            ))
            .at(place(profile))
            .hint("the profile's own key, base_url and model set it; `serve` says which families"));
        }
    }
    for (name, value) in &profile.env {
        build.address(name, value);
    }
    for name in &profile.secrets {
        if let Some(value) = more.get(name) {
            build.credential(name, value.clone());
        }
    }
    for &family in &families {
        let variables = family.variables();
        let names_models = variables.model.iter().any(|name| build.sets(name));
        for name in variables.touched() {
            // Logins and keys are what is to be passed on.
            let is_kept = profile.auth == Some(Auth::Client)
                && (variables.key.contains(&name) || name == "CLAUDE_CODE_OAUTH_TOKEN");
            if (!variables.model.contains(&name) || names_models) && !is_kept {
                build.unset(name);
            }
        }
    }
    build.finish(profile)
}

fn needs_daemon(profile: &Profile) -> Error {
    Error::new(format!("profile `{}` is served through the proxy, and without a daemon there is none", profile.name))
        .at(place(profile))
        .hint(format!("`llmenv env {} --direct --format F` prints the real pair", profile.name))
        .hint(format!("`llmenv proxy off {}` serves it directly", profile.name))
}

fn anthropic_models(profile: &Profile, model: Option<&str>, build: &mut Builder) {
    if let Some(model) = model.or(profile.model.as_deref()) {
        build.address("ANTHROPIC_MODEL", model);
    }
    let sizes: [(&str, &[&str]); 3] = [
        ("big", &["ANTHROPIC_DEFAULT_OPUS_MODEL"]),
        ("middle", &["ANTHROPIC_DEFAULT_SONNET_MODEL"]),
        ("small", &["ANTHROPIC_DEFAULT_HAIKU_MODEL"]),
    ];
    for (size, names) in sizes {
        if let Some(model) = profile.models.get(size) {
            for name in names {
                build.address(name, model);
            }
        }
    }
}

/// The provider's own names, and shared ones that the profile lists in `also`.
fn own_variables(
    profile: &Profile,
    provider: &Provider,
    key: &Secret,
    families: &[Family],
    urls: &[(Family, String)],
    build: &mut Builder,
) {
    for variable in &provider.variables {
        let name = variable.name.as_str();
        if !(variable.own || profile.also.iter().any(|also| also == name)) || !is_allowed_name(name) {
            continue;
        }
        // A name that is also a family's belongs to that family: set with it, left alone without it.
        if Family::of_variable(name).is_some_and(|family| !families.contains(&family) || build.sets(name)) {
            continue;
        }
        let openai_url = urls.iter().find(|(family, _)| *family == Family::Openai).map(|(_, url)| url.as_str());
        let any_url = urls.first().map(|(_, url)| url.as_str());
        let origin = any_url.and_then(|url| base_url::origin(url).ok());
        match variable.role {
            Role::Key if !key.is_empty() => build.credential(name, key.clone()),
            Role::BaseUrl => build.optional(name, openai_url),
            Role::Origin => build.optional(name, origin.as_deref()),
            Role::ApiVersion => build.optional(name, profile.api_version.as_deref()),
            Role::Project => build.optional(name, profile.project.as_deref()),
            _ => {}
        }
    }
}

fn place(profile: &Profile) -> String {
    match &profile.defined_at {
        Some((path, line)) => format!("{}:{line}", crate::printable::path(path)),
        None => format!("profile `{}`", profile.name),
    }
}

/// Says which provider's row a profile is of.
pub(super) fn row(profile: &Profile) -> &'static Provider {
    provider::find(&profile.provider).unwrap_or_else(provider::custom)
}

#[derive(Default)]
struct Builder {
    unset: Vec<String>,
    addresses: Vec<(String, Secret)>,
    credentials: Vec<(String, Secret)>,
    families: Vec<(Family, String)>,
}

impl Builder {
    fn sets(&self, name: &str) -> bool {
        self.addresses.iter().chain(&self.credentials).any(|(known, _)| known == name)
    }

    fn address(&mut self, name: &str, value: &str) {
        if !self.sets(name) {
            self.addresses.push((name.to_owned(), Secret::new(value)));
        }
    }

    fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.address(name, value);
        }
    }

    fn credential(&mut self, name: &str, value: Secret) {
        if !self.sets(name) {
            self.credentials.push((name.to_owned(), value));
        }
    }

    fn unset(&mut self, name: &str) {
        if !self.sets(name) && !self.unset.iter().any(|known| known == name) {
            self.unset.push(name.to_owned());
        }
    }

    fn finish(self, profile: &Profile) -> Result<Pair> {
        for (name, value) in self.addresses.iter().chain(&self.credentials) {
            if !is_allowed_name(name) && name != TOKEN_VARIABLE {
                return Err(Error::new(format!("`{}` is not a name llmenv may set", crate::printable::text(name)))
                    .at(place(profile)));
            }
            if !is_servable(value.expose()) {
                return Err(Error::new(format!(
                    "the value for `{name}` is more than one line or holds a control character"
                ))
                .at(place(profile))
                .hint(format!("`llmenv rotate {}` stores a clean one", profile.name)));
            }
        }
        let credentials = self.credentials.iter().map(|(name, _)| name.clone()).collect();
        let unset = self.unset.into_iter().map(|name| (name, None));
        let set = self.addresses.into_iter().chain(self.credentials).map(|(name, value)| (name, Some(value)));
        Ok(Pair { vars: unset.chain(set).collect(), families: self.families, credentials })
    }
}
