//! Bringing a typed base URL to the form its provider and its family's variable want.
//!
//! In: what a person typed for `--base-url` or in the configuration. Out: one canonical URL and, in words, every change made to get
//! there; or a refusal. Called where a profile is added, edited, imported or read. No message repeats userinfo, query or key.

mod host;
mod path;

use url::Url;

use super::{Provider, of_host, of_key};
use crate::error::{Error, Result};
use crate::printable;
use crate::profile::Family;
use crate::sanitize;
use crate::secret::Secret;

/// No base URL is longer than this.
const MAX_URL_BYTES: usize = 2048;

/// A base URL in its provider's form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canonical {
    /// The URL, without a slash at the end.
    pub url: String,
    /// What was changed or should be known, each a clause for people.
    pub changes: Vec<String>,
}

/// Brings a base URL to the canonical form for a family's variable.
///
/// `provider` is the profile's row, or `None` (or [`super::custom`]) for a custom endpoint. The form depends on the host that was
/// typed: a catalogue host gets its row's path, any other host the family's habit. Applying it to its own result changes nothing.
pub fn canonical(provider: Option<&Provider>, family: Family, typed: &str) -> Result<Canonical> {
    let mut changes = Vec::new();
    let cleaned = sanitize::clean(typed);
    changes.extend(cleaned.removed.iter().map(|removed| format!("removed {removed}")));
    let text = cleaned.value.expose();
    refuse_what_is_no_address(text, family)?;
    let text = with_scheme(text, &mut changes)?;
    refuse_placeholders(&text, family)?;
    let mut url = parse(&text)?;
    host::normalise(&mut url, &text, &mut changes)?;
    let shown = shown(&url);
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::usage("the base URL holds a user name or a password")
            .at(format!("host `{}`", host::shown(&url)))
            .hint("leave out what stands before the `@`; the key goes into the profile by itself"));
    }
    drop_query_and_fragment(&mut url, &mut changes)?;
    let is_custom = provider.is_none_or(|provider| provider.id == "custom");
    host::check_encryption(&url, is_custom, &shown, &mut changes)?;
    path::normalise(&mut url, provider, family, &mut changes)?;
    let url = url.as_str().trim_end_matches('/').to_owned();
    Ok(Canonical { url, changes })
}

/// Gives `scheme://host[:port]` of a URL: lower case, punycode, no default port. What a key is bound to.
pub fn origin(url: &str) -> Result<String> {
    let mut url = parse(url)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Error::usage(format!("`{}` is no scheme for a base URL", printable::text(url.scheme()))));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::usage("the base URL holds a user name or a password"));
    }
    host::drop_dot(&mut url)?;
    let host = url.host_str().unwrap_or_default();
    Ok(match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    })
}

fn parse(text: &str) -> Result<Url> {
    let hint = "write it like https://host/v1";
    let url = Url::parse(text).map_err(|err| Error::usage(format!("the base URL cannot be read: {err}")).hint(hint))?;
    match url.host_str() {
        Some(host) if !host.is_empty() => Ok(url),
        _ => Err(Error::usage("the base URL has no host").hint(hint)),
    }
}

/// The URL as messages show it: scheme, host and path.
fn shown(url: &Url) -> String {
    printable::text(&format!("{}://{}{}", url.scheme(), host::shown(url), url.path().trim_end_matches('/')))
}

fn refuse_what_is_no_address(text: &str, family: Family) -> Result<()> {
    if text.is_empty() {
        return Err(Error::usage("the base URL is empty").hint(format!(
            "leave it out to use the provider's own; an empty `{}` sends some clients elsewhere",
            family.base_url_variable()
        )));
    }
    if text.len() > MAX_URL_BYTES {
        return Err(Error::usage(format!("the base URL has {} bytes, more than {MAX_URL_BYTES}", text.len())));
    }
    if let Some(index) = text.chars().position(|c| c.is_control() || sanitize::is_blank(c)) {
        return Err(Error::usage(format!("the base URL has a blank or control character at position {}", index + 1))
            .hint("write it without"));
    }
    let looks_like_a_key = |part: &str| {
        let key = Secret::new(part);
        !of_key(&key).is_empty()
            || super::all()
                .iter()
                .any(|p| p.shape_begun_by(part).is_some_and(|shape| part.len() >= shape.prefix.len() + 16))
    };
    if looks_like_a_key(text) {
        return Err(Error::usage("the base URL is a key").hint("give the key by itself, and the address as base URL"));
    }
    if text.split(['/', '?', '&', '=', '#', ':', '@']).any(looks_like_a_key) {
        return Err(Error::usage("the base URL holds a key").hint("give the key by itself: URLs end up in logs"));
    }
    Ok(())
}

/// Completes or repairs the part before the host.
fn with_scheme(text: &str, changes: &mut Vec<String>) -> Result<String> {
    let mut text = text.to_owned();
    if text.contains('\\') {
        text = text.replace('\\', "/");
        changes.push("turned `\\` into `/`".to_owned());
    }
    let lower = text.to_ascii_lowercase();
    for scheme in ["https", "http"] {
        let Some(rest) = lower.strip_prefix(scheme) else { continue };
        let rest = &text[text.len() - rest.len()..];
        let after = rest.strip_prefix(':').unwrap_or(rest);
        let host = after.trim_start_matches('/');
        let slashes = after.len() - host.len();
        let inner = host.to_ascii_lowercase();
        if slashes >= 2 && (inner.starts_with("https:/") || inner.starts_with("http:/")) {
            changes.push(format!("removed a second `{scheme}://`"));
            return with_scheme(host, changes);
        }
        if rest.starts_with("://") && slashes == 2 {
            return Ok(format!("{scheme}://{host}"));
        }
        // `https:host` and `https//host` are slips; `https.example.com` and `http:8080` are hosts.
        let is_slip = slashes > 0 || rest.starts_with(':') && !host.starts_with(|c: char| c.is_ascii_digit());
        if is_slip && !host.is_empty() {
            changes.push(format!("repaired the slashes after `{scheme}:`"));
            return Ok(format!("{scheme}://{host}"));
        }
    }
    if let Some((scheme, _)) = text.split_once("://") {
        let scheme = printable::text(scheme);
        let error = Error::usage(format!("`{scheme}` is no scheme for a base URL"));
        return Err(error.hint("only https:// and, on this machine or network, http:// are used"));
    }
    let rest = text.trim_start_matches('/');
    let scheme = if host::is_loopback_text(rest) { "http" } else { "https" };
    changes.push(format!("added `{scheme}://`"));
    Ok(format!("{scheme}://{rest}"))
}

/// Refuses what a guide leaves for the reader to fill in.
fn refuse_placeholders(text: &str, family: Family) -> Result<()> {
    let lower =
        text.to_ascii_lowercase().replace("%7b", "{").replace("%7d", "}").replace("%3c", "<").replace("%3e", ">");
    let braced = lower.find(['{', '<']).map(|at| {
        let end = lower[at..].find(['}', '>', '/']).map_or(lower.len(), |length| at + length + 1);
        lower[at..end].trim_end_matches('/').to_owned()
    });
    let worded = || {
        let is_start = |at: usize| at == 0 || !lower.as_bytes()[at - 1].is_ascii_alphanumeric();
        let starts = |word: &'static str| lower.match_indices(word).find(|(at, _)| is_start(*at));
        let (at, _) = starts("your-").or_else(|| starts("your_"))?;
        let end = lower[at..].find(['.', '/', '?', ':']).map_or(lower.len(), |length| at + length);
        Some(lower[at..end].to_owned())
    };
    let variable = || lower.contains('$').then(|| "$".to_owned());
    match braced.or_else(worded).or_else(variable) {
        Some(found) => {
            Err(Error::usage(format!("the base URL still holds the placeholder `{}`", printable::text(&found)))
                .hint(format!("put your own value there; this becomes `{}`", family.base_url_variable())))
        }
        None => Ok(()),
    }
}

fn drop_query_and_fragment(url: &mut Url, changes: &mut Vec<String>) -> Result<()> {
    let secret_names = ["key", "api_key", "apikey", "api-key", "token", "access_token", "subscription-key"];
    if let Some((name, _)) =
        url.query_pairs().find(|(name, _)| secret_names.contains(&name.to_ascii_lowercase().as_str()))
    {
        return Err(Error::usage(format!("the base URL holds a key in its query (`{}=`)", printable::text(&name)))
            .hint("give the key by itself: URLs end up in logs"));
    }
    if url.query().is_some() {
        let has_version = url.query_pairs().any(|(name, _)| name == "api-version");
        changes.push(match has_version {
            true => "removed the query: `api-version` belongs into the profile's `api_version`".to_owned(),
            false => "removed the query: clients put their path after it".to_owned(),
        });
        url.set_query(None);
    }
    if url.fragment().is_some() {
        changes.push("removed the part after `#`".to_owned());
        url.set_fragment(None);
    }
    Ok(())
}

/// Gives the row whose host this is: the profile's own where it matches, else whoever it belongs to.
fn row_of<'a>(provider: Option<&'a Provider>, host: &str) -> Option<&'a Provider> {
    let by_host = of_host(host);
    match (provider, by_host) {
        // Two rows may share a host (z.ai and its coding plan): the profile's own goes first.
        (Some(own), Some(found)) if own.id != found.id && path::has_host(own, host) => Some(own),
        (_, Some(found)) => Some(found),
        (Some(own), None) if own.local && host::is_loopback_host(host) => Some(own),
        _ => None,
    }
}
