//! Start-up files of shells: every line that sets a variable to a plain value, wherever it stands.
//!
//! Each line is read for itself, as the shell reads it: a start-up file branches and returns early, and a key inside of an `if` is
//! a key all the same. What a command would print is told and not run.

use std::ops::Range;
use std::path::Path;

use super::dotenv::{is_of_interest, mark_overridden};
use super::environment::is_known;
use super::section::{Cut, Format, Oddity, Reading, Section, Setting, whole_lines};
use crate::dotenv::{self, Dialect, Environment, Value};
use crate::secret::Secret;

/// The longest line that is looked at; no key is longer.
const MAX_LINE_BYTES: usize = 16 * 1024;

/// What a line sets.
struct Assigned {
    variable: String,
    /// None: only running a command would tell.
    value: Option<Secret>,
    /// Within the file.
    span: Range<usize>,
}

/// Reads the bytes of a file.
pub fn read(path: &Path, bytes: &[u8], format: Format) -> Reading {
    let mut reading = Reading::default();
    let mut settings: Vec<Setting> = Vec::new();
    for (number, span) in lines(bytes, format) {
        let line = &bytes[span.clone()];
        if line.len() > MAX_LINE_BYTES || line.trim_ascii_start().starts_with(b"#") {
            continue;
        }
        let found = match format {
            Format::Fish => fish(line),
            Format::Powershell => powershell(line),
            _ => posix(line, format),
        };
        let is_alone = found.len() == 1;
        for assigned in found {
            let at = span.start + assigned.span.start..span.start + assigned.span.end;
            match assigned.value {
                Some(value) if is_of_interest(&assigned.variable, &value) => settings.push(Setting {
                    cut: cut(bytes, at, &assigned.variable, is_alone),
                    variable: assigned.variable,
                    called: None,
                    value,
                    line: Some(number),
                    is_overridden: false,
                    is_comment: false,
                }),
                None if is_known(&assigned.variable) => reading.oddities.push(Oddity {
                    id: "read-differently",
                    path: Some(path.to_owned()),
                    line: Some(number),
                    message: format!(
                        "`{}` is what a command prints, which only running it would tell",
                        crate::printable::text(&assigned.variable)
                    ),
                    hint: Some(
                        "`llmenv add NAME --key-ref 'command:PROGRAM ARGUMENTS'` keeps the command, not the key".into(),
                    ),
                }),
                _ => {}
            }
        }
    }
    mark_overridden(&mut settings);
    if !settings.is_empty() {
        reading.sections.push(Section { format, path: Some(path.to_owned()), settings });
    }
    reading
}

/// Lines with their numbers; one that a backslash (PowerShell: a backtick) continues is one with the next.
fn lines(bytes: &[u8], format: Format) -> Vec<(usize, Range<usize>)> {
    let continues = if format == Format::Powershell { b'`' } else { b'\\' };
    let mut lines: Vec<(usize, Range<usize>)> = Vec::new();
    let mut start = 0;
    let mut is_open = false;
    for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let end = start + line.len();
        let text = line.trim_ascii_end();
        match lines.last_mut() {
            Some((_, span)) if is_open => span.end = start + text.len(),
            _ => lines.push((number + 1, start..start + text.len())),
        }
        is_open = text.last() == Some(&continues) && !text.ends_with(&[continues, continues]);
        start = end;
    }
    lines
}

/// A line of bash or zsh, through the reader of sourced files.
fn posix(line: &[u8], format: Format) -> Vec<Assigned> {
    let dialect = if format == Format::Zsh { Dialect::Zsh } else { Dialect::Bash };
    let lookup = |_: &str| None;
    let reading = dotenv::read(line, dialect, &Environment::new(&lookup));
    let found = reading.assignments.into_iter().filter_map(|assignment| {
        let place = assignment.place.span;
        let value = match assignment.value {
            Value::Text(text) => Some(text),
            Value::Unknowable => None,
            Value::Bytes(_) | Value::Absent => return None,
        };
        Some(Assigned { variable: assignment.key, value, span: place.start..place.end.max(assignment.raw.end) })
    });
    found.collect()
}

/// `set -gx NAME VALUE` of fish. A list of several values is no key.
fn fish(line: &[u8]) -> Vec<Assigned> {
    let Some(text) = std::str::from_utf8(line).ok() else { return Vec::new() };
    let words = fish_words(text);
    let [first, rest @ ..] = &words[..] else { return Vec::new() };
    if first.text.as_deref() != Some("set") {
        return Vec::new();
    }
    let flags = rest.iter().take_while(|word| word.text.as_deref().is_some_and(|text| text.starts_with('-'))).count();
    let is_other = rest[..flags].iter().filter_map(|word| word.text.as_deref()).any(|flag| {
        ["--erase", "--query", "--show", "--names"].contains(&flag)
            || !flag.starts_with("--") && flag.contains(['e', 'q', 'S', 'n'])
    });
    let [name, value] = &rest[flags..] else { return Vec::new() };
    let Some(variable) = name.text.clone().filter(|_| !is_other) else { return Vec::new() };
    let value_text = value.text.clone().map(Secret::new);
    vec![Assigned { variable, value: value_text, span: first.span.start..value.span.end }]
}

/// A word of fish; without text where only running something would tell.
struct Word {
    text: Option<String>,
    span: Range<usize>,
}

/// Words up to the end of the first command. Quoting as in fish's manual, "The fish language: Quotes": in `'…'` a backslash escapes
/// `'` and itself, in `"…"` also `$` and `"`.
fn fish_words(line: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut current: Option<Word> = None;
    let mut quote: Option<char> = None;
    let mut chars = line.char_indices().peekable();
    let put = |current: &mut Option<Word>, at: usize, c: Option<char>| {
        let word = current.get_or_insert(Word { text: Some(String::new()), span: at..at });
        if let (Some(text), Some(c)) = (&mut word.text, c) {
            text.push(c);
        }
    };
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                put(&mut current, at, None);
            }
            (Some(open), '\\') => {
                let escaped = chars.peek().map(|(_, c)| *c);
                let is_escape =
                    matches!((open, escaped), (_, Some('\\')) | ('\'', Some('\'')) | ('"', Some('"' | '$')));
                put(&mut current, at, Some(if is_escape { chars.next().map_or('\\', |(_, c)| c) } else { '\\' }));
            }
            (None, '\\') => {
                let next = chars.next().map(|(_, c)| c);
                put(&mut current, at, next);
            }
            (None, '(') | (None | Some('"'), '$') => {
                put(&mut current, at, None);
                if let Some(word) = &mut current {
                    word.text = None;
                }
            }
            (None, ';' | '&' | '|') => break,
            (None, '#') if current.is_none() => break,
            (None, c) if c.is_whitespace() => words.extend(current.take()),
            (_, c) => put(&mut current, at, Some(c)),
        }
        if let Some(word) = &mut current {
            word.span.end = chars.peek().map_or(line.len(), |(at, _)| *at);
        }
    }
    words.extend(current);
    words
}

/// `$env:NAME = 'value'` of PowerShell, and `[Environment]::SetEnvironmentVariable('NAME', 'value', …)`.
fn powershell(line: &[u8]) -> Vec<Assigned> {
    let Some(text) = std::str::from_utf8(line).ok() else { return Vec::new() };
    let start = text.len() - text.trim_start().len();
    let rest = &text[start..];
    let lower = rest.to_ascii_lowercase();
    let (name, after) = if lower.starts_with("$env:") {
        let Some((name, after)) = rest[5..].split_once('=') else { return Vec::new() };
        (name.trim(), after)
    } else if let Some(at) = lower.find("environment]::setenvironmentvariable(").filter(|_| lower.starts_with('[')) {
        let arguments = &rest[at + "environment]::setenvironmentvariable(".len()..];
        let Some((name, after)) = arguments.split_once(',') else { return Vec::new() };
        (name.trim().trim_matches(['\'', '"']), after)
    } else {
        return Vec::new();
    };
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let Some((value, length)) = powershell_string(after.trim_start()).filter(|_| is_name) else { return Vec::new() };
    let offset = start + rest.len() - after.len() + (after.len() - after.trim_start().len());
    // A call goes to its closing bracket.
    let end = text[offset + length..].find(')').filter(|_| lower.starts_with('['));
    let end = end.map_or(offset + length, |at| offset + length + at + 1);
    vec![Assigned { variable: name.to_owned(), value, span: start..end }]
}

/// A string of PowerShell and its length; the value is none where it holds something to be expanded.
fn powershell_string(text: &str) -> Option<(Option<Secret>, usize)> {
    let open = text.chars().next()?;
    let (is_single, is_double) =
        (matches!(open, '\'' | '\u{2018}'..='\u{201b}'), matches!(open, '"' | '\u{201c}'..='\u{201e}'));
    if !is_single && !is_double {
        // A command, or a variable.
        let is_some = text.starts_with(['(', '$', '[', '&']) || text.starts_with(|c: char| c.is_alphabetic());
        return is_some.then(|| (None, text.find(['#', ';']).unwrap_or(text.len())));
    }
    let is_close = |c: char| {
        if is_single { matches!(c, '\'' | '\u{2018}'..='\u{201b}') } else { matches!(c, '"' | '\u{201c}'..='\u{201e}') }
    };
    let mut value = String::new();
    let mut is_plain = true;
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if is_close(c) {
            // Doubled, it stands for itself.
            if chars.peek().is_some_and(|(_, next)| is_close(*next)) {
                value.push(c);
                chars.next();
                continue;
            }
            return Some((is_plain.then(|| Secret::new(value)), at + c.len_utf8()));
        }
        match c {
            '`' if is_double => value.extend(chars.next().map(|(_, c)| c)),
            '$' if is_double => is_plain = false,
            c => value.push(c),
        }
    }
    None
}

/// The whole lines of an assignment, where nothing stands beside it but a comment or its own `export`.
fn cut(bytes: &[u8], span: Range<usize>, variable: &str, is_alone: bool) -> Cut {
    if !is_alone {
        return Cut::Not("its line sets other variables, too");
    }
    let is_filler = |rest: &[u8]| {
        let mut rest = rest.trim_ascii_start();
        for _ in 0..2 {
            rest = rest.strip_prefix(b"&&").or_else(|| rest.strip_prefix(b";")).unwrap_or(rest).trim_ascii_start();
            if let Some(after) = rest.strip_prefix(b"export ") {
                rest = after.trim_ascii_start().strip_prefix(variable.as_bytes()).unwrap_or(rest).trim_ascii_start();
            }
        }
        rest.is_empty() || rest.starts_with(b"#")
    };
    // Before it only what makes it a declaration: `declare -x`, `builtin export`.
    let is_lead = |lead: &[u8]| {
        let known: [&[u8]; 6] = [b"builtin", b"export", b"declare", b"typeset", b"readonly", b"local"];
        let mut words = lead.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
        words.all(|word| known.contains(&word) || word.starts_with(b"-"))
    };
    match whole_lines(bytes, span, is_lead, is_filler) {
        Some(span) => Cut::Lines { span, instead: None },
        None => Cut::Not("other text stands on its line"),
    }
}
