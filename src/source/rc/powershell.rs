//! What a profile of PowerShell sets: `$env:NAME = VALUE`, `[Environment]::SetEnvironmentVariable(…)`, `Set-Item env:NAME VALUE`, and
//! which files it reads with `. FILE`.

use std::collections::BTreeMap;

use super::fish::{Act, Found};
use crate::secret::Secret;
use crate::source::Held;

/// The most lines of a profile.
const MAX_FOUND: usize = 10_000;

/// Reads a file. `variables`: what is set before; `folder`: what `$PSScriptRoot` stands for.
pub fn read(file: &str, variables: &BTreeMap<String, Secret>, folder: &str) -> Vec<Found> {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut found: Vec<Found> = Vec::new();
    let mut depth = 0_usize;
    // The depths at which functions began.
    let mut functions: Vec<usize> = Vec::new();
    let mut is_comment = false;
    for (at, whole) in file.lines().enumerate() {
        let (mut line, line_number) = (whole, at + 1);
        if is_comment {
            match line.split_once("#>") {
                Some((_, rest)) => line = rest,
                None => continue,
            }
            is_comment = false;
        }
        let code = line.trim_start();
        if let Some(rest) = code.strip_prefix("<#") {
            is_comment = !rest.contains("#>");
            continue;
        }
        if found.len() >= MAX_FOUND {
            break;
        }
        let lower = code.to_ascii_lowercase();
        if lower.starts_with("function ") || lower.starts_with("filter ") {
            functions.push(depth);
        }
        for statement in pieces(code) {
            let lookup = |name: &str| {
                let name = name.strip_prefix("env:").or_else(|| name.strip_prefix("Env:")).unwrap_or(name);
                match name {
                    "PSScriptRoot" => Some(folder.to_owned()),
                    "HOME" | "USERPROFILE" => variables.get("HOME").map(|home| home.expose().to_owned()),
                    _ => {
                        known.get(name).cloned().or_else(|| variables.get(name).map(|value| value.expose().to_owned()))
                    }
                }
            };
            let Some((act, value)) = act(statement, &lookup) else { continue };
            let is_called = !functions.is_empty();
            if let Act::Set { name, held: Held::Text(text), .. } = &act
                && !is_called
            {
                known.insert(name.clone(), text.expose().to_owned());
            }
            let column = whole.find(value).map_or(1, |byte| whole[..byte].chars().count() + 1);
            found.push(Found { act, line: line_number, column, is_called });
        }
        let (opened, closed) = braces(code);
        depth = (depth + opened).saturating_sub(closed);
        if opened + closed > 0 {
            functions.retain(|begun| depth > *begun);
        }
    }
    found
}

/// The statements of a line: cut at `;`, and at braces so that `if (…) { $env:A = 'b' }` is seen.
fn pieces(line: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut begun, mut quote, mut parentheses) = (0, None, 0_usize);
    for (at, c) in line.char_indices() {
        match (quote, c) {
            // `${name}` is one word.
            (None, '{') if line[..at].ends_with('$') => quote = Some('}'),
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => parentheses += 1,
            (None, ')') => parentheses = parentheses.saturating_sub(1),
            (None, '#') if line[..at].ends_with([' ', '\t']) || at == 0 => {
                pieces.push(line[begun..at].trim());
                return pieces;
            }
            (None, ';' | '{' | '}') if parentheses == 0 => {
                pieces.push(line[begun..at].trim());
                begun = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(line[begun..].trim());
    pieces
}

fn braces(line: &str) -> (usize, usize) {
    let (mut quote, mut opened, mut closed) = (None, 0, 0);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '#') => break,
            (None, '{') => opened += 1,
            (None, '}') => closed += 1,
            _ => {}
        }
    }
    (opened, closed)
}

/// What one statement does, with the text in which its value begins.
fn act<'a>(statement: &'a str, lookup: &dyn Fn(&str) -> Option<String>) -> Option<(Act, &'a str)> {
    let starts = |text: &'a str, with: &str| {
        text.get(..with.len()).filter(|start| start.eq_ignore_ascii_case(with)).map(|_| &text[with.len()..])
    };
    let set = |name: &str, held: Held| Act::Set { name: name.to_owned(), held, exported: true, universal: false };
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if let Some(rest) = starts(statement, "${env:").or_else(|| starts(statement, "$env:")) {
        let (name, value) = rest.split_once('=')?;
        let name = name.trim().trim_end_matches('}');
        if !is_name(name) {
            return None;
        }
        let value = value.trim();
        let held = if value.eq_ignore_ascii_case("$null") { Held::Unset } else { held(value, lookup) };
        return Some((set(name, held), value));
    }
    for method in ["[Environment]::SetEnvironmentVariable(", "[System.Environment]::SetEnvironmentVariable("] {
        let Some(rest) = starts(statement, method) else { continue };
        let (name, rest) = rest.split_once(',')?;
        let name = name.trim().trim_matches(['\'', '"']);
        // The end of the value: the next comma outside quotes, or the parenthesis.
        let value = until_comma(rest).trim();
        return is_name(name).then(|| (set(name, held(value, lookup)), value));
    }
    for command in ["Set-Item ", "si ", "New-Item ", "Remove-Item "] {
        let Some(rest) = starts(statement, command) else { continue };
        let mut words = rest
            .split_whitespace()
            .filter(|word| !word.eq_ignore_ascii_case("-Path") && !word.eq_ignore_ascii_case("-LiteralPath"));
        let name = starts(words.next()?.trim_matches(['\'', '"']), "env:")?.trim_start_matches(['\\', '/']);
        if !is_name(name) {
            return None;
        }
        if command == "Remove-Item " {
            return Some((set(name, Held::Unset), statement));
        }
        let value = rest[rest.find(name)? + name.len()..].trim_start_matches(['\'', '"']).trim_start();
        let value = starts(value, "-Value ").unwrap_or(value).trim();
        return Some((set(name, held(value, lookup)), value));
    }
    let path = statement.strip_prefix(". ")?.trim();
    // A bare word is expanded as one in double quotes is.
    let path = if path.starts_with(['\'', '"', '(', '{']) { path.to_owned() } else { format!("\"{path}\"") };
    match held(&path, lookup) {
        Held::Text(path) => Some((Act::Source(path.expose().to_owned()), statement)),
        _ => None,
    }
}

fn until_comma(text: &str) -> &str {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, ',' | ')') => return &text[..at],
            _ => {}
        }
    }
    text
}

/// The value of an expression that is one string; anything else is not known.
///
/// `'…'` holds `''` for a quote; in `"…"` a backtick escapes and `$name`, `$env:NAME`, `${env:NAME}` are replaced
/// (`about_Quoting_Rules`). PowerShell takes U+2018 to U+201B and U+201C to U+201E for quotes too.
fn held(value: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Held {
    let mut chars = value.chars().peekable();
    let Some(first) = chars.next() else { return Held::Text(Secret::default()) };
    let is_single = |c: char| c == '\'' || ('\u{2018}'..='\u{201b}').contains(&c);
    let is_double = |c: char| c == '"' || ('\u{201c}'..='\u{201e}').contains(&c);
    let mut text = String::new();
    if is_single(first) {
        while let Some(c) = chars.next() {
            if !is_single(c) {
                text.push(c);
            } else if chars.peek().is_some_and(|next| is_single(*next)) {
                text.push(c);
                chars.next();
            } else {
                break;
            }
        }
    } else if is_double(first) {
        while let Some(c) = chars.next() {
            match c {
                '`' => text.push(match chars.next() {
                    Some('n') => '\n',
                    Some('r') => '\r',
                    Some('t') => '\t',
                    Some('0') => '\0',
                    Some(c) => c,
                    None => break,
                }),
                '$' if chars.peek() == Some(&'(') => return Held::Unknowable,
                '$' => {
                    let is_braced = chars.next_if_eq(&'{').is_some();
                    let mut name = String::new();
                    while let Some(c) = chars.next_if(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':')) {
                        name.push(c);
                    }
                    if is_braced {
                        chars.next_if_eq(&'}');
                    }
                    if name.is_empty() {
                        text.push('$');
                    }
                    text.push_str(&lookup(&name).unwrap_or_default());
                }
                c if is_double(c) => break,
                c => text.push(c),
            }
        }
    } else if let Some(name) = value.strip_prefix("$env:").or_else(|| value.strip_prefix('$')) {
        return match lookup(name) {
            Some(value) => Held::Text(Secret::new(value)),
            None => Held::Unknowable,
        };
    } else if value.contains(['(', '|', '$', '[', '@', '{']) {
        return Held::Unknowable;
    } else {
        return Held::Text(Secret::new(value));
    }
    // What follows a string makes an expression of it.
    if chars.any(|c| !c.is_whitespace()) { Held::Unknowable } else { Held::Text(Secret::new(text)) }
}
