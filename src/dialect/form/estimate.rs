//! Counts tokens roughly, where the upstream has not counted them yet: about four bytes each.

use super::{Media, MediaKind, MediaSource, Part, Request};

/// What an image costs about, whatever its size.
const IMAGE_TOKENS: u64 = 1_600;
/// What a message costs beside its text.
const MESSAGE_TOKENS: u64 = 4;

/// Estimates the tokens of a request: system prompts, tools, files and all turns.
pub fn tokens(request: &Request) -> u64 {
    let turns: u64 = request
        .messages
        .iter()
        .map(|message| MESSAGE_TOKENS + message.parts.iter().map(part_tokens).sum::<u64>())
        .sum();
    let tools: u64 = request
        .tools
        .iter()
        .map(|tool| {
            let schema = tool.schema.as_ref().or(tool.custom.as_ref()).map_or(0, |schema| schema.to_string().len());
            text_tokens(tool.name.len() + tool.description.as_ref().map_or(0, String::len) + schema) + MESSAGE_TOKENS
        })
        .sum();
    (turns + tools).max(1)
}

fn text_tokens(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(4)
}

fn part_tokens(part: &Part) -> u64 {
    match part {
        Part::Text(text) | Part::Refusal(text) => text_tokens(text.len()),
        Part::Thinking(thinking) => text_tokens(thinking.text.len()),
        Part::ToolCall(call) => text_tokens(call.name.len() + call.arguments.len()),
        Part::ToolResult(result) => result.parts.iter().map(part_tokens).sum(),
        Part::Media(Media { kind: MediaKind::Image, .. }) => IMAGE_TOKENS,
        Part::Media(Media { source: MediaSource::Base64 { data, .. } | MediaSource::Text(data), .. }) => {
            text_tokens(data.len())
        }
        Part::Media(_) => IMAGE_TOKENS,
    }
}
