//! A chat request becomes the internal form.

use crate::dialect::form::{
    Failure, Media, MediaKind, MediaSource, Message, Opaque, OutputFormat, Part, Request, Role, Thinking, Tool,
    ToolCall, ToolChoice, ToolResult,
};
use crate::dialect::json::Json;
use crate::dialect::media::source_of;

/// Members that are read, or that change nothing of the answer and are left out without a word.
const KNOWN: [&str; 32] = [
    "model",
    "messages",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "top_k",
    "frequency_penalty",
    "presence_penalty",
    "seed",
    "stop",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "functions",
    "function_call",
    "reasoning_effort",
    "reasoning",
    "response_format",
    "verbosity",
    "logprobs",
    "top_logprobs",
    "n",
    "prompt_cache_key",
    "service_tier",
    "store",
    "metadata",
    "user",
    "safety_identifier",
    "modalities",
];

/// Reads a request.
pub fn decode(body: &Json) -> Result<Request, Failure> {
    let mut request = Request {
        model: body.text("model"),
        stream: body.bool("stream").unwrap_or(false),
        include_usage: body.get("stream_options").and_then(|o| o.bool("include_usage")).unwrap_or(false),
        max_tokens: body.u64("max_completion_tokens").or_else(|| body.u64("max_tokens")),
        temperature: body.get("temperature").cloned(),
        top_p: body.get("top_p").cloned(),
        top_k: body.get("top_k").cloned(),
        frequency_penalty: body.get("frequency_penalty").cloned(),
        presence_penalty: body.get("presence_penalty").cloned(),
        seed: body.get("seed").cloned(),
        stop: stop(body.get("stop")),
        parallel_tools: body.bool("parallel_tool_calls"),
        verbosity: body.str("verbosity").map(str::to_owned),
        logprobs: body.bool("logprobs").filter(|on| *on).map(|_| body.u64("top_logprobs").unwrap_or(0)),
        cache_key: body.str("prompt_cache_key").map(str::to_owned),
        service_tier: body.str("service_tier").map(str::to_owned),
        output: output(body.get("response_format")),
        ..Request::default()
    };
    if body.u64("n").is_some_and(|n| n > 1) {
        return Err(Failure::refused("n", "several answers at once (`n`) are not supported on this route"));
    }
    if body.array("modalities").iter().any(|modality| modality.as_str() == Some("audio")) {
        return Err(Failure::refused("modalities", "spoken answers are not supported on this route"));
    }
    if !matches!(body.get("messages"), Some(Json::Array(_))) {
        return Err(Failure::refused("messages", "`messages` must be an array"));
    }
    let reasoning = body.get("reasoning");
    request.reasoning.effort = body.str("reasoning_effort").or_else(|| reasoning?.str("effort")).map(str::to_owned);
    request.reasoning.budget = reasoning.and_then(|reasoning| reasoning.u64("max_tokens"));
    request.reasoning.adaptive = reasoning.and_then(|reasoning| reasoning.bool("enabled")).unwrap_or(false);
    for (name, _) in
        body.members().iter().filter(|(name, value)| *value != Json::Null && !KNOWN.contains(&name.as_str()))
    {
        request.dropped.note(name);
    }
    for tool in body.array("tools") {
        match (tool.get("function"), tool.get("custom")) {
            (Some(function), _) => request.tools.push(function_tool(function)),
            (None, Some(custom)) => request.tools.push(Tool {
                name: custom.text("name"),
                description: custom.str("description").map(str::to_owned),
                custom: Some(custom.get("format").cloned().unwrap_or_default()),
                ..Tool::default()
            }),
            _ => request.dropped.note(format!("tool {}", tool.str("type").unwrap_or("without type"))),
        }
    }
    request.tools.extend(body.array("functions").iter().map(function_tool));
    request.tool_choice = tool_choice(body.get("tool_choice").or_else(|| body.get("function_call")));
    for (at, message) in body.array("messages").iter().enumerate() {
        decode_message(message, at, &mut request)?;
    }
    Ok(request)
}

fn stop(stop: Option<&Json>) -> Vec<String> {
    match stop {
        Some(Json::String(text)) => vec![text.clone()],
        Some(list) => list.elements().iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        None => Vec::new(),
    }
}

fn output(format: Option<&Json>) -> OutputFormat {
    match format.and_then(|format| format.str("type")) {
        Some("json_object") => OutputFormat::JsonObject,
        Some("json_schema") => {
            schema_output(format.and_then(|format| format.get("json_schema")).unwrap_or(&Json::Null))
        }
        _ => OutputFormat::Text,
    }
}

/// Reads `{name, schema, strict}`, which Responses has one level higher.
pub fn schema_output(format: &Json) -> OutputFormat {
    OutputFormat::JsonSchema {
        name: format.str("name").unwrap_or("answer").to_owned(),
        schema: format.get("schema").cloned().unwrap_or_else(Json::empty_object),
        strict: format.bool("strict"),
    }
}

/// Reads `{name, description, parameters, strict}`, which Responses has one level higher.
pub fn function_tool(function: &Json) -> Tool {
    Tool {
        name: function.text("name"),
        description: function.str("description").map(str::to_owned),
        schema: function.get("parameters").cloned(),
        strict: function.bool("strict"),
        ..Tool::default()
    }
}

fn tool_choice(choice: Option<&Json>) -> Option<ToolChoice> {
    let choice = choice?;
    match choice.as_str() {
        Some("none") => Some(ToolChoice::None),
        Some("required" | "any") => Some(ToolChoice::Required),
        Some(_) => Some(ToolChoice::Auto),
        None if choice.str("type") == Some("allowed_tools") => {
            let mode = choice.get("allowed_tools").unwrap_or(choice).str("mode");
            Some(if mode == Some("required") { ToolChoice::Required } else { ToolChoice::Auto })
        }
        None => {
            let named = choice.get("function").or_else(|| choice.get("custom")).unwrap_or(choice);
            named.str("name").map(|name| ToolChoice::Tool { name: name.to_owned(), namespace: None })
        }
    }
}

fn decode_message(message: &Json, at: usize, request: &mut Request) -> Result<(), Failure> {
    let mut parts = Vec::new();
    let role = match message.str("role") {
        Some("system" | "developer") => Role::System,
        Some("assistant") => {
            thinking(message, &mut parts);
            Role::Assistant
        }
        Some("user" | "tool" | "function") => Role::User,
        _ => return Err(Failure::refused(&format!("messages[{at}].role"), "a message has no known `role`")),
    };
    content(message.get("content"), at, request, &mut parts);
    if matches!(message.str("role"), Some("tool" | "function")) {
        let call_id =
            message.str("tool_call_id").map_or_else(|| format!("function_{}", message.text("name")), str::to_owned);
        parts = vec![Part::ToolResult(ToolResult { call_id, parts, is_error: false })];
    }
    parts.extend(message.str("refusal").map(|text| Part::Refusal(text.to_owned())));
    for call in message.array("tool_calls") {
        let body = call.get("function").or_else(|| call.get("custom")).unwrap_or(&Json::Null);
        parts.push(Part::ToolCall(ToolCall {
            id: call.text("id"),
            name: body.text("name"),
            namespace: None,
            arguments: arguments(body.get("arguments").or_else(|| body.get("input"))),
            custom: call.get("custom").is_some(),
        }));
    }
    if let Some(call) = message.get("function_call") {
        let name = call.text("name");
        let (id, arguments) = (format!("function_{name}"), arguments(call.get("arguments")));
        parts.push(Part::ToolCall(ToolCall { id, name, arguments, ..ToolCall::default() }));
    }
    request.messages.push(Message { role, parts });
    Ok(())
}

fn arguments(arguments: Option<&Json>) -> String {
    match arguments {
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// Thinking comes back from clients that know our `reasoning_details`; bare `reasoning_content` has no maker.
fn thinking(message: &Json, parts: &mut Vec<Part>) {
    let text = message.str("reasoning_content").or_else(|| message.str("reasoning")).unwrap_or_default().to_owned();
    let states: Vec<Opaque> = message
        .array("reasoning_details")
        .iter()
        .filter_map(|detail| detail.str("data"))
        .map(|data| Opaque::unpack(data, "details"))
        .filter(|state| !state.maker.is_empty())
        .collect();
    if states.is_empty() && !text.is_empty() {
        parts.push(Part::Thinking(Thinking { text, state: None }));
    } else {
        for (i, state) in states.into_iter().enumerate() {
            let text = if i == 0 { text.clone() } else { String::new() };
            parts.push(Part::Thinking(Thinking { text, state: Some(state) }));
        }
    }
}

fn content(content: Option<&Json>, at: usize, request: &mut Request, parts: &mut Vec<Part>) {
    let list = match content {
        Some(Json::String(text)) => {
            parts.push(Part::Text(text.clone()));
            return;
        }
        Some(Json::Array(list)) => list,
        _ => return,
    };
    for part in list {
        match part.str("type") {
            Some("text" | "input_text" | "output_text") => parts.push(Part::Text(part.text("text"))),
            Some("refusal") => parts.push(Part::Refusal(part.text("refusal"))),
            Some("image_url") => {
                let image = part.get("image_url").unwrap_or(&Json::Null);
                let url = image.str("url").or_else(|| image.as_str()).unwrap_or_default();
                parts.push(Part::Media(Media {
                    kind: MediaKind::Image,
                    source: source_of(url),
                    name: None,
                    detail: image.str("detail").map(str::to_owned),
                }));
            }
            Some("input_audio") => {
                let audio = part.get("input_audio").unwrap_or(&Json::Null);
                let mime = format!("audio/{}", audio.str("format").unwrap_or("wav"));
                let source = MediaSource::Base64 { mime, data: audio.text("data") };
                parts.push(Part::Media(Media { kind: MediaKind::Audio, source, name: None, detail: None }));
            }
            Some("file") => {
                let file = part.get("file").unwrap_or(&Json::Null);
                let source = match (file.str("file_data"), file.str("file_id")) {
                    (Some(data), _) => file_source(data),
                    (None, id) => MediaSource::FileId(id.unwrap_or_default().to_owned()),
                };
                let name = file.str("filename").map(str::to_owned);
                parts.push(Part::Media(Media { kind: MediaKind::Document, source, name, detail: None }));
            }
            other => {
                let kind = other.unwrap_or("without type");
                request.dropped.note(format!("content {kind}"));
                parts.push(Part::Text(crate::printable::text(&format!("[{kind} in message {at}]"))));
            }
        }
    }
}

/// Reads `file_data`: a `data:` address, or bare base64 of a PDF.
pub fn file_source(data: &str) -> MediaSource {
    if data.starts_with("data:") || data.starts_with("http") {
        source_of(data)
    } else {
        MediaSource::Base64 { mime: "application/pdf".into(), data: data.to_owned() }
    }
}
