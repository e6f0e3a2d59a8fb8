//! npm `dotenv-expand`, up to 12 and 1000, on top of npm `dotenv`.
//!
//! ```text
//! reference  = "${" ( not "{", "}" )+ "}" | "$" name          with no backslash before it
//! expression = name [ ( ":+" | "+" | ":-" | "-" ) word ]      split at the first operator
//! ```
//! The first reference is replaced (quotes make no difference), then the search starts again from the front, so that a value
//! taken from a variable is expanded too. A variable that is set to something else before keeps that value unexpanded. At the
//! end `\$` becomes `$`. 1000 then runs what stands in `$(…)`.

use std::collections::{HashMap, HashSet};

use crate::dotenv::Dialect;
use crate::dotenv::character::{find, name_length, replace};
use crate::dotenv::draft::{Found, Line};
use crate::dotenv::environment::{Entry, Environment};
use crate::dotenv::reading::{Problem, Reading};

/// More replacements than any honest file needs: the real loader may run for ever.
const MAX_STEPS: usize = 200;
/// A value that grew beyond this is not followed.
const MAX_BYTES: usize = 1 << 20;

/// More `$(` without an end than this are not followed.
const MAX_OPEN: usize = 16;

pub fn read(file: &[u8], dialect: Dialect, environment: &Environment<'_>) -> Reading {
    let text = super::npm::text(file);
    let mut draft = super::npm::parse(&text);
    // An object keeps one value for each name, where the name first came.
    let mut last: HashMap<&[u8], usize> = HashMap::new();
    for (index, line) in draft.lines.iter().enumerate() {
        last.insert(&line.key, index);
    }
    let mut order: Vec<usize> = Vec::new();
    for line in &draft.lines {
        order.extend(last.remove(&*line.key));
    }
    let mut expander =
        Expander { environment, dialect, raw: HashMap::new(), running: HashMap::new(), unknown: Vec::new() };
    for &index in &order {
        let line = &draft.lines[index];
        if let Found::Given(value) = &line.value {
            expander.raw.insert(line.key.clone(), value.clone());
        }
    }
    let kept: HashSet<usize> = order.iter().copied().collect();
    for (_, line) in draft.lines.iter_mut().enumerate().filter(|(index, _)| !kept.contains(index)) {
        // Overwritten by a later line before anything was expanded.
        line.value = Found::Absent;
    }
    let mut spans = Vec::new();
    for index in order {
        let line = &mut draft.lines[index];
        if let Some(problem) = expander.finish(line) {
            spans.push((problem, line.raw));
        }
    }
    for (problem, (start, end)) in spans {
        draft.note(problem, start, end);
    }
    if environment.entry == Entry::Load {
        super::npm::cut_at_nul(&mut draft);
    }
    draft.finish(&text, dialect, true)
}

struct Expander<'a> {
    environment: &'a Environment<'a>,
    dialect: Dialect,
    /// The file's own values before expansion; `config()` has put them into the environment.
    raw: HashMap<Vec<u8>, Vec<u8>>,
    running: HashMap<Vec<u8>, Vec<u8>>,
    unknown: Vec<Vec<u8>>,
}

impl Expander<'_> {
    /// Gives a line its final value.
    fn finish(&mut self, line: &mut Line) -> Option<Problem> {
        let Found::Given(value) = std::mem::replace(&mut line.value, Found::Absent) else { return None };
        let outside = self.environment.get(&line.key).filter(|outside| !outside.is_empty() && *outside != value);
        let expanded = match outside {
            Some(outside) => Ok(outside),
            None => self.expanded(value),
        };
        match expanded {
            Ok(value) => {
                let value = replace(&value, b"\\$", b"$");
                self.running.insert(line.key.clone(), value.clone());
                line.value = Found::Given(value);
                None
            }
            Err(problem) => {
                self.unknown.push(line.key.clone());
                line.value = Found::Unknowable;
                Some(problem)
            }
        }
    }

    fn expanded(&self, value: Vec<u8>) -> Result<Vec<u8>, Problem> {
        let mut result = value;
        let mut seen: Vec<Vec<u8>> = Vec::new();
        let mut steps = 0;
        while let Some((start, end, expression)) = reference(&result) {
            steps += 1;
            if steps > MAX_STEPS || result.len() > MAX_BYTES {
                return Err(Problem::Expansion);
            }
            let expression = result[expression.0..expression.1].to_vec();
            let (name, operator, word) = split(&expression);
            if self.unknown.iter().any(|unknown| unknown == name) {
                return Err(Problem::CommandSubstitution);
            }
            let value = self.get(name);
            let filled = value.clone().filter(|value| !value.is_empty());
            let with = if self.dialect == Dialect::NpmExpand1000 {
                match operator {
                    b":-" => filled.unwrap_or_else(|| word.to_vec()),
                    b"-" => value.clone().unwrap_or_else(|| word.to_vec()),
                    b":+" => filled.map_or_else(Vec::new, |_| word.to_vec()),
                    b"+" => value.clone().map_or_else(Vec::new, |_| word.to_vec()),
                    _ => filled.unwrap_or_default(),
                }
            } else {
                seen.push(result.clone());
                match operator {
                    b":+" | b"+" => filled.map_or_else(Vec::new, |_| word.to_vec()),
                    _ => filled.filter(|value| !seen.contains(value)).unwrap_or_else(|| word.to_vec()),
                }
            };
            let template = result[start..end].to_vec();
            result = replace_first(&result, &template, &with);
            let stop = if self.dialect == Dialect::NpmExpand1000 { value } else { self.running.get(name).cloned() };
            if stop.as_ref() == Some(&result) {
                break;
            }
        }
        if self.dialect == Dialect::NpmExpand1000 && has_command(&result) {
            return Err(Problem::CommandSubstitution);
        }
        Ok(result)
    }

    /// A variable as an expression sees it: the environment first, which holds the file's raw values after `config()`.
    fn get(&self, name: &[u8]) -> Option<Vec<u8>> {
        let is_loaded = self.environment.entry == Entry::Load;
        let raw = self.raw.get(name);
        let mut outside = self.environment.get(name).or_else(|| raw.filter(|_| is_loaded).cloned());
        if self.dialect == Dialect::NpmExpand1000 && self.running.contains_key(name) && outside.as_ref() == raw {
            outside = None;
        }
        outside.or_else(|| self.running.get(name).cloned())
    }
}

/// The first reference: its range and the range of its expression.
fn reference(value: &[u8]) -> Option<(usize, usize, (usize, usize))> {
    let mut position = 0;
    while let Some(dollar) = find(value, position, b'$') {
        position = dollar + 1;
        if dollar > 0 && value[dollar - 1] == b'\\' {
            continue;
        }
        if value.get(dollar + 1) == Some(&b'{') {
            let from = dollar + 2;
            let length = value[from..].iter().position(|b| matches!(b, b'{' | b'}'));
            if let Some(length) = length.filter(|length| *length > 0 && value[from + length] == b'}') {
                return Some((dollar, from + length + 1, (from, from + length)));
            }
        }
        let length = name_length(&value[dollar + 1..]);
        if length > 0 {
            return Some((dollar, dollar + 1 + length, (dollar + 1, dollar + 1 + length)));
        }
    }
    None
}

/// Splits an expression at its first operator.
fn split(expression: &[u8]) -> (&[u8], &[u8], &[u8]) {
    for (index, &byte) in expression.iter().enumerate() {
        let length = match byte {
            b':' if matches!(expression.get(index + 1), Some(b'+' | b'-')) => 2,
            b'+' | b'-' => 1,
            _ => continue,
        };
        return (&expression[..index], &expression[index..index + length], &expression[index + length..]);
    }
    // Without an operator the real code splits at nothing, which its language reads as the word.
    match expression.windows(4).position(|window| window == b"null") {
        Some(at) => (&expression[..at], b"", &expression[at + 4..]),
        None => (expression, b"", b""),
    }
}

/// `String.prototype.replace` with a text: the first occurrence, and `$$`, `$&`, `` $` `` and `$'` in the replacement mean something.
pub fn replace_first(text: &[u8], what: &[u8], with: &[u8]) -> Vec<u8> {
    let Some(start) = text.windows(what.len().max(1)).position(|window| window == what) else { return text.to_vec() };
    let (before, after) = (&text[..start], &text[start + what.len()..]);
    let mut out = before.to_vec();
    let mut position = 0;
    while position < with.len() {
        let piece: &[u8] = match (with[position], with.get(position + 1)) {
            (b'$', Some(b'$')) => b"$",
            (b'$', Some(b'&')) => what,
            (b'$', Some(b'`')) => before,
            (b'$', Some(b'\'')) => after,
            (byte, _) => {
                out.push(byte);
                position += 1;
                continue;
            }
        };
        out.extend_from_slice(piece);
        position += 2;
    }
    out.extend_from_slice(after);
    out
}

/// Whether there is a `$(` whose parenthesis closes. Many that do not are not looked at one by one: who knows then.
fn has_command(value: &[u8]) -> bool {
    let mut from = 0;
    let mut open = 0;
    while let Some(dollar) = find(value, from, b'$') {
        from = dollar + 1;
        if value.get(from) == Some(&b'(') {
            open += 1;
            if open > MAX_OPEN || closes(&value[from + 1..]) {
                return true;
            }
        }
    }
    false
}

#[allow(clippy::match_same_arms)] // Inside quotes and outside are told apart.
fn closes(value: &[u8]) -> bool {
    // For each open parenthesis: the quote that is open in it.
    let mut open: Vec<Option<u8>> = vec![None];
    let mut position = 0;
    while position < value.len() {
        let byte = value[position];
        let Some(quote) = open.last_mut() else { return true };
        match (*quote, byte) {
            (Some(b'\''), b'\'') => *quote = None,
            (Some(b'\''), _) => {}
            (_, b'\\') => position += 1,
            (Some(mark), byte) if mark == byte => *quote = None,
            (Some(_), b'$') if value.get(position + 1) == Some(&b'(') => {
                open.push(None);
                position += 1;
            }
            (Some(_), _) => {}
            (None, b'\'' | b'"' | b'`') => *quote = Some(byte),
            (None, b'(') => open.push(None),
            (None, b')') => {
                open.pop();
                if open.is_empty() {
                    return true;
                }
            }
            (None, _) => {}
        }
        position += 1;
    }
    false
}
