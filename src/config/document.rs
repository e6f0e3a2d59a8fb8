//! A TOML file with positions: bytes come in, typed values go out, and every mistake is kept with its line.
//!
//! Used by the configuration, by included files and by pins. Messages name keys and what was expected; they never repeat a value
//! that was not understood, since a key may have been pasted there.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Error, Result};
use crate::printable;

/// The most mistakes that one error lists.
const MAX_LISTED: usize = 5;

/// The longest text that a field may hold.
const MAX_TEXT_BYTES: usize = 4096;

/// A mistake in a file.
#[derive(Clone, Debug)]
struct Problem {
    at: usize,
    message: String,
    hint: Option<String>,
}

/// A file being read, with the mistakes found so far.
pub(crate) struct Document<'t> {
    file: &'t Path,
    text: &'t str,
    /// Where each line but the first starts.
    lines: Vec<usize>,
    problems: Vec<Problem>,
}

/// A key and its value, with the places where they stand.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'d> {
    /// The key.
    pub key: &'d str,
    /// Where the key stands, in bytes.
    pub key_at: usize,
    /// The value.
    pub value: &'d DeValue<'d>,
    /// Where the value stands, in bytes.
    pub at: usize,
}

/// Gives the text of a file, or says why its bytes are none.
pub(crate) fn decode(file: &Path, bytes: Vec<u8>) -> Result<String> {
    let shown = printable::path(file);
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Error::new("the file is in UTF-16, not in UTF-8")
            .at(shown)
            .hint("save it as UTF-8; in PowerShell, `Set-Content -Encoding utf8` writes that"));
    }
    String::from_utf8(bytes).map_err(|err| {
        let valid = err.utf8_error().valid_up_to();
        let line = 1 + err.as_bytes().iter().take(valid).filter(|&&b| b == b'\n').count();
        Error::new("the file is not valid UTF-8").at(format!("{shown}:{line}"))
    })
}

impl<'t> Document<'t> {
    /// Starts on a text that was read from `file`.
    pub fn new(file: &'t Path, text: &'t str) -> Self {
        let lines = text.bytes().enumerate().filter(|&(_, b)| b == b'\n').map(|(at, _)| at + 1).collect();
        Self { file, text, lines, problems: Vec::new() }
    }

    /// Reads the TOML grammar; what does not follow it is an error at once, since everything after it would be guessed.
    pub fn parse(&mut self) -> Result<Spanned<DeTable<'t>>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            self.syntax_problem(error.message(), error.span().unwrap_or_default());
        }
        self.finish(table)
    }

    /// The file.
    pub fn file(&self) -> &'t Path {
        self.file
    }

    /// The line of a place, from 1.
    pub fn line(&self, at: usize) -> usize {
        1 + self.lines.partition_point(|&start| start <= at)
    }

    /// Keeps a mistake.
    pub fn problem(&mut self, at: usize, message: impl Into<String>) {
        self.problems.push(Problem { at, message: message.into(), hint: None });
    }

    /// Keeps a mistake with what to do about it.
    pub fn problem_with(&mut self, at: usize, message: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(Problem { at, message: message.into(), hint: Some(hint.into()) });
    }

    /// Keeps a mistake that something else found.
    pub fn problem_from(&mut self, at: usize, error: Error) {
        self.problems.push(Problem { at, message: error.message, hint: error.hints.into_iter().next() });
    }

    /// Gives the value if there was no mistake, else the mistakes: the first with its hint, the others as further places.
    pub fn finish<T>(&mut self, value: T) -> Result<T> {
        let mut problems = std::mem::take(&mut self.problems);
        problems.sort_by_key(|problem| problem.at);
        let file = printable::path(self.file);
        let mut rest = problems.into_iter();
        let Some(first) = rest.next() else { return Ok(value) };
        let mut error = Error::new(first.message).at(format!("{file}:{}", self.line(first.at)));
        if let Some(hint) = first.hint {
            error = error.hint(hint);
        }
        let more = rest.len();
        for problem in rest.take(MAX_LISTED - 1) {
            error = error.at(format!("{file}:{}: {}", self.line(problem.at), problem.message));
        }
        if more >= MAX_LISTED {
            error = error.at(format!("{file}: {} more", more + 1 - MAX_LISTED));
        }
        Err(error)
    }

    /// Keeps an unknown key, with the known one that was probably meant, and gives that: it is not missing, too.
    pub fn unknown_key<'k>(&mut self, entry: &Entry, known: &[&'k str], what: &str) -> Option<&'k str> {
        let key = printable::text(entry.key);
        // A file made of mistakes shall not cost a comparison for each.
        let meant = crate::suggest::nearest(entry.key, known.iter().copied().filter(|_| self.problems.len() < 100));
        if let Some(meant) = meant {
            self.problem(entry.key_at, format!("unknown key `{key}`; did you mean `{meant}`?"));
        } else {
            let hint = format!("{what} knows {}", or_list(known));
            self.problem_with(entry.key_at, format!("unknown key `{key}`"), hint);
        }
        meant
    }

    /// Keeps that a value is of the wrong type.
    fn wrong_type(&mut self, entry: &Entry, expected: &str) {
        let found = type_name(entry.value);
        self.problem(entry.at, format!("`{}` must be {expected}, not {found}", printable::text(entry.key)));
    }

    /// A text of one line that is not empty.
    pub fn text(&mut self, entry: &Entry) -> Option<String> {
        let Some(text) = entry.value.as_str() else {
            self.wrong_type(entry, "a text in quotes");
            return None;
        };
        if text.trim().is_empty() {
            self.problem_with(
                entry.at,
                format!("`{}` is empty", printable::text(entry.key)),
                "give it a value, or remove the line",
            );
            return None;
        }
        self.is_one_line(entry.key, text, entry.at).then(|| text.to_owned())
    }

    /// Says whether a text is one line of a sensible length, and keeps what is wrong with it.
    pub fn is_one_line(&mut self, key: &str, text: &str, at: usize) -> bool {
        let key = printable::text(key);
        if !crate::env_patch::is_servable(text) {
            self.problem(at, format!("`{key}` must be one line without control characters"));
            return false;
        }
        if text.len() > MAX_TEXT_BYTES {
            self.problem(at, format!("`{key}` is longer than {MAX_TEXT_BYTES} bytes"));
            return false;
        }
        true
    }

    /// `true` or `false`.
    pub fn flag(&mut self, entry: &Entry) -> Option<bool> {
        let flag = entry.value.as_bool();
        if flag.is_none() {
            self.wrong_type(entry, "`true` or `false`");
        }
        flag
    }

    /// A whole number.
    pub fn integer(&mut self, entry: &Entry) -> Option<i64> {
        let number =
            entry.value.as_integer().and_then(|digits| i64::from_str_radix(digits.as_str(), digits.radix()).ok());
        if number.is_none() {
            self.wrong_type(entry, "a whole number");
        }
        number
    }

    /// A list of texts, each with its place; `example` is shown where it is none.
    pub fn list(&mut self, entry: &Entry, example: &str) -> Option<Vec<(String, usize)>> {
        let Some(array) = entry.value.as_array() else {
            self.wrong_type(entry, &format!("a list such as `{example}`"));
            return None;
        };
        let mut texts = Vec::new();
        for item in array {
            let item = Entry { key: entry.key, key_at: entry.key_at, value: item.get_ref(), at: item.span().start };
            if item.value.is_str() {
                texts.extend(self.text(&item).map(|text| (text, item.at)));
            } else {
                self.wrong_type(&item, &format!("a list of texts such as `{example}`"));
            }
        }
        Some(texts)
    }

    /// A table; `example` is shown where it is none.
    pub fn table<'d>(&mut self, entry: &Entry<'d>, example: &str) -> Option<Vec<Entry<'d>>> {
        let table = entry.value.as_table();
        if table.is_none() {
            self.wrong_type(entry, &format!("a table such as `{example}`"));
        }
        table.map(entries)
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&mut self, entry: &Entry, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(entry)?;
        self.word(entry.key, &text, entry.at, words)
    }

    /// One of a few words, already read.
    pub fn word<T: Copy>(&mut self, key: &str, text: &str, at: usize, words: &[(&str, T)]) -> Option<T> {
        if let Some(&(_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(value);
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let what = format!("`{}` cannot be `{}`", printable::text(key), shown_word(text));
        let hint = format!("it is one of {}", or_list(&known));
        match crate::suggest::nearest(text, known.iter().copied()) {
            Some(meant) => self.problem_with(at, format!("{what}; did you mean `{meant}`?"), hint),
            None => self.problem_with(at, what, hint),
        }
        None
    }

    fn syntax_problem(&mut self, message: &str, span: std::ops::Range<usize>) {
        let at = span.start;
        let found = self.text.get(span).unwrap_or_default();
        let line_start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let line = self.text[line_start..].lines().next().unwrap_or_default().trim_start();
        if message == "duplicate key" {
            self.problem_with(at, format!("`{}` is defined twice", printable::text(found)), "keep one of the two");
        } else if line.starts_with("export ") || line.starts_with("set ") || line.starts_with("$env:") {
            self.problem_with(
                at,
                "this is a shell command, and the file is TOML",
                "write it as `name = \"value\"`; a key is stored with `llmenv add`",
            );
        } else if message.starts_with("string values must be quoted") && found.is_empty() {
            self.problem(at, "a value is missing after `=`");
        } else if message.starts_with("string values must be quoted") && found.starts_with(['“', '”', '„', '‘', '’'])
        {
            self.problem_with(at, "these are typographic quotes", "write straight ones: `\"`");
        } else if message.starts_with("string values must be quoted") {
            self.problem_with(at, "a text must stand in quotes", "write it as `name = \"value\"`");
        } else if message.starts_with("invalid boolean") {
            self.problem(at, "expected `true` or `false`, in small letters");
        } else {
            self.problem(at, format!("not valid TOML: {message}"));
        }
    }
}

/// A word in a message: cut short, because a key may have been pasted where a word belongs.
fn shown_word(text: &str) -> String {
    const MAX_SHOWN_CHARS: usize = 24;
    if text.chars().count() > MAX_SHOWN_CHARS {
        return "…".into();
    }
    printable::text(text)
}

/// The entries of a table in the order of the file.
pub(crate) fn entries<'d>(table: &'d DeTable<'d>) -> Vec<Entry<'d>> {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref(),
            key_at: key.span().start,
            value: value.get_ref(),
            at: value.span().start,
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_at);
    entries
}

fn type_name(value: &DeValue) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// `` `a`, `b` or `c` ``.
fn or_list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => "nothing".into(),
    }
}
