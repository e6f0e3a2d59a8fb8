//! Errors: over HTTP the shape chat has; in a stream `response.failed` with `code` and `message`.

use crate::dialect::form::{Failure, FailureKind};
use crate::dialect::json::{Json, object};
use crate::dialect::openai_chat::error as shared;

/// Reads an error body, an `error` event or the `error` of a failed response.
pub fn decode(status: u16, body: &Json) -> Failure {
    let mut failure = shared::decode(status, body);
    if status == 200 && failure.kind == FailureKind::Upstream {
        match failure.code.as_deref() {
            Some("rate_limit_exceeded") => failure.kind = FailureKind::RateLimit,
            Some("server_is_overloaded" | "slow_down") => failure.kind = FailureKind::Overloaded,
            Some("invalid_prompt") => failure.kind = FailureKind::Request,
            _ => {}
        }
    }
    failure
}

/// Writes the error body.
pub fn encode(failure: &Failure) -> Json {
    shared::encode(failure)
}

/// Writes the `error` of a failed response.
pub fn encode_in_stream(failure: &Failure) -> Json {
    let (kind, code) = shared::names(failure);
    let code = match (failure.kind, code) {
        (FailureKind::Upstream, None) => "server_error",
        (_, Some(code)) => code,
        (_, None) => kind,
    };
    object! { "code" => code, "message" => &failure.message }
}
