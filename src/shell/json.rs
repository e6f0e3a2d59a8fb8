//! One object of names and values, `null` for what must be unset; for programs (`ConvertFrom-Json`, `from json`, `jq`).
//!
//! Characters outside ASCII are `\u` escapes (RFC 8259 §7), so that no code page on the way changes them.

use std::fmt::Write as _;

use super::{Emitted, Format, Vars};

/// The format `json`.
pub struct Json;

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn nothing(&self) -> &'static str {
        "{}\n"
    }

    fn refuses(&self, _name: &str, _value: &str) -> Option<String> {
        None
    }

    fn write(&self, vars: &Vars<'_>, out: &mut Emitted) {
        let text = &mut *out.text;
        let unset = vars.unset.iter().map(|name| (*name, None));
        let set = vars.set.iter().map(|(name, value)| (*name, Some(*value)));
        for (at, (name, value)) in unset.chain(set).enumerate() {
            for part in [if at == 0 { "{\n  \"" } else { ",\n  \"" }, name, "\": "] {
                text.push_str(part);
            }
            match value {
                Some(value) => push_string(value, text),
                None => text.push_str("null"),
            }
        }
        text.push_str("\n}\n");
    }
}

/// Only what [`super::emit`] lets through comes here, so that no control character is left to escape.
fn push_string(value: &str, text: &mut String) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            c if c.is_ascii() => text.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
        }
    }
    text.push('"');
}
