//! The value of a key variable, wherever it stands: what was pasted with it, and what is no key at all. One table for all of them.

use regex_lite::Regex;
use std::sync::LazyLock;

use super::env_file::{EnvFile, Line};
use super::environment::is_key;
use super::fix::Fix;
use super::look::{self, Look, Values};
use super::{Detector, Finding};
use crate::dotenv::Dialect;
use crate::provider::{self, KeyKind, Provider};
use crate::sanitize::{self, Place, Reason, Removed, What};
use crate::secret::Secret;
use crate::source::Kind;

/// The detector.
pub const DETECTOR: Detector = Detector {
    ids: &[
        "trailing-whitespace",
        "leading-space",
        "newline-in-value",
        "cr-in-env",
        "bom",
        "invisible-char",
        "unicode-space",
        "smart-quotes",
        "unicode-dash",
        "quotes-in-value",
        "bearer-prefix",
        "assignment-in-value",
        "hash-in-value",
        "percent-encoded",
        "unterminated-quote",
        "key-truncated",
        "key-masked",
        "key-doubled",
        "multiple-keys",
        "control-char",
        "placeholder",
        "swapped-pair",
        "base64-key",
        "bad-alphabet",
        "unresolved-reference",
        "oauth-token-as-api-key",
        "admin-key",
        "token-expired",
    ],
    find,
};

/// Places whose values reach a program as they are.
const PLAIN: [Kind; 15] = [
    Kind::Envrc,
    Kind::Direnv,
    Kind::Mise,
    Kind::Rc,
    Kind::FishUniversal,
    Kind::System,
    Kind::SystemdUser,
    Kind::Tmux,
    Kind::Screen,
    Kind::VsCode,
    Kind::Container,
    Kind::ToolConfig,
    Kind::WindowsUser,
    Kind::WindowsMachine,
    Kind::Process,
];

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, value) in look.keys().filter(|(name, _)| !look.is_own(name)) {
        let is_local = look::goes_to_this_machine(&look.scene.variables, name);
        found.extend(faults(name, value, is_local, look.now).into_iter().map(|fault| {
            let fix = Fix::hint(fault.advice.clone());
            fault.finding.at(look.here(name)).fix(fix)
        }));
    }
    for file in &look.files {
        in_file(look, file, &mut found);
    }
    let here = |value: &Secret, name: &str| look.scene.variables.get(name).is_some_and(|own| own.same_as(value));
    for (assignment, value) in look.texts(&PLAIN).filter(|(assignment, _)| is_key(&assignment.name)) {
        // A running program is told of where its value is rotated away, and else has what is told here already.
        if assignment.origin.kind == Kind::Process
            || assignment.origin.kind == Kind::Direnv && here(value, &assignment.name)
        {
            continue;
        }
        let is_local = is_local_beside(look, assignment);
        found.extend(faults(&assignment.name, value, is_local, look.now).into_iter().map(|fault| {
            let fix = Fix::hint(fault.advice.clone());
            fault.finding.at(look.place(assignment)).fix(fix)
        }));
    }
    found
}

/// Whether a key goes to a server on this machine, by what the same place sets, else by this environment.
fn is_local_beside(look: &Look, assignment: &crate::source::Assignment) -> bool {
    let same = |other: &&crate::source::Assignment| {
        other.origin.kind == assignment.origin.kind && other.origin.path == assignment.origin.path
    };
    let together = Beside {
        look,
        nearer: |name: &str| {
            look.assignments
                .iter()
                .rev()
                .filter(same)
                .filter(|other| other.name == name)
                .find_map(|other| other.held.text())
        },
    };
    look::goes_to_this_machine(&together, &assignment.name)
}

/// What a place sets, and this environment behind it.
struct Beside<'a, F: Fn(&str) -> Option<&'a Secret>> {
    look: &'a Look,
    nearer: F,
}

impl<'a, F: Fn(&str) -> Option<&'a Secret>> Values for Beside<'a, F> {
    fn get(&self, name: &str) -> Option<&Secret> {
        (self.nearer)(name).or_else(|| self.look.scene.variables.get(name))
    }
}

fn in_file(look: &Look, file: &EnvFile, found: &mut Vec<Finding>) {
    let mut names: Vec<&str> = Vec::new();
    for line in file.lines.iter().filter(|line| is_key(&line.name)) {
        if names.contains(&line.name.as_str()) {
            continue;
        }
        names.push(&line.name);
        let mut told: Vec<&str> = Vec::new();
        let readings = file.readings_of(&line.name);
        for (value, loaders) in readings.iter().filter(|(value, _)| !value.is_empty()) {
            let is_local = look::goes_to_this_machine(&beside(look, file, loaders[0]), &line.name);
            for fault in faults(&line.name, value, is_local, look.now) {
                if told.contains(&fault.finding.id) || is_of_the_file(&fault) && loaders.len() * 2 < Dialect::ALL.len()
                {
                    continue;
                }
                told.push(fault.finding.id);
                found.push(of_line(look, file, line, fault, loaders));
            }
        }
    }
}

/// What a quote or a comment leaves in a value for a few loaders has findings of its own that name them.
fn is_of_the_file(fault: &Fault) -> bool {
    matches!(
        fault.finding.id,
        "hash-in-value"
            | "quotes-in-value"
            | "unterminated-quote"
            | "trailing-whitespace"
            | "leading-space"
            | "cr-in-env"
            | "bom"
    )
}

/// Says a fault of a line, with the edit that mends it.
fn of_line(look: &Look, file: &EnvFile, line: &Line, fault: Fault, loaders: &[Dialect]) -> Finding {
    let Fault { mut finding, advice, clean } = fault;
    let winner = file.value(&line.name).map_or(line.number, |(_, number)| number);
    let line = file.lines.iter().find(|other| other.number == winner && other.name == line.name).unwrap_or(line);
    if loaders.len() < Dialect::ALL.len() / 2 {
        finding.message = format!("{}, as {} reads it", finding.message, names(loaders));
    }
    let ids: Vec<&str> = loaders.iter().map(|loader| loader.id()).collect();
    finding = finding.data("loaders", ids);
    if let Some(spot) = look.in_file(file, &line.name) {
        finding = finding.at(spot);
    }
    let change = clean.and_then(|clean| file.rewrite(line, clean.expose()));
    finding.fix(match change {
        Some(change) => {
            Fix::edit(format!("{advice}: write it as `{}=…`, without quotes", line.name), &file.path, change).safe()
        }
        None => Fix::hint(advice),
    })
}

/// A few loaders by name.
pub fn names(loaders: &[Dialect]) -> String {
    const MAX: usize = 3;
    let named: Vec<&str> = loaders.iter().take(MAX).map(|loader| loader.name()).collect();
    match loaders.len() {
        0..=MAX => named.join(", "),
        more => format!("{} and {} more", named.join(", "), more - MAX),
    }
}

/// What a loader's program has beside a file's key.
pub fn beside<'a>(look: &'a Look, file: &'a EnvFile, loader: Dialect) -> impl Values + 'a {
    Beside { look, nearer: move |name: &str| file.text(loader, name) }
}

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

/// A key in another notation: base64, percent-encoded, with dashes of a word processor.
fn encoded(variable: &str, key: &Secret) -> Option<Fault> {
    static PERCENT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"%(2[BbFf]|3[DdAa]|5[Ff])|&amp;|&#\d|\\u00[0-9a-fA-F]{2}").expect("a test reads it")
    });
    let text = key.expose();
    let dashed: String = text.chars().map(|c| if is_dash(c) { '-' } else { c }).collect();
    if dashed != text {
        let at = text.chars().position(is_dash).unwrap_or_default() + 1;
        let meant = Secret::new(dashed);
        let is_key = !provider::of_key(&meant).is_empty();
        let finding = Finding::error(
            "unicode-dash",
            format!("{variable} has a long dash of a word processor at position {at} where `-` belongs"),
        );
        return Some(Fault {
            finding: finding.variable(variable).data("position", at),
            advice: "write `-` there, or copy the key again".into(),
            clean: is_key.then_some(meant),
        });
    }
    if let Some(decoded) = base64(text).and_then(|bytes| String::from_utf8(bytes).ok()) {
        let inner = Secret::new(decoded.trim_end_matches(['\n', '\r']));
        if let Some(owner) = provider::of_key(&inner).first() {
            let more = if inner.len() < decoded.len() { ", and it ends with a line break" } else { "" };
            let finding = Finding::error(
                "base64-key",
                format!(
                    "{variable} holds the base64 of a key of {}, as a Kubernetes secret keeps it{more}",
                    owner.name
                ),
            );
            return Some(Fault {
                finding: finding.variable(variable).data("trailing_newline", inner.len() < decoded.len()),
                advice: "decode it first: `base64 -d`".into(),
                clean: Some(inner),
            });
        }
    }
    if PERCENT.is_match(text) && !text.contains("://") {
        let finding = Finding::warning(
            "percent-encoded",
            format!("{variable} has an escape of a URL or a web page in it: it was copied from one"),
        );
        return Some(Fault {
            finding: finding.variable(variable),
            advice: "copy the key itself again".into(),
            clean: None,
        });
    }
    None
}

fn is_dash(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}

/// Decodes strict base64 of a key's size.
pub fn base64(text: &str) -> Option<Vec<u8>> {
    const MAX: usize = 1024;
    let body = text.trim_end_matches('=');
    if !(16..=MAX).contains(&text.len()) || !text.len().is_multiple_of(4) || text.len() - body.len() > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    let (mut bits, mut count) = (0u32, 0);
    for byte in body.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap_or_default());
        }
    }
    Some(bytes)
}

/// A token with an end that has come (JSON web tokens say when).
fn token(variable: &str, key: &Secret, now: u64) -> Option<Fault> {
    let mut parts = key.expose().split('.');
    let (head, body) = (parts.next()?, parts.next()?);
    if !head.starts_with("eyJ") || parts.count() != 1 {
        return None;
    }
    let mut standard = body.replace('-', "+").replace('_', "/");
    while !standard.len().is_multiple_of(4) {
        standard.push('=');
    }
    let claims: serde_json::Value = serde_json::from_slice(&base64(&standard)?).ok()?;
    let end = claims.get("exp")?.as_u64()?;
    let since = now.checked_sub(end)?;
    let ago = crate::duration::show_duration(std::time::Duration::from_secs(since));
    let finding = Finding::error("token-expired", format!("{variable} holds a token that expired {ago} ago"));
    Some(Fault {
        finding: finding.variable(variable).data("expired_seconds_ago", since),
        advice: "log in again with the tool that made it; if its end lies in the future for others, this machine's clock is wrong".into(),
        clean: None,
    })
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
