//! Content blocks of a request become parts.

use crate::dialect::form::{
    Failure, Media, MediaKind, MediaSource, Opaque, Part, Request, Thinking, ToolCall, ToolResult,
};
use crate::dialect::json::Json;

/// Reads `content`: a text or blocks.
pub fn content(content: Option<&Json>, request: &mut Request) -> Result<Vec<Part>, Failure> {
    match content {
        Some(Json::String(text)) => Ok(vec![Part::Text(text.clone())]),
        Some(Json::Array(blocks)) => blocks.iter().map(|block| part(block, request)).collect(),
        _ => Ok(Vec::new()),
    }
}

fn part(block: &Json, request: &mut Request) -> Result<Part, Failure> {
    Ok(match block.str("type").unwrap_or_default() {
        "text" => Part::Text(block.text("text")),
        "image" => media(block, MediaKind::Image)?,
        "document" => media(block, MediaKind::Document)?,
        "thinking" => Part::Thinking(Thinking {
            text: block.text("thinking"),
            state: block.str("signature").filter(|s| !s.is_empty()).map(|s| Opaque::unpack(s, "signature")),
        }),
        "redacted_thinking" => {
            let state = Opaque::unpack(block.str("data").unwrap_or_default(), "redacted");
            Part::Thinking(Thinking { text: String::new(), state: Some(state) })
        }
        "tool_use" => Part::ToolCall(ToolCall {
            id: block.text("id"),
            name: block.text("name"),
            arguments: block.get("input").map_or_else(|| "{}".to_owned(), Json::to_string),
            ..ToolCall::default()
        }),
        "tool_result" => Part::ToolResult(ToolResult {
            call_id: block.text("tool_use_id"),
            parts: content(block.get("content"), request)?,
            is_error: block.bool("is_error").unwrap_or(false),
        }),
        "search_result" => {
            let texts: Vec<&str> = block.array("content").iter().filter_map(|part| part.str("text")).collect();
            let (title, source) = (block.text("title"), block.text("source"));
            Part::Text(format!("{title} ({source})\n{}", texts.join("\n")))
        }
        "tool_reference" => Part::Text(format!("[tool {}]", block.text("tool_name"))),
        other => {
            request.dropped.note(format!("content {other}"));
            Part::Text(crate::printable::text(&format!("[{other} {}]", block.text("name"))).replace(" ]", "]"))
        }
    })
}

fn media(block: &Json, kind: MediaKind) -> Result<Part, Failure> {
    let source = block.get("source").unwrap_or(&Json::Null);
    let read = match source.str("type") {
        Some("base64") => MediaSource::Base64 { mime: source.text("media_type"), data: source.text("data") },
        Some("url") => MediaSource::Url(source.text("url")),
        Some("text") => MediaSource::Text(source.text("data")),
        Some("content") => MediaSource::Text(match source.get("content") {
            Some(Json::String(text)) => text.clone(),
            _ => source.array("content").iter().filter_map(|part| part.str("text")).collect::<Vec<_>>().join("\n"),
        }),
        Some("file") => MediaSource::FileId(source.text("file_id")),
        _ => return Err(Failure::refused("source", "an image or a document has no known `source`")),
    };
    let name = block.str("title").map(str::to_owned);
    Ok(Part::Media(Media { kind, source: read, name, detail: None }))
}
