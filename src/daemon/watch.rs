//! Watching the files that matter: the configuration, what was allowed, and pins where shells are.
//!
//! One watcher for everything, on folders and never on files: an editor that replaces a file ends a watch on the file for
//! good. A slow look at the same files covers network filesystems, where nothing is announced.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use notify::Watcher;
use sha2::{Digest, Sha256};

use super::push;
use super::state::Shared;

/// How long a burst of events may go on before it is acted upon.
const DEBOUNCE: Duration = Duration::from_millis(100);
/// How often the files are looked at whatever the watcher says.
const SLOW_LOOK: Duration = Duration::from_secs(30);
/// The most folders watched; older systems allow 8,192 for all programs of a user.
const MAX_FOLDERS: usize = 512;

/// Starts watching; ends with the daemon.
pub fn start(shared: &Shared) {
    let (events, mut received) = tokio::sync::mpsc::unbounded_channel::<()>();
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let matters = match &event {
            Ok(event) => {
                event.need_rescan() || (!event.kind.is_access() && event.paths.iter().any(|path| is_ours(path)))
            }
            Err(_) => true,
        };
        if matters {
            // The receiver is gone only when the daemon ends.
            let _ = events.send(());
        }
    });
    let mut watcher = match watcher {
        Ok(watcher) => Some(watcher),
        Err(err) => {
            shared.borrow_mut().log.line(&format!("changes are noticed late, for watching fails: {err}"));
            None
        }
    };
    let shared = Rc::clone(shared);
    tokio::task::spawn_local(async move {
        let mut watched = HashSet::new();
        let mut seen = content_hash(&shared);
        loop {
            rearm(&shared, watcher.as_mut(), &mut watched);
            let announced = tokio::time::timeout(SLOW_LOOK.min(next_look(&watched)), received.recv()).await;
            if matches!(announced, Ok(Some(()))) {
                tokio::time::sleep(DEBOUNCE).await;
                while received.try_recv().is_ok() {}
            }
            let now = content_hash(&shared);
            if now != seen {
                seen = now;
                shared.borrow_mut().reload();
                push::anything_changed(&shared);
            }
        }
    });
}

/// New shells bring new folders; they are armed within this time.
fn next_look(watched: &HashSet<PathBuf>) -> Duration {
    if watched.len() < 2 { Duration::from_secs(1) } else { Duration::from_secs(5) }
}

fn is_ours(path: &Path) -> bool {
    path.file_name().is_some_and(|name| {
        name == ".llmenv.toml" || name == "config.toml" || name.to_string_lossy().ends_with(".toml")
    })
}

/// The folders that hold the configuration, included files and the pins that shells may meet.
fn folders(shared: &Shared) -> HashSet<PathBuf> {
    let state = shared.borrow();
    let mut folders = HashSet::new();
    for file in files(shared) {
        if let Some(parent) = file.parent().filter(|parent| parent.is_dir()) {
            folders.insert(parent.to_owned());
        }
        if folders.len() >= MAX_FOLDERS {
            break;
        }
    }
    drop(state);
    folders
}

/// The files themselves, whether they exist or not.
fn files(shared: &Shared) -> Vec<PathBuf> {
    let state = shared.borrow();
    let config = state.paths.config_file();
    let mut files = vec![config.clone()];
    // A configuration that is a link into a dotfiles repository changes there.
    if let Ok(target) = config.canonicalize() {
        files.push(target);
    }
    let home = &state.paths.home;
    for (_, shell) in state.shells.iter() {
        for dir in shell.cwd.ancestors().take_while(|dir| *dir != home.as_path()).take(32) {
            files.push(dir.join(".llmenv.toml"));
        }
    }
    files
}

fn rearm(shared: &Shared, watcher: Option<&mut notify::RecommendedWatcher>, watched: &mut HashSet<PathBuf>) {
    let Some(watcher) = watcher else { return };
    let wanted = folders(shared);
    for gone in watched.difference(&wanted).cloned().collect::<Vec<_>>() {
        let _ = watcher.unwatch(&gone);
        watched.remove(&gone);
    }
    for fresh in wanted.difference(&watched.clone()) {
        if watcher.watch(fresh, notify::RecursiveMode::NonRecursive).is_ok() {
            watched.insert(fresh.clone());
        }
    }
}

/// A hash over the content of all files: touching one changes nothing.
fn content_hash(shared: &Shared) -> [u8; 32] {
    let mut hash = Sha256::new();
    for file in files(shared) {
        if let Ok((content, _)) = crate::bounded::read(&file, 1024 * 1024, crate::bounded::Links::Follow) {
            hash.update(file.as_os_str().as_encoded_bytes());
            hash.update([0]);
            hash.update(&content);
        }
    }
    hash.finalize().into()
}
