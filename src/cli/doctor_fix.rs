//! `llmenv doctor --fix`: what findings say can be done safely is done, after a look at the change and a yes. Lines of `.env` files are
//! mended as a whole file, as all loaders read alike.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::args::Doctor;
use super::change::{self, Manner};
use super::connect::Answerer;
use super::doctor::{self, Seen};
use super::{ask, render, settings};
use crate::backup::{Action, Applied};
use crate::bounded::Links;
use crate::detect::fix::{self, Change, Only};
use crate::detect::{self, Finding, Look};
use crate::error::{Error, Result};
use crate::ipc::protocol::WireSecret;
use crate::paths::Paths;
use crate::printable;
use crate::repair::{self, Known, Note, Owner};
use crate::secret::Secret;
use crate::source::{self, Collected, Scene, dotenv_files};

/// How long detectors may look at one mended file.
const PATIENCE: Duration = Duration::from_secs(1);
/// The most files that are looked at, nearest first.
const MAX_FILES: usize = 20;
/// The largest one; real ones have a few kilobytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// A file and what was found in it.
struct Looked {
    path: PathBuf,
    done: Vec<Note>,
    left: Vec<Note>,
    /// Why the file as a whole is left.
    refused: Option<String>,
}

/// Runs `llmenv doctor`, with or without `--fix`, and says whether all is well afterwards.
pub fn run(args: &Doctor) -> Result<bool> {
    if !args.fix {
        return doctor::run(args);
    }
    let paths = Paths::find()?;
    paths.check_owner()?;
    let seen = doctor::see(&paths, args)?;
    let mut plan = Plan::new(&paths, &seen)?;
    if args.report.json {
        return report(&paths, plan, args.yes);
    }
    tell(&plan.looked);
    for (path, mode) in &plan.modes {
        render::line(format_args!("fix: {}: for you alone, mode {mode:04o}", printable::path(path)));
    }
    let manner = Manner { yes: args.yes, json: false };
    let action = std::mem::replace(&mut plan.action, Action::new("doctor --fix"));
    if !action.is_empty() {
        if change::carry_out(&paths, action, manner)?.is_some() {
            plan.set_modes()?;
        }
    } else if plan.modes.is_empty() {
        render::line("nothing here can be mended with certainty");
    } else if args.yes || agree(plan.modes.len())? {
        plan.set_modes()?;
    }
    doctor::run(args)
}

fn agree(count: usize) -> Result<bool> {
    ask::require("a yes", "`--yes`")?;
    let what = if count == 1 { "this file" } else { "these files" };
    let is_yes = ask::is_yes(&format!("take {what} away from others?"))?;
    if !is_yes {
        render::note("nothing was changed");
    }
    Ok(is_yes)
}

/// What will be changed.
struct Plan {
    action: Action,
    looked: Vec<Looked>,
    /// Files whose permission bits are taken down, and to what.
    modes: Vec<(PathBuf, u32)>,
}

impl Plan {
    /// Plans the edits of every `.env` file that was looked at, as its lines were meant, and whatever else findings say can be done
    /// safely.
    fn new(paths: &Paths, seen: &Seen) -> Result<Self> {
        let mut files = files(&seen.look.scene);
        files.extend(
            seen.look
                .files
                .iter()
                .map(|file| file.path.clone())
                .filter(|path| !files.contains(path))
                .collect::<Vec<_>>(),
        );
        let mut plan = Self { action: Action::new("doctor --fix"), looked: Vec::new(), modes: Vec::new() };
        let owners = owners(paths, &files)?;
        for path in &files {
            let is_tracked = source::git::is_tracked(path);
            let owner =
                |key: &Secret| owners.iter().find(|(known, _)| known.same_as(key)).map(|(_, owner)| owner.clone());
            plan.edit(path, |now, looked| {
                let repair = repair::env_file(now, &Known { owner: &owner, is_tracked });
                looked.done = repair.done;
                looked.left = repair.left;
                let bytes = repair.bytes.unwrap_or_else(|| Zeroizing::new(now.to_vec()));
                if is_tracked { Ok(bytes.to_vec()) } else { settle(path, bytes, &seen.look, looked) }
            });
        }
        plan.add_others(&seen.found, &files);
        Ok(plan)
    }

    /// Other files, such as start-up files: each finding's own edits.
    fn add_others(&mut self, found: &[Finding], done: &[PathBuf]) {
        let edits = fix::edits(found, Only::Safe);
        let mut others: Vec<&PathBuf> = Vec::new();
        for edit in &edits {
            match edit.change {
                Change::Mode(mode) => self.modes.push((edit.path.clone(), mode)),
                _ if done.contains(&edit.path) || others.contains(&&edit.path) => {}
                _ => others.push(&edit.path),
            }
        }
        for path in others {
            let own: Vec<&fix::Edit> = edits.iter().copied().filter(|edit| edit.path == *path).collect();
            let notes: Vec<Note> = found.iter().filter_map(|finding| note(finding, path)).collect();
            self.edit(path, |now, looked| {
                looked.done = notes;
                fix::apply(&own, now)
            });
        }
    }

    fn edit(&mut self, path: &Path, plan: impl FnOnce(&[u8], &mut Looked) -> Result<Vec<u8>>) {
        let mut looked = Looked { path: path.to_owned(), done: Vec::new(), left: Vec::new(), refused: None };
        if let Err(error) = self.action.edit(path, Links::Refuse, |now| plan(now, &mut looked)) {
            looked.refused = Some(error.message);
            looked.done.clear();
        }
        self.looked.push(looked);
    }

    /// Takes permissions down; whoever edited the file meanwhile still owns it, and a link is not followed.
    fn set_modes(&self) -> Result<()> {
        for (path, mode) in &self.modes {
            take_down(path, *mode).map_err(|err| Error::io("change the permissions of", path, &err))?;
        }
        Ok(())
    }
}

/// What detectors can still do safely to a mended file: what is not about how a line is written, such as an address that nobody can
/// be reached at. A line that was left because nobody can be certain of it stays.
fn settle(path: &Path, bytes: Zeroizing<Vec<u8>>, look: &Look, looked: &mut Looked) -> Result<Vec<u8>> {
    /// One fix may bring out the next.
    const MAX_ROUNDS: usize = 3;
    let mut bytes = bytes;
    for _ in 0..MAX_ROUNDS {
        let collected = Collected { contents: vec![(path.to_owned(), bytes.clone())], ..Collected::default() };
        let deadline = Instant::now() + PATIENCE;
        let alone = Look::of(look.scene.clone(), look.active.clone(), look.marks.clone(), collected, deadline);
        let is_left = |finding: &Finding| {
            looked.left.iter().any(|note| note.variable.is_empty() || finding.variable.as_ref() == Some(&note.variable))
        };
        let found: Vec<Finding> = detect::run(&alone).into_iter().filter(|finding| !is_left(finding)).collect();
        let edits: Vec<&fix::Edit> = fix::edits(&found, Only::Safe)
            .into_iter()
            .filter(|edit| edit.path == path && !matches!(edit.change, Change::Mode(_)))
            .collect();
        if edits.is_empty() {
            break;
        }
        looked.done.extend(found.iter().filter_map(|finding| note(finding, path)));
        bytes = Zeroizing::new(fix::apply(&edits, &bytes)?);
    }
    looked.done.sort_by_key(|note| note.line);
    looked.done.dedup_by(|one, other| (one.line, &one.variable) == (other.line, &other.variable));
    Ok(bytes.to_vec())
}

/// What the safe edit of a finding does to a file.
fn note(finding: &Finding, path: &Path) -> Option<Note> {
    let fix = finding.fix.as_ref().filter(|fix| fix.safe && fix.kind == fix::Kind::Edit)?;
    let spot = finding.origins.iter().find(|spot| spot.origin.path.as_deref() == Some(path))?;
    let variable = finding.variable.clone().unwrap_or_default();
    Some(Note { line: spot.origin.line.unwrap_or(1), variable, text: fix.description.clone() })
}

#[cfg(unix)]
fn take_down(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = std::fs::File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let now = file.metadata()?.mode();
    file.set_permissions(std::fs::Permissions::from_mode(now & mode & 0o7777))
}

#[cfg(not(unix))]
fn take_down(_: &Path, _: u32) -> std::io::Result<()> {
    Ok(())
}

/// The `.env` files from a directory upwards, as `llmenv doctor` takes them; those too that it cannot read.
fn files(scene: &Scene) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for dir in scene.upwards() {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        let is_loaded = |entry: &std::fs::DirEntry| entry.file_name().to_str().is_some_and(dotenv_files::is_loaded);
        let mut paths: Vec<PathBuf> = entries.filter(is_loaded).map(|entry| entry.path()).collect();
        paths.sort();
        found.extend(paths);
    }
    found.truncate(MAX_FILES);
    found
}

/// Whose the keys in these files are, as far as profiles know.
fn owners(paths: &Paths, files: &[PathBuf]) -> Result<Vec<(Secret, Owner)>> {
    if settings::load(paths)?.profiles.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<Secret> = files.iter().flat_map(|path| keys_in(path)).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut answerer = Answerer::connect(paths)?;
    let matches = answerer.matches(Vec::new(), keys.iter().cloned().map(WireSecret).collect())?;
    let owner = |facts: crate::ipc::protocol::ValueFacts| match facts.profile {
        Some(profile) => Some(Owner::Profile(profile)),
        None => facts.is_rotated_away.then_some(Owner::RotatedAway),
    };
    Ok(keys.into_iter().zip(matches.values).filter_map(|(key, facts)| Some((key, owner(facts)?))).collect())
}

fn keys_in(path: &Path) -> Vec<Secret> {
    match crate::bounded::read(path, MAX_FILE_BYTES, Links::Refuse) {
        Ok((bytes, _)) => repair::keys(&zeroize::Zeroizing::new(bytes)),
        Err(_) => Vec::new(),
    }
}

fn notes<'a>(looked: &'a Looked, notes: &'a [Note]) -> impl Iterator<Item = String> + 'a {
    notes.iter().map(|note| {
        let place = render::place_text(&looked.path, Some(note.line));
        format!("{place} {}: {}", printable::text(&note.variable), note.text)
    })
}

fn tell(looked: &[Looked]) {
    for file in looked {
        notes(file, &file.done).for_each(|text| render::line(format_args!("fix: {text}")));
    }
    for file in looked {
        notes(file, &file.left).for_each(|text| render::line(format_args!("left: {text}")));
        if let Some(why) = &file.refused {
            render::line(format_args!("left: {}", printable::line(why)));
        }
    }
}

/// The same for programs. Without `--yes` nothing is changed.
fn report(paths: &Paths, mut plan: Plan, yes: bool) -> Result<bool> {
    let action = std::mem::replace(&mut plan.action, Action::new("doctor --fix"));
    let diff = action.diff();
    let applied: Option<Applied> = if yes && !action.is_empty() {
        change::carry_out(paths, action, Manner { yes: true, json: true })?
    } else {
        None
    };
    if yes {
        plan.set_modes()?;
    }
    let rows = |pick: fn(&Looked) -> &[Note]| -> Vec<Value> {
        let row = |file: &Looked, note: &Note| json!({"path": file.path, "line": note.line, "variable": note.variable, "message": note.text});
        plan.looked.iter().flat_map(|file| pick(file).iter().map(move |note| row(file, note))).collect()
    };
    let refused =
        plan.looked.iter().filter_map(|file| Some(json!({"path": file.path, "message": file.refused.as_ref()?})));
    let refused: Vec<Value> = refused.collect();
    let modes: Vec<Value> =
        plan.modes.iter().map(|(path, mode)| json!({"path": path, "mode": format!("{mode:04o}")})).collect();
    let left = rows(|file| &file.left);
    let is_done = yes || diff.is_empty() && modes.is_empty();
    let is_well = left.is_empty() && refused.is_empty() && is_done;
    render::json(&json!({
        "schema": 1, "applied": applied.as_ref().map(change::as_json), "fixes": rows(|file| &file.done), "modes": modes,
        "left": left, "refused": refused, "diff": diff,
    }))?;
    Ok(is_well)
}
