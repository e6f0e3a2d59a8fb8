//! `key = { … }`: a key that lives elsewhere, in a file or behind a program.

use std::path::Path;
use std::time::Duration;

use crate::config::document::{Document, Entry};
use crate::config::read::path;
use crate::printable;
use crate::profile::KeySource;

/// Where a profile's key is, unless it is in the store.
pub(super) fn key_source(doc: &mut Document, key: &Entry, home: &Path) -> Option<KeySource> {
    const EXAMPLE: &str = "key = { file = \"/run/secrets/api_key\" }";
    const KEYS: &[&str] = &["file", "command", "ttl", "interactive", "pass_env"];
    if key.value.is_str() {
        doc.problem_with(
            key.at,
            "`key` says where the key is, it does not hold it",
            format!("remove the line and run `llmenv add NAME`, or write `{EXAMPLE}`"),
        );
        return None;
    }
    let entries = doc.table(key, EXAMPLE)?;
    let (mut file, mut argv, mut ttl, mut interactive, mut pass_env) = (None, None, None, true, Vec::new());
    let mut only_for_command = None;
    for entry in &entries {
        match entry.key {
            "file" => file = path(doc, entry, home),
            "command" => argv = command(doc, entry),
            "ttl" => ttl = duration(doc, entry),
            "interactive" => interactive = doc.flag(entry).unwrap_or(true),
            "pass_env" => pass_env = passed_names(doc, entry),
            _ => {
                let _ = doc.unknown_key(entry, KEYS, "`key`");
            }
        }
        if matches!(entry.key, "ttl" | "interactive" | "pass_env") {
            only_for_command.get_or_insert((entry.key, entry.key_at));
        }
    }
    let has = |name: &str| entries.iter().any(|entry| entry.key == name);
    match (has("file"), has("command")) {
        (true, true) => doc.problem(key.at, "`key` has both `file` and `command`"),
        (false, false) => {
            doc.problem_with(key.at, "`key` has neither `file` nor `command`", format!("write `{EXAMPLE}`"));
        }
        (true, false) => {
            if let Some((name, at)) = only_for_command {
                doc.problem(at, format!("`{name}` goes with `command`, not with `file`"));
            }
        }
        (false, true) => {}
    }
    match (file, argv) {
        (Some(file), None) => Some(KeySource::File(file)),
        (None, Some(argv)) => Some(KeySource::Command { argv, ttl, interactive, pass_env }),
        _ => None,
    }
}

fn command(doc: &mut Document, entry: &Entry) -> Option<Vec<String>> {
    let words = doc.list(entry, "[\"/usr/bin/op\", \"read\", \"op://…\"]")?;
    let Some((program, at)) = words.first() else {
        doc.problem(entry.at, "`command` is empty");
        return None;
    };
    if !Path::new(program).is_absolute() {
        doc.problem_with(
            *at,
            "`command` must start with the full path of a program",
            format!("`command -v {}` shows it", shell_word(program)),
        );
        return None;
    }
    Some(words.into_iter().map(|(word, _)| word).collect())
}

/// A program's name for a hint, or a stand-in for anything a shell would read otherwise.
fn shell_word(word: &str) -> &str {
    let plain = !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if plain { word } else { "PROGRAM" }
}

fn duration(doc: &mut Document, entry: &Entry) -> Option<Duration> {
    let text = doc.text(entry)?;
    match crate::duration::parse_duration(&text) {
        Ok(duration) => Some(duration),
        Err(error) => {
            doc.problem_from(entry.at, error);
            None
        }
    }
}

/// Names handed on to the user's own program: any name will do.
fn passed_names(doc: &mut Document, entry: &Entry) -> Vec<String> {
    let mut names = Vec::new();
    for (name, at) in doc.list(entry, "[\"OP_SERVICE_ACCOUNT_TOKEN\"]").unwrap_or_default() {
        if name.starts_with(|c: char| c.is_ascii_digit())
            || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        {
            doc.problem(at, format!("`{}` cannot be the name of a variable", printable::text(&name)));
        } else {
            names.push(name);
        }
    }
    names
}
