//! A `.env` file with a key that git has, or would take with the next `git add .`.

use super::environment::is_key;
use super::look::owner;
use super::{Detector, Finding, Look};
use crate::source::git::Care;

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["env-tracked", "env-not-ignored"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in &look.files {
        let holding = file.lines.iter().find(|line| {
            (is_key(&line.name) || line.name.ends_with("_KEY"))
                && file.value(&line.name).is_some_and(|(value, _)| owner(value).is_some())
        });
        let Some(line) = holding else { continue };
        let finding = match look.care(file) {
            Some(Care::Tracked) => {
                let what = "git has this file, and a key is in it: whoever has the repository has the key";
                Finding::error("env-tracked", what).hint("make a new key first (`llmenv rotate`), then `git rm --cached` the file; its history keeps the old key")
            }
            Some(Care::Untracked) => {
                let what = "git does not leave this file out, and a key is in it: the next `git add .` takes it";
                Finding::warning("env-not-ignored", what)
                    .hint("add `.env*` to `.gitignore`, and `!.env.example` behind it")
            }
            Some(Care::Ignored) | None => continue,
        };
        found.push(
            look.in_file(file, &line.name).into_iter().fold(finding, Finding::at).data("variable", line.name.as_str()),
        );
    }
    found
}
