//! A Responses request becomes the internal form.

use super::item_decode::item;
use crate::dialect::form::{Failure, Message, OutputFormat, Part, Request, Role, Tool, ToolChoice};
use crate::dialect::json::Json;
use crate::dialect::openai_chat::request_decode::{function_tool, schema_output};

/// Members that are read, or that change nothing of the answer and are left out without a word.
const KNOWN: [&str; 26] = [
    "model",
    "input",
    "instructions",
    "stream",
    "stream_options",
    "max_output_tokens",
    "temperature",
    "top_p",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "reasoning",
    "text",
    "top_logprobs",
    "include",
    "prompt_cache_key",
    "store",
    "metadata",
    "user",
    "safety_identifier",
    "service_tier",
    "client_metadata",
    "truncation",
    "background",
    "previous_response_id",
    "conversation",
];

/// Reads a request.
pub fn decode(body: &Json) -> Result<Request, Failure> {
    for name in ["previous_response_id", "conversation", "prompt"] {
        if body.get(name).is_some() {
            let message =
                format!("`{name}` needs what its own provider stored; send the whole conversation in `input`");
            return Err(Failure::refused(name, message));
        }
    }
    if body.bool("background") == Some(true) {
        return Err(Failure::refused("background", "answers in the background are not supported on this route"));
    }
    let wants_logprobs = body.array("include").iter().any(|name| name.as_str() == Some("message.output_text.logprobs"));
    let mut request = Request {
        model: body.text("model"),
        stream: body.bool("stream").unwrap_or(false),
        max_tokens: body.u64("max_output_tokens"),
        temperature: body.get("temperature").cloned(),
        top_p: body.get("top_p").cloned(),
        parallel_tools: body.bool("parallel_tool_calls"),
        logprobs: body.u64("top_logprobs").filter(|n| *n > 0).or(wants_logprobs.then_some(0)),
        cache_key: body.str("prompt_cache_key").map(str::to_owned),
        service_tier: body.str("service_tier").map(str::to_owned),
        ..Request::default()
    };
    for (name, _) in
        body.members().iter().filter(|(name, value)| *value != Json::Null && !KNOWN.contains(&name.as_str()))
    {
        request.dropped.note(name);
    }
    if let Some(reasoning) = body.get("reasoning") {
        request.reasoning.effort = reasoning.str("effort").map(str::to_owned);
        request.reasoning.shown = reasoning.str("summary").map(str::to_owned);
    }
    if let Some(text) = body.get("text") {
        request.verbosity = text.str("verbosity").map(str::to_owned);
        request.output = match text.get("format").and_then(|format| format.str("type")) {
            Some("json_object") => OutputFormat::JsonObject,
            Some("json_schema") => schema_output(text.get("format").unwrap_or(&Json::Null)),
            _ => OutputFormat::Text,
        };
    }
    for tool in body.array("tools") {
        add_tool(tool, None, &mut request);
    }
    request.tool_choice = tool_choice(body.get("tool_choice"));
    if let Some(text) = body.str("instructions") {
        request.messages.push(Message { role: Role::System, parts: vec![Part::Text(text.to_owned())] });
    }
    match body.get("input") {
        Some(Json::String(text)) => {
            request.messages.push(Message { role: Role::User, parts: vec![Part::Text(text.clone())] });
        }
        Some(Json::Array(items)) => {
            for (at, entry) in items.iter().enumerate() {
                item(entry, at, &mut request)?;
            }
        }
        _ => return Err(Failure::refused("input", "`input` must be a text or an array")),
    }
    Ok(request)
}

fn add_tool(tool: &Json, namespace: Option<&str>, request: &mut Request) {
    let namespace = || namespace.map(str::to_owned);
    match tool.str("type") {
        Some("function") => request.tools.push(Tool { namespace: namespace(), ..function_tool(tool) }),
        Some("custom") => request.tools.push(Tool {
            name: tool.text("name"),
            namespace: namespace(),
            description: tool.str("description").map(str::to_owned),
            custom: Some(tool.get("format").cloned().unwrap_or_default()),
            ..Tool::default()
        }),
        Some("namespace") => {
            for inner in tool.array("tools") {
                add_tool(inner, tool.str("name"), request);
            }
        }
        other => request.dropped.note(format!("tool {}", other.unwrap_or("without type"))),
    }
}

fn tool_choice(choice: Option<&Json>) -> Option<ToolChoice> {
    let choice = choice?;
    match (choice.as_str(), choice.str("type")) {
        (Some("none"), _) => Some(ToolChoice::None),
        (Some("required"), _) => Some(ToolChoice::Required),
        (Some(_), _) => Some(ToolChoice::Auto),
        (None, Some("allowed_tools")) => {
            Some(if choice.str("mode") == Some("required") { ToolChoice::Required } else { ToolChoice::Auto })
        }
        (None, _) => choice.str("name").map(|name| ToolChoice::Tool {
            name: name.to_owned(),
            namespace: choice.str("namespace").map(str::to_owned),
        }),
    }
}
