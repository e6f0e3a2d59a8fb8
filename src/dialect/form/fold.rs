//! An answer in one piece from its events, and events from an answer in one piece.

use super::response::Answer;
use super::{Event, Failure, PartStart, Response, Thinking, ToolCall};

/// Collects events into an answer.
#[derive(Debug, Default)]
pub struct Fold {
    response: Response,
    parts: Vec<(usize, Answer)>,
    over: bool,
    failure: Option<Failure>,
}

impl Fold {
    /// Takes one event.
    pub fn push(&mut self, event: &Event) {
        match event {
            Event::Start { id, model, usage } => {
                self.response.id.clone_from(id);
                self.response.model.clone_from(model);
                self.response.usage = *usage;
            }
            Event::Open { index, part } => {
                let answer = match part {
                    PartStart::Text => Answer::Text { text: String::new(), logprobs: Vec::new() },
                    PartStart::Refusal => Answer::Refusal(String::new()),
                    PartStart::Thinking => Answer::Thinking(Thinking::default()),
                    PartStart::ToolCall { id, name, namespace, custom } => Answer::ToolCall(ToolCall {
                        id: id.clone(),
                        name: name.clone(),
                        namespace: namespace.clone(),
                        arguments: String::new(),
                        custom: *custom,
                    }),
                };
                self.parts.push((*index, answer));
            }
            Event::Delta { index, text: piece, logprobs: more } => match self.part(*index) {
                Some(Answer::Text { text, logprobs }) => {
                    text.push_str(piece);
                    logprobs.extend_from_slice(more);
                }
                Some(Answer::Refusal(text)) => text.push_str(piece),
                Some(Answer::Thinking(thinking)) => thinking.text.push_str(piece),
                Some(Answer::ToolCall(call)) => call.arguments.push_str(piece),
                None => {}
            },
            Event::State { index, state } => {
                if let Some(Answer::Thinking(thinking)) = self.part(*index) {
                    thinking.state = Some(state.clone());
                }
            }
            Event::Close { .. } | Event::Ping => {}
            Event::End { stop, usage } => {
                self.over = true;
                self.response.stop = stop.clone();
                self.response.usage = usage.or(self.response.usage);
            }
            Event::Error(failure) => self.failure = Some(failure.clone()),
        }
    }

    fn part(&mut self, index: usize) -> Option<&mut Answer> {
        self.parts.iter_mut().rev().find(|(i, _)| *i == index).map(|(_, part)| part)
    }

    /// The part of that number so far.
    pub fn answer(&self, index: usize) -> Option<&Answer> {
        self.parts.iter().rev().find(|(i, _)| *i == index).map(|(_, part)| part)
    }

    /// The answer so far.
    pub fn so_far(&self) -> Response {
        Response { parts: self.parts.iter().map(|(_, part)| part.clone()).collect(), ..self.response.clone() }
    }

    /// The answer, if it is complete.
    pub fn finish(self) -> Result<Response, Failure> {
        match self.failure {
            Some(failure) => Err(failure),
            None if self.over => Ok(self.so_far()),
            None => {
                let mut emitter = super::Emitter::default();
                emitter.fail_cut();
                match emitter.take().pop() {
                    Some(Event::Error(failure)) => Err(failure),
                    _ => Ok(self.so_far()),
                }
            }
        }
    }
}

/// The events of an answer that came in one piece.
pub fn unfold(response: &Response) -> Vec<Event> {
    let Response { id, model, parts, stop, usage } = response;
    let mut events = vec![Event::Start { id: id.clone(), model: model.clone(), usage: *usage }];
    for (index, part) in parts.iter().enumerate() {
        let (start, text, probabilities, state) = match part {
            Answer::Text { text, logprobs } => (PartStart::Text, text, logprobs.clone(), None),
            Answer::Refusal(text) => (PartStart::Refusal, text, Vec::new(), None),
            Answer::Thinking(thinking) => (PartStart::Thinking, &thinking.text, Vec::new(), thinking.state.clone()),
            Answer::ToolCall(call) => (
                PartStart::ToolCall {
                    id: call.id.clone(),
                    name: call.name.clone(),
                    namespace: call.namespace.clone(),
                    custom: call.custom,
                },
                &call.arguments,
                Vec::new(),
                None,
            ),
        };
        events.push(Event::Open { index, part: start });
        if !text.is_empty() {
            events.push(Event::Delta { index, text: text.clone(), logprobs: probabilities });
        }
        events.extend(state.map(|state| Event::State { index, state }));
        events.push(Event::Close { index });
    }
    events.push(Event::End { stop: stop.clone(), usage: *usage });
    events
}
