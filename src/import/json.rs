//! JSON files of tools, with the place of every string, and with comments and trailing commas as some tools write them.
//!
//! In: bytes. Out: the string values with their paths and lines; and the same file without one member, everything else as it was.

use std::ops::Range;

use crate::secret::Secret;

/// How deep a file may be nested; deeper ones are nobody's settings.
const MAX_DEPTH: usize = 64;

/// A string in the file.
#[derive(Clone, Debug)]
pub struct Text {
    /// The names of the members that lead to it; elements of arrays by their number.
    pub path: Vec<String>,
    /// Its value.
    pub value: Secret,
    /// The line, from 1.
    pub line: usize,
}

/// A member of an object: where it stands, and the commas around it.
#[derive(Clone, Debug)]
struct Member {
    path: Vec<String>,
    span: Range<usize>,
    comma_before: Option<usize>,
    comma_after: Option<usize>,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    texts: Vec<Text>,
    members: Vec<Member>,
}

/// Every string of the file; none where it is no JSON.
pub fn texts(file: &[u8]) -> Option<Vec<Text>> {
    read(file).map(|reader| reader.texts)
}

/// The file without a member; none where there is no such member.
///
/// Where it has lines of its own, these go; a comma that would be left over goes with it.
pub fn without(file: &[u8], path: &[String]) -> Option<Vec<u8>> {
    let reader = read(file)?;
    let member = reader.members.iter().find(|member| member.path == path)?;
    let mut span = member.span.clone();
    let mut text = file.to_vec();
    if let Some(comma) = member.comma_after {
        span.end = comma + 1;
    }
    let span = own_lines(file, span);
    text.drain(span.clone());
    // It was the last one: the comma before it would be left over. It stands before what was cut.
    if member.comma_after.is_none()
        && let Some(comma) = member.comma_before
    {
        text.remove(comma);
    }
    Some(text)
}

/// Widens a span to whole lines where nothing else stands on them, else by the blanks after it.
fn own_lines(file: &[u8], span: Range<usize>) -> Range<usize> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = file[..span.start].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let end = file[span.end..].iter().position(|byte| *byte == b'\n').map(|at| span.end + at);
    if let Some(end) = end
        && start > 0
        && file[start..span.start].iter().all(is_blank)
        && file[span.end..end].iter().all(|byte| is_blank(byte) || *byte == b'\r')
    {
        return start..end + 1;
    }
    let blanks = file[span.end..].iter().take_while(|byte| is_blank(byte)).count();
    span.start..span.end + blanks
}

fn read(file: &[u8]) -> Option<Reader<'_>> {
    let text = std::str::from_utf8(file).ok()?;
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut reader = Reader { text, at: start, texts: Vec::new(), members: Vec::new() };
    reader.value(&mut Vec::new())?;
    reader.blanks()?;
    (reader.at == text.len()).then_some(reader)
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes blanks and comments; none where a comment is not closed.
    fn blanks(&mut self) -> Option<()> {
        loop {
            let rest = &self.text[self.at..];
            if rest.starts_with([' ', '\t', '\r', '\n']) {
                self.at += 1;
            } else if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.at += rest.find("*/")? + 2;
            } else {
                return Some(());
            }
        }
    }

    fn value(&mut self, path: &mut Vec<String>) -> Option<()> {
        self.blanks()?;
        if path.len() > MAX_DEPTH {
            return None;
        }
        match self.peek()? {
            b'{' => self.list(path, true),
            b'[' => self.list(path, false),
            b'"' => {
                let line = 1 + self.text[..self.at].matches('\n').count();
                let value = self.string()?;
                self.texts.push(Text { path: path.clone(), value, line });
                Some(())
            }
            _ => {
                let rest = &self.text[self.at..];
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c)).unwrap_or(rest.len());
                self.at += end;
                (end > 0).then_some(())
            }
        }
    }

    fn list(&mut self, path: &mut Vec<String>, is_object: bool) -> Option<()> {
        let close = if is_object { b'}' } else { b']' };
        self.at += 1;
        let mut comma_before = None;
        for number in 0.. {
            self.blanks()?;
            if self.peek()? == close {
                self.at += 1;
                return Some(());
            }
            let start = self.at;
            if is_object {
                path.push(self.string()?.expose().to_owned());
                self.blanks()?;
                if self.peek()? != b':' {
                    return None;
                }
                self.at += 1;
            } else {
                path.push(number.to_string());
            }
            self.value(path)?;
            let span = start..self.at;
            self.blanks()?;
            let comma_after = (self.peek()? == b',').then_some(self.at);
            if is_object {
                self.members.push(Member { path: path.clone(), span, comma_before, comma_after });
            }
            path.pop();
            match comma_after {
                Some(comma) => self.at = comma + 1,
                None if self.peek()? == close => {}
                None => return None,
            }
            comma_before = comma_after;
        }
        None
    }

    fn string(&mut self) -> Option<Secret> {
        if self.peek()? != b'"' {
            return None;
        }
        let bytes = self.text.as_bytes();
        let start = self.at;
        self.at += 1;
        loop {
            match bytes.get(self.at)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        serde_json::from_str::<String>(self.text.get(start..self.at)?).ok().map(Secret::new)
    }
}
