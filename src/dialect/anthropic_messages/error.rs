//! Errors as `{"type":"error","error":{type,message},"request_id"}`.

use crate::dialect::form::{Failure, FailureKind};
use crate::dialect::json::{Json, object};

/// Reads an error body or an `error` event.
pub fn decode(status: u16, body: &Json) -> Failure {
    let error = body.get("error").unwrap_or(body);
    let kind = match error.str("type") {
        Some("invalid_request_error") => FailureKind::Request,
        Some("authentication_error") => FailureKind::Authentication,
        Some("billing_error") => FailureKind::Billing,
        Some("permission_error") => FailureKind::Permission,
        Some("not_found_error") => FailureKind::NotFound,
        Some("conflict_error") => FailureKind::Conflict,
        Some("request_too_large") => FailureKind::TooLarge,
        Some("rate_limit_error") => FailureKind::RateLimit,
        Some("timeout_error") => FailureKind::Timeout,
        Some("overloaded_error") => FailureKind::Overloaded,
        _ if status == 200 => FailureKind::Upstream,
        _ => Failure::kind_of(status),
    };
    let message = error.str("message").or(error.as_str()).unwrap_or("the upstream gave no reason");
    let mut failure = Failure::new(kind, message);
    if status != 200 {
        failure.status = status;
    }
    failure.request_id = body.str("request_id").map(Into::into);
    failure.refine();
    failure
}

fn name(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Request | FailureKind::ContextLength | FailureKind::ContentFilter => "invalid_request_error",
        FailureKind::Authentication => "authentication_error",
        FailureKind::Billing => "billing_error",
        FailureKind::Permission => "permission_error",
        FailureKind::NotFound => "not_found_error",
        FailureKind::Conflict => "conflict_error",
        FailureKind::TooLarge => "request_too_large",
        FailureKind::RateLimit => "rate_limit_error",
        FailureKind::Timeout => "timeout_error",
        FailureKind::Overloaded => "overloaded_error",
        FailureKind::Upstream => "api_error",
    }
}

/// The message; an overflow is said in the words by which clients know it and compact the conversation.
fn message(failure: &Failure) -> String {
    if failure.kind != FailureKind::ContextLength || failure.message.starts_with("prompt is too long: ") {
        return failure.message.clone();
    }
    match failure.overflow_numbers() {
        Some((tokens, maximum)) => format!("prompt is too long: {tokens} tokens > {maximum} maximum"),
        None => format!("prompt is too long: {}", failure.message),
    }
}

/// Writes the error body; an `error` event has the same.
pub fn encode(failure: &Failure) -> Json {
    let error = object! { "type" => name(failure.kind), "message" => message(failure) };
    let mut body = object! { "type" => "error", "error" => error };
    body.set("request_id", failure.request_id.as_deref());
    body
}
