//! One request of a client, from the door to the answer.
//!
//! In: a request as hyper read it. Out: a response whose body may still be on its way. Whoever is not let in learns nothing
//! of any profile; whoever is gets errors in the dialect of the path that was asked for.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, HeaderValue, UPGRADE, USER_AGENT};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};

use super::account::{Account, Daemon, NoAccount};
use super::path::{self, Operation, Path};
use super::records::{Records, Watch};
use super::reply::{self, Reply};
use super::settings::{Current, MAX_BODY_BYTES, Settings};
use super::token::{Token, Tokens, Verdict};
use super::upstream::Upstreams;
use super::{door, gate, generate, lists};
use crate::dialect::Dialect;
use crate::dialect::form::{Failure, FailureKind};
use crate::ipc::protocol::ExchangeFacts;
use crate::moment;
use crate::provider::{self, Provider};

/// How long a client may take between two pieces of its request.
const BODY_PATIENCE: Duration = Duration::from_secs(60);

/// What all exchanges share.
pub struct Context {
    /// Who may use it.
    pub tokens: Arc<Tokens>,
    /// Where profiles and keys come from.
    pub daemon: Daemon,
    /// What the configuration says.
    pub settings: Current,
    /// What is remembered.
    pub records: Arc<Records>,
    /// The connections upstream.
    pub upstreams: Upstreams,
    /// By which the listener proves that it is ours.
    pub proof: door::Proof,
}

/// An exchange that was let in.
pub struct Exchange {
    /// What all share.
    pub context: Rc<Context>,
    /// The settings when it began.
    pub settings: Arc<Settings>,
    /// The profile and its key.
    pub account: Arc<Account>,
    /// Its row of the catalogue.
    pub provider: &'static Provider,
    /// The method.
    pub method: Method,
    /// The client's headers.
    pub headers: HeaderMap,
    /// The client's query, without any key in it.
    pub query: Option<String>,
    /// The body.
    pub body: Bytes,
    /// Its line in the list.
    pub watch: Watch,
}

/// Answers a request.
pub async fn answer(context: Rc<Context>, request: Request<Incoming>) -> Response<Reply> {
    let settings = context.settings.get();
    let page = match gate::check(request.headers(), &settings.allow_origins) {
        Ok(page) => page,
        Err(refusal) => return door::refused(refusal),
    };
    let mut response = if page.is_some() && request.method() == Method::OPTIONS {
        door::preflight(request.headers())
    } else {
        let_in(context, settings, request).await
    };
    if let Some(origin) = page.and_then(|page| HeaderValue::from_str(&page).ok()) {
        response.headers_mut().insert("access-control-allow-origin", origin);
        response.headers_mut().append("vary", HeaderValue::from_static("origin"));
    }
    response
}

async fn let_in(context: Rc<Context>, settings: Arc<Settings>, request: Request<Incoming>) -> Response<Reply> {
    let (head, body) = request.into_parts();
    if head.headers.contains_key(UPGRADE) || head.method == Method::CONNECT {
        return door::no_upgrade();
    }
    if head.uri.scheme().is_some() || head.uri.authority().is_some() {
        return door::refused(gate::Refusal::Host);
    }
    let is_anthropic = head.headers.contains_key("anthropic-version");
    let (name, shown, operation) = match path::parse(head.uri.path()) {
        Path::Root | Path::Health => return door::open(&context.proof, &head.method, head.uri.query()),
        Path::Hostile => return door::bad_path(is_anthropic),
        Path::Profile { name, token, operation } => (name, token, operation),
    };
    let dialect = operation.as_ref().map_or_else(
        || if is_anthropic { Dialect::AnthropicMessages } else { Dialect::OpenaiChat },
        |operation| operation.dialect(is_anthropic),
    );
    let token = match identify(&context.tokens, &head.headers, name.as_deref(), shown.as_deref()) {
        Ok(token) => token,
        Err(failure) => return reply::failure(dialect, &failure),
    };
    let Some(operation) = operation else {
        return door::profile_root(&head.method);
    };
    if !matches!(head.method, Method::GET | Method::POST | Method::HEAD | Method::DELETE) {
        return door::method(dialect);
    }
    let watch = context.records.begin(facts(&token, &operation, &head.headers));
    let failed = |watch: &mut Watch, failure: &Failure| {
        watch.status(failure.status);
        watch.failed(reply::word(failure.kind));
        watch.complete();
        reply::failure(dialect, failure)
    };
    let mut watch = watch;
    let body = match read(&head.headers, body).await {
        Ok(body) => body,
        Err(failure) => return failed(&mut watch, &failure),
    };
    let account = match context.daemon.account(&token.profile).await {
        Ok(account) => account,
        Err(none) => return failed(&mut watch, &no_account(&token.profile, none)),
    };
    let provider = provider::find(&account.profile.provider).unwrap_or_else(provider::custom);
    let query = head.uri.query().map(without_key).filter(|query| !query.is_empty());
    let (method, headers) = (head.method, head.headers);
    let exchange = Exchange { context, settings, account, provider, method, headers, query, body, watch };
    match operation {
        Operation::Generate(dialect) => generate::answer(exchange, dialect).await,
        Operation::CountTokens => lists::count_tokens(exchange).await,
        Operation::Models => lists::models(exchange, is_anthropic, None).await,
        Operation::Model(id) => lists::models(exchange, is_anthropic, Some(&id)).await,
        Operation::Other(path) => lists::other(exchange, is_anthropic, &path).await,
    }
}

/// Whose request it is. Any good token among what is shown counts, for the one profile that it is for.
fn identify(tokens: &Tokens, headers: &HeaderMap, name: Option<&str>, in_path: Option<&str>) -> Result<Token, Failure> {
    let now = moment::now();
    let mut ended = None;
    let mut is_shown = false;
    for presented in in_path.into_iter().chain(gate::presented(headers)) {
        is_shown |= !presented.is_empty();
        match tokens.check(presented, now) {
            Verdict::Valid(token) if name.is_none_or(|name| name == token.profile) => return Ok(token),
            Verdict::Valid(_) => {
                return Err(Failure::new(
                    FailureKind::Permission,
                    "llmenv proxy: this token is for another profile than the one in the path; \
                     a token and its base URL belong together",
                ));
            }
            Verdict::Ended(token) => ended = Some(token),
            Verdict::Unknown => {}
        }
    }
    let message = match (ended, is_shown) {
        (Some(token), _) => format!(
            "llmenv proxy: this token ({}, {}) has ended; start the program again from a new shell or with \
             `llmenv exec`. No provider was asked",
            token.id,
            token.kind.word()
        ),
        (None, true) => {
            "llmenv proxy: what was sent as the key is no token of this proxy; the base URL and the key must \
             both come from llmenv, as `llmenv exec NAME -- COMMAND` sets them. No provider was asked"
                .to_owned()
        }
        (None, false) => "llmenv proxy: no token was sent. No provider was asked".to_owned(),
    };
    Err(Failure::new(FailureKind::Authentication, message))
}

fn facts(token: &Token, operation: &Operation, headers: &HeaderMap) -> ExchangeFacts {
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let client = match &token.name {
        Some(name) => format!("{} {name}", token.kind.word()),
        None => token.kind.word().to_owned(),
    };
    let operation = match operation {
        Operation::Generate(dialect) => dialect.name().to_owned(),
        Operation::CountTokens => "count-tokens".to_owned(),
        Operation::Models | Operation::Model(_) => "models".to_owned(),
        Operation::Other(path) => crate::printable::text(path),
    };
    ExchangeFacts {
        profile: token.profile.clone(),
        client: crate::printable::text(&client),
        agent: crate::printable::text(agent.split([' ', '(']).next().unwrap_or_default()),
        operation,
        ..ExchangeFacts::default()
    }
}

/// Reads a body up to the limit, each piece within its time.
async fn read(headers: &HeaderMap, mut body: Incoming) -> Result<Bytes, Failure> {
    let too_large =
        || Failure::new(FailureKind::TooLarge, format!("the request is larger than {} MB", MAX_BODY_BYTES >> 20));
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > MAX_BODY_BYTES as u64) {
        return Err(too_large());
    }
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let mut read = Vec::with_capacity(usize::try_from(announced.unwrap_or(0)).unwrap_or(0).min(1 << 20));
    loop {
        match tokio::time::timeout(BODY_PATIENCE, body.frame()).await {
            Ok(Some(Ok(frame))) => {
                if let Ok(bytes) = frame.into_data() {
                    if read.len() + bytes.len() > MAX_BODY_BYTES {
                        return Err(too_large());
                    }
                    read.extend_from_slice(&bytes);
                }
            }
            Ok(Some(Err(_))) => {
                return Err(Failure::new(FailureKind::Request, "the request's body ended in the middle"));
            }
            Ok(None) => return Ok(read.into()),
            Err(_) => {
                let mut failure = Failure::new(FailureKind::Request, "the request's body did not arrive in time");
                failure.status = StatusCode::REQUEST_TIMEOUT.as_u16();
                return Err(failure);
            }
        }
    }
}

fn no_account(profile: &str, none: NoAccount) -> Failure {
    let said = |err: &crate::error::Error| match err.hints.first() {
        Some(hint) => format!("llmenv proxy: {}; {hint}", err.message),
        None => format!("llmenv proxy: {}", err.message),
    };
    match none {
        NoAccount::Unknown => {
            Failure::new(FailureKind::NotFound, format!("llmenv proxy: there is no profile `{profile}` any more"))
        }
        NoAccount::Locked(err) => {
            let mut failure = Failure::new(FailureKind::Overloaded, said(&err));
            failure.status = StatusCode::SERVICE_UNAVAILABLE.as_u16();
            failure
        }
        NoAccount::Failed(err) => Failure::new(FailureKind::Upstream, said(&err)),
    }
}

/// A key in the query is a client's habit of another grammar; a token of ours must not go on in one.
fn without_key(query: &str) -> String {
    let is_kept = |part: &&str| !part.starts_with("key=") && !part.contains(super::token::PREFIX);
    query.split('&').filter(is_kept).collect::<Vec<_>>().join("&")
}
