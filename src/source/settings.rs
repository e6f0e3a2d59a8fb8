//! A settings file (JSON with comments, YAML, TOML) taken apart into its leaves: which key path holds which text on which line.
//!
//! The sources that read editors', tools' and containers' files use it; none of them needs more of these formats than this.

use jsonc_parser::ast;
use saphyr_parser::{Event, Parser, ScalarStyle};
use toml::de::{DeTable, DeValue};

use crate::secret::Secret;

/// The most leaves of a file.
const MAX_LEAVES: usize = 20_000;
/// The deepest nesting that is followed.
const MAX_DEPTH: usize = 64;

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON, with the comments and trailing commas that editors allow.
    Json,
    /// YAML; aliases are not followed.
    Yaml,
    /// TOML.
    Toml,
}

/// What a leaf holds.
#[derive(Clone, Debug)]
pub enum Scalar {
    /// A text, or a number as it was written.
    Text(Secret),
    /// `null`, or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
}

/// One value of a file.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The keys that lead to it; members of lists by their number from 0.
    pub path: Vec<String>,
    /// What it holds.
    pub value: Scalar,
    /// Its line, from 1.
    pub line: usize,
    /// Its column, from 1.
    pub column: usize,
}

impl Leaf {
    /// The text, where it is one.
    pub fn text(&self) -> Option<&Secret> {
        match &self.value {
            Scalar::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The path in one word: `env.OPENAI_API_KEY`.
    pub fn dotted(&self) -> String {
        self.path.join(".")
    }

    /// Whether the path is this one; `*` stands for any key.
    pub fn is_at(&self, pattern: &[&str]) -> bool {
        self.path.len() == pattern.len()
            && self.path.iter().zip(pattern).all(|(key, wanted)| *wanted == "*" || key == wanted)
    }
}

/// Takes a file apart; the error is the line at which it stops being of the format.
pub fn leaves(text: &str, format: Format) -> Result<Vec<Leaf>, usize> {
    match format {
        Format::Json => json(text),
        Format::Yaml => yaml(text),
        Format::Toml => toml(text),
    }
}

/// Line and column of bytes.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(ends).collect() }
    }

    fn place(&self, at: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= at).max(1);
        let before = self.text.get(self.starts[line - 1]..at).unwrap_or_default();
        (line, before.chars().count() + 1)
    }
}

fn json(text: &str) -> Result<Vec<Leaf>, usize> {
    let lines = Lines::new(text);
    let options = jsonc_parser::ParseOptions { allow_missing_commas: false, ..jsonc_parser::ParseOptions::default() };
    let parsed = jsonc_parser::parse_to_ast(text, &jsonc_parser::CollectOptions::default(), &options)
        .map_err(|error| lines.place(error.range().start).0)?;
    let mut leaves = Vec::new();
    if let Some(value) = &parsed.value {
        json_value(value, &mut Vec::new(), &lines, &mut leaves);
    }
    Ok(leaves)
}

fn json_value(value: &ast::Value<'_>, path: &mut Vec<String>, lines: &Lines<'_>, leaves: &mut Vec<Leaf>) {
    if path.len() > MAX_DEPTH || leaves.len() >= MAX_LEAVES {
        return;
    }
    let mut leaf = |at: usize, value: Scalar| {
        let (line, column) = lines.place(at);
        leaves.push(Leaf { path: path.clone(), value, line, column });
    };
    match value {
        ast::Value::StringLit(text) => leaf(text.range.start, Scalar::Text(Secret::new(text.value.as_ref()))),
        ast::Value::NumberLit(number) => leaf(number.range.start, Scalar::Text(Secret::new(number.value))),
        ast::Value::BooleanLit(word) => leaf(word.range.start, Scalar::Bool(word.value)),
        ast::Value::NullKeyword(word) => leaf(word.range.start, Scalar::Null),
        ast::Value::Object(object) => {
            for property in &object.properties {
                path.push(property.name.as_str().to_owned());
                json_value(&property.value, path, lines, leaves);
                path.pop();
            }
        }
        ast::Value::Array(array) => {
            for (at, element) in array.elements.iter().enumerate() {
                path.push(at.to_string());
                json_value(element, path, lines, leaves);
                path.pop();
            }
        }
    }
}

/// What a YAML file is in the middle of.
enum Level {
    /// A list, and the number of its next member.
    List(usize),
    /// A map whose next scalar is a key.
    Key,
    /// A map whose next value belongs to the key pushed last.
    Value,
}

fn yaml(text: &str) -> Result<Vec<Leaf>, usize> {
    let mut leaves: Vec<Leaf> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut levels: Vec<Level> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| error.marker().line().max(1))?;
        if leaves.len() >= MAX_LEAVES || levels.len() > MAX_DEPTH {
            break;
        }
        match event {
            Event::Scalar(value, style, ..) => {
                if matches!(levels.last(), Some(Level::Key)) {
                    path.push(value.into_owned());
                    if let Some(level) = levels.last_mut() {
                        *level = Level::Value;
                    }
                    continue;
                }
                begin(&mut levels, &mut path);
                let value = match (style, value.as_ref()) {
                    (ScalarStyle::Plain, "" | "~" | "null" | "Null" | "NULL") => Scalar::Null,
                    (ScalarStyle::Plain, "true" | "True" | "TRUE") => Scalar::Bool(true),
                    (ScalarStyle::Plain, "false" | "False" | "FALSE") => Scalar::Bool(false),
                    (_, text) => Scalar::Text(Secret::new(text)),
                };
                let (line, column) = (span.start.line(), span.start.col() + 1);
                leaves.push(Leaf { path: path.clone(), value, line, column });
                end(&mut levels, &mut path);
            }
            Event::Alias(_) => {
                if matches!(levels.last(), Some(Level::Key)) {
                    path.push("*".into());
                    if let Some(level) = levels.last_mut() {
                        *level = Level::Value;
                    }
                } else {
                    begin(&mut levels, &mut path);
                    end(&mut levels, &mut path);
                }
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                if matches!(levels.last(), Some(Level::Key)) {
                    // A list or a map as a key: nobody's settings.
                    return Err(span.start.line().max(1));
                }
                begin(&mut levels, &mut path);
                levels.push(if matches!(event, Event::MappingStart(..)) { Level::Key } else { Level::List(0) });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                levels.pop();
                end(&mut levels, &mut path);
            }
            _ => {}
        }
    }
    Ok(leaves)
}

/// A value begins: in a list its number leads to it.
fn begin(levels: &mut [Level], path: &mut Vec<String>) {
    if let Some(Level::List(next)) = levels.last_mut() {
        path.push(next.to_string());
        *next += 1;
    }
}

/// It is over.
fn end(levels: &mut [Level], path: &mut Vec<String>) {
    match levels.last_mut() {
        Some(Level::List(_)) => {
            path.pop();
        }
        Some(level @ Level::Value) => {
            path.pop();
            *level = Level::Key;
        }
        _ => {}
    }
}

fn toml(text: &str) -> Result<Vec<Leaf>, usize> {
    let lines = Lines::new(text);
    let table = DeTable::parse(text).map_err(|error| lines.place(error.span().unwrap_or_default().start).0)?;
    let mut leaves = Vec::new();
    toml_table(table.get_ref(), &mut Vec::new(), &lines, &mut leaves);
    leaves.sort_by_key(|leaf| (leaf.line, leaf.column));
    Ok(leaves)
}

fn toml_table(table: &DeTable<'_>, path: &mut Vec<String>, lines: &Lines<'_>, leaves: &mut Vec<Leaf>) {
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        toml_value(value.get_ref(), value.span().start, path, lines, leaves);
        path.pop();
    }
}

fn toml_value(value: &DeValue<'_>, at: usize, path: &mut Vec<String>, lines: &Lines<'_>, leaves: &mut Vec<Leaf>) {
    if path.len() > MAX_DEPTH || leaves.len() >= MAX_LEAVES {
        return;
    }
    let (line, column) = lines.place(at);
    let mut leaf = |value: Scalar| leaves.push(Leaf { path: path.clone(), value, line, column });
    match value {
        DeValue::String(text) => leaf(Scalar::Text(Secret::new(text.as_ref()))),
        DeValue::Integer(number) => leaf(Scalar::Text(Secret::new(number.as_str()))),
        DeValue::Float(number) => leaf(Scalar::Text(Secret::new(number.as_str()))),
        DeValue::Boolean(word) => leaf(Scalar::Bool(*word)),
        DeValue::Datetime(time) => leaf(Scalar::Text(Secret::new(time.to_string()))),
        DeValue::Array(array) => {
            for (n, element) in array.iter().enumerate() {
                path.push(n.to_string());
                toml_value(element.get_ref(), element.span().start, path, lines, leaves);
                path.pop();
            }
        }
        DeValue::Table(table) => toml_table(table, path, lines, leaves),
    }
}
