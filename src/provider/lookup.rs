//! Finding a row of the catalogue: by id, by what a key looks like, by host, by variable.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{LazyLock, OnceLock, PoisonError, RwLock};

use serde::Deserialize;

use super::{Provider, Variable};
use crate::profile::Auth;
use crate::secret::Secret;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    provider: Vec<Provider>,
}

/// Gives every row, in the order of the file.
pub fn all() -> &'static [Provider] {
    static ROWS: OnceLock<Vec<Provider>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let catalogue: Catalogue =
            toml::from_str(include_str!("catalogue.toml")).expect("a test parses the compiled-in catalogue");
        catalogue.provider
    })
}

/// Gives the row with exactly this id. `custom` is not a row: see [`custom`].
pub fn find(id: &str) -> Option<&'static Provider> {
    all().iter().find(|provider| provider.id == id)
}

/// Gives what stands in for a row where a profile says `provider = "custom"`: no endpoint, no key shape, no variables.
pub fn custom() -> &'static Provider {
    static CUSTOM: OnceLock<Provider> = OnceLock::new();
    CUSTOM.get_or_init(|| Provider {
        id: "custom".into(),
        name: "a custom endpoint".into(),
        aliases: Vec::new(),
        endpoints: Vec::new(),
        other_urls: Vec::new(),
        auth: Auth::Bearer,
        hosts: Vec::new(),
        key_shapes: Vec::new(),
        variables: Vec::new(),
        local: false,
        key_optional: true,
        passes_keys: false,
        check: None,
        ping_model: None,
        console_url: None,
        note: Some("anything else: say `base_url`, `dialect` and `auth`".into()),
    })
}

/// Suggests the id somebody may have meant: by another name of the provider, by its beginning, else by likeness.
pub fn nearest(id: &str) -> Option<&'static str> {
    /// Below this, a suggestion confuses more than it helps.
    const LEAST_LIKENESS: f64 = 0.8;
    let wanted = id.trim().to_lowercase();
    if wanted.is_empty() || wanted.len() > 64 {
        return None;
    }
    let names = |provider: &'static Provider| std::iter::once(&provider.id).chain(&provider.aliases);
    let exact = all().iter().find(|p| names(p).any(|name| *name == wanted) || p.name.to_lowercase() == wanted);
    let begun = || all().iter().find(|p| wanted.len() >= 3 && p.id.starts_with(&wanted));
    let alike = || {
        all()
            .iter()
            .flat_map(|p| names(p).map(move |name| (p, name)))
            .map(|(p, name)| (p, strsim::jaro_winkler(&wanted, name)))
            .filter(|(_, likeness)| *likeness >= LEAST_LIKENESS)
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(p, _)| p)
    };
    exact.or_else(begun).or_else(alike).map(|provider| provider.id.as_str())
}

/// Lists the providers whose keys certainly look like this whole key, the most specific prefix first.
///
/// Empty for the many keys whose look proves nothing (`sk-` and 32 hexadecimal digits is several Chinese providers').
pub fn of_key(key: &Secret) -> Vec<&'static Provider> {
    type Known = HashMap<u64, Vec<&'static Provider>>;
    /// More keys than anybody has; then it begins anew.
    const MAX_KNOWN: usize = 8_192;
    /// One key is asked about many times. Its number is of this process alone, and leads nobody back to it.
    static KNOWN: LazyLock<(RandomState, RwLock<Known>)> = LazyLock::new(Default::default);
    let (numbers, known) = &*KNOWN;
    let number = numbers.hash_one(key.expose());
    if let Some(found) = known.read().unwrap_or_else(PoisonError::into_inner).get(&number) {
        return found.clone();
    }
    let found = of_new_key(key);
    let mut known = known.write().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= MAX_KNOWN {
        known.clear();
    }
    known.insert(number, found.clone());
    found
}

fn of_new_key(key: &Secret) -> Vec<&'static Provider> {
    let mut found: Vec<(usize, &Provider)> = all()
        .iter()
        .filter_map(|provider| {
            let certain = provider.key_shapes.iter().filter(|shape| !shape.ambiguous && shape.matches(key));
            certain.map(|shape| shape.prefix.len()).max().map(|length| (length, provider))
        })
        .collect();
    found.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    found.into_iter().map(|(_, provider)| provider).collect()
}

/// Gives the provider a host name belongs to; never one for this machine's own names, which say nothing.
pub fn of_host(host: &str) -> Option<&'static Provider> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    all().iter().find(|provider| !provider.local && hosts(provider).any(|pattern| is_covered(&host, pattern)))
}

/// Rows with what a variable is to each.
type Rows = Vec<(&'static Provider, &'static Variable)>;

/// Lists the rows that know a variable, with what it is to them.
pub fn of_variable(name: &str) -> &'static [(&'static Provider, &'static Variable)] {
    static NAMES: OnceLock<HashMap<&'static str, Rows>> = OnceLock::new();
    let names = NAMES.get_or_init(|| {
        let mut names: HashMap<&'static str, Rows> = HashMap::new();
        for provider in all() {
            for variable in &provider.variables {
                let rows = names.entry(&variable.name).or_default();
                if rows.last().is_none_or(|(last, _)| last.id != provider.id) {
                    rows.push((provider, variable));
                }
            }
        }
        names
    });
    names.get(name).map_or(&[], Vec::as_slice)
}

/// Lists a row's host names and patterns; the hosts of URLs with placeholders are in `hosts` as patterns.
fn hosts(provider: &Provider) -> impl Iterator<Item = &str> {
    let urls = provider.endpoints.iter().map(|endpoint| &endpoint.base_url).chain(&provider.other_urls);
    urls.map(|url| host_in(url)).filter(|host| !host.contains('{')).chain(provider.hosts.iter().map(String::as_str))
}

/// Gives the host of a URL of the catalogue.
fn host_in(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', ':']).next().unwrap_or_default()
}

/// Says whether a host is this name, or below it where the pattern starts with `*.`.
fn is_covered(host: &str, pattern: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(parent) => host.strip_suffix(parent).is_some_and(|below| below.len() > 1 && below.ends_with('.')),
        None => host == pattern,
    }
}
