//! Taking away what was pasted around a key, until nothing more comes off.

use zeroize::Zeroizing;

use super::characters::{is_blank, is_invisible, is_line_end, is_quote};
use super::removed::{Place, Removed, What};
use crate::secret::Secret;

/// Longer texts lose their edges only: no line with a key in it is that long, and peeling is quadratic.
const MAX_PEELED_BYTES: usize = 8 * 1024;

/// A key as it was meant, and what it came with.
#[derive(Clone, Debug)]
pub struct Cleaned {
    /// What is left. May be empty, and may still be no key: ask [`super::vet`].
    pub value: Secret,
    /// What was taken away, in the order in which it came off, equal things counted together.
    pub removed: Vec<Removed>,
    /// The variable it was assigned to in the pasted text, where it was.
    pub assigned_name: Option<String>,
}

/// Takes away blanks, invisible characters, quotes, header names and assignments around a key.
///
/// Cleaning twice changes nothing more. Blanks and line ends of ASCII inside a key stay: two lines are no key, and [`super::vet`]
/// says so.
pub fn clean(typed: &str) -> Cleaned {
    // Nothing to take away: most values there are.
    if !typed.is_empty() && typed.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
        return Cleaned { value: Secret::new(typed), removed: Vec::new(), assigned_name: None };
    }
    let mut removed = Log::default();
    let mut assigned_name = None;
    let mut value = without_invisible(typed, &mut removed);
    if value.len() > MAX_PEELED_BYTES {
        let kept = trim(&value, &mut removed).to_owned();
        return Cleaned { value: Secret::new(kept), removed: removed.entries, assigned_name };
    }
    loop {
        let peeled = Zeroizing::new(peel(&value, &mut removed, &mut assigned_name).to_owned());
        value = without_unicode_spaces(&peeled, &mut removed);
        if value == peeled {
            return Cleaned { value: Secret::new(value.as_str()), removed: removed.entries, assigned_name };
        }
    }
}

/// What was removed so far; equal things are counted together.
#[derive(Default)]
struct Log {
    entries: Vec<Removed>,
}

impl Log {
    fn add(&mut self, removed: Removed) {
        if !self.entries.contains(&removed) {
            self.entries.push(removed);
        }
    }

    fn count(&mut self, c: char, place: Place) {
        let what = What::of(c);
        for entry in &mut self.entries {
            if let Removed::Characters { what: known, count, place: there } = entry
                && *known == what
                && *there == place
            {
                *count += 1;
                return;
            }
        }
        self.entries.push(Removed::Characters { what, count: 1, place });
    }
}

/// Drops paste markers and characters that are not seen, wherever they are.
fn without_invisible(typed: &str, removed: &mut Log) -> Zeroizing<String> {
    let mut kept = Zeroizing::new(typed.to_owned());
    while kept.contains("\u{1b}[200~") || kept.contains("\u{1b}[201~") || kept.contains(is_invisible) {
        if kept.contains(is_invisible) {
            kept = without(&kept, is_invisible, removed);
        } else {
            removed.add(Removed::PasteMarkers);
            kept = Zeroizing::new(kept.replace("\u{1b}[200~", "").replace("\u{1b}[201~", ""));
        }
    }
    kept
}

/// Drops blanks beyond ASCII that are left inside: no key has them, and web pages and PDF files put them there.
fn without_unicode_spaces(text: &str, removed: &mut Log) -> Zeroizing<String> {
    without(text, |c| is_blank(c) && !c.is_ascii() && !is_line_end(c), removed)
}

fn without(text: &str, dropped: impl Fn(char) -> bool, removed: &mut Log) -> Zeroizing<String> {
    let is_edge = |c: char| dropped(c) || is_blank(c);
    let first = text.find(|c| !is_edge(c)).unwrap_or(text.len());
    let last = text.rfind(|c| !is_edge(c)).unwrap_or(0);
    let mut kept = Zeroizing::new(String::with_capacity(text.len()));
    for (at, c) in text.char_indices() {
        if !dropped(c) {
            kept.push(c);
            continue;
        }
        let place = if at < first {
            Place::Front
        } else if at > last {
            Place::End
        } else {
            Place::Inside
        };
        removed.count(c, place);
    }
    kept
}

/// Takes layers off the edges until none is left. Every layer shortens the text, so this ends.
fn peel<'a>(text: &'a str, removed: &mut Log, name: &mut Option<String>) -> &'a str {
    let mut text = text;
    loop {
        let before = text.len();
        text = trim(text, removed);
        text = without_header(text, removed);
        if text.len() == before {
            text = without_assignment(text, removed, name);
        }
        // What encloses the whole comes off last: the quote at the end may belong to one behind a name.
        for enclosing in [without_comment, without_ending, without_quotes] {
            if text.len() == before {
                text = enclosing(text, removed);
            }
        }
        if text.len() == before {
            return text;
        }
    }
}

fn trim<'a>(text: &'a str, removed: &mut Log) -> &'a str {
    let from_front = text.trim_start_matches(is_blank);
    let trimmed = from_front.trim_end_matches(is_blank);
    text[..text.len() - from_front.len()].chars().for_each(|c| removed.count(c, Place::Front));
    from_front[trimmed.len()..].chars().for_each(|c| removed.count(c, Place::End));
    trimmed
}

/// Takes off the beginning of a header or of curl's option for one.
fn without_header<'a>(text: &'a str, removed: &mut Log) -> &'a str {
    const HEADERS: &[&str] =
        &["Authorization:", "Proxy-Authorization:", "x-api-key:", "api-key:", "x-goog-api-key:", "Bearer:"];
    for header in HEADERS {
        if let Some(rest) = strip_word(text, header) {
            removed.add(Removed::Header(header));
            return rest.trim_start_matches(is_blank);
        }
    }
    for word in ["Bearer", "-H", "--header"] {
        if let Some(rest) = strip_word(text, word).filter(|rest| rest.starts_with(is_blank)) {
            removed.add(Removed::Header(word));
            return rest.trim_start_matches(is_blank);
        }
    }
    text
}

/// Strips a word of ASCII in any case.
fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let start = text.get(..word.len())?;
    start.eq_ignore_ascii_case(word).then(|| &text[word.len()..])
}

/// Takes off `NAME=`, with what each shell or format puts before it, `NAME: ` and `"NAME": `.
fn without_assignment<'a>(text: &'a str, removed: &mut Log, name: &mut Option<String>) -> &'a str {
    let Some((found, said, rest)) = assignment(text) else { return text };
    name.get_or_insert_with(|| found.to_owned());
    removed.add(Removed::Assignment(said));
    rest.trim_start_matches(is_blank)
}

/// Parses the beginning of an assignment into the name, the text to show, and what follows.
fn assignment(text: &str) -> Option<(&str, String, &str)> {
    /// The word, and whether a blank is enough between name and value after it.
    const WORDS: &[(&str, bool)] = &[
        ("export", false),
        ("setx", true),
        ("setenv", true),
        ("set -gx", true),
        ("set -Ux", true),
        ("set -x", true),
        ("set -Ugx", true),
        ("set", false),
        ("declare -x", false),
        ("typeset -x", false),
        ("readonly", false),
        ("ENV", true),
        ("-e", false),
        ("--env", false),
        ("const", false),
        ("let", false),
    ];
    let (said, blank_is_enough, after_word) = WORDS
        .iter()
        .find_map(|(word, blank)| {
            let rest = strip_word(text, word).filter(|rest| rest.starts_with(is_blank))?;
            Some((format!("{} ", &text[..word.len()]), *blank, rest.trim_start_matches(is_blank)))
        })
        .or_else(|| strip_word(text, "$env:").map(|rest| (text[..5].to_owned(), false, rest)))
        .unwrap_or_else(|| (String::new(), false, text.strip_prefix('{').unwrap_or(text).trim_start_matches(is_blank)));
    let quote = after_word.chars().next().filter(|c| is_quote(*c));
    let at_name = quote.map_or(after_word, |quote| &after_word[quote.len_utf8()..]);
    let length = at_name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(at_name.len());
    let (name, after_name) = at_name.split_at(length);
    if name.len() < 2 || name.len() > 64 || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let is_explicit = !said.is_empty();
    let closed = after_name.strip_prefix(is_quote).filter(|_| quote.is_some());
    let separator = closed.unwrap_or(after_name).trim_start_matches(is_blank);
    let is_named_like_one = is_explicit || is_variable_name(name);
    let shown_name = if closed.is_some() { format!("\"{name}\"") } else { name.to_owned() };
    if let Some(rest) = separator.strip_prefix('=').filter(|rest| is_named_like_one && !is_padding(rest)) {
        return Some((name, format!("{said}{shown_name}="), rest));
    }
    // `NAME: value` needs the blank, or a quote: `https://…` and `id:secret` are no assignments.
    if let Some(rest) = separator.strip_prefix(':')
        && is_named_like_one
        && rest.starts_with(|c: char| is_blank(c) || is_quote(c))
    {
        return Some((name, format!("{said}{shown_name}:"), rest));
    }
    if blank_is_enough && after_name.starts_with(is_blank) {
        return Some((name, format!("{said}{name} "), after_name));
    }
    None
}

/// Says whether a bare word before `=` is meant as a variable: all capitals, or a word for what it holds.
fn is_variable_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    !name.bytes().any(|b| b.is_ascii_lowercase())
        || ["key", "token", "secret", "url", "base", "host", "endpoint"].iter().any(|word| lower.ends_with(word))
}

/// Says whether what follows a `=` is the rest of Base64's padding: then it belongs to the key.
fn is_padding(rest: &str) -> bool {
    rest.bytes().all(|b| b == b'=')
}

/// Takes off ` # comment`: no key has a blank inside.
fn without_comment<'a>(text: &'a str, removed: &mut Log) -> &'a str {
    let starts = |(at, _): &(usize, &str)| *at > 0 && text[..*at].ends_with(is_blank);
    let Some((at, _)) = text.match_indices('#').find(starts) else { return text };
    // Two lines are no line with a comment.
    if text.contains(is_line_end) {
        return text;
    }
    removed.add(Removed::Comment);
    text[..at].trim_end_matches(is_blank)
}

/// Takes off what ends a statement, a list item or an object, and a line break written out.
fn without_ending<'a>(text: &'a str, removed: &mut Log) -> &'a str {
    for escape in ["\\r\\n", "\\n", "\\r"] {
        if let Some(rest) = text.strip_suffix(escape) {
            removed.add(Removed::EscapedLineBreak);
            return rest;
        }
    }
    let Some(last) = text.chars().next_back() else { return text };
    let rest = &text[..text.len() - last.len_utf8()];
    let closes_object = last == '}' && rest.trim_end_matches(is_blank).ends_with(is_quote) && !rest.contains('{');
    if matches!(last, ';' | ',' | '；' | '，') || closes_object {
        removed.add(Removed::Ending(last));
        return rest;
    }
    text
}

/// Takes off one layer of quotes, also one without a partner and one escaped by a backslash.
fn without_quotes<'a>(text: &'a str, removed: &mut Log) -> &'a str {
    let unescaped = text.strip_prefix('\\').filter(|rest| rest.starts_with(is_quote)).unwrap_or(text);
    let open = unescaped.chars().next().filter(|c| is_quote(*c));
    let inner = open.map_or(text, |quote| &unescaped[quote.len_utf8()..]);
    let close = inner.chars().next_back().filter(|c| is_quote(*c));
    let Some(close) = close else {
        if let Some(open) = open {
            removed.add(Removed::Quote(open, Place::Front));
        }
        return inner;
    };
    let rest = &inner[..inner.len() - close.len_utf8()];
    removed.add(match open {
        Some(open) => Removed::Quotes(open, close),
        None => Removed::Quote(close, Place::End),
    });
    rest.strip_suffix('\\').unwrap_or(rest)
}
