//! Keeps a decoder's events well-formed, whatever the upstream sends.
//!
//! In: what a decoder reads (text, thinking, calls by the upstream's key). Out: events that hold to the rules of
//! [`super::event`]. Text and thinking close when something else begins; calls stay open until they are closed or the
//! answer ends, because their pieces may come mixed.

use super::{Event, Failure, FailureKind, Opaque, PartStart, StopReason, Usage};
use crate::dialect::json::Json;

/// The kinds of running text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Running {
    /// Text.
    Text,
    /// A refusal.
    Refusal,
    /// Thinking.
    Thinking,
}

#[derive(Debug)]
struct Call {
    key: String,
    index: usize,
    arguments: String,
    custom: bool,
}

/// The most bytes of arguments that are kept to compare with a later whole; 64 MB, as for one event.
const MAX_ARGUMENT_BYTES: usize = 64 << 20;

/// What a call is named that came without a name; the client says that there is no such tool, and the model tries again.
const NO_NAME: &str = "unnamed_tool";

#[derive(Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Before,
    Started,
    Ended,
}

/// Collects events.
#[derive(Debug, Default)]
pub struct Emitter {
    events: Vec<Event>,
    phase: Phase,
    next: usize,
    running: Option<(Running, usize)>,
    calls: Vec<Call>,
    ids: Vec<String>,
    had_call: bool,
    incomplete_call: bool,
}

impl Emitter {
    /// Gives what was collected since the last call.
    pub fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// Says whether the answer is over.
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// Begins the answer; only the first call counts.
    pub fn start(&mut self, id: &str, model: &str, usage: Option<Usage>) {
        if self.phase == Phase::Before {
            self.phase = Phase::Started;
            self.events.push(Event::Start { id: id.into(), model: model.into(), usage });
        }
    }

    /// Says that the upstream is alive.
    pub fn ping(&mut self) {
        if self.phase == Phase::Started {
            self.events.push(Event::Ping);
        }
    }

    fn open(&mut self, part: PartStart) -> usize {
        self.start("", "", None);
        let index = self.next;
        self.next += 1;
        self.events.push(Event::Open { index, part });
        index
    }

    /// Goes on with running text; opens a part where none of that kind is open.
    pub fn text(&mut self, kind: Running, text: &str, logprobs: Vec<Json>) {
        if self.is_over() || (text.is_empty() && logprobs.is_empty()) {
            return;
        }
        let index = self.running_index(kind);
        self.events.push(Event::Delta { index, text: text.into(), logprobs });
    }

    fn running_index(&mut self, kind: Running) -> usize {
        match self.running {
            Some((open, index)) if open == kind => index,
            _ => {
                self.close_running();
                let index = self.open(match kind {
                    Running::Text => PartStart::Text,
                    Running::Refusal => PartStart::Refusal,
                    Running::Thinking => PartStart::Thinking,
                });
                self.running = Some((kind, index));
                index
            }
        }
    }

    /// Gives the open thinking its state; opens an empty one where none is open.
    pub fn state(&mut self, state: Opaque) {
        if !self.is_over() {
            let index = self.running_index(Running::Thinking);
            self.events.push(Event::State { index, state });
        }
    }

    /// Closes running text.
    pub fn close_running(&mut self) {
        if let Some((_, index)) = self.running.take() {
            self.events.push(Event::Close { index });
        }
    }

    /// Says whether a call of that key is open.
    pub fn has_call(&self, key: &str) -> bool {
        self.calls.iter().any(|call| call.key == key)
    }

    /// The key of the call opened last.
    pub fn last_call(&self) -> Option<String> {
        self.calls.last().map(|call| call.key.clone())
    }

    /// Opens a call under the upstream's key for it. No two calls of an answer have one id, and none is without name.
    pub fn call(&mut self, key: &str, mut part: PartStart) {
        if self.is_over() {
            return;
        }
        if let PartStart::ToolCall { id, name, .. } = &mut part {
            if name.is_empty() {
                NO_NAME.clone_into(name);
            }
            if self.ids.contains(id) {
                *id = format!("{id}_{}", self.next);
            }
            self.ids.push(id.clone());
        }
        self.close_running();
        let custom = matches!(part, PartStart::ToolCall { custom: true, .. });
        let index = self.open(part);
        self.had_call = true;
        self.calls.push(Call { key: key.into(), index, arguments: String::new(), custom });
    }

    /// Adds a piece of arguments to a call.
    pub fn arguments(&mut self, key: &str, piece: &str) {
        if self.is_over() || piece.is_empty() {
            return;
        }
        if let Some(call) = self.calls.iter_mut().find(|call| call.key == key) {
            if call.arguments.len() + piece.len() > MAX_ARGUMENT_BYTES {
                self.fail(Failure::new(FailureKind::Upstream, "the upstream sent too long a tool call"));
                return;
            }
            call.arguments.push_str(piece);
            self.events.push(Event::Delta { index: call.index, text: piece.into(), logprobs: Vec::new() });
        }
    }

    /// Says what a call's arguments are as a whole; what is missing of them is added.
    pub fn whole_arguments(&mut self, key: &str, whole: &str) {
        let Some(call) = self.calls.iter().find(|call| call.key == key) else { return };
        if let Some(rest) = whole.strip_prefix(call.arguments.as_str()) {
            let rest = rest.to_owned();
            self.arguments(key, &rest);
        }
    }

    /// Says whether a call's arguments are whole JSON.
    pub fn is_whole(&self, key: &str) -> bool {
        self.calls.iter().find(|call| call.key == key).is_some_and(|call| Json::parse(&call.arguments).is_some())
    }

    /// Closes a call; one without arguments gets an empty object.
    pub fn close_call(&mut self, key: &str) {
        if self.calls.iter().any(|call| call.key == key && !call.custom && call.arguments.trim().is_empty()) {
            self.arguments(key, "{}");
        }
        if let Some(at) = self.calls.iter().position(|call| call.key == key) {
            let call = self.calls.remove(at);
            self.incomplete_call |= !call.custom && Json::parse(&call.arguments).is_none();
            self.events.push(Event::Close { index: call.index });
        }
    }

    fn close_all(&mut self) {
        self.close_running();
        while let Some(key) = self.calls.first().map(|call| call.key.clone()) {
            self.close_call(&key);
        }
    }

    /// Ends the answer. An answer with calls waits for their results, whatever the upstream calls it, unless the limit
    /// of tokens cut one.
    pub fn end(&mut self, stop: StopReason, usage: Option<Usage>) {
        if self.is_over() {
            return;
        }
        self.start("", "", None);
        self.close_all();
        let stop = match stop {
            StopReason::Tool if !self.had_call => StopReason::End,
            StopReason::End | StopReason::Sequence(_) | StopReason::Pause if self.had_call => StopReason::Tool,
            StopReason::Limit if self.had_call && !self.incomplete_call => StopReason::Tool,
            stop => stop,
        };
        self.phase = Phase::Ended;
        self.events.push(Event::End { stop, usage });
    }

    /// Ends the answer with an error.
    pub fn fail(&mut self, failure: Failure) {
        if !self.is_over() {
            self.phase = Phase::Ended;
            self.events.push(Event::Error(failure));
        }
    }

    /// Ends an answer of which one event is too large.
    pub fn fail_too_large(&mut self) {
        self.fail(Failure::new(FailureKind::Upstream, "the upstream sent too large an event"));
    }

    /// Ends an answer whose stream is over although it was not complete.
    pub fn fail_cut(&mut self) {
        let failure =
            Failure::new(FailureKind::Upstream, "the upstream closed the stream before the answer was complete");
        self.fail(failure);
    }
}
