//! A `.env` file: every assignment that could be a key or what belongs to one, as the loaders read it.
//!
//! Loaders differ in what they make of quotes and comments; where that leaves two different keys, neither is taken and the line is
//! named.

use std::path::Path;

use super::environment::is_known;
use super::section::{Cut, Format, MAX_VALUE_BYTES, Oddity, Reading, Section, Setting, is_blank, whole_lines};
use crate::dotenv::{self, Dialect, Environment, Value};
use crate::provider;
use crate::sanitize;
use crate::secret::Secret;

/// The loaders whose reading counts, one for each sort of rules.
const LOADERS: [Dialect; 7] =
    [Dialect::Python, Dialect::Npm, Dialect::Node, Dialect::Bash, Dialect::Dotenvy, Dialect::Ruby, Dialect::Docker];

/// One assignment of the file, with what each loader makes of it.
struct Line {
    variable: String,
    line: usize,
    span: std::ops::Range<usize>,
    values: Vec<(Secret, Dialect)>,
    is_unknowable: bool,
}

/// Reads the bytes of a file.
pub fn read(path: &Path, bytes: &[u8]) -> Reading {
    let mut lines: Vec<Line> = Vec::new();
    for loader in LOADERS {
        // Nothing of this environment goes into a value: what a file holds is asked, not what would come out here.
        let lookup = |_: &str| None;
        for assignment in dotenv::read(bytes, loader, &Environment::new(&lookup)).assignments {
            let place = assignment.place;
            // A mark at the start of the file is a part of the first name to some.
            let variable = assignment.key.trim_start_matches('\u{feff}');
            let at = lines.iter().position(|line| line.variable == variable && line.line == place.line);
            let at = at.unwrap_or_else(|| {
                lines.push(Line {
                    variable: variable.to_owned(),
                    line: place.line,
                    span: place.span.start..place.span.end,
                    values: Vec::new(),
                    is_unknowable: false,
                });
                lines.len() - 1
            });
            let line = &mut lines[at];
            line.span =
                line.span.start.min(place.span.start)..line.span.end.max(place.span.end).max(assignment.raw.end);
            match assignment.value {
                Value::Text(text) => line.values.push((text, loader)),
                Value::Unknowable => line.is_unknowable = true,
                Value::Bytes(_) | Value::Absent => {}
            }
        }
    }
    lines.sort_by_key(|line| line.line);
    let mut reading = Reading::default();
    let mut settings: Vec<Setting> = Vec::new();
    for line in lines {
        settings.extend(line.into_setting(path, bytes, &mut reading.oddities));
    }
    mark_overridden(&mut settings);
    if !settings.is_empty() {
        reading.sections.push(Section { format: Format::Dotenv, path: Some(path.to_owned()), settings });
    }
    reading
}

/// Marks what a later setting of the same variable takes the place of.
pub fn mark_overridden(settings: &mut [Setting]) {
    for at in 0..settings.len() {
        let is_later = settings[at + 1..].iter().any(|later| later.variable == settings[at].variable);
        settings[at].is_overridden = is_later;
    }
}

/// Whether a setting is worth keeping: a variable that is known, or a value that is certainly somebody's key.
pub fn is_of_interest(variable: &str, value: &Secret) -> bool {
    let is_kept = !value.expose().trim().is_empty() && value.len() <= MAX_VALUE_BYTES;
    // samestrin/llm-env's names: its configuration says whose they are.
    let is_llm_env = variable.starts_with("LLM_") && (variable.ends_with("_KEY") || variable.ends_with("_TOKEN"));
    is_kept
        && (is_llm_env || is_known(variable) || !provider::of_key(&sanitize::clean(value.expose()).value).is_empty())
}

impl Line {
    fn into_setting(self, path: &Path, bytes: &[u8], oddities: &mut Vec<Oddity>) -> Option<Setting> {
        let mut odd = |message: String, hint: &str| {
            oddities.push(Oddity {
                id: "read-differently",
                path: Some(path.to_owned()),
                line: Some(self.line),
                message,
                hint: Some(hint.to_owned()),
            });
        };
        let name = crate::printable::text(&self.variable);
        let is_key = |value: &Secret| !provider::of_key(&sanitize::clean(value.expose()).value).is_empty();
        if self.is_unknowable && !self.values.iter().any(|(value, _)| is_key(value)) {
            if is_known(&self.variable) {
                odd(
                    format!("`{name}` is what a command prints, which only running it would tell"),
                    "`llmenv add NAME --key-ref 'command:PROGRAM ARGUMENTS'` keeps the command, not the key",
                );
            }
            return None;
        }
        let mut different: Vec<(Secret, Vec<Dialect>)> = Vec::new();
        for (value, loader) in &self.values {
            let cleaned = sanitize::clean(value.expose()).value;
            match different.iter_mut().find(|(known, _)| known.same_as(&cleaned)) {
                Some((_, loaders)) => loaders.push(*loader),
                None => different.push((cleaned, vec![*loader])),
            }
        }
        different.retain(|(value, _)| !value.is_empty());
        // Of two readings one may be no key at all: the other is meant.
        let mut keys: Vec<_> = different.iter().filter(|(value, _)| !provider::of_key(value).is_empty()).collect();
        if keys.is_empty() {
            keys = different.iter().collect();
        }
        let (cleaned, _) = match &keys[..] {
            [] => return None,
            [one] => *one,
            several if is_of_interest(&self.variable, &several[0].0) => {
                let readings: Vec<String> = several
                    .iter()
                    .map(|(value, loaders)| format!("{} for {}", value.shown("a key"), loaders[0].name()))
                    .collect();
                odd(
                    format!("`{name}` is not the same for every program that reads this file: {}", readings.join(", ")),
                    "correct the line, or take over its key with `llmenv add`",
                );
                return None;
            }
            _ => return None,
        };
        let raw = self.values.iter().find(|(value, _)| sanitize::clean(value.expose()).value.same_as(cleaned));
        let value = raw.map_or_else(|| cleaned.clone(), |(value, _)| value.clone());
        is_of_interest(&self.variable, &value).then(|| Setting {
            cut: cut(bytes, self.span.clone()),
            variable: self.variable.clone(),
            called: None,
            value,
            line: Some(self.line),
            is_overridden: false,
            is_comment: false,
        })
    }
}

/// The whole lines of an assignment, where nothing but a comment stands beside it.
pub fn cut(bytes: &[u8], span: std::ops::Range<usize>) -> Cut {
    let is_filler = |rest: &[u8]| {
        let rest = rest.trim_ascii_start();
        let rest = rest.strip_prefix(b";").unwrap_or(rest).trim_ascii_start();
        rest.is_empty() || rest.starts_with(b"#")
    };
    match whole_lines(bytes, span, is_blank, is_filler) {
        Some(span) => Cut::Lines { span, instead: None },
        None => Cut::Not("other text stands on its line"),
    }
}
