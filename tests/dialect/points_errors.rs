//! Points of the conformance list about errors.

use super::points::{ANTHROPIC, CHAT, GEMINI, RESPONSES};
use super::said::translation;
use super::{grammar_anthropic, grammar_chat};
use llmenv::dialect::{Dialect, Reply};
use serde_json::{Value, json};

fn upstream_error(upstream: Dialect, status: u16, message: &str, code: &str) -> Vec<u8> {
    match upstream {
        Dialect::AnthropicMessages => {
            let kind = match status {
                401 => "authentication_error",
                403 => "permission_error",
                404 => "not_found_error",
                429 => "rate_limit_error",
                529 => "overloaded_error",
                500.. => "api_error",
                _ => "invalid_request_error",
            };
            json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"})
        }
        Dialect::Gemini => {
            let kind = match status {
                401 => "UNAUTHENTICATED",
                403 => "PERMISSION_DENIED",
                404 => "NOT_FOUND",
                429 => "RESOURCE_EXHAUSTED",
                500 => "INTERNAL",
                503 | 529 => "UNAVAILABLE",
                _ => "INVALID_ARGUMENT",
            };
            json!({"error": {"code": status, "message": message, "status": kind}})
        }
        _ => json!({"error": {"message": message, "type": "x", "param": null, "code": if code.is_empty() { Value::Null } else { json!(code) }}}),
    }
    .to_string()
    .into_bytes()
}

fn reply(inbound: Dialect, upstream: Dialect, status: u16, headers: &[(&str, &str)], body: &[u8]) -> (Reply, Value) {
    let reply = translation(inbound, upstream, false).reply(status, headers, body);
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    match inbound {
        Dialect::AnthropicMessages => grammar_anthropic::error(&body),
        _ => grammar_chat::error(&body),
    };
    (reply, body)
}

#[test]
fn m86_every_status_keeps_its_class_in_the_clients_dialect() {
    for inbound in Dialect::INBOUND {
        for upstream in Dialect::ALL {
            for status in [400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 529] {
                let (reply, body) =
                    reply(inbound, upstream, status, &[], &upstream_error(upstream, status, "it did not work", ""));
                assert_eq!(reply.status, status);
                assert!(body["error"]["message"].as_str().unwrap().contains("it did not work"));
            }
            let html = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>";
            let (reply, body) = reply(inbound, upstream, 502, &[], html);
            assert_eq!(reply.status, 502);
            assert_eq!(body["error"]["message"], "the upstream answered 502 with a web page, `502 Bad Gateway`");
        }
    }
}

#[test]
fn m87_headers_that_say_when_to_try_again_are_kept() {
    let headers = [
        ("Retry-After", "17"),
        ("x-should-retry", "true"),
        ("anthropic-ratelimit-requests-remaining", "0"),
        ("request-id", "req_9"),
        ("content-encoding", "gzip"),
        ("content-length", "5"),
        ("set-cookie", "a=b"),
        ("retry-after-ms", "17000"),
    ];
    for inbound in Dialect::INBOUND {
        let (reply, _) =
            reply(inbound, CHAT, 429, &headers, &upstream_error(CHAT, 429, "slow down", "rate_limit_exceeded"));
        let mut names: Vec<&str> = reply.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            ["anthropic-ratelimit-requests-remaining", "request-id", "retry-after", "retry-after-ms", "x-should-retry"]
        );
        assert!(reply.headers.contains(&("retry-after".into(), "17".into())));
    }
    let info = json!([{"error": {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED",
        "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "12.3s"}]}}]);
    let (reply, _) = reply(CHAT, GEMINI, 429, &[], info.to_string().as_bytes());
    assert_eq!(reply.headers, [("retry-after".to_owned(), "13".to_owned())]);
}

#[test]
fn m88_a_full_window_is_recognised_by_every_client() {
    let errors = [
        (
            CHAT,
            upstream_error(
                CHAT,
                400,
                "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
                "context_length_exceeded",
            ),
        ),
        (CHAT, upstream_error(CHAT, 400, "maximum context length is 8192 tokens, 9001 given", "")),
        (ANTHROPIC, upstream_error(ANTHROPIC, 400, "prompt is too long: 9001 tokens > 8192 maximum", "")),
        (
            RESPONSES,
            upstream_error(
                RESPONSES,
                400,
                "Your input (9001 tokens) exceeds the context window of this model (8192)",
                "context_length_exceeded",
            ),
        ),
        (
            GEMINI,
            upstream_error(
                GEMINI,
                400,
                "The input token count (9001) exceeds the maximum number of tokens allowed (8192).",
                "",
            ),
        ),
    ];
    for (upstream, error) in &errors {
        for inbound in Dialect::INBOUND {
            let (reply, body) = reply(inbound, *upstream, 400, &[], error);
            assert_eq!(reply.status, 400);
            if inbound == ANTHROPIC {
                assert_eq!(body["error"]["message"], "prompt is too long: 9001 tokens > 8192 maximum");
                assert_eq!(body["error"]["type"], "invalid_request_error");
            } else {
                assert_eq!(body["error"]["code"], "context_length_exceeded");
            }
        }
    }
}

#[test]
fn m89_a_refused_key_is_said_to_be_the_upstreams_and_is_not_repeated() {
    let key = format!("sk-or-v1-{}", "0123456789abcdef".repeat(4));
    for inbound in Dialect::INBOUND {
        for upstream in Dialect::ALL {
            for status in [401, 403] {
                let message = format!("Incorrect API key provided: {key}.");
                let (reply, body) =
                    reply(inbound, upstream, status, &[], &upstream_error(upstream, status, &message, ""));
                assert!(
                    body["error"]["message"]
                        .as_str()
                        .unwrap()
                        .starts_with("the upstream refused the key of this profile: ")
                );
                assert!(!String::from_utf8_lossy(&reply.body).contains("0123456789abcdef"));
            }
        }
    }
    let wrong = json!({"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}});
    let (reply, _) = reply(CHAT, GEMINI, 400, &[], wrong.to_string().as_bytes());
    assert_eq!(reply.status, 401);
}

#[test]
fn m90_m91_errors_that_come_as_200_or_are_not_to_be_tried_again() {
    for inbound in Dialect::INBOUND {
        for upstream in Dialect::ALL {
            for body in [
                &b"{\"error\":{\"message\":\"no\",\"code\":400}}"[..],
                b"<!DOCTYPE html><html></html>",
                b"",
                b"{\"a\":",
                b"[]",
                b"{}",
            ] {
                let (reply, told) = reply(inbound, upstream, 200, &[], body);
                assert!(reply.status >= 400, "{}", String::from_utf8_lossy(body));
                assert!(!told["error"]["message"].as_str().unwrap().is_empty());
            }
        }
        let (reply, _) = reply(inbound, CHAT, 429, &[], &upstream_error(CHAT, 429, "no money", "insufficient_quota"));
        assert_eq!(reply.status, 429);
        assert!(reply.headers.contains(&("x-should-retry".into(), "false".into())));
    }
}
