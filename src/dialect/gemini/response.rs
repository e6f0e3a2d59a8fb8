//! Whole Gemini replies, and usage as Gemini counts it: thinking beside the answer, not inside.

use super::stream_decode::Decoder;
use crate::dialect::form::{Event, StopReason, Usage};
use crate::dialect::json::Json;
use crate::dialect::route::Route;

/// Reads a reply.
pub fn decode(body: &Json, route: &Route) -> Vec<Event> {
    Decoder::new(route).whole(body)
}

/// Reads `usageMetadata`.
pub fn decode_usage(usage: &Json) -> Usage {
    let thoughts = usage.u64("thoughtsTokenCount").unwrap_or(0);
    let tools = usage.u64("toolUsePromptTokenCount").unwrap_or(0);
    Usage {
        input: usage.u64("promptTokenCount").unwrap_or(0).saturating_add(tools),
        cached: usage.u64("cachedContentTokenCount").unwrap_or(0),
        cache_write: 0,
        output: usage.u64("candidatesTokenCount").unwrap_or(0).saturating_add(thoughts),
        reasoning: thoughts,
    }
}

/// Reads `finishReason`; `None` for one that is an error.
pub fn decode_stop(reason: &str) -> Option<StopReason> {
    Some(match reason {
        "MAX_TOKENS" => StopReason::Limit,
        "SAFETY" | "PROHIBITED_CONTENT" | "BLOCKLIST" | "SPII" | "RECITATION" | "IMAGE_SAFETY" | "MODEL_ARMOR" => {
            StopReason::Filter
        }
        "MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" | "MISSING_THOUGHT_SIGNATURE" | "MALFORMED_RESPONSE" => {
            return None;
        }
        _ => StopReason::End,
    })
}
