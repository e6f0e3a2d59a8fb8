//! Lines of a file made fit to be shown: what may be a key is masked, what could move a cursor is escaped.
//!
//! It masks rather too much than too little: a diff has to show *where* something changes, not which key stands there.

use crate::printable;
use crate::secret::Secret;

/// A value shorter than this is nobody's key.
const LEAST_SECRET_BYTES: usize = 8;
/// A word of letters and digits this long may be a key wherever it stands.
const LEAST_KEY_BYTES: usize = 20;
/// The most characters of a line that are shown.
const MAX_LINE_CHARS: usize = 240;

/// Shows one line of a file, without its end.
pub fn line(bytes: &[u8], hidden: &[Secret]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    for secret in hidden.iter().filter(|secret| secret.len() >= LEAST_SECRET_BYTES) {
        text = text.replace(secret.expose(), &masked(secret.expose()));
    }
    let text = without_long_words(&without_values(&without_passwords(&text)));
    // A tab is shown as the blanks it stands for; everything else that is not seen is spelled out.
    printable::text_of(&text.replace('\t', "    "), MAX_LINE_CHARS)
}

/// A mask: the last four characters where the value is long enough.
fn masked(value: &str) -> String {
    format!("…{}", Secret::new(value).ending().unwrap_or_default())
}

fn is_name_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// Masks the values of `NAME=value`, `"name": "value"` and the like where the name is one of a secret.
fn without_values(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['=', ':']) {
        let (before, after) = rest.split_at(at);
        let name_end = before.trim_end_matches([' ', '"', '\'', '\t', ']']).len();
        let name = before[..name_end].rsplit(|c| !is_name_part(c)).next().unwrap_or_default().to_ascii_lowercase();
        shown.push_str(before);
        let lead = 1 + after[1..].len() - after[1..].trim_start_matches([' ', '\t', '"', '\'', '`']).len();
        shown.push_str(&after[..lead]);
        rest = &after[lead..];
        let Some(least) = least_secret_bytes(&name) else { continue };
        let quote = after[..lead].chars().next_back().filter(|c| matches!(c, '"' | '\'' | '`'));
        if let Some(scheme) = rest.get(..7).filter(|word| word.eq_ignore_ascii_case("bearer ")) {
            shown.push_str(scheme);
            rest = &rest[scheme.len()..];
        }
        let end = match quote {
            Some(quote) => rest.find(quote),
            None => rest.find(['"', '\'', '`', ' ', '\t', ',', ';']),
        };
        let value = &rest[..end.unwrap_or(rest.len())];
        if value.len() >= least && !is_reference(value) {
            shown.push_str(&masked(value));
            rest = &rest[value.len()..];
        }
    }
    shown.push_str(rest);
    shown
}

/// From which length on the value of this name is masked; none: it is no secret's name.
fn least_secret_bytes(name: &str) -> Option<usize> {
    let (sure, likely) = (["secret", "passw"], ["key", "token", "credential", "authorization"]);
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&sure) { Some(1) } else { has(&likely).then_some(LEAST_SECRET_BYTES) }
}

/// Says whether a value only names where the secret is: `${NAME}`, `{env:NAME}`, the name of a variable, an address.
fn is_reference(value: &str) -> bool {
    value.starts_with('$')
        || value.starts_with("{env:")
        || value.starts_with('/')
        || value.contains("://")
        || value.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// Masks words that look like keys, wherever they stand.
fn without_long_words(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.find(|c| !is_part(c)).unwrap_or(rest.len()));
        let has = |what: fn(&u8) -> bool| word.as_bytes().iter().any(what);
        if word.len() >= LEAST_KEY_BYTES && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic) {
            shown.push_str(&masked(word));
        } else {
            shown.push_str(word);
        }
        let (between, after) = after.split_at(after.find(is_part).unwrap_or(after.len()));
        shown.push_str(between);
        rest = after;
    }
    shown
}

/// Masks the password of `scheme://user:password@host`.
fn without_passwords(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        shown.push_str(before);
        let host_end = after.find(['/', '?', '#', ' ', '"', '\'']).unwrap_or(after.len());
        rest = match after[..host_end].rfind('@') {
            Some(sign) => {
                shown.push('…');
                &after[sign..]
            }
            None => after,
        };
    }
    shown.push_str(rest);
    shown
}
