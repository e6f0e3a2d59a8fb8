//! Whole Responses replies, items, and usage.

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
        input: usage.u64("input_tokens").unwrap_or(0),
        cached: detail("input_tokens_details", "cached_tokens"),
        cache_write: detail("input_tokens_details", "cache_write_tokens"),
        output: usage.u64("output_tokens").unwrap_or(0),
        reasoning: detail("output_tokens_details", "reasoning_tokens"),
    }
}

/// Writes `usage`.
pub fn encode_usage(usage: &Usage) -> Json {
    let mut input = object! { "cached_tokens" => usage.cached };
    if usage.cache_write > 0 {
        input.set("cache_write_tokens", usage.cache_write);
    }
    object! {
        "input_tokens" => usage.input,
        "input_tokens_details" => input,
        "output_tokens" => usage.output,
        "output_tokens_details" => object! { "reasoning_tokens" => usage.reasoning },
        "total_tokens" => usage.input.saturating_add(usage.output),
    }
}

/// Reads status and reason.
pub fn decode_stop(response: &Json) -> StopReason {
    if response.str("status") != Some("incomplete") {
        return StopReason::End;
    }
    match response.get("incomplete_details").and_then(|details| details.str("reason")) {
        Some("content_filter") => StopReason::Filter,
        _ => StopReason::Limit,
    }
}

/// The id of a response.
pub fn id_of(upstream: &str, route: &Route) -> String {
    if upstream.starts_with("resp_") { upstream.to_owned() } else { format!("resp_{}", route.unique) }
}

/// The id of an item: what sort it is and where it stands.
pub fn item_id(part: &Answer, at: usize, unique: &str) -> String {
    let prefix = match part {
        Answer::Text { .. } | Answer::Refusal(_) => "msg",
        Answer::Thinking(_) => "rs",
        Answer::ToolCall(call) if call.custom => "ctc",
        Answer::ToolCall(_) => "fc",
    };
    format!("{prefix}_{unique}_{at}")
}

/// The part of content a text or a refusal is.
pub fn content_part(part: &Answer) -> Option<Json> {
    match part {
        Answer::Text { text, logprobs } => Some(object! {
            "type" => "output_text", "text" => text, "annotations" => Json::Array(Vec::new()), "logprobs" => logprobs.clone(),
        }),
        Answer::Refusal(text) => Some(object! { "type" => "refusal", "refusal" => text }),
        _ => None,
    }
}

/// An output item.
pub fn item(part: &Answer, id: &str, status: &str) -> Json {
    match part {
        Answer::Text { .. } | Answer::Refusal(_) => object! {
            "id" => id,
            "type" => "message",
            "status" => status,
            "role" => "assistant",
            "content" => if status == "in_progress" { Vec::new() } else { content_part(part).into_iter().collect() },
        },
        Answer::Thinking(thinking) => {
            let summary = if thinking.text.is_empty() {
                Vec::new()
            } else {
                vec![object! { "type" => "summary_text", "text" => &thinking.text }]
            };
            let state = thinking.state.as_ref().map(crate::dialect::form::Opaque::pack);
            object! { "id" => id, "type" => "reasoning", "summary" => summary, "encrypted_content" => state }
        }
        Answer::ToolCall(call) => {
            let (kind, arguments) =
                if call.custom { ("custom_tool_call", "input") } else { ("function_call", "arguments") };
            let mut item = object! {
                "id" => id,
                "type" => kind,
                "status" => status,
                "call_id" => legal_id(&call.id),
                "name" => &call.name,
                arguments => &call.arguments,
            };
            item.set_some("namespace", call.namespace.clone());
            item
        }
    }
}

/// Writes a reply for the client; `model` is the client's own name of it.
pub fn encode(response: &Response, model: &str, route: &Route) -> Json {
    let output = response
        .parts
        .iter()
        .enumerate()
        .map(|(at, part)| item(part, &item_id(part, at, &route.unique), "completed"))
        .collect();
    let mut body = skeleton(&id_of(&response.id, route), model, route.now_secs);
    complete(&mut body, &response.stop, output, response.usage);
    body
}

/// Fills in what is known at the end.
pub fn complete(body: &mut Json, stop: &StopReason, output: Vec<Json>, usage: Option<Usage>) {
    let reason = match stop {
        StopReason::Limit | StopReason::Window => Some("max_output_tokens"),
        StopReason::Filter => Some("content_filter"),
        _ => None,
    };
    body.set("status", if reason.is_some() { "incomplete" } else { "completed" });
    body.set("incomplete_details", reason.map(|reason| object! { "reason" => reason }));
    body.set("output", output);
    body.set("usage", encode_usage(&usage.unwrap_or_default()));
}

/// A response that has just begun.
pub fn skeleton(id: &str, model: &str, created: u64) -> Json {
    object! {
        "id" => id,
        "object" => "response",
        "created_at" => created,
        "status" => "in_progress",
        "error" => Json::Null,
        "incomplete_details" => Json::Null,
        "instructions" => Json::Null,
        "metadata" => Json::empty_object(),
        "model" => model,
        "output" => Json::Array(Vec::new()),
        "parallel_tool_calls" => true,
        "temperature" => Json::Null,
        "tool_choice" => "auto",
        "tools" => Json::Array(Vec::new()),
        "top_p" => Json::Null,
        "usage" => Json::Null,
    }
}
