//! Events become chat chunks: the role first, id and name of a call once, one `finish_reason`, then usage if asked for,
//! then `[DONE]`. An error is the last event and no `[DONE]` follows.

use std::collections::HashMap;

use super::{error, response};
use crate::dialect::form::{Event, Opaque, PartStart};
use crate::dialect::json::{Json, object};
use crate::dialect::names::legal_id;
use crate::dialect::route::Route;
use crate::dialect::sse;

#[derive(Debug)]
enum Part {
    Text,
    Refusal,
    Thinking,
    Call { at: u64, custom: bool },
}

/// Encodes one stream.
#[derive(Debug)]
pub struct Encoder {
    id: String,
    model: String,
    created: u64,
    include_usage: bool,
    parts: HashMap<usize, Part>,
    calls: u64,
    said_role: bool,
}

/// Foreign thinking state in `reasoning_details`, which chat clients that know it send back.
pub fn detail(text: &str, state: &Opaque) -> Json {
    object! { "type" => "reasoning.encrypted", "data" => state.pack(), "text" => text, "format" => "llmenv-v1" }
}

impl Encoder {
    /// An encoder for one exchange; `model` is the client's own name of it.
    pub fn new(model: &str, include_usage: bool, route: &Route) -> Self {
        Self {
            id: response::id_of("", route),
            model: model.to_owned(),
            created: route.now_secs,
            include_usage,
            parts: HashMap::new(),
            calls: 0,
            said_role: false,
        }
    }

    fn chunk(&mut self, mut delta: Json, logprobs: &[Json], finish: Option<&str>, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.said_role, true) {
            let mut first = object! { "role" => "assistant" };
            if delta.members().is_empty() {
                first.set("content", "");
            }
            for (name, value) in delta.members() {
                first.set(name, value);
            }
            delta = first;
        }
        let logprobs = if logprobs.is_empty() {
            Json::Null
        } else {
            object! { "content" => logprobs.to_vec(), "refusal" => Json::Null }
        };
        let choice = object! { "index" => 0u64, "delta" => delta, "logprobs" => logprobs, "finish_reason" => finish };
        self.write(vec![choice], Json::Null, out);
    }

    fn write(&self, choices: Vec<Json>, usage: Json, out: &mut Vec<u8>) {
        let mut chunk = object! {
            "id" => &self.id,
            "object" => "chat.completion.chunk",
            "created" => self.created,
            "model" => &self.model,
            "choices" => choices,
        };
        if self.include_usage {
            chunk.set("usage", usage);
        }
        sse::write(None, &chunk, out);
    }

    /// Writes one event.
    pub fn push(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Start { id, .. } => {
                if !id.is_empty() {
                    self.id.clone_from(id);
                }
            }
            Event::Open { index, part } => self.open(*index, part, out),
            Event::Delta { index, text, logprobs } => {
                let delta = match self.parts.get(index) {
                    Some(Part::Text) => object! { "content" => text },
                    Some(Part::Refusal) => object! { "refusal" => text },
                    Some(Part::Thinking) => object! { "reasoning_content" => text },
                    Some(Part::Call { at, custom }) => {
                        let body = if *custom {
                            object! { "input" => text }
                        } else {
                            object! { "arguments" => text }
                        };
                        let name = if *custom { "custom" } else { "function" };
                        object! { "tool_calls" => vec![object! { "index" => *at, name => body }] }
                    }
                    None => return,
                };
                self.chunk(delta, logprobs, None, out);
            }
            Event::State { state, .. } => {
                let details = vec![detail("", state)];
                self.chunk(object! { "reasoning_details" => details }, &[], None, out);
            }
            Event::Close { .. } => {}
            Event::Ping => out.extend_from_slice(b": ping\n\n"),
            Event::End { stop, usage } => {
                self.chunk(Json::empty_object(), &[], Some(response::finish_reason(stop)), out);
                if self.include_usage {
                    self.write(Vec::new(), response::encode_usage(&usage.unwrap_or_default()), out);
                }
                out.extend_from_slice(b"data: [DONE]\n\n");
            }
            Event::Error(failure) => sse::write(None, &error::encode(failure), out),
        }
    }

    fn open(&mut self, index: usize, part: &PartStart, out: &mut Vec<u8>) {
        let part = match part {
            PartStart::Text => Part::Text,
            PartStart::Refusal => Part::Refusal,
            PartStart::Thinking => Part::Thinking,
            PartStart::ToolCall { id, name, custom, .. } => {
                let at = self.calls;
                self.calls += 1;
                let (kind, body) = if *custom {
                    ("custom", object! { "name" => name, "input" => "" })
                } else {
                    ("function", object! { "name" => name, "arguments" => "" })
                };
                let call = object! { "index" => at, "id" => legal_id(id), "type" => kind, kind => body };
                self.chunk(object! { "tool_calls" => vec![call] }, &[], None, out);
                Part::Call { at, custom: *custom }
            }
        };
        self.parts.insert(index, part);
    }
}
