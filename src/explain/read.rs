//! From what was pasted to plain text: terminal colours, entities of web pages and the escapes of strings in strings go.

/// How deep strings in strings are taken apart: an SDK's error, in a log line, in a JSON log.
const MAX_LAYERS: usize = 4;

/// The text without colours, entities and escapes; line ends become blanks.
pub fn plain(text: &str) -> String {
    let mut plain = without_entities(&without_colours(text));
    for _ in 0..MAX_LAYERS {
        if !plain.contains('\\') {
            break;
        }
        plain = without_escapes(&plain);
    }
    plain
}

/// As phrases are compared: lower case, no quotes, one blank at most, one after a colon.
pub fn flat(plain: &str) -> String {
    let mut flat = String::with_capacity(plain.len());
    for c in plain.chars().flat_map(char::to_lowercase) {
        match c {
            '"' | '\'' | '`' | '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}' => {}
            c if c.is_whitespace() || c.is_control() => {
                if !flat.ends_with(' ') {
                    flat.push(' ');
                }
            }
            c => {
                // `"code":401` and `'code': 401` are one; an address keeps its colon.
                if flat.ends_with(':') && c != '/' && c != ' ' && !c.is_ascii_digit() || is_number_after_name(&flat, c)
                {
                    flat.push(' ');
                }
                flat.push(c);
            }
        }
    }
    flat
}

/// A colon after a letter and before a digit: `code:401`, but not `12:30` and not `host:8080/…`, which nobody compares.
fn is_number_after_name(flat: &str, c: char) -> bool {
    c.is_ascii_digit()
        && flat.strip_suffix(':').is_some_and(|before| before.ends_with(|c: char| c.is_ascii_alphabetic()))
}

/// The HTTP statuses of failures in a text, each once, in order.
pub fn statuses(plain: &str) -> Vec<u16> {
    let bytes = plain.as_bytes();
    let mut found = Vec::new();
    for at in 0..bytes.len().saturating_sub(2) {
        let part = &bytes[at..at + 3];
        let is_alone =
            (at == 0 || !is_of_word(bytes[at - 1])) && bytes.get(at + 3).is_none_or(|next| !is_of_word(*next));
        if !is_alone || !matches!(part[0], b'4' | b'5') || !part.iter().all(u8::is_ascii_digit) {
            continue;
        }
        let status = part.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0'));
        // Others are line numbers and times.
        if matches!(status, 400..=429 | 451 | 500..=504 | 529) && !found.contains(&status) {
            found.push(status);
        }
    }
    found
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn without_colours(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' && chars.peek() == Some(&'[') {
            chars.next();
            while chars.next_if(|c| !('@'..='~').contains(c)).is_some() {}
            chars.next();
        } else {
            kept.push(c);
        }
    }
    kept
}

fn without_entities(text: &str) -> String {
    const NAMED: [(&str, &str); 7] = [
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ];
    if !text.contains('&') {
        return text.to_owned();
    }
    NAMED.iter().fold(text.to_owned(), |text, (entity, meant)| text.replace(entity, meant))
}

/// Takes one layer of `\"`, `\n`, `\u2019`, `\x27` off.
fn without_escapes(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        kept.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(c) = rest.chars().next() else { break };
        let digits = match c {
            'u' => 4,
            'x' => 2,
            _ => 0,
        };
        let code = rest.get(1..=digits).filter(|_| digits > 0).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        if let Some(meant) = code.and_then(char::from_u32) {
            kept.push(meant);
            rest = &rest[1 + digits..];
            continue;
        }
        match c {
            'n' | 'r' | 't' => kept.push(' '),
            '"' | '\'' | '\\' | '/' => kept.push(c),
            c => {
                kept.push('\\');
                kept.push(c);
            }
        }
        rest = &rest[c.len_utf8()..];
    }
    kept.push_str(rest);
    kept
}
