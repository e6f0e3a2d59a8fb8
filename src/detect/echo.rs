//! Findings that say again, in other words, what another one says of the same variable at the same place: they go.

use std::collections::HashMap;
use std::path::Path;

use super::Finding;
use super::finding::Spot;
use crate::profile::Family;
use crate::source::Kind;

/// The first is the cause of the second.
const ECHOES: [(&str, &str); 28] = [
    ("groq-grok", "provider-mismatch"),
    ("plan-endpoint-mismatch", "provider-mismatch"),
    ("lookalike-host", "official-key-to-unknown-host"),
    ("swapped-pair", "url-no-scheme"),
    ("swapped-pair", "local-needs-dummy"),
    ("legacy-base-var", "base-url-missing"),
    ("empty-base-url", "base-url-missing"),
    ("utf16-file", "cr-in-env"),
    ("utf16-file", "control-char"),
    ("ci-empty-secret", "empty-shadows-file"),
    ("ci-empty-secret", "key-masked"),
    ("sudo-stripped", "key-missing"),
    ("codespaces-secret-shadows", "shell-shadows-file"),
    ("vscode-stale-injection", "shell-shadows-file"),
    ("file-overrides-shell", "shell-shadows-file"),
    ("rotated-key-in-env", "shell-shadows-file"),
    ("duplicate-key", "layered-env"),
    ("direnv-blocked", "file-not-loaded"),
    ("direnv-changed-not-allowed", "file-not-loaded"),
    ("tmux-global-stale", "key-in-tmux"),
    ("tmux-global-stale", "old-key-left"),
    ("fish-universal-stale", "old-key-left"),
    ("not-in-gui-session", "key-in-session-environment"),
    ("not-in-gui-session", "old-key-left"),
    ("env-tracked", "env-not-ignored"),
    ("repo-redirects-key", "official-key-to-unknown-host"),
    ("old-key-left", "file-not-loaded"),
    ("parent-env", "file-not-loaded"),
];

/// Where a finding was made: two of one place may be about one thing.
type Place<'a> = (Kind, Option<&'a Path>);

/// Takes them out. One that is also about another place stays, with that place alone.
pub fn take_out(found: &mut Vec<Finding>) {
    let mut causes: HashMap<(&'static str, Place<'_>), Vec<Option<&str>>> = HashMap::new();
    let mut nowhere: HashMap<&'static str, Vec<Option<&str>>> = HashMap::new();
    for finding in found.iter().filter(|finding| ECHOES.iter().any(|(cause, _)| *cause == finding.id)) {
        let variable = finding.variable.as_deref();
        nowhere.entry(finding.id).or_default().push(variable);
        for spot in &finding.origins {
            for place in places(spot) {
                let known = causes.entry((finding.id, place)).or_default();
                if !known.contains(&variable) {
                    known.push(variable);
                }
            }
        }
    }
    let is_said = |known: Option<&Vec<Option<&str>>>, variable: Option<&str>| {
        known.into_iter().flatten().any(|cause| is_about_one(*cause, variable))
    };
    let mut kept: Vec<Option<Vec<Spot>>> = Vec::with_capacity(found.len());
    for finding in found.iter() {
        let variable = finding.variable.as_deref();
        let of: Vec<&'static str> =
            ECHOES.iter().filter(|(_, echo)| *echo == finding.id).map(|(cause, _)| *cause).collect();
        if of.is_empty() {
            kept.push(Some(finding.origins.clone()));
            continue;
        }
        if finding.origins.is_empty() {
            kept.push((!of.iter().any(|cause| is_said(nowhere.get(cause), variable))).then(Vec::new));
            continue;
        }
        let is_echo = |spot: &Spot| {
            of.iter().any(|cause| related(spot).any(|place| is_said(causes.get(&(*cause, place)), variable)))
        };
        let files: Vec<&Spot> = finding.origins.iter().filter(|spot| spot.origin.path.is_some()).collect();
        // Between this shell and a file it is the file that tells one from another.
        let left: Vec<Spot> = if files.is_empty() {
            finding.origins.iter().filter(|spot| !is_echo(spot)).cloned().collect()
        } else if files.iter().all(|spot| is_echo(spot))
            || finding.origins.iter().any(|spot| spot.origin.path.is_none() && is_echo(spot))
        {
            Vec::new()
        } else {
            finding.origins.iter().filter(|spot| spot.origin.path.is_none() || !is_echo(spot)).cloned().collect()
        };
        kept.push((!left.is_empty()).then_some(left));
    }
    let mut kept = kept.into_iter();
    found.retain_mut(|finding| match kept.next().flatten() {
        Some(origins) => {
            finding.origins = origins;
            true
        }
        None => false,
    });
}

/// Where a finding was made: the file, and the directory of an `.envrc` or `.env`.
fn places(spot: &Spot) -> impl Iterator<Item = Place<'_>> {
    let kind = spot.origin.kind;
    std::iter::once(own(spot)).chain(beside(spot).into_iter().map(move |dir| (kind, Some(dir))))
}

/// Where a finding that another one is about would have been made: in the same file, or in the file beside it, since direnv
/// decides over the `.env` beside an `.envrc`. Two `.env` files of one directory are two places.
fn related(spot: &Spot) -> impl Iterator<Item = Place<'_>> {
    let other = if spot.origin.kind == Kind::Envrc { Kind::Dotenv } else { Kind::Envrc };
    std::iter::once(own(spot)).chain(beside(spot).into_iter().map(move |dir| (other, Some(dir))))
}

fn own(spot: &Spot) -> Place<'_> {
    let kind = if spot.origin.kind == Kind::Envrc { Kind::Direnv } else { spot.origin.kind };
    (kind, spot.origin.path.as_deref())
}

fn beside(spot: &Spot) -> Option<&Path> {
    let path = spot.origin.path.as_deref();
    path.filter(|_| matches!(spot.origin.kind, Kind::Envrc | Kind::Dotenv)).and_then(Path::parent)
}

fn is_about_one(one: Option<&str>, other: Option<&str>) -> bool {
    let family = |name: Option<&str>| name.and_then(Family::of_variable);
    one.is_none() || other.is_none() || one == other || family(one).is_some_and(|of| family(other) == Some(of))
}
