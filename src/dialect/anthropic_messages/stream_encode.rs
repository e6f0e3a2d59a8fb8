//! Events become Anthropic events: one open block at a time, numbered without gaps, `event` equal to `type`.

use super::{error, response};
use crate::dialect::form::sequence::Sequence;
use crate::dialect::form::{Event, Opaque, PartStart, Usage};
use crate::dialect::json::{Json, object};
use crate::dialect::names::legal_id;
use crate::dialect::route::Route;
use crate::dialect::sse;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    Call { custom: bool },
}

#[derive(Debug)]
struct Open {
    kind: Kind,
    /// Whether the client has seen its start: text and thinking wait for their first words, so that no empty block is sent.
    begun: bool,
    held: String,
    state: Option<Opaque>,
}

/// Encodes one stream.
#[derive(Debug)]
pub struct Encoder {
    id: String,
    model: String,
    estimate: u64,
    sequence: Sequence,
    started: bool,
    next: u64,
    open: Option<Open>,
    refused: bool,
}

impl Encoder {
    /// An encoder for one exchange; `model` is the client's own name of it, `estimate` the tokens of the request.
    pub fn new(model: &str, estimate: u64, route: &Route) -> Self {
        Self {
            id: response::id_of("", route),
            model: model.to_owned(),
            estimate,
            sequence: Sequence::default(),
            started: false,
            next: 0,
            open: None,
            refused: false,
        }
    }

    /// Writes one event.
    pub fn push(&mut self, event: Event, out: &mut Vec<u8>) {
        for event in self.sequence.push(event) {
            self.write(event, out);
        }
    }

    fn start(&mut self, usage: Option<Usage>, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        // The true figures often come at the end only; a zero here would tell the client that its window is empty.
        let mut usage =
            usage.filter(|usage| usage.input > 0).unwrap_or(Usage { input: self.estimate, ..Usage::default() });
        usage.output = usage.output.max(1);
        let message = object! {
            "id" => &self.id,
            "type" => "message",
            "role" => "assistant",
            "model" => &self.model,
            "content" => Json::Array(Vec::new()),
            "stop_reason" => Json::Null,
            "stop_sequence" => Json::Null,
            "usage" => response::encode_usage(&usage),
        };
        event("message_start", &object! { "message" => message }, out);
    }

    fn begin(&mut self, block: Json, out: &mut Vec<u8>) {
        event("content_block_start", &object! { "index" => self.next, "content_block" => block }, out);
    }

    fn delta(&self, delta: Json, out: &mut Vec<u8>) {
        event("content_block_delta", &object! { "index" => self.next, "delta" => delta }, out);
    }

    fn write(&mut self, event_: Event, out: &mut Vec<u8>) {
        match event_ {
            Event::Start { id, usage, .. } => {
                if !self.started && id.starts_with("msg_") {
                    self.id = id;
                }
                self.start(usage, out);
            }
            Event::Open { part, .. } => self.open(&part, out),
            Event::Delta { text, .. } => self.text(&text, out),
            Event::State { state, .. } => {
                if let Some(open) = &mut self.open {
                    open.state = Some(state);
                }
            }
            Event::Close { .. } => self.close(out),
            Event::Ping => {
                self.start(None, out);
                event("ping", &Json::empty_object(), out);
            }
            Event::End { stop, usage } => {
                self.start(usage, out);
                let (reason, sequence) = response::encode_stop(&stop, self.refused);
                let delta = object! { "stop_reason" => reason, "stop_sequence" => sequence };
                let usage = match usage {
                    Some(usage) => response::encode_usage(&usage),
                    None => object! { "output_tokens" => 0u64 },
                };
                event("message_delta", &object! { "delta" => delta, "usage" => usage }, out);
                event("message_stop", &Json::empty_object(), out);
            }
            Event::Error(failure) => sse::write(Some("error"), &error::encode(&failure), out),
        }
    }

    fn open(&mut self, part: &PartStart, out: &mut Vec<u8>) {
        self.refused |= *part == PartStart::Refusal;
        let kind = match part {
            PartStart::Text | PartStart::Refusal => Kind::Text,
            PartStart::Thinking => Kind::Thinking,
            PartStart::ToolCall { id, name, custom, .. } => {
                let input = Json::empty_object();
                self.begin(
                    object! { "type" => "tool_use", "id" => legal_id(id), "name" => name, "input" => input },
                    out,
                );
                Kind::Call { custom: *custom }
            }
        };
        let begun = matches!(kind, Kind::Call { .. });
        self.open = Some(Open { kind, begun, held: String::new(), state: None });
    }

    fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        let Some(open) = self.open.as_mut().filter(|_| !text.is_empty()) else { return };
        let kind = open.kind;
        if kind == (Kind::Call { custom: true }) {
            open.held.push_str(text);
            return;
        }
        if !std::mem::replace(&mut open.begun, true) {
            self.begin(
                match kind {
                    Kind::Thinking => object! { "type" => "thinking", "thinking" => "", "signature" => "" },
                    _ => object! { "type" => "text", "text" => "" },
                },
                out,
            );
        }
        self.delta(
            match kind {
                Kind::Text => object! { "type" => "text_delta", "text" => text },
                Kind::Thinking => object! { "type" => "thinking_delta", "thinking" => text },
                Kind::Call { .. } => object! { "type" => "input_json_delta", "partial_json" => text },
            },
            out,
        );
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        let Some(open) = self.open.take() else { return };
        match (open.kind, open.begun, open.state) {
            (Kind::Thinking, true, Some(state)) => {
                self.delta(object! { "type" => "signature_delta", "signature" => state.pack() }, out);
            }
            (Kind::Thinking, false, Some(state)) => {
                self.begin(object! { "type" => "redacted_thinking", "data" => state.pack() }, out);
            }
            (Kind::Text | Kind::Thinking, false, _) => return,
            (Kind::Call { custom: true }, ..) => {
                let input = crate::dialect::names::wrap_input(&open.held);
                self.delta(object! { "type" => "input_json_delta", "partial_json" => input }, out);
            }
            _ => {}
        }
        event("content_block_stop", &object! { "index" => self.next }, out);
        self.next += 1;
    }
}

fn event(name: &str, members: &Json, out: &mut Vec<u8>) {
    let mut data = object! { "type" => name };
    for (name, value) in members.members() {
        data.set(name, value);
    }
    sse::write(Some(name), &data, out);
}
