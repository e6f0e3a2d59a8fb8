//! Keys in comments: nobody reads them, and they lie in clear all the same.
//!
//! A line that is a comment as a whole counts, and in it each word that is certainly some provider's key. Called by `find` for every
//! format that has lines; in JSON with comments such a key is named and left, since what would take its place there is no comment.

use std::borrow::Cow;

use super::section::{Cut, Setting};
use crate::provider::{self, Role};
use crate::secret::Secret;

/// The longest line that is looked at; no key is longer.
const MAX_LINE_BYTES: usize = 16 * 1024;

/// How a format marks a comment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// `#`.
    Hash,
    /// `//`.
    Slashes,
}

/// Lists the keys in the comments of a file, each as a setting that nobody reads.
pub fn settings(bytes: &[u8], mark: Mark) -> Vec<Setting> {
    let mut settings: Vec<Setting> = Vec::new();
    let mut start = 0;
    for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let begin = start;
        start += line.len();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some(text) = comment(line, mark) else { continue };
        let found = keys(&text);
        for key in &found {
            let cut = match mark {
                Mark::Hash if found.len() == 1 => Cut::Lines { span: begin..begin + line.len(), instead: None },
                Mark::Hash => Cut::Not("its line holds several keys"),
                Mark::Slashes => Cut::Not("it stands in a comment; delete that line by hand"),
            };
            settings.push(Setting {
                variable: variable(&text, key),
                called: None,
                value: Secret::new(*key),
                line: Some(number + 1),
                is_overridden: true,
                is_comment: true,
                cut,
            });
        }
    }
    settings
}

/// The text behind the mark; none: the line is no comment. Keys are ASCII, whatever the rest may be.
fn comment(line: &[u8], mark: Mark) -> Option<Cow<'_, str>> {
    let lead = line.trim_ascii_start();
    let rest = match mark {
        Mark::Hash => lead.strip_prefix(b"#")?,
        Mark::Slashes => lead.strip_prefix(b"//")?,
    };
    (line.len() <= MAX_LINE_BYTES).then(|| String::from_utf8_lossy(rest))
}

/// The words that are certainly keys, each once.
fn keys(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for word in text.split(is_around).filter(|word| word.len() >= 16) {
        if !found.contains(&word) && !provider::of_key(&Secret::new(word)).is_empty() {
            found.push(word);
        }
    }
    found
}

/// What stands around words: blanks, quotes, brackets, the signs of an assignment.
fn is_around(c: char) -> bool {
    c.is_ascii_whitespace() || !c.is_ascii() || "=:\"'`,;()[]{}<>|".contains(c)
}

/// The variable that a commented-out assignment sets, else the one by which the key's provider knows it.
fn variable(text: &str, key: &str) -> String {
    let before = text.split(key).next().unwrap_or_default();
    let before = before.trim_end_matches(is_around);
    let name = before.rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or_default();
    let of_row = || {
        let row = provider::of_key(&Secret::new(key)).into_iter().next()?;
        let variable = row.variables.iter().find(|variable| variable.role == Role::Key && variable.own)?;
        Some(variable.name.clone())
    };
    if super::environment::is_known(name) {
        name.to_owned()
    } else {
        of_row().unwrap_or_else(|| "OPENAI_API_KEY".into())
    }
}
