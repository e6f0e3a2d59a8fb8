//! The Rust crates `dotenvy` 0.15 and `dotenv` 0.15, and uv, which calls `dotenvy`.
//!
//! ```text
//! line  = [ "export" ] key "=" value        blanks between them; key starts with an ASCII letter or "_", then those, digits, "."
//! value = pieces without blanks: plain, '…', "…", "\" and one of \ ' " $ blank n; after a blank only a comment may come
//! ```
//! `dotenvy` joins lines while a quote is open; `dotenv` does not. `$` begins a name of letters and digits (no `_`), and the
//! character after the name is put out as it is: a closing `"` right after a name does not close. The environment wins over the
//! file there. The first line that does not fit ends the reading; uv only warns.

use std::collections::HashMap;

use crate::dotenv::Dialect;
use crate::dotenv::character::{find, skip, trim_end};
use crate::dotenv::draft::{Draft, Found, Line};
use crate::dotenv::environment::{Entry, Environment};
use crate::dotenv::reading::{Problem, Quote, Reading};
use crate::dotenv::text::Text;

pub fn read(file: &[u8], dialect: Dialect, environment: &Environment<'_>) -> Reading {
    let drops_mark = dialect == Dialect::Dotenvy && environment.entry == Entry::Load;
    let text = if drops_mark { Text::without_bom(file) } else { Text::plain(file) };
    let mut draft = Draft::default();
    Machine {
        bytes: &text.bytes,
        dialect,
        environment,
        draft: &mut draft,
        values: HashMap::new(),
        set: HashMap::new(),
    }
    .run();
    draft.finish(&text, dialect, false)
}

struct Machine<'a> {
    bytes: &'a [u8],
    dialect: Dialect,
    environment: &'a Environment<'a>,
    draft: &'a mut Draft,
    /// What the latest line gave each name.
    values: HashMap<Vec<u8>, Vec<u8>>,
    /// What the first line gave each name, where it goes into the environment at once.
    set: HashMap<Vec<u8>, Vec<u8>>,
}

/// Where a line broke.
struct Broken(usize, Problem);

/// What is open at the end of a piece of text, when lines are joined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Escape,
    Single,
    SingleEscape,
    Double,
    DoubleEscape,
    Blank,
}

impl Machine<'_> {
    fn run(&mut self) {
        let mut position = 0;
        while position < self.bytes.len() {
            let (end, next) = match self.line(position) {
                Ok(line) => line,
                Err(Broken(at, problem)) => {
                    self.draft.fail(problem, at, self.bytes.len());
                    return;
                }
            };
            if let Err(Broken(at, problem)) = self.assignment(position, end) {
                self.draft.fail(problem, at, end.max(at));
                return;
            }
            position = next;
        }
    }

    /// Finds the end of the line (which may span several) that starts here, and the start of the next.
    fn line(&self, start: usize) -> Result<(usize, usize), Broken> {
        let mut open = Open::Nothing;
        let mut position = start;
        let bytes = self.bytes;
        // Blanks alone at the start, comments included, are decided on all that was read so far.
        let mut text_start = start;
        loop {
            let feed = find(bytes, position, b'\n');
            let next = feed.map_or(bytes.len(), |feed| feed + 1);
            if let Err(err) = std::str::from_utf8(&bytes[position..next]) {
                let at = position + err.valid_up_to();
                return Err(Broken(at, Problem::NotUtf8));
            }
            let end = match feed {
                Some(feed) if feed > position && bytes[feed - 1] == b'\r' => feed - 1,
                Some(feed) => feed,
                None => bytes.len(),
            };
            if self.dialect == Dialect::RustDotenv {
                return Ok((end, next));
            }
            text_start = skip(&bytes[..next], text_start, char::is_whitespace);
            if text_start < next && bytes[text_start] == b'#' {
                return Ok((start, next));
            }
            match scan(&bytes[position..next], open) {
                Err(comment) => return Ok((position + comment, next)),
                Ok(Open::Nothing) => return Ok((end.max(start), next)),
                Ok(still) => open = still,
            }
            if next >= bytes.len() {
                return Err(Broken(start, Problem::UnterminatedQuote));
            }
            position = next;
        }
    }

    fn assignment(&mut self, line_start: usize, line_end: usize) -> Result<(), Broken> {
        let end = trim_end(&self.bytes[..line_end], line_start, char::is_whitespace);
        let bytes = &self.bytes[..end];
        let start = skip(bytes, line_start, char::is_whitespace);
        if start >= end || bytes[start] == b'#' {
            return Ok(());
        }
        let mut key = (start, self.key(bytes, start)?);
        let mut position = skip(bytes, key.1, char::is_whitespace);
        let mut export = false;
        if &bytes[key.0..key.1] == b"export" && bytes.get(position) != Some(&b'=') {
            export = true;
            key = (position, self.key(bytes, position)?);
            position = skip(bytes, key.1, char::is_whitespace);
        }
        if bytes.get(position) != Some(&b'=') {
            return Err(Broken(start, if position >= end { Problem::NoValue } else { Problem::BadName }));
        }
        let begin = skip(bytes, position + 1, char::is_whitespace).min(end);
        let name = bytes[key.0..key.1].to_vec();
        let (value, stop, quote) = if begin >= end || bytes[begin] == b'#' {
            self.values.remove(&name);
            (Vec::new(), begin, Quote::None)
        } else {
            let (value, stop, quote) =
                self.value(&bytes[begin..]).map_err(|Broken(at, problem)| Broken(begin + at, problem))?;
            self.values.insert(name.clone(), value.clone());
            (value, begin + stop, quote)
        };
        let loads = self.environment.entry == Entry::Load;
        if value.contains(&0) && loads {
            // No variable can hold it: the call that sets it panics, and uv cannot start the program.
            if self.dialect == Dialect::Uv {
                self.draft.fail_whole(Problem::Nul, begin, stop);
            }
            return Err(Broken(begin, Problem::Nul));
        }
        if loads && self.dialect != Dialect::Uv {
            self.set.entry(name.clone()).or_insert_with(|| value.clone());
        }
        let value = Found::Given(value);
        self.draft.lines.push(Line {
            start,
            end: stop.max(begin),
            key: name,
            raw: (begin, stop),
            quote,
            export,
            value,
        });
        Ok(())
    }

    fn key(&self, bytes: &[u8], start: usize) -> Result<usize, Broken> {
        match bytes.get(start) {
            Some(first) if first.is_ascii_alphabetic() || *first == b'_' => {
                Ok(skip(bytes, start, |c| c.is_ascii_alphanumeric() || c == '_' || c == '.'))
            }
            _ => Err(Broken(start.min(self.bytes.len()), Problem::BadName)),
        }
    }

    /// Reads a value: its text, its length, its quotes.
    fn value(&self, bytes: &[u8]) -> Result<(Vec<u8>, usize, Quote), Broken> {
        let Ok(text) = std::str::from_utf8(bytes) else { return Err(Broken(0, Problem::NotUtf8)) };
        let mut out = Vec::with_capacity(bytes.len());
        let mut quote = Quote::None;
        let (mut single, mut double, mut escaped) = (false, false, false);
        // The name of a variable being read, and whether it stands in braces.
        let mut variable: Option<(Vec<u8>, bool)> = None;
        let mut ended = None;
        for (at, c) in text.char_indices() {
            let mut buffer = [0; 4];
            let encoded = c.encode_utf8(&mut buffer).as_bytes();
            if ended.is_some() {
                match c {
                    ' ' | '\t' => {}
                    '#' => break,
                    _ => return Err(Broken(at, Problem::TrailingText)),
                }
            } else if escaped {
                match c {
                    '\\' | '\'' | '"' | '$' | ' ' => out.extend_from_slice(encoded),
                    'n' => out.push(b'\n'),
                    _ => return Err(Broken(at.saturating_sub(1), Problem::RejectedLine)),
                }
                escaped = false;
            } else if single {
                if c == '\'' { single = false } else { out.extend_from_slice(encoded) }
            } else if let Some((name, braces)) = &mut variable {
                match c {
                    c if c.is_alphanumeric() => name.extend_from_slice(encoded),
                    '}' if *braces => {
                        out.extend(self.look_up(name));
                        variable = None;
                    }
                    _ if *braces => name.extend_from_slice(encoded),
                    '{' if name.is_empty() => *braces = true,
                    _ => {
                        out.extend(self.look_up(name));
                        if c == '$' {
                            variable = Some((Vec::new(), false));
                        } else {
                            variable = None;
                            out.extend_from_slice(encoded);
                        }
                    }
                }
            } else {
                match c {
                    '$' => variable = Some((Vec::new(), false)),
                    '"' if double => double = false,
                    '\\' => escaped = true,
                    _ if double => out.extend_from_slice(encoded),
                    '\'' | '"' => {
                        let this = if c == '"' { Quote::Double } else { Quote::Single };
                        (single, double) = (c == '\'', c == '"');
                        quote = if at == 0 { this } else { Quote::Mixed };
                    }
                    ' ' | '\t' => ended = Some(at),
                    _ => {
                        if matches!(quote, Quote::Single | Quote::Double) {
                            quote = Quote::Mixed;
                        }
                        out.extend_from_slice(encoded);
                    }
                }
            }
        }
        if single || double || variable.as_ref().is_some_and(|(_, braces)| *braces) {
            return Err(Broken(0, Problem::UnterminatedQuote));
        }
        if let Some((name, _)) = variable {
            out.extend(self.look_up(&name));
        }
        Ok((out, ended.unwrap_or(bytes.len()), quote))
    }

    fn look_up(&self, name: &[u8]) -> Vec<u8> {
        let known = || self.set.get(name).or_else(|| self.values.get(name)).cloned();
        self.environment.get(name).or_else(known).unwrap_or_default()
    }
}

/// Goes through one physical line: what is open at its end, or (as an error) where a comment begins.
fn scan(line: &[u8], open: Open) -> Result<Open, usize> {
    let mut open = open;
    let mut position = 0;
    while let Some((c, length)) = super::super::character::at(line, position) {
        open = match (open, c) {
            (Open::Blank, '#') => return Err(position),
            (Open::Nothing | Open::Blank, '\\') => Open::Escape,
            (Open::Nothing | Open::Blank, '"') => Open::Double,
            (Open::Nothing | Open::Blank, '\'') => Open::Single,
            (Open::Nothing, c) if c.is_whitespace() && c != '\n' && c != '\r' => Open::Blank,
            (Open::Double, '\\') => Open::DoubleEscape,
            (Open::Single, '\\') => Open::SingleEscape,
            (Open::Nothing | Open::Blank | Open::Escape, _) | (Open::Double, '"') | (Open::Single, '\'') => {
                Open::Nothing
            }
            (Open::Double | Open::DoubleEscape, _) => Open::Double,
            (Open::Single | Open::SingleEscape, _) => Open::Single,
        };
        position += length;
    }
    Ok(open)
}
