//! The cause of a refusal in plain words, put into the message that the client shows.
//!
//! `User not found.` makes people look for a user; it is `OpenRouter`'s way of saying that the key has expired. The words come
//! from the catalogue of errors (`explain`). An error body that passes through keeps every byte but its message.

use bytes::Bytes;

use crate::dialect::form::{Failure, FailureKind};
use crate::dialect::json::{Json, span};
use crate::explain::{self, Verdict};

/// Where messages stand in error bodies.
const PLACES: [&[&str]; 3] = [&["error", "message"], &["message"], &["error"]];

/// The same error body with the cause in its message; `None`: nothing is known of it, or it has no message.
pub fn named(profile: &str, status: u16, body: &[u8]) -> Option<Bytes> {
    let text = std::str::from_utf8(body).ok()?;
    let at = PLACES.iter().find_map(|place| span(text, place).filter(|at| text[at.clone()].starts_with('"')))?;
    let said = Json::parse(&text[at.clone()])?.as_str()?.to_owned();
    let message = words(profile, status, text, &said)?;
    let quoted = Json::from(message.as_str()).to_string();
    Some(Bytes::from(format!("{}{quoted}{}", &text[..at.start], &text[at.end..])))
}

/// The message of a translated failure with its cause; `None`: nothing is known of it.
pub fn of(profile: &str, status: u16, body: &[u8], failure: &Failure) -> Option<String> {
    let is_about_the_key =
        matches!(failure.kind, FailureKind::Authentication | FailureKind::Permission | FailureKind::Billing);
    if !is_about_the_key {
        return None;
    }
    let text = String::from_utf8_lossy(body);
    let json = Json::parse(&text)?;
    let error = json.get("error").unwrap_or(&json);
    let said = error.str("message").or(error.as_str())?;
    words(profile, status, &text, said)
}

fn words(profile: &str, status: u16, body: &str, said: &str) -> Option<String> {
    let found = explain::explain(&format!("{status} {body}"));
    let form = found.form.filter(|form| form.status.is_empty() || form.status.contains(&status))?;
    if matches!(form.verdict, Verdict::NotJudged | Verdict::LocalToken) {
        return None;
    }
    let said = crate::printable::text_of(said, 400);
    Some(format!(
        "{said} [llmenv: the upstream refused the key of profile `{profile}`. {} {}]",
        form.means,
        form.fix.replace("llmenv rotate NAME", &format!("llmenv rotate {profile}"))
    ))
}
