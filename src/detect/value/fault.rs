//! What is wrong with one value that should be a key.

use super::encoded::{encoded, token};
use crate::detect::Finding;
use crate::provider::{self, KeyKind, Provider};
use crate::sanitize::{self, Place, Reason, Removed, What};
use crate::secret::Secret;

/// Something about a value.
pub struct Fault {
    /// The finding, without a place.
    pub finding: Finding,
    /// What to do.
    pub advice: String,
    /// The value as it was meant, where that is certain.
    pub clean: Option<Secret>,
}

/// Finds what is wrong with the value of a variable that should hold a key.
///
/// `is_local`: it goes to a server on this machine, which takes any text for a key. `now`: seconds since 1970.
pub fn faults(variable: &str, value: &Secret, is_local: bool, now: u64) -> Vec<Fault> {
    if value.expose().starts_with("llmenv_") || value.expose() == "llmenv-no-key" {
        return Vec::new();
    }
    let cleaned = sanitize::clean(value.expose());
    let key = cleaned.value;
    let row =
        provider::of_key(&key).into_iter().next().or_else(|| begun(key.expose())).unwrap_or_else(provider::custom);
    let is_whole = !provider::of_key(&key).is_empty();
    let mut found: Vec<Fault> = Vec::new();
    for removed in &cleaned.removed {
        let id = id_of(removed);
        if found.iter().any(|fault| fault.finding.id == id) {
            continue;
        }
        let finding = Finding::error(id, format!("the value of {variable} has {removed}{}", effect(id)))
            .variable(variable)
            .data("removed", removed.to_string());
        let advice = format!("take that out where {variable} is set");
        found.push(Fault { finding, advice, clean: is_whole.then(|| key.clone()) });
    }
    if let Some(fault) = login(variable, &key).or_else(|| recased(variable, &key)).or_else(|| encoded(variable, &key)) {
        found.push(fault);
    } else if let Some(fault) = token(variable, &key, now) {
        found.push(fault);
    } else if let Err(refusal) = sanitize::vet(row, &key)
        && let Some((id, what)) = reason(&refusal.reason, row, variable)
        && !(is_local && matches!(refusal.reason, Reason::Placeholder | Reason::Length(_) | Reason::Unlike(_)))
    {
        let advice = match (&refusal.console_url, id) {
            (_, "oauth-token-as-api-key") => format!("keep it in CLAUDE_CODE_OAUTH_TOKEN, and `unset {variable}`"),
            (_, "key-doubled") => "keep one of the two".into(),
            (Some(url), _) => format!("set the whole key again; new ones are at {url}"),
            (None, _) => format!("set a real key, or `unset {variable}`"),
        };
        let finding = Finding::error(id, format!("{variable} holds {what}")).variable(variable);
        found.push(Fault { finding: parameters(finding, &refusal.reason), advice, clean: None });
    }
    found
}

/// What a fault does, where it is not plain.
fn effect(id: &str) -> &'static str {
    match id {
        "trailing-whitespace" => ": Python clients fail with `Connection error`, Node's work",
        "cr-in-env" => ", of a file with Windows line ends: `source` keeps it, most loaders do not",
        "newline-in-value" => ": no HTTP header can carry it",
        "bearer-prefix" => ": clients add that themselves, so the server sees it twice",
        "invisible-char" | "unicode-space" => ": copied from a web page or a chat",
        _ => "",
    }
}

fn parameters(finding: Finding, reason: &Reason) -> Finding {
    match reason {
        Reason::Truncated { found, expected } => finding.data("characters", *found).data("expected", *expected),
        Reason::Alphabet { position, .. } | Reason::Character { position, .. } => finding.data("position", *position),
        Reason::Reference(notation) => finding.data("notation", *notation),
        _ => finding,
    }
}

fn begun(key: &str) -> Option<&'static Provider> {
    provider::all()
        .iter()
        .filter_map(|row| row.shape_begun_by(key).map(|shape| (shape.prefix.len(), row)))
        .max_by_key(|(length, _)| *length)
        .map(|(_, row)| row)
}

/// A login's token in a variable that programs take an API key from. A bearer variable may hold one.
fn login(variable: &str, key: &Secret) -> Option<Fault> {
    if matches!(variable, "CLAUDE_CODE_OAUTH_TOKEN" | "ANTHROPIC_AUTH_TOKEN") {
        return None;
    }
    let is_login = |row: &&Provider| row.shape_begun_by(key.expose()).is_some_and(|shape| shape.kind == KeyKind::Oauth);
    let owner = provider::all().iter().find(is_login)?;
    let finding = Finding::error(
        "oauth-token-as-api-key",
        format!("{variable} holds a login's token of {}, which works with Claude Code alone", owner.name),
    );
    let advice = format!("keep it in CLAUDE_CODE_OAUTH_TOKEN, and `unset {variable}`");
    Some(Fault { finding: finding.variable(variable), advice, clean: None })
}

/// A key that begins like somebody's but for its capitals.
fn recased(variable: &str, key: &Secret) -> Option<Fault> {
    if begun(key.expose()).is_some() {
        return None;
    }
    let shapes = || provider::all().iter().flat_map(|row| row.key_shapes.iter().map(move |shape| (row, shape)));
    let is_alike = |start: &str| {
        start.len() >= 6 && key.expose().get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
    };
    let (row, shape) = shapes().find(|(_, shape)| shape.has_certain_prefix() && is_alike(&shape.prefix))?;
    let finding = Finding::error(
        "bad-alphabet",
        format!("{variable} holds a key of {} with other capitals: theirs start with `{}`", row.name, shape.prefix),
    );
    let advice = "copy the key again".into();
    Some(Fault { finding: finding.variable(variable).data("position", 1), advice, clean: None })
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
fn reason(reason: &Reason, row: &Provider, variable: &str) -> Option<(&'static str, String)> {
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
        Reason::Kind { kind: KeyKind::Oauth, .. } if variable == "CLAUDE_CODE_OAUTH_TOKEN" => return None,
        Reason::Kind { kind: KeyKind::Oauth | KeyKind::Refresh | KeyKind::Session, owner } => {
            ("oauth-token-as-api-key", format!("a login's token of {}, not an API key", owner.name))
        }
        Reason::Kind { owner, .. } => (
            "admin-key",
            format!("an admin key of {}: it calls no models, and it can manage the whole organisation", owner.name),
        ),
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
