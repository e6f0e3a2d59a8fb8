//! Untrusted text made safe for a terminal: file names, file content, names and addresses somebody else chose.

use std::path::Path;

/// The most characters of one untrusted string that a message shows.
const MAX_SHOWN_CHARS: usize = 200;

/// Says whether a character can move the cursor, hide, or reorder what is on the screen.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// What keys of the larger providers start with: one that stands where a name belongs is not repeated.
const KEY_PREFIXES: &[&str] =
    &["sk-", "gsk_", "xai-", "AIza", "hf_", "pplx-", "nvapi-", "ghp_", "github_pat_", "r8_", "csk-"];
/// A shorter word that starts like a key is a name.
const LEAST_KEY_BYTES: usize = 24;
/// How much of a key is shown: its sort.
const KEY_SHOWN_BYTES: usize = 6;

/// Cuts words that look like keys down to their first letters.
fn without_keys(untrusted: &str) -> std::borrow::Cow<'_, str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !KEY_PREFIXES.iter().any(|prefix| untrusted.contains(prefix)) {
        return untrusted.into();
    }
    let mut shown = String::with_capacity(untrusted.len());
    let mut rest = untrusted;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.find(|c| !is_part(c)).unwrap_or(rest.len()));
        if word.len() >= LEAST_KEY_BYTES && KEY_PREFIXES.iter().any(|prefix| word.starts_with(prefix)) {
            shown.push_str(&word[..KEY_SHOWN_BYTES]);
            shown.push('…');
        } else {
            shown.push_str(word);
        }
        let (between, after) = after.split_at(after.find(is_part).unwrap_or(after.len()));
        shown.push_str(between);
        rest = after;
    }
    shown.into()
}

/// Escapes controls, bidirectional marks and invisible characters as `\u{…}` and cuts after 200 characters with `…`.
/// A word that looks like a key is cut to its first letters.
pub fn text(untrusted: &str) -> String {
    text_of(untrusted, MAX_SHOWN_CHARS)
}

/// Shows like [`text`], up to that many characters: for messages of others that are passed on whole.
pub fn text_of(untrusted: &str, max_chars: usize) -> String {
    let untrusted = without_keys(untrusted);
    let mut shown = String::with_capacity(untrusted.len().min(max_chars));
    for (count, c) in untrusted.chars().enumerate() {
        if count == max_chars {
            shown.push('…');
            break;
        }
        if is_unprintable(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Shows a path, below HOME as `~/…`, and one of a drive of Windows without `\\?\`.
pub fn path(path: &Path) -> String {
    if let Some(home) = std::env::var_os("HOME").filter(|home| !home.is_empty())
        && let Ok(rest) = path.strip_prefix(&home)
    {
        return if rest.as_os_str().is_empty() { "~".into() } else { text(&format!("~/{}", rest.display())) };
    }
    let shown = path.display().to_string();
    // Windows' own form of a path is one that few programs take, and nobody reads.
    let plain = shown.strip_prefix(r"\\?\").filter(|rest| cfg!(windows) && rest.as_bytes().get(1) == Some(&b':'));
    text(plain.unwrap_or(&shown))
}

/// Escapes like [`text`] without cutting: for whole messages, whose untrusted parts were cut before.
pub fn line(message: &str) -> String {
    let mut shown = String::with_capacity(message.len());
    for c in message.chars() {
        if is_unprintable(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}
