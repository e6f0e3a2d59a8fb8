//! Which profile and which operation a request's path names. Pure; nothing of a path ever becomes part of a host.
//!
//! ```text
//! /NAME/v1/messages        /NAME/v1/chat/completions      /NAME/v1/responses     /v1/… : the token's own profile
//! /NAME/TOKEN/v1/…         for clients that show a credential of their own
//! ```
//! `v1` may be missing or stand twice: base URLs are typed with and without it. What is not in [`Operation`] is passed to
//! endpoints of the `openai` family as it is, as far as its characters allow.

use crate::dialect::Dialect;

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// An answer of a model.
    Generate(Dialect),
    /// How many tokens a request has.
    CountTokens,
    /// The list of models.
    Models,
    /// One model.
    Model(String),
    /// Anything else below the version path: embeddings, audio, files.
    Other(String),
}

impl Operation {
    /// The dialect in which errors are answered.
    pub fn dialect(&self, is_anthropic: bool) -> Dialect {
        match self {
            Self::Generate(dialect) => *dialect,
            Self::CountTokens => Dialect::AnthropicMessages,
            Self::Models | Self::Model(_) | Self::Other(_) if is_anthropic => Dialect::AnthropicMessages,
            Self::Models | Self::Model(_) | Self::Other(_) => Dialect::OpenaiChat,
        }
    }
}

/// A request's path, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Path {
    /// `/`.
    Root,
    /// `/health`.
    Health,
    /// Something for a profile; none named: the token's.
    Profile {
        /// The first part of the path.
        name: Option<String>,
        /// A token that stands in the path, for clients that show a credential of their own.
        token: Option<String>,
        /// What is asked for; none: only the base URL itself.
        operation: Option<Operation>,
    },
    /// A path with parts that no client of ours sends: `..`, `//`, `\`, `%2f`, `@`.
    Hostile,
}

/// Takes a path apart.
pub fn parse(path: &str) -> Path {
    if path == "/" || path.is_empty() {
        return Path::Root;
    }
    if path == "/health" {
        return Path::Health;
    }
    let Some(path) = path.strip_prefix('/') else { return Path::Hostile };
    let path = path.strip_suffix('/').unwrap_or(path);
    let parts: Vec<&str> = path.split('/').collect();
    if !parts.iter().all(|part| is_plain(part)) {
        return Path::Hostile;
    }
    let (name, rest) = match parts.split_first() {
        Some((&"v1" | &"v1beta", _)) | None => (None, &parts[..]),
        Some((name, rest)) => (Some((*name).to_owned()), rest),
    };
    let mut rest = rest;
    let mut token = None;
    if let Some((first, more)) = rest.split_first().filter(|(first, _)| first.starts_with(super::token::PREFIX)) {
        (token, rest) = (Some((*first).to_owned()), more);
    }
    while let Some((&"v1", more)) = rest.split_first() {
        rest = more;
    }
    Path::Profile { name, token, operation: operation(rest) }
}

fn operation(parts: &[&str]) -> Option<Operation> {
    Some(match parts {
        [] => return None,
        ["messages"] => Operation::Generate(Dialect::AnthropicMessages),
        ["messages", "count_tokens"] => Operation::CountTokens,
        ["chat", "completions"] => Operation::Generate(Dialect::OpenaiChat),
        ["responses"] => Operation::Generate(Dialect::OpenaiResponses),
        ["models"] => Operation::Models,
        ["models", id @ ..] => Operation::Model(id.join("/")),
        other => Operation::Other(other.join("/")),
    })
}

/// Letters, digits and what ids of models and files have. No dot alone or twice, no percent sign: nothing that a server
/// further on could read as another path.
fn is_plain(part: &str) -> bool {
    !part.is_empty()
        && part.len() <= 256
        && !part.contains("..")
        && part != "."
        && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b':' | b'~'))
}
