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
    for (held, value) in look.texts(&HOLDERS).filter(|(held, _)| is_key(&held.name)) {
        if is_stale(look, held, value) {
            found.push(stale(look, held).data("rotated", look.marks.is_rotated(value)));
        } else if super::look::owner(value).is_some() {
            found.extend(kept(look, held));
        }
    }
    found
}

/// Whether a key is an old one, or another one than this shell has.
fn is_stale(look: &Look, held: &Assignment, value: &Secret) -> bool {
    if look.marks.is_rotated(value) {
        return true;
    }
    // What a session of tmux takes away is not there.
    let is_unset = |other: &Assignment| {
        other.name == held.name && other.origin.kind == held.origin.kind && matches!(other.held, Held::Unset)
    };
    look.variable(&held.name).is_some_and(|here| here.expose().trim() != value.expose().trim())
        && !look.assignments.iter().any(is_unset)
}

fn stale(look: &Look, held: &Assignment) -> Finding {
    let name = &held.name;
    let (id, what, fix) = match held.origin.kind {
        Kind::FishUniversal => (
            "fish-universal-stale",
            format!(
                "a universal variable of fish holds another {name} than this shell, and it comes back in every new fish"
            ),
            format!("`set -eU {name}`, in fish"),
        ),
        Kind::SystemdUser => (
            "not-in-gui-session",
            format!(
                "systemd's user manager holds another {name} than this shell: programs of the desktop and units get that one"
            ),
            format!("`systemctl --user unset-environment {name}`, or take the line out of environment.d"),
        ),
        Kind::Screen => (
            "tmux-global-stale",
            format!("the screen server holds another {name} than this shell, and every new window starts with it"),
            format!("`screen -X unsetenv {name}`"),
        ),
        _ => (
            "tmux-global-stale",
            format!("the tmux server holds another {name} than this shell, and every new window starts with it"),
            format!("`tmux set-environment -g -u {name}`"),
        ),
    };
    let finding = Finding::warning(id, what).variable(name.clone()).at(look.place(held)).at(look.here(name));
    finding.data("holder", held.origin.kind.id()).fix(Fix::command(fix))
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
