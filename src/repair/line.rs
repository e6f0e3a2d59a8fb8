//! The lines of a `.env` file that look like assignments, whatever a loader makes of them.

use super::Span;

/// A line.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// The name, without what stands before it.
    pub name: String,
    /// Whether `export` stands before it.
    pub is_exported: bool,
    /// From the start of the line to its end, without the line end. Two lines where a quote is closed on the next one.
    pub span: Span,
    /// From after the sign to the end.
    pub value: Span,
    /// Whether name, `=` and value stand together at the start of the line, as a shell wants it.
    pub is_tight: bool,
}

/// Finds them.
pub(super) fn find(text: &[u8]) -> Vec<Line> {
    let mut found: Vec<Line> = Vec::new();
    let mut start = 0;
    for (at, part) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let line = match part.strip_suffix(b"\n") {
            Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
            None => part,
        };
        if let Some(line) = take_apart(line, start, at + 1) {
            found.push(line);
        } else if let Some(last) = found.last_mut()
            && last.number == at
            && is_closing(&text[last.value.clone()], line)
        {
            last.span.end = start + line.len();
            last.value.end = last.span.end;
        }
        start += part.len();
    }
    found
}

/// Says whether a line is nothing but the end of the quote that the line before opened.
fn is_closing(value: &[u8], line: &[u8]) -> bool {
    let Some(quote) = value.first().filter(|byte| matches!(byte, b'"' | b'\'')) else { return false };
    !value[1..].contains(quote) && line.trim_ascii() == [*quote]
}

fn take_apart(text: &[u8], start: usize, number: usize) -> Option<Line> {
    let mut at = blanks(text, 0);
    let mut is_tight = at == 0;
    let mut before: &str = "";
    for word in ["export", "setx", "set", "$env:"] {
        let Some(rest) = text[at..].strip_prefix(word.as_bytes()) else { continue };
        if word == "$env:" || rest.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
            before = word;
            at = blanks(text, at + word.len());
            break;
        }
    }
    is_tight &= matches!(before, "" | "export");
    let length = text[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    let end = at + length;
    let sign = blanks(text, end);
    let is_sign = match text.get(sign)? {
        b'=' => true,
        // `KEY: value`; a bare `a:b` is nobody's assignment.
        b':' => text.get(sign + 1).is_some_and(u8::is_ascii_whitespace),
        _ => before == "setx" && sign > end,
    };
    if length == 0 || text[at].is_ascii_digit() || !is_sign {
        return None;
    }
    is_tight &= sign == end && text[sign] == b'=';
    let value = if matches!(text[sign], b'=' | b':') { sign + 1 } else { sign };
    Some(Line {
        number,
        name: String::from_utf8_lossy(&text[at..end]).into_owned(),
        is_exported: before == "export",
        span: start..start + text.len(),
        value: start + value..start + text.len(),
        is_tight,
    })
}

fn blanks(text: &[u8], from: usize) -> usize {
    from + text[from..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// Says whether a line has one of the forms in which people write this value, and loaders (nearly all) read it.
pub(super) fn is_usual(line: &Line, text: &[u8], value: &str) -> bool {
    if !line.is_tight {
        return false;
    }
    let raw = &text[line.value.clone()];
    let rest = [b'"', b'\'']
        .into_iter()
        .find_map(|quote| raw.strip_prefix(&[quote])?.strip_prefix(value.as_bytes())?.strip_prefix(&[quote]))
        .or_else(|| raw.strip_prefix(value.as_bytes()));
    let Some(rest) = rest else { return false };
    let comment = rest.trim_ascii_start();
    rest.is_empty() || (rest.len() > comment.len() && comment.first() == Some(&b'#') && comment.is_ascii())
}
