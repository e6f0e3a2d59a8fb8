//! The internal form becomes a Gemini request. The model and the method stand in the path.

use crate::dialect::encode::{Encoding, SYSTEM_REMINDER};
use crate::dialect::form::{
    Failure, Media, MediaSource, Message, OutputFormat, Part, Request, Role, ToolChoice, ToolResult,
};
use crate::dialect::json::{Json, object};
use crate::dialect::media::{mime_by_ending, placeholder};
use crate::dialect::names::wrap_input;
use crate::dialect::schema;

/// The most texts that end an answer.
const MAX_STOP: usize = 5;
/// What stands for the signature of a call another model made; Gemini 3 refuses a call without any.
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// Writes a request.
pub fn encode(request: &Request, with: &mut Encoding) -> Result<Json, Failure> {
    let leading = request.messages.iter().take_while(|message| message.role == Role::System).count();
    let system: Vec<Part> = request.messages[..leading].iter().flat_map(|message| message.parts.clone()).collect();
    let instruction = with.system_text(&system);
    let mut contents: Vec<Json> = Vec::new();
    let mut calls: Vec<(String, String)> = Vec::new();
    for message in &request.messages[leading..] {
        encode_message(message, with, &mut calls, &mut contents)?;
    }
    if contents.first().is_none_or(|first| first.str("role") != Some("user")) {
        contents.insert(0, object! { "role" => "user", "parts" => vec![object! { "text" => "." }] });
    }
    let mut body = object! { "contents" => contents };
    if !instruction.is_empty() {
        body.set("systemInstruction", object! { "parts" => vec![object! { "text" => instruction }] });
    }
    encode_tools(request, with, &mut body);
    let config = generation_config(request, with);
    if !config.members().is_empty() {
        body.set("generationConfig", config);
    }
    Ok(body)
}

fn generation_config(request: &Request, with: &mut Encoding) -> Json {
    let mut config = Json::empty_object();
    config.set_some("temperature", request.temperature.clone());
    config.set_some("topP", request.top_p.clone());
    config.set_some("topK", request.top_k.clone());
    config.set_some("seed", request.seed.clone());
    config.set_some("frequencyPenalty", request.frequency_penalty.clone());
    config.set_some("presencePenalty", request.presence_penalty.clone());
    config.set_some("maxOutputTokens", with.route.max_tokens(request.max_tokens));
    if !request.stop.is_empty() {
        if request.stop.len() > MAX_STOP {
            with.dropped.note("stop beyond five");
        }
        config.set("stopSequences", request.stop.iter().take(MAX_STOP).collect::<Vec<_>>());
    }
    for (name, present) in [("logprobs", request.logprobs.is_some()), ("verbosity", request.verbosity.is_some())] {
        if present {
            with.dropped.note(name);
        }
    }
    match &request.output {
        OutputFormat::Text => {}
        OutputFormat::JsonObject => config.set("responseMimeType", "application/json"),
        OutputFormat::JsonSchema { schema, .. } => {
            config.set("responseMimeType", "application/json");
            if with.route.quirks.json_schema.unwrap_or(true) {
                config.set("responseJsonSchema", schema);
            } else {
                config.set("responseSchema", schema::gemini(schema));
            }
        }
    }
    if let Some(thinking) = thinking_config(request, with) {
        config.set("thinkingConfig", thinking);
    }
    config
}

fn thinking_config(request: &Request, with: &mut Encoding) -> Option<Json> {
    let model = &with.route.model;
    if !with.route.takes_reasoning() {
        if request.reasoning.is_on() {
            with.dropped.note("thinking");
        }
        return None;
    }
    if request.reasoning.effort.as_deref() == Some("none") {
        // The pro models always think.
        return (!model.contains("pro") && !model.contains("gemini-3")).then(|| object! { "thinkingBudget" => 0u64 });
    }
    if !request.reasoning.is_on() {
        return None;
    }
    let mut thinking = object! { "includeThoughts" => true };
    if model.contains("gemini-3") {
        thinking.set_some(
            "thinkingLevel",
            request.reasoning.effort().map(|effort| match effort.as_str() {
                "minimal" | "low" => "LOW",
                "medium" => "MEDIUM",
                _ => "HIGH",
            }),
        );
    } else {
        thinking.set_some("thinkingBudget", request.reasoning.budget().map(|budget| budget.min(24_576)));
    }
    Some(thinking)
}

fn encode_tools(request: &Request, with: &mut Encoding, body: &mut Json) {
    if request.tools.is_empty() {
        return;
    }
    let full = with.route.quirks.json_schema.unwrap_or(true);
    let declarations: Vec<Json> = request
        .tools
        .iter()
        .map(|tool| {
            let mut entry = object! { "name" => with.names.flat(tool.namespace.as_deref(), &tool.name) };
            entry.set("description", with.description(tool).unwrap_or_default());
            let parameters = with.parameters(tool, schema::clean);
            if full {
                entry.set("parametersJsonSchema", parameters);
            } else if !parameters.get("properties").is_some_and(|p| p.members().is_empty()) {
                entry.set("parameters", schema::gemini(&parameters));
            }
            entry
        })
        .collect();
    body.set("tools", vec![object! { "functionDeclarations" => declarations }]);
    let config = match &request.tool_choice {
        None => None,
        Some(ToolChoice::Auto) => Some(object! { "mode" => "AUTO" }),
        Some(ToolChoice::None) => Some(object! { "mode" => "NONE" }),
        Some(ToolChoice::Required) => Some(object! { "mode" => "ANY" }),
        Some(ToolChoice::Tool { name, namespace }) => Some(object! {
            "mode" => "ANY", "allowedFunctionNames" => vec![with.names.flat(namespace.as_deref(), name)],
        }),
    };
    if let Some(config) = config {
        body.set("toolConfig", object! { "functionCallingConfig" => config });
    }
    if request.parallel_tools == Some(false) {
        with.dropped.note("parallel_tool_calls");
    }
}

fn encode_message(
    message: &Message,
    with: &mut Encoding,
    calls: &mut Vec<(String, String)>,
    out: &mut Vec<Json>,
) -> Result<(), Failure> {
    let mut parts = Vec::new();
    let mut signed = false;
    if message.role == Role::System {
        let text = with.system_text(&message.parts);
        if !text.is_empty() {
            parts.push(object! { "text" => SYSTEM_REMINDER.replace("{}", &text) });
        }
    } else {
        for part in &message.parts {
            match part {
                Part::Text(text) | Part::Refusal(text) => parts.push(object! { "text" => text }),
                Part::Media(media) => parts.push(encode_media(media, with)?),
                Part::Thinking(thinking) => {
                    if !thinking.state.as_ref().is_some_and(|state| state.is_for(&with.route.maker, "thought")) {
                        with.dropped.note("foreign thinking");
                    }
                }
                Part::ToolCall(call) => {
                    let arguments = if call.custom { wrap_input(&call.arguments) } else { call.arguments.clone() };
                    let args = match Json::parse(&arguments) {
                        Some(args) if args.is_object() => args,
                        _ if arguments.trim().is_empty() => Json::empty_object(),
                        _ => object! { "input" => arguments },
                    };
                    let name = with.names.flat(call.namespace.as_deref(), &call.name);
                    calls.push((call.id.clone(), name.clone()));
                    let mut entry = object! { "functionCall" => object! { "name" => name, "args" => args } };
                    // Of parallel calls the first alone carries a signature.
                    match with.call_state(&message.parts, &call.id) {
                        Some(signature) => entry.set("thoughtSignature", signature),
                        None if !signed && with.route.model.contains("gemini-3") => {
                            entry.set("thoughtSignature", NO_SIGNATURE);
                        }
                        None => {}
                    }
                    signed = true;
                    parts.push(entry);
                }
                Part::ToolResult(result) => encode_result(result, with, calls, &mut parts)?,
            }
        }
    }
    if parts.is_empty() {
        return Ok(());
    }
    let role = if message.role == Role::Assistant { "model" } else { "user" };
    if let Some(last) = out.last_mut().filter(|last| last.str("role") == Some(role)) {
        let mut all = last.array("parts").to_vec();
        all.extend(parts);
        last.set("parts", all);
    } else {
        out.push(object! { "role" => role, "parts" => parts });
    }
    Ok(())
}

fn encode_result(
    result: &ToolResult,
    with: &mut Encoding,
    calls: &[(String, String)],
    parts: &mut Vec<Json>,
) -> Result<(), Failure> {
    let name = calls.iter().rev().find(|(id, _)| *id == result.call_id).map_or("tool", |(_, name)| name.as_str());
    let plain = ToolResult { is_error: false, ..result.clone() };
    let text = with.result_text(&plain);
    let response = if result.is_error {
        object! { "error" => text }
    } else {
        object! { "output" => text }
    };
    parts.push(object! { "functionResponse" => object! { "name" => name, "response" => response } });
    for part in &result.parts {
        if let Part::Media(media) = part {
            parts.push(encode_media(media, with)?);
        }
    }
    Ok(())
}

fn encode_media(media: &Media, with: &mut Encoding) -> Result<Json, Failure> {
    Ok(match &media.source {
        MediaSource::Base64 { mime, data } => {
            object! { "inlineData" => object! { "mimeType" => mime, "data" => data } }
        }
        MediaSource::Url(url) => {
            let mime = mime_by_ending(url, media.kind);
            object! { "fileData" => object! { "mimeType" => mime, "fileUri" => url } }
        }
        MediaSource::Text(text) => object! { "text" => format!("{}\n{text}", placeholder(media)) },
        MediaSource::FileId(_) => {
            with.dropped.note("file id");
            return Err(Encoding::no_file_ids());
        }
    })
}
