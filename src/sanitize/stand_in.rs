//! Texts that stand where a key should be: placeholders of guides, masks of consoles, references to secret managers.

use std::sync::OnceLock;

use regex_lite::Regex;

use crate::provider;
use crate::secret::Secret;

/// Words that guides and tools put where a key belongs.
const WORDS: &[&str] = &[
    "api-key",
    "api_key",
    "apikey",
    "change-me",
    "change_me",
    "changeit",
    "changeme",
    "dummy",
    "dummy-key",
    "example",
    "fake",
    "fake-key",
    "key",
    "llmenv-no-key",
    "nil",
    "no-key",
    "no-key-needed",
    "no-key-required",
    "none",
    "not-needed",
    "null",
    "ollama",
    "lm-studio",
    "pass",
    "password",
    "placeholder",
    "replace-me",
    "replace_me",
    "replaceme",
    "secret",
    "tbd",
    "test",
    "test-key",
    "testkey",
    "todo",
    "token",
    "undefined",
    "user-provided",
    "user_provided",
];

/// Phrases of guides, in lower case.
const PHRASES: &[&str] = &[
    r"your[-_ ]?.*(key|token|secret|api)",
    r"^your[-_ ]",
    r"(insert|paste|put|enter|add|replace).*(key|token|here)",
    r"(key|token|secret|api)[-_ ]?(goes[-_ ]?)?here",
    r"^my[-_ ]?(api[-_ ]?)?(key|token|secret)",
    r"(example|dummy|sample|fake|placeholder)[-_ ]?(api[-_ ]?)?(key|token)",
    r"^<.*>$",
    r"^\[.*\]$",
    r"^\{.*\}$",
];

/// Says whether it is a placeholder: a guide's text that was never replaced by a key.
pub(super) fn is_placeholder(key: &str) -> bool {
    static REGEXES: OnceLock<Vec<Regex>> = OnceLock::new();
    let regexes = REGEXES.get_or_init(|| PHRASES.iter().filter_map(|phrase| Regex::new(phrase).ok()).collect());
    let lower = key.to_ascii_lowercase();
    let rest = without_prefix(&lower);
    if is_filler(rest) || rest.contains("xxxxxxxx") {
        return true;
    }
    // Random letters do spell `add…key` now and then; what has a provider's whole shape is believed.
    let is_believed = !provider::of_key(&Secret::new(key)).is_empty();
    !is_believed
        && (WORDS.contains(&lower.as_str())
            || WORDS.contains(&rest)
            || regexes.iter().any(|regex| regex.is_match(&lower))
            || rest.len() <= 12 && is_counted_up(rest))
}

/// Says whether it is a mask: the middle of a key replaced by dots or stars, as consoles list keys.
pub(super) fn is_masked(key: &str) -> bool {
    let glyph = |c: char| matches!(c, '…' | '⋯' | '•' | '●' | '∙' | '·' | '⁎' | '＊' | '█');
    let rest = without_prefix(key);
    key.contains(glyph) || key.contains("**") || rest.contains("...") && rest.chars().any(|c| c != '.')
}

/// Names the notation of a reference that some program should have replaced by the key: `op://`, `$(…)`, `${NAME}`.
pub(super) fn reference(key: &str) -> Option<&'static str> {
    const STARTS: &[(&str, &str)] = &[
        ("op://", "op://"),
        ("${{", "${{ }}"),
        ("{{", "{{ }}"),
        ("${", "${ }"),
        ("$(", "$( )"),
        ("$env:", "$env:NAME"),
        ("vault:", "vault:"),
        ("ref+", "ref+"),
        ("keyring:", "keyring:"),
        ("file:", "file:"),
        ("/run/secrets/", "/run/secrets/"),
        ("arn:aws:", "arn:aws:"),
        ("projects/", "projects/"),
    ];
    let begun = STARTS.iter().find(|(start, _)| key.starts_with(start)).map(|(_, notation)| *notation);
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    begun.or_else(|| key.strip_prefix('$').filter(|name| is_name(name)).map(|_| "$NAME")).or_else(|| {
        let name = key.strip_prefix('%')?.strip_suffix('%')?;
        is_name(name).then_some("%NAME%")
    })
}

/// Cuts off what a provider's keys start with, or a short word and a dash.
fn without_prefix(key: &str) -> &str {
    let known = provider::all().iter().flat_map(|provider| &provider.key_shapes).map(|shape| shape.prefix.as_str());
    if let Some(longest) = known.filter(|prefix| starts_with(key, prefix)).max_by_key(|prefix| prefix.len())
        && !longest.is_empty()
    {
        return &key[longest.len()..];
    }
    match key.split_once(['-', '_']) {
        Some((word, rest)) if (2..=8).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase()) => rest,
        _ => key,
    }
}

/// Says whether the key starts with the prefix in any case.
fn starts_with(key: &str, prefix: &str) -> bool {
    key.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Says whether nothing but one filling character is left: `xxxx`, `....`.
fn is_filler(rest: &str) -> bool {
    let mut chars = rest.chars();
    chars
        .next()
        .is_none_or(|first| matches!(first, 'x' | '.' | '*' | '_' | '-' | '#' | '?') && chars.all(|c| c == first))
}

/// Says whether it counts up from the start: `1234`, `abc`, `abc123`.
fn is_counted_up(rest: &str) -> bool {
    let digits = rest.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let letters = &rest[..rest.len() - digits.len()];
    rest.len() >= 3 && "abcdefghijklmnopqrstuvwxyz".starts_with(letters) && "123456789012".starts_with(digits)
}
