//! A request and its answer in one dialect: passed on as they are.

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};

use super::endpoint::Endpoint;
use super::exchange::Exchange;
use super::gathered::Gathered;
use super::generate::{Done, MAX_ERROR_BYTES, MAX_REPLY_BYTES, fail, redirected, unusable};
use super::pass::Passed;
use super::records::Watch;
use super::reply::{self, Reply};
use super::upstream::{self, Outgoing};
use super::{cause, headers};
use crate::dialect::form::Failure;
use crate::dialect::{Dialect, model_name};
use crate::net;

/// Passes a request of any kind on in the dialect in which it came, and the answer back.
pub async fn through(
    exchange: &mut Exchange,
    dialect: Dialect,
    path: &str,
    body: Bytes,
    echo: Option<String>,
) -> Result<Done, Failure> {
    let answer = ask(exchange, dialect, path, body, true).await?;
    let status = answer.status();
    exchange.watch.status(status.as_u16());
    if status.is_redirection() {
        return Err(redirected(&answer));
    }
    let (head, body) = answer.into_parts();
    if !status.is_success() {
        exchange.watch.failed(reply::word_of_status(status.as_u16()).unwrap_or("upstream"));
    }
    let is_plain = !headers::is_encoded(&head.headers);
    if matches!(status.as_u16(), 401..=403) && is_plain {
        let bytes = net::collect(body, MAX_ERROR_BYTES).await.map_err(|err| upstream::failure_of(&err))?;
        let bytes = cause::named(&exchange.account.profile.name, status.as_u16(), &bytes).unwrap_or(bytes);
        return Ok(Done::Response(finished(&mut exchange.watch, status, &head.headers, bytes)));
    }
    let is_stream = !is_json(&head.headers);
    if let Some(asked) = echo.as_ref().filter(|_| is_plain && !is_stream && status.is_success()) {
        let bytes = net::collect(body, MAX_REPLY_BYTES).await.map_err(|err| upstream::failure_of(&err))?;
        if let Some(usage) = super::pass::Ear::new(dialect).hear(&bytes) {
            exchange.watch.usage(usage);
        }
        let named = std::str::from_utf8(&bytes).ok().and_then(|text| model_name::echo(text, asked));
        let bytes = named.map_or(bytes, Bytes::from);
        exchange.watch.first_byte();
        return Ok(Done::Response(finished(&mut exchange.watch, status, &head.headers, bytes)));
    }
    let echo = echo.filter(|_| is_plain && is_stream);
    let returned = headers::returned(&head.headers, echo.is_some());
    Ok(Done::Streaming(Box::new(move |watch| {
        let mut response =
            Response::new(Reply::Passed(Box::new(Passed::new(body, dialect, watch, echo)), Gathered::default()));
        *response.status_mut() = status;
        *response.headers_mut() = returned;
        response
    })))
}

/// Passes anything on for [`super::lists`].
pub async fn pass_any(mut exchange: Exchange, inbound: Dialect, dialect: Dialect, path: &str) -> Response<Reply> {
    exchange.watch.upstream(dialect.name());
    let body = exchange.body.clone();
    match through(&mut exchange, dialect, path, body, None).await {
        Ok(Done::Response(response)) => response,
        Ok(Done::Streaming(make)) => make(exchange.watch),
        Err(failure) => fail(&mut exchange.watch, inbound, &failure),
    }
}

/// Sends a request upstream. `is_same`: both sides speak one dialect, so the client's headers and query go along.
pub async fn ask(
    exchange: &Exchange,
    dialect: Dialect,
    path: &str,
    body: Bytes,
    is_same: bool,
) -> Result<Response<net::Answered>, Failure> {
    let account = &exchange.account;
    let endpoint =
        Endpoint::of(&account.profile, exchange.provider, &account.key, dialect).map_err(|e| unusable(&e))?;
    let client = is_same.then_some(&exchange.headers);
    let outgoing = Outgoing {
        method: exchange.method.clone(),
        url: endpoint.url(path, exchange.query.as_deref().filter(|_| is_same)),
        headers: headers::outgoing(client, &account.profile, &endpoint, &account.key).map_err(|e| unusable(&e))?,
        body,
    };
    let client = exchange.context.upstreams.client(&account.profile.name, &exchange.settings);
    upstream::send(&client, &outgoing).await
}

fn finished(watch: &mut Watch, status: StatusCode, upstream: &hyper::HeaderMap, body: Bytes) -> Response<Reply> {
    watch.complete();
    let mut response = Response::new(Reply::Whole(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers::returned(upstream, true);
    response
}

/// A reply in one piece; some servers do not say what a stream is.
fn is_json(headers: &hyper::HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    content_type.to_ascii_lowercase().starts_with(b"application/json")
}
