//! `env_file:` and `.env` of Docker Compose 2 (compose-go `dotenv/parser.go`, `template/template.go`).
//!
//! ```text
//! statement = [ "export" space+ ] key ( "=" | ":" ) blank* value | [ "export" space+ ] key line-end
//! key       = letters, digits, "_", ".", "-", "[", "]"; blanks at its end, none inside
//! value     = '…' | "…" | rest of the line up to " #", without the blanks at its end
//! ```
//! Anything may follow a closing quote: it is the next statement. `$NAME`, `${NAME}` and `${NAME-x}`, `:-`, `+`, `:+`, `?`, `:?` are
//! replaced outside single quotes, the environment before the file; `$$` is `$`. A bare name takes the environment's value; a
//! name that begins with a digit is left out. What does not fit ends the command.

use std::collections::HashMap;

use crate::dotenv::Dialect;
use crate::dotenv::character::{find, is_space_in_go, name_length, skip, trim_end};
use crate::dotenv::draft::{Draft, Found, Line};
use crate::dotenv::environment::Environment;
use crate::dotenv::reading::{Problem, Quote, Reading};
use crate::dotenv::text::Text;

/// Defaults inside defaults deeper than this are refused.
const MAX_DEPTH: usize = 32;

pub fn read(file: &[u8], environment: &Environment<'_>) -> Reading {
    let text = Text::without_bom(file);
    let mut draft = Draft::default();
    let mut machine = Machine { bytes: &text.bytes, environment, values: HashMap::new() };
    let mut position = 0;
    while let Some(start) = machine.statement(position) {
        match machine.assignment(start, &mut draft) {
            Ok(next) => position = next,
            Err((problem, from, to)) => {
                draft.fail_whole(problem, from, to);
                break;
            }
        }
    }
    draft.finish(&text, Dialect::Compose, false)
}

type Broken = (Problem, usize, usize);

struct Machine<'a> {
    bytes: &'a [u8],
    environment: &'a Environment<'a>,
    values: HashMap<Vec<u8>, Vec<u8>>,
}

fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\x0b' | '\x0c' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

impl Machine<'_> {
    /// The next position that is neither white space nor a comment.
    fn statement(&self, from: usize) -> Option<usize> {
        let mut position = skip(self.bytes, from, is_space_in_go);
        while self.bytes.get(position) == Some(&b'#') {
            position = skip(self.bytes, find(self.bytes, position, b'\n')?, is_space_in_go);
        }
        (position < self.bytes.len()).then_some(position)
    }

    fn assignment(&mut self, start: usize, draft: &mut Draft) -> Result<usize, Broken> {
        let bytes = self.bytes;
        let mut key = start;
        if bytes[start..].starts_with(b"export") {
            let after = skip(bytes, start + 6, |c| c.is_ascii_whitespace());
            if after > start + 6 {
                key = skip(bytes, start + 6, is_blank);
            }
        }
        // Only looked for where it is told: many statements may share a line.
        let line_end = || find(bytes, key, b'\n').unwrap_or(bytes.len());
        let sign = skip(bytes, key, |c| is_blank(c) || c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']'));
        let name = key..trim_end(&bytes[..sign], key, is_space_in_go);
        if !matches!(bytes.get(sign), None | Some(b'=' | b':' | b'\n')) || bytes[name.clone()].contains(&b' ') {
            return Err((Problem::BadName, start, line_end()));
        }
        let is_ignored = bytes.get(key).is_some_and(u8::is_ascii_digit);
        let export = key > start;
        if matches!(bytes.get(sign), None | Some(b'\n')) {
            draft.note(Problem::NoValue, start, name.end);
            let name = bytes[name].to_vec();
            let value = self.environment.get(&name).filter(|_| sign < bytes.len() && !is_ignored);
            if let Some(value) = &value {
                self.values.insert(name.clone(), value.clone());
            }
            let value = value.map_or(Found::Absent, Found::Given);
            draft.lines.push(Line {
                start,
                end: sign,
                key: name,
                raw: (sign, sign),
                quote: Quote::None,
                export,
                value,
            });
            return Ok((sign + 1).min(bytes.len()));
        }
        let begin = skip(bytes, sign + 1, is_blank);
        let (value, end, next, quote) = self.value(begin)?;
        let name = bytes[name].to_vec();
        self.values.insert(name.clone(), value.clone());
        if is_ignored {
            draft.note(Problem::BadName, start, sign);
        }
        let value = if is_ignored { Found::Absent } else { Found::Given(value) };
        draft.lines.push(Line { start, end: end.max(sign + 1), key: name, raw: (begin, end), quote, export, value });
        Ok(next)
    }

    /// Reads a value: its text, its end, where reading goes on, its quotes.
    fn value(&self, begin: usize) -> Result<(Vec<u8>, usize, usize, Quote), Broken> {
        let bytes = self.bytes;
        let Some(&mark @ (b'\'' | b'"')) = bytes.get(begin) else {
            let line_end = find(bytes, begin, b'\n').unwrap_or(bytes.len());
            let line = &bytes[begin..line_end];
            let cut = line.windows(2).position(|window| window == b" #").unwrap_or(line.len());
            let end = begin + trim_end(&line[..cut], 0, is_space_in_go);
            let value = self.substituted(&bytes[begin..end], 0).map_err(|problem| (problem, begin, end))?;
            return Ok((value, end, (line_end + 1).min(bytes.len()), Quote::None));
        };
        let mut text = Vec::new();
        let mut position = begin + 1;
        loop {
            match bytes.get(position) {
                None => {
                    let line_end = find(bytes, begin, b'\n').unwrap_or(bytes.len());
                    return Err((Problem::UnterminatedQuote, begin, line_end));
                }
                Some(&byte) if byte == mark => break,
                Some(b'\\') => match bytes.get(position + 1) {
                    Some(&next) if next == mark => {
                        text.push(mark);
                        position += 2;
                    }
                    Some(&next) => {
                        text.extend_from_slice(&[b'\\', next]);
                        position += 2;
                    }
                    None => position += 1,
                },
                Some(&byte) => {
                    text.push(byte);
                    position += 1;
                }
            }
        }
        let end = position + 1;
        if mark == b'\'' {
            return Ok((text, end, end, Quote::Single));
        }
        let value = self.substituted(&unescaped(&text), 0).map_err(|problem| (problem, begin, end))?;
        Ok((value, end, end, Quote::Double))
    }

    /// Replaces references.
    fn substituted(&self, value: &[u8], depth: usize) -> Result<Vec<u8>, Problem> {
        if depth > MAX_DEPTH {
            return Err(Problem::Expansion);
        }
        let mut out = Vec::with_capacity(value.len());
        let mut position = 0;
        while position < value.len() {
            if value[position] != b'$' {
                out.push(value[position]);
                position += 1;
                continue;
            }
            let from = position + 1;
            let length = name_length(&value[from.min(value.len())..]);
            match value.get(from) {
                Some(b'$') => {
                    out.push(b'$');
                    position = from + 1;
                }
                Some(b'{') => {
                    let (text, end) = self.braced(value, from, depth)?;
                    out.extend_from_slice(&text);
                    position = end;
                }
                _ if length > 0 => {
                    out.extend(self.get(&value[from..from + length]).unwrap_or_default());
                    position = from + length;
                }
                _ => {
                    out.push(b'$');
                    position = from;
                }
            }
        }
        Ok(out)
    }

    /// Replaces the reference in braces that opens here; its text and the position after it.
    fn braced(&self, value: &[u8], open: usize, depth: usize) -> Result<(Vec<u8>, usize), Problem> {
        let length = name_length(&value[open + 1..]);
        let name = &value[open + 1..open + 1 + length];
        let mut position = open + 1 + length;
        if length > 0 && value.get(position) == Some(&b'}') {
            return Ok((self.get(name).unwrap_or_default(), position + 1));
        }
        let is_strict = value.get(position) == Some(&b':');
        position += usize::from(is_strict);
        let operator = match value.get(position) {
            Some(&operator @ (b'-' | b'+' | b'?')) if length > 0 => operator,
            _ => return Err(Problem::Expansion),
        };
        let close = close(value, open).ok_or(Problem::Expansion)?;
        let word = &value[(position + 1).min(close)..close];
        let found = self.get(name);
        let counts = found.as_ref().is_some_and(|value| !is_strict || !value.is_empty());
        let text = match operator {
            b'-' if !counts => self.substituted(word, depth + 1)?,
            b'+' if counts => self.substituted(word, depth + 1)?,
            b'?' if !counts => return Err(Problem::Expansion),
            _ => found.unwrap_or_default(),
        };
        Ok((text, close + 1))
    }

    fn get(&self, name: &[u8]) -> Option<Vec<u8>> {
        self.environment.get(name).or_else(|| self.values.get(name).cloned())
    }
}

/// The brace that closes the one at `open`, on its line.
fn close(value: &[u8], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in value.iter().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(at),
            b'}' => depth = depth.saturating_sub(1),
            b'\n' => return None,
            _ => {}
        }
    }
    None
}

/// Takes the escapes out of a double-quoted value; `\$` becomes `$$` for the expansion that follows.
fn unescaped(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut position = 0;
    while position < value.len() {
        let plain: &[u8] = match (value[position], value.get(position + 1)) {
            (b'\\', Some(b'a')) => b"\x07",
            (b'\\', Some(b'b')) => b"\x08",
            (b'\\', Some(b'f')) => b"\x0c",
            (b'\\', Some(b'n')) => b"\n",
            (b'\\', Some(b'r')) => b"\r",
            (b'\\', Some(b't')) => b"\t",
            (b'\\', Some(b'v')) => b"\x0b",
            (b'\\', Some(b'$')) => b"$$",
            (b'\\', Some(b'"')) => b"\"",
            (b'\\', Some(b'\\')) => b"\\",
            (b'\\', Some(b'0')) => {
                let digits = &value[position + 2..(position + 5).min(value.len())];
                let octal = std::str::from_utf8(digits).ok().filter(|text| text.len() == 3);
                if let Some(code) = octal.and_then(|text| u8::from_str_radix(text, 8).ok()) {
                    out.extend_from_slice(char::from(code).encode_utf8(&mut [0; 4]).as_bytes());
                    position += 5;
                    continue;
                }
                b"\\0"
            }
            _ => {
                out.push(value[position]);
                position += 1;
                continue;
            }
        };
        out.extend_from_slice(plain);
        position += 2;
    }
    out
}
