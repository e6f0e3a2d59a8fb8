//! Responses events become events of the internal form.
//!
//! Deltas are used where they come; where a piece comes only in a `.done`, in the finished item or in the finished
//! response, what is still missing is taken from there.

use std::collections::HashMap;

use super::{error, response};
use crate::dialect::form::emitter::Running;
use crate::dialect::form::{Emitter, Event, Failure, FailureKind, Opaque, PartStart};
use crate::dialect::json::Json;
use crate::dialect::route::Route;
use crate::dialect::sse;

#[derive(Debug, Default)]
struct Item {
    is_call: bool,
    done: bool,
    /// What of its text came, by part: `(kind, content_index)`.
    texts: HashMap<(&'static str, u64), String>,
    thought: bool,
}

/// Decodes one stream, or one reply.
#[derive(Debug)]
pub struct Decoder {
    sse: sse::Parser,
    emitter: Emitter,
    maker: String,
    unique: String,
    items: HashMap<u64, Item>,
}

impl Decoder {
    /// A decoder for one exchange.
    pub fn new(route: &Route) -> Self {
        Self {
            sse: sse::Parser::default(),
            emitter: Emitter::default(),
            maker: route.maker.clone(),
            unique: route.unique.clone(),
            items: HashMap::new(),
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
        self.emitter.fail_cut();
        self.emitter.take()
    }

    /// Takes a whole reply.
    pub fn whole(mut self, body: &Json) -> Vec<Event> {
        match body.str("status") {
            Some("failed" | "cancelled") => self.failed(body),
            _ if matches!(body.get("output"), Some(Json::Array(_))) => {
                self.start(body);
                self.completed(body);
            }
            _ => self.emitter.fail(Failure::new(FailureKind::Upstream, "the upstream's reply is not a response")),
        }
        self.emitter.take()
    }

    fn start(&mut self, response: &Json) {
        self.emitter.start(response.str("id").unwrap_or_default(), response.str("model").unwrap_or_default(), None);
    }

    fn failed(&mut self, response: &Json) {
        self.emitter.fail(error::decode(200, response));
    }

    fn completed(&mut self, response: &Json) {
        for (at, item) in response.array("output").iter().enumerate() {
            self.done(at as u64, item);
        }
        self.emitter.end(response::decode_stop(response), response.get("usage").map(response::decode_usage));
    }

    fn frame(&mut self, frame: &sse::Frame) {
        for event in sse::json_values(&frame.data) {
            let at = event.u64("output_index").unwrap_or(0);
            let response = event.get("response").unwrap_or(&Json::Null);
            match event.str("type").unwrap_or(&frame.name) {
                "response.created" => self.start(response),
                "response.in_progress" | "response.queued" => self.emitter.ping(),
                "response.output_item.added" => self.added(at, event.get("item").unwrap_or(&Json::Null)),
                "response.output_item.done" => self.done(at, event.get("item").unwrap_or(&Json::Null)),
                "response.output_text.delta" => {
                    let logprobs = event.array("logprobs").to_vec();
                    self.text(at, "text", &event, event.str("delta").unwrap_or_default(), logprobs);
                }
                "response.refusal.delta" => {
                    self.text(at, "refusal", &event, event.str("delta").unwrap_or_default(), Vec::new());
                }
                "response.reasoning_summary_text.delta" => {
                    self.text(at, "summary", &event, event.str("delta").unwrap_or_default(), Vec::new());
                }
                "response.reasoning_text.delta" => {
                    self.text(at, "reasoning", &event, event.str("delta").unwrap_or_default(), Vec::new());
                }
                "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                    self.emitter.arguments(&at.to_string(), event.str("delta").unwrap_or_default());
                }
                "response.function_call_arguments.done" => {
                    self.emitter.whole_arguments(&at.to_string(), event.str("arguments").unwrap_or_default());
                }
                "response.custom_tool_call_input.done" => {
                    self.emitter.whole_arguments(&at.to_string(), event.str("input").unwrap_or_default());
                }
                "response.completed" | "response.incomplete" => self.completed(response),
                "response.failed" | "response.cancelled" => self.failed(response),
                "error" => self.emitter.fail(error::decode(200, &event)),
                _ if event.get("error").is_some() && event.get("type").is_none() => {
                    self.emitter.fail(error::decode(200, &event));
                }
                _ => {}
            }
        }
    }

    fn text(&mut self, at: u64, kind: &'static str, event: &Json, delta: &str, logprobs: Vec<Json>) {
        let part = event.u64("content_index").or_else(|| event.u64("summary_index")).unwrap_or(0);
        let item = self.items.entry(at).or_default();
        if item.done {
            return;
        }
        let is_first = !item.texts.contains_key(&(kind, part));
        item.texts.entry((kind, part)).or_default().push_str(delta);
        item.thought |= kind == "summary" || kind == "reasoning";
        let running = match kind {
            "text" => Running::Text,
            "refusal" => Running::Refusal,
            _ => {
                if is_first && part > 0 {
                    self.emitter.text(Running::Thinking, "\n\n", Vec::new());
                }
                Running::Thinking
            }
        };
        self.emitter.text(running, delta, logprobs);
    }

    fn added(&mut self, at: u64, item: &Json) {
        if self.items.get(&at).is_some_and(|known| known.is_call || known.done) {
            return;
        }
        let kind = item.str("type").unwrap_or_default();
        let is_call = matches!(kind, "function_call" | "custom_tool_call");
        if is_call {
            let id = item.str("call_id").or_else(|| item.str("id")).filter(|id| !id.is_empty());
            let id = id.map_or_else(|| format!("call_{}_{at}", self.unique), str::to_owned);
            let namespace = item.str("namespace").map(str::to_owned);
            let part =
                PartStart::ToolCall { id, name: item.text("name"), namespace, custom: kind == "custom_tool_call" };
            self.emitter.call(&at.to_string(), part);
        } else {
            self.emitter.close_running();
        }
        self.items.insert(at, Item { is_call, ..Item::default() });
    }

    /// Takes a finished item: what of it did not come in pieces comes now, and it closes.
    fn done(&mut self, at: u64, item: &Json) {
        if self.items.get(&at).is_some_and(|known| known.done) {
            return;
        }
        if !self.items.contains_key(&at) {
            self.added(at, item);
        }
        let key = at.to_string();
        match item.str("type").unwrap_or_default() {
            "function_call" => {
                self.emitter.whole_arguments(&key, item.str("arguments").unwrap_or_default());
                self.emitter.close_call(&key);
            }
            "custom_tool_call" => {
                self.emitter.whole_arguments(&key, item.str("input").unwrap_or_default());
                self.emitter.close_call(&key);
            }
            "message" => {
                for (index, part) in item.array("content").iter().enumerate() {
                    let (kind, text) = match part.str("type") {
                        Some("refusal") => ("refusal", part.str("refusal").unwrap_or_default()),
                        _ => ("text", part.str("text").unwrap_or_default()),
                    };
                    let logprobs = part.array("logprobs").to_vec();
                    self.missing(at, kind, index as u64, text, logprobs);
                }
                self.emitter.close_running();
            }
            "reasoning" => {
                for (kind, field) in [("summary", "summary"), ("reasoning", "content")] {
                    if kind == "reasoning" && self.items.get(&at).is_some_and(|known| known.thought) {
                        let came = self.items[&at].texts.keys().any(|(kind, _)| *kind == "reasoning");
                        if !came {
                            continue;
                        }
                    }
                    for (index, part) in item.array(field).iter().enumerate() {
                        self.missing(at, kind, index as u64, part.str("text").unwrap_or_default(), Vec::new());
                    }
                }
                if let Some(state) = item.str("encrypted_content") {
                    let state = Opaque { id: item.text("id"), ..Opaque::new("encrypted", &self.maker, state) };
                    self.emitter.state(state);
                }
                self.emitter.close_running();
            }
            _ => {}
        }
        if let Some(known) = self.items.get_mut(&at) {
            known.done = true;
        }
    }

    fn missing(&mut self, at: u64, kind: &'static str, part: u64, whole: &str, logprobs: Vec<Json>) {
        let came = self.items.get(&at).and_then(|item| item.texts.get(&(kind, part))).cloned();
        let rest = whole.strip_prefix(came.as_deref().unwrap_or_default()).unwrap_or_default();
        if !rest.is_empty() {
            let logprobs = if came.is_none() { logprobs } else { Vec::new() };
            let place = crate::dialect::json::object! { "content_index" => part };
            self.text(at, kind, &place, rest, logprobs);
        }
    }
}
