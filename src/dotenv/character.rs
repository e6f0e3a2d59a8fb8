//! What counts as white space, where: every language draws the line elsewhere.

/// The character at a position and its length in bytes; a byte that is not UTF-8 counts as U+FFFD, one byte long.
pub fn at(bytes: &[u8], position: usize) -> Option<(char, usize)> {
    let first = *bytes.get(position)?;
    if first.is_ascii() {
        return Some((char::from(first), 1));
    }
    let length = match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Some((char::REPLACEMENT_CHARACTER, 1)),
    };
    let whole = bytes.get(position..position + length).and_then(|slice| std::str::from_utf8(slice).ok());
    match whole.and_then(|text| text.chars().next()) {
        Some(c) => Some((c, length)),
        None => Some((char::REPLACEMENT_CHARACTER, 1)),
    }
}

/// The character that ends right before a position, and its length.
pub fn before(bytes: &[u8], position: usize) -> Option<(char, usize)> {
    let last = *bytes.get(position.checked_sub(1)?)?;
    if last.is_ascii() {
        return Some((char::from(last), 1));
    }
    (2..=4usize.min(position))
        .find_map(|length| at(bytes, position - length).filter(|&(_, found)| found == length))
        .or(Some((char::REPLACEMENT_CHARACTER, 1)))
}

/// The first position from `from` on whose character is not of this sort.
pub fn skip(bytes: &[u8], from: usize, is: impl Fn(char) -> bool) -> usize {
    let mut position = from;
    while let Some((c, length)) = at(bytes, position) {
        if !is(c) {
            break;
        }
        position += length;
    }
    position
}

/// The range without characters of this sort at its ends.
pub fn trim(bytes: &[u8], range: (usize, usize), is: impl Fn(char) -> bool) -> (usize, usize) {
    let bytes = &bytes[..range.1];
    let start = skip(bytes, range.0, &is);
    (start, trim_end(bytes, start, &is))
}

/// The end of `bytes` without characters of this sort, not before `start`.
pub fn trim_end(bytes: &[u8], start: usize, is: impl Fn(char) -> bool) -> usize {
    let mut end = bytes.len();
    while end > start {
        match before(bytes, end) {
            Some((c, length)) if is(c) && end - length >= start => end -= length,
            _ => break,
        }
    }
    end
}

/// `\s` of JavaScript, which is also what its `trim` takes off.
pub fn is_space_in_javascript(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{2028}' | '\u{2029}'
        | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}')
}

/// `\s` of Python, which is also what its `strip` takes off.
pub fn is_space_in_python(c: char) -> bool {
    matches!(c, '\u{1c}'..='\u{1f}') || c.is_whitespace()
}

/// `unicode.IsSpace` of Go.
pub fn is_space_in_go(c: char) -> bool {
    c.is_whitespace()
}

/// `\s` of regular expressions in Go.
pub fn is_blank_in_go(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\x0c' | '\r' | ' ')
}

/// `\s` of Ruby.
pub fn is_space_in_ruby(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ')
}

/// `\w` where it means ASCII.
pub fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The name of a variable as shells and Python's neighbours see it, at the start of `bytes`: its length, or 0.
pub fn name_length(bytes: &[u8]) -> usize {
    match bytes.first() {
        Some(first) if first.is_ascii_alphabetic() || *first == b'_' => {
            bytes.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count()
        }
        _ => 0,
    }
}

/// The position of a byte from `from` on.
pub fn find(bytes: &[u8], from: usize, byte: u8) -> Option<usize> {
    bytes.get(from..)?.iter().position(|&b| b == byte).map(|found| from + found)
}

/// Replaces every occurrence of a short text.
pub fn replace(bytes: &[u8], what: &[u8], with: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(what) {
            out.extend_from_slice(with);
            rest = after;
        } else {
            out.push(rest[0]);
            rest = &rest[1..];
        }
    }
    out
}
