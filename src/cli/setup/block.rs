//! The lines of ours in somebody else's start-up file: found, put at its end, taken out without a trace.
//!
//! Bytes in, bytes out. The first mark remembers what the file was like before, so that taking the lines out gives back every
//! byte: whether its last line had an end, and whether there was a file at all.

use std::ops::Range;

use crate::error::{Error, Result};

/// What the first line of ours starts with.
const BEGIN: &str = "# >>> llmenv >>>";
/// The last line of ours.
const END: &str = "# <<< llmenv <<<";
/// Stands in the first mark where the file's last line had no end.
const NO_LINE_END: &str = "after a line without an end";
/// Stands in the first mark where there was no file.
const NO_FILE: &str = "to a new file";

/// What a file was like before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Whole,
    NoLineEnd,
    NoFile,
}

/// Lines of ours in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Where they are, with the end of the last line.
    pub range: Range<usize>,
    /// The number of the first one, from 1.
    pub first_line: usize,
    /// The number of the last one.
    pub last_line: usize,
    before: Before,
}

/// What is left of a file when our lines are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rest {
    /// These bytes.
    Bytes(Vec<u8>),
    /// There was no file before us.
    NoFile,
}

/// Finds our lines. Fails, naming the line, where a mark has lost its partner: what lies between is then anybody's guess.
pub fn find(bytes: &[u8]) -> Result<Vec<Block>, (usize, Error)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, usize, Before)> = None;
    let mut start = 0;
    let damaged = |line, which: &str| {
        let error = Error::new(format!("the {which} mark of llmenv's lines is there without its partner"));
        Err((line, error.hint("take what is left of llmenv's lines out by hand, then run this again")))
    };
    for (at, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let end = start + line.len();
        let text = line.trim_ascii_end();
        if text.starts_with(BEGIN.as_bytes()) {
            if let Some((_, first, _)) = open {
                return damaged(first, "first");
            }
            let has = |words: &str| text.windows(words.len()).any(|window| window == words.as_bytes());
            let before = match (has(NO_LINE_END), has(NO_FILE)) {
                (true, _) => Before::NoLineEnd,
                (_, true) => Before::NoFile,
                _ => Before::Whole,
            };
            open = Some((start, at + 1, before));
        } else if text == END.as_bytes() {
            let Some((begun, first_line, before)) = open.take() else { return damaged(at + 1, "last") };
            blocks.push(Block { range: begun..end, first_line, last_line: at + 1, before });
        }
        start = end;
    }
    match open {
        Some((_, first, _)) => damaged(first, "first"),
        None => Ok(blocks),
    }
}

/// Takes our lines out.
pub fn without(bytes: &[u8], blocks: &[Block]) -> Rest {
    let mut rest = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for block in blocks {
        rest.extend_from_slice(&bytes[from..block.range.start]);
        // Somebody may have written on after our lines: then the line end before us is needed.
        if block.before == Before::NoLineEnd && block.range.end == bytes.len() {
            let line_end = if rest.ends_with(b"\r\n") { 2 } else { usize::from(rest.ends_with(b"\n")) };
            rest.truncate(rest.len() - line_end);
        }
        from = block.range.end;
    }
    rest.extend_from_slice(&bytes[from..]);
    if rest.is_empty() && blocks.iter().any(|block| block.before == Before::NoFile) {
        return Rest::NoFile;
    }
    Rest::Bytes(rest)
}

/// Puts lines of ours at the end. The line ends are the file's own.
pub fn with(rest: &Rest, body: &[String]) -> Vec<u8> {
    let (mut bytes, note) = match rest {
        Rest::NoFile => (Vec::new(), format!(" {NO_FILE}")),
        Rest::Bytes(bytes) if bytes.is_empty() || bytes.ends_with(b"\n") => (bytes.clone(), String::new()),
        Rest::Bytes(bytes) => (bytes.clone(), format!(" {NO_LINE_END}")),
    };
    let is_crlf = has_crlf(&bytes);
    let line_end: &[u8] = if is_crlf { b"\r\n" } else { b"\n" };
    if !bytes.is_empty() && !bytes.ends_with(b"\n") {
        bytes.extend_from_slice(line_end);
    }
    for line in lines(body, &note) {
        bytes.extend_from_slice(line.as_bytes());
        if is_crlf && !line.starts_with('#') {
            // bash and zsh take the carriage return for a part of the last word; in a comment it does nothing.
            bytes.extend_from_slice(b" #");
        }
        bytes.extend_from_slice(line_end);
    }
    bytes
}

/// Our lines as they are shown.
pub fn shown(rest: &Rest, body: &[String]) -> Vec<String> {
    let added = with(rest, body);
    let text = String::from_utf8_lossy(&added);
    text.lines().skip_while(|line| !line.starts_with(BEGIN)).map(str::to_owned).collect()
}

fn lines(body: &[String], note: &str) -> Vec<String> {
    let mut lines = vec![format!("{BEGIN} added by llmenv setup{note}; llmenv setup --undo takes it out")];
    lines.extend_from_slice(body);
    lines.push(END.to_owned());
    lines
}

/// Says whether most lines end in CR LF.
pub fn has_crlf(bytes: &[u8]) -> bool {
    let (lf, crlf): (Vec<_>, Vec<_>) = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| line.ends_with(b"\n"))
        .partition(|line| !line.ends_with(b"\r\n"));
    crlf.len() > lf.len()
}
