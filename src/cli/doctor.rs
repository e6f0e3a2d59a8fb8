//! `llmenv doctor`: what is wrong here, worst first, and what to do about each.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::args::Doctor;
use super::connect::Answerer;
use super::findings::{self, Told};
use super::{check, here, render, settings};
use crate::detect::{self, Look, Marks};
use crate::error::Result;
use crate::ipc;
use crate::ipc::protocol::Severity;
use crate::paths::Paths;
use crate::source::{self, Collected, Kind, Scene, tree};

/// How long everything together may take: somebody waits for it.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Everything that is looked at, and what is wrong there.
pub struct Seen {
    /// What was looked at.
    pub look: Look,
    /// What llmenv itself has to say of what is active here.
    pub own: Vec<ipc::protocol::Finding>,
    /// What is wrong.
    pub found: Vec<detect::Finding>,
}

/// Looks.
pub fn see(paths: &Paths, args: &Doctor) -> Result<Seen> {
    let (active, own) = findings::active(paths)?;
    let scene = Scene::here(&here::cwd()?, &paths.home);
    let sought = findings::sought();
    let deadline = Instant::now() + PATIENCE + if args.tree { tree::BUDGET } else { Duration::ZERO };
    let collected = if args.tree {
        // Below and above at the same time: neither waits for the other.
        let (mut all, below) = std::thread::scope(|scope| {
            let below = scope.spawn(|| tree::below(&scene, &sought, tree::BUDGET));
            let all = source::collect(&scene, &sought, &Kind::ALL, PATIENCE);
            (all, below.join().unwrap_or_default())
        });
        all.append(without(below, &all));
        all
    } else {
        source::collect(&scene, &sought, &Kind::ALL, PATIENCE)
    };
    let look = Look::of(scene, active, Marks::read(&paths.state_dir), collected, deadline);
    let found = detect::run(&look);
    Ok(Seen { look, own, found })
}

/// What was found below, without the files that are known already.
fn without(mut below: Collected, all: &Collected) -> Collected {
    let known: HashSet<&PathBuf> = all.read.iter().map(|(_, path)| path).collect();
    let is_new = |path: Option<&PathBuf>| path.is_none_or(|path| !known.contains(path));
    below.read.retain(|(_, path)| is_new(Some(path)));
    below.contents.retain(|(path, _)| is_new(Some(path)));
    below.unread.retain(|unread| is_new(unread.path.as_ref()));
    below.assignments.retain(|held| is_new(held.origin.path.as_ref()));
    below
}

/// Runs the command and says whether all is well.
pub fn run(args: &Doctor) -> Result<bool> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let Seen { look, own, found } = see(&paths, args)?;
    let mut told: Vec<Told> = own.iter().map(Told::from).chain(found.iter().map(Told::from)).collect();
    if args.online {
        let config = settings::load(&paths)?;
        let tried = check::findings(&config, &mut Answerer::connect(&paths)?, args.name.as_deref())?;
        told.splice(0..0, tried.iter().map(Told::from));
    }
    told.sort_by_key(|one| std::cmp::Reverse(one.severity));
    let is_ill = told.iter().any(|one| one.severity >= Severity::Warning);
    if args.report.json {
        let findings: Vec<&Value> = told.iter().map(|one| &one.json).collect();
        render::json(&json!({"schema": 1, "profile": look.active.profile, "findings": findings}))?;
    } else {
        findings::show(&told);
        render::line(summary(&told, &look));
    }
    Ok(!is_ill)
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
