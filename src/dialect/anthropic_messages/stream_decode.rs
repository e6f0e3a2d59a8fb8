//! Anthropic events become events of the internal form.

use std::collections::HashMap;

use super::{error, response};
use crate::dialect::form::emitter::Running;
use crate::dialect::form::{Emitter, Event, Failure, FailureKind, Opaque, PartStart, StopReason, Usage};
use crate::dialect::json::Json;
use crate::dialect::route::Route;
use crate::dialect::sse;

#[derive(Debug, Default)]
struct Block {
    kind: String,
    signature: String,
    input: Option<String>,
}

/// Decodes one stream, or the content of one reply.
#[derive(Debug)]
pub struct Decoder {
    sse: sse::Parser,
    emitter: Emitter,
    maker: String,
    unique: String,
    blocks: HashMap<u64, Block>,
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
            blocks: HashMap::new(),
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
        match self.stop.clone() {
            Some(stop) => self.emitter.end(stop, self.usage),
            None => self.emitter.fail_cut(),
        }
        self.emitter.take()
    }

    /// Takes a whole reply.
    pub fn whole(mut self, body: &Json) -> Vec<Event> {
        if !matches!(body.get("content"), Some(Json::Array(_))) {
            let is_error = body.get("error").is_some();
            let failure = Failure::new(FailureKind::Upstream, "the upstream's reply is not a message");
            self.emitter.fail(if is_error { error::decode(200, body) } else { failure });
        }
        self.start(body);
        for (at, block) in body.array("content").iter().enumerate() {
            self.open(at as u64, block);
            self.close(at as u64);
        }
        self.emitter.end(response::decode_stop(body).unwrap_or_default(), self.usage);
        self.emitter.take()
    }

    fn start(&mut self, message: &Json) {
        self.usage = message.get("usage").map(|usage| response::decode_usage(usage, None));
        self.emitter.start(message.str("id").unwrap_or_default(), message.str("model").unwrap_or_default(), self.usage);
    }

    fn frame(&mut self, frame: &sse::Frame) {
        for event in sse::json_values(&frame.data) {
            let at = event.u64("index").unwrap_or(0);
            match event.str("type").unwrap_or(&frame.name) {
                "message_start" => self.start(event.get("message").unwrap_or(&Json::Null)),
                "content_block_start" => self.open(at, event.get("content_block").unwrap_or(&Json::Null)),
                "content_block_delta" => self.delta(at, event.get("delta").unwrap_or(&Json::Null)),
                "content_block_stop" => self.close(at),
                "message_delta" => {
                    if let Some(usage) = event.get("usage") {
                        self.usage = Some(response::decode_usage(usage, self.usage));
                    }
                    let stop = event.get("delta").and_then(response::decode_stop);
                    self.stop = stop.or(self.stop.take());
                }
                "message_stop" => self.emitter.end(self.stop.clone().unwrap_or_default(), self.usage),
                "ping" => self.emitter.ping(),
                "error" => self.emitter.fail(error::decode(200, &event)),
                _ if event.get("error").is_some() => self.emitter.fail(error::decode(200, &event)),
                _ => {}
            }
        }
    }

    fn open(&mut self, at: u64, block: &Json) {
        let kind = block.text("type");
        let mut known = Block { kind: kind.clone(), ..Block::default() };
        match kind.as_str() {
            "text" => {
                self.emitter.close_running();
                self.emitter.text(Running::Text, block.str("text").unwrap_or_default(), Vec::new());
            }
            "thinking" => {
                self.emitter.close_running();
                self.emitter.text(Running::Thinking, block.str("thinking").unwrap_or_default(), Vec::new());
                known.signature = block.text("signature");
            }
            "redacted_thinking" => {
                self.emitter.close_running();
                self.emitter.state(Opaque::new("redacted", &self.maker, block.text("data")));
                self.emitter.close_running();
            }
            "tool_use" => {
                let id = block.str("id").filter(|id| !id.is_empty());
                let id = id.map_or_else(|| format!("call_{}_{at}", self.unique), str::to_owned);
                let name = block.text("name");
                let part = PartStart::ToolCall { id, name, namespace: None, custom: false };
                self.emitter.call(&at.to_string(), part);
                known.input = block.get("input").filter(|input| !input.members().is_empty()).map(Json::to_string);
            }
            _ => {}
        }
        self.blocks.insert(at, known);
    }

    fn delta(&mut self, at: u64, delta: &Json) {
        match delta.str("type").unwrap_or_default() {
            "text_delta" => self.emitter.text(Running::Text, delta.str("text").unwrap_or_default(), Vec::new()),
            "thinking_delta" => {
                self.emitter.text(Running::Thinking, delta.str("thinking").unwrap_or_default(), Vec::new());
            }
            "signature_delta" => {
                if let Some(block) = self.blocks.get_mut(&at).filter(|block| block.kind == "thinking") {
                    block.signature.push_str(delta.str("signature").unwrap_or_default());
                }
            }
            "input_json_delta" => {
                if let Some(piece) = delta.str("partial_json").filter(|piece| !piece.is_empty()) {
                    if let Some(block) = self.blocks.get_mut(&at) {
                        block.input = None;
                    }
                    self.emitter.arguments(&at.to_string(), piece);
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, at: u64) {
        let Some(block) = self.blocks.remove(&at) else { return };
        match block.kind.as_str() {
            "thinking" => {
                if !block.signature.is_empty() {
                    self.emitter.state(Opaque::new("signature", &self.maker, block.signature));
                }
                self.emitter.close_running();
            }
            "tool_use" => {
                if let Some(input) = block.input {
                    self.emitter.arguments(&at.to_string(), &input);
                }
                self.emitter.close_call(&at.to_string());
            }
            _ => self.emitter.close_running(),
        }
    }
}
