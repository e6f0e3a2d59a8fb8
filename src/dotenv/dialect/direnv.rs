//! `dotenv` in a `.envrc`: direnv 2.32 with go-dotenv (`parse.go`), whose line is the Ruby gem's with an unquoted value that ends
//! at white space. One line that does not fit, and the whole file is refused.
//!
//! Outside single quotes, after the escapes of double quotes were taken out, `os.Expand` replaces `$name`, `${name}` and
//! `${name:-default}`; names of the file win, and a default counts only where the environment's value is empty.

use std::collections::HashMap;

use super::ruby::{Rules, cut, lines, unescaped};
use crate::dotenv::Dialect;
use crate::dotenv::character::{find, is_blank_in_go as is_space, is_word, replace, skip};
use crate::dotenv::draft::{Draft, Found, Line};
use crate::dotenv::environment::{Entry, Environment};
use crate::dotenv::reading::{Problem, Quote, Reading};
use crate::dotenv::text::Text;

const RULES: Rules = Rules { is_space, ends_at_space: true };

pub fn read(file: &[u8], environment: &Environment<'_>) -> Reading {
    let text = Text::plain(file);
    let bytes = &*text.bytes;
    let mut draft = Draft::default();
    let mut values = HashMap::new();
    for (line_start, line_end) in lines(bytes) {
        let line = &bytes[..line_end];
        let start = skip(line, line_start, is_space);
        if start >= line_end || line[start] == b'#' {
            continue;
        }
        let Some(parts) = cut(line, start, &RULES) else {
            draft.fail_whole(Problem::RejectedLine, start, line_end);
            break;
        };
        let raw = parts.value.unwrap_or((line_end, line_end));
        let (value, quote) = value(&bytes[raw.0..raw.1], &values, environment);
        let key = bytes[parts.key.0..parts.key.1].to_vec();
        values.insert(key.clone(), value.clone());
        let value = Found::Given(value);
        let end = if raw.1 > raw.0 { raw.1 } else { parts.key.1 + 1 };
        draft.lines.push(Line { start, end, key, raw, quote, export: parts.export, value });
    }
    if environment.entry == Entry::Load {
        super::npm::cut_at_nul(&mut draft);
    }
    draft.finish(&text, Dialect::Direnv, false)
}

fn value(raw: &[u8], values: &HashMap<Vec<u8>, Vec<u8>>, environment: &Environment<'_>) -> (Vec<u8>, Quote) {
    if raw.len() <= 1 {
        return (raw.to_vec(), Quote::None);
    }
    match (raw[0], raw[raw.len() - 1]) {
        (b'\'', b'\'') => (raw[1..raw.len() - 1].to_vec(), Quote::Single),
        (b'"', b'"') => {
            let inner = &raw[1..raw.len() - 1];
            let inner = unescaped(&replace(&replace(inner, b"\\n", b"\n"), b"\\r", b"\r"));
            (expanded(&inner, values, environment), Quote::Double)
        }
        _ => (expanded(raw, values, environment), Quote::None),
    }
}

fn expanded(value: &[u8], values: &HashMap<Vec<u8>, Vec<u8>>, environment: &Environment<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut position = 0;
    // Whether a closing brace is still to come: looked up once for all openings.
    let last_close = value.iter().rposition(|b| *b == b'}');
    while position < value.len() {
        if value[position] != b'$' || position + 1 == value.len() {
            out.push(value[position]);
            position += 1;
            continue;
        }
        let from = position + 1;
        let (name, length) = match value[from] {
            b'{' if is_special(value.get(from + 1)) && value.get(from + 2) == Some(&b'}') => {
                (&value[from + 1..from + 2], 3)
            }
            b'{' if last_close.is_none_or(|close| close < from) => (&value[from..from], 1),
            b'{' => {
                let close = find(value, from, b'}').unwrap_or(from);
                (&value[from + 1..close.max(from + 1)], close + 1 - from)
            }
            _ if is_special(value.get(from)) => (&value[from..=from], 1),
            _ => {
                let end = skip(value, from, is_word);
                (&value[from..end], end - from)
            }
        };
        if !name.is_empty() {
            out.extend(look_up(name, values, environment));
        } else if length == 0 {
            out.push(b'$');
        }
        position = from + length;
    }
    out
}

/// The one-character names of shells.
fn is_special(byte: Option<&u8>) -> bool {
    matches!(byte, Some(b'*' | b'#' | b'$' | b'@' | b'!' | b'?' | b'-' | b'0'..=b'9'))
}

fn look_up(expression: &[u8], values: &HashMap<Vec<u8>, Vec<u8>>, environment: &Environment<'_>) -> Vec<u8> {
    let split = expression.windows(2).position(|window| window == b":-");
    let (name, default) = match split {
        Some(at) => (&expression[..at], Some(&expression[at + 2..])),
        None => (expression, None),
    };
    if let Some(value) = values.get(name) {
        return value.clone();
    }
    let outside = environment.get(name).unwrap_or_default();
    match default {
        Some(default) if outside.is_empty() => default.to_vec(),
        _ => outside,
    }
}
