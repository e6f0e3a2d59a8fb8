//! One key variable's value: what was pasted with it, and what is no key at all.

use super::Fault;
use crate::provider::{self, KeyKind, Provider};
use crate::sanitize::{self, Place, Reason, Removed, What};
use crate::secret::Secret;

/// Finds what is wrong with the value of a variable that should hold a key.
///
/// `is_local`: it goes to a server on this machine, which takes any text for a key.
pub fn faults(variable: &str, value: &Secret, is_local: bool) -> Vec<Fault> {
    let cleaned = sanitize::clean(value.expose());
    let mut faults: Vec<Fault> = Vec::new();
    for removed in &cleaned.removed {
        let id = id_of(removed);
        if faults.iter().all(|fault| fault.id != id) {
            let message = format!("the value of {variable} has {removed}");
            let fix = format!("take that out where {variable} is set; `llmenv add` cleans what it stores");
            faults.push(Fault::error(id, variable, message, fix));
        }
    }
    let key = cleaned.value;
    let row =
        provider::of_key(&key).into_iter().next().or_else(|| begun(key.expose())).unwrap_or_else(provider::custom);
    if let Err(refusal) = sanitize::vet(row, &key)
        && let Some((id, what)) = reason(&refusal.reason, row)
        && !(is_local && matches!(refusal.reason, Reason::Placeholder | Reason::Length(_) | Reason::Unlike(_)))
    {
        let fix = match &refusal.console_url {
            Some(url) => format!("set the whole key again; new ones are at {url}"),
            None => format!("set a real key, or `unset {variable}`"),
        };
        faults.push(Fault::error(id, variable, format!("{variable} holds {what}"), fix));
    }
    faults
}

fn begun(key: &str) -> Option<&'static Provider> {
    provider::all().iter().find(|row| row.shape_begun_by(key).is_some())
}

fn id_of(removed: &Removed) -> &'static str {
    match removed {
        Removed::Characters { what, place, .. } => match (what, place) {
            (What::CarriageReturn, _) => "cr-in-env",
            (What::LineBreak, _) => "newline-in-value",
            (What::ByteOrderMark, _) => "bom",
            (What::NoBreakSpace | What::UnicodeSpace, _) => "unicode-space",
            (What::ZeroWidth | What::Direction | What::Invisible, _) => "invisible-char",
            (What::Space | What::Tab, Place::Front) => "leading-space",
            (What::Space | What::Tab, _) => "trailing-whitespace",
        },
        Removed::Quotes(open, _) | Removed::Quote(open, _) if open.is_ascii() => "quotes-in-value",
        Removed::Quotes(..) | Removed::Quote(..) => "smart-quotes",
        Removed::Header(_) => "bearer-prefix",
        Removed::Assignment(_) => "assignment-in-value",
        Removed::Ending(_) => "unterminated-quote",
        Removed::Comment => "hash-in-value",
        Removed::EscapedLineBreak => "newline-in-value",
        Removed::PasteMarkers => "control-char",
    }
}

/// What is there in a key's place. `None`: merely odd, which a relay's keys may be, or empty, which has a finding of its own.
fn reason(reason: &Reason, row: &Provider) -> Option<(&'static str, String)> {
    Some(match reason {
        Reason::Empty | Reason::ProxyToken | Reason::Malformed | Reason::Unlike(_) | Reason::TooLong { .. } => {
            return None;
        }
        Reason::OtherProvider { .. } | Reason::Length(_) => return None,
        Reason::Url => ("swapped-pair", "an address, not a key".into()),
        Reason::Reference(notation) => {
            ("unresolved-reference", format!("a reference ({notation}) that nobody resolved"))
        }
        Reason::Placeholder => ("placeholder", "a guide's placeholder, not a key".into()),
        Reason::Masked => ("key-masked", "a key with its middle taken out, as a console lists it".into()),
        Reason::Glued { same: true } => ("key-doubled", "the same key twice in a row".into()),
        Reason::Glued { same: false } => ("multiple-keys", "two keys in a row".into()),
        Reason::Kind { kind: KeyKind::Oauth, owner } => {
            ("oauth-token-as-api-key", format!("a login's token of {}, not an API key", owner.name))
        }
        Reason::Kind { owner, .. } => ("admin-key", format!("a key of {} that calls no models", owner.name)),
        Reason::Truncated { found, expected } => (
            "key-truncated",
            format!("a key of {} that was cut off: {found} characters of at least {expected}", row.name),
        ),
        Reason::Alphabet { position, .. } => (
            "bad-alphabet",
            format!("a key of {} with a character at position {position} that its keys do not have", row.name),
        ),
        Reason::Character { position, found } if found.is_ascii_control() => {
            ("control-char", format!("a control character at position {position}"))
        }
        Reason::Character { position, found } if found.is_whitespace() => {
            ("multiple-keys", format!("a blank at position {position}, in the middle of the key"))
        }
        Reason::Character { position, .. } => {
            ("bad-alphabet", format!("a character at position {position} that no key has"))
        }
    })
}
