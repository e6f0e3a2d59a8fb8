//! Gemini's partial candidates become events. The stream has no last event: it is whole once a finish reason came.

use super::{error, response};
use crate::dialect::form::emitter::Running;
use crate::dialect::form::{Emitter, Event, Failure, FailureKind, Opaque, PartStart, StopReason, Usage};
use crate::dialect::json::Json;
use crate::dialect::names::legal_id;
use crate::dialect::route::Route;
use crate::dialect::sse;

/// Decodes one stream, or one reply.
#[derive(Debug)]
pub struct Decoder {
    sse: sse::Parser,
    emitter: Emitter,
    maker: String,
    unique: String,
    calls: usize,
    ids: Vec<String>,
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
            calls: 0,
            ids: Vec::new(),
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

    /// Takes a whole reply, or the array of partial ones that a stream without `alt=sse` is.
    pub fn whole(mut self, body: &Json) -> Vec<Event> {
        let is_one = body.is_object();
        let parts = if is_one { std::slice::from_ref(body) } else { body.elements() };
        for part in parts {
            self.chunk(part);
        }
        match self.stop.clone() {
            Some(stop) => self.emitter.end(stop, self.usage),
            None if body.get("candidates").is_some() => self.emitter.end(StopReason::End, self.usage),
            None => self.emitter.fail(Failure::new(FailureKind::Upstream, "the upstream's reply holds no candidate")),
        }
        self.emitter.take()
    }

    fn frame(&mut self, frame: &sse::Frame) {
        for value in sse::json_values(&frame.data) {
            self.chunk(&value);
        }
    }

    fn chunk(&mut self, chunk: &Json) {
        if chunk.get("error").is_some() || chunk.elements().first().is_some_and(|first| first.get("error").is_some()) {
            self.emitter.fail(error::decode(200, chunk));
            return;
        }
        if let Some(usage) = chunk.get("usageMetadata") {
            self.usage = Some(response::decode_usage(usage));
        }
        let is_answer = ["candidates", "promptFeedback", "responseId"].iter().any(|name| chunk.get(name).is_some());
        if is_answer {
            let (id, model) = (chunk.str("responseId"), chunk.str("modelVersion"));
            self.emitter.start(id.unwrap_or_default(), model.unwrap_or_default(), self.usage);
        }
        if chunk.get("promptFeedback").is_some_and(|feedback| feedback.get("blockReason").is_some()) {
            self.stop = Some(StopReason::Filter);
        }
        let Some(candidate) = chunk.array("candidates").iter().find(|c| c.u64("index").unwrap_or(0) == 0) else {
            return;
        };
        for part in candidate.get("content").map_or(&[][..], |content| content.array("parts")) {
            self.part(part);
        }
        if let Some(reason) = candidate.str("finishReason").filter(|reason| *reason != "FINISH_REASON_UNSPECIFIED") {
            self.stop = response::decode_stop(reason);
            if self.stop.is_none() {
                let message = format!("the upstream could not finish the answer: {reason}");
                self.emitter.fail(Failure::new(FailureKind::Upstream, message));
            }
        }
    }

    fn part(&mut self, part: &Json) {
        if let Some(call) = part.get("functionCall") {
            self.call(call, part.str("thoughtSignature"));
        } else if let Some(text) = part.str("text") {
            let kind = if part.bool("thought") == Some(true) { Running::Thinking } else { Running::Text };
            self.emitter.text(kind, text, Vec::new());
        }
    }

    fn call(&mut self, call: &Json, signature: Option<&str>) {
        let given = call.str("id").filter(|id| !id.is_empty() && !self.ids.iter().any(|known| known == id));
        let id = given.map_or_else(|| format!("call_{}_{}", self.unique, self.calls), legal_id);
        let key = self.calls.to_string();
        self.calls += 1;
        self.ids.push(id.clone());
        if let Some(signature) = signature.filter(|signature| !signature.is_empty()) {
            self.emitter.state(Opaque { id: id.clone(), ..Opaque::new("thought", &self.maker, signature) });
        }
        self.emitter.call(&key, PartStart::ToolCall { id, name: call.text("name"), namespace: None, custom: false });
        let arguments = call.get("args").map_or_else(String::new, Json::to_string);
        self.emitter.arguments(&key, &arguments);
        self.emitter.close_call(&key);
    }
}
