//! What a provider's keys look like, and what is wrong with one that does not.

use std::sync::OnceLock;

use regex_lite::Regex;
use serde::Deserialize;

use crate::profile::Auth;
use crate::secret::Secret;

/// What a provider's keys look like.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyShape {
    /// What they start with; proves the provider by itself unless it is empty or the shape ambiguous.
    pub prefix: String,
    /// A pattern of the whole key.
    pub regex: Pattern,
    /// Whether others' keys look the same: such a shape never proves a mismatch.
    #[serde(default)]
    pub ambiguous: bool,
    /// What may follow the prefix, as the inside of a character class (`0-9a-f`), where that is known.
    pub alphabet: Option<String>,
    /// The least and the most characters of the whole key, where that is known.
    pub length: Option<[usize; 2]>,
    /// What such a key is for.
    #[serde(default)]
    pub kind: KeyKind,
    /// How such a key goes out, where it differs from the endpoint's way.
    pub auth: Option<Auth>,
}

impl KeyShape {
    /// Says whether the prefix alone tells whose key it is.
    pub fn has_certain_prefix(&self) -> bool {
        !self.ambiguous && !self.prefix.is_empty()
    }

    /// Says whether the key starts with this shape's prefix, and the prefix proves something.
    pub fn is_begun_by(&self, key: &str) -> bool {
        self.has_certain_prefix() && key.starts_with(&self.prefix)
    }

    /// Says whether the whole key has this shape.
    pub fn matches(&self, key: &Secret) -> bool {
        self.fits(key.expose())
    }

    /// The same of a part of a text. Every pattern begins with its prefix, and most texts do not: they cost no pattern.
    pub fn fits(&self, text: &str) -> bool {
        text.starts_with(&self.prefix) && self.regex.is_match(text)
    }

    /// Finds the first character after the prefix that is outside the alphabet, counted from 1 over the whole key.
    pub fn stranger(&self, key: &str) -> Option<usize> {
        let class = Regex::new(&format!("^[{}]$", self.alphabet.as_deref()?)).ok()?;
        let rest = key.strip_prefix(&self.prefix)?;
        let mut buffer = [0; 4];
        rest.chars()
            .position(|c| !class.is_match(c.encode_utf8(&mut buffer)))
            .map(|at| at + self.prefix.chars().count() + 1)
    }

    /// Describes it for people: ``starts with `sk-or-v1-`, 73 characters``.
    pub fn shown(&self) -> String {
        let start = match self.prefix.as_str() {
            "" => "no certain prefix".to_owned(),
            prefix => format!("starts with `{prefix}`"),
        };
        match self.length {
            Some([least, most]) if least == most => format!("{start}, {least} characters"),
            Some([least, most]) => format!("{start}, {least} to {most} characters"),
            None => start,
        }
    }
}

/// What a key is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// Calling models.
    #[default]
    Api,
    /// Calling models in a subscription's name.
    Oauth,
    /// Managing an organisation; calls no model.
    Admin,
    /// Getting new tokens; using it once may end it.
    Refresh,
    /// A browser's session.
    Session,
}

impl KeyKind {
    /// Says whether models can be called with it.
    pub fn calls_models(self) -> bool {
        matches!(self, Self::Api | Self::Oauth)
    }
}

/// A regular expression that is compiled when it is first asked.
#[derive(Deserialize)]
#[serde(from = "String")]
pub struct Pattern {
    text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// Says whether the text matches; a pattern that does not compile matches nothing.
    pub fn is_match(&self, text: &str) -> bool {
        self.compiled().is_some_and(|regex| regex.is_match(text))
    }

    /// Says whether it compiles.
    pub fn is_valid(&self) -> bool {
        self.compiled().is_some()
    }

    /// Gives it as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn compiled(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| Regex::new(&self.text).ok()).as_ref()
    }
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self { text, compiled: OnceLock::new() }
    }
}

impl Clone for Pattern {
    fn clone(&self) -> Self {
        Self::from(self.text.clone())
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.text)
    }
}
