//! Settings in JSON, with comments or without: changed in place, everything else byte for byte.

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstObject, CstRootNode};

use crate::error::{Error, Result};

/// A value to set.
pub(super) type Value = CstInputValue;

/// A text as a value.
pub(super) fn text(text: impl Into<String>) -> Value {
    CstInputValue::String(text.into())
}

/// A list of texts.
pub(super) fn list<const N: usize>(texts: [&str; N]) -> Value {
    CstInputValue::Array(texts.into_iter().map(text).collect())
}

/// An object as a value.
pub(super) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    CstInputValue::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Changes a file's object; a file that is not there, or empty, begins as `{}`.
pub(super) fn edit(now: Option<&[u8]>, change: impl FnOnce(&CstObject) -> Result<()>) -> Result<Vec<u8>> {
    let bytes = now.unwrap_or_default();
    let (mark, bytes) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => ("\u{feff}", rest),
        None => ("", bytes),
    };
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Error::new("it is not UTF-8").hint("save it as UTF-8 with an editor; nothing was changed"))?;
    let text = if text.trim().is_empty() { "{}\n" } else { text };
    let root = CstRootNode::parse(text, &ParseOptions::default())
        // The library's own words repeat nothing of the file.
        .map_err(|err| Error::new(format!("it is not JSON: {err}")).hint("nothing was changed"))?;
    let object = root
        .object_value()
        .ok_or_else(|| Error::new("it holds something else than one JSON object").hint("nothing was changed"))?;
    change(&object)?;
    Ok(format!("{mark}{root}").into_bytes())
}

/// An object in an object, made where it is not there.
pub(super) fn within(object: &CstObject, name: &str) -> Result<CstObject> {
    object
        .object_value_or_create(name)
        .ok_or_else(|| Error::new(format!("`{name}` in it is not an object")).hint("nothing was changed"))
}

/// Sets a member; one that has this text already is not touched.
pub(super) fn set(object: &CstObject, name: &str, value: Value) {
    match object.get(name) {
        Some(member) => {
            let same = match (&value, member.value().and_then(|value| value.as_string_lit())) {
                (CstInputValue::String(text), Some(there)) => there.decoded_value().is_ok_and(|there| there == *text),
                _ => false,
            };
            if !same {
                member.set_value(value);
            }
        }
        None => {
            object.append(name, value);
        }
    }
}

/// Takes a member out.
pub(super) fn remove(object: &CstObject, name: &str) {
    if let Some(member) = object.get(name) {
        member.remove();
    }
}
