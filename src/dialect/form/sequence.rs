//! Puts mixed parts one after the other, for dialects that allow one open part at a time.
//!
//! In: events whose calls may be open side by side. Out: the same events, part by part. What belongs to a later part
//! waits until the open one closes; an open call whose arguments are whole JSON closes as soon as another part waits.

use std::collections::VecDeque;

use super::{Event, PartStart};

#[derive(Debug)]
struct Waiting {
    index: usize,
    events: Vec<Event>,
    closed: bool,
}

/// Reorders events.
#[derive(Debug, Default)]
pub struct Sequence {
    open: Option<(usize, Option<Nesting>)>,
    waiting: VecDeque<Waiting>,
}

impl Sequence {
    /// Takes one event and gives those whose turn it is.
    pub fn push(&mut self, event: Event) -> Vec<Event> {
        let mut out = Vec::new();
        match &event {
            Event::Open { index, .. } => {
                self.waiting.push_back(Waiting { index: *index, events: vec![event], closed: false });
            }
            Event::Delta { index, .. } | Event::State { index, .. } => {
                let index = *index;
                match &mut self.open {
                    Some((open, nesting)) if *open == index => {
                        if let (Some(nesting), Event::Delta { text, .. }) = (nesting.as_mut(), &event) {
                            nesting.push(text);
                        }
                        out.push(event);
                    }
                    _ => {
                        if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.index == index) {
                            waiting.events.push(event);
                        }
                    }
                }
            }
            Event::Close { index } => {
                if self.open.as_ref().is_some_and(|(open, _)| open == index) {
                    self.open = None;
                    out.push(event);
                } else if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.index == *index) {
                    waiting.closed = true;
                    waiting.events.push(event);
                }
            }
            Event::End { .. } => {
                self.advance(&mut out);
                out.push(event);
                return out;
            }
            _ => {
                out.push(event);
                return out;
            }
        }
        self.advance(&mut out);
        out
    }

    fn advance(&mut self, out: &mut Vec<Event>) {
        while !self.waiting.is_empty() {
            if let Some((index, nesting)) = &self.open {
                if !nesting.as_ref().is_some_and(Nesting::is_whole) {
                    return;
                }
                out.push(Event::Close { index: *index });
                self.open = None;
            }
            let Some(next) = self.waiting.pop_front() else { return };
            let is_call = matches!(
                next.events.first(),
                Some(Event::Open { part: PartStart::ToolCall { custom: false, .. }, .. })
            );
            let mut nesting = is_call.then(Nesting::default);
            for event in next.events {
                if let (Some(nesting), Event::Delta { text, .. }) = (nesting.as_mut(), &event) {
                    nesting.push(text);
                }
                out.push(event);
            }
            self.open = (!next.closed).then_some((next.index, nesting));
        }
    }
}

/// Follows brackets and strings, to see when an object is whole.
#[derive(Debug, Default)]
struct Nesting {
    depth: usize,
    in_string: bool,
    escaped: bool,
    was_open: bool,
}

impl Nesting {
    fn push(&mut self, piece: &str) {
        for b in piece.bytes() {
            match b {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                b'{' | b'[' if !self.in_string => {
                    self.depth += 1;
                    self.was_open = true;
                }
                b'}' | b']' if !self.in_string => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    fn is_whole(&self) -> bool {
        self.was_open && self.depth == 0 && !self.in_string
    }
}
