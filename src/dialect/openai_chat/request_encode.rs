//! The internal form becomes a chat request.

use crate::dialect::encode::{Encoding, SYSTEM_REMINDER};
use crate::dialect::form::{
    Failure, Media, MediaKind, MediaSource, Message, OutputFormat, Part, Request, Role, ToolChoice, ToolResult,
};
use crate::dialect::json::{Json, object};
use crate::dialect::media::{address_of, placeholder};
use crate::dialect::names::wrap_input;
use crate::dialect::schema;

/// The most texts that end an answer.
const MAX_STOP: usize = 4;

/// Writes a request.
pub fn encode(request: &Request, with: &mut Encoding) -> Result<Json, Failure> {
    let thinks = with.route.is_openai_reasoning();
    let mut messages = Vec::new();
    for message in &request.messages {
        encode_message(message, with, &mut messages)?;
    }
    let mut body = object! { "model" => &with.route.model, "messages" => messages };
    if let Some(limit) = with.route.max_tokens(request.max_tokens) {
        let is_new = with.route.quirks.max_completion_tokens.unwrap_or(thinks);
        body.set(if is_new { "max_completion_tokens" } else { "max_tokens" }, limit);
    }
    let sampling = [
        ("temperature", &request.temperature),
        ("top_p", &request.top_p),
        ("frequency_penalty", &request.frequency_penalty),
        ("presence_penalty", &request.presence_penalty),
    ];
    for (name, value) in sampling {
        match value {
            Some(_) if thinks => with.dropped.note(name),
            value => body.set_some(name, value.clone()),
        }
    }
    body.set_some("seed", request.seed.clone());
    if request.top_k.is_some() {
        with.dropped.note("top_k");
    }
    if !request.stop.is_empty() && thinks {
        with.dropped.note("stop");
    } else if !request.stop.is_empty() {
        if request.stop.len() > MAX_STOP {
            with.dropped.note("stop beyond four");
        }
        body.set("stop", request.stop.iter().take(MAX_STOP).collect::<Vec<_>>());
    }
    encode_tools(request, with, &mut body);
    if let Some(effort) = request.reasoning.effort() {
        if with.route.takes_reasoning() {
            // Others than OpenAI know three levels.
            let effort = match effort.as_str() {
                "minimal" if !thinks => "low",
                "xhigh" | "max" if !thinks => "high",
                effort => effort,
            };
            body.set("reasoning_effort", effort);
        } else {
            with.dropped.note("reasoning effort");
        }
    }
    match &request.output {
        OutputFormat::Text => {}
        OutputFormat::JsonObject => body.set("response_format", object! { "type" => "json_object" }),
        OutputFormat::JsonSchema { name, schema, strict } => {
            let mut format = object! { "name" => name, "schema" => schema };
            format.set_some("strict", *strict);
            body.set("response_format", object! { "type" => "json_schema", "json_schema" => format });
        }
    }
    if thinks {
        body.set_some("verbosity", request.verbosity.clone());
    }
    if let Some(alternatives) = request.logprobs {
        body.set("logprobs", true);
        if alternatives > 0 {
            body.set("top_logprobs", alternatives);
        }
    }
    // Some servers refuse a member they do not know.
    body.set_some("prompt_cache_key", request.cache_key.as_ref().filter(|_| with.route.is_openai()));
    if request.stream {
        body.set("stream", true);
        if with.route.quirks.stream_options.unwrap_or(true) {
            body.set("stream_options", object! { "include_usage" => true });
        }
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
            let mut function = object! { "name" => with.names.flat(tool.namespace.as_deref(), &tool.name) };
            function.set_some("description", with.description(tool));
            function.set("parameters", with.parameters(tool, schema::clean));
            function.set_some("strict", tool.strict.filter(|strict| *strict));
            object! { "type" => "function", "function" => function }
        })
        .collect();
    body.set("tools", tools);
    match &request.tool_choice {
        None => {}
        Some(ToolChoice::Auto) => body.set("tool_choice", "auto"),
        Some(ToolChoice::None) => body.set("tool_choice", "none"),
        Some(ToolChoice::Required) => body.set("tool_choice", "required"),
        Some(ToolChoice::Tool { name, namespace }) => {
            let function = object! { "name" => with.names.flat(namespace.as_deref(), name) };
            body.set("tool_choice", object! { "type" => "function", "function" => function });
        }
    }
    body.set_some("parallel_tool_calls", request.parallel_tools);
}

fn encode_message(message: &Message, with: &mut Encoding, out: &mut Vec<Json>) -> Result<(), Failure> {
    match message.role {
        Role::System => {
            let text = with.system_text(&message.parts);
            if text.is_empty() {
                return Ok(());
            }
            let leads = out.iter().all(|message| message.str("role") == Some("system"));
            if leads || with.route.quirks.system_in_place.unwrap_or(true) {
                out.push(object! { "role" => "system", "content" => text });
            } else {
                let text = SYSTEM_REMINDER.replace("{}", &text);
                out.push(object! { "role" => "user", "content" => text });
            }
        }
        Role::User => {
            // All results first, then what they carried besides text, then what the person said.
            let (mut extra, mut rest) = (Vec::new(), Vec::new());
            for part in &message.parts {
                match part {
                    Part::ToolResult(result) => out.push(encode_result(result, with, &mut extra)?),
                    part => rest.extend(encode_part(part, with)?),
                }
            }
            extra.extend(rest);
            if let [only] = extra.as_slice()
                && only.str("type") == Some("text")
            {
                out.push(object! { "role" => "user", "content" => only.text("text") });
            } else if !extra.is_empty() {
                out.push(object! { "role" => "user", "content" => extra });
            }
        }
        Role::Assistant => out.extend(encode_assistant(&message.parts, with)),
    }
    Ok(())
}

fn encode_assistant(parts: &[Part], with: &mut Encoding) -> Option<Json> {
    let mut text = String::new();
    let mut refusal: Option<String> = None;
    let (mut calls, mut details, mut thinking) = (Vec::new(), Vec::new(), None::<(String, String)>);
    for part in parts {
        match part {
            Part::Text(piece) => text.push_str(piece),
            Part::Refusal(piece) => refusal.get_or_insert_default().push_str(piece),
            Part::Thinking(part) => match &part.state {
                Some(state) if state.is_for(&with.route.maker, "details") => {
                    details.extend(Json::parse(&state.data).iter().flat_map(Json::elements).cloned());
                }
                Some(state) if state.is_for(&with.route.maker, "content") => {
                    let (_, all) = thinking.get_or_insert_with(|| (state.data.clone(), String::new()));
                    all.push_str(&part.text);
                }
                Some(state) if state.is_for(&with.route.maker, "thought") => {}
                _ => with.dropped.note("foreign thinking"),
            },
            Part::ToolCall(call) => {
                let arguments = match (call.custom, call.arguments.trim()) {
                    (true, _) => wrap_input(&call.arguments),
                    (false, "") => "{}".to_owned(),
                    (false, _) => call.arguments.clone(),
                };
                let name = with.names.flat(call.namespace.as_deref(), &call.name);
                let function = object! { "name" => name, "arguments" => arguments };
                let mut entry = object! { "id" => with.id(&call.id), "type" => "function", "function" => function };
                if let Some(signature) = with.call_state(parts, &call.id) {
                    entry.set("extra_content", object! { "google" => object! { "thought_signature" => signature } });
                }
                calls.push(entry);
            }
            Part::Media(media) => text.push_str(&placeholder(media)),
            Part::ToolResult(_) => {}
        }
    }
    if text.is_empty() && calls.is_empty() && refusal.is_none() {
        return None;
    }
    let content = if text.is_empty() { Json::Null } else { text.into() };
    let mut message = object! { "role" => "assistant", "content" => content };
    message.set_some("refusal", refusal);
    if let Some((field, text)) = thinking {
        message.set(if field == "reasoning" { "reasoning" } else { "reasoning_content" }, text);
    }
    if !details.is_empty() {
        message.set("reasoning_details", details);
    }
    if !calls.is_empty() {
        message.set("tool_calls", calls);
    }
    Some(message)
}

fn encode_result(result: &ToolResult, with: &mut Encoding, extra: &mut Vec<Json>) -> Result<Json, Failure> {
    let text = with.result_text(result);
    for part in &result.parts {
        if let Part::Media(media) = part {
            extra.push(object! { "type" => "text", "text" => format!("{} of tool call {}:", placeholder(media), with.id(&result.call_id)) });
            extra.extend(encode_part(part, with)?);
        }
    }
    Ok(object! { "role" => "tool", "tool_call_id" => with.id(&result.call_id), "content" => text })
}

fn encode_part(part: &Part, with: &mut Encoding) -> Result<Option<Json>, Failure> {
    Ok(match part {
        Part::Text(text) | Part::Refusal(text) => Some(object! { "type" => "text", "text" => text }),
        Part::Media(media) => Some(encode_media(media, with)?),
        _ => None,
    })
}

fn encode_media(media: &Media, with: &mut Encoding) -> Result<Json, Failure> {
    let address = match &media.source {
        MediaSource::FileId(_) => return Err(Encoding::no_file_ids()),
        MediaSource::Text(text) => {
            let text = format!("{}\n{text}", placeholder(media));
            return Ok(object! { "type" => "text", "text" => text });
        }
        source => address_of(source).unwrap_or_default(),
    };
    Ok(match (media.kind, &media.source) {
        (MediaKind::Image, _) => {
            let mut image = object! { "url" => address };
            image.set_some("detail", media.detail.clone());
            object! { "type" => "image_url", "image_url" => image }
        }
        (MediaKind::Audio, MediaSource::Base64 { mime, data }) => {
            let format = mime.trim_start_matches("audio/").replace("mpeg", "mp3");
            object! { "type" => "input_audio", "input_audio" => object! { "data" => data, "format" => format } }
        }
        (MediaKind::Document, MediaSource::Base64 { .. }) => {
            let name = media.name.clone().unwrap_or_else(|| "document.pdf".into());
            object! { "type" => "file", "file" => object! { "filename" => name, "file_data" => address } }
        }
        _ => {
            with.dropped.note("file by address");
            object! { "type" => "text", "text" => format!("{} {address}", placeholder(media)) }
        }
    })
}
