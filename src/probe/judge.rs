//! What an answer means: the body decides, the status helps.

use serde_json::Value;

use super::account;
use super::question::Question;
use crate::explain;
use crate::printable;
use crate::provider::Provider;

/// What a check found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The provider takes the key.
    Works,
    /// It takes the key, but not for everything.
    Restricted,
    /// It knows the key, and there is nothing left to spend.
    NoCredit,
    /// Too many requests: it said nothing about the key.
    RateLimited,
    /// It does not take the key.
    Refused,
    /// It answers everybody: nothing was learnt about the key.
    Unproven,
    /// No answer came.
    Unreachable,
    /// An answer came that says nothing that is known.
    Unclear,
    /// Nothing was sent.
    NotTried,
}

impl Verdict {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Restricted => "restricted",
            Self::NoCredit => "no-credit",
            Self::RateLimited => "rate-limited",
            Self::Refused => "refused",
            Self::Unproven => "unproven",
            Self::Unreachable => "unreachable",
            Self::Unclear => "unclear",
            Self::NotTried => "not-tried",
        }
    }

    /// What people read.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoCredit => "no credit",
            Self::RateLimited => "rate limited",
            Self::Unproven => "not tested",
            Self::Unreachable => "not reached",
            Self::NotTried => "not tried",
            other => other.name(),
        }
    }

    /// Whether the provider knows this key: `None`, where nothing was learnt.
    pub fn is_known_key(self) -> Option<bool> {
        match self {
            Self::Works | Self::Restricted | Self::NoCredit => Some(true),
            Self::Refused => Some(false),
            Self::RateLimited | Self::Unproven | Self::Unreachable | Self::Unclear | Self::NotTried => None,
        }
    }

    /// Whether something is to be done about it.
    pub fn is_well(self) -> bool {
        matches!(self, Self::Works | Self::Restricted | Self::Unproven)
    }
}

/// A verdict with its reasons.
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) message: String,
    pub(super) fix: Option<String>,
    pub(super) id: Option<String>,
    pub(super) facts: Vec<(&'static str, String)>,
}

impl Judged {
    pub(super) fn of(verdict: Verdict, message: impl Into<String>) -> Self {
        Self { verdict, message: message.into(), fix: None, id: None, facts: Vec::new() }
    }

    pub(super) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    pub(super) fn id(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }
}

/// Judges one answer.
pub(super) fn judge(row: &Provider, question: &Question, status: u16, location: Option<&str>, body: &[u8]) -> Judged {
    let host = question.host();
    if (300..400).contains(&status) {
        let to = location.and_then(|to| to.parse::<http::Uri>().ok());
        let to = match to.as_ref().and_then(http::Uri::host) {
            Some(elsewhere) => format!("to `{}`", printable::text(elsewhere)),
            None => "to another address of its own".to_owned(),
        };
        return Judged::of(
            Verdict::Unclear,
            format!("`{host}` sends on {to} (status {status}), which is not followed: a key stays with its host"),
        )
        .fix("the base URL is probably an old one, or of a web site: look it up in the provider's documentation")
        .id("base-redirects");
    }
    let text = String::from_utf8_lossy(body);
    let json: Option<Value> = serde_json::from_str(&text).ok();
    let is_good = (200..300).contains(&status);
    if is_good && let Some(json) = json.as_ref().filter(|json| !is_error(json)) {
        return good(row, question, json);
    }
    let said = json.as_ref().and_then(said).map(|said| printable::text(&said));
    let spoken = said.as_ref().map_or_else(String::new, |said| format!(" (`{said}`)"));
    let whole = format!("{} {host} status: {status}\n{text}", row.name);
    if let Some(form) = explain::explain(&whole).form
        && let Some(verdict) = of_form(form.verdict, status)
    {
        return Judged {
            verdict,
            message: format!("{}{spoken}", form.means),
            fix: Some(form.fix.clone()),
            id: form.causes.first().cloned(),
            facts: Vec::new(),
        };
    }
    let who = &row.name;
    match status {
        429 => Judged::of(Verdict::RateLimited, format!("{who} says that there are too many requests{spoken}"))
            .fix("wait a minute; it said nothing about the key")
            .id("rate-limited"),
        500.. => Judged::of(Verdict::Unclear, format!("`{host}` has trouble of its own: status {status}{spoken}"))
            .fix("try again later; it said nothing about the key")
            .id("provider-overloaded"),
        _ if json.is_none() => Judged::of(
            Verdict::Unclear,
            format!(
                "`{host}` answers with {} (status {status}), as no API does",
                if is_page(&text) { "a web page" } else { "something that is not JSON" }
            ),
        )
        .fix("look at the base URL; in a hotel or a company, a log-in page may stand in between")
        .id("wrong-path"),
        404 | 405 => Judged::of(Verdict::Unclear, format!("`{}` is not there: status {status}{spoken}", question.uri))
            .fix("look at the base URL: it may have a part too many, or one too few such as `/v1`")
            .id("wrong-path"),
        _ if is_good => Judged::of(Verdict::Unclear, format!("`{host}` answers status {status} with an error{spoken}"))
            .fix("`llmenv explain` may know more of the provider's words")
            .id("error-with-200"),
        // No status alone makes a key bad.
        _ => Judged::of(
            Verdict::Unclear,
            format!("`{host}` answers status {status}, in words that are not known here{spoken}"),
        )
        .fix("if the key is right, look at the base URL, and at the rights of the key in the provider's console"),
    }
}

fn good(row: &Provider, question: &Question, json: &Value) -> Judged {
    let is_expected = if question.is_list {
        json.is_array()
            || json.get("data").is_some_and(Value::is_array)
            || json.get("models").is_some_and(Value::is_array)
    } else {
        json.is_object()
    };
    if !is_expected {
        return Judged::of(Verdict::Unclear, format!("`{}` answers, but not what was asked for", question.host()))
            .fix("look at the base URL")
            .id("wrong-path");
    }
    let account = account::read(&row.id, question.uri.path(), json);
    let mut judged = account
        .stop
        .unwrap_or_else(|| Judged::of(Verdict::Works, if question.is_list { "answers" } else { "knows the key" }));
    judged.facts = account.facts;
    judged
}

/// What a known form of error says about the key. `None`: nothing, so that the status is asked.
fn of_form(verdict: explain::Verdict, status: u16) -> Option<Verdict> {
    use explain::Verdict as Form;
    match verdict {
        Form::Valid | Form::ValidRestricted if status == 429 => Some(Verdict::RateLimited),
        Form::Valid | Form::ValidRestricted => Some(Verdict::Restricted),
        Form::ValidNoCredit => Some(Verdict::NoCredit),
        Form::NotJudged => None,
        Form::Account
        | Form::Clock
        | Form::ExpiredToken
        | Form::Invalid
        | Form::InvalidOrClientBlocked
        | Form::InvalidOrClock
        | Form::InvalidOrExpired
        | Form::InvalidOrWrongHost
        | Form::LocalToken
        | Form::Malformed
        | Form::NotAKey
        | Form::NotSent
        | Form::NotSentOrInvalid
        | Form::Placeholder
        | Form::RegionOrInvalid
        | Form::ValidElsewhere
        | Form::WrongKind => Some(Verdict::Refused),
    }
}

/// Whether JSON is an error, whatever its status: the ways in which providers say so under 200.
fn is_error(json: &Value) -> bool {
    if let Some(list) = json.as_array() {
        return list.first().is_some_and(|first| first.get("error").is_some());
    }
    let Some(object) = json.as_object() else { return false };
    let is = |name: &str, value: bool| object.get(name).and_then(Value::as_bool) == Some(value);
    let error = object.get("error").is_some_and(|error| match error {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    });
    // MiniMax and Zhipu: a code of their own, where zero or a known good one means that all is well.
    let own_code = object.get("base_resp").and_then(|base| base.get("status_code")).or_else(|| object.get("code"));
    let is_bad_code = own_code.is_some_and(|code| match code {
        Value::Number(code) => !matches!(code.as_i64(), Some(0 | 200 | 20000)),
        Value::String(code) => !matches!(code.as_str(), "" | "0" | "200" | "20000" | "ok" | "OK" | "success"),
        _ => false,
    });
    let has_content = object.contains_key("data") || object.contains_key("models");
    error
        || object.get("type").and_then(Value::as_str) == Some("error")
        || is("success", false)
        || is("status", false)
        || is_bad_code && !has_content
}

/// The provider's own sentence in an error.
fn said(json: &Value) -> Option<String> {
    let json = json.as_array().and_then(|list| list.first()).unwrap_or(json);
    let error = json.get("error").unwrap_or(json);
    let texts = [
        error.as_str(),
        error.get("message").and_then(Value::as_str),
        error.get("msg").and_then(Value::as_str),
        json.get("message").and_then(Value::as_str),
        json.get("detail").and_then(Value::as_str),
        json.get("base_resp").and_then(|base| base.get("status_msg")).and_then(Value::as_str),
    ];
    texts.into_iter().flatten().map(str::trim).find(|text| !text.is_empty()).map(str::to_owned)
}

fn is_page(text: &str) -> bool {
    let start = text.trim_start().get(..15).unwrap_or_default().to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}
