//! Which headers cross the proxy, in each direction. Pure.

use hyper::HeaderMap;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};

use super::endpoint::Endpoint;
use super::gate::CREDENTIALS;
use super::token::PREFIX;
use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::profile::{Auth, Profile};
use crate::secret::Secret;

/// Headers of one connection, not of the message (RFC 9110 §7.6.1), and what belongs to the client alone.
const NEVER_SENT: [&str; 22] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
    "host",
    "content-length",
    "accept-encoding",
    "cookie",
    "origin",
    "referer",
    "forwarded",
    "via",
    "x-real-ip",
    "x-llmenv-token",
    "cookie2",
    "http2-settings",
];
const NEVER_SENT_PREFIXES: [&str; 3] = ["x-forwarded-", "sec-", "access-control-"];

/// What of an upstream's answer is about its connection alone.
const NEVER_RETURNED: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "set-cookie",
];

/// The headers of a request upstream. `client`: those of the client, where both sides speak one dialect.
///
/// Credentials of the client never go along, nor does anything that holds a token of ours; the real key is set last.
pub fn outgoing(client: Option<&HeaderMap>, profile: &Profile, endpoint: &Endpoint, key: &Secret) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    if let Some(client) = client {
        let listed = connection_listed(client);
        for (name, value) in client {
            if is_sent(name, &listed) && !holds_token(value) {
                headers.append(name.clone(), value.clone());
            }
        }
    } else {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        headers.insert("user-agent", HeaderValue::from_static(concat!("llmenv/", env!("CARGO_PKG_VERSION"))));
    }
    if endpoint.dialect == Dialect::AnthropicMessages && !headers.contains_key("anthropic-version") {
        headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
    }
    // Bodies are read on the way, and what is compressed cannot be.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let is_openai = matches!(endpoint.dialect, Dialect::OpenaiChat | Dialect::OpenaiResponses);
    for (name, value) in [("openai-organization", &profile.organization), ("openai-project", &profile.project)] {
        if let Some(value) = value.as_deref().filter(|_| is_openai) {
            set(&mut headers, profile, name, value)?;
        }
    }
    for (name, value) in &profile.headers {
        set(&mut headers, profile, name, value)?;
    }
    if let Some((name, value)) = endpoint.credential(key)? {
        headers.insert(name, value);
    }
    if let Some(client) = client.filter(|_| endpoint.auth == Auth::Client) {
        for name in &CREDENTIALS {
            for value in client.get_all(name).iter().filter(|value| !holds_token(value)) {
                headers.append(name.clone(), value.clone());
            }
        }
    }
    Ok(headers)
}

fn set(headers: &mut HeaderMap, profile: &Profile, name: &str, value: &str) -> Result<()> {
    let wrong = || {
        Error::new(format!("`{}` of profile `{}` fits into no header", crate::printable::text(name), profile.name))
            .hint("write it in one line of plain characters")
    };
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
    headers.insert(name, HeaderValue::from_str(value).map_err(|_| wrong())?);
    Ok(())
}

/// Names that `Connection` lists: of that connection alone.
fn connection_listed(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect()
}

fn is_sent(name: &HeaderName, listed: &[String]) -> bool {
    let text = name.as_str();
    !NEVER_SENT.contains(&text)
        && !NEVER_SENT_PREFIXES.iter().any(|prefix| text.starts_with(prefix))
        && !CREDENTIALS.contains(name)
        && !listed.iter().any(|listed| listed == text)
}

fn holds_token(value: &HeaderValue) -> bool {
    value.as_bytes().windows(PREFIX.len()).any(|part| part == PREFIX.as_bytes())
}

/// The headers of an answer that goes through as it is. `is_changed`: the body gets another length on the way.
pub fn returned(upstream: &HeaderMap, is_changed: bool) -> HeaderMap {
    let listed = connection_listed(upstream);
    let mut headers = HeaderMap::new();
    for (name, value) in upstream {
        let text = name.as_str();
        let is_dropped = NEVER_RETURNED.contains(&text)
            || listed.iter().any(|listed| listed == text)
            || text.starts_with("access-control-")
            || (is_changed && name == CONTENT_LENGTH);
        if !is_dropped {
            headers.append(name.clone(), value.clone());
        }
    }
    headers
}

/// Says whether a body is compressed.
pub fn is_encoded(headers: &HeaderMap) -> bool {
    headers
        .get_all("content-encoding")
        .iter()
        .any(|value| !value.as_bytes().is_empty() && !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}
