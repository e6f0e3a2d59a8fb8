//! The `.env` files below a directory, for `doctor --tree`.
//!
//! Folders that `.gitignore` leaves out (`node_modules`, `target`) are not entered; a `.env` that it leaves out is looked at all the
//! same, for that is where keys are.

use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use ignore::WalkBuilder;

use super::dotenv_files::{is_loaded, search_file};
use super::{Collected, Kind, Scene, Search, Sought, Unread};

/// The most files that are read.
pub const MAX_FILES: usize = 5_000;
/// How long it may take.
pub const BUDGET: Duration = Duration::from_secs(2);
/// The most bytes that are kept: a checkout of others must not fill the memory.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Folders below this depth are nobody's project.
const MAX_DEPTH: usize = 40;
/// Folders that hold what others wrote, also where no `.gitignore` says so.
const OTHERS: [&str; 6] = [".git", "node_modules", ".venv", "venv", "__pycache__", ".tox"];
/// How much longer than its time a search may take to notice that it is over.
const GRACE: Duration = Duration::from_millis(50);

/// Reads the files below the directory of the scene. Links to folders and other file systems are not followed.
///
/// What was found until the time was over is kept; [`Collected::is_cut`] then says that there may be more.
pub fn below(scene: &Scene, sought: &Sought, budget: Duration) -> Collected {
    let deadline = Instant::now() + budget;
    let (sender, found) = mpsc::channel::<Collected>();
    let walking = {
        let (scene, sought) = (scene.clone(), sought.clone());
        // A folder on a mount that is gone may never be listed: the thread is then left behind.
        std::thread::Builder::new().name("tree".into()).spawn(move || walk(&scene, &sought, deadline, &sender))
    };
    let mut all = Collected::default();
    if walking.is_err() {
        all.is_cut = true;
        return all;
    }
    loop {
        match found.recv_timeout((deadline + GRACE).saturating_duration_since(Instant::now())) {
            Ok(part) => all.append(part),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                all.is_cut = true;
                break;
            }
        }
    }
    if all.is_cut {
        let files = all.count_read(Kind::Dotenv);
        let reason = format!("there was no time for more than {files} files below this directory");
        all.unread.push(Unread { kind: Kind::Dotenv, path: Some(scene.cwd.clone()), reason });
    }
    all
}

fn walk(scene: &Scene, sought: &Sought, deadline: Instant, sender: &mpsc::Sender<Collected>) {
    let walk = WalkBuilder::new(&scene.cwd)
        .hidden(false)
        .follow_links(false)
        .same_file_system(true)
        .max_depth(Some(MAX_DEPTH))
        .require_git(false)
        .filter_entry(|entry| {
            entry.file_type().is_some_and(|kind| kind.is_dir())
                && (entry.depth() == 0 || !OTHERS.iter().any(|name| entry.file_name() == *name))
        })
        .build();
    let (mut files, mut bytes) = (0, 0);
    // A folder that cannot be listed holds nothing that this user's programs could load.
    for entry in walk.flatten() {
        let mut search = Search::new(Kind::Dotenv, scene, sought, deadline);
        let is_full = |files: usize, bytes: usize| files >= MAX_FILES || bytes >= MAX_BYTES;
        let is_over = is_full(files, bytes) || search.is_over() || {
            files += look(entry.path(), MAX_FILES - files, &mut search);
            false
        };
        let mut part = search.finish();
        bytes += part.contents.iter().map(|(_, content)| content.len()).sum::<usize>();
        if is_full(files, bytes) {
            let reason = format!("after {files} files the others below this directory were not read");
            part.unread.push(Unread { kind: Kind::Dotenv, path: Some(scene.cwd.clone()), reason });
        }
        if sender.send(part).is_err() || is_over || is_full(files, bytes) {
            return;
        }
    }
}

/// Reads a folder's files and gives how many there are.
fn look(folder: &Path, most: usize, search: &mut Search<'_>) -> usize {
    let paths = search.files_in(folder, most, &is_loaded);
    for path in &paths {
        search_file(path, search);
    }
    paths.len()
}
