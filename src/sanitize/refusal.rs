//! Why a text is not taken as a key, and what to do about it.

use std::fmt;

use super::vet::{MAX_KEY_BYTES, MIN_KEY_BYTES};
use crate::error::Error;
use crate::provider::{KeyKind, Provider};

/// Why a text is not taken as a key. Its sentence never quotes the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub reason: Reason,
    /// The name of the provider it was meant for.
    pub provider: String,
    /// Where that provider gives keys out.
    pub console_url: Option<String>,
    pub(super) is_forcible: bool,
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
        owner: &'static Provider,
    },
    /// It is another provider's key.
    OtherProvider {
        /// Whose it is.
        owner: &'static Provider,
        /// The prefix that proves it; empty where the whole key does.
        prefix: &'static str,
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

impl Reason {
    /// Says whether it rests on what keys of a provider look like, which a relay may do differently.
    pub(super) fn is_about_shape(&self) -> bool {
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
        let first = match &self.reason {
            Reason::Url => "give an address with `--base-url`, and the key by itself".to_owned(),
            Reason::Reference(_) => {
                "keep the reference with `--key-ref command:ARGV` or `--key-ref file:PATH`".to_owned()
            }
            Reason::ProxyToken => "give the provider's own key".to_owned(),
            Reason::Glued { .. } => "paste one key".to_owned(),
            Reason::Masked => format!("consoles show a key in full only once: {again}, or create a new one"),
            Reason::Kind { kind: KeyKind::Admin, .. } => "create a key for calling models".to_owned(),
            Reason::OtherProvider { owner, .. } => format!("use `--provider {}`, or {again}", owner.id),
            _ => again,
        };
        let mut hints = vec![first];
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
            Reason::Kind { kind, owner } => {
                let owner = &owner.name;
                match kind {
                    KeyKind::Admin => {
                        write!(
                            f,
                            "that is an admin key of {owner}: it calls no models and manages the whole organisation"
                        )
                    }
                    KeyKind::Refresh => write!(f, "that is a refresh token of {owner}: it calls no models"),
                    KeyKind::Session => write!(f, "that is a browser session of {owner}, not a key"),
                    KeyKind::Api | KeyKind::Oauth => write!(f, "that is a key of {owner} which is not taken here"),
                }
            }
            Reason::OtherProvider { owner, prefix: "" } => {
                write!(f, "that is a key of {}, not of {provider}", owner.name)
            }
            Reason::OtherProvider { owner, prefix } => {
                write!(f, "that is a key of {} (`{prefix}…`), not of {provider}", owner.name)
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
