//! Reads JSON (RFC 8259); a little more lenient in strings, because servers are wrong there and nothing is lost.

use super::Json;

/// How deeply arrays and objects may be nested; deeper text is refused, so that the stack is never at risk.
const MAX_DEPTH: usize = 128;

/// Reads one value at the start and gives what follows it.
pub fn prefix(text: &str) -> Option<(Json, &str)> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    Some((value, &text[reader.at..]))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Option<Json> {
        self.text[self.at..].starts_with(word).then(|| {
            self.at += word.len();
            value
        })
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.blanks();
        match self.peek()? {
            b'{' => {
                let mut members = Vec::new();
                self.list(b'}', |reader| {
                    reader.blanks();
                    let name = reader.string()?;
                    reader.blanks();
                    if reader.peek()? != b':' {
                        return None;
                    }
                    reader.at += 1;
                    members.push((name, reader.value(depth + 1)?));
                    Some(())
                })?;
                Some(Json::Object(members))
            }
            b'[' => {
                let mut elements = Vec::new();
                self.list(b']', |reader| {
                    elements.push(reader.value(depth + 1)?);
                    Some(())
                })?;
                Some(Json::Array(elements))
            }
            b'"' => self.string().map(Json::String),
            b't' => self.word("true", Json::Bool(true)),
            b'f' => self.word("false", Json::Bool(false)),
            b'n' => self.word("null", Json::Null),
            _ => self.number(),
        }
    }

    fn list(&mut self, end: u8, mut element: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.at += 1;
        self.blanks();
        if self.peek()? == end {
            self.at += 1;
            return Some(());
        }
        loop {
            element(self)?;
            self.blanks();
            match self.peek()? {
                b',' => self.at += 1,
                b if b == end => {
                    self.at += 1;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    /// RFC 8259, section 6: `[ minus ] int [ frac ] [ exp ]`, no leading zero.
    fn number(&mut self) -> Option<Json> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let zero = self.peek() == Some(b'0');
        let whole = self.digits();
        if whole == 0 || (zero && whole > 1) {
            return None;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return None;
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return None;
            }
        }
        Some(Json::Number(self.text[start..self.at].to_owned()))
    }

    fn string(&mut self) -> Option<String> {
        if self.peek()? != b'"' {
            return None;
        }
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let stop = rest.bytes().position(|b| b == b'"' || b == b'\\' || b < 0x20)?;
            out.push_str(&rest[..stop]);
            self.at += stop + 1;
            match rest.as_bytes()[stop] {
                b'"' => return Some(out),
                b'\\' => self.escape(&mut out)?,
                // A raw line feed or tab inside a string is wrong but common; nothing is lost by reading it.
                raw => out.push(char::from(raw)),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Option<()> {
        let b = self.peek()?;
        self.at += 1;
        out.push(match b {
            b'"' | b'\\' | b'/' => char::from(b),
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => {
                let first = self.hex4()?;
                if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with("\\u") {
                    let back = self.at;
                    self.at += 2;
                    let second = self.hex4()?;
                    if (0xdc00..0xe000).contains(&second) {
                        char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))?
                    } else {
                        self.at = back;
                        char::REPLACEMENT_CHARACTER
                    }
                } else {
                    char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
                }
            }
            _ => return None,
        });
        Some(())
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}

/// Finds where the value of a path of members stands in a text, without reading it into memory.
///
/// Of equal names the last counts, as servers read it.
pub fn span(text: &str, path: &[&str]) -> Option<std::ops::Range<usize>> {
    let mut reader = Reader { text, at: 0 };
    for name in path {
        reader.blanks();
        if reader.peek()? != b'{' {
            return None;
        }
        let mut found = None;
        reader.list(b'}', |reader| {
            reader.blanks();
            let member = reader.string()?;
            reader.blanks();
            if reader.peek()? != b':' {
                return None;
            }
            reader.at += 1;
            reader.blanks();
            let start = reader.at;
            reader.value(0)?;
            if member == *name {
                found = Some(start..reader.at);
            }
            Some(())
        })?;
        let found = found?;
        if path.last() == Some(name) {
            return Some(found);
        }
        reader.at = found.start;
    }
    None
}
