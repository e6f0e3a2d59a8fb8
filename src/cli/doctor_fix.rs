//! `llmenv doctor --fix`: what is certain is mended in `.env` files, after a look at the change and a yes.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::Doctor;
use super::change::{self, Manner};
use super::connect::Answerer;
use super::{doctor, here, render, settings};
use crate::backup::{Action, Applied};
use crate::bounded::Links;
use crate::error::Result;
use crate::ipc::protocol::WireSecret;
use crate::paths::Paths;
use crate::printable;
use crate::repair::{self, Known, Note, Owner};
use crate::secret::Secret;
use crate::source::{self, dotenv_files};

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
    let (action, looked) = plan(&paths)?;
    if args.report.json {
        return report(&paths, action, &looked, args.yes);
    }
    tell(&looked);
    if action.is_empty() {
        render::line("nothing in `.env` files here can be mended with certainty");
    } else {
        change::carry_out(&paths, action, Manner { yes: args.yes, json: false })?;
    }
    doctor::run(args)
}

/// Plans the edits of every `.env` file that a program started here may load.
fn plan(paths: &Paths) -> Result<(Action, Vec<Looked>)> {
    let files = files(&here::cwd()?, &paths.home);
    let mut action = Action::new("doctor --fix");
    let mut looked = Vec::new();
    let owners = owners(paths, &files)?;
    for path in files {
        let mut found = Looked { path: path.clone(), done: Vec::new(), left: Vec::new(), refused: None };
        let is_tracked = source::git::is_tracked(&path);
        let owner = |key: &Secret| owners.iter().find(|(known, _)| known.same_as(key)).map(|(_, owner)| owner.clone());
        let planned = action.edit(&path, Links::Refuse, |now| {
            let repair = repair::env_file(now, &Known { owner: &owner, is_tracked });
            found.done = repair.done;
            found.left = repair.left;
            Ok(repair.bytes.map_or_else(|| now.to_vec(), |bytes| bytes.to_vec()))
        });
        if let Err(error) = planned {
            found.refused = Some(error.message);
            found.done.clear();
        }
        looked.push(found);
    }
    Ok((action, looked))
}

/// The `.env` files from a directory upwards, as `llmenv doctor` takes them.
fn files(from: &Path, home: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for dir in from.ancestors() {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        let is_loaded = |entry: &std::fs::DirEntry| entry.file_name().to_str().is_some_and(dotenv_files::is_loaded);
        let mut paths: Vec<PathBuf> = entries.filter(is_loaded).map(|entry| entry.path()).collect();
        paths.sort();
        found.extend(paths);
        if dir == home {
            break;
        }
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
fn report(paths: &Paths, action: Action, looked: &[Looked], yes: bool) -> Result<bool> {
    let diff = action.diff();
    let applied: Option<Applied> = if yes && !action.is_empty() {
        change::carry_out(paths, action, Manner { yes: true, json: true })?
    } else {
        None
    };
    let rows = |pick: fn(&Looked) -> &[Note]| -> Vec<Value> {
        let row = |file: &Looked, note: &Note| json!({"path": file.path, "line": note.line, "variable": note.variable, "message": note.text});
        looked.iter().flat_map(|file| pick(file).iter().map(move |note| row(file, note))).collect()
    };
    let refused: Vec<Value> =
        looked.iter().filter_map(|file| Some(json!({"path": file.path, "message": file.refused.as_ref()?}))).collect();
    let left = rows(|file| &file.left);
    let is_well = left.is_empty() && refused.is_empty() && (diff.is_empty() || applied.is_some());
    render::json(&json!({
        "schema": 1, "applied": applied.as_ref().map(change::as_json), "fixes": rows(|file| &file.done), "left": left,
        "refused": refused, "diff": diff,
    }))?;
    Ok(is_well)
}
