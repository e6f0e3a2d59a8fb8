//! python-dotenv 1.2.4 (`dotenv/parser.py`, `dotenv/variables.py`), which pydantic-settings calls too.
//!
//! ```text
//! binding  = space* [ "export" blank+ ] key blank* [ "=" blank* value ] [ blank* "#" rest ] blank* end-of-line
//! key      = "'" not-quote+ "'" | (not "=", "#", space)+
//! value    = "'" ( "\" any | not-quote )* "'" | '"' ( "\" any | not-quote )* '"' | rest-of-line up to a space and "#"
//! ```
//! A binding that does not fit is skipped up to the end of the line it broke on, with a warning. `${NAME}` and
//! `${NAME:-default}` are replaced everywhere, single quotes included; `$NAME` is not.

use std::collections::HashMap;

use crate::dotenv::Dialect;
use crate::dotenv::character::{at, find, is_space_in_python as is_space, skip, trim_end};
use crate::dotenv::draft::{Draft, Found, Line};
use crate::dotenv::environment::{Entry, Environment};
use crate::dotenv::reading::{Problem, Quote, Reading};
use crate::dotenv::text::Text;

pub fn read(file: &[u8], dialect: Dialect, environment: &Environment<'_>) -> Reading {
    let text = Text::without_bom(file).with_line_feeds();
    let mut draft = Draft::default();
    if !super::reject_other_bytes(&text, &mut draft) {
        Machine { bytes: &text.bytes, environment, draft: &mut draft, values: HashMap::new() }.run(dialect);
    }
    draft.finish(&text, dialect, false)
}

struct Machine<'a> {
    bytes: &'a [u8],
    environment: &'a Environment<'a>,
    draft: &'a mut Draft,
    values: HashMap<Vec<u8>, Option<Vec<u8>>>,
}

/// Where a binding broke.
struct Broken(usize, Problem);

fn is_blank(c: char) -> bool {
    is_space(c) && c != '\n' && c != '\r'
}

impl Machine<'_> {
    fn run(&mut self, dialect: Dialect) {
        // Only the call that sets the environment cannot take a NUL; pydantic never sets it.
        let sets = self.environment.entry == Entry::Load && dialect == Dialect::Python;
        let mut position = 0;
        while position < self.bytes.len() {
            let start = skip(self.bytes, position, is_space);
            if start == self.bytes.len() {
                return;
            }
            match self.binding(start) {
                Ok(after) => position = after,
                Err(Broken(broken, problem)) => {
                    if problem == Problem::UnterminatedQuote {
                        self.draft.note(problem, broken, broken + 1);
                    }
                    position = self.line_end(broken);
                    self.draft.note(Problem::RejectedLine, start, position);
                    position = (position + 1).min(self.bytes.len());
                }
            }
        }
        if sets {
            let with_nul =
                |line: &Line| matches!(&line.value, Found::Given(value) if value.contains(&0)) || line.key.contains(&0);
            if let Some(first) = self.draft.lines.iter().position(with_nul) {
                let (start, end) = (self.draft.lines[first].start, self.draft.lines[first].end);
                self.draft.fail(Problem::Nul, start, end);
                self.draft.lines[first..].iter_mut().for_each(|line| line.value = Found::Absent);
            }
        }
    }

    fn line_end(&self, from: usize) -> usize {
        find(self.bytes, from, b'\n').unwrap_or(self.bytes.len())
    }

    /// Reads one binding; the position after it, or where it broke.
    fn binding(&mut self, start: usize) -> Result<usize, Broken> {
        let mut position = start;
        let mut export = false;
        if self.bytes[position..].starts_with(b"export") {
            let after = skip(self.bytes, position + 6, is_blank);
            if after > position + 6 {
                export = true;
                position = after;
            }
        }
        let key = match self.bytes.get(position) {
            Some(b'#') => None,
            Some(b'\'') => {
                let from = position + 1;
                let close = find(self.bytes, from, b'\'').filter(|close| *close > from);
                let close = close.ok_or(Broken(position, Problem::BadName))?;
                position = close + 1;
                Some((from, close))
            }
            _ => {
                let from = position;
                position = skip(self.bytes, from, |c| c != '=' && c != '#' && !is_space(c));
                if position == from {
                    return Err(Broken(position, Problem::BadName));
                }
                Some((from, position))
            }
        };
        position = skip(self.bytes, position, is_blank);
        let mut value = None;
        let mut raw = (position, position);
        let mut quote = Quote::None;
        if self.bytes.get(position) == Some(&b'=') {
            let begin = skip(self.bytes, position + 1, is_blank);
            let has_blank = begin > position + 1;
            let (text, end, found) = if has_blank && self.bytes.get(begin) == Some(&b'#') {
                (Vec::new(), begin, Quote::None)
            } else {
                self.value(begin)?
            };
            (raw, quote, position) = ((begin, end), found, end);
            value = Some(text);
            if quote == Quote::None {
                // An unquoted value reads to the end of the line, its comment included.
                position = self.line_end(begin).max(end);
                if has_blank && self.bytes.get(begin) == Some(&b'#') {
                    position = begin;
                }
            }
        }
        let assigned = position;
        let comment = skip(self.bytes, position, is_blank);
        if self.bytes.get(comment) == Some(&b'#') {
            position = self.line_end(comment);
        }
        let end = skip(self.bytes, position, is_blank);
        match self.bytes.get(end) {
            None | Some(b'\n') => {}
            Some(_) => return Err(Broken(position, Problem::TrailingText)),
        }
        if let Some((from, to)) = key {
            self.push(start, assigned.min(raw.1.max(to)), (from, to), raw, quote, export, value);
        }
        Ok((end + 1).min(self.bytes.len()))
    }

    #[allow(clippy::too_many_arguments)]
    fn push(
        &mut self,
        start: usize,
        end: usize,
        key: (usize, usize),
        raw: (usize, usize),
        quote: Quote,
        export: bool,
        value: Option<Vec<u8>>,
    ) {
        let key = self.bytes[key.0..key.1].to_vec();
        if value.is_none() {
            self.draft.note(Problem::NoValue, start, end);
        }
        let value = value.map(|value| self.interpolated(&value));
        self.values.insert(key.clone(), value.clone());
        let value = value.map_or(Found::Absent, Found::Given);
        self.draft.lines.push(Line { start, end, key, raw, quote, export, value });
    }

    /// Reads a value: its text, its end, its quotes.
    fn value(&self, begin: usize) -> Result<(Vec<u8>, usize, Quote), Broken> {
        match self.bytes.get(begin) {
            Some(&mark @ (b'\'' | b'"')) => {
                let mut position = begin + 1;
                loop {
                    match self.bytes.get(position) {
                        None => return Err(Broken(begin, Problem::UnterminatedQuote)),
                        Some(b'\\') => {
                            let (_, length) =
                                at(self.bytes, position + 1).ok_or(Broken(begin, Problem::UnterminatedQuote))?;
                            position += 1 + length;
                        }
                        Some(&byte) if byte == mark => break,
                        Some(_) => position += 1,
                    }
                }
                let quote = if mark == b'"' { Quote::Double } else { Quote::Single };
                Ok((unescaped(&self.bytes[begin + 1..position], mark), position + 1, quote))
            }
            _ => {
                let line = &self.bytes[begin..self.line_end(begin)];
                let mut end = line.len();
                let mut blank_from = None;
                let mut position = 0;
                while let Some((c, length)) = at(line, position) {
                    if is_space(c) {
                        blank_from = blank_from.or(Some(position));
                    } else if c == '#' && blank_from.is_some() {
                        end = blank_from.unwrap_or(position);
                        break;
                    } else {
                        blank_from = None;
                    }
                    position += length;
                }
                let end = trim_end(&line[..end], 0, is_space);
                Ok((line[..end].to_vec(), begin + end, Quote::None))
            }
        }
    }

    /// Replaces `${NAME}` and `${NAME:-default}`.
    fn interpolated(&self, value: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(value.len());
        let mut position = 0;
        // The next `}` or `:` and the next `}`, kept so that many openings do not look for the same one again.
        let (mut stop, mut close) = (0, 0);
        let next = |from: usize, known: usize, is: fn(u8) -> bool| {
            if known >= from && known > 0 {
                known
            } else {
                value[from..].iter().position(|&b| is(b)).map_or(value.len(), |found| from + found)
            }
        };
        while position < value.len() {
            if value[position..].starts_with(b"${") {
                let from = position + 2;
                stop = next(from, stop, |b| b == b'}' || b == b':');
                let name = &value[from..stop];
                let (default, end) = match value.get(stop) {
                    Some(b'}') => (None, Some(stop)),
                    Some(b':') if value.get(stop + 1) == Some(&b'-') => {
                        close = next(stop + 2, close, |b| b == b'}');
                        (value.get(stop + 2..close), (close < value.len()).then_some(close))
                    }
                    _ => (None, None),
                };
                if let Some(end) = end {
                    out.extend(self.look_up(name, default.unwrap_or_default()));
                    position = end + 1;
                    continue;
                }
            }
            out.push(value[position]);
            position += 1;
        }
        out
    }

    fn look_up(&self, name: &[u8], default: &[u8]) -> Vec<u8> {
        let from_file = || self.values.get(name).cloned();
        let from_environment = || self.environment.get(name).map(Some);
        let found = match self.environment.entry {
            Entry::Load => from_environment().or_else(from_file),
            Entry::Values => from_file().or_else(from_environment),
        };
        found.map_or_else(|| default.to_vec(), Option::unwrap_or_default)
    }
}

/// Takes the escapes out of a quoted value.
fn unescaped(value: &[u8], mark: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut bytes = value.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let plain = match bytes.peek() {
            Some(&next) if byte == b'\\' => match (mark, next) {
                (_, b'\\' | b'\'') | (b'"', b'"') => Some(next),
                (b'"', b'a') => Some(7),
                (b'"', b'b') => Some(8),
                (b'"', b'f') => Some(12),
                (b'"', b'n') => Some(b'\n'),
                (b'"', b'r') => Some(b'\r'),
                (b'"', b't') => Some(b'\t'),
                (b'"', b'v') => Some(11),
                _ => None,
            },
            _ => None,
        };
        match plain {
            Some(plain) => {
                out.push(plain);
                bytes.next();
            }
            None => out.push(byte),
        }
    }
    out
}
