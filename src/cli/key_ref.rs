//! `--key-ref`: a key that stays where it is, in a file or behind a program.

use std::path::PathBuf;

use super::key_input;
use crate::error::{Error, Result};
use crate::profile::{KeySource, Profile};
use crate::sanitize;

/// Reads `file:PATH` or `command:PROGRAM ARGUMENTS`.
pub fn parse(text: &str) -> Result<KeySource> {
    if let Some(path) = text.strip_prefix("file:") {
        let path = PathBuf::from(path);
        if !path.is_absolute() {
            return Err(Error::usage(format!("`{}` is not an absolute path", crate::printable::path(&path)))
                .hint("write the whole path: `--key-ref file:/run/secrets/openai_api_key`"));
        }
        return Ok(KeySource::File(path));
    }
    if let Some(line) = text.strip_prefix("command:") {
        let argv = words(line)?;
        let program = argv.first().cloned().unwrap_or_default();
        if !std::path::Path::new(&program).is_absolute() {
            let shown = crate::printable::text(&program);
            return Err(Error::usage(format!("the program `{shown}` is not an absolute path"))
                .hint(format!("`command -v {shown}` prints it: `--key-ref 'command:/usr/bin/pass show openai'`")));
        }
        return Ok(KeySource::Command { argv, ttl: None, interactive: true, pass_env: Vec::new() });
    }
    Err(Error::usage("`--key-ref` takes `file:PATH` or `command:PROGRAM ARGUMENTS`")
        .hint("a key itself is typed when asked, or piped to `--key-stdin`"))
}

/// Looks at the key that a file holds now; a program is not run.
pub fn check(reference: &KeySource, profile: &Profile, base_url: &str, is_forced: bool) -> Result<()> {
    let KeySource::File(path) = reference else { return Ok(()) };
    let key = match crate::store::file::read_key(path) {
        Ok(key) => key,
        Err(_) if is_forced => return Ok(()),
        Err(error) => return Err(error.hint("`--force` adds the profile although the file is not there yet")),
    };
    let cleaned = sanitize::clean(key.expose());
    if !cleaned.removed.is_empty() && !is_forced {
        let removed: Vec<String> = cleaned.removed.iter().map(ToString::to_string).collect();
        return Err(Error::new(format!("the key in the file is not clean: it has {}", removed.join(", ")))
            .at(crate::printable::path(path))
            .hint("correct the file, which llmenv only reads; `--force` takes it as it is"));
    }
    key_input::vet(profile, Some(base_url), &cleaned.value, is_forced)
}

/// Splits a line into words as a shell does, without anything being expanded: blanks part them, `'…'` and `"…"` hold them
/// together, and a backslash keeps the next character outside of `'…'` (in `"…"` only before `"` and `\`).
pub fn words(line: &str) -> Result<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('"'), '\\') if matches!(chars.peek(), Some('"' | '\\')) => {
                word.get_or_insert_default().extend(chars.next());
            }
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            // A path on Windows is full of backslashes, and nobody escapes there.
            (None, '\\') if !cfg!(windows) => word.get_or_insert_default().extend(chars.next()),
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    if let Some(open) = quote {
        return Err(Error::usage(format!("a quote ({open}) in `--key-ref` is not closed")));
    }
    words.extend(word);
    Ok(words)
}
