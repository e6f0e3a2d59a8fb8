//! What providers answer to which key: their own words, as they were seen, over the scripted proxy.
//!
//! A key says itself what is to come: a word in it, such as `900d900d`.

use super::{Reply, Seen};

/// The sorts of keys that are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Good,
    Expired,
    NoCredit,
    Busy,
}

/// An `OpenRouter` key of a sort, of the shape that such keys have.
pub fn openrouter_key(sort: Sort) -> String {
    format!("sk-or-v1-{}{}", "0123456789abcdef".repeat(3), word(sort).repeat(2))
}

/// An `OpenAI` key.
pub fn openai_key(sort: Sort) -> String {
    format!("sk-proj-{}T3BlbkFJ{}{}", "a1B2c3D4".repeat(4), "e5F6g7H8".repeat(3), word(sort))
}

/// An Anthropic key.
pub fn anthropic_key(sort: Sort) -> String {
    format!("sk-ant-api03-{}{}AA", "a1B2c3D4".repeat(11), word(sort))
}

/// A Gemini key.
pub fn gemini_key(sort: Sort) -> String {
    format!("AIza{}{}", "a1B2c3D4e5F6g7H8i9J0k1L2m3N", word(sort))
}

/// An Azure key.
pub fn azure_key(sort: Sort) -> String {
    format!("{}{}", "0123456789abcdef01234567", word(sort))
}

fn word(sort: Sort) -> &'static str {
    // Eight characters that are in the alphabet of every provider.
    match sort {
        Sort::Good => "900d900d",
        Sort::Expired => "deaddead",
        Sort::NoCredit => "00000000",
        Sort::Busy => "b00eb00e",
    }
}

fn sort_of(key: &str) -> Option<Sort> {
    [Sort::Good, Sort::Expired, Sort::NoCredit, Sort::Busy].into_iter().find(|&sort| key.contains(word(sort)))
}

/// Plays whoever was asked.
pub fn providers(seen: &Seen) -> Reply {
    let bearer = seen.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let asked = (seen.host.as_str(), seen.target.as_str());
    match asked {
        ("openrouter.ai", "/api/v1/key") => openrouter(bearer),
        ("api.openai.com", "/v1/models") => openai(bearer),
        ("api.anthropic.com", "/v1/models") => anthropic(seen),
        ("generativelanguage.googleapis.com", "/v1beta/models") => gemini(seen.header("x-goog-api-key")),
        ("my-resource.openai.azure.com", "/openai/v1/models") => azure(seen.header("api-key")),
        ("api.groq.com", "/openai/v1/models") => openai(bearer),
        // Lists that are open to everybody.
        ("openrouter.ai", "/api/v1/models") | ("integrate.api.nvidia.com", "/v1/models") => {
            Reply::json(200, r#"{"object":"list","data":[{"id":"open/model","object":"model"}]}"#)
        }
        _ => Reply::text(404, "text/html", "<!DOCTYPE html><html><body>Not Found</body></html>"),
    }
}

fn openrouter(bearer: Option<&str>) -> Reply {
    let data = |limit: &str, left: &str| {
        format!(
            r#"{{"data":{{"label":"sk-or-v1-012...abc","is_management_key":false,"is_provisioning_key":false,"limit":{limit},"limit_reset":"monthly","limit_remaining":{left},"include_byok_in_limit":false,"usage":6.8,"usage_daily":0.5,"usage_weekly":2,"usage_monthly":6.8,"is_free_tier":false,"expires_at":"2099-12-31T23:59:59Z","rate_limit":{{"requests":-1,"interval":"10s","note":"This field is deprecated and safe to ignore."}}}}}}"#
        )
    };
    match bearer.map(sort_of) {
        None => Reply::json(401, r#"{"error":{"message":"No auth credentials found","code":401}}"#),
        Some(Some(Sort::Good)) => Reply::json(200, data("10", "3.2")),
        Some(Some(Sort::NoCredit)) => Reply::json(200, data("10", "0")),
        Some(Some(Sort::Busy)) => Reply::json(429, r#"{"error":{"message":"Rate limit exceeded","code":429}}"#),
        Some(Some(Sort::Expired) | None) => Reply::json(401, r#"{"error":{"message":"User not found.","code":401}}"#),
    }
}

fn openai(bearer: Option<&str>) -> Reply {
    match bearer.map(|key| (key, sort_of(key))) {
        None => Reply::json(
            401,
            r#"{"error":{"message":"You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).","type":"invalid_request_error","param":null,"code":null}}"#,
        ),
        Some((_, Some(Sort::Good))) => Reply::json(
            200,
            r#"{"object":"list","data":[{"id":"gpt-5-nano","object":"model","created":1754426384,"owned_by":"system"}]}"#,
        ),
        Some((_, Some(Sort::NoCredit))) => Reply::json(
            429,
            r#"{"error":{"message":"You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#,
        ),
        Some((_, Some(Sort::Busy))) => Reply::json(
            429,
            r#"{"error":{"message":"Rate limit reached for requests","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#,
        ),
        Some((key, Some(Sort::Expired) | None)) => Reply::json(
            401,
            format!(
                r#"{{"error":{{"message":"Incorrect API key provided: {}********{}. You can find your API key at https://platform.openai.com/account/api-keys.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}}}"#,
                &key[..8],
                &key[key.len() - 4..]
            ),
        ),
    }
}

fn anthropic(seen: &Seen) -> Reply {
    let error = |status, kind: &str, message: &str| {
        Reply::json(
            status,
            format!(
                r#"{{"type":"error","error":{{"type":"{kind}","message":"{message}"}},"request_id":"req_011CSHoEeqs5C35K2UUqR7Fy"}}"#
            ),
        )
    };
    if seen.header("anthropic-version").is_none() {
        return error(400, "invalid_request_error", "anthropic-version: header is required");
    }
    match seen.header("x-api-key").map(sort_of) {
        None => error(401, "authentication_error", "x-api-key header is required"),
        Some(Some(Sort::Good)) => Reply::json(
            200,
            r#"{"data":[{"type":"model","id":"claude-haiku-4-5","display_name":"Claude Haiku 4.5","created_at":"2025-10-01T00:00:00Z"}],"has_more":false,"first_id":"claude-haiku-4-5","last_id":"claude-haiku-4-5"}"#,
        ),
        Some(Some(Sort::NoCredit)) => error(
            400,
            "invalid_request_error",
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
        ),
        Some(Some(Sort::Busy)) => {
            error(429, "rate_limit_error", "This request would exceed your organization’s rate limit")
        }
        Some(Some(Sort::Expired) | None) => error(401, "authentication_error", "invalid x-api-key"),
    }
}

/// Says it with 400, where others say 401.
fn gemini(key: Option<&str>) -> Reply {
    match key.map(sort_of) {
        None => Reply::json(
            403,
            r#"{"error":{"code":403,"message":"Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.","status":"PERMISSION_DENIED"}}"#,
        ),
        Some(Some(Sort::Good)) => Reply::json(
            200,
            r#"{"models":[{"name":"models/gemini-2.5-flash-lite","version":"001","displayName":"Gemini 2.5 Flash-Lite","inputTokenLimit":1048576}]}"#,
        ),
        Some(Some(Sort::NoCredit | Sort::Busy)) => Reply::json(
            429,
            r#"{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED"}}"#,
        ),
        Some(Some(Sort::Expired) | None) => Reply::json(
            400,
            r#"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com","metadata":{"service":"generativelanguage.googleapis.com"}}]}}"#,
        ),
    }
}

fn azure(key: Option<&str>) -> Reply {
    match key.and_then(sort_of) {
        Some(Sort::Good) => Reply::json(
            200,
            r#"{"data":[{"status":"succeeded","capabilities":{"chat_completion":true},"lifecycle_status":"generally-available","id":"gpt-5-mini","created_at":1754426384,"object":"model"}],"object":"list"}"#,
        ),
        Some(Sort::Busy) => Reply::json(
            429,
            r#"{"error":{"code":"429","message":"Requests to the Models_List Operation under Azure OpenAI API have exceeded call rate limit. Please retry after 10 seconds."}}"#,
        ),
        _ => Reply::json(
            401,
            r#"{"error":{"code":"401","message":"Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource."}}"#,
        ),
    }
}
