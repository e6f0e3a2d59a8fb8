//! Input items become messages.

use crate::dialect::form::{
    Failure, Media, MediaKind, MediaSource, Message, Opaque, Part, Request, Role, Thinking, ToolCall, ToolResult,
};
use crate::dialect::json::Json;
use crate::dialect::media::source_of;
use crate::dialect::openai_chat::request_decode::file_source;

/// Reads one item and adds it to the conversation.
pub fn item(item: &Json, at: usize, request: &mut Request) -> Result<(), Failure> {
    let (role, part) = match item.str("type").unwrap_or("message") {
        "message" => {
            let role = match item.str("role") {
                Some("system" | "developer") => Role::System,
                Some("assistant") => Role::Assistant,
                Some("user") => Role::User,
                _ => return Err(Failure::refused(&format!("input[{at}].role"), "a message has no known `role`")),
            };
            let parts = content(item.get("content"), request);
            request.messages.push(Message { role, parts });
            return Ok(());
        }
        "reasoning" => (Role::Assistant, Part::Thinking(reasoning(item))),
        kind @ ("function_call" | "custom_tool_call") => {
            let custom = kind == "custom_tool_call";
            let call = ToolCall {
                id: call_id(item),
                name: item.text("name"),
                namespace: item.str("namespace").map(str::to_owned),
                arguments: item.text(if custom { "input" } else { "arguments" }),
                custom,
            };
            (Role::Assistant, Part::ToolCall(call))
        }
        "function_call_output" | "custom_tool_call_output" => {
            let parts = match item.get("output") {
                Some(output @ (Json::String(_) | Json::Array(_))) => content(Some(output), request),
                Some(other) => vec![Part::Text(other.to_string())],
                None => Vec::new(),
            };
            let result = ToolResult { call_id: call_id(item), parts, is_error: false };
            (Role::User, Part::ToolResult(result))
        }
        "item_reference" => {
            let message =
                "an item named by id is with its own provider only; send the items themselves (`store: false`)";
            return Err(Failure::refused(&format!("input[{at}]"), message));
        }
        other => {
            // What another provider's own tools did is history: its mark stays where the model may miss it.
            request.dropped.note(format!("item {other}"));
            if other.ends_with("_call") {
                (Role::Assistant, Part::Text(crate::printable::text(&format!("[{other}]"))))
            } else if other.ends_with("_output") {
                (Role::User, Part::Text(crate::printable::text(&format!("[{other}]"))))
            } else {
                return Ok(());
            }
        }
    };
    request.messages.push(Message { role, parts: vec![part] });
    Ok(())
}

fn call_id(item: &Json) -> String {
    item.str("call_id").or_else(|| item.str("id")).unwrap_or_default().to_owned()
}

fn reasoning(item: &Json) -> Thinking {
    let texts =
        |name: &str| item.array(name).iter().filter_map(|part| part.str("text")).collect::<Vec<_>>().join("\n\n");
    let summary = texts("summary");
    let text = if summary.is_empty() { texts("content") } else { summary };
    Thinking { text, state: item.str("encrypted_content").map(|state| Opaque::unpack(state, "encrypted")) }
}

fn content(content: Option<&Json>, request: &mut Request) -> Vec<Part> {
    let list = match content {
        Some(Json::String(text)) => return vec![Part::Text(text.clone())],
        Some(Json::Array(list)) => list,
        _ => return Vec::new(),
    };
    list.iter().map(|part| self::part(part, request)).collect()
}

fn part(part: &Json, request: &mut Request) -> Part {
    let id = || MediaSource::FileId(part.text("file_id"));
    match part.str("type").unwrap_or_default() {
        "input_text" | "output_text" | "text" => Part::Text(part.text("text")),
        "refusal" => Part::Refusal(part.text("refusal")),
        "input_image" => Part::Media(Media {
            kind: MediaKind::Image,
            source: part.str("image_url").map_or_else(id, source_of),
            name: None,
            detail: part.str("detail").map(str::to_owned),
        }),
        "input_file" => Part::Media(Media {
            kind: MediaKind::Document,
            source: match (part.str("file_data"), part.str("file_url")) {
                (Some(data), _) => file_source(data),
                (None, Some(url)) => MediaSource::Url(url.to_owned()),
                (None, None) => id(),
            },
            name: part.str("filename").map(str::to_owned),
            detail: None,
        }),
        "input_audio" => {
            let audio = part.get("input_audio").unwrap_or(part);
            let mime = format!("audio/{}", audio.str("format").unwrap_or("wav"));
            let source = MediaSource::Base64 { mime, data: audio.text("data") };
            Part::Media(Media { kind: MediaKind::Audio, source, name: None, detail: None })
        }
        other => {
            request.dropped.note(format!("content {other}"));
            Part::Text(crate::printable::text(&format!("[{other}]")))
        }
    }
}
