//! The Ruby gem `dotenv` 2.4 (`lib/dotenv/parser.rb`), and the line both it and direnv's port match.
//!
//! ```text
//! line  = space* [ "export" space+ ] key ( space* "=" space* | ":" space ) [ value ] space* [ "#" rest ] end
//! key   = ( letter | digit | "_" | "." )+
//! value = "'" any* "'" | '"' any* '"' | ( not "#" )+
//! ```
//! Lines end at every `\n` and `\r`, quotes or not. A line that does not fit is passed over, except `export NAME` of a name that
//! is not set, which ends in an error. Outside single quotes `$NAME`, `${NAME}` and any half of the braces is replaced, and
//! `$(…)` is run.

use std::collections::HashMap;

use crate::dotenv::Dialect;
use crate::dotenv::character::{find, is_space_in_ruby as is_space, is_word, replace, skip, trim};
use crate::dotenv::draft::{Draft, Found, Line};
use crate::dotenv::environment::{Entry, Environment};
use crate::dotenv::reading::{Problem, Quote, Reading};
use crate::dotenv::text::Text;

pub fn read(file: &[u8], environment: &Environment<'_>) -> Reading {
    let text = Text::without_bom(file);
    let mut draft = Draft::default();
    if !super::reject_other_bytes(&text, &mut draft) {
        Machine { bytes: &text.bytes, environment, draft: &mut draft, values: HashMap::new() }.run();
    }
    draft.finish(&text, Dialect::Ruby, false)
}

/// The ranges between runs of `\n` and `\r`.
pub fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let mut position = 0;
    std::iter::from_fn(move || {
        if position > bytes.len() {
            return None;
        }
        let start = position;
        let length = bytes[start..].iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(bytes.len() - start);
        let end = start + length;
        position = skip(bytes, end, |c| c == '\n' || c == '\r').max(end + 1);
        Some((start, end))
    })
}

/// How the two ports of this line differ.
pub struct Rules {
    /// White space.
    pub is_space: fn(char) -> bool,
    /// Whether an unquoted value ends at white space.
    pub ends_at_space: bool,
}

/// The parts of a line, as positions.
pub struct Parts {
    pub export: bool,
    pub key: (usize, usize),
    pub value: Option<(usize, usize)>,
}

/// Cuts a line that starts at its first character that is no white space; nothing where it does not fit.
pub fn cut(line: &[u8], start: usize, rules: &Rules) -> Option<Parts> {
    if line[start..].starts_with(b"export") {
        let key = skip(line, start + 6, rules.is_space);
        if key > start + 6
            && let Some(parts) = cut_key(line, key, true, rules)
        {
            return Some(parts);
        }
    }
    cut_key(line, start, false, rules)
}

fn cut_key(line: &[u8], start: usize, export: bool, rules: &Rules) -> Option<Parts> {
    let end = skip(line, start, |c| is_word(c) || c == '.');
    if end == start {
        return None;
    }
    let sign = skip(line, end, rules.is_space);
    let value = if line.get(sign) == Some(&b'=') {
        cut_value(line, skip(line, sign + 1, rules.is_space), rules)?
    } else if line.get(end) == Some(&b':') {
        let first = end + 1;
        let rest = skip(line, first, rules.is_space);
        if rest == first {
            return None;
        }
        // One blank first, and more only where the rest does not fit otherwise.
        match cut_value(line, first + 1, rules) {
            Some(value) => value,
            None => cut_value(line, rest, rules)?,
        }
    } else {
        return None;
    };
    Some(Parts { export, key: (start, end), value })
}

/// Cuts the value that starts here, if what comes after it fits.
#[allow(clippy::option_option)]
fn cut_value(line: &[u8], begin: usize, rules: &Rules) -> Option<Option<(usize, usize)>> {
    let may_end = |from: usize| {
        let rest = skip(line, from, rules.is_space);
        rest >= line.len() || line[rest] == b'#'
    };
    if let Some(&mark @ (b'\'' | b'"')) = line.get(begin) {
        let mut closings = (begin + 1..line.len()).rev().filter(|&at| line[at] == mark);
        if let Some(close) = closings.find(|&at| may_end(at + 1)) {
            return Some(Some((begin, close + 1)));
        }
    }
    let end = skip(line, begin, |c| c != '#' && c != '\n' && !(rules.ends_at_space && (rules.is_space)(c)));
    if end > begin && may_end(end) {
        return Some(Some((begin, end)));
    }
    may_end(begin).then_some(None)
}

const RULES: Rules = Rules { is_space, ends_at_space: false };

struct Machine<'a> {
    bytes: &'a [u8],
    environment: &'a Environment<'a>,
    draft: &'a mut Draft,
    values: HashMap<Vec<u8>, Found>,
}

impl Machine<'_> {
    fn run(&mut self) {
        for (line_start, line_end) in lines(self.bytes) {
            let line = &self.bytes[..line_end];
            let start = skip(line, line_start, is_space);
            if start >= line_end {
                continue;
            }
            if let Some(parts) = cut(line, start, &RULES) {
                self.assign(start, line_end, &parts);
            } else if self.is_unset_export(start, line_end) {
                self.draft.fail_whole(Problem::RejectedLine, start, line_end);
                return;
            } else if line[start] != b'#' {
                self.draft.note(Problem::IgnoredLine, start, line_end);
            }
        }
        let with_nul = |line: &Line| matches!(&line.value, Found::Given(value) if value.contains(&0));
        if self.environment.entry == Entry::Load
            && let Some(first) = self.draft.lines.iter().position(with_nul)
        {
            let (start, end) = (self.draft.lines[first].start, self.draft.lines[first].end);
            self.draft.fail(Problem::Nul, start, end);
            self.draft.lines[first..].iter_mut().for_each(|line| line.value = Found::Absent);
        }
    }

    /// `export A B` where one of the names has no value in the file.
    fn is_unset_export(&self, start: usize, end: usize) -> bool {
        let mut words =
            self.bytes[start..end].split(|b| is_space(char::from(*b)) || *b == 0).filter(|word| !word.is_empty());
        words.next() == Some(b"export") && !words.all(|name| self.values.contains_key(name))
    }

    fn assign(&mut self, start: usize, line_end: usize, parts: &Parts) {
        let key = self.bytes[parts.key.0..parts.key.1].to_vec();
        let range = parts.value.unwrap_or((line_end, line_end));
        let raw = trim(self.bytes, range, |c| is_space(c) || c == '\0');
        let raw = (raw.0, raw.1.max(raw.0));
        let text = &self.bytes[raw.0..raw.1];
        let mark = text.first().copied().filter(|mark| matches!(mark, b'\'' | b'"'));
        let is_wrapped = text.len() > 1 && mark.is_some() && text.last().copied() == mark;
        let quote = match mark {
            Some(b'"') if is_wrapped => Quote::Double,
            Some(_) if is_wrapped => Quote::Single,
            Some(_) => {
                self.draft.note(Problem::UnterminatedQuote, raw.0, raw.1);
                Quote::None
            }
            None => Quote::None,
        };
        let mut value = if is_wrapped { text[1..text.len() - 1].to_vec() } else { text.to_vec() };
        if quote == Quote::Double {
            value = unescaped(&replace(&replace(&value, b"\\n", b"\n"), b"\\r", b"\r"));
        }
        let value = if quote == Quote::Single { Found::Given(value) } else { self.substituted(&value, raw) };
        self.values.insert(key.clone(), value.clone());
        let end = raw.1.max(parts.key.1);
        self.draft.lines.push(Line { start, end, key, raw, quote, export: parts.export, value });
    }

    /// Replaces variables; a value with a command in it cannot be known.
    fn substituted(&mut self, value: &[u8], raw: (usize, usize)) -> Found {
        let mut out = Vec::with_capacity(value.len());
        let mut position = 0;
        while position < value.len() {
            let is_escaped = value[position] == b'\\' && value.get(position + 1) == Some(&b'$');
            let dollar = position + usize::from(is_escaped);
            if value[dollar] != b'$' || value.get(dollar + 1) == Some(&b'(') {
                out.push(value[position]);
                position += 1;
                continue;
            }
            let name = dollar + 1 + usize::from(value.get(dollar + 1) == Some(&b'{'));
            let name_end = skip(value, name, is_word);
            let end = name_end + usize::from(value.get(name_end) == Some(&b'}'));
            if is_escaped || name_end == name {
                out.extend_from_slice(&value[dollar..end]);
            } else {
                match self.look_up(&value[name..name_end]) {
                    Found::Given(found) => out.extend_from_slice(&found),
                    Found::Absent => {}
                    Found::Unknowable => return Found::Unknowable,
                }
            }
            position = end;
        }
        match commands(&out) {
            Some(without) if without.1 => {
                self.draft.note(Problem::CommandSubstitution, raw.0, raw.1);
                Found::Unknowable
            }
            Some(without) => Found::Given(without.0),
            None => Found::Given(out),
        }
    }

    fn look_up(&self, name: &[u8]) -> Found {
        let from_environment = || self.environment.get(name).map(Found::Given);
        let from_file = || self.values.get(name).cloned();
        let found = match self.environment.entry {
            Entry::Load => from_environment().or_else(from_file),
            Entry::Values => from_file().or_else(from_environment),
        };
        found.unwrap_or(Found::Absent)
    }
}

/// A backslash before anything but `$` and a line feed goes.
pub fn unescaped(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut position = 0;
    while position < value.len() {
        match (value[position], value.get(position + 1)) {
            (b'\\', Some(&next)) if next != b'$' => {
                out.push(next);
                position += 2;
            }
            (byte, _) => {
                out.push(byte);
                position += 1;
            }
        }
    }
    out
}

/// Looks for `$(…)` with balanced parentheses: the text with escaped ones unescaped, and whether one would run.
fn commands(value: &[u8]) -> Option<(Vec<u8>, bool)> {
    find(value, 0, b'$')?;
    // For each `(`: where the balanced `)` is.
    let mut close = HashMap::new();
    let mut open = Vec::new();
    for (at, byte) in value.iter().enumerate() {
        match byte {
            b'(' => open.push(at),
            b')' => {
                if let Some(from) = open.pop() {
                    close.insert(from, at);
                }
            }
            _ => {}
        }
    }
    let mut out = Vec::with_capacity(value.len());
    let mut position = 0;
    while position < value.len() {
        let command = (value[position] == b'$').then(|| close.get(&(position + 1))).flatten();
        if let Some(&end) = command.filter(|end| **end > position + 2) {
            if out.last() != Some(&b'\\') {
                return Some((out, true));
            }
            out.pop();
            out.extend_from_slice(&value[position..=end]);
            position = end + 1;
        } else {
            out.push(value[position]);
            position += 1;
        }
    }
    Some((out, false))
}
