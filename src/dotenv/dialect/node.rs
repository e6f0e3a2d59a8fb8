//! `node --env-file` of Node 20 (`src/node_dotenv.cc`, v20.20).
//!
//! Carriage returns vanish. A comment or an empty line is skipped; otherwise everything up to the next `=`, line ends included,
//! is a key, without blanks (the space alone) at its ends and without `export `. A value that starts, after blanks, with a quote ends at the next
//! same quote, on whatever line, and the rest of that line is dropped; without such a quote it is the line. Any other value ends
//! at `#` or the line end. In double quotes `\n` is a line feed. An empty key ends the reading.
//! Names and values end at a NUL once they are in the environment.

use crate::dotenv::Dialect;
use crate::dotenv::character::{find, replace, skip, trim};
use crate::dotenv::draft::{Draft, Found, Line};
use crate::dotenv::environment::{Entry, Environment};
use crate::dotenv::reading::{Problem, Quote, Reading};
use crate::dotenv::text::Text;

pub fn read(file: &[u8], environment: &Environment<'_>) -> Reading {
    let text = Text::plain(file).without_carriage_returns();
    let mut draft = Draft::default();
    parse(&text.bytes, &mut draft);
    if environment.entry == Entry::Load {
        super::npm::cut_at_nul(&mut draft);
        for line in &mut draft.lines {
            line.key.truncate(find(&line.key, 0, 0).unwrap_or(line.key.len()));
            if line.key.is_empty() {
                line.value = Found::Absent;
            }
        }
    }
    draft.finish(&text, Dialect::Node, true)
}

fn is_blank(c: char) -> bool {
    c == ' '
}

fn parse(bytes: &[u8], draft: &mut Draft) {
    let (mut position, end) = trim(bytes, (0, bytes.len()), is_blank);
    let bytes = &bytes[..end];
    while position < end {
        if matches!(bytes[position], b'\n' | b'#')
            && let Some(line_end) = find(bytes, position, b'\n')
        {
            position = line_end + 1;
            continue;
        }
        let Some(equal) = find(bytes, position, b'=') else {
            draft.note(Problem::IgnoredLine, position, end);
            return;
        };
        let (mut start, mut key_end) = trim(bytes, (position, equal), is_blank);
        if start >= key_end && equal > position && position > 0 {
            // Trimming a key of blanks alone takes one character too many: the one before it becomes the key.
            (start, key_end) = (position - 1, position);
        }
        if start >= key_end {
            draft.note(Problem::BadName, position, equal + 1);
            if equal + 1 < end {
                draft.note(Problem::IgnoredLine, equal + 1, end);
            }
            return;
        }
        let export = bytes[start..key_end].starts_with(b"export ");
        let key = bytes[start + if export { 7 } else { 0 }..key_end].to_vec();
        if key.contains(&b'\n') {
            draft.note(Problem::BadName, start, key_end);
        }
        let begin = skip(bytes, equal + 1, is_blank);
        let Some((raw, quote, value, after)) = value(bytes, begin, draft) else {
            // Nothing is taken and nothing is stepped over: the open quote begins the next key, if an `=` follows.
            position = begin;
            continue;
        };
        let value = Found::Given(value);
        draft.lines.push(Line { start, end: raw.1, key, raw, quote, export, value });
        position = after;
    }
}

/// The range of a value, its quotes, its text and where reading goes on.
type Cut = ((usize, usize), Quote, Vec<u8>, usize);

/// Reads a value; nothing where a quote is open on the last line.
fn value(bytes: &[u8], begin: usize, draft: &mut Draft) -> Option<Cut> {
    let line_end = find(bytes, begin, b'\n').unwrap_or(bytes.len());
    let quote = match bytes.get(begin) {
        Some(b'\'') => Quote::Single,
        Some(b'"') => Quote::Double,
        Some(b'`') => Quote::Backtick,
        _ => Quote::None,
    };
    if quote != Quote::None {
        if let Some(close) = find(bytes, begin + 1, bytes[begin]) {
            let inner = &bytes[begin + 1..close];
            let value = if quote == Quote::Double { replace(inner, b"\\n", b"\n") } else { inner.to_vec() };
            let after = find(bytes, close, b'\n').unwrap_or(bytes.len());
            let (rest, _) = trim(bytes, (close + 1, after), is_blank);
            if rest < after && bytes[rest] != b'#' {
                draft.note(Problem::TrailingText, close + 1, after);
            }
            return Some(((begin, close + 1), quote, value, after));
        }
        draft.note(Problem::UnterminatedQuote, begin, line_end);
        let is_last = line_end == bytes.len();
        return (!is_last).then(|| ((begin, line_end), Quote::None, bytes[begin..line_end].to_vec(), line_end));
    }
    let stop = find(&bytes[..line_end], begin, b'#').unwrap_or(line_end);
    let (start, end) = trim(bytes, (begin, stop), is_blank);
    let raw = (start, end.max(start));
    Some((raw, Quote::None, bytes[raw.0..raw.1].to_vec(), line_end))
}
