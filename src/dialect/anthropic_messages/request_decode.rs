//! An Anthropic request becomes the internal form.

use super::part_decode::content;
use crate::dialect::form::{Failure, Message, OutputFormat, Request, Role, Tool, ToolChoice};
use crate::dialect::json::Json;

/// Members that are read, or that change nothing of the answer and are left out without a word.
const KNOWN: [&str; 16] = [
    "model",
    "messages",
    "system",
    "max_tokens",
    "stream",
    "stop_sequences",
    "temperature",
    "top_p",
    "top_k",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "metadata",
    "service_tier",
    "cache_control",
];

/// Reads a request.
pub fn decode(body: &Json) -> Result<Request, Failure> {
    if !matches!(body.get("messages"), Some(Json::Array(_))) {
        return Err(Failure::refused("messages", "`messages` must be an array"));
    }
    let mut request = Request {
        model: body.text("model"),
        stream: body.bool("stream").unwrap_or(false),
        max_tokens: body.u64("max_tokens"),
        temperature: body.get("temperature").cloned(),
        top_p: body.get("top_p").cloned(),
        top_k: body.get("top_k").cloned(),
        stop: body.array("stop_sequences").iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        cache_key: body.get("metadata").and_then(|metadata| metadata.str("user_id")).and_then(session),
        service_tier: body.str("service_tier").map(str::to_owned),
        ..Request::default()
    };
    for (name, _) in
        body.members().iter().filter(|(name, value)| *value != Json::Null && !KNOWN.contains(&name.as_str()))
    {
        request.dropped.note(name);
    }
    reasoning(body, &mut request);
    for tool in body.array("tools") {
        match tool.str("type") {
            None | Some("custom") => request.tools.push(Tool {
                name: tool.text("name"),
                description: tool.str("description").map(str::to_owned),
                schema: tool.get("input_schema").cloned(),
                strict: tool.bool("strict"),
                ..Tool::default()
            }),
            Some(kind) => request.dropped.note(format!("tool {kind}")),
        }
    }
    if let Some(choice) = body.get("tool_choice") {
        request.tool_choice = match choice.str("type") {
            Some("any") => Some(ToolChoice::Required),
            Some("none") => Some(ToolChoice::None),
            Some("tool") => choice.str("name").map(|name| ToolChoice::Tool { name: name.to_owned(), namespace: None }),
            _ => Some(ToolChoice::Auto),
        };
        request.parallel_tools = choice.bool("disable_parallel_tool_use").map(|disabled| !disabled);
    }
    let system = content(body.get("system"), &mut request)?;
    if !system.is_empty() {
        request.messages.push(Message { role: Role::System, parts: system });
    }
    for (at, message) in body.array("messages").iter().enumerate() {
        let role = match message.str("role") {
            Some("user") => Role::User,
            Some("assistant") => Role::Assistant,
            Some("system" | "developer") => Role::System,
            _ => return Err(Failure::refused(&format!("messages.{at}.role"), "a message has no known `role`")),
        };
        let parts = content(message.get("content"), &mut request)?;
        request.messages.push(Message { role, parts });
    }
    Ok(request)
}

fn reasoning(body: &Json, request: &mut Request) {
    let reasoning = &mut request.reasoning;
    if let Some(thinking) = body.get("thinking") {
        match thinking.str("type") {
            Some("enabled") => reasoning.budget = thinking.u64("budget_tokens"),
            Some("adaptive" | "between_tools") => reasoning.adaptive = true,
            Some("disabled") => reasoning.effort = Some("none".into()),
            _ => {}
        }
        reasoning.shown = thinking.str("display").map(str::to_owned);
    }
    let Some(config) = body.get("output_config") else { return };
    if let Some(effort) = config.str("effort").filter(|_| reasoning.effort.is_none()) {
        reasoning.effort = Some(effort.to_owned());
    }
    if let Some(format) = config.get("format").filter(|format| format.str("type") == Some("json_schema")) {
        let schema = format.get("schema").cloned().unwrap_or_else(Json::empty_object);
        request.output = OutputFormat::JsonSchema { name: "answer".into(), schema, strict: Some(true) };
    }
}

/// The conversation's name in `metadata.user_id`: a JSON text with `session_id`, or an opaque id that is hashed.
fn session(user_id: &str) -> Option<String> {
    if user_id.is_empty() {
        return None;
    }
    let session = Json::parse(user_id).and_then(|id| id.str("session_id").map(str::to_owned));
    Some(session.map_or_else(|| crate::dialect::names::digest(user_id, 24), |id| crate::dialect::names::legal_id(&id)))
}
