//! What git does with a file: follows it, ignores it, or would take it with the next `git add .`.
//!
//! git itself is asked, once for all files of a directory, with everything switched off by which a repository can have it run
//! something (threat T03): file system monitors, hooks, system settings, pagers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Scene;
use super::ask::{self, NoAnswer};

/// How long git may take over one question.
const PATIENCE: Duration = Duration::from_millis(500);
/// Switches before the question.
const SAFE: [&str; 12] = [
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "safe.bareRepository=explicit",
    "-c",
    "core.pager=cat",
    "-c",
    "core.untrackedCache=false",
    "--no-optional-locks",
    "--no-pager",
];

/// What git does with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// It is in the repository, and so is what stands in it.
    Tracked,
    /// It is left out.
    Ignored,
    /// It is neither: the next `git add .` takes it.
    Untracked,
}

/// Asks for each of these files. Those outside a repository, or that git does not answer for in time, are left out.
pub fn care(scene: &Scene, files: &[PathBuf]) -> BTreeMap<PathBuf, Care> {
    let mut care = BTreeMap::new();
    let mut dirs: Vec<&Path> = files.iter().filter_map(|file| file.parent()).collect();
    dirs.sort_unstable();
    dirs.dedup();
    let Some(git) = ask::program(scene, "git") else { return care };
    for dir in dirs {
        // Without a repository above there is nothing to ask.
        if !dir.ancestors().any(|dir| dir.join(".git").exists()) {
            continue;
        }
        let names: Vec<&str> = files
            .iter()
            .filter(|file| file.parent() == Some(dir))
            .filter_map(|file| file.file_name().and_then(|name| name.to_str()))
            .collect();
        let list = |flags: &[&str]| -> Result<Vec<String>, NoAnswer> {
            let mut arguments: Vec<&str> = SAFE.to_vec();
            // Names come back as given: relative to the directory that git is started in.
            arguments.extend(["--literal-pathspecs", "ls-files", "-z"]);
            arguments.extend(flags);
            arguments.push("--");
            arguments.extend(&names);
            let answer = ask::ask(scene, &git, &arguments, Some(dir), PATIENCE)?;
            Ok(String::from_utf8_lossy(&answer).split('\0').map(str::to_owned).collect())
        };
        let (Ok(tracked), Ok(ignored)) = (list(&["--cached"]), list(&["--others", "--ignored", "--exclude-standard"]))
        else {
            continue;
        };
        for name in names {
            let is = |list: &[String]| list.iter().any(|listed| listed == name);
            let found = if is(&tracked) {
                Care::Tracked
            } else if is(&ignored) {
                Care::Ignored
            } else {
                Care::Untracked
            };
            care.insert(dir.join(name), found);
        }
    }
    care
}
