//! The answers' bodies, and the answers that are made here: errors in the client's dialect, health, preflights.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use super::gathered::Gathered;
use super::pass::Passed;
use super::translated::Translated;
use crate::dialect::form::{Failure, FailureKind};
use crate::dialect::{self, Dialect};

/// Says of an answer that it was made here, and why; an upstream's own answers never have it.
pub const MADE_HERE: HeaderName = HeaderName::from_static("x-llmenv-error");

/// An answer's body.
pub enum Reply {
    /// In one piece.
    Whole(Bytes),
    /// The upstream's bytes.
    Passed(Box<Passed>, Gathered<Broken>),
    /// A translated stream.
    Translated(Box<Translated>, Gathered<Broken>),
}

/// Why a body ended in the middle: the client sees the connection close, as it would without a proxy.
#[derive(Debug)]
pub struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the upstream's answer broke off")
    }
}

impl std::error::Error for Broken {}

impl Body for Reply {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match &mut *self {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Passed(passed, gathered) => gathered.poll(context, |context| passed.poll(context)).map(framed),
            Self::Translated(stream, gathered) => {
                gathered.poll(context, |context| stream.poll(context).map(|piece| piece.map(Ok))).map(framed)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Passed(passed, _) => passed.size_hint(),
            Self::Translated(..) => SizeHint::default(),
        }
    }
}

fn framed(piece: Option<Result<Bytes, Broken>>) -> Option<Result<Frame<Bytes>, Broken>> {
    piece.map(|piece| piece.map(Frame::data))
}

/// An answer in one piece.
pub fn whole(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Reply> {
    let mut response = Response::new(Reply::Whole(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// An error in the client's dialect.
pub fn failure(dialect: Dialect, failure: &Failure) -> Response<Reply> {
    let status = StatusCode::from_u16(failure.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = whole(status, "application/json", dialect::encode_failure(dialect, failure));
    let headers = response.headers_mut();
    headers.insert(MADE_HERE, HeaderValue::from_static(word(failure.kind)));
    if let Some(value) = failure.retry_after.as_deref().and_then(|value| HeaderValue::from_str(value).ok()) {
        headers.insert("retry-after", value);
    }
    response
}

/// A kind of failure in a word, for headers and the log.
pub fn word(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Request => "request",
        FailureKind::ContextLength => "context-length",
        FailureKind::ContentFilter => "content-filter",
        FailureKind::Authentication => "authentication",
        FailureKind::Billing => "billing",
        FailureKind::Permission => "permission",
        FailureKind::NotFound => "not-found",
        FailureKind::Conflict => "conflict",
        FailureKind::TooLarge => "too-large",
        FailureKind::RateLimit => "rate-limit",
        FailureKind::Timeout => "timeout",
        FailureKind::Overloaded => "overloaded",
        FailureKind::Upstream => "upstream",
    }
}

/// Kinds by the status alone, for answers whose bodies are not looked at.
pub fn word_of_status(status: u16) -> Option<&'static str> {
    (status >= 400).then(|| word(Failure::kind_of(status)))
}
