//! Where a dialect's machine writes what it finds; positions are those of its text.

use zeroize::Zeroizing;

use super::Dialect;
use super::reading::{Assignment, Diagnostic, Failure, Place, Problem, Quote, Reading, Span, Value};
use super::text::{LineCounter, Text};
use crate::secret::Secret;

/// A value on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// These bytes.
    Given(Vec<u8>),
    /// Not set.
    Absent,
    /// Depends on what cannot be known here.
    Unknowable,
}

/// An assignment on its way.
pub struct Line {
    /// From the key or `export` to the end of the value.
    pub start: usize,
    /// The byte after the value.
    pub end: usize,
    /// The name.
    pub key: Vec<u8>,
    /// The raw value.
    pub raw: (usize, usize),
    /// Its quotes.
    pub quote: Quote,
    /// Whether `export` stands before it.
    pub export: bool,
    /// What comes of it.
    pub value: Found,
}

/// Collects what a machine finds.
#[derive(Default)]
pub struct Draft {
    /// In the order of the text.
    pub lines: Vec<Line>,
    notes: Vec<(Problem, usize, usize)>,
    failure: Option<(Problem, usize, usize)>,
}

impl Draft {
    /// Notes a problem.
    pub fn note(&mut self, problem: Problem, start: usize, end: usize) {
        self.notes.push((problem, start, end));
    }

    /// The loader stops here with an error; what it handed over stays.
    pub fn fail(&mut self, problem: Problem, start: usize, end: usize) {
        self.note(problem, start, end);
        if self.failure.is_none() {
            self.failure = Some((problem, start, end));
        }
    }

    /// The loader stops here with an error and hands over nothing at all.
    pub fn fail_whole(&mut self, problem: Problem, start: usize, end: usize) {
        self.fail(problem, start, end);
        for line in &mut self.lines {
            line.value = Found::Absent;
        }
    }

    /// Turns everything into places of the file. `replaces` says that this loader's strings cannot hold other bytes than UTF-8.
    pub fn finish(self, text: &Text<'_>, dialect: Dialect, replaces: bool) -> Reading {
        let mut counter = LineCounter::new(text.file);
        let mut place = |start: usize, end: usize| {
            let start = text.origin(start);
            let end = text.origin_of_end(end).max(start);
            let (line, column) = counter.place(start);
            Place { span: Span { start, end }, line, column }
        };
        let assignments = self
            .lines
            .into_iter()
            .map(|line| {
                let place = place(line.start, line.end);
                let start = text.origin(line.raw.0);
                let end = if line.raw.1 > line.raw.0 { text.origin_of_end(line.raw.1) } else { start };
                Assignment {
                    place,
                    key: String::from_utf8_lossy(&line.key).into_owned(),
                    raw: Span { start, end: end.max(start) },
                    quote: line.quote,
                    export: line.export,
                    value: value(line.value, replaces),
                }
            })
            .collect();
        let mut notes = self.notes;
        notes.sort_by_key(|&(_, start, _)| start);
        let diagnostics =
            notes.into_iter().map(|(problem, start, end)| Diagnostic { problem, place: place(start, end) }).collect();
        let failure = self.failure.map(|(problem, start, end)| Failure { problem, place: place(start, end) });
        Reading { dialect, assignments, diagnostics, failure }
    }
}

fn value(found: Found, replaces: bool) -> Value {
    match found {
        Found::Given(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Value::Text(Secret::new(text)),
            Err(err) if replaces => {
                Value::Text(Secret::new(String::from_utf8_lossy(&Zeroizing::new(err.into_bytes())).into_owned()))
            }
            Err(err) => Value::Bytes(Zeroizing::new(err.into_bytes())),
        },
        Found::Absent => Value::Absent,
        Found::Unknowable => Value::Unknowable,
    }
}
