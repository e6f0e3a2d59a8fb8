//! `docker run --env-file` (Docker CLI 28, `pkg/kvfile`): what stands after the first `=` is the value, quotes and blanks and all.
//!
//! White space before the name is taken off; a line that then starts with `#` is a comment. A bare name takes the value of the
//! environment. White space in a name, an empty name, bytes that are not UTF-8 or a line of 64 KiB end the command.

use crate::dotenv::Dialect;
use crate::dotenv::character::{find, is_space_in_go, skip};
use crate::dotenv::draft::{Draft, Found, Line};
use crate::dotenv::environment::Environment;
use crate::dotenv::reading::{Problem, Quote, Reading};
use crate::dotenv::text::Text;

/// The longest line its scanner takes, with the line feed.
const MAX_LINE_BYTES: usize = 64 * 1024;

pub fn read(file: &[u8], environment: &Environment<'_>) -> Reading {
    let text = Text::without_bom(file);
    let mut draft = Draft::default();
    let bytes = &*text.bytes;
    let mut next = 0;
    while next < bytes.len() {
        let line_start = next;
        let feed = find(bytes, line_start, b'\n').unwrap_or(bytes.len());
        next = (feed + 1).min(bytes.len());
        let end = if feed > line_start && bytes[feed - 1] == b'\r' { feed - 1 } else { feed };
        let problem = line(bytes, (line_start, end), environment, &mut draft);
        let too_long = feed - line_start >= MAX_LINE_BYTES;
        if let Some(problem) = problem.or(too_long.then_some(Problem::RejectedLine)) {
            draft.fail_whole(problem, line_start, end);
            break;
        }
        next = next.max(feed + 1);
    }
    draft.finish(&text, Dialect::Docker, false)
}

/// Reads one line; what is wrong with it, if the command ends there.
fn line(bytes: &[u8], line: (usize, usize), environment: &Environment<'_>, draft: &mut Draft) -> Option<Problem> {
    let end = line.1;
    let bytes = &bytes[..end];
    if std::str::from_utf8(&bytes[line.0..]).is_err() {
        return Some(Problem::NotUtf8);
    }
    let start = skip(bytes, line.0, is_space_in_go);
    if start >= end || bytes[start] == b'#' {
        return None;
    }
    let equal = find(bytes, start, b'=');
    let key = &bytes[start..equal.unwrap_or(end)];
    if key.is_empty() || key.contains(&b' ') || key.contains(&b'\t') {
        return Some(Problem::BadName);
    }
    let raw = equal.map_or((end, end), |equal| (equal + 1, end));
    let value = match equal {
        Some(_) => Found::Given(bytes[raw.0..raw.1].to_vec()),
        None => {
            draft.note(Problem::NoValue, start, end);
            environment.get(key).map_or(Found::Absent, Found::Given)
        }
    };
    draft.lines.push(Line { start, end, key: key.to_vec(), raw, quote: Quote::None, export: false, value });
    None
}
