//! Errors as `{"error":{code,message,status,details}}`, in streams sometimes inside an array.

use crate::dialect::form::{Failure, FailureKind};
use crate::dialect::json::Json;

/// Reads an error body or an error inside a stream.
pub fn decode(status: u16, body: &Json) -> Failure {
    let body = body.elements().first().unwrap_or(body);
    let error = body.get("error").unwrap_or(body);
    let status = match (status, error.u64("code")) {
        (200, Some(code @ 400..=599)) => u16::try_from(code).unwrap_or(502),
        (status, _) => status,
    };
    let message = error.str("message").unwrap_or("the upstream gave no reason");
    let is_key = error.array("details").iter().any(|detail| detail.str("reason") == Some("API_KEY_INVALID"));
    let kind = match error.str("status") {
        // A wrong key is a 400 here.
        _ if is_key => FailureKind::Authentication,
        Some("INVALID_ARGUMENT" | "FAILED_PRECONDITION" | "OUT_OF_RANGE") => FailureKind::Request,
        Some("UNAUTHENTICATED") => FailureKind::Authentication,
        Some("PERMISSION_DENIED") => FailureKind::Permission,
        Some("NOT_FOUND") => FailureKind::NotFound,
        Some("RESOURCE_EXHAUSTED") => FailureKind::RateLimit,
        Some("UNAVAILABLE") => FailureKind::Overloaded,
        Some("DEADLINE_EXCEEDED") => FailureKind::Timeout,
        _ if status == 200 => FailureKind::Upstream,
        _ => Failure::kind_of(status),
    };
    let mut failure = Failure::new(kind, message);
    if is_key {
        failure.status = 401;
    } else if status != 200 {
        failure.status = status;
    }
    failure.code = error.str("status").map(Into::into);
    failure.retry_after = error
        .array("details")
        .iter()
        .find_map(|detail| detail.str("retryDelay"))
        .and_then(|delay| delay.strip_suffix('s')?.parse::<f64>().ok())
        .filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
        .map(|seconds| format!("{:.0}", seconds.ceil()).into());
    failure.refine();
    failure
}
