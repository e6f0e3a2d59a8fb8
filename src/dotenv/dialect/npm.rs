//! npm `dotenv` 16 to 18 (`parse`), which `dotenv-expand` and `@next/env` start from.
//!
//! One expression is searched through the whole text, and what does not fit it is passed over in silence:
//! ```text
//! line   = line-start space* [ "export" space+ ] key ( space* "=" | ":" space ) [ value ] space* [ "#" rest ] line-end
//! key    = ( letter | digit | "_" | "." | "-" )+
//! value  = space* quoted | not "#" and not line end, at least one
//! quoted = a quote ' " `, then everything up to the same quote; after it only blanks, a comment or the line end may come
//! ```
//! Space includes line ends, so that a value may stand on a later line than its `=`. Of several closing quotes that fit, the first
//! one without a backslash before it is taken if it fits, else the last one before it that does.

use crate::dotenv::Dialect;
use crate::dotenv::character::{find, is_space_in_javascript as is_space, is_word, replace, skip, trim};
use crate::dotenv::draft::{Draft, Found, Line};
use crate::dotenv::environment::{Entry, Environment};
use crate::dotenv::reading::{Problem, Quote, Reading};
use crate::dotenv::text::Text;

pub fn read(file: &[u8], environment: &Environment<'_>) -> Reading {
    let text = text(file);
    let mut draft = parse(&text);
    if environment.entry == Entry::Load {
        cut_at_nul(&mut draft);
    }
    draft.finish(&text, Dialect::Npm, true)
}

/// The text as `parse` sees it; a byte order mark counts as white space there.
pub fn text(file: &[u8]) -> Text<'_> {
    Text::plain(file).with_line_feeds()
}

/// What is put into the environment of a process ends at its first NUL.
pub fn cut_at_nul(draft: &mut Draft) {
    for line in &mut draft.lines {
        if let Found::Given(value) = &mut line.value
            && let Some(nul) = find(value, 0, 0)
        {
            value.truncate(nul);
        }
    }
}

/// Cuts the text into assignments.
pub fn parse(text: &Text<'_>) -> Draft {
    let bytes = &*text.bytes;
    let mut machine = Machine { bytes, closings: [const { None }; 3], draft: Draft::default() };
    let mut line_start = 0;
    while line_start < bytes.len() {
        let start = skip(bytes, line_start, is_space);
        let after = if start < bytes.len() { machine.assignment(start) } else { Some(bytes.len()) };
        let from = after.unwrap_or_else(|| {
            machine.pass_over(start);
            start
        });
        line_start = find(bytes, from, b'\n').map_or(bytes.len(), |end| end + 1);
    }
    machine.draft
}

/// For one sort of quote: every place it stands, and which of them could close a value.
struct Closings {
    places: Vec<usize>,
    /// For each place: the index of the first place from there on without a backslash before it.
    next_plain: Vec<usize>,
    /// For each place: the index of the last place up to there after which a value may end, plus one; 0 where there is none.
    last_fitting: Vec<usize>,
}

impl Closings {
    fn new(bytes: &[u8], mark: u8) -> Self {
        let places: Vec<usize> = bytes.iter().enumerate().filter(|(_, b)| **b == mark).map(|(at, _)| at).collect();
        let mut next_plain = vec![places.len(); places.len() + 1];
        for (index, &place) in places.iter().enumerate().rev() {
            let is_plain = place == 0 || bytes[place - 1] != b'\\';
            next_plain[index] = if is_plain { index } else { next_plain[index + 1] };
        }
        let mut last = 0;
        let last_fitting = places
            .iter()
            .enumerate()
            .map(|(index, &place)| {
                if may_end(bytes, place + 1) {
                    last = index + 1;
                }
                last
            })
            .collect();
        Self { places, next_plain, last_fitting }
    }

    /// The quote that closes the one at `open`.
    fn close(&self, open: usize) -> Option<usize> {
        let first = self.places.partition_point(|&place| place <= open);
        // Without a plain one the last escaped one may do.
        let plain = self.next_plain[first].min(self.places.len().checked_sub(1)?);
        let index = self.last_fitting.get(plain)?.checked_sub(1)?;
        (index >= first).then(|| self.places[index])
    }
}

/// Whether only blanks, a comment or the line end come from here on.
fn may_end(bytes: &[u8], from: usize) -> bool {
    let rest = skip(bytes, from, |c| is_space(c) && !is_line_end(c));
    match super::super::character::at(bytes, rest) {
        None | Some(('#', _)) => true,
        Some((c, _)) => is_line_end(c),
    }
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\u{2028}' | '\u{2029}')
}

fn is_key(c: char) -> bool {
    is_word(c) || c == '.' || c == '-'
}

struct Machine<'a> {
    bytes: &'a [u8],
    closings: [Option<Closings>; 3],
    draft: Draft,
}

impl Machine<'_> {
    /// Reads an assignment that starts here; a position on the line where it ends.
    fn assignment(&mut self, start: usize) -> Option<usize> {
        if self.bytes[start..].starts_with(b"export") {
            let key = skip(self.bytes, start + 6, is_space);
            if key > start + 6
                && let Some(after) = self.keyed(start, key, true)
            {
                return Some(after);
            }
        }
        self.keyed(start, start, false)
    }

    fn keyed(&mut self, start: usize, key: usize, export: bool) -> Option<usize> {
        let key_end = skip(self.bytes, key, is_key);
        if key_end == key {
            return None;
        }
        let sign = skip(self.bytes, key_end, is_space);
        let begin = if self.bytes.get(sign) == Some(&b'=') {
            sign + 1
        } else if self.bytes.get(key_end) == Some(&b':') {
            let (c, length) = super::super::character::at(self.bytes, key_end + 1)?;
            is_space(c).then_some(key_end + 1 + length)?
        } else {
            return None;
        };
        let (raw, quote) = self.value(begin);
        let value = self.bytes[raw.0..raw.1].to_vec();
        let opening = value.first().copied();
        let is_wrapped = value.len() > 1 && value.last().copied() == opening && is_quote(opening);
        let mut value = if is_wrapped { value[1..value.len() - 1].to_vec() } else { value };
        if opening == Some(b'"') {
            value = replace(&replace(&value, b"\\n", b"\n"), b"\\r", b"\r");
        }
        if quote == Quote::None && is_quote(opening) {
            let problem = if is_wrapped { Problem::TrailingText } else { Problem::UnterminatedQuote };
            self.draft.note(problem, raw.0, raw.1);
        }
        let key = self.bytes[key..key_end].to_vec();
        let end = raw.1.max(begin);
        self.draft.lines.push(Line { start, end, key, raw, quote, export, value: Found::Given(value) });
        Some(end)
    }

    /// The range of a value, without the blanks around it, and its quotes.
    fn value(&mut self, begin: usize) -> ((usize, usize), Quote) {
        let open = skip(self.bytes, begin, is_space);
        let (index, quote) = match self.bytes.get(open) {
            Some(b'\'') => (0, Quote::Single),
            Some(b'"') => (1, Quote::Double),
            Some(b'`') => (2, Quote::Backtick),
            _ => (3, Quote::None),
        };
        if index < 3 {
            let mark = self.bytes[open];
            let closings = self.closings[index].get_or_insert_with(|| Closings::new(self.bytes, mark));
            if let Some(close) = closings.close(open) {
                return ((open, close + 1), quote);
            }
        }
        let rest = &self.bytes[begin..];
        let end = rest.iter().position(|b| matches!(b, b'#' | b'\n')).unwrap_or(rest.len());
        (trim(self.bytes, (begin, begin + end), is_space), Quote::None)
    }

    fn pass_over(&mut self, start: usize) {
        if self.bytes.get(start) != Some(&b'#') {
            let end = find(self.bytes, start, b'\n').unwrap_or(self.bytes.len());
            self.draft.note(Problem::IgnoredLine, start, end);
        }
    }
}

fn is_quote(byte: Option<u8>) -> bool {
    matches!(byte, Some(b'\'' | b'"' | b'`'))
}
