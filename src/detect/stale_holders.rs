//! What long-lived places hand to every program they start: a key that is not the one of this shell, or no key's place at all.

use super::environment::is_key;
use super::fix::Fix;
use super::{Detector, Finding, Look};
use crate::secret::Secret;
use crate::source::{Assignment, Held, Kind};

/// The detector.
pub const DETECTOR: Detector = Detector {
    ids: &[
        "tmux-global-stale",
        "fish-universal-stale",
        "not-in-gui-session",
        "key-in-tmux",
        "key-in-session-environment",
    ],
    find,
};

const HOLDERS: [Kind; 4] = [Kind::Tmux, Kind::Screen, Kind::FishUniversal, Kind::SystemdUser];

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for (held, value) in look.texts(&HOLDERS).filter(|(held, value)| is_key(&held.name) || look.marks.is_rotated(value))
    {
        if look.marks.is_rotated(value) {
            found.push(rotated(look, held));
        } else if is_another(look, held, value) {
            found.push(stale(look, held));
        } else if super::look::owner(value).is_some() {
            found.extend(kept(look, held));
        }
    }
    found
}

/// A key that was rotated away.
fn rotated(look: &Look, held: &Assignment) -> Finding {
    let name = &held.name;
    let (id, severity, what): (_, fn(&'static str, String) -> Finding, _) = match held.origin.kind {
        Kind::FishUniversal => (
            "fish-universal-stale",
            Finding::error,
            format!(
                "the universal variable {name} of fish has a key that was rotated away, and each fish starts with it"
            ),
        ),
        Kind::SystemdUser => (
            "not-in-gui-session",
            Finding::warning,
            format!("systemd's user manager gives {name} to its units, with a key that was rotated away"),
        ),
        Kind::Screen => (
            "tmux-global-stale",
            Finding::warning,
            format!("the screen server has a key in {name} that was rotated away, and each new window starts with it"),
        ),
        _ => (
            "tmux-global-stale",
            Finding::warning,
            format!("the tmux server has a key in {name} that was rotated away, and each new window starts with it"),
        ),
    };
    let finding = severity(id, what).variable(name.clone()).at(look.place(held)).data("rotated", true);
    finding.data("holder", held.origin.kind.id()).fix(super::holder::fix(name, &held.origin))
}

/// Whether a key is another one than this shell has.
fn is_another(look: &Look, held: &Assignment, value: &Secret) -> bool {
    // What a session of tmux takes away is not there.
    let is_unset = |other: &Assignment| {
        other.name == held.name && other.origin.kind == held.origin.kind && matches!(other.held, Held::Unset)
    };
    look.variable(&held.name).is_some_and(|here| here.expose().trim() != value.expose().trim())
        && !look.assignments.iter().any(is_unset)
}

fn stale(look: &Look, held: &Assignment) -> Finding {
    let name = &held.name;
    let (id, what) = match held.origin.kind {
        Kind::FishUniversal => (
            "fish-universal-stale",
            format!(
                "a universal variable of fish holds another {name} than this shell, and it comes back in every new fish"
            ),
        ),
        Kind::SystemdUser => (
            "not-in-gui-session",
            format!(
                "systemd's user manager holds another {name} than this shell: programs of the desktop and units get that one"
            ),
        ),
        Kind::Screen => (
            "tmux-global-stale",
            format!("the screen server holds another {name} than this shell, and every new window starts with it"),
        ),
        _ => (
            "tmux-global-stale",
            format!("the tmux server holds another {name} than this shell, and every new window starts with it"),
        ),
    };
    let finding = Finding::warning(id, what).variable(name.clone()).at(look.place(held)).at(look.here(name));
    finding.data("holder", held.origin.kind.id()).fix(super::holder::fix(name, &held.origin))
}

fn kept(look: &Look, held: &Assignment) -> Option<Finding> {
    let name = &held.name;
    let (id, what, fix) = match held.origin.kind {
        Kind::Tmux => (
            "key-in-tmux",
            format!("the tmux server keeps {name}, and shows it to every client of yours"),
            format!("`tmux set-environment -g -u {name}`"),
        ),
        Kind::SystemdUser => (
            "key-in-session-environment",
            format!("systemd's user manager keeps {name}, and gives it to every program of the session"),
            format!("`systemctl --user unset-environment {name}`"),
        ),
        _ => return None,
    };
    Some(Finding::info(id, what).variable(name.clone()).at(look.place(held)).fix(Fix::command(fix)))
}
