//! What a start-up file of fish sets: `set -gx NAME VALUE`, `export NAME=VALUE`, `set -e NAME`, `source FILE`.

use std::collections::BTreeMap;

use crate::secret::Secret;
use crate::source::Held;

/// One thing a file does.
#[derive(Clone, Debug)]
pub enum Act {
    /// It sets a variable, or takes it away.
    Set {
        /// The variable.
        name: String,
        /// What it gets.
        held: Held,
        /// Whether programs get it.
        exported: bool,
        /// Whether it is a universal variable, which outlives the shell.
        universal: bool,
    },
    /// It reads another file.
    Source(String),
}

/// An act, where it is, and whether a new shell comes to it by itself.
#[derive(Clone, Debug)]
pub struct Found {
    /// What.
    pub act: Act,
    /// The line, from 1.
    pub line: usize,
    /// The column of the value, from 1.
    pub column: usize,
    /// Whether it is in a function.
    pub is_called: bool,
}

/// A word of a command.
#[derive(Clone, Debug)]
struct Word {
    /// Its text; none: a command or a pattern would tell.
    text: Option<String>,
    line: usize,
    column: usize,
}

/// The most commands of a file.
const MAX_FOUND: usize = 10_000;

/// Reads a file. `variables`: what is set before.
pub fn read(file: &str, variables: &BTreeMap<String, Secret>) -> Vec<Found> {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut found = Vec::new();
    // Open blocks; true: a function.
    let mut blocks: Vec<bool> = Vec::new();
    let mut words = Words { chars: file.chars().peekable(), line: 1, column: 1 };
    while found.len() < MAX_FOUND {
        let lookup = |name: &str| {
            known.get(name).cloned().or_else(|| variables.get(name).map(|value| value.expose().to_owned()))
        };
        let Some(mut command) = words.command(&lookup) else { break };
        let mut is_after_else = false;
        while let Some(word) = command.first().and_then(|word| word.text.as_deref()) {
            match word {
                // `else if` opens no block of its own.
                "else" => is_after_else = true,
                "if" | "while" if !is_after_else => blocks.push(false),
                "if" | "while" | "and" | "or" | "not" | "builtin" | "command" | "time" => {}
                _ => break,
            }
            command.remove(0);
        }
        let Some(Some(first)) = command.first().map(|word| word.text.clone()) else { continue };
        match first.as_str() {
            "function" => blocks.push(true),
            "begin" | "for" | "switch" => blocks.push(false),
            "end" => {
                blocks.pop();
            }
            _ => {}
        }
        let is_called = blocks.contains(&true);
        for (act, line, column) in acts(&first, &command[1..]) {
            if let Act::Set { name, held: Held::Text(value), .. } = &act
                && !is_called
            {
                known.insert(name.clone(), value.expose().to_owned());
            }
            found.push(Found { act, line, column, is_called });
        }
    }
    found
}

fn acts(first: &str, rest: &[Word]) -> Vec<(Act, usize, usize)> {
    match first {
        "set" => set(rest).into_iter().collect(),
        "export" => rest
            .iter()
            .filter_map(|word| {
                let text = word.text.as_deref()?;
                let (name, value) = text.split_once('=')?;
                let held = Held::Text(Secret::new(value));
                let act = Act::Set { name: name.to_owned(), held, exported: true, universal: false };
                Some((act, word.line, word.column + name.chars().count() + 1))
            })
            .collect(),
        "source" | "." => rest
            .first()
            .and_then(|word| Some((Act::Source(word.text.clone()?), word.line, word.column)))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

fn set(words: &[Word]) -> Option<(Act, usize, usize)> {
    let (mut exported, mut universal, mut erases) = (false, false, false);
    let mut rest = words;
    while let Some(flag) = rest.first().and_then(|word| word.text.as_deref()).filter(|word| word.starts_with('-')) {
        rest = &rest[1..];
        match flag {
            "--" => break,
            "--export" => exported = true,
            "--universal" => universal = true,
            "--erase" => erases = true,
            "--query" | "--show" | "--names" => return None,
            _ if flag.starts_with("--") => {}
            _ => {
                if flag.contains(['q', 'S', 'n']) {
                    return None;
                }
                exported |= flag.contains('x');
                universal |= flag.contains('U');
                erases |= flag.contains('e');
            }
        }
    }
    let name = rest.first()?;
    let text =
        name.text.clone().filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))?;
    let values = &rest[1..];
    let (line, column) = values.first().map_or((name.line, name.column), |value| (value.line, value.column));
    let held = if erases {
        Held::Unset
    } else {
        let parts: Option<Vec<&str>> = values.iter().map(|word| word.text.as_deref()).collect();
        parts.map_or(Held::Unknowable, |parts| Held::Text(Secret::new(parts.join(" "))))
    };
    Some((Act::Set { name: text, held, exported, universal }, line, column))
}

struct Words<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
    line: usize,
    column: usize,
}

impl Words<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.chars.next()?;
        if c == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
        Some(c)
    }

    /// The next command's words; none at the end of the file.
    fn command(&mut self, lookup: &dyn Fn(&str) -> Option<String>) -> Option<Vec<Word>> {
        let mut words = Vec::new();
        self.chars.peek()?;
        while let Some(&c) = self.chars.peek() {
            match c {
                ' ' | '\t' | '\r' => {
                    self.next();
                }
                '\n' | ';' | '&' | '|' => {
                    self.next();
                    return Some(words);
                }
                '#' => {
                    while self.chars.peek().is_some_and(|c| *c != '\n') {
                        self.next();
                    }
                }
                // `\` at the end of a line joins it with the next.
                _ => words.extend(self.word(lookup)),
            }
        }
        Some(words)
    }

    fn word(&mut self, lookup: &dyn Fn(&str) -> Option<String>) -> Option<Word> {
        let (line, column) = (self.line, self.column);
        let mut text = Some(String::new());
        let mut is_quoted = false;
        let mut is_joined = false;
        while let Some(&c) = self.chars.peek() {
            match c {
                ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' => break,
                '\'' => {
                    self.next();
                    is_quoted = true;
                    self.quoted('\'', &mut text, lookup);
                }
                '"' => {
                    self.next();
                    is_quoted = true;
                    self.quoted('"', &mut text, lookup);
                }
                '\\' => {
                    self.next();
                    match self.next() {
                        Some('\n') => is_joined = true,
                        Some('n') => push(&mut text, '\n'),
                        Some('t') => push(&mut text, '\t'),
                        Some(c) => push(&mut text, c),
                        None => {}
                    }
                }
                '$' => {
                    self.next();
                    self.variable(&mut text, lookup);
                }
                '(' => {
                    self.parenthesis();
                    text = None;
                }
                '*' | '?' | '{' => {
                    self.next();
                    text = None;
                }
                '~' if text.as_deref() == Some("") && !is_quoted => {
                    self.next();
                    match (lookup("HOME"), &mut text) {
                        (Some(home), Some(text)) => text.push_str(&home),
                        _ => text = None,
                    }
                }
                c => {
                    self.next();
                    push(&mut text, c);
                }
            }
        }
        (!is_joined || text.as_deref() != Some("")).then_some(Word { text, line, column })
    }

    fn quoted(&mut self, quote: char, text: &mut Option<String>, lookup: &dyn Fn(&str) -> Option<String>) {
        while let Some(c) = self.next() {
            match c {
                c if c == quote => return,
                '\\' => {
                    let special = if quote == '"' { ['"', '\\', '$'].as_slice() } else { ['\'', '\\'].as_slice() };
                    match self.chars.peek().copied() {
                        Some(next) if special.contains(&next) => {
                            self.next();
                            push(text, next);
                        }
                        Some('\n') if quote == '"' => {
                            self.next();
                        }
                        _ => push(text, '\\'),
                    }
                }
                '$' if quote == '"' => self.variable(text, lookup),
                c => push(text, c),
            }
        }
    }

    fn variable(&mut self, text: &mut Option<String>, lookup: &dyn Fn(&str) -> Option<String>) {
        if self.chars.peek() == Some(&'(') {
            self.parenthesis();
            *text = None;
            return;
        }
        let mut name = String::new();
        while let Some(&c) = self.chars.peek() {
            if !(c.is_ascii_alphanumeric() || c == '_') {
                break;
            }
            name.push(c);
            self.next();
        }
        if let Some(text) = text {
            text.push_str(&lookup(&name).unwrap_or_default());
        }
    }

    /// Passes over `(…)`.
    fn parenthesis(&mut self) {
        let mut depth = 0;
        while let Some(c) = self.next() {
            match c {
                '(' => depth += 1,
                ')' => {
                    depth -= 1;
                    if depth == 0 {
                        return;
                    }
                }
                '\\' => {
                    self.next();
                }
                _ => {}
            }
        }
    }
}

fn push(text: &mut Option<String>, c: char) {
    if let Some(text) = text {
        text.push(c);
    }
}
