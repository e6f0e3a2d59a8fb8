//! What an edit changes, line by line, for a person: with a little of what stands around it, and without secrets.

use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline, group_diff_ops};

use super::mask;
use crate::secret::Secret;

/// Unchanged lines that are shown before and after a change.
const CONTEXT_LINES: usize = 2;
/// How long the shortest way to tell two contents apart is looked for.
const SEARCH_TIME: Duration = Duration::from_millis(500);
/// More lines of one file are not shown.
const MAX_LINES: usize = 400;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineKind {
    /// In both.
    Kept,
    /// In the earlier content alone.
    Removed,
    /// In the later content alone.
    Added,
    /// Lines are left out here.
    Gap,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Line {
    /// What it is.
    pub kind: LineKind,
    /// Its number, from 1: in the earlier content, or in the later one where it was added; 0 for a gap.
    pub number: usize,
    /// What it says, fit for a terminal.
    pub text: String,
}

/// The change of one file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FileDiff {
    /// The file, as messages name it.
    pub file: String,
    /// Whether it is new.
    pub is_new: bool,
    /// Whether it goes.
    pub is_removed: bool,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// Compares two contents; `None`: there is no such file.
pub fn of(file: &str, before: Option<&[u8]>, after: Option<&[u8]>, hidden: &[Secret]) -> FileDiff {
    let old = lines(before.unwrap_or_default());
    let new = lines(after.unwrap_or_default());
    let ends = Ends::of(before.unwrap_or_default(), after.unwrap_or_default());
    let ops = capture_diff_slices_deadline(Algorithm::Myers, &old, &new, Some(Instant::now() + SEARCH_TIME));
    let mut shown = Vec::new();
    for (at, group) in group_diff_ops(ops, CONTEXT_LINES).iter().enumerate() {
        if at > 0 {
            shown.push(gap());
        }
        for op in group {
            add(&mut shown, op, &old, &new, |line| mask::line(ends.strip(line), hidden));
        }
    }
    if shown.len() > MAX_LINES {
        shown.truncate(MAX_LINES);
        shown.push(gap());
    }
    FileDiff { file: file.to_owned(), is_new: before.is_none(), is_removed: after.is_none(), lines: shown }
}

fn gap() -> Line {
    Line { kind: LineKind::Gap, number: 0, text: String::new() }
}

fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').collect()
}

fn add(shown: &mut Vec<Line>, op: &DiffOp, old: &[&[u8]], new: &[&[u8]], text: impl Fn(&[u8]) -> String) {
    let (was, is) = (op.old_range(), op.new_range());
    if matches!(op, DiffOp::Equal { .. }) {
        shown.extend(was.map(|at| Line { kind: LineKind::Kept, number: at + 1, text: text(old[at]) }));
        return;
    }
    shown.extend(was.map(|at| Line { kind: LineKind::Removed, number: at + 1, text: text(old[at]) }));
    shown.extend(is.map(|at| Line { kind: LineKind::Added, number: at + 1, text: text(new[at]) }));
}

/// What every line of both contents ends with: that alone is not shown.
struct Ends(&'static [u8]);

impl Ends {
    fn of(before: &[u8], after: &[u8]) -> Self {
        let all_crlf =
            |bytes: &[u8]| lines(bytes).iter().filter(|line| line.ends_with(b"\n")).all(|line| line.ends_with(b"\r\n"));
        Self(if all_crlf(before) && all_crlf(after) { b"\r\n" } else { b"\n" })
    }

    fn strip<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        line.strip_suffix(self.0).unwrap_or(line)
    }
}
