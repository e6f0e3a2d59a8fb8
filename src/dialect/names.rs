//! Names and ids that both sides accept, and the way back.
//!
//! A tool's name may have a namespace, be too long, or be a custom tool the upstream knows only as a function. Everything
//! is computed from the request alone, so that the next request of the conversation gives the same names.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::form::{Event, PartStart, Tool};
use super::json::Json;

/// The longest name every upstream takes.
const MAX_NAME_BYTES: usize = 64;
/// The longest id every upstream takes.
const MAX_ID_BYTES: usize = 64;

fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Letters and digits that stand for a text.
pub fn digest(text: &str, letters: usize) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|b| char::from(b"0123456789abcdefghijklmnopqrstuv"[usize::from(b % 32)])).take(letters).collect()
}

fn legal_name(name: &str) -> String {
    if !name.is_empty() && name.len() <= MAX_NAME_BYTES && is_plain(name) {
        return name.to_owned();
    }
    let kept: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).take(50).collect();
    format!("{kept}_{}", digest(name, 10))
}

fn flat_name(namespace: Option<&str>, name: &str) -> String {
    match namespace {
        Some(namespace) => legal_name(&format!("{namespace}__{name}")),
        None => legal_name(name),
    }
}

/// An id every upstream takes: itself where it is legal, else made from it.
pub fn legal_id(id: &str) -> String {
    if !id.is_empty() && id.len() <= MAX_ID_BYTES && is_plain(id) {
        id.to_owned()
    } else {
        format!("call_{}", digest(id, 24))
    }
}

/// An id of nine letters and digits.
pub fn nine_character_id(id: &str) -> String {
    if id.len() == 9 && id.bytes().all(|b| b.is_ascii_alphanumeric()) { id.to_owned() } else { digest(id, 9) }
}

#[derive(Clone, Debug)]
struct Entry {
    flat: String,
    name: String,
    namespace: Option<String>,
    wrapped: bool,
}

/// The names of one request's tools.
#[derive(Clone, Debug, Default)]
pub struct Names {
    entries: Vec<Entry>,
}

impl Names {
    /// Names the tools of a request. `wraps_custom` says that custom tools become functions with one `input`.
    pub fn new(tools: &[Tool], wraps_custom: bool) -> Self {
        let mut entries: Vec<Entry> = Vec::with_capacity(tools.len());
        for tool in tools {
            let mut flat = flat_name(tool.namespace.as_deref(), &tool.name);
            if entries.iter().any(|entry| entry.flat == flat) {
                flat = legal_name(&format!("{}/{}", tool.namespace.as_deref().unwrap_or_default(), tool.name));
            }
            entries.push(Entry {
                flat,
                name: tool.name.clone(),
                namespace: tool.namespace.clone(),
                wrapped: wraps_custom && tool.custom.is_some(),
            });
        }
        Self { entries }
    }

    /// The name upstream of a tool.
    pub fn flat(&self, namespace: Option<&str>, name: &str) -> String {
        self.entries
            .iter()
            .find(|entry| entry.name == name && entry.namespace.as_deref() == namespace)
            .map_or_else(|| flat_name(namespace, name), |entry| entry.flat.clone())
    }
}

/// Arguments of a custom tool's call, for an upstream that knows it as a function.
pub fn wrap_input(input: &str) -> String {
    super::json::object! { "input" => input }.to_string()
}

fn unwrap_input(arguments: &str) -> String {
    Json::parse(arguments)
        .and_then(|arguments| arguments.str("input").map(str::to_owned))
        .unwrap_or_else(|| arguments.to_owned())
}

/// Gives the client its own names back, event by event.
#[derive(Debug, Default)]
pub struct Restore {
    names: Names,
    wrapped: HashMap<usize, String>,
}

impl Restore {
    /// For the names of that request.
    pub fn new(names: Names) -> Self {
        Self { names, wrapped: HashMap::new() }
    }

    /// Takes one event and gives what the client is to see. Arguments of a wrapped custom tool are held until they are
    /// whole.
    pub fn push(&mut self, mut event: Event) -> Vec<Event> {
        match &mut event {
            Event::Open { index, part: PartStart::ToolCall { name, namespace, custom, .. } } => {
                if let Some(entry) = self.names.entries.iter().find(|entry| entry.flat == *name) {
                    name.clone_from(&entry.name);
                    namespace.clone_from(&entry.namespace);
                    if entry.wrapped && !*custom {
                        *custom = true;
                        self.wrapped.insert(*index, String::new());
                    }
                }
            }
            Event::Delta { index, text, .. } => {
                if let Some(held) = self.wrapped.get_mut(index) {
                    held.push_str(text);
                    return Vec::new();
                }
            }
            Event::Close { index } => {
                if let Some(held) = self.wrapped.remove(index) {
                    let delta = Event::Delta { index: *index, text: unwrap_input(&held), logprobs: Vec::new() };
                    return vec![delta, event];
                }
            }
            _ => {}
        }
        vec![event]
    }
}
