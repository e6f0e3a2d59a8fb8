//! Names that a profile sets beside its pair: variables, which the deny-list judges, and headers of the proxy.

use std::collections::BTreeMap;

use crate::config::document::{Document, Entry};
use crate::env_patch::is_allowed_name;
use crate::printable;

/// Headers that carry the key or frame the request: llmenv writes them itself.
const OWN_HEADERS: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "cookie",
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "trailer",
];

/// Headers that the proxy sends.
pub(super) fn headers(doc: &mut Document, key: &Entry) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::new();
    for header in doc.table(key, "{ \"X-Title\" = \"llmenv\" }").unwrap_or_default() {
        let shown = printable::text(header.key);
        // Token of RFC 9110 §5.6.2.
        let is_token = !header.key.is_empty()
            && header.key.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
        if !is_token {
            doc.problem(header.key_at, format!("`{shown}` cannot be the name of a header"));
        } else if OWN_HEADERS.contains(&header.key.to_ascii_lowercase().as_str()) {
            doc.problem_with(
                header.key_at,
                format!("`headers` may not set `{shown}`"),
                "llmenv sends it itself; a key belongs in the store",
            );
        } else if let Some(value) = doc.text(&header) {
            if value.bytes().all(|b| (0x20..0x7f).contains(&b)) && value.trim() == value {
                headers.insert(header.key.to_owned(), value);
            } else {
                doc.problem(header.at, format!("`{shown}` must be plain ASCII without blanks at its ends"));
            }
        }
    }
    headers
}

/// Variables with their values.
pub(super) fn env(doc: &mut Document, key: &Entry) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    for variable in doc.table(key, "{ NAME = \"value\" }").unwrap_or_default() {
        if !is_allowed(doc, "env", variable.key, variable.key_at) {
            continue;
        }
        if let Some(value) = variable.value.as_str() {
            // Empty is a value of its own for somebody's tool.
            if doc.is_one_line(variable.key, value, variable.at) {
                env.insert(variable.key.to_owned(), value.to_owned());
            }
        } else {
            doc.text(&variable);
        }
    }
    env
}

/// Names of variables.
pub(super) fn variable_names(doc: &mut Document, key: &Entry, example: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, at) in doc.list(key, example).unwrap_or_default() {
        if is_allowed(doc, key.key, &name, at) {
            if names.contains(&name) {
                doc.problem(at, format!("`{}` names `{name}` twice", key.key));
            }
            names.push(name);
        }
    }
    names
}

/// The deny-list: names that steer shells, loaders and interpreters.
fn is_allowed(doc: &mut Document, key: &str, name: &str, at: usize) -> bool {
    if is_allowed_name(name) {
        return true;
    }
    let shown = printable::text(name);
    let well_formed = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.len() <= 128;
    if well_formed {
        doc.problem_with(
            at,
            format!("`{key}` may not set `{shown}`"),
            "it steers shells or programs; llmenv sets accounts alone",
        );
    } else {
        doc.problem_with(
            at,
            format!("`{shown}` cannot be the name of a variable"),
            "use letters, digits and `_`, not a digit first",
        );
    }
    false
}
