//! An answer of a model: bytes passed on where both sides speak one dialect, translated where they do not.

use bytes::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, Response, StatusCode};

use super::endpoint::{self, Endpoint};
use super::exchange::Exchange;
use super::gathered::Gathered;
use super::records::Watch;
use super::reply::{self, Reply, whole};
use super::through::through;
use super::translated::{Translated, Waiting};
use super::upstream::{self, Outgoing};
use super::{cause, gate, headers, model_map};
use crate::dialect::form::{Failure, FailureKind};
use crate::dialect::{self, Dialect, Route, Translation, json, model_name};
use crate::error::Error;
use crate::profile::Auth;
use crate::secret::Secret;
use crate::{moment, net};

/// The largest answer in one piece that is read before it goes on.
pub const MAX_REPLY_BYTES: usize = 64 << 20;
/// The largest error that is read.
pub const MAX_ERROR_BYTES: usize = 1 << 20;
/// From this size on a body is translated on another thread: streams must not wait for it.
const LARGE_BODY_BYTES: usize = 256 * 1024;

/// Answers a request for an answer of a model.
pub async fn answer(mut exchange: Exchange, inbound: Dialect) -> Response<Reply> {
    if exchange.method != Method::POST {
        return super::door::method(inbound);
    }
    let spoken = endpoint::upstream_dialect(&exchange.account.profile, exchange.provider, inbound);
    exchange.watch.upstream(spoken.name());
    let result = if spoken == inbound {
        pass_on(&mut exchange, inbound).await
    } else {
        translate(&mut exchange, inbound, spoken).await
    };
    match result {
        Ok(Done::Response(response)) => response,
        Ok(Done::Streaming(make)) => make(exchange.watch),
        Err(failure) => fail(&mut exchange.watch, inbound, &failure),
    }
}

/// Answers with an error, and notes it.
pub fn fail(watch: &mut Watch, inbound: Dialect, failure: &Failure) -> Response<Reply> {
    watch.status(failure.status);
    watch.failed(reply::word(failure.kind));
    watch.complete();
    reply::failure(inbound, failure)
}

/// Something in the profile that keeps it from being used.
pub fn unusable(err: &Error) -> Failure {
    let hint = err.hints.first().map(|hint| format!("; {hint}")).unwrap_or_default();
    Failure::new(FailureKind::Upstream, format!("llmenv proxy: {}{hint}", err.message))
}

/// What is known once the upstream has answered.
pub enum Done {
    /// Everything is known.
    Response(Response<Reply>),
    /// The rest is for the body, which takes the exchange's line in the list with it.
    Streaming(Box<dyn FnOnce(Watch) -> Response<Reply>>),
}

/// The model that a request names, without reading more of it than that.
fn asked_model(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let at = json::span(text, &["model"])?;
    json::Json::parse(&text[at])?.as_str().map(str::to_owned)
}

async fn pass_on(exchange: &mut Exchange, dialect: Dialect) -> Result<Done, Failure> {
    let path = match dialect {
        Dialect::AnthropicMessages => "messages",
        Dialect::OpenaiResponses => "responses",
        Dialect::OpenaiChat | Dialect::Gemini => "chat/completions",
    };
    let asked = asked_model(&exchange.body).unwrap_or_default();
    let mapped = model_map::map(&exchange.account.profile, exchange.provider, &asked);
    exchange.watch.models(&asked, mapped.as_deref().unwrap_or(&asked));
    let mut body = exchange.body.clone();
    if let Some(model) = &mapped {
        if headers::is_encoded(&exchange.headers) {
            return Err(compressed());
        }
        if let Some(replaced) = model_name::replace(&body, model) {
            body = replaced.into();
        }
    }
    let echo = mapped.map(|_| asked);
    through(exchange, dialect, path, body, echo).await
}

fn compressed() -> Failure {
    let mut failure = Failure::new(
        FailureKind::Request,
        "llmenv proxy: a compressed request cannot be changed on the way; send it uncompressed",
    );
    failure.status = StatusCode::UNSUPPORTED_MEDIA_TYPE.as_u16();
    failure
}

/// A redirect would carry the key, or the prompt, to an address that nobody chose.
pub fn redirected(answer: &Response<net::Answered>) -> Failure {
    let location = answer.headers().get("location").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let to = crate::provider::base_url::origin(location).map(|origin| format!(" to {origin}")).unwrap_or_default();
    let to = crate::printable::text(&to);
    let status = answer.status().as_u16();
    Failure::new(
        FailureKind::Upstream,
        format!(
            "llmenv proxy: the upstream answered {status} with a redirect{to}, which is not followed: keys go only to the \
             host they are stored for; is the profile's base URL right?"
        ),
    )
}

async fn translate(exchange: &mut Exchange, inbound: Dialect, spoken: Dialect) -> Result<Done, Failure> {
    if headers::is_encoded(&exchange.headers) {
        return Err(compressed());
    }
    let account = &exchange.account;
    let mut endpoint =
        Endpoint::of(&account.profile, exchange.provider, &account.key, spoken).map_err(|e| unusable(&e))?;
    let mut key = account.key.clone();
    if endpoint.auth == Auth::Client {
        // Another dialect shows it in another header.
        endpoint.passes();
        let own = gate::presented(&exchange.headers).find(|shown| !shown.starts_with(super::token::PREFIX));
        key = Secret::new(own.unwrap_or_default());
    }
    let asked = asked_model(&exchange.body).unwrap_or_default();
    let model = model_map::map(&account.profile, exchange.provider, &asked).unwrap_or_else(|| asked.clone());
    exchange.watch.models(&asked, &model);
    let route = Route {
        inbound,
        upstream: spoken,
        model,
        maker: endpoint.origin.clone(),
        unique: unique(),
        now_secs: moment::now(),
        quirks: endpoint::quirks(&account.profile, exchange.provider),
    };
    let translation = translation(route, exchange.body.clone()).await?;
    note_dropped(exchange, &translation);
    let outgoing = Outgoing {
        method: Method::POST,
        url: endpoint.translated_url(&translation.request.path, translation.request.query),
        headers: headers::outgoing(None, &account.profile, &endpoint, &key).map_err(|e| unusable(&e))?,
        body: translation.request.body.clone().into(),
    };
    exchange.body = Bytes::new();
    let client = exchange.context.upstreams.client(&account.profile.name, &exchange.settings);
    let ping = exchange.settings.ping;
    let mut sending = Box::pin(async move { upstream::send(&client, &outgoing).await });
    let answer = if translation.streams {
        tokio::select! {
            answer = &mut sending => answer?,
            () = tokio::time::sleep(ping) => {
                // The client must not take the silence for a dead connection; an error is told in the stream from here on.
                exchange.watch.status(200);
                let route = translation.route().clone();
                let waiting: Waiting = Box::pin(async move { body_of(sending.await?, &route).await });
                return Ok(Done::Streaming(Box::new(move |watch| {
                    events(Translated::before_answer(waiting, &translation, watch, ping), &[])
                })));
            }
        }
    } else {
        sending.await?
    };
    if answer.status().is_redirection() {
        return Err(redirected(&answer));
    }
    let (head, body) = answer.into_parts();
    let body = plain(body, &head.headers)?;
    exchange.watch.status(head.status.as_u16());
    if translation.streams && head.status.is_success() {
        let kept = kept_headers(&head.headers);
        return Ok(Done::Streaming(Box::new(move |watch| {
            events(Translated::new(body, &translation, watch, ping), &kept)
        })));
    }
    let limit = if head.status.is_success() { MAX_REPLY_BYTES } else { MAX_ERROR_BYTES };
    let bytes = net::collect(body, limit).await.map_err(|err| upstream::failure_of(&err))?;
    exchange.watch.first_byte();
    Ok(Done::Response(whole_reply(exchange, &translation, &head, &bytes)))
}

async fn translation(route: Route, body: Bytes) -> Result<Translation, Failure> {
    if body.len() < LARGE_BODY_BYTES {
        return Translation::new(route, &body);
    }
    let work = tokio::task::spawn_blocking(move || Translation::new(route, &body));
    work.await.unwrap_or_else(|_| Err(Failure::new(FailureKind::Upstream, "llmenv proxy: the request cannot be read")))
}

fn whole_reply(
    exchange: &mut Exchange,
    translation: &Translation,
    head: &http::response::Parts,
    bytes: &[u8],
) -> Response<Reply> {
    let pairs: Vec<(&str, &str)> = head
        .headers
        .iter()
        .filter_map(|(name, value)| value.to_str().ok().map(|value| (name.as_str(), value)))
        .collect();
    let mut translated = translation.reply(head.status.as_u16(), &pairs, bytes);
    if let Some(usage) = translated.usage {
        exchange.watch.usage(usage);
    }
    let watch = &mut exchange.watch;
    watch.status(translated.status);
    if let Some(failure) = &mut translated.failure {
        watch.failed(reply::word(failure.kind));
        if let Some(message) = cause::of(&exchange.account.profile.name, head.status.as_u16(), bytes, failure) {
            failure.message = message;
            translated.body = dialect::encode_failure(translation.route().inbound, failure);
        }
    }
    watch.complete();
    let status = StatusCode::from_u16(translated.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = whole(status, "application/json", translated.body);
    add_headers(&mut response, &translated.headers);
    response
}

/// The body of an answer for which the client's stream has begun already.
async fn body_of(answer: Response<net::Answered>, route: &Route) -> Result<net::Answered, Failure> {
    let status = answer.status();
    if status.is_redirection() {
        return Err(redirected(&answer));
    }
    let (head, body) = answer.into_parts();
    let body = plain(body, &head.headers)?;
    if status.is_success() {
        return Ok(body);
    }
    let bytes = net::collect(body, MAX_ERROR_BYTES).await.map_err(|err| upstream::failure_of(&err))?;
    Err(dialect::reply::decode_failure(status.as_u16(), &bytes, route))
}

/// A body that was compressed although nobody asked for it, in plain: what is translated has to be read.
fn plain(body: net::Answered, headers: &hyper::HeaderMap) -> Result<net::Answered, Failure> {
    if !headers::is_encoded(headers) {
        return Ok(body);
    }
    let codings: Vec<&str> =
        headers.get_all(CONTENT_ENCODING).iter().filter_map(|coding| coding.to_str().ok()).collect();
    let shown = crate::printable::text(&codings.join(", "));
    body.decoded(&codings.join(",")).ok_or_else(|| {
        Failure::new(
            FailureKind::Upstream,
            format!("llmenv proxy: the upstream compressed its answer ({shown}) although asked not to"),
        )
    })
}

fn events(stream: Translated, kept: &[(String, String)]) -> Response<Reply> {
    let mut response = Response::new(Reply::Translated(Box::new(stream), Gathered::default()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    add_headers(&mut response, kept);
    response
}

fn add_headers(response: &mut Response<Reply>, kept: &[(String, String)]) {
    for (name, value) in kept {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
}

/// Headers of a stream that mean the same to every client: the request's id, and what is left of the limits.
fn kept_headers(upstream: &hyper::HeaderMap) -> Vec<(String, String)> {
    let is_kept = |name: &str| {
        matches!(name, "request-id" | "x-request-id")
            || name.starts_with("x-ratelimit-")
            || name.starts_with("anthropic-ratelimit-")
    };
    upstream
        .iter()
        .filter(|(name, _)| is_kept(name.as_str()))
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect()
}

fn note_dropped(exchange: &Exchange, translation: &Translation) {
    let profile = &exchange.account.profile.name;
    let new = exchange.context.records.first_dropped(profile, translation.dropped.kinds());
    if !new.is_empty() {
        let kinds = new.join(", ");
        let (inbound, spoken) = (translation.route().inbound.name(), translation.route().upstream.name());
        exchange
            .context
            .daemon
            .note(format!("proxy, `{profile}`: {inbound} has no counterpart in {spoken} for: {kinds}"));
    }
}

/// Letters and digits that no other exchange has.
fn unique() -> String {
    let mut bytes = [0; 8];
    // Ids need to differ, not to be secret: the clock does where there is no randomness.
    if getrandom::fill(&mut bytes).is_err() {
        let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |t| t.as_nanos());
        bytes.copy_from_slice(&nanos.to_le_bytes()[..8]);
    }
    crate::fingerprint::hex(&bytes)
}
