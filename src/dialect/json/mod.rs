//! JSON that comes out the way it went in: member order, number spellings and unknown members are kept.
//!
//! In: text from a client or an upstream. Out: [`Json`] and text again. Called by every dialect. A general value type
//! turns `12345678901234567890123` into a float and `1.0` into whatever it likes; a tool call must not be changed so.

mod read;

pub use read::span;

use std::fmt::Write as _;

/// One JSON value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it was spelled.
    Number(String),
    /// A string, unescaped.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object; members in the order they stood.
    Object(Vec<(String, Json)>),
}

/// Builds an object: `object! { "type" => "text", "text" => text }`.
#[macro_export]
#[doc(hidden)]
macro_rules! json_object {
    ($($name:expr => $value:expr),* $(,)?) => {
        $crate::dialect::json::Json::Object(vec![$(($name.to_owned(), $crate::dialect::json::Json::from($value))),*])
    };
}
pub use crate::json_object as object;

impl Json {
    /// Reads one value and nothing after it but blanks.
    pub fn parse(text: &str) -> Option<Self> {
        let (value, rest) = Self::parse_prefix(text)?;
        rest.trim_start().is_empty().then_some(value)
    }

    /// Reads one value from bytes; bytes that are not UTF-8 become U+FFFD.
    pub fn parse_bytes(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        Self::parse(text.strip_prefix('\u{feff}').unwrap_or(&text))
    }

    /// Reads one value at the start and gives what follows it.
    pub fn parse_prefix(text: &str) -> Option<(Self, &str)> {
        read::prefix(text)
    }

    /// An object without members.
    pub fn empty_object() -> Self {
        Self::Object(Vec::new())
    }

    /// The member of that name, where this is an object that has it and it is not `null`.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Self::Object(members) => {
                members.iter().find(|(n, _)| n == name).map(|(_, v)| v).filter(|v| !matches!(v, Self::Null))
            }
            _ => None,
        }
    }

    /// The string member of that name.
    pub fn str(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// The string member of that name, or nothing written.
    pub fn text(&self, name: &str) -> String {
        self.str(name).unwrap_or_default().to_owned()
    }

    /// The whole, not negative number of that name.
    pub fn u64(&self, name: &str) -> Option<u64> {
        self.get(name)?.as_u64()
    }

    /// The truth value of that name.
    pub fn bool(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            Self::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The elements of the array of that name, none where there is none.
    pub fn array(&self, name: &str) -> &[Json] {
        self.get(name).map_or(&[], Json::elements)
    }

    /// The elements, where this is an array.
    pub fn elements(&self) -> &[Json] {
        match self {
            Self::Array(elements) => elements,
            _ => &[],
        }
    }

    /// The members, where this is an object.
    pub fn members(&self) -> &[(String, Json)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    /// The string, where this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(s) => Some(s),
            _ => None,
        }
    }

    /// The number, where this is a whole one that is not negative; `12.0` counts as one.
    pub fn as_u64(&self) -> Option<u64> {
        let Self::Number(n) = self else { return None };
        let whole =
            n.split_once('.').filter(|(_, part)| part.bytes().all(|b| b == b'0')).map_or(n.as_str(), |(w, _)| w);
        whole.parse().ok()
    }

    /// The number as a float, for comparing it alone.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(n) => n.parse().ok(),
            _ => None,
        }
    }

    /// Says whether this is an object.
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// Says whether this is a string.
    pub fn is_string(&self) -> bool {
        matches!(self, Self::String(_))
    }

    /// Sets a member of an object, in place where it exists, else at the end.
    pub fn set(&mut self, name: &str, value: impl Into<Json>) {
        if let Self::Object(members) = self {
            match members.iter_mut().find(|(n, _)| n == name) {
                Some((_, old)) => *old = value.into(),
                None => members.push((name.to_owned(), value.into())),
            }
        }
    }

    /// Sets a member where there is a value for it.
    pub fn set_some<T: Into<Json>>(&mut self, name: &str, value: Option<T>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
            Self::Number(n) => out.push_str(n),
            Self::String(s) => write_string(s, out),
            Self::Array(elements) => {
                out.push('[');
                for (i, element) in elements.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    element.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (i, (name, value)) in members.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write_string(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

impl std::fmt::Display for Json {
    /// Writes the value on one line, without blanks.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        f.write_str(&out)
    }
}

fn write_string(s: &str, out: &mut String) {
    out.push('"');
    let mut plain = 0;
    for (i, b) in s.bytes().enumerate() {
        let escaped = match b {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..=0x1f => "",
            _ => continue,
        };
        out.push_str(&s[plain..i]);
        if escaped.is_empty() {
            let _ = write!(out, "\\u{b:04x}");
        } else {
            out.push_str(escaped);
        }
        plain = i + 1;
    }
    out.push_str(&s[plain..]);
    out.push('"');
}

impl From<&str> for Json {
    fn from(s: &str) -> Self {
        Self::String(s.to_owned())
    }
}
impl From<String> for Json {
    fn from(s: String) -> Self {
        Self::String(s)
    }
}
impl From<&String> for Json {
    fn from(s: &String) -> Self {
        Self::String(s.clone())
    }
}
impl From<bool> for Json {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}
impl From<u64> for Json {
    fn from(n: u64) -> Self {
        Self::Number(n.to_string())
    }
}
impl From<usize> for Json {
    fn from(n: usize) -> Self {
        Self::Number(n.to_string())
    }
}
impl From<u16> for Json {
    fn from(n: u16) -> Self {
        Self::Number(n.to_string())
    }
}
impl From<&Json> for Json {
    fn from(v: &Json) -> Self {
        v.clone()
    }
}
impl<T: Into<Json>> From<Vec<T>> for Json {
    fn from(v: Vec<T>) -> Self {
        Self::Array(v.into_iter().map(Into::into).collect())
    }
}
impl<T: Into<Json>> From<Option<T>> for Json {
    fn from(v: Option<T>) -> Self {
        v.map_or(Self::Null, Into::into)
    }
}
