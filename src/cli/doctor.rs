//! `llmenv doctor`: what is wrong here, worst first, and what to do about each.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::args::Doctor;
use super::connect::Answerer;
use super::findings::{self, Told};
use super::status::finding;
use super::{check, here, places, render, settings, stale};
use crate::detect::{self, Look, Marks};
use crate::error::Result;
use crate::ipc::protocol::{PlaceFacts, Severity};
use crate::paths::Paths;
use crate::source::{self, Collected, Kind, Scene, Sought, tree};

/// How long everything together may take: somebody waits for it.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Runs the command and says whether all is well.
pub fn run(args: &Doctor) -> Result<bool> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let (active, own) = findings::active(&paths)?;
    let (profile, set_here, has_profiles) = (active.profile.clone(), active.own.clone(), !active.profiles.is_empty());
    let scene = Scene::here(&here::cwd()?, &paths.home);
    let sought = Sought::new(may_hold_a_key);
    let deadline = Instant::now() + PATIENCE + if args.tree { tree::BUDGET } else { Duration::ZERO };
    let mut collected = source::collect(&scene, &sought, &Kind::ALL, PATIENCE);
    if args.tree {
        let mut below = tree::below(&scene, &sought, tree::BUDGET);
        let known: Vec<PathBuf> = collected.read.iter().map(|(_, path)| path.clone()).collect();
        let is_new = |path: Option<&PathBuf>| path.is_none_or(|path| !known.contains(path));
        below.read.retain(|(_, path)| is_new(Some(path)));
        below.contents.retain(|(path, _)| is_new(Some(path)));
        below.unread.retain(|unread| is_new(unread.path.as_ref()));
        below.assignments.retain(|held| is_new(held.origin.path.as_ref()));
        collected.append(below);
    }
    let old = if has_profiles { rotated(&paths, &set_here, &collected)? } else { Vec::new() };
    let look = Look::of(scene, active, Marks::read(&paths.state_dir), collected, deadline);
    let mut found = detect::run(&look);
    if has_profiles {
        // Every place with an old key is told above, with the command that takes it out.
        found.retain(|finding| finding.data.get("rotated") != Some(&json!(true)));
    }
    let mut told: Vec<Told> = own.iter().map(Told::from).chain(old).chain(found.iter().map(Told::from)).collect();
    if args.online {
        let config = settings::load(&paths)?;
        let tried = check::findings(&config, &mut Answerer::connect(&paths)?, args.name.as_deref())?;
        told.splice(0..0, tried.iter().map(Told::from));
    }
    told.sort_by_key(|one| std::cmp::Reverse(one.severity));
    let is_ill = told.iter().any(|one| one.severity >= Severity::Warning);
    if args.report.json {
        let findings: Vec<&Value> = told.iter().map(|one| &one.json).collect();
        render::json(&json!({"schema": 1, "profile": profile, "findings": findings}))?;
    } else {
        findings::show(&told);
        render::line(summary(&told, &look));
    }
    Ok(!is_ill)
}

/// Keys that were rotated away, at every place that is looked at.
fn rotated(paths: &Paths, own: &[String], collected: &Collected) -> Result<Vec<Told>> {
    let mut answerer = Answerer::connect(paths)?;
    let (old, unread) = stale::find(&mut answerer, collected)?;
    let mut found: Vec<Told> = Vec::new();
    let mut seen: Vec<PlaceFacts> = Vec::new();
    let mut programs = 0;
    for place in old {
        let kind = place.origin.kind;
        if kind == Kind::Environment && own.contains(&place.name) {
            continue;
        }
        programs += usize::from(kind == Kind::Process);
        if kind == Kind::Process && programs > stale::MAX_SHOWN {
            continue;
        }
        let told = stale::finding(place);
        // One line of a file is told once, however many loaders read it.
        if let Some(origin) = &told.origin {
            if seen.contains(origin) {
                continue;
            }
            seen.push(origin.clone());
        }
        let mut one = Told::from(&told);
        one.json["origins"] = json!([places::json(&place.origin)]);
        one.json["variable"] = json!(place.name);
        found.push(one);
    }
    if programs > stale::MAX_SHOWN {
        let text = format!("{} more programs were started with such a key", programs - stale::MAX_SHOWN);
        found.push(Told::from(&finding("old-key-in-program", Severity::Warning, &text)));
    }
    for name in unread {
        let text = format!("the key of `{name}` could not be read, so nothing was compared with it");
        found.push(Told::from(&finding("key-unread", Severity::Info, &text)));
    }
    Ok(found)
}

/// Whether a key may stand under this name: one that tools know, or one that says so.
fn may_hold_a_key(name: &str) -> bool {
    detect::is_sought(name) || ["_KEY", "_TOKEN", "_SECRET"].iter().any(|end| name.ends_with(end))
}

/// How much is wrong, and what was looked at.
fn summary(told: &[Told], look: &Look) -> String {
    let counted = |count: usize, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    let mut counts: Vec<String> = Vec::new();
    for (severity, word) in [(Severity::Error, "error"), (Severity::Warning, "warning")] {
        let count = told.iter().filter(|one| one.severity == severity).count();
        if count > 0 {
            counts.push(counted(count, word));
        }
    }
    if counts.is_empty() {
        counts.push("nothing is wrong".into());
    }
    let mut others: Vec<&std::path::Path> = look
        .assignments
        .iter()
        .filter(|held| held.origin.kind != Kind::Dotenv)
        .filter_map(|held| held.origin.path.as_deref())
        .collect();
    others.sort_unstable();
    others.dedup();
    let others = match others.len() {
        0 => String::new(),
        count => format!(
            ", {} that {} such variables",
            counted(count, "other file"),
            if count == 1 { "sets" } else { "set" }
        ),
    };
    let files = counted(look.files.len(), "`.env` file");
    let cut = if look.is_cut { " (there was no time for more)" } else { "" };
    format!("{} in this shell's environment, {files}{others}{cut}", counts.join(", "))
}
