//! Errors as `{"error":{message,type,param,code}}`; Responses and most gateways share the shape.

use crate::dialect::form::{Failure, FailureKind};
use crate::dialect::json::{Json, object};

/// Reads an error body or an error inside a stream.
pub fn decode(status: u16, body: &Json) -> Failure {
    let error = body.get("error").unwrap_or(body);
    let status = match error.get("code").and_then(Json::as_u64).or_else(|| error.u64("status")) {
        Some(code @ 400..=599) => u16::try_from(code).unwrap_or(status),
        _ => status,
    };
    let kind = match error.str("type") {
        Some("overloaded_error") => FailureKind::Overloaded,
        Some("rate_limit_error" | "rate_limit_exceeded" | "tokens" | "requests") if status == 200 => {
            FailureKind::RateLimit
        }
        _ if status == 200 => match error.str("code") {
            Some("rate_limit_exceeded" | "insufficient_quota") => FailureKind::RateLimit,
            Some("invalid_prompt" | "context_length_exceeded") => FailureKind::Request,
            _ => FailureKind::Upstream,
        },
        _ => Failure::kind_of(status),
    };
    let message =
        error.str("message").or(error.as_str()).or_else(|| body.str("detail")).unwrap_or("the upstream gave no reason");
    let mut failure = Failure::new(kind, message);
    if status != 200 {
        failure.status = status;
    }
    failure.code = error.str("code").map(Into::into);
    failure.param = error.str("param").map(Into::into);
    failure.refine();
    failure
}

/// The `type` and `code` of a failure.
pub fn names(failure: &Failure) -> (&'static str, Option<&str>) {
    let own = failure.code.as_deref();
    match failure.kind {
        FailureKind::Request | FailureKind::TooLarge | FailureKind::Conflict => ("invalid_request_error", own),
        FailureKind::ContextLength => ("invalid_request_error", Some("context_length_exceeded")),
        FailureKind::ContentFilter => ("invalid_request_error", Some("content_filter")),
        FailureKind::Authentication => ("authentication_error", own.or(Some("invalid_api_key"))),
        FailureKind::Billing => ("insufficient_quota", own.or(Some("insufficient_quota"))),
        FailureKind::Permission => ("permission_error", own),
        FailureKind::NotFound => ("invalid_request_error", own.or(Some("model_not_found"))),
        FailureKind::RateLimit => ("rate_limit_error", own.or(Some("rate_limit_exceeded"))),
        FailureKind::Timeout => ("timeout_error", own),
        FailureKind::Overloaded => ("overloaded_error", own.or(Some("server_is_overloaded"))),
        FailureKind::Upstream => ("server_error", own),
    }
}

/// Writes the error body.
pub fn encode(failure: &Failure) -> Json {
    let (kind, code) = names(failure);
    object! { "error" => object! {
        "message" => &failure.message,
        "type" => kind,
        "param" => failure.param.as_deref(),
        "code" => code,
    } }
}
