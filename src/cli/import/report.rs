//! What was found, said to a person or to a program. Keys are masked, and text of files is made printable.

use serde_json::{Value, json};

use super::super::args::Import;
use super::super::{render, status};
use super::gather::{Gathered, Standing};
use super::rewrite::Rewritten;
use crate::error::Result;
use crate::import::candidate::Candidate;
use crate::import::section::{Format, Oddity, Section, Setting};
use crate::ipc::protocol::{Finding, PlaceFacts, Severity};
use crate::printable;

/// Says what was found.
pub fn show(gathered: &Gathered) {
    let findings: Vec<Finding> = gathered.oddities.iter().map(finding).collect();
    render::findings(&findings);
    let count = gathered.candidates.list.len();
    if count == 0 {
        let files = match gathered.files_read {
            1 => "1 file".to_owned(),
            n => format!("{n} files"),
        };
        let environment = if gathered.has_environment { "this environment and " } else { "" };
        return render::line(format_args!("no key was found in {environment}{files}"));
    }
    for at in 0..count {
        candidate(gathered, at);
    }
    conflicts(gathered);
}

/// Shows one key with every place it stands in.
pub fn candidate(gathered: &Gathered, at: usize) {
    let candidate = &gathered.candidates.list[at];
    let whose: Vec<_> = candidate.key.providers.iter().map(|row| row.name.as_str()).collect();
    let url = candidate.key.base_url.as_ref().map(|url| format!(", for {}", printable::text(url))).unwrap_or_default();
    let standing = match &gathered.standings[at] {
        Standing::New if is_comment(gathered, candidate) => ": in a comment, nobody reads it".to_owned(),
        Standing::New if candidate.is_overridden => ": a later line takes its place, nobody reads it".to_owned(),
        Standing::New => String::new(),
        Standing::Held(name) => format!(": it is in `{name}` already"),
        Standing::RotatedAway => ": it was rotated away, an old key".to_owned(),
        Standing::Stored(name) => format!(": stored in `{name}`"),
    };
    render::line(format_args!("{}, {}{url}{standing}", render::strong(&masked(candidate)), whose.join(" or ")));
    for (section, setting) in candidate.settings(&gathered.sections) {
        let comment = if setting.is_comment { ", in a comment" } else { "" };
        render::line(format_args!("  {}  {}{comment}", place(section, setting), printable::text(setting.shown())));
    }
    if !candidate.key.removed.is_empty() {
        render::line(format_args!("  cleaned of: {}", printable::line(&candidate.key.removed.join(", "))));
    }
}

/// Whether a key stands in comments alone.
fn is_comment(gathered: &Gathered, candidate: &Candidate) -> bool {
    candidate.settings(&gathered.sections).all(|(_, setting)| setting.is_comment)
}

/// The places where one variable has different keys, side by side.
fn conflicts(gathered: &Gathered) {
    for conflict in gathered.candidates.conflicts() {
        render::warning(format_args!("{} is not the same everywhere:", printable::text(&conflict.variable)));
        let rows: Vec<Vec<String>> = conflict
            .candidates
            .iter()
            .map(|at| {
                let candidate = &gathered.candidates.list[*at];
                let here = candidate.settings(&gathered.sections);
                let places: Vec<_> = here
                    .filter(|(_, setting)| setting.variable == conflict.variable)
                    .map(|(section, setting)| {
                        let unread = if setting.is_overridden { " (not read)" } else { "" };
                        place(section, setting) + unread
                    })
                    .collect();
                let is_old = gathered.standings[*at] == Standing::RotatedAway;
                let places = if is_old { format!("{}, rotated away", places.join(", ")) } else { places.join(", ") };
                vec![format!("  {}", masked(candidate)), places]
            })
            .collect();
        render::table(&["  key", "where"], &rows);
    }
}

/// Says what comes next.
pub fn hints(gathered: &Gathered, args: &Import, is_rewritten: bool) {
    if args.dry_run {
        return render::line("nothing was stored or changed (`--dry-run`)");
    }
    let with = |of: fn(&Standing) -> Option<&String>| gathered.standings.iter().find_map(of);
    let stored = with(|standing| match standing {
        Standing::Stored(name) => Some(name),
        _ => None,
    });
    if let Some(name) = stored {
        render::hint(format_args!("`llmenv use {name}` in a shell, or `llmenv exec {name} -- COMMAND`"));
    }
    if is_rewritten {
        places(gathered);
    }
    let is_in_file = |candidate: &Candidate| candidate.places.iter().any(|at| gathered.sections[at.0].path.is_some());
    let kept = gathered.candidates.list.iter().zip(&gathered.standings);
    let is_left = kept.filter(|(candidate, _)| is_in_file(candidate)).any(|(_, standing)| *standing != Standing::New);
    if is_left && !args.rewrite {
        render::hint(
            "the files still hold their keys: `llmenv import --rewrite` takes them out, `llmenv undo` puts them back",
        );
    }
}

/// How what read the files gets its keys from now on.
fn places(gathered: &Gathered) {
    let mut said: Vec<String> = Vec::new();
    for (candidate, standing) in gathered.candidates.list.iter().zip(&gathered.standings) {
        let (Standing::Held(name) | Standing::Stored(name)) = standing else { continue };
        for section in candidate.places.iter().map(|at| &gathered.sections[at.0]) {
            let Some(path) = &section.path else { continue };
            let dir = path.parent().map(printable::path).unwrap_or_default();
            said.push(match section.format {
                Format::Dotenv if dir != "~" => format!("in {dir}: `llmenv use {name} --here`"),
                Format::Bash | Format::Zsh | Format::Fish | Format::Powershell | Format::Dotenv => {
                    format!("in every shell: `llmenv use {name} --global`")
                }
                _ => continue,
            });
        }
    }
    said.sort();
    said.dedup();
    if !said.is_empty() {
        said.truncate(8);
        render::line("to have the same keys where the files gave them:");
    }
    for line in said {
        render::line(format_args!("  {line}"));
    }
}

/// A key in a few words.
pub fn named(candidate: &Candidate) -> String {
    format!("the key {}", printable::text(&masked(candidate)))
}

/// A key as messages show it.
pub fn masked(candidate: &Candidate) -> String {
    candidate.key.key.shown(&candidate.key.providers[0].id)
}

fn place(section: &Section, setting: &Setting) -> String {
    match &section.path {
        Some(path) => render::place_text(path, setting.line),
        None => "this environment".to_owned(),
    }
}

fn finding(oddity: &Oddity) -> Finding {
    Finding {
        id: oddity.id.into(),
        severity: Severity::Warning,
        message: oddity.message.clone(),
        origin: oddity.path.as_ref().map(|path| PlaceFacts {
            kind: "file".into(),
            path: path.clone(),
            line: oddity.line,
        }),
        hint: oddity.hint.clone(),
    }
}

/// Everything as one object.
pub fn json(gathered: &Gathered, rewritten: Option<&Rewritten>) -> Result<()> {
    let keys: Vec<Value> = gathered
        .candidates
        .list
        .iter()
        .zip(&gathered.standings)
        .map(|(candidate, standing)| {
            let (state, profile) = match standing {
                Standing::New => ("new", None),
                Standing::Held(name) => ("held", Some(name)),
                Standing::RotatedAway => ("rotated-away", None),
                Standing::Stored(name) => ("stored", Some(name)),
            };
            let places: Vec<Value> = candidate
                .settings(&gathered.sections)
                .map(|(section, setting)| {
                    json!({
                        "kind": section.format.word(), "path": section.path, "line": setting.line,
                        "variable": setting.variable, "overridden": setting.is_overridden,
                        "comment": setting.is_comment,
                    })
                })
                .collect();
            json!({
                "shown": masked(candidate), "state": state, "profile": profile,
                "providers": candidate.key.providers.iter().map(|row| &row.id).collect::<Vec<_>>(),
                "base_url": candidate.key.base_url, "removed": candidate.key.removed, "places": places,
            })
        })
        .collect();
    let conflicts: Vec<Value> = gathered
        .candidates
        .conflicts()
        .into_iter()
        .map(|conflict| json!({"variable": conflict.variable, "keys": conflict.candidates}))
        .collect();
    let findings: Vec<Value> = gathered.oddities.iter().map(|oddity| status::finding_json(&finding(oddity))).collect();
    let rewritten = rewritten.map(Rewritten::json);
    render::json(&json!({
        "schema": 1, "keys": keys, "conflicts": conflicts, "findings": findings, "rewritten": rewritten,
    }))
}
