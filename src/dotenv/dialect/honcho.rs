//! `honcho start` 2.0 (`honcho/environ.py`): each line goes through Python's `shlex` in POSIX mode.
//!
//! The words are put together again without the white space between them, so that `Bearer x` becomes `Bearerx`. A line is an
//! assignment where its first word is a name, its second is `=` and there is a third; all others are passed over in silence. An open
//! quote or a backslash at the line end ends the program.

use crate::dotenv::Dialect;
use crate::dotenv::character::{at, name_length, replace};
use crate::dotenv::draft::{Draft, Found, Line};
use crate::dotenv::reading::{Problem, Quote, Reading};
use crate::dotenv::text::Text;

pub fn read(file: &[u8]) -> Reading {
    let text = Text::plain(file).with_line_feeds();
    let mut draft = Draft::default();
    if !super::reject_other_bytes(&text, &mut draft) {
        parse(&text.bytes, &mut draft);
    }
    draft.finish(&text, Dialect::Honcho, false)
}

fn parse(bytes: &[u8], draft: &mut Draft) {
    let mut start = 0;
    while start < bytes.len() {
        let end = super::super::character::skip(bytes, start, |c| !is_line_end(c));
        let words = match words(&bytes[..end], start) {
            Ok(words) => words,
            Err(open) => return draft.fail_whole(Problem::UnterminatedQuote, open, end),
        };
        if let [name, sign, first, ..] = &words[..]
            && sign.text == b"="
            && name_length(&name.text) > 0
        {
            let mut value = Vec::new();
            words[2..].iter().for_each(|word| value.extend_from_slice(&word.text));
            let value = replace(&replace(&value, b"\\n", b"\n"), b"\\t", b"\t");
            if value.contains(&0) {
                return draft.fail_whole(Problem::Nul, start, end);
            }
            let last = words.last().map_or(first.end, |word| word.end);
            let quote = if words.len() == 3 { first.quote } else { mixed(&words[2..]) };
            draft.lines.push(Line {
                start: name.start,
                end: last,
                key: name.text.clone(),
                raw: (first.start, last),
                quote,
                export: false,
                value: Found::Given(value),
            });
        } else if let Some(word) = words.first() {
            draft.note(Problem::IgnoredLine, word.start, end);
        }
        let next = at(bytes, end).map_or(end, |(_, length)| end + length);
        start = next.max(start + 1);
    }
}

fn mixed(words: &[Word]) -> Quote {
    if words.iter().all(|word| word.quote == Quote::None) { Quote::None } else { Quote::Mixed }
}

/// Where `str.splitlines` of Python splits.
fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// A character that a word may go on with.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || (('\u{c0}'..='\u{ff}').contains(&c) && !matches!(c, '\u{d7}' | '\u{f7}'))
}

struct Word {
    text: Vec<u8>,
    start: usize,
    end: usize,
    quote: Quote,
}

/// Cuts a line into words; as an error the place of what is still open at its end.
fn words(line: &[u8], start: usize) -> Result<Vec<Word>, usize> {
    let mut words = Vec::new();
    let mut position = start;
    while let Some((c, length)) = at(line, position) {
        if is_blank(c) {
            position += length;
        } else if c == '#' {
            break;
        } else if is_word(c) || matches!(c, '\\' | '\'' | '"') {
            let word = word(line, position)?;
            position = word.end;
            words.push(word);
        } else {
            let text = line[position..position + length].to_vec();
            words.push(Word { text, start: position, end: position + length, quote: Quote::None });
            position += length;
        }
    }
    Ok(words)
}

/// Reads a word of letters, escapes and quoted pieces.
fn word(line: &[u8], start: usize) -> Result<Word, usize> {
    let mut text = Vec::new();
    let mut position = start;
    let mut quote = None;
    while let Some((c, length)) = at(line, position) {
        let this = match c {
            '\\' => {
                let (_, length) = at(line, position + 1).ok_or(position)?;
                text.extend_from_slice(&line[position + 1..position + 1 + length]);
                position += 1 + length;
                Quote::None
            }
            '\'' | '"' => {
                position = quoted(line, position, c, &mut text)?;
                if c == '"' { Quote::Double } else { Quote::Single }
            }
            c if is_word(c) => {
                text.extend_from_slice(&line[position..position + length]);
                position += length;
                Quote::None
            }
            _ => break,
        };
        quote = Some(quote.filter(|known| *known != this).map_or(this, |_| Quote::Mixed));
    }
    Ok(Word { text, start, end: position, quote: quote.unwrap_or(Quote::None) })
}

/// Reads a quoted piece and gives the position after it.
fn quoted(line: &[u8], open: usize, mark: char, text: &mut Vec<u8>) -> Result<usize, usize> {
    let mut position = open + 1;
    while let Some((c, length)) = at(line, position) {
        if c == mark {
            return Ok(position + 1);
        }
        if c == '\\' && mark == '"' {
            let (next, next_length) = at(line, position + 1).ok_or(open)?;
            if next != '"' && next != '\\' {
                text.push(b'\\');
            }
            text.extend_from_slice(&line[position + 1..position + 1 + next_length]);
            position += 1 + next_length;
            continue;
        }
        text.extend_from_slice(&line[position..position + length]);
        position += length;
    }
    Err(open)
}
