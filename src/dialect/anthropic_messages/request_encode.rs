//! The internal form becomes an Anthropic request.

use crate::dialect::encode::{Encoding, SYSTEM_REMINDER};
use crate::dialect::form::{
    Failure, Media, MediaKind, MediaSource, Message, OutputFormat, Part, Request, Role, Thinking, ToolChoice,
    ToolResult,
};
use crate::dialect::json::{Json, object};
use crate::dialect::media::placeholder;
use crate::dialect::names::wrap_input;
use crate::dialect::schema;

/// The least budget of thinking the API takes.
const MIN_BUDGET: u64 = 1_024;
/// The limit of tokens for models of this generation, where the client named none.
const MAX_TOKENS: u64 = 32_000;
/// The same for older models, which take no more.
const OLD_MAX_TOKENS: u64 = 8_192;
/// The same for the oldest.
const OLDEST_MAX_TOKENS: u64 = 4_096;

/// Writes a request.
pub fn encode(request: &Request, with: &mut Encoding) -> Result<Json, Failure> {
    let limit = with.route.max_tokens(request.max_tokens).unwrap_or_else(|| default_limit(with));
    let mut body = object! { "model" => &with.route.model, "max_tokens" => limit };
    let leading = request.messages.iter().take_while(|message| message.role == Role::System).count();
    let system: Vec<Json> = request.messages[..leading]
        .iter()
        .flat_map(|message| &message.parts)
        .filter_map(
            |part| if let Part::Text(text) = part { Some(object! { "type" => "text", "text" => text }) } else { None },
        )
        .collect();
    if !system.is_empty() {
        body.set("system", system);
    }
    let mut messages: Vec<Json> = Vec::new();
    for message in &request.messages[leading..] {
        encode_message(message, with, &mut messages)?;
    }
    if messages.first().is_none_or(|first| first.str("role") != Some("user")) {
        messages
            .insert(0, object! { "role" => "user", "content" => vec![object! { "type" => "text", "text" => "." }] });
    }
    body.set("messages", messages);
    let thinks = thinking(request, limit, with, &mut body);
    for (name, value) in [("temperature", &request.temperature), ("top_p", &request.top_p), ("top_k", &request.top_k)] {
        match value {
            Some(_) if thinks => with.dropped.note(name),
            // This API's scale ends at 1.
            Some(value) if name == "temperature" && value.as_f64().is_some_and(|t| t > 1.0) => body.set(name, 1u64),
            value => body.set_some(name, value.clone()),
        }
    }
    let lacking = [
        ("frequency_penalty", request.frequency_penalty.is_some()),
        ("presence_penalty", request.presence_penalty.is_some()),
        ("seed", request.seed.is_some()),
        ("logprobs", request.logprobs.is_some()),
        ("verbosity", request.verbosity.is_some()),
    ];
    for (name, _) in lacking.into_iter().filter(|(_, present)| *present) {
        with.dropped.note(name);
    }
    let stop: Vec<&String> = request.stop.iter().filter(|text| !text.trim().is_empty()).collect();
    if !stop.is_empty() {
        body.set("stop_sequences", stop);
    }
    encode_tools(request, with, &mut body);
    match &request.output {
        OutputFormat::Text => {}
        OutputFormat::JsonObject => {
            let mut system = body.array("system").to_vec();
            system.push(object! { "type" => "text", "text" => "Answer with one JSON object and nothing else." });
            body.set("system", system);
        }
        OutputFormat::JsonSchema { schema, .. } => {
            let mut config = body.get("output_config").cloned().unwrap_or_else(Json::empty_object);
            config.set("format", object! { "type" => "json_schema", "schema" => schema });
            body.set("output_config", config);
        }
    }
    if request.stream {
        body.set("stream", true);
    }
    Ok(body)
}

fn default_limit(with: &Encoding) -> u64 {
    let model = &with.route.model;
    let limit =
        if model.contains("claude-3-opus") || model.contains("claude-3-haiku") || model.contains("claude-3-sonnet") {
            OLDEST_MAX_TOKENS
        } else if model.contains("claude-3") {
            OLD_MAX_TOKENS
        } else {
            MAX_TOKENS
        };
    with.route.quirks.max_tokens_cap.map_or(limit, |cap| limit.min(cap))
}

/// Asks for thinking where it is possible: not with a forced tool, not when the last turn's own thinking is lost.
fn thinking(request: &Request, limit: u64, with: &mut Encoding, body: &mut Json) -> bool {
    if !request.reasoning.is_on() {
        return false;
    }
    let is_forced = matches!(request.tool_choice, Some(ToolChoice::Required | ToolChoice::Tool { .. }));
    if is_forced || !with.route.takes_reasoning() || lost_thinking(request, with) {
        with.dropped.note("thinking");
        return false;
    }
    if with.route.takes_adaptive_thinking() {
        body.set("thinking", object! { "type" => "adaptive" });
        if let Some(effort) = request.reasoning.effort() {
            let effort = if effort == "minimal" { "low".to_owned() } else { effort };
            body.set("output_config", object! { "effort" => effort });
        }
        return true;
    }
    let budget = request.reasoning.budget().unwrap_or(MIN_BUDGET * 8).max(MIN_BUDGET).min(limit.saturating_sub(1));
    if budget < MIN_BUDGET {
        with.dropped.note("thinking");
        return false;
    }
    body.set("thinking", object! { "type" => "enabled", "budget_tokens" => budget });
    true
}

/// Says whether the turn that is going on has calls whose thinking did not come back; the API refuses that.
fn lost_thinking(request: &Request, with: &Encoding) -> bool {
    let Some(at) = request.messages.iter().rposition(|message| message.role == Role::Assistant) else { return false };
    let goes_on = request.messages[at + 1..]
        .iter()
        .any(|message| message.parts.iter().any(|part| matches!(part, Part::ToolResult(_))));
    let ours = |part: &Part| matches!(part, Part::Thinking(thinking) if block_of(thinking, with).is_some());
    goes_on && !request.messages[at].parts.iter().any(ours)
}

fn encode_tools(request: &Request, with: &mut Encoding, body: &mut Json) {
    if request.tools.is_empty() {
        return;
    }
    let tools: Vec<Json> = request
        .tools
        .iter()
        .map(|tool| {
            let mut entry = object! { "name" => with.names.flat(tool.namespace.as_deref(), &tool.name) };
            entry.set_some("description", with.description(tool));
            let mut parameters = with.parameters(tool, schema::clean);
            if parameters.get("type").is_none() {
                parameters.set("type", "object");
            }
            entry.set("input_schema", parameters);
            entry
        })
        .collect();
    body.set("tools", tools);
    let mut choice = match &request.tool_choice {
        None | Some(ToolChoice::Auto) => object! { "type" => "auto" },
        Some(ToolChoice::None) => object! { "type" => "none" },
        Some(ToolChoice::Required) => object! { "type" => "any" },
        Some(ToolChoice::Tool { name, namespace }) => {
            object! { "type" => "tool", "name" => with.names.flat(namespace.as_deref(), name) }
        }
    };
    if request.parallel_tools == Some(false) && request.tool_choice != Some(ToolChoice::None) {
        choice.set("disable_parallel_tool_use", true);
    } else if request.tool_choice.is_none() {
        return;
    }
    body.set("tool_choice", choice);
}

fn encode_message(message: &Message, with: &mut Encoding, out: &mut Vec<Json>) -> Result<(), Failure> {
    let (role, blocks) = match message.role {
        Role::System => {
            let text = with.system_text(&message.parts);
            if text.is_empty() {
                return Ok(());
            }
            if with.route.quirks.system_in_place == Some(true) {
                ("system", vec![text_block(&text)])
            } else {
                ("user", vec![text_block(&SYSTEM_REMINDER.replace("{}", &text))])
            }
        }
        Role::User => {
            let mut blocks = Vec::new();
            for part in &message.parts {
                match part {
                    Part::ToolResult(result) => blocks.push(encode_result(result, with)?),
                    Part::Text(text) | Part::Refusal(text) => blocks.push(text_block(text)),
                    Part::Media(media) => blocks.push(encode_media(media, with)?),
                    _ => {}
                }
            }
            ("user", blocks)
        }
        Role::Assistant => ("assistant", encode_assistant(&message.parts, with)),
    };
    if blocks.is_empty() {
        return Ok(());
    }
    if let Some(last) = out.last_mut().filter(|last| last.str("role") == Some(role) && role != "system") {
        let mut all = last.array("content").to_vec();
        all.extend(blocks);
        last.set("content", all);
    } else {
        out.push(object! { "role" => role, "content" => blocks });
    }
    Ok(())
}

fn text_block(text: &str) -> Json {
    object! { "type" => "text", "text" => text }
}

/// A thinking block, if the upstream made it.
fn block_of(thinking: &Thinking, with: &Encoding) -> Option<Json> {
    let state = thinking.state.as_ref()?;
    if state.is_for(&with.route.maker, "redacted") {
        return Some(object! { "type" => "redacted_thinking", "data" => &state.data });
    }
    state
        .is_for(&with.route.maker, "signature")
        .then(|| object! { "type" => "thinking", "thinking" => &thinking.text, "signature" => &state.data })
}

fn encode_assistant(parts: &[Part], with: &mut Encoding) -> Vec<Json> {
    let mut blocks = Vec::new();
    for part in parts {
        match part {
            Part::Text(text) | Part::Refusal(text) => blocks.push(text_block(text)),
            Part::Thinking(thinking) => match block_of(thinking, with) {
                Some(block) => blocks.push(block),
                None => with.dropped.note("foreign thinking"),
            },
            Part::ToolCall(call) => {
                let arguments = if call.custom { wrap_input(&call.arguments) } else { call.arguments.clone() };
                // An earlier call that was cut is history: what is left of it is told as text of its own argument.
                let input = match Json::parse(&arguments) {
                    Some(input) if input.is_object() => input,
                    _ if arguments.trim().is_empty() => Json::empty_object(),
                    _ => object! { "input" => arguments },
                };
                let name = with.names.flat(call.namespace.as_deref(), &call.name);
                blocks.push(
                    object! { "type" => "tool_use", "id" => with.id(&call.id), "name" => name, "input" => input },
                );
            }
            Part::Media(media) => blocks.push(text_block(&placeholder(media))),
            Part::ToolResult(_) => {}
        }
    }
    blocks
}

fn encode_result(result: &ToolResult, with: &mut Encoding) -> Result<Json, Failure> {
    let has_files = result.parts.iter().any(|part| matches!(part, Part::Media(_)));
    let content = if has_files {
        let mut blocks = Vec::new();
        for part in &result.parts {
            match part {
                Part::Text(text) if !text.is_empty() => blocks.push(text_block(text)),
                Part::Media(media) => blocks.push(encode_media(media, with)?),
                _ => {}
            }
        }
        Json::Array(blocks)
    } else {
        let plain = ToolResult { is_error: false, ..result.clone() };
        with.result_text(&plain).into()
    };
    let mut block =
        object! { "type" => "tool_result", "tool_use_id" => with.id(&result.call_id), "content" => content };
    if result.is_error {
        block.set("is_error", true);
    }
    Ok(block)
}

fn encode_media(media: &Media, with: &mut Encoding) -> Result<Json, Failure> {
    let kind = match (media.kind, &media.source) {
        (MediaKind::Audio, _) => {
            with.dropped.note("audio");
            return Ok(text_block(&placeholder(media)));
        }
        (MediaKind::Image, _) => "image",
        (MediaKind::Document, _) => "document",
    };
    let source = match &media.source {
        MediaSource::Base64 { mime, data } => object! { "type" => "base64", "media_type" => mime, "data" => data },
        MediaSource::Url(url) => object! { "type" => "url", "url" => url },
        MediaSource::Text(text) => object! { "type" => "text", "media_type" => "text/plain", "data" => text },
        MediaSource::FileId(_) => return Err(Encoding::no_file_ids()),
    };
    let mut block = object! { "type" => kind, "source" => source };
    if kind == "document" {
        block.set_some("title", media.name.clone());
    }
    Ok(block)
}
