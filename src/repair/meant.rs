//! Which value a line was meant to set, where there is no doubt about it.

use url::Url;

use super::line::Line;
use crate::detect::{address, environment};
use crate::dotenv::{self, Dialect, Environment};
use crate::profile::Family;
use crate::provider;
use crate::sanitize::{self, Reason};
use crate::secret::Secret;

/// Loaders of which at least one must have meant the same, where the key's look proves nothing.
const WITNESSES: [Dialect; 5] = [Dialect::Python, Dialect::Npm, Dialect::Node, Dialect::Docker, Dialect::Bash];

/// Says whether lines of this name are looked at.
pub(super) fn is_sought(name: &str) -> bool {
    is_key(name) || environment::is_base_url(name)
}

/// Says whether it is the name of a key.
pub(super) fn is_key(name: &str) -> bool {
    environment::is_key(name)
}

/// Works out the value. `Err(None)`: there is nothing to say, `Err(Some(_))`: something is wrong that nobody can mend from here.
pub(super) fn of(line: &Line, text: &[u8]) -> Result<Secret, Option<&'static str>> {
    let raw = std::str::from_utf8(&text[line.value.clone()]).map_err(|_| Some("its value is not UTF-8"))?;
    if raw.trim().trim_matches(['"', '\'']).is_empty() {
        return Err(None);
    }
    if is_key(&line.name) { key(line, text, raw) } else { address(&line.name, raw) }
}

fn key(line: &Line, text: &[u8], raw: &str) -> Result<Secret, Option<&'static str>> {
    let cleaned = sanitize::clean(raw);
    if cleaned.assigned_name.is_some_and(|name| name != line.name) {
        return Err(Some("its value is an assignment to another variable"));
    }
    let value = cleaned.value;
    let row = provider::of_key(&value).into_iter().next();
    let vetted = sanitize::vet(row.unwrap_or_else(provider::custom), &value);
    let is_plain = is_plain(value.expose());
    if let Err(refusal) = vetted {
        // A word for a local server (`ollama`) is no key and no mistake.
        let is_word = matches!(refusal.reason, Reason::Placeholder | Reason::Length(_) | Reason::Unlike(_));
        return Err(
            (!(is_word && is_plain && raw == value.expose())).then_some("no whole key stands there: set it again")
        );
    }
    if !is_plain {
        return Err(Some("its key has characters that loaders read differently: set it again"));
    }
    // A key of a known look can only be meant as a whole. Of any other, a loader must have read the same.
    let only = &text[line.span.clone()];
    let is_witnessed = || {
        WITNESSES.into_iter().any(|loader| {
            let nothing = |_: &str| None;
            let reading = dotenv::read(only, loader, &Environment::new(&nothing));
            reading.text(&line.name).is_some_and(|read| sanitize::clean(read.expose()).value.same_as(&value))
        })
    };
    if row.is_some() || is_witnessed() { Ok(value) } else { Err(Some("what it was meant to be is not certain")) }
}

/// Characters that no loader takes for anything else.
fn is_plain(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_./:@+=-".contains(&byte))
}

fn address(name: &str, raw: &str) -> Result<Secret, Option<&'static str>> {
    let text = bare(raw);
    let broken = || Some("what address was meant is not certain");
    let url = Url::parse(&text).map_err(|_| broken())?;
    let is_whole = matches!(url.scheme(), "http" | "https") && url.host_str().is_some() && url.username().is_empty();
    if !is_whole || url.password().is_some() || url.query().is_some() || url.fragment().is_some() || !is_plain(&text) {
        return Err(broken());
    }
    Ok(Secret::new(own_address(name, &text, &url).unwrap_or(text)))
}

/// The provider's own address where this one is that with something wrong about its path. The host stays: nothing is
/// suggested that does not stand in the catalogue, and nothing leads elsewhere (threat T16).
fn own_address(name: &str, text: &str, url: &Url) -> Option<String> {
    const PATHS: [&str; 4] = ["doubled-v1", "endpoint-as-base", "missing-version-path", "trailing-slash"];
    let nothing = std::collections::BTreeMap::new();
    if !address::faults(name, text, &nothing).iter().any(|fault| PATHS.contains(&fault.finding.id)) {
        return None;
    }
    let family = Family::of_variable(name)?;
    let endpoint = provider::of_host(url.host_str()?)?.family_endpoint(family)?;
    let own = Url::parse(&endpoint.base_url).ok()?;
    (own.origin() == url.origin()).then(|| endpoint.base_url.clone())
}

/// An address without what was pasted around it.
fn bare(raw: &str) -> String {
    let mut text: String = raw.chars().filter(|c| !sanitize::is_invisible(*c)).collect();
    loop {
        let before = text.len();
        let mut kept = text.trim_matches(|c: char| sanitize::is_blank(c) || c.is_control());
        if let Some(at) = kept.find(" #") {
            kept = &kept[..at];
        }
        kept = kept.trim_end_matches([',', ';']);
        let mut inner = kept.chars();
        if inner.next().is_some_and(sanitize::is_quote) {
            let without = inner.as_str();
            kept = without.strip_suffix(sanitize::is_quote).unwrap_or(without);
        }
        text = kept.to_owned();
        if text.len() == before {
            return text;
        }
    }
}
