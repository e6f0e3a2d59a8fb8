//! The internal form becomes a Responses request: stateless, the whole conversation each time.

use crate::dialect::encode::{Encoding, SYSTEM_REMINDER};
use crate::dialect::form::{
    Failure, Media, MediaKind, MediaSource, Message, OutputFormat, Part, Request, Role, ToolChoice, ToolResult,
};
use crate::dialect::json::{Json, object};
use crate::dialect::media::{address_of, placeholder};
use crate::dialect::schema;

/// The least limit of tokens the API takes.
const MIN_OUTPUT_TOKENS: u64 = 16;

/// Writes a request.
pub fn encode(request: &Request, with: &mut Encoding) -> Result<Json, Failure> {
    let mut body = object! { "model" => &with.route.model };
    let leading = request.messages.iter().take_while(|message| message.role == Role::System).count();
    let system: Vec<Part> = request.messages[..leading].iter().flat_map(|message| message.parts.clone()).collect();
    let instructions = with.system_text(&system);
    if !instructions.is_empty() {
        body.set("instructions", instructions);
    }
    let mut input = Vec::new();
    for message in &request.messages[leading..] {
        encode_message(message, with, &mut input)?;
    }
    body.set("input", input);
    if let Some(limit) = with.route.max_tokens(request.max_tokens) {
        body.set("max_output_tokens", limit.max(MIN_OUTPUT_TOKENS));
    }
    let thinks = with.route.is_openai_reasoning();
    for (name, value) in [("temperature", &request.temperature), ("top_p", &request.top_p)] {
        match value {
            Some(_) if thinks => with.dropped.note(name),
            value => body.set_some(name, value.clone()),
        }
    }
    let lacking = [
        ("top_k", request.top_k.is_some()),
        ("stop", !request.stop.is_empty()),
        ("seed", request.seed.is_some()),
        ("frequency_penalty", request.frequency_penalty.is_some()),
        ("presence_penalty", request.presence_penalty.is_some()),
    ];
    for (name, _) in lacking.into_iter().filter(|(_, present)| *present) {
        with.dropped.note(name);
    }
    encode_tools(request, with, &mut body);
    let mut include = Vec::new();
    if with.route.takes_reasoning() {
        if request.reasoning.is_on() || request.reasoning.effort.is_some() {
            let mut reasoning = Json::empty_object();
            reasoning.set_some("effort", request.reasoning.effort());
            if request.reasoning.is_on() {
                reasoning.set("summary", "auto");
            }
            body.set("reasoning", reasoning);
        }
        include.push("reasoning.encrypted_content");
    } else if request.reasoning.is_on() {
        with.dropped.note("reasoning effort");
    }
    let mut text = Json::empty_object();
    match &request.output {
        OutputFormat::Text => {}
        OutputFormat::JsonObject => text.set("format", object! { "type" => "json_object" }),
        OutputFormat::JsonSchema { name, schema, strict } => {
            let mut format = object! { "type" => "json_schema", "name" => name, "schema" => schema };
            format.set_some("strict", *strict);
            text.set("format", format);
        }
    }
    text.set_some("verbosity", request.verbosity.clone());
    if !text.members().is_empty() {
        body.set("text", text);
    }
    if let Some(alternatives) = request.logprobs {
        include.push("message.output_text.logprobs");
        body.set("top_logprobs", alternatives);
    }
    if !include.is_empty() {
        body.set("include", include);
    }
    body.set_some("prompt_cache_key", request.cache_key.clone());
    body.set("store", false);
    if request.stream {
        body.set("stream", true);
    }
    Ok(body)
}

fn encode_tools(request: &Request, with: &mut Encoding, body: &mut Json) {
    if request.tools.is_empty() {
        return;
    }
    let tools: Vec<Json> = request
        .tools
        .iter()
        .map(|tool| {
            let name = with.names.flat(tool.namespace.as_deref(), &tool.name);
            if let Some(format) = &tool.custom {
                let mut entry = object! { "type" => "custom", "name" => name };
                entry.set_some("description", tool.description.clone());
                // Chat has the grammar one level lower than Responses.
                let format = match format.get("grammar") {
                    Some(grammar) => object! {
                        "type" => "grammar", "syntax" => grammar.get("syntax").cloned(), "definition" => grammar.get("definition").cloned(),
                    },
                    None => format.clone(),
                };
                if format.is_object() {
                    entry.set("format", format);
                }
                return entry;
            }
            let mut entry = object! { "type" => "function", "name" => name };
            entry.set_some("description", tool.description.clone());
            entry.set("parameters", schema::clean(tool.schema.as_ref()));
            // Left out, this API enforces the schema and refuses most.
            entry.set("strict", tool.strict.unwrap_or(false));
            entry
        })
        .collect();
    body.set("tools", tools);
    match &request.tool_choice {
        None => {}
        Some(ToolChoice::Auto) => body.set("tool_choice", "auto"),
        Some(ToolChoice::None) => body.set("tool_choice", "none"),
        Some(ToolChoice::Required) => body.set("tool_choice", "required"),
        Some(ToolChoice::Tool { name, namespace }) => {
            let custom = request
                .tools
                .iter()
                .any(|tool| tool.name == *name && tool.namespace == *namespace && tool.custom.is_some());
            let name = with.names.flat(namespace.as_deref(), name);
            body.set("tool_choice", object! { "type" => if custom { "custom" } else { "function" }, "name" => name });
        }
    }
    body.set_some("parallel_tool_calls", request.parallel_tools);
}

fn encode_message(message: &Message, with: &mut Encoding, out: &mut Vec<Json>) -> Result<(), Failure> {
    if message.role == Role::System {
        let text = with.system_text(&message.parts);
        if !text.is_empty() {
            let in_place = with.route.quirks.system_in_place.unwrap_or(true);
            let (role, text) =
                if in_place { ("developer", text) } else { ("user", SYSTEM_REMINDER.replace("{}", &text)) };
            out.push(object! { "type" => "message", "role" => role, "content" => vec![input_text(&text)] });
        }
        return Ok(());
    }
    let is_user = message.role == Role::User;
    let role = if is_user { "user" } else { "assistant" };
    let mut content = Vec::new();
    for part in &message.parts {
        let item = match part {
            Part::Text(text) if is_user => {
                content.push(input_text(text));
                continue;
            }
            Part::Text(text) => {
                content.push(object! { "type" => "output_text", "text" => text });
                continue;
            }
            Part::Refusal(text) => {
                content.push(if is_user {
                    input_text(text)
                } else {
                    object! { "type" => "refusal", "refusal" => text }
                });
                continue;
            }
            Part::Media(media) if is_user => {
                content.push(encode_media(media, with)?);
                continue;
            }
            Part::Media(media) => {
                content.push(object! { "type" => "output_text", "text" => placeholder(media) });
                continue;
            }
            Part::Thinking(thinking) => {
                let own = thinking.state.as_ref().filter(|state| state.is_for(&with.route.maker, "encrypted"));
                let Some(state) = own else {
                    with.dropped.note("foreign thinking");
                    continue;
                };
                let summary = object! { "type" => "summary_text", "text" => &thinking.text };
                let mut item = object! { "type" => "reasoning" };
                item.set_some("id", Some(&state.id).filter(|id| !id.is_empty()));
                item.set("summary", if thinking.text.is_empty() { Vec::new() } else { vec![summary] });
                item.set("encrypted_content", &state.data);
                item
            }
            Part::ToolCall(call) => {
                let name = with.names.flat(call.namespace.as_deref(), &call.name);
                let call_id = with.id(&call.id);
                if call.custom {
                    object! { "type" => "custom_tool_call", "call_id" => call_id, "name" => name, "input" => &call.arguments }
                } else {
                    let arguments = if call.arguments.trim().is_empty() { "{}" } else { &call.arguments };
                    object! { "type" => "function_call", "call_id" => call_id, "name" => name, "arguments" => arguments }
                }
            }
            Part::ToolResult(result) => encode_result(result, with)?,
        };
        if !content.is_empty() {
            out.push(object! { "type" => "message", "role" => role, "content" => std::mem::take(&mut content) });
        }
        out.push(item);
    }
    if !content.is_empty() {
        out.push(object! { "type" => "message", "role" => role, "content" => content });
    }
    Ok(())
}

fn input_text(text: &str) -> Json {
    object! { "type" => "input_text", "text" => text }
}

fn encode_result(result: &ToolResult, with: &mut Encoding) -> Result<Json, Failure> {
    let has_files = result.parts.iter().any(|part| matches!(part, Part::Media(_)));
    let output = if has_files {
        let mut parts = Vec::new();
        if result.is_error {
            parts.push(input_text("Error:"));
        }
        for part in &result.parts {
            match part {
                Part::Text(text) if !text.is_empty() => parts.push(input_text(text)),
                Part::Media(media) => parts.push(encode_media(media, with)?),
                _ => {}
            }
        }
        Json::Array(parts)
    } else {
        with.result_text(result).into()
    };
    let is_custom = with.custom_calls.contains(&result.call_id);
    let kind = if is_custom { "custom_tool_call_output" } else { "function_call_output" };
    Ok(object! { "type" => kind, "call_id" => with.id(&result.call_id), "output" => output })
}

fn encode_media(media: &Media, with: &mut Encoding) -> Result<Json, Failure> {
    Ok(match (media.kind, &media.source) {
        (_, MediaSource::FileId(_)) => return Err(Encoding::no_file_ids()),
        (_, MediaSource::Text(text)) => input_text(&format!("{}\n{text}", placeholder(media))),
        (MediaKind::Image, source) => {
            let mut image = object! { "type" => "input_image", "image_url" => address_of(source) };
            image.set("detail", media.detail.as_deref().unwrap_or("auto"));
            image
        }
        (MediaKind::Document, MediaSource::Url(url)) => object! { "type" => "input_file", "file_url" => url },
        (MediaKind::Document, source) => {
            let name = media.name.clone().unwrap_or_else(|| "document.pdf".into());
            object! { "type" => "input_file", "filename" => name, "file_data" => address_of(source) }
        }
        (MediaKind::Audio, MediaSource::Base64 { mime, data }) => {
            let format = mime.trim_start_matches("audio/").replace("mpeg", "mp3");
            object! { "type" => "input_audio", "input_audio" => object! { "data" => data, "format" => format } }
        }
        (MediaKind::Audio, _) => {
            with.dropped.note("audio");
            input_text(&placeholder(media))
        }
    })
}
