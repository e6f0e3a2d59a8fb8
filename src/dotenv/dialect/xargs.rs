//! `export $(grep -v '^#' .env | xargs)` in bash, the line that half of all guides give.
//!
//! `grep` drops lines that begin with `#`, and everything if it takes the file for a binary one (NUL bytes, or bytes that are not
//! UTF-8). `xargs` cuts words as a shell would, quotes within one line, and at an
//! open quote hands over what came before it. The shell cuts its output at
//! blanks again, and `export` takes every word that is `NAME=value`.

use crate::dotenv::Dialect;
use crate::dotenv::character::{find, name_length};
use crate::dotenv::draft::{Draft, Found, Line};
use crate::dotenv::reading::{Problem, Quote, Reading};
use crate::dotenv::text::Text;

pub fn read(file: &[u8]) -> Reading {
    let text = Text::plain(file);
    let mut draft = Draft::default();
    let is_binary = file.contains(&0) || std::str::from_utf8(file).is_err();
    if is_binary {
        let at =
            find(file, 0, 0).unwrap_or_else(|| std::str::from_utf8(file).map_or_else(|err| err.valid_up_to(), |_| 0));
        draft.fail_whole(if file.contains(&0) { Problem::Nul } else { Problem::NotUtf8 }, at, at + 1);
        return draft.finish(&text, Dialect::ExportXargs, false);
    }
    let (words, open) = words(file);
    for word in &words {
        export(word, &mut draft);
    }
    if let Some(open) = open {
        draft.fail(Problem::UnterminatedQuote, open, open + 1);
    }
    draft.finish(&text, Dialect::ExportXargs, false)
}

/// A byte of a word and where it stands in the file.
type Word = Vec<(u8, usize)>;

/// The words of `xargs`, in their places; those before a quote that is not closed, and that quote.
fn words(file: &[u8]) -> (Vec<Word>, Option<usize>) {
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut position = 0;
    let mut is_line_start = true;
    while position < file.len() {
        let byte = file[position];
        if is_line_start && byte == b'#' {
            position = find(file, position, b'\n').map_or(file.len(), |end| end + 1);
            continue;
        }
        is_line_start = byte == b'\n';
        match byte {
            b' ' | b'\t' | b'\n' => words.extend(word.take()),
            b'\'' | b'"' => {
                let end =
                    file[position + 1..].iter().position(|b| *b == byte || *b == b'\n').map(|at| position + 1 + at);
                let Some(close) = end.filter(|end| file[*end] == byte) else { return (words, Some(position)) };
                let word = word.get_or_insert_default();
                word.extend((position + 1..close).map(|at| (file[at], at)));
                position = close;
            }
            b'\\' => {
                position += 1;
                // Before a line end it keeps the line end in the word; at the very end it stands for nothing.
                if let Some(&next) = file.get(position) {
                    word.get_or_insert_default().push((next, position));
                    is_line_start = next == b'\n';
                }
            }
            _ => word.get_or_insert_default().push((byte, position)),
        }
        position += 1;
    }
    words.extend(word);
    (words, None)
}

/// What the shell and `export` make of one word of `xargs`.
fn export(word: &Word, draft: &mut Draft) {
    for piece in word.split(|(byte, _)| matches!(byte, b' ' | b'\t' | b'\n')).filter(|piece| !piece.is_empty()) {
        let bytes: Vec<u8> = piece.iter().map(|(byte, _)| *byte).collect();
        let (start, end) = (piece[0].1, piece[piece.len() - 1].1 + 1);
        let name = name_length(&bytes);
        let sign = name + usize::from(bytes.get(name) == Some(&b'+'));
        if name == 0 || (name < bytes.len() && bytes.get(sign) != Some(&b'=')) {
            draft.note(Problem::BadName, start, end);
            continue;
        }
        if name == bytes.len() {
            draft.note(Problem::NoValue, start, end);
            continue;
        }
        let mut value = bytes[sign + 1..].to_vec();
        let key = bytes[..name].to_vec();
        if sign > name
            && let Some(Line { value: Found::Given(before), .. }) =
                draft.lines.iter().rev().find(|line| line.key == key)
        {
            value = [&before[..], &value[..]].concat();
        }
        // A pattern is replaced by the names of files that fit it.
        let is_pattern = bytes.iter().any(|byte| matches!(byte, b'*' | b'?' | b'['));
        if is_pattern {
            draft.note(Problem::Expansion, start, end);
        }
        let value = Found::Given(value);
        let raw = (piece.get(sign + 1).map_or(end, |(_, at)| *at), end);
        draft.lines.push(Line { start, end, key, raw, quote: Quote::None, export: true, value });
    }
}
