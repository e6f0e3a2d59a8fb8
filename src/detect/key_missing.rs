//! No key anywhere: no variable, no file, no profile, no login, no server on this machine.

use super::environment::{is_base_url, is_key};
use super::{Detector, Finding, Look};
use crate::source::Kind;

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["key-missing"], find };

/// Files of the home by which a tool logs in without any variable.
const LOGINS: [&str; 8] = [
    ".claude/.credentials.json",
    ".claude.json",
    ".codex/auth.json",
    ".gemini/oauth_creds.json",
    ".local/share/opencode/auth.json",
    ".config/github-copilot/apps.json",
    ".ollama",
    ".config/gcloud/application_default_credentials.json",
];

/// How much of a checkout is looked through for examples.
const MAX_ENTRIES: usize = 200;
const MAX_DEPTH: usize = 3;

fn find(look: &Look) -> Vec<Finding> {
    let in_files =
        look.files.iter().flat_map(|file| &file.lines).any(|line| is_key(&line.name) || is_base_url(&line.name));
    let is_anywhere = look.assignments.iter().any(|held| is_key(&held.name) || is_base_url(&held.name)) || in_files;
    // Some tools have a login or a server and never saw a variable.
    let is_elsewhere = LOGINS.iter().any(|path| look.scene.home.join(path).exists())
        || [
            "OLLAMA_HOST",
            "CLAUDECODE",
            "CLAUDE_CODE_USE_BEDROCK",
            "CLAUDE_CODE_USE_VERTEX",
            "AWS_PROFILE",
            "AWS_ACCESS_KEY_ID",
        ]
        .iter()
        .any(|name| look.variable(name).is_some())
        || is_read_by_nobody_yet(look);
    if is_anywhere || is_elsewhere || look.active.profile.is_some() || look.active.is_off {
        return Vec::new();
    }
    let places: Vec<&str> = Kind::ALL.iter().map(|kind| kind.id()).collect();
    if let Some(name) = look.active.profiles.first() {
        let what = format!("no key is set in this shell, and none is in a file here; the profile `{name}` has one");
        let finding = Finding::info("key-missing", what).data("looked_at", places);
        return vec![finding.fix(super::fix::Fix::command(format!("`llmenv use {name}`")))];
    }
    let what = "no key is set in this shell, and none is in a file here, in a start-up file or in a tool's settings";
    let finding = Finding::warning("key-missing", what).data("looked_at", places);
    vec![finding.fix(super::fix::Fix::command("`llmenv add` stores one"))]
}

/// A checkout whose `.env.example` files tell people what to fill in: whoever did not has not begun.
fn is_read_by_nobody_yet(look: &Look) -> bool {
    let is_sample = |path: &std::path::PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| {
            name.starts_with(".env.") && ["example", "sample", "template", "dist"].iter().any(|end| name.ends_with(end))
        })
    };
    if look.scene.upwards().any(|dir| look.entries(dir, MAX_ENTRIES).iter().any(is_sample)) {
        return true;
    }
    let mut waiting = vec![(look.scene.cwd.clone(), 0)];
    let mut count = 0;
    while let Some((dir, depth)) = waiting.pop() {
        for path in look.entries(&dir, MAX_ENTRIES) {
            count += 1;
            if is_sample(&path) {
                return true;
            }
            let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            if depth < MAX_DEPTH && !is_hidden && path.symlink_metadata().is_ok_and(|found| found.is_dir()) {
                waiting.push((path, depth + 1));
            }
        }
        if count > MAX_ENTRIES * 10 {
            break;
        }
    }
    false
}
