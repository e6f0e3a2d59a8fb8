//! Who is let in: the rules on `Host`, `Origin` and tokens, before anything of a request is looked at. Pure.
//!
//! A page in a browser can send requests to this machine, and with a name of its own that resolves to it (DNS rebinding)
//! read the answers too. It cannot choose `Host`, cannot hide `Origin`, and does not know a token.

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN};

/// Headers in which clients show a key, and so a token.
pub static CREDENTIALS: [HeaderName; 4] = [
    AUTHORIZATION,
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("api-key"),
    HeaderName::from_static("x-goog-api-key"),
];

/// Why a request is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `Host` is not this machine, is missing or there twice.
    Host,
    /// A page of an origin that is not listed.
    Origin,
}

/// The origin to answer to, where the request comes from a page that may use the proxy.
pub type Page = Option<String>;

/// Checks `Host` and `Origin`.
pub fn check(headers: &HeaderMap, allowed: &[String]) -> Result<Page, Refusal> {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next().and_then(|host| host.to_str().ok()), hosts.next()) {
        (Some(host), None) if is_loopback(host) => {}
        _ => return Err(Refusal::Host),
    }
    let mut origins = headers.get_all(ORIGIN).iter();
    let origin = match (origins.next(), origins.next()) {
        (None, _) => None,
        (Some(origin), None) => {
            let listed = origin.to_str().ok().filter(|origin| allowed.iter().any(|known| known == origin));
            Some(listed.ok_or(Refusal::Origin)?.to_owned())
        }
        _ => return Err(Refusal::Origin),
    };
    // Images, scripts and forms come without an origin, but not without this.
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes().to_ascii_lowercase());
    match site.as_deref() {
        None | Some(b"none" | b"same-origin") => Ok(origin),
        Some(_) if origin.is_some() => Ok(origin),
        Some(_) => Err(Refusal::Origin),
    }
}

/// `127.0.0.1`, `localhost` or `[::1]`, at any port.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) && port.len() <= 5 => name,
        _ => host,
    };
    name == "127.0.0.1" || name == "[::1]" || name.eq_ignore_ascii_case("localhost")
}

/// Everything that is shown as a credential.
pub fn presented(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    CREDENTIALS.iter().flat_map(|name| headers.get_all(name)).filter_map(|value| {
        let text = value.to_str().ok()?.trim();
        match text.split_once(' ') {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer") => Some(rest.trim()),
            _ => Some(text),
        }
    })
}
