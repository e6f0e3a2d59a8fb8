//! The live check of a profile: one request through an endpoint that really authenticates, and what its answer means.
//!
//! In comes a [`Target`] (where, whose, how, the key) and the client of `net`; out goes a [`Report`]. The key goes to the host of the
//! profile's base URL and to no other, once; the body is judged rather than the status, for providers answer errors with 200
//! and wrong keys with 400. A list that is open to everybody proves nothing, which one more request *without* the key finds out.
//! Called by `cli` for `check`, `add`, `rotate` and `doctor --online`, never by a hook and never by itself.

mod account;
mod judge;
mod question;

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;

pub use judge::Verdict;
use judge::{Judged, judge};
use question::{Question, question};

use crate::net::{self, Client, Failure, Kind, Route};
use crate::profile::{Auth, Dialect, Profile};
use crate::provider::{KeyKind, Provider};
use crate::secret::Secret;

/// The most of an answer that is read; the longest lists of models have a few hundred KiB.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// How long all of a check may take, however slowly an answer drips.
const MAX_TIME: Duration = Duration::from_secs(30);

/// What is tried.
#[derive(Clone)]
pub struct Target {
    /// The row of the catalogue, or what stands in for one.
    pub row: &'static Provider,
    /// The base URL in use.
    pub base_url: String,
    /// What is spoken there.
    pub dialect: Dialect,
    /// How the profile wants the key to be shown, where it says so.
    pub auth: Option<Auth>,
    /// The key; `None`: the endpoint takes none.
    pub key: Option<Secret>,
    /// The organization and the project that the profile names.
    pub organization: Option<String>,
    /// See there.
    pub project: Option<String>,
}

impl Target {
    /// Takes what a profile says.
    pub fn new(profile: &Profile, row: &'static Provider, base_url: &str, key: Option<Secret>) -> Self {
        let family = profile.serve.first().copied();
        let dialect = profile
            .dialect
            .or_else(|| family.and_then(|family| row.family_endpoint(family)).map(|endpoint| endpoint.dialect))
            .or_else(|| row.default_endpoint().map(|endpoint| endpoint.dialect))
            .unwrap_or(Dialect::OpenaiChat);
        Self {
            row,
            base_url: base_url.to_owned(),
            dialect,
            auth: profile.auth,
            key: key.filter(|key| !key.is_empty() && !matches!(profile.auth, Some(Auth::None | Auth::Client))),
            organization: profile.organization.clone(),
            project: profile.project.clone(),
        }
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Report {
    /// The verdict.
    pub verdict: Verdict,
    /// What was asked, where something was.
    pub asked: Option<String>,
    /// The road that the request took.
    pub route: Route,
    /// The HTTP status of the answer.
    pub status: Option<u16>,
    /// What it means, in plain words.
    pub message: String,
    /// What to do.
    pub fix: Option<String>,
    /// The id of the finding, where something is wrong.
    pub id: Option<String>,
    /// What the provider tells of the account, name and value.
    pub facts: Vec<(&'static str, String)>,
}

impl Report {
    /// A profile that was not tried, and why.
    pub fn not_tried(why: impl Into<String>, fix: Option<String>) -> Self {
        Self {
            verdict: Verdict::NotTried,
            asked: None,
            route: Route::Direct,
            status: None,
            message: why.into(),
            fix,
            id: None,
            facts: Vec::new(),
        }
    }
}

/// Tries a target. Never fails: what does not work is the report.
pub async fn probe(client: &Client, target: &Target) -> Report {
    if let Some(refusal) = never_sent(target) {
        return refusal;
    }
    let question = match question(target) {
        Ok(question) => question,
        Err(error) => return Report::not_tried(error.message, error.hints.into_iter().next()),
    };
    let route = client.route(&question.uri);
    let mut report = match tokio::time::timeout(MAX_TIME, exchange(client, target, &question)).await {
        Ok(report) => report,
        Err(_) => failed(
            target,
            &Failure {
                kind: Kind::Timeout(net::Phase::Idle),
                message: format!("the answer of `{}` did not end within {} s", question.host(), MAX_TIME.as_secs()),
                hint: None,
            },
        ),
    };
    report.asked = Some(question.uri.to_string());
    report.route = route;
    report
}

/// Credentials that a request would use up, or that are not for requests.
fn never_sent(target: &Target) -> Option<Report> {
    let key = target.key.as_ref()?;
    let shape = target.row.shape_begun_by(key.expose())?;
    let (what, id) = match shape.kind {
        KeyKind::Api | KeyKind::Oauth => return None,
        KeyKind::Admin => ("a key that manages an organization and calls no model", "admin-key"),
        KeyKind::Refresh => ("a refresh token, which being tried would use up", "oauth-token-as-api-key"),
        KeyKind::Session => ("a browser's session and no key", "oauth-token-as-api-key"),
    };
    let fix = format!("make an API key of {}", target.row.name);
    let report = Report::not_tried(format!("this is {what}, so it was not sent"), Some(fix));
    Some(Report { verdict: Verdict::Refused, id: Some(id.to_owned()), ..report })
}

async fn exchange(client: &Client, target: &Target, question: &Question) -> Report {
    let (status, location, body) = match ask(client, question, target.key.as_ref()).await {
        Ok(answer) => answer,
        Err(failure) => return failed(target, &failure),
    };
    let mut judged = judge(target.row, question, status, location.as_deref(), &body);
    if judged.verdict == Verdict::Works && target.key.is_some() && !question.is_proof {
        // Only what refuses those without a key says something about one.
        let is_open = match ask(client, question, None).await {
            Ok((status, location, body)) => {
                judge(target.row, question, status, location.as_deref(), &body).verdict == Verdict::Works
            }
            Err(_) => true,
        };
        if is_open {
            judged = Judged::of(
                Verdict::Unproven,
                format!(
                    "`{}` answers anybody: whether it takes this key only a request to a model shows",
                    question.host()
                ),
            )
            .id("probe-proves-nothing");
        }
    }
    Report {
        verdict: judged.verdict,
        asked: None,
        route: Route::Direct,
        status: Some(status),
        message: judged.message,
        fix: judged.fix,
        id: judged.id,
        facts: judged.facts,
    }
}

type Answer = (u16, Option<String>, Bytes);

async fn ask(client: &Client, question: &Question, key: Option<&Secret>) -> Result<Answer, Failure> {
    let unsendable = |_| Failure {
        kind: Kind::Refused,
        message: "the key has characters that no header carries, so nothing was sent".to_owned(),
        hint: Some("`llmenv rotate NAME` stores it anew and cleans it".to_owned()),
    };
    let request = question.request(key).body(Empty::<Bytes>::new()).map_err(unsendable)?;
    let answer = client.send(request).await?;
    let status = answer.status().as_u16();
    let location = answer.headers().get(http::header::LOCATION).and_then(|to| to.to_str().ok()).map(str::to_owned);
    Ok((status, location, net::collect(answer.into_body(), MAX_ANSWER_BYTES).await?))
}

fn failed(target: &Target, failure: &Failure) -> Report {
    let id = match failure.kind {
        Kind::Proxy => "proxy-unreachable",
        Kind::Tls => "tls-untrusted",
        _ => "provider-unreachable",
    };
    Report {
        verdict: Verdict::Unreachable,
        asked: None,
        route: Route::Direct,
        status: None,
        message: failure.message.clone(),
        fix: failure.hint.clone().or_else(|| {
            let is_away = target.row.local && failure.kind == Kind::Connect;
            is_away.then(|| "start it, or look at the port in its base URL".to_owned())
        }),
        id: Some(id.to_owned()),
        facts: Vec::new(),
    }
}
