//! A reply in one piece, or an error, on its way to the client.

use super::form::fold::Fold;
use super::form::{Event, Failure, FailureKind, Response, Usage};
use super::json::Json;
use super::route::{Dialect, Route};
use super::stream::Decoder;
use super::translation::{Translation, encode_failure};
use super::{anthropic_messages, gemini, openai_chat, openai_responses};

/// What the client gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Headers beside `content-type: application/json`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// What the exchange cost, where the upstream says.
    pub usage: Option<Usage>,
    /// What went wrong, if anything did.
    pub failure: Option<Failure>,
}

/// Headers of an upstream that mean the same to every client.
const KEPT_HEADERS: [&str; 5] = ["retry-after", "retry-after-ms", "x-should-retry", "request-id", "x-request-id"];
/// The same, by how they begin.
const KEPT_PREFIXES: [&str; 2] = ["x-ratelimit-", "anthropic-ratelimit-"];

impl Reply {
    /// An error in the client's dialect.
    pub fn of_failure(inbound: Dialect, failure: Failure) -> Self {
        let mut headers = Vec::new();
        if let Some(seconds) = &failure.retry_after {
            headers.push(("retry-after".to_owned(), seconds.to_string()));
        }
        let body = encode_failure(inbound, &failure);
        Self { status: failure.status, headers, body, usage: None, failure: Some(failure) }
    }
}

pub(super) fn translate(translation: &Translation, status: u16, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let route = translation.route();
    let mut kept: Vec<(String, String)> = headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned()))
        .filter(|(name, _)| {
            KEPT_HEADERS.contains(&name.as_str()) || KEPT_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        })
        .collect();
    let mut reply = match answer(translation, status, body) {
        Ok(response) => {
            let body = match route.inbound {
                Dialect::AnthropicMessages => {
                    anthropic_messages::response::encode(&response, &translation.client_model, route)
                }
                Dialect::OpenaiResponses => {
                    openai_responses::response::encode(&response, &translation.client_model, route)
                }
                Dialect::OpenaiChat | Dialect::Gemini => {
                    openai_chat::response::encode(&response, &translation.client_model, route)
                }
            };
            let body = body.to_string().into_bytes();
            Reply { status: 200, headers: Vec::new(), body, usage: response.usage, failure: None }
        }
        Err(mut failure) => {
            let named =
                |name: &str| kept.iter().find(|(known, _)| known == name).map(|(_, value)| Box::from(value.as_str()));
            failure.retry_after = named("retry-after").or(failure.retry_after);
            failure.request_id = named("request-id").or_else(|| named("x-request-id")).or(failure.request_id);
            // Asking again brings no money.
            if failure.kind == FailureKind::Billing && failure.status == 429 && named("x-should-retry").is_none() {
                kept.push(("x-should-retry".into(), "false".into()));
            }
            Reply::of_failure(route.inbound, failure)
        }
    };
    kept.retain(|(name, _)| !reply.headers.iter().any(|(known, _)| known == name));
    reply.headers.append(&mut kept);
    reply
}

fn answer(translation: &Translation, status: u16, body: &[u8]) -> Result<Response, Failure> {
    let route = translation.route();
    if !(200..300).contains(&status) {
        return Err(decode_failure(status, body, route));
    }
    let events = match Json::parse_bytes(body) {
        Some(json) => decode_whole(&json, route),
        None if looks_like_events(body) => {
            let mut decoder = Decoder::new(route);
            let mut events = decoder.push(body);
            events.extend(decoder.finish());
            events
        }
        None => return Err(unreadable(502, body)),
    };
    let (mut fold, mut restore) = (Fold::default(), translation.restore());
    for event in events {
        for event in restore.push(event) {
            fold.push(&event);
        }
    }
    fold.finish()
}

fn looks_like_events(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
    [&b"data:"[..], b"event:", b":", b"id:", b"retry:"].iter().any(|field| body.starts_with(field))
}

/// The events of a reply in one piece; an error in a reply with status 200 is one.
pub(super) fn decode_whole(body: &Json, route: &Route) -> Vec<Event> {
    let is_error = body.get("error").is_some()
        && ["choices", "content", "output", "candidates"].iter().all(|n| body.get(n).is_none());
    if is_error && route.upstream != Dialect::OpenaiResponses {
        let failure = decode_error(200, body, route);
        return vec![Event::Error(failure)];
    }
    match route.upstream {
        Dialect::OpenaiChat => openai_chat::response::decode(body, route),
        Dialect::AnthropicMessages => anthropic_messages::response::decode(body, route),
        Dialect::OpenaiResponses if is_error => vec![Event::Error(decode_error(200, body, route))],
        Dialect::OpenaiResponses => openai_responses::response::decode(body, route),
        Dialect::Gemini => gemini::response::decode(body, route),
    }
}

fn decode_error(status: u16, body: &Json, route: &Route) -> Failure {
    match route.upstream {
        Dialect::OpenaiChat => openai_chat::error::decode(status, body),
        Dialect::AnthropicMessages => anthropic_messages::error::decode(status, body),
        Dialect::OpenaiResponses => openai_responses::error::decode(status, body),
        Dialect::Gemini => gemini::error::decode(status, body),
    }
}

/// Reads an upstream's error reply. A refused key is said to be the upstream's, not the local token.
pub fn decode_failure(status: u16, body: &[u8], route: &Route) -> Failure {
    let mut failure = match Json::parse_bytes(body) {
        Some(json) if json.is_object() || !json.elements().is_empty() => decode_error(status, &json, route),
        _ => unreadable(status, body),
    };
    if matches!(failure.kind, FailureKind::Authentication | FailureKind::Permission) {
        let told = format!("the upstream refused the key of this profile: {}", failure.message);
        failure.message = Failure::new(failure.kind, told).message;
    }
    failure
}

/// A body that is not JSON: its title or its first words.
fn unreadable(status: u16, body: &[u8]) -> Failure {
    let text = String::from_utf8_lossy(&body[..body.len().min(4_096)]);
    let lower = text.to_ascii_lowercase();
    let said = if lower.contains("<html") || lower.trim_start().starts_with("<!doctype") {
        let title = lower.find("<title>").map(|at| at + "<title>".len());
        let end = title.and_then(|at| lower[at..].find("</title>").map(|end| at + end));
        match (title, end) {
            (Some(at), Some(end)) => format!("a web page, `{}`", text[at..end].trim()),
            _ => "a web page".to_owned(),
        }
    } else if text.trim().is_empty() {
        "an empty reply".to_owned()
    } else {
        crate::printable::text(text.trim())
    };
    let mut failure = Failure::new(Failure::kind_of(status), format!("the upstream answered {status} with {said}"));
    failure.status = if (400..600).contains(&status) { status } else { 502 };
    failure.refine();
    failure
}
