//! A `.env` above a shell that changes and now sets something else than the shell's profile does: one line at its next prompt.
//!
//! The watcher brings the files that changed; this says to which shells they matter. A file that says the same as the profile, or
//! nothing about its variables, is nobody's news.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::proxy::For;
use super::shell_request::serve;
use super::state::{self, Shared};
use crate::bounded::{self, Links};
use crate::dotenv::{self, Environment};
use crate::ipc::protocol::ResolveState;
use crate::ipc::shell_lines::{Reason, ShellId};
use crate::printable;
use crate::proxy::token::Verdict;
use crate::resolve;
use crate::secret::Secret;
use crate::source::dotenv_files::LOADERS;

/// Names of the files that programs load by themselves.
const NAMES: [&str; 5] = [".env", ".env.local", ".env.development", ".env.development.local", ".envrc"];
/// How far up they are looked for.
const MAX_DEPTH: usize = 20;
/// The largest file that is read.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// How long a store may take; without the key nothing is compared.
const KEY_WAIT: Duration = Duration::from_secs(2);

/// A file that was there before with another content, or came just now.
#[derive(Clone, Debug)]
pub struct Changed {
    path: PathBuf,
    /// Variable, line and value; each value that a loader gives.
    settings: Vec<(String, usize, Secret)>,
}

/// The files that may compete with what shells are given, whether they exist or not.
pub fn files(shared: &Shared) -> Vec<PathBuf> {
    let state = shared.borrow();
    if state.config.quiet {
        return Vec::new();
    }
    let home = &state.paths.home;
    let mut files: Vec<PathBuf> = Vec::new();
    for (_, shell) in state.shells.iter() {
        for dir in shell.cwd.ancestors().take(MAX_DEPTH) {
            files.extend(NAMES.map(|name| dir.join(name)));
            if dir == home.as_path() {
                break;
            }
        }
    }
    files.sort();
    files.dedup();
    files
}

/// The content of a file, as a hash; none: there is none that can be read.
pub fn content(path: &Path) -> Option<[u8; 32]> {
    use sha2::{Digest, Sha256};
    let (bytes, _) = bounded::read(path, MAX_FILE_BYTES, Links::Follow).ok()?;
    Some(Sha256::digest(zeroize::Zeroizing::new(bytes).as_slice()).into())
}

/// Reads a file that changed.
pub fn read(path: &Path) -> Option<Changed> {
    let (bytes, _) = bounded::read(path, MAX_FILE_BYTES, Links::Follow).ok()?;
    let bytes = zeroize::Zeroizing::new(bytes);
    // The daemon's own variables are nobody's.
    let lookup = |_: &str| None;
    let mut settings: Vec<(String, usize, Secret)> = Vec::new();
    for loader in LOADERS {
        let reading = dotenv::read(&bytes, loader, &Environment::new(&lookup));
        for assignment in &reading.assignments {
            if let Some(winner) = reading.winner(&assignment.key)
                && winner.place.line == assignment.place.line
                && let Some(value) = winner.value.text()
                && !settings.iter().any(|(name, _, known)| *name == winner.key && known.same_as(value))
            {
                settings.push((winner.key.clone(), winner.place.line, value.clone()));
            }
        }
    }
    Some(Changed { path: path.to_owned(), settings })
}

/// Tells the shells to which these files matter, at their next prompt.
pub fn tell(shared: &Shared, changed: Vec<Changed>) {
    if changed.is_empty() {
        return;
    }
    let shared = std::rc::Rc::clone(shared);
    tokio::task::spawn_local(async move {
        let ids: Vec<ShellId> = shared.borrow().shells.iter().map(|(id, _)| id).collect();
        for id in ids {
            for line in lines(&shared, id, &changed).await {
                let mut state = shared.borrow_mut();
                let Some(shell) = state.shells.get_mut(id) else { break };
                if !shell.news.contains(&line) {
                    shell.news.push(line);
                    // At the next prompt, and not before the command that may be typed already.
                    state.shells.bump(id, false);
                }
            }
        }
    });
}

/// What one shell is told.
async fn lines(shared: &Shared, id: ShellId, changed: &[Changed]) -> Vec<String> {
    let Some((chosen, cwd)) = shared.borrow().shells.get(id).map(|shell| {
        let chosen = ResolveState {
            reason: shell.reason,
            profile: shell.profile.clone(),
            lease_end: shell.lease_end,
            mark: shell.mark.clone(),
        };
        (chosen, shell.cwd.clone())
    }) else {
        return Vec::new();
    };
    let near: Vec<&Changed> =
        changed.iter().filter(|changed| changed.path.parent().is_some_and(|folder| cwd.starts_with(folder))).collect();
    if near.is_empty() || chosen.reason == Reason::Released {
        return Vec::new();
    }
    let resolved = {
        let state = shared.borrow();
        let directory = state.directory(&cwd);
        resolve::resolve(&state.config, &directory, &chosen, state::now())
    };
    let profile = resolved.profile.as_ref().and_then(|name| shared.borrow().config.profiles.get(name).cloned());
    let Some(profile) = profile else { return Vec::new() };
    let Ok(pair) = serve(shared, &profile, &resolved, KEY_WAIT, For::Nobody).await else { return Vec::new() };
    near.into_iter()
        .filter_map(|changed| {
            // A token of this profile's leads to the same place, whoever's it is.
            let is_own = |value: &Secret| {
                let state = shared.borrow();
                let verdict = state.proxy.as_ref().map(|proxy| proxy.tokens.check(value.expose(), state::now()));
                matches!(verdict, Some(Verdict::Valid(token)) if token.profile == profile.name)
            };
            let competes = |(name, _, value): &&(String, usize, Secret)| {
                let served = pair.vars.iter().find(|(served, _)| served == name).and_then(|(_, value)| value.as_ref());
                served.is_some_and(|served| !value.is_empty() && !served.same_as(value) && !is_own(value))
            };
            let competing: Vec<_> = changed.settings.iter().filter(competes).collect();
            let (_, line, _) = competing.first()?;
            let mut names: Vec<&str> = competing.iter().map(|(name, ..)| name.as_str()).collect();
            names.dedup();
            Some(format!(
                "{}:{line} changed and sets {} to something else than `{}` does; `llmenv doctor` says more",
                printable::path(&changed.path),
                names.join(", "),
                profile.name,
            ))
        })
        .collect()
}
