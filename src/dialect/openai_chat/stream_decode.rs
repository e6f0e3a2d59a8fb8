//! Chat chunks become events. Servers differ in every detail of tool calls; all that was seen is taken.

use super::think::Think;
use super::{error, response};
use crate::dialect::form::emitter::Running;
use crate::dialect::form::{Emitter, Event, Failure, FailureKind, Opaque, PartStart, StopReason, Usage};
use crate::dialect::json::{Json, object};
use crate::dialect::names::legal_id;
use crate::dialect::route::Route;
use crate::dialect::sse;

#[derive(Debug)]
struct Call {
    key: String,
    index: Option<u64>,
    id: Option<String>,
    name: String,
    held: String,
}

/// Decodes one stream, or the message of one reply.
#[derive(Debug)]
pub struct Decoder {
    sse: sse::Parser,
    emitter: Emitter,
    maker: String,
    unique: String,
    calls: Vec<Call>,
    think: Option<Think>,
    details: Vec<Json>,
    content_field: Option<&'static str>,
    stop: Option<StopReason>,
    usage: Option<Usage>,
}

impl Decoder {
    /// A decoder for one exchange.
    pub fn new(route: &Route) -> Self {
        Self {
            sse: sse::Parser::default(),
            emitter: Emitter::default(),
            maker: route.maker.clone(),
            unique: route.unique.clone(),
            calls: Vec::new(),
            think: route.quirks.think_tags.then(Think::default),
            details: Vec::new(),
            content_field: None,
            stop: None,
            usage: None,
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Event> {
        match self.sse.push(bytes) {
            Ok(frames) => frames.iter().for_each(|frame| self.frame(frame)),
            Err(sse::TooLarge) => self.emitter.fail_too_large(),
        }
        self.emitter.take()
    }

    /// Says that nothing more comes.
    pub fn finish(&mut self) -> Vec<Event> {
        if let Some(frame) = self.sse.finish() {
            self.frame(&frame);
        }
        if self.stop.is_some() {
            self.end();
        } else {
            self.emitter.fail_cut();
        }
        self.emitter.take()
    }

    fn frame(&mut self, frame: &sse::Frame) {
        for value in sse::json_values(&frame.data) {
            self.chunk(&value, &frame.name);
        }
        if frame.data.trim_end().ends_with("[DONE]") {
            self.end();
        }
    }

    fn chunk(&mut self, chunk: &Json, name: &str) {
        if chunk.get("error").is_some() || name == "error" {
            self.emitter.fail(error::decode(200, chunk));
            return;
        }
        if chunk.get("choices").is_none() && chunk.get("usage").is_none() {
            return;
        }
        if let Some(usage) = chunk.get("usage").filter(|usage| usage.is_object()) {
            self.usage = Some(response::decode_usage(usage));
        }
        let Some(choice) = chunk.array("choices").iter().find(|choice| choice.u64("index").unwrap_or(0) == 0) else {
            return;
        };
        self.emitter.start(chunk.str("id").unwrap_or_default(), chunk.str("model").unwrap_or_default(), self.usage);
        if let Some(delta) = choice.get("delta").or_else(|| choice.get("message")) {
            self.message(delta, choice.get("logprobs"));
        }
        self.finish_reason(choice);
    }

    /// Takes a whole reply.
    pub fn whole(mut self, body: &Json) -> Vec<Event> {
        if body.get("choices").is_none() {
            self.emitter.fail(Failure::new(FailureKind::Upstream, "the upstream's reply is not a chat completion"));
        }
        self.chunk(body, "");
        if !self.emitter.is_over() {
            self.stop.get_or_insert(StopReason::End);
            self.end();
        }
        self.emitter.take()
    }

    fn finish_reason(&mut self, choice: &Json) {
        self.stop = Some(match choice.str("finish_reason") {
            None | Some("") => return,
            Some("length" | "max_tokens") => StopReason::Limit,
            Some("tool_calls" | "function_call") => StopReason::Tool,
            Some("content_filter") => StopReason::Filter,
            Some("error") => {
                self.emitter
                    .fail(Failure::new(FailureKind::Upstream, "the upstream broke off the answer with an error"));
                return;
            }
            Some(_) => StopReason::End,
        });
    }

    fn message(&mut self, delta: &Json, logprobs: Option<&Json>) {
        for field in ["reasoning_content", "reasoning"] {
            if let Some(text) = delta.str(field).filter(|text| !text.is_empty()) {
                self.content_field = Some(field);
                self.emitter.text(Running::Thinking, text, Vec::new());
                break;
            }
        }
        self.reasoning_details(delta.array("reasoning_details"), self.content_field.is_some());
        let logprobs = logprobs.map_or(&[][..], |logprobs| logprobs.array("content")).to_vec();
        let content = match delta.get("content") {
            Some(Json::Array(parts)) => parts.iter().filter_map(|part| part.str("text")).collect(),
            Some(Json::String(text)) => text.clone(),
            _ => String::new(),
        };
        match &mut self.think {
            Some(think) if !content.is_empty() => {
                for (is_thinking, text) in think.push(&content) {
                    self.running(if is_thinking { Running::Thinking } else { Running::Text }, &text, Vec::new());
                }
            }
            _ => self.running(Running::Text, &content, logprobs),
        }
        if let Some(refusal) = delta.str("refusal") {
            self.running(Running::Refusal, refusal, Vec::new());
        }
        for (at, call) in delta.array("tool_calls").iter().enumerate() {
            self.call(call, at);
        }
        if let Some(function) = delta.get("function_call") {
            self.call(&object! { "index" => 0u64, "function" => function }, 0);
        }
    }

    fn running(&mut self, kind: Running, text: &str, logprobs: Vec<Json>) {
        if text.is_empty() && logprobs.is_empty() {
            return;
        }
        if kind != Running::Thinking {
            self.end_thinking();
        }
        self.emitter.text(kind, text, logprobs);
    }

    /// Collects `reasoning_details`; pieces of one entry carry its index and are joined.
    fn reasoning_details(&mut self, details: &[Json], has_text: bool) {
        for detail in details {
            if !has_text && let Some(text) = detail.str("text").or_else(|| detail.str("summary")) {
                self.emitter.text(Running::Thinking, text, Vec::new());
            }
            let same = |known: &&mut Json| {
                detail.get("index").is_some()
                    && known.get("index") == detail.get("index")
                    && known.str("type") == detail.str("type")
            };
            match self.details.iter_mut().find(same) {
                Some(known) => {
                    for (name, value) in detail.members() {
                        let joined = matches!(name.as_str(), "text" | "summary" | "data" | "signature");
                        match (known.str(name), value.as_str()) {
                            (Some(old), Some(more)) if joined => known.set(name, format!("{old}{more}")),
                            (_, Some(_)) => known.set(name, value),
                            _ => {}
                        }
                    }
                }
                None => self.details.push(detail.clone()),
            }
        }
    }

    /// Gives the thinking so far its state: what must go back to this upstream with the next request.
    fn end_thinking(&mut self) {
        if !self.details.is_empty() {
            let details = Json::Array(std::mem::take(&mut self.details));
            self.content_field = None;
            self.emitter.state(Opaque::new("details", &self.maker, details.to_string()));
            self.emitter.close_running();
        } else if let Some(field) = self.content_field.take() {
            self.emitter.state(Opaque::new("content", &self.maker, field));
            self.emitter.close_running();
        }
    }

    fn call(&mut self, delta: &Json, at: usize) {
        self.end_thinking();
        if let Some((is_thinking, text)) = self.think.as_mut().and_then(Think::finish) {
            self.running(if is_thinking { Running::Thinking } else { Running::Text }, &text, Vec::new());
        }
        let body = delta.get("function").or_else(|| delta.get("custom")).unwrap_or(delta);
        let custom = delta.get("custom").is_some();
        let id = delta.str("id").filter(|id| !id.is_empty());
        let name = body.str("name").filter(|name| !name.is_empty());
        let index = delta.u64("index");
        let arguments = match body.get("arguments").or_else(|| body.get("input")) {
            Some(Json::String(text)) => text.clone(),
            Some(whole @ Json::Object(_)) => whole.to_string(),
            _ => String::new(),
        };
        let known = self.known_call(id, index, name, &arguments);
        let slot = known.unwrap_or_else(|| {
            let count = self.calls.len();
            self.calls.push(Call {
                key: count.to_string(),
                index: index.or(Some(at as u64)).filter(|_| index.is_some()),
                id: id.map(str::to_owned),
                name: String::new(),
                held: String::new(),
            });
            count
        });
        let taken =
            self.calls.iter().enumerate().any(|(i, call)| i != slot && id.is_some() && call.id.as_deref() == id);
        let call = &mut self.calls[slot];
        if call.name.is_empty() {
            call.held.push_str(&arguments);
            let Some(name) = name else { return };
            name.clone_into(&mut call.name);
            let id = call.id.clone().filter(|_| !taken).unwrap_or_else(|| format!("call_{}_{slot}", self.unique));
            if let Some(signature) =
                delta.get("extra_content").and_then(|extra| extra.get("google")?.str("thought_signature"))
            {
                self.emitter.state(Opaque { id: legal_id(&id), ..Opaque::new("thought", &self.maker, signature) });
            }
            let part = PartStart::ToolCall { id, name: name.to_owned(), namespace: None, custom };
            self.emitter.call(&call.key, part);
            let held = std::mem::take(&mut call.held);
            self.emitter.arguments(&call.key, &held);
        } else {
            self.emitter.arguments(&call.key, &arguments);
        }
    }

    /// The call a piece belongs to. By id first, then by index, then the last one; a piece that names a function while
    /// the call is whole begins another, which is how servers without ids and with index 0 everywhere are read.
    fn known_call(&self, id: Option<&str>, index: Option<u64>, name: Option<&str>, arguments: &str) -> Option<usize> {
        if let Some(id) = id {
            let same_id = self.calls.iter().rposition(|call| {
                call.id.as_deref() == Some(id) && (index.is_none() || call.index.is_none() || call.index == index)
            });
            return same_id.or_else(|| {
                self.calls
                    .iter()
                    .rposition(|call| call.id.is_none() && index.is_some() && call.index == index && name.is_none())
            });
        }
        let slot = match index {
            Some(_) => self.calls.iter().rposition(|call| call.index == index)?,
            None => self.calls.len().checked_sub(1)?,
        };
        let call = &self.calls[slot];
        let begins = name.is_some()
            && !call.name.is_empty()
            && ((index.is_none() && name != Some(call.name.as_str()))
                || (!arguments.is_empty() && self.emitter.is_whole(&call.key)));
        (!begins).then_some(slot)
    }

    fn end(&mut self) {
        if let Some((is_thinking, text)) = self.think.as_mut().and_then(Think::finish) {
            self.running(if is_thinking { Running::Thinking } else { Running::Text }, &text, Vec::new());
        }
        if !self.emitter.is_over() {
            self.end_thinking();
        }
        self.emitter.end(self.stop.clone().unwrap_or_default(), self.usage);
    }
}
