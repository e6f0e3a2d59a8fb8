//! Keys that were rotated away and stand somewhere still: in files, in servers, in running programs.
//!
//! `doctor` recognises them by fingerprint, which the daemon keeps; `rotate` has the old key in hand.

use super::connect::Answerer;
use super::{places, render};
use crate::duration::show_duration;
use crate::error::Result;
use crate::ipc::protocol::{Finding, PlaceFacts, Severity, WireSecret};
use crate::printable;
use crate::secret::Secret;
use crate::source::{Assignment, Collected, Kind, Reader};

/// The most values asked for at once: a request has a largest size.
const MAX_VALUES: usize = 500;
/// Longer values are no keys.
const MAX_VALUE_BYTES: usize = 1024;
/// The most places that are listed one by one.
pub const MAX_SHOWN: usize = 10;

/// The places whose value was a profile's key once, and the profiles whose keys could not be looked at.
pub fn find<'a>(answerer: &mut Answerer, found: &'a Collected) -> Result<(Vec<&'a Assignment>, Vec<String>)> {
    let holding: Vec<(&Assignment, &Secret)> = found
        .assignments
        .iter()
        .filter_map(|found| Some((found, found.held.text()?)))
        .filter(|(_, value)| (8..=MAX_VALUE_BYTES).contains(&value.len()))
        .collect();
    let mut values: Vec<&Secret> = Vec::new();
    for (_, value) in &holding {
        if !values.iter().any(|known| known.same_as(value)) {
            values.push(value);
        }
    }
    let (mut old, mut unread): (Vec<&Secret>, Vec<String>) = (Vec::new(), Vec::new());
    for values in values.chunks(MAX_VALUES) {
        let asked = values.iter().map(|value| WireSecret((*value).clone())).collect();
        let matches = answerer.matches(Vec::new(), asked)?;
        old.extend(
            values.iter().zip(&matches.values).filter(|(_, facts)| facts.is_rotated_away).map(|(value, _)| *value),
        );
        unread = matches.unread;
    }
    let is_old = |value: &Secret| old.iter().any(|old| old.same_as(value));
    Ok((holding.into_iter().filter(|(_, value)| is_old(value)).map(|(found, _)| found).collect(), unread))
}

/// The places whose value is this key.
pub fn holding<'a>(found: &'a Collected, key: &Secret) -> Vec<&'a Assignment> {
    found.assignments.iter().filter(|found| found.held.text().is_some_and(|text| text.same_as(key))).collect()
}

/// What holds it, in a few words.
pub fn words(found: &Assignment) -> String {
    match &found.origin.reader {
        Reader::Process { running, .. } => {
            format!("{}, running for {}", places::words(&found.origin), show_duration(*running))
        }
        _ => places::words(&found.origin),
    }
}

/// The one thing to do about it.
pub fn fix(found: &Assignment) -> String {
    let name = printable::text(&found.name);
    match (found.origin.kind, found.origin.part.as_deref()) {
        (Kind::Environment, _) => {
            format!(
                "find out what sets it (`llmenv why {name}`), or `unset {name}`; `llmenv use NAME` sets the new one"
            )
        }
        (Kind::Process, _) => "start it again".into(),
        (Kind::Tmux, Some(part)) if part.starts_with("session ") => {
            let session = printable::text(&part["session ".len()..]);
            format!("`tmux set-environment -t '={session}' -u {name}`; windows that are open keep it")
        }
        (Kind::Tmux, _) => format!("`tmux set-environment -g -u {name}`; windows that are open keep it"),
        (Kind::Screen, _) => format!("`screen -X unsetenv {name}`; windows that are open keep it"),
        (Kind::FishUniversal, _) => format!("`set -eU {name}` in fish"),
        (Kind::SystemdUser, Some("manager")) => format!("`systemctl --user unset-environment {name}`"),
        (Kind::Direnv, _) => "change the `.envrc`, then `direnv allow`".into(),
        (Kind::WindowsUser | Kind::WindowsMachine, _) => {
            format!("take {name} out in the system's settings, under environment variables")
        }
        _ => "take the line out, or put the new key there".into(),
    }
}

/// The finding about one place.
pub fn finding(found: &Assignment) -> Finding {
    let name = printable::text(&found.name);
    let (id, severity, message) = match found.origin.kind {
        Kind::Environment => {
            ("rotated-key-in-env", Severity::Error, format!("{name} in this shell holds a key that was rotated away"))
        }
        Kind::Process => (
            "old-key-in-program",
            Severity::Warning,
            format!("{}, was started with a key in {name} that was rotated away", words(found)),
        ),
        Kind::Tmux => (
            "tmux-global-stale",
            Severity::Warning,
            format!("{} has a key in {name} that was rotated away, and each new window starts with it", words(found)),
        ),
        Kind::FishUniversal => (
            "fish-universal-stale",
            Severity::Error,
            format!(
                "the universal variable {name} of fish has a key that was rotated away, and each fish starts with it"
            ),
        ),
        Kind::SystemdUser => (
            "environment.d-stale",
            Severity::Warning,
            format!("systemd's user manager gives {name} to its units, with a key that was rotated away"),
        ),
        Kind::Dotenv => ("old-key-left", Severity::Error, format!("{name} still has a key that was rotated away")),
        _ => (
            "old-key-left",
            Severity::Error,
            format!("{name} still has a key that was rotated away ({})", reader(found)),
        ),
    };
    let origin = found.origin.path.clone().filter(|_| !matches!(found.origin.kind, Kind::Tmux | Kind::Direnv));
    let kind = found.origin.kind.id().to_owned();
    Finding {
        id: id.into(),
        severity,
        message,
        origin: origin.map(|path| PlaceFacts { kind, path, line: found.origin.line }),
        hint: Some(fix(found)),
    }
}

/// Who has it there, without the file, which stands in a line of its own.
fn reader(found: &Assignment) -> String {
    let words = places::words(&found.origin);
    match found.origin.path.as_ref().filter(|_| found.origin.kind != Kind::Direnv) {
        Some(path) => {
            let at = render::place_text(path, found.origin.line);
            let rest = words.strip_prefix(&at).unwrap_or(&words).trim_start_matches(", ");
            if rest.is_empty() { found.origin.kind.id().to_owned() } else { rest.to_owned() }
        }
        None => words,
    }
}
