//! The one thing to do about a finding, in words for people and as edits that a program can carry out.
//!
//! `doctor --fix` takes the edits of all safe fixes, groups them by file, and hands each file's bytes to [`apply`]:
//!
//! ```no_run
//! # use llmenv::detect::{Finding, fix};
//! # fn example(findings: &[Finding], file: &std::path::Path, now: &[u8]) -> llmenv::error::Result<Vec<u8>> {
//! let edits: Vec<&fix::Edit> = fix::edits(findings, fix::Only::Safe).into_iter().filter(|edit| edit.path == file).collect();
//! fix::apply(&edits, now)
//! # }
//! ```
//! An edit says which bytes it expects where; a file that was changed meanwhile is refused, never guessed at. New text is a
//! cleaned form of what stood there, a comment, or nothing: no edit brings a key into a file that did not hold it.

use std::ops::Range;
use std::path::PathBuf;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::Finding;
use crate::error::{Error, Result};
use crate::printable;

/// What to do.
#[derive(Clone, Debug)]
pub struct Fix {
    /// How it is done.
    pub kind: Kind,
    /// Whether a program may do it without knowing what the user wants: it changes no meaning that anybody could want to keep.
    pub safe: bool,
    /// In words, as advice: `take the blank off the end`.
    pub description: String,
    /// Changes of files that do it; empty for other kinds than [`Kind::Edit`] and [`Kind::Mode`].
    pub edits: Vec<Edit>,
}

/// How something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// By changing what a file holds.
    Edit,
    /// By changing who may read a file.
    Mode,
    /// By a command that the user types; it is in the description between backticks.
    Command,
    /// By something only a person can do.
    Hint,
}

/// A change of one file.
#[derive(Clone, Debug)]
pub struct Edit {
    /// The file.
    pub path: PathBuf,
    /// What changes.
    pub change: Change,
}

/// What changes in a file.
#[derive(Clone, Debug)]
pub enum Change {
    /// These bytes are replaced.
    Replace {
        /// Where, in the file as it was read.
        span: Range<usize>,
        /// The SHA-256 of what stood there.
        was: [u8; 32],
        /// What stands there then.
        new: Zeroizing<Vec<u8>>,
    },
    /// The file becomes UTF-8 without a mark at its start.
    Utf8,
    /// Lines end with a line feed alone.
    LineFeeds,
    /// Permission bits, Unix.
    Mode(u32),
}

/// Which fixes count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// Those that are safe.
    Safe,
    /// All that a program can carry out.
    All,
}

impl Fix {
    /// Something only a person can do.
    pub fn hint(description: impl Into<String>) -> Self {
        Self { kind: Kind::Hint, safe: false, description: description.into(), edits: Vec::new() }
    }

    /// A command for the user to type, named in the description between backticks.
    pub fn command(description: impl Into<String>) -> Self {
        Self { kind: Kind::Command, ..Self::hint(description) }
    }

    /// A change of a file. Not safe until [`Fix::safe`] says so.
    pub fn edit(description: impl Into<String>, path: impl Into<PathBuf>, change: Change) -> Self {
        let kind = if matches!(change, Change::Mode(_)) { Kind::Mode } else { Kind::Edit };
        let edits = vec![Edit { path: path.into(), change }];
        Self { kind, safe: false, description: description.into(), edits }
    }

    /// Marks it as one that a program may carry out.
    #[must_use]
    pub fn safe(mut self) -> Self {
        self.safe = !self.edits.is_empty();
        self
    }

    /// As every `--json` has it.
    pub fn json(&self) -> Value {
        let kind = match self.kind {
            Kind::Edit => "edit",
            Kind::Mode => "mode",
            Kind::Command => "command",
            Kind::Hint => "hint",
        };
        json!({"kind": kind, "safe": self.safe, "description": self.description})
    }
}

impl Change {
    /// Replaces bytes of a file that holds `file` now.
    pub fn replace(file: &[u8], span: Range<usize>, new: impl Into<Vec<u8>>) -> Self {
        let was = Sha256::digest(file.get(span.clone()).unwrap_or_default()).into();
        Self::Replace { span, was, new: Zeroizing::new(new.into()) }
    }
}

/// The edits of findings, each once, in their order.
pub fn edits(findings: &[Finding], only: Only) -> Vec<&Edit> {
    let fixes = findings.iter().filter_map(|finding| finding.fix.as_ref());
    fixes.filter(|fix| only == Only::All || fix.safe).flat_map(|fix| &fix.edits).collect()
}

/// Carries out the edits of one file on its bytes; [`Change::Mode`] is left to the caller.
///
/// Overlapping replacements: the first one counts, and a second run of `doctor` finds what is left. Fails where the bytes are
/// not those the edit was made for.
pub fn apply(edits: &[&Edit], now: &[u8]) -> Result<Vec<u8>> {
    let mut pieces: Vec<(&Range<usize>, &Vec<u8>)> = Vec::new();
    for edit in edits {
        let Change::Replace { span, was, new } = &edit.change else { continue };
        let there = now.get(span.clone()).map(|bytes| <[u8; 32]>::from(Sha256::digest(bytes)));
        if there.as_ref() != Some(was) {
            return Err(Error::new(format!("`{}` was changed meanwhile", printable::path(&edit.path)))
                .hint("nothing was written; run this again"));
        }
        if pieces.iter().all(|(known, _)| span.end <= known.start || known.end <= span.start) {
            pieces.push((span, new));
        }
    }
    pieces.sort_by_key(|(span, _)| span.start);
    let mut text = Vec::with_capacity(now.len());
    let mut at = 0;
    for (span, new) in pieces {
        text.extend_from_slice(&now[at..span.start]);
        text.extend_from_slice(new);
        at = span.end;
    }
    text.extend_from_slice(&now[at..]);
    for edit in edits {
        match edit.change {
            Change::Utf8 => text = utf8(text, &edit.path)?,
            Change::LineFeeds => text = line_feeds(&text),
            Change::Replace { .. } | Change::Mode(_) => {}
        }
    }
    Ok(text)
}

fn utf8(text: Vec<u8>, path: &std::path::Path) -> Result<Vec<u8>> {
    if let Some(rest) = text.strip_prefix(b"\xef\xbb\xbf") {
        return Ok(rest.to_vec());
    }
    match crate::source::search::utf16(&text) {
        Some(wide) => Ok(wide.trim_start_matches('\u{feff}').as_bytes().to_vec()),
        None if std::str::from_utf8(&text).is_ok() => Ok(text),
        None => Err(Error::new(format!("`{}` is in no encoding that llmenv can read", printable::path(path)))
            .hint("save it as UTF-8 with an editor")),
    }
}

fn line_feeds(text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    for (at, byte) in text.iter().enumerate() {
        if *byte != b'\r' || text.get(at + 1) != Some(&b'\n') {
            kept.push(*byte);
        }
    }
    kept
}
