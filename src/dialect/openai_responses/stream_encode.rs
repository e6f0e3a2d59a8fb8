//! Events become Responses events: created, in progress, each item added, filled and done in turn, completed.

use super::{error, response};
use crate::dialect::form::fold::Fold;
use crate::dialect::form::response::Answer;
use crate::dialect::form::sequence::Sequence;
use crate::dialect::form::{Event, PartStart, StopReason, Usage};
use crate::dialect::json::{Json, object};
use crate::dialect::route::Route;
use crate::dialect::sse;

/// Encodes one stream.
#[derive(Debug)]
pub struct Encoder {
    id: String,
    model: String,
    unique: String,
    created: u64,
    sequence: Sequence,
    number: u64,
    started: bool,
    fold: Fold,
    open: Option<(usize, String)>,
    has_summary: bool,
    output: Vec<Json>,
}

impl Encoder {
    /// An encoder for one exchange; `model` is the client's own name of it.
    pub fn new(model: &str, route: &Route) -> Self {
        Self {
            id: response::id_of("", route),
            model: model.to_owned(),
            unique: route.unique.clone(),
            created: route.now_secs,
            sequence: Sequence::default(),
            number: 0,
            started: false,
            fold: Fold::default(),
            open: None,
            has_summary: false,
            output: Vec::new(),
        }
    }

    /// Writes one event.
    pub fn push(&mut self, event: Event, out: &mut Vec<u8>) {
        for event in self.sequence.push(event) {
            self.fold.push(&event);
            self.write(&event, out);
        }
    }

    fn event(&mut self, name: &str, members: &Json, out: &mut Vec<u8>) {
        let mut data = object! { "type" => name, "sequence_number" => self.number };
        for (name, value) in members.members() {
            data.set(name, value);
        }
        self.number += 1;
        sse::write(Some(name), &data, out);
    }

    fn skeleton(&self) -> Json {
        response::skeleton(&self.id, &self.model, self.created)
    }

    fn start(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.started, true) {
            let response = object! { "response" => self.skeleton() };
            self.event("response.created", &response, out);
            self.event("response.in_progress", &response, out);
        }
    }

    fn write(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Start { id, .. } => {
                if !self.started && id.starts_with("resp_") {
                    self.id.clone_from(id);
                }
                self.start(out);
            }
            Event::Open { index, part } => self.open(*index, part, out),
            Event::Delta { text, logprobs, .. } => self.delta(text, logprobs, out),
            Event::State { .. } => {}
            Event::Close { .. } => self.close(out),
            Event::Ping => out.extend_from_slice(b": ping\n\n"),
            Event::End { stop, usage } => self.end(stop, *usage, out),
            Event::Error(failure) => {
                self.start(out);
                let mut body = self.skeleton();
                body.set("status", "failed");
                body.set("error", error::encode_in_stream(failure));
                body.set("output", self.output.clone());
                self.event("response.failed", &object! { "response" => body }, out);
            }
        }
    }

    /// Where an event belongs: `item_id`, `output_index`, and the part of it.
    fn place(&self, part: Option<&str>) -> Json {
        let (_, id) = self.open.as_ref().map_or((0, ""), |(index, id)| (*index, id.as_str()));
        let mut place = object! { "item_id" => id, "output_index" => self.output.len() };
        if let Some(part) = part {
            place.set(part, 0u64);
        }
        place
    }

    fn answer(&self) -> Option<Answer> {
        self.open.as_ref().and_then(|(index, _)| self.fold.answer(*index)).cloned()
    }

    fn open(&mut self, index: usize, part: &PartStart, out: &mut Vec<u8>) {
        self.start(out);
        let Some(answer) = self.fold.answer(index).cloned() else { return };
        let id = response::item_id(&answer, self.output.len(), &self.unique);
        let item = response::item(&answer, &id, "in_progress");
        self.open = Some((index, id));
        self.has_summary = false;
        let added = object! { "output_index" => self.output.len(), "item" => item };
        self.event("response.output_item.added", &added, out);
        if matches!(part, PartStart::Text | PartStart::Refusal) {
            let mut place = self.place(Some("content_index"));
            place.set("part", response::content_part(&answer));
            self.event("response.content_part.added", &place, out);
        }
    }

    fn delta(&mut self, text: &str, logprobs: &[Json], out: &mut Vec<u8>) {
        let Some(answer) = self.answer() else { return };
        let (name, part) = match &answer {
            Answer::Text { .. } => ("response.output_text.delta", Some("content_index")),
            Answer::Refusal(_) => ("response.refusal.delta", Some("content_index")),
            Answer::Thinking(_) => ("response.reasoning_summary_text.delta", Some("summary_index")),
            Answer::ToolCall(call) if call.custom => ("response.custom_tool_call_input.delta", None),
            Answer::ToolCall(_) => ("response.function_call_arguments.delta", None),
        };
        let mut place = self.place(part);
        if matches!(answer, Answer::Thinking(_)) && !std::mem::replace(&mut self.has_summary, true) {
            let mut added = place.clone();
            added.set("part", object! { "type" => "summary_text", "text" => "" });
            self.event("response.reasoning_summary_part.added", &added, out);
        }
        place.set("delta", text);
        if matches!(answer, Answer::Text { .. }) {
            place.set("logprobs", logprobs.to_vec());
        }
        self.event(name, &place, out);
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        let Some(answer) = self.answer() else { return };
        let part = response::content_part(&answer);
        match &answer {
            Answer::Text { text, logprobs } => {
                let mut done = self.place(Some("content_index"));
                done.set("text", text);
                done.set("logprobs", logprobs.clone());
                self.event("response.output_text.done", &done, out);
            }
            Answer::Refusal(text) => {
                let mut done = self.place(Some("content_index"));
                done.set("refusal", text);
                self.event("response.refusal.done", &done, out);
            }
            Answer::Thinking(thinking) if self.has_summary => {
                let mut done = self.place(Some("summary_index"));
                done.set("text", &thinking.text);
                self.event("response.reasoning_summary_text.done", &done, out);
                let mut done = self.place(Some("summary_index"));
                done.set("part", object! { "type" => "summary_text", "text" => &thinking.text });
                self.event("response.reasoning_summary_part.done", &done, out);
            }
            Answer::Thinking(_) => {}
            Answer::ToolCall(call) if call.custom => {
                let mut done = self.place(None);
                done.set("input", &call.arguments);
                self.event("response.custom_tool_call_input.done", &done, out);
            }
            Answer::ToolCall(call) => {
                let mut done = self.place(None);
                done.set("name", &call.name);
                done.set("arguments", &call.arguments);
                self.event("response.function_call_arguments.done", &done, out);
            }
        }
        if part.is_some() {
            let mut done = self.place(Some("content_index"));
            done.set("part", part);
            self.event("response.content_part.done", &done, out);
        }
        let Some((_, id)) = self.open.take() else { return };
        let item = response::item(&answer, &id, "completed");
        let done = object! { "output_index" => self.output.len(), "item" => &item };
        self.event("response.output_item.done", &done, out);
        self.output.push(item);
    }

    fn end(&mut self, stop: &StopReason, usage: Option<Usage>, out: &mut Vec<u8>) {
        self.start(out);
        let mut body = self.skeleton();
        response::complete(&mut body, stop, self.output.clone(), usage);
        let name = if body.str("status") == Some("incomplete") { "response.incomplete" } else { "response.completed" };
        self.event(name, &object! { "response" => body }, out);
    }
}
