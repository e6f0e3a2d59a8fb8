//! A `.env` file as detectors look at it: its bytes, its lines, and what each loader makes of it.

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::fix::Change;
use crate::dotenv::{ASKING, Dialect, Environment, Reading, Readings, Value};
use crate::secret::Secret;
use crate::source::{Kind, Origin, Reader};

/// A `.env` file.
pub struct EnvFile {
    /// Where it is.
    pub path: PathBuf,
    /// What it holds.
    pub bytes: Zeroizing<Vec<u8>>,
    /// Whether git tracks it: no key is written into it then.
    pub is_tracked: bool,
    /// Its assignments as they are written, whatever a loader makes of them.
    pub lines: Vec<Line>,
    readings: Readings,
    /// Its names that are set already where it is read.
    is_set_around: HashSet<String>,
}

/// A line that looks like an assignment.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// The name, without `export`, `set` or `$env:`.
    pub name: String,
    /// What stands before the name, without blanks: `export`, `set`, `setx`, `$env:` or nothing.
    pub before: &'static str,
    /// What separates the name from the value: `=`, or `:` as in YAML.
    pub sign: u8,
    /// The whole line, without its end.
    pub span: Range<usize>,
    /// From after the sign to the end of the line: blanks, quotes and comments are in it.
    pub value: Range<usize>,
}

impl EnvFile {
    /// Takes a file apart. `lookup` answers `$NAME` in values.
    pub fn new(path: &Path, bytes: Zeroizing<Vec<u8>>, lookup: &dyn Fn(&str) -> Option<String>) -> Self {
        let readings = Readings::new(&bytes, &Dialect::ALL, &Environment::new(lookup));
        let lines = lines(&bytes);
        let is_set_around =
            lines.iter().filter(|line| lookup(&line.name).is_some()).map(|line| line.name.clone()).collect();
        Self { path: path.to_owned(), is_tracked: false, lines, readings, is_set_around, bytes }
    }

    /// What one loader makes of it.
    pub fn reading(&self, loader: Dialect) -> &Reading {
        self.readings.of(loader)
    }

    /// The text that one loader gives to a variable.
    pub fn text(&self, loader: Dialect, name: &str) -> Option<&Secret> {
        self.reading(loader).text(name)
    }

    /// The text that most loaders give to a variable, and the line it comes from.
    pub fn value(&self, name: &str) -> Option<(&Secret, usize)> {
        [Dialect::Python, Dialect::Npm, Dialect::Docker, Dialect::Bash].into_iter().find_map(|loader| {
            let winner = self.reading(loader).winner(name)?;
            Some((winner.value.text()?, winner.place.line))
        })
    }

    /// The different texts of a variable, with the loaders that give each; loaders that give none, or that would give what is set
    /// already and not what the file says, are in none.
    pub fn readings_of(&self, name: &str) -> Vec<(&Secret, Vec<Dialect>)> {
        let mut found: Vec<(&Secret, Vec<Dialect>)> = Vec::new();
        for (read_by, reading) in self.readings.iter() {
            let Some(text) = reading.text(name) else { continue };
            let is_set = self.is_set_around.contains(name);
            let read_by: Vec<Dialect> =
                read_by.iter().copied().filter(|loader| !(is_set && ASKING.contains(loader))).collect();
            if read_by.is_empty() {
                continue;
            }
            match found.iter_mut().find(|(known, _)| known.same_as(text)) {
                Some((_, loaders)) => loaders.extend(read_by),
                None => found.push((text, read_by)),
            }
        }
        found
    }

    /// Whether a loader would only know the value by running something.
    pub fn is_unknowable(&self, loader: Dialect, name: &str) -> bool {
        self.reading(loader).winner(name).is_some_and(|winner| matches!(winner.value, Value::Unknowable))
    }

    /// The written text of a line's value, trimmed.
    pub fn written(&self, line: &Line) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(self.bytes.get(line.value.clone()).unwrap_or_default().trim_ascii())
    }

    /// A line as a place.
    pub fn origin(&self, line: usize, column: Option<usize>) -> Origin {
        Origin::at(Kind::Dotenv, Reader::Loaders(Vec::new()), &self.path, line, column)
    }

    /// The file as a place.
    pub fn whole(&self) -> Origin {
        Origin { path: Some(self.path.clone()), ..Origin::of(Kind::Dotenv, Reader::Loaders(Vec::new())) }
    }

    /// The column at which a line's value begins, from 1.
    pub fn column(&self, line: &Line) -> usize {
        let before = &self.bytes[line.span.start..line.value.start];
        let blanks = self.bytes[line.value.clone()].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        String::from_utf8_lossy(before).chars().count() + blanks + 1
    }

    /// Rewrites a line as `NAME=value`, which all loaders read alike; none where the value has characters they do not.
    pub fn rewrite(&self, line: &Line, value: &str) -> Option<Change> {
        let is_plain =
            !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:/+@%=,".contains(&b));
        let export = if line.before == "export" { "export " } else { "" };
        let is_left = self.is_tracked && super::environment::is_key(&line.name);
        (is_plain && !is_left)
            .then(|| Change::replace(&self.bytes, line.span.clone(), format!("{export}{}={value}", line.name)))
    }

    /// Takes a line out and leaves a comment, which no loader takes for a value.
    pub fn comment_out(&self, line: &Line, why: &str) -> Change {
        Change::replace(&self.bytes, line.span.clone(), format!("# {}: {why}", line.name))
    }
}

/// Finds the lines that look like assignments.
fn lines(bytes: &[u8]) -> Vec<Line> {
    let mut found = Vec::new();
    let mut start = 0;
    for (number, part) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let end = start + part.len();
        let text = part.strip_suffix(b"\n").unwrap_or(part);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let skipped = if number == 0 && text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        found.extend(line(&text[skipped..], start + skipped, number + 1));
        start = end;
    }
    found
}

fn line(text: &[u8], start: usize, number: usize) -> Option<Line> {
    let mut at = blanks(text, 0);
    let mut before = "";
    for word in ["export", "setx", "set", "$env:"] {
        let Some(rest) = text[at..].strip_prefix(word.as_bytes()) else { continue };
        let is_word = word == "$env:" || rest.first().is_some_and(u8::is_ascii_whitespace);
        if is_word {
            before = word;
            at = blanks(text, at + word.len());
            break;
        }
    }
    let name = text[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    let end = at + name;
    let sign = blanks(text, end);
    let is_sign = match text.get(sign)? {
        b'=' => true,
        // `KEY: value`; a bare `a:b` is nobody's assignment.
        b':' => text.get(sign + 1).is_some_and(u8::is_ascii_whitespace),
        b' ' | b'\t' => false,
        _ => before == "setx" && sign > end,
    };
    if name == 0 || text[at].is_ascii_digit() || !is_sign {
        return None;
    }
    let value = if matches!(text[sign], b'=' | b':') { sign + 1 } else { sign };
    Some(Line {
        number,
        name: String::from_utf8_lossy(&text[at..end]).into_owned(),
        before,
        sign: text[sign],
        span: start..start + text.len(),
        value: start + value..start + text.len(),
    })
}

fn blanks(text: &[u8], from: usize) -> usize {
    from + text[from..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}
