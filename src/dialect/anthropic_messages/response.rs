//! Whole Anthropic replies, and usage as Anthropic counts it: `input_tokens` without what a cache read or took.

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

/// Reads `usage`, over what an earlier event said.
pub fn decode_usage(usage: &Json, before: Option<Usage>) -> Usage {
    let before = before.unwrap_or_default();
    let cached = usage.u64("cache_read_input_tokens").unwrap_or(before.cached);
    let cache_write = usage.u64("cache_creation_input_tokens").unwrap_or(before.cache_write);
    let fresh = usage.u64("input_tokens").unwrap_or_else(|| before.uncached());
    let reasoning = usage.get("output_tokens_details").and_then(|details| details.u64("thinking_tokens"));
    Usage {
        input: fresh.saturating_add(cached).saturating_add(cache_write),
        cached,
        cache_write,
        output: usage.u64("output_tokens").unwrap_or(before.output),
        reasoning: reasoning.unwrap_or(before.reasoning),
    }
}

/// Writes `usage`.
pub fn encode_usage(usage: &Usage) -> Json {
    let mut out = object! {
        "input_tokens" => usage.uncached(),
        "cache_creation_input_tokens" => usage.cache_write,
        "cache_read_input_tokens" => usage.cached,
        "output_tokens" => usage.output,
    };
    if usage.reasoning > 0 {
        out.set("output_tokens_details", object! { "thinking_tokens" => usage.reasoning });
    }
    out
}

/// Reads `stop_reason`.
pub fn decode_stop(of: &Json) -> Option<StopReason> {
    Some(match of.str("stop_reason")? {
        "max_tokens" => StopReason::Limit,
        "model_context_window_exceeded" => StopReason::Window,
        "tool_use" => StopReason::Tool,
        "stop_sequence" => StopReason::Sequence(of.str("stop_sequence").map(str::to_owned)),
        "refusal" => StopReason::Filter,
        "pause_turn" => StopReason::Pause,
        _ => StopReason::End,
    })
}

/// Writes `stop_reason` and `stop_sequence`; a refusal in words is one here.
pub fn encode_stop(stop: &StopReason, refused: bool) -> (&'static str, Option<&str>) {
    match stop {
        StopReason::End if refused => ("refusal", None),
        StopReason::End | StopReason::Sequence(None) => ("end_turn", None),
        StopReason::Limit => ("max_tokens", None),
        StopReason::Window => ("model_context_window_exceeded", None),
        StopReason::Tool => ("tool_use", None),
        StopReason::Sequence(Some(text)) => ("stop_sequence", Some(text)),
        StopReason::Filter => ("refusal", None),
        StopReason::Pause => ("pause_turn", None),
    }
}

/// The id of a message.
pub fn id_of(upstream: &str, route: &Route) -> String {
    if upstream.starts_with("msg_") { upstream.to_owned() } else { format!("msg_{}", route.unique) }
}

/// Writes a reply for the client; `model` is the client's own name of it.
pub fn encode(response: &Response, model: &str, route: &Route) -> Json {
    let content: Vec<Json> = response.parts.iter().filter_map(encode_part).collect();
    let (reason, sequence) =
        encode_stop(&response.stop, response.parts.iter().any(|part| matches!(part, Answer::Refusal(_))));
    object! {
        "id" => id_of(&response.id, route),
        "type" => "message",
        "role" => "assistant",
        "model" => model,
        "content" => content,
        "stop_reason" => reason,
        "stop_sequence" => sequence,
        "usage" => encode_usage(&response.usage.unwrap_or_default()),
    }
}

fn encode_part(part: &Answer) -> Option<Json> {
    Some(match part {
        Answer::Text { text, .. } | Answer::Refusal(text) if text.is_empty() => return None,
        Answer::Text { text, .. } | Answer::Refusal(text) => object! { "type" => "text", "text" => text },
        Answer::Thinking(thinking) => match &thinking.state {
            Some(state) if thinking.text.is_empty() => {
                let data = state.pack();
                object! { "type" => "redacted_thinking", "data" => data }
            }
            state => {
                let signature = state.as_ref().map_or_else(String::new, crate::dialect::form::Opaque::pack);
                object! { "type" => "thinking", "thinking" => &thinking.text, "signature" => signature }
            }
        },
        Answer::ToolCall(call) => {
            let input = Json::parse(&call.arguments).filter(Json::is_object);
            let input = input.unwrap_or_else(|| object! { "input" => &call.arguments });
            object! { "type" => "tool_use", "id" => legal_id(&call.id), "name" => &call.name, "input" => input }
        }
    })
}
