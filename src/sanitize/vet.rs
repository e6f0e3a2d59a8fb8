//! Whether a cleaned text can be a key of the provider it is meant for.

use std::fmt;

use super::characters::is_key_character;
use super::stand_in;
use crate::error::Error;
use crate::provider::{self, KeyKind, KeyShape, Provider};
use crate::secret::Secret;

/// The shortest key that is taken (threat T08).
pub const MIN_KEY_BYTES: usize = 8;
/// The longest key that is taken (threat T08).
pub const MAX_KEY_BYTES: usize = 512;

/// Why a text is not taken as a key. Its sentence never quotes the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub reason: Reason,
    /// The name of the provider it was meant for.
    pub provider: String,
    /// Where that provider gives keys out.
    pub console_url: Option<String>,
    is_forcible: bool,
}

/// What is wrong with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nothing is left.
    Empty,
    /// It is an address.
    Url,
    /// It is a reference that was never resolved; in which notation.
    Reference(&'static str),
    /// It is a token of the local proxy.
    ProxyToken,
    /// It is a guide's text in a key's place.
    Placeholder,
    /// It is a key with its middle taken out, as a console lists it.
    Masked,
    /// It is two keys in a row.
    Glued {
        /// Whether they are the same key twice.
        same: bool,
    },
    /// It is a key that calls no models.
    Kind {
        /// Which kind.
        kind: KeyKind,
        /// Whose it is.
        owner: String,
    },
    /// It is another provider's key.
    OtherProvider {
        /// That provider's id.
        id: String,
        /// That provider's name.
        name: String,
        /// The prefix that proves it; empty where the whole key does.
        prefix: String,
    },
    /// It has fewer characters than this provider's keys.
    Truncated {
        /// How many it has.
        found: usize,
        /// How many they have at least.
        expected: usize,
    },
    /// It has more characters than this provider's keys.
    TooLong {
        /// How many it has.
        found: usize,
        /// How many they have at most.
        expected: usize,
    },
    /// It has a character that this provider's keys do not have, at this position from 1.
    Alphabet {
        /// The position.
        position: usize,
        /// What may stand there, as the inside of a character class.
        allowed: String,
    },
    /// It starts like this provider's keys, and is built otherwise.
    Malformed,
    /// It looks like none of this provider's keys, which all start with one of these.
    Unlike(Vec<String>),
    /// It has a character that no key has, at this position from 1.
    Character {
        /// The position.
        position: usize,
        /// The character.
        found: char,
    },
    /// It is too short or too long to be any key, in bytes.
    Length(usize),
}

/// Judges whether a cleaned key can be one of this provider's.
///
/// For a custom profile whose host belongs to a row ([`provider::of_host`]), give that row. What is merely odd for the provider
/// can be forced ([`Refusal::is_forcible`]); what could not travel in a header, or never is a key, cannot.
pub fn vet(provider: &Provider, key: &Secret) -> Result<(), Refusal> {
    let text = key.expose();
    let hard = unfit(text);
    let reason = never_a_key(text)
        .or_else(|| stand_in_reason(provider, text))
        .or_else(|| glued(provider, text))
        // What follows looks at shapes: a character that no key has comes first, because removing it may mend the shape.
        .or_else(|| hard.clone())
        .or_else(|| shape_reason(provider, key));
    match reason {
        None => Ok(()),
        Some(reason) => Err(Refusal {
            is_forcible: hard.is_none() && reason.is_about_shape(),
            provider: provider.name.clone(),
            console_url: provider.console_url.clone(),
            reason,
        }),
    }
}

/// Finds what keeps a text out of a header or a shell's variable, whoever the provider is.
fn unfit(text: &str) -> Option<Reason> {
    if text.is_empty() {
        return Some(Reason::Empty);
    }
    if let Some((index, found)) = text.chars().enumerate().find(|(_, c)| !is_key_character(*c)) {
        return Some(Reason::Character { position: index + 1, found });
    }
    (!(MIN_KEY_BYTES..=MAX_KEY_BYTES).contains(&text.len())).then_some(Reason::Length(text.len()))
}

/// Recognises texts that are something else, and certainly no key.
fn never_a_key(text: &str) -> Option<Reason> {
    if let Some(notation) = stand_in::reference(text) {
        return Some(Reason::Reference(notation));
    }
    let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    if text.contains("://") || lower.starts_with("http:/") || lower.starts_with("https:/") || lower.starts_with("www.")
    {
        return Some(Reason::Url);
    }
    let body = text.split('/').next().unwrap_or_default();
    if body.contains('.') && (text.contains('/') || body.matches('.').count() > 1) && provider::of_host(body).is_some()
    {
        return Some(Reason::Url);
    }
    text.starts_with("llmenv_").then_some(Reason::ProxyToken)
}

/// Recognises what stands in for a key. A server of one's own may well have `changeme` as its key.
fn stand_in_reason(provider: &Provider, text: &str) -> Option<Reason> {
    if stand_in::is_masked(text) {
        return Some(Reason::Masked);
    }
    (!provider.local && !text.is_empty() && stand_in::is_placeholder(text)).then_some(Reason::Placeholder)
}

/// Recognises two keys in a row: the same one twice, or a second one that starts where the first ends.
fn glued(provider: &Provider, text: &str) -> Option<Reason> {
    let has_shape = |part: &str| provider.key_shapes.iter().any(|shape| shape.regex.is_match(part));
    let is_key = |part: &str| certain_shapes().any(|shape| shape.regex.is_match(part));
    // A long random key may well contain another's short prefix.
    if is_key(text) {
        return None;
    }
    if text.is_ascii() && text.len().is_multiple_of(2) {
        let (first, second) = text.split_at(text.len() / 2);
        if first == second && !has_shape(text) && (has_shape(first) || is_key(first)) {
            return Some(Reason::Glued { same: true });
        }
    }
    for shape in certain_shapes().filter(|shape| shape.has_certain_prefix()) {
        for (at, _) in text.match_indices(&shape.prefix).filter(|(at, _)| *at > 0) {
            let (first, second) = text.split_at(at);
            let first = first.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
            if is_key(second) && first.len() >= MIN_KEY_BYTES || is_key(first) {
                return Some(Reason::Glued { same: first == second });
            }
        }
    }
    None
}

fn certain_shapes() -> impl Iterator<Item = &'static KeyShape> {
    provider::all().iter().flat_map(|provider| &provider.key_shapes).filter(|shape| !shape.ambiguous)
}

/// Compares with what is certain about this provider's keys, and everybody else's.
fn shape_reason(provider: &Provider, key: &Secret) -> Option<Reason> {
    let text = key.expose();
    let own = provider.shape_begun_by(text);
    let owner = provider::all()
        .iter()
        .filter_map(|row| row.shape_begun_by(text).map(|shape| (row, shape)))
        .max_by_key(|(_, shape)| shape.prefix.len());
    if let Some((owner, shape)) = owner
        && !shape.kind.calls_models()
    {
        return Some(Reason::Kind { kind: shape.kind, owner: owner.name.clone() });
    }
    if provider.passes_keys {
        return None;
    }
    // A shape of this provider that others share does not outweigh what is certain about another's key.
    if own.is_none() {
        if let Some((owner, shape)) = owner {
            return Some(other(owner, &shape.prefix));
        }
        if let Some(owner) = provider::of_key(key).first().filter(|owner| owner.id != provider.id) {
            return Some(other(owner, ""));
        }
    }
    if provider.key_shapes.iter().any(|shape| shape.matches(key)) {
        return None;
    }
    own.map(|shape| misshapen(shape, text)).or_else(|| unlike(provider))
}

fn other(owner: &Provider, prefix: &str) -> Reason {
    Reason::OtherProvider { id: owner.id.clone(), name: owner.name.clone(), prefix: prefix.to_owned() }
}

/// Says what is wrong with a key that starts like this shape and does not match it.
fn misshapen(shape: &KeyShape, text: &str) -> Reason {
    let found = text.chars().count();
    if let Some(position) = shape.stranger(text) {
        return Reason::Alphabet { position, allowed: shape.alphabet.clone().unwrap_or_default() };
    }
    match shape.length {
        Some([least, _]) if found < least => Reason::Truncated { found, expected: least },
        Some([_, most]) if found > most => Reason::TooLong { found, expected: most },
        _ => Reason::Malformed,
    }
}

/// For a provider all of whose keys look certain, refuses what looks like none of them.
fn unlike(provider: &Provider) -> Option<Reason> {
    if provider.key_shapes.is_empty() || provider.key_shapes.iter().any(|shape| shape.ambiguous) {
        return None;
    }
    let usable = provider.key_shapes.iter().filter(|shape| shape.kind.calls_models() && !shape.prefix.is_empty());
    Some(Reason::Unlike(usable.map(|shape| shape.prefix.clone()).collect()))
}

impl Reason {
    /// Says whether it rests on what keys of a provider look like, which a relay may do differently.
    fn is_about_shape(&self) -> bool {
        match self {
            Self::Placeholder
            | Self::Masked
            | Self::Glued { .. }
            | Self::OtherProvider { .. }
            | Self::Truncated { .. }
            | Self::TooLong { .. }
            | Self::Alphabet { .. }
            | Self::Malformed
            | Self::Unlike(_) => true,
            Self::Empty
            | Self::Url
            | Self::Reference(_)
            | Self::ProxyToken
            | Self::Kind { .. }
            | Self::Character { .. }
            | Self::Length(_) => false,
        }
    }
}

impl Refusal {
    /// Says whether `--force` may overrule it.
    pub fn is_forcible(&self) -> bool {
        self.is_forcible
    }

    /// Turns it into the error a command ends with.
    pub fn into_error(self) -> Error {
        let mut error = Error::new(self.to_string());
        for hint in self.hints() {
            error = error.hint(hint);
        }
        error
    }

    /// Says what to do next.
    fn hints(&self) -> Vec<String> {
        let again = match &self.console_url {
            Some(url) => format!("copy the key again from {url}"),
            None => "copy the key again where it was given out".to_owned(),
        };
        let mut hints = match &self.reason {
            Reason::Empty => vec![again],
            Reason::Url => vec!["give an address with `--base-url`, and the key by itself".to_owned()],
            Reason::Reference(_) => {
                vec!["keep the reference with `--key-ref command:ARGV` or `--key-ref file:PATH`".into()]
            }
            Reason::ProxyToken => {
                vec!["give the provider's own key; `llmenv list` shows the profiles that have one".into()]
            }
            Reason::Placeholder | Reason::Truncated { .. } | Reason::TooLong { .. } | Reason::Malformed => vec![again],
            Reason::Masked => {
                vec!["consoles show a key in full only once: create a new one if nobody kept it".to_owned(), again]
            }
            Reason::Glued { .. } => vec!["paste one key".to_owned()],
            Reason::Kind { kind: KeyKind::Admin, .. } => vec!["create a key for calling models".to_owned(), again],
            Reason::Kind { .. } => vec![again],
            Reason::OtherProvider { id, .. } => vec![format!("use `--provider {id}`, or {again}")],
            Reason::Alphabet { .. } => vec![format!("{again}; nothing is guessed here")],
            Reason::Unlike(_) => vec![again],
            Reason::Character { .. } | Reason::Length(_) => vec![again],
        };
        if self.is_forcible {
            hints.push("`--force` takes it all the same, for a relay that gives out such keys".to_owned());
        }
        hints
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let provider = &self.provider;
        match &self.reason {
            Reason::Empty => f.write_str("there is no key in what was given"),
            Reason::Url => f.write_str("that is an address, not a key"),
            Reason::Reference(notation) => {
                write!(f, "that is a reference (`{notation}`) which nothing has replaced by the key")
            }
            Reason::ProxyToken => f.write_str("that is a token of llmenv's own proxy, not a provider's key"),
            Reason::Placeholder => f.write_str("that is a guide's placeholder, not a key"),
            Reason::Masked => f.write_str("that is a masked key: its middle is missing"),
            Reason::Glued { same: true } => f.write_str("that is the same key twice in a row"),
            Reason::Glued { same: false } => f.write_str("that is two keys in a row"),
            Reason::Kind { kind, owner } => match kind {
                KeyKind::Admin => {
                    write!(f, "that is an admin key of {owner}: it calls no models and manages the whole organisation")
                }
                KeyKind::Refresh => write!(f, "that is a refresh token of {owner}: it calls no models"),
                KeyKind::Session => write!(f, "that is a browser session of {owner}, not a key"),
                KeyKind::Api | KeyKind::Oauth => write!(f, "that is a key of {owner} which is not taken here"),
            },
            Reason::OtherProvider { name, prefix, .. } if prefix.is_empty() => {
                write!(f, "that is a key of {name}, not of {provider}")
            }
            Reason::OtherProvider { name, prefix, .. } => {
                write!(f, "that is a key of {name} (`{prefix}…`), not of {provider}")
            }
            Reason::Truncated { found, expected } => {
                write!(f, "the key is cut off: it has {found} characters, a key of {provider} has {expected} or more")
            }
            Reason::TooLong { found, expected } => {
                write!(f, "the key is too long: it has {found} characters, a key of {provider} has at most {expected}")
            }
            Reason::Alphabet { position, allowed } => {
                write!(f, "character {position} cannot be in a key of {provider}, which has only {allowed} there")
            }
            Reason::Malformed => write!(f, "the key starts like a key of {provider} but is not built like one"),
            Reason::Unlike(prefixes) => {
                let starts: Vec<_> = prefixes.iter().map(|prefix| format!("`{prefix}`")).collect();
                write!(f, "that does not look like a key of {provider}, which starts with {}", starts.join(" or "))
            }
            Reason::Character { position, found } => {
                write!(f, "character {position} cannot be in a key: {}", described(*found))
            }
            Reason::Length(found) => {
                write!(f, "the key has {found} bytes, and one of {MIN_KEY_BYTES} to {MAX_KEY_BYTES} is needed")
            }
        }
    }
}

impl std::error::Error for Refusal {}

/// Names a character that cannot be in a key, without printing one that would move the cursor.
fn described(c: char) -> String {
    let code = u32::from(c);
    match c {
        ' ' => "a space".to_owned(),
        '\n' => "a line break".to_owned(),
        '\r' => "a carriage return".to_owned(),
        '\t' => "a tab".to_owned(),
        '\\' => "a backslash".to_owned(),
        '"' | '\'' | '`' => format!("a quote ({c})"),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => format!("a typographic dash (U+{code:04X}) where `-` may have been"),
        _ if super::is_quote(c) => format!("a quote (U+{code:04X})"),
        _ if c.is_control() => format!("a control character (U+{code:04X})"),
        _ => format!("U+{code:04X}, which is not ASCII"),
    }
}
