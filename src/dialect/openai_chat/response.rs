//! Whole chat replies, and usage as chat counts it: cached tokens inside `prompt_tokens`, thinking inside the rest.

use super::stream_decode::Decoder;
use crate::dialect::form::response::Answer;
use crate::dialect::form::{Event, Response, StopReason, Usage};
use crate::dialect::json::{Json, object};
use crate::dialect::names::legal_id;
use crate::dialect::route::Route;

/// Reads a reply.
pub fn decode(body: &Json, route: &Route) -> Vec<Event> {
    Decoder::new(route).whole(body)
}

/// Reads `usage`.
pub fn decode_usage(usage: &Json) -> Usage {
    let detail = |of: &str, name: &str| usage.get(of).and_then(|details| details.u64(name)).unwrap_or(0);
    Usage {
        input: usage.u64("prompt_tokens").unwrap_or(0),
        cached: detail("prompt_tokens_details", "cached_tokens").max(usage.u64("prompt_cache_hit_tokens").unwrap_or(0)),
        cache_write: detail("prompt_tokens_details", "cache_write_tokens"),
        output: usage.u64("completion_tokens").unwrap_or(0),
        reasoning: detail("completion_tokens_details", "reasoning_tokens"),
    }
}

/// Writes `usage`.
pub fn encode_usage(usage: &Usage) -> Json {
    let mut prompt = object! { "cached_tokens" => usage.cached };
    if usage.cache_write > 0 {
        prompt.set("cache_write_tokens", usage.cache_write);
    }
    object! {
        "prompt_tokens" => usage.input,
        "completion_tokens" => usage.output,
        "total_tokens" => usage.input.saturating_add(usage.output),
        "prompt_tokens_details" => prompt,
        "completion_tokens_details" => object! { "reasoning_tokens" => usage.reasoning },
    }
}

/// The `finish_reason` of a stop.
pub fn finish_reason(stop: &StopReason) -> &'static str {
    match stop {
        StopReason::End | StopReason::Sequence(_) | StopReason::Pause => "stop",
        StopReason::Limit | StopReason::Window => "length",
        StopReason::Tool => "tool_calls",
        StopReason::Filter => "content_filter",
    }
}

/// Writes a reply for the client; `model` is the client's own name of it.
pub fn encode(response: &Response, model: &str, route: &Route) -> Json {
    let mut text: Option<String> = None;
    let (mut refusal, mut thinking) = (None::<String>, None::<String>);
    let (mut calls, mut logprobs, mut details) = (Vec::new(), Vec::new(), Vec::new());
    for part in &response.parts {
        match part {
            Answer::Text { text: piece, logprobs: more } => {
                text.get_or_insert_default().push_str(piece);
                logprobs.extend_from_slice(more);
            }
            Answer::Refusal(piece) => refusal.get_or_insert_default().push_str(piece),
            Answer::Thinking(part) => {
                thinking.get_or_insert_default().push_str(&part.text);
                details.extend(part.state.as_ref().map(|state| super::stream_encode::detail(&part.text, state)));
            }
            Answer::ToolCall(call) => {
                let id = legal_id(&call.id);
                calls.push(if call.custom {
                    let custom = object! { "name" => &call.name, "input" => &call.arguments };
                    object! { "id" => id, "type" => "custom", "custom" => custom }
                } else {
                    let function = object! { "name" => &call.name, "arguments" => &call.arguments };
                    object! { "id" => id, "type" => "function", "function" => function }
                });
            }
        }
    }
    let text = match text {
        None if calls.is_empty() && refusal.is_none() => Some(String::new()),
        text => text,
    };
    let mut message = object! { "role" => "assistant", "content" => text, "refusal" => refusal };
    message.set_some("reasoning_content", thinking.filter(|text| !text.is_empty()));
    if !details.is_empty() {
        message.set("reasoning_details", details);
    }
    if !calls.is_empty() {
        message.set("tool_calls", calls);
    }
    let logprobs = if logprobs.is_empty() {
        Json::Null
    } else {
        object! { "content" => logprobs, "refusal" => Json::Null }
    };
    let usage = response.usage.unwrap_or_default();
    object! {
        "id" => id_of(&response.id, route),
        "object" => "chat.completion",
        "created" => route.now_secs,
        "model" => model,
        "choices" => vec![object! {
            "index" => 0u64,
            "message" => message,
            "logprobs" => logprobs,
            "finish_reason" => finish_reason(&response.stop),
        }],
        "usage" => encode_usage(&usage),
    }
}

/// The id of a completion.
pub fn id_of(upstream: &str, route: &Route) -> String {
    if upstream.is_empty() { format!("chatcmpl-{}", route.unique) } else { upstream.to_owned() }
}
