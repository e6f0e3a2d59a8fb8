//! Keys in the environment: which variable holds whose key, where it goes, and what does not belong together.
//!
//! In: variables. Out: keys that could become profiles, each cleaned and judged, and sentences about those that could not. A key
//! of one provider beside the base URL of another is explained and offered as its own provider's, never as that pair.

use std::collections::BTreeMap;

use url::Url;

use crate::profile::{Dialect, Family};
use crate::provider::{self, Provider, Role, base_url};
use crate::sanitize;
use crate::secret::Secret;
use crate::source::environment::known_as;

/// Longer values hold no key.
const MAX_VALUE_BYTES: usize = 8 * 1024;

/// A key that could become a profile.
#[derive(Debug)]
pub struct FoundKey {
    /// Whose it is; several where the variable's name fits more than one and the key does not say.
    pub providers: Vec<&'static Provider>,
    /// Where it was found.
    pub variables: Vec<String>,
    /// The key, cleaned.
    pub key: Secret,
    /// What was cleaned off, in words.
    pub removed: Vec<String>,
    /// The base URL, where it is not the provider's own.
    pub base_url: Option<String>,
    /// For a custom endpoint: what it speaks, as its variables say.
    pub dialect: Option<Dialect>,
    /// The families whose variables hold it; empty: only the provider's own names do.
    pub serve: Vec<Family>,
    /// `OpenAI`'s organization beside it.
    pub organization: Option<String>,
    /// `OpenAI`'s project beside it.
    pub project: Option<String>,
    /// The model that is named beside it.
    pub model: Option<String>,
}

/// Something that was found and is not taken as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The id of the finding.
    pub id: &'static str,
    /// One sentence, without any value.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// All that was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Keys to offer.
    pub keys: Vec<FoundKey>,
    /// What is wrong with others, or with where they go.
    pub explained: Vec<Explained>,
}

/// Variables that matter here, with their values.
pub type Variables = BTreeMap<String, Secret>;

/// Picks the variables that matter here from this process' environment, but for those that llmenv itself has set.
pub fn variables(set_by_llmenv: &[String]) -> Variables {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((known_as(name.into_string().ok()?), value.into_string().ok()?)))
        .filter(|(name, value)| is_known(name) && value.len() <= MAX_VALUE_BYTES && !value.trim().is_empty())
        .filter(|(name, _)| !set_by_llmenv.contains(name))
        .map(|(name, value)| (name, Secret::new(value)))
        .collect()
}

/// Whether a variable is one by which tools learn a pair, or something beside it.
pub fn is_known(name: &str) -> bool {
    Family::of_variable(name).is_some() || !provider::of_variable(name).is_empty()
}

/// Takes a value under a name of somebody's own as a key, where its look proves whose it is.
pub fn under_own_name(name: &str, value: &Secret) -> Option<FoundKey> {
    let candidate = Candidate::of(value)?;
    let owner = candidate.owner()?;
    sanitize::vet(owner, &candidate.key).ok()?;
    Some(found_key(vec![owner], name, candidate, None))
}

/// Looks for keys in these variables.
pub fn look(variables: &Variables) -> Found {
    let mut found = Found::default();
    for family in Family::ALL {
        for &name in family.variables().key {
            if let Some(value) = variables.get(name) {
                found.look_at_pair(variables, family, name, value);
            }
        }
    }
    for (name, value) in variables {
        let is_family_key = Family::ALL.iter().any(|family| family.variables().key.contains(&name.as_str()));
        let owners: Vec<_> = provider::of_variable(name)
            .iter()
            .filter(|(row, variable)| variable.role == Role::Key && variable.own && !row.local)
            .map(|(row, _)| *row)
            .collect();
        if !is_family_key && !owners.is_empty() {
            found.look_at_own_name(variables, name, value, &owners);
        }
    }
    found
}

/// A value as a key: cleaned, with the providers it certainly belongs to.
struct Candidate {
    key: Secret,
    removed: Vec<String>,
    owners: Vec<&'static Provider>,
}

impl Candidate {
    /// `None` for what llmenv itself hands out.
    fn of(value: &Secret) -> Option<Self> {
        let cleaned = sanitize::clean(value.expose());
        let key = cleaned.value;
        if key.expose().starts_with("llmenv_") || key.expose() == "llmenv-no-key" {
            return None;
        }
        let owners = provider::of_key(&key);
        Some(Self { key, removed: cleaned.removed.iter().map(ToString::to_string).collect(), owners })
    }

    fn may_belong_to(&self, row: &Provider) -> bool {
        self.owners.is_empty() || row.passes_keys || self.owners.iter().any(|owner| owner.id == row.id)
    }

    /// The one provider whose key this certainly is.
    fn owner(&self) -> Option<&'static Provider> {
        self.owners.first().copied()
    }
}

impl Found {
    /// A family's key, and the URL that goes with it.
    fn look_at_pair(&mut self, variables: &Variables, family: Family, name: &str, value: &Secret) {
        let Some(candidate) = Candidate::of(value) else { return };
        let url_names: &[&str] = match family {
            Family::Openai => &["OPENAI_BASE_URL", "OPENAI_API_BASE"],
            Family::Anthropic => &["ANTHROPIC_BASE_URL", "ANTHROPIC_API_BASE"],
            Family::Gemini => &["GOOGLE_GEMINI_BASE_URL"],
        };
        let Some((url_name, url)) = url_names.iter().find_map(|&name| Some((name, variables.get(name)?))) else {
            let maker = maker(family);
            if candidate.may_belong_to(maker) {
                let key = found_key(vec![maker], name, candidate, Some(family));
                let key = with_account(key, variables);
                return self.offer(key);
            }
            let Some(owner) = candidate.owner() else { return };
            self.explain(
                "base-url-missing",
                format!(
                    "`{name}` holds a key of {}, and without `{}` programs send it to {}",
                    owner.name,
                    family.base_url_variable(),
                    maker.name
                ),
                Some("a profile sets both, or neither".into()),
            );
            return self.offer(found_key(vec![owner], name, candidate, serving(owner, family)));
        };
        let Some(host) = host_of(url) else {
            return self.explain(
                "url-no-scheme",
                format!("`{url_name}` is no address, so `{name}` beside it was left where it is"),
                Some("`llmenv add` takes the key, and the address with `--base-url`".into()),
            );
        };
        match (provider::of_host(&host), candidate.owner()) {
            (Some(row), _) if candidate.may_belong_to(row) => {
                let base_url = match own_url(row, family, url) {
                    Ok(base_url) => base_url,
                    Err(error) => {
                        return self.explain("url-no-scheme", format!("`{url_name}`: {}", error.message), None);
                    }
                };
                let mut key = found_key(vec![row], name, candidate, serving(row, family));
                key.base_url = base_url;
                self.offer(with_account(key, variables));
            }
            (None, None) => {
                let canonical = match base_url::canonical(None, family, url.expose()) {
                    Ok(canonical) => canonical,
                    Err(error) => {
                        return self.explain("url-no-scheme", format!("`{url_name}`: {}", error.message), None);
                    }
                };
                let mut key = found_key(vec![provider::custom()], name, candidate, Some(family));
                key.base_url = Some(canonical.url);
                key.dialect = Some(match family {
                    Family::Openai => Dialect::OpenaiChat,
                    Family::Anthropic => Dialect::AnthropicMessages,
                    Family::Gemini => Dialect::Gemini,
                });
                self.offer(key);
            }
            (row, Some(owner)) => {
                let (id, whose) = match row {
                    Some(row) => ("provider-mismatch", format!("{}'s", row.name)),
                    None => ("official-key-to-unknown-host", "nobody's llmenv knows".to_owned()),
                };
                self.explain(
                    id,
                    format!(
                        "`{name}` holds a key of {}, and `{url_name}` beside it is {whose}: the two are no pair",
                        owner.name
                    ),
                    Some(format!("the key can be taken over by itself, for {}", owner.name)),
                );
                self.offer(found_key(vec![owner], name, candidate, serving(owner, family)));
            }
            // A key that nobody certainly owns may belong to any known host.
            (Some(_), None) => {}
        }
    }

    /// A key under a provider's own name.
    fn look_at_own_name(&mut self, variables: &Variables, name: &str, value: &Secret, rows: &[&'static Provider]) {
        let Some(candidate) = Candidate::of(value) else { return };
        let fitting: Vec<_> = rows.iter().copied().filter(|row| candidate.may_belong_to(row)).collect();
        let Some(&first) = fitting.first() else {
            let Some(owner) = candidate.owner() else { return };
            self.explain(
                "provider-mismatch",
                format!("`{name}` holds a key of {}, not of {}", owner.name, rows[0].name),
                Some(format!("the key can be taken over by itself, for {}", owner.name)),
            );
            return self.offer(found_key(vec![owner], name, candidate, None));
        };
        let named = |role: Role| {
            let mut names = first.variables.iter().filter(move |variable| variable.role == role);
            names.find_map(|variable| Some((variable.name.as_str(), variables.get(&variable.name)?)))
        };
        let family = first.families().first().copied().unwrap_or(Family::Openai);
        let mut base_url = None;
        if let Some((url_name, url)) = named(Role::BaseUrl).or_else(|| named(Role::Origin)) {
            let is_theirs =
                host_of(url).and_then(|host| provider::of_host(&host)).is_some_and(|row| row.id == first.id);
            if !is_theirs {
                self.explain(
                    "provider-mismatch",
                    format!("`{url_name}` is no address of {}, so `{name}` was looked at without it", first.name),
                    None,
                );
            } else if let Ok(url) = own_url(first, family, url) {
                base_url = url;
            }
        }
        let mut key = found_key(fitting, name, candidate, None);
        key.base_url = base_url;
        self.offer(key);
    }

    /// Adds a key that can be one, once for all the variables that hold it.
    fn offer(&mut self, mut key: FoundKey) {
        let names = key.variables.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let first = sanitize::vet(key.providers[0], &key.key);
        key.providers.retain(|row| sanitize::vet(row, &key.key).is_ok());
        if let (true, Err(refusal)) = (key.providers.is_empty(), first) {
            // A server on this machine takes any word for a key.
            if !key.base_url.as_deref().is_some_and(is_local) {
                self.explain("key-refused", format!("{names}: {refusal}"), None);
            }
            return;
        }
        let needs_url = key.base_url.is_none()
            && key.providers[0].default_endpoint().is_some_and(|endpoint| endpoint.base_url.contains('{'));
        if needs_url {
            let row = key.providers[0];
            return self.explain(
                "base-url-missing",
                format!("{names} holds a key of {}, whose base URL cannot be told from here", row.name),
                Some(format!("`llmenv add --provider {} --base-url URL` takes it", row.id)),
            );
        }
        let known = self.keys.iter_mut().find(|known| {
            known.key.same_as(&key.key)
                && known.providers.iter().any(|row| key.providers.iter().any(|other| row.id == other.id))
        });
        let Some(known) = known else { return self.keys.push(key) };
        known.providers.retain(|row| key.providers.iter().any(|other| row.id == other.id));
        for name in key.variables {
            if !known.variables.contains(&name) {
                known.variables.push(name);
            }
        }
        for family in key.serve {
            if !known.serve.contains(&family) {
                known.serve.push(family);
            }
        }
        known.base_url = known.base_url.take().or(key.base_url);
    }

    fn explain(&mut self, id: &'static str, message: String, hint: Option<String>) {
        let explained = Explained { id, message, hint };
        if !self.explained.contains(&explained) {
            self.explained.push(explained);
        }
    }
}

fn found_key(providers: Vec<&'static Provider>, name: &str, candidate: Candidate, serve: Option<Family>) -> FoundKey {
    FoundKey {
        providers,
        variables: vec![name.to_owned()],
        key: candidate.key,
        removed: candidate.removed,
        base_url: None,
        dialect: None,
        serve: serve.into_iter().collect(),
        organization: None,
        project: None,
        model: None,
    }
}

/// Organization and project belong to `OpenAI`'s own keys.
fn with_account(mut key: FoundKey, variables: &Variables) -> FoundKey {
    if key.providers[0].id == "openai" {
        let value = |names: [&str; 2]| {
            let value = names.iter().find_map(|name| variables.get(*name))?.expose().trim().to_owned();
            (crate::env_patch::is_servable(&value) && value.len() < 100).then_some(value)
        };
        key.organization = value(["OPENAI_ORG_ID", "OPENAI_ORGANIZATION"]);
        key.project = value(["OPENAI_PROJECT_ID", "OPENAI_PROJECT"]);
    }
    key
}

/// The family, if this provider can serve it.
fn serving(row: &Provider, family: Family) -> Option<Family> {
    row.families().contains(&family).then_some(family)
}

/// The provider to which programs of a family talk without a base URL.
fn maker(family: Family) -> &'static Provider {
    let id = match family {
        Family::Openai => "openai",
        Family::Anthropic => "anthropic",
        Family::Gemini => "gemini",
    };
    provider::find(id).unwrap_or_else(provider::custom)
}

/// The host of an address as it was typed. Anything without a scheme that looks like a host is one.
fn host_of(url: &Secret) -> Option<String> {
    let cleaned = sanitize::clean(url.expose());
    let text = cleaned.value.expose();
    let parsed = Url::parse(text).ok().filter(Url::has_host).or_else(|| {
        let host = text.split('/').next()?;
        (host.contains('.') || host.contains(':')).then(|| Url::parse(&format!("https://{text}")).ok())?
    })?;
    parsed.host_str().map(str::to_owned)
}

/// A URL in the provider's form; `None` where it is the one the provider has anyway.
fn own_url(row: &Provider, family: Family, url: &Secret) -> crate::error::Result<Option<String>> {
    let canonical = base_url::canonical(Some(row), family, url.expose())?;
    let is_default = row.family_endpoint(family).is_some_and(|endpoint| endpoint.base_url == canonical.url);
    Ok((!is_default).then_some(canonical.url))
}

fn is_local(url: &str) -> bool {
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || host == "[::1]"
}
