//! Watching the files that matter: the configuration, what it includes, pins and `.env` files where shells are, and the daemon's own
//! place.
//!
//! One watcher for everything, on folders and never on files: an editor that replaces a file ends a watch on the file for
//! good. A slow look at the same files covers network filesystems, where nothing is announced. Files are looked at on a
//! thread of their own, for one on a dead mount may never answer.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::Watcher;
use sha2::{Digest, Sha256};
use tokio::sync::Notify;

use super::push;
use super::rivals::{self, Changed};
use super::state::Shared;
use crate::bounded::{self, Links};

/// How long a burst of events may go on before it is acted upon.
const DEBOUNCE: Duration = Duration::from_millis(100);
/// How long after a shell has entered a folder that folder's files are watched.
const AFTER_ENTERING: Duration = Duration::from_millis(250);
/// How often the files are looked at whatever the watcher says.
const SLOW_LOOK: Duration = Duration::from_secs(30);
/// How long one look may take before it is left behind.
const LOOK_PATIENCE: Duration = Duration::from_secs(5);
/// The most folders watched; older systems allow 8,192 for all programs of a user.
const MAX_FOLDERS: usize = 512;
/// The most of a file that is looked at; one that is larger is refused by whoever reads it.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// The longest chain of links that is followed.
const MAX_LINKS: usize = 8;
/// The socket and its address: what happens to these is for `lifecycle`.
const PLACES: [&str; 3] = ["daemon.sock", "daemon", "daemon.lock"];

/// Names that matter in the folders that are watched. Read on the watcher's thread.
type Names = Arc<Mutex<HashSet<OsString>>>;

/// Starts watching; ends with the daemon. `places` are the folders of the socket and of its address.
pub fn start(shared: &Shared, places: Vec<PathBuf>) {
    let (changed, place_changed, names) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Names::default());
    let watcher = {
        let (changed, place_changed, names) = (Arc::clone(&changed), Arc::clone(&place_changed), Arc::clone(&names));
        notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let has = |wanted: &dyn Fn(&std::ffi::OsStr) -> bool| match &event {
                Ok(event) if event.need_rescan() => true,
                Ok(event) => {
                    !event.kind.is_access() && event.paths.iter().any(|path| path.file_name().is_some_and(wanted))
                }
                Err(_) => true,
            };
            if has(&|name| PLACES.iter().any(|place| *place == name)) {
                place_changed.notify_one();
            }
            if has(&|name| names.lock().unwrap_or_else(PoisonError::into_inner).contains(name)) {
                changed.notify_one();
            }
        })
    };
    let watcher = match watcher {
        Ok(watcher) => Some(watcher),
        Err(err) => {
            shared.borrow_mut().log.line(&format!("changes are noticed late, for watching fails: {err}"));
            None
        }
    };
    let place = Rc::clone(&shared.borrow().place_changed);
    let watch = Watch {
        shared: Rc::clone(shared),
        watcher,
        watched: HashMap::new(),
        names,
        places,
        seen: None,
        rivals: HashMap::new(),
    };
    tokio::task::spawn_local(watch.run(changed));
    tokio::task::spawn_local(async move {
        loop {
            place_changed.notified().await;
            place.notify_one();
        }
    });
}

/// The number of a folder and when it was made, as far as the file system tells.
type Identity = (u64, Option<std::time::SystemTime>);

/// The watcher and what it watches.
struct Watch {
    shared: Shared,
    watcher: Option<notify::RecommendedWatcher>,
    /// Folders with their identity: one that was removed and made again is another one.
    watched: HashMap<PathBuf, Identity>,
    names: Names,
    places: Vec<PathBuf>,
    seen: Option<[u8; 32]>,
    /// What `.env` files held at the last look.
    rivals: Contents,
}

/// The content of files, as hashes; none: there was none that could be read.
type Contents = HashMap<PathBuf, Option<[u8; 32]>>;

/// What one look at the files found.
struct Look {
    folders: HashMap<PathBuf, Identity>,
    names: HashSet<OsString>,
    content: [u8; 32],
    rivals: Contents,
    /// Those that hold something else than at the look before.
    changed: Vec<Changed>,
}

impl Watch {
    async fn run(mut self, changed: Arc<Notify>) {
        let files_changed = Rc::clone(&self.shared.borrow().files_changed);
        loop {
            self.look().await;
            let announced = tokio::select! {
                () = changed.notified() => true,
                () = files_changed.notified() => false,
                () = tokio::time::sleep(SLOW_LOOK) => false,
            };
            // A shell that just entered a folder is not to share the machine with the look at it: it is drawing its prompt.
            tokio::time::sleep(if announced { DEBOUNCE } else { AFTER_ENTERING }).await;
        }
    }

    /// Looks at all files, watches the folders they are in, and has a change acted upon.
    async fn look(&mut self) {
        let (files, home) = (files(&self.shared), self.shared.borrow().paths.home.clone());
        let places = self.places.clone();
        let (rivals, known) = (rivals::files(&self.shared), std::mem::take(&mut self.rivals));
        let before = known.clone();
        let looking = tokio::task::spawn_blocking(move || {
            let mut look = look_at(files, &rivals, &home, &places);
            look_at_rivals(rivals, &before, &mut look);
            look
        });
        let Ok(Ok(look)) = tokio::time::timeout(LOOK_PATIENCE, looking).await else {
            self.rivals = known;
            return;
        };
        let is_armed_anew = self.arm(&look);
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) = look.names;
        self.rivals = look.rivals;
        rivals::tell(&self.shared, look.changed);
        let before = self.seen.replace(look.content);
        // The first look comes after the configuration was read: what changed between the two is not to be missed.
        if before != Some(look.content) {
            let mut state = self.shared.borrow_mut();
            state.reload_files();
            drop(state);
            push::anything_changed(&self.shared);
        }
        // What happened in a folder before it was watched was announced to nobody.
        if is_armed_anew {
            self.shared.borrow().files_changed.notify_one();
        }
    }

    /// Gives whether a folder is watched that was not before.
    fn arm(&mut self, look: &Look) -> bool {
        let Some(watcher) = self.watcher.as_mut() else { return false };
        let watched = &mut self.watched;
        watched.retain(|folder, identity| {
            let stays = look.folders.get(folder) == Some(identity);
            if !stays {
                let _ = watcher.unwatch(folder);
            }
            stays
        });
        let mut is_new = false;
        for (folder, identity) in &look.folders {
            if !watched.contains_key(folder) && watcher.watch(folder, notify::RecursiveMode::NonRecursive).is_ok() {
                watched.insert(folder.clone(), *identity);
                is_new = true;
            }
        }
        is_new
    }
}

/// The files that matter, whether they exist or not.
fn files(shared: &Shared) -> Vec<PathBuf> {
    let state = shared.borrow();
    let mut files = vec![state.paths.config_file()];
    files.extend(state.config.files());
    let home = &state.paths.home;
    for (_, shell) in state.shells.iter() {
        for dir in shell.cwd.ancestors().take_while(|dir| *dir != home.as_path()).take(32) {
            files.push(dir.join(".llmenv.toml"));
        }
    }
    files.sort();
    files.dedup();
    files
}

/// Which `.env` files hold something else than before. One that is looked at for the first time is no news.
fn look_at_rivals(rivals: Vec<PathBuf>, before: &Contents, look: &mut Look) {
    for path in rivals {
        let content = rivals::content(&path);
        if content.is_some() && before.get(&path).is_some_and(|before| *before != content) {
            look.changed.extend(rivals::read(&path));
        }
        look.rivals.insert(path, content);
    }
}

fn look_at(mut files: Vec<PathBuf>, rivals: &[PathBuf], home: &Path, places: &[PathBuf]) -> Look {
    let links: Vec<_> = files.iter().flat_map(|file| targets(file)).collect();
    files.extend(links);
    let count = files.len();
    files.extend(rivals.iter().flat_map(|file| std::iter::once(file.clone()).chain(targets(file))));
    let mut look = Look {
        folders: HashMap::new(),
        names: HashSet::new(),
        content: [0; 32],
        rivals: HashMap::new(),
        changed: Vec::new(),
    };
    let mut hash = Sha256::new();
    for (at, file) in files.iter().enumerate() {
        // What `.env` files hold changes nothing about the configuration.
        if at < count
            && let Ok((content, _)) = bounded::read(file, MAX_FILE_BYTES, Links::Follow)
        {
            hash.update(file.as_os_str().as_encoded_bytes());
            hash.update([0]);
            hash.update((content.len() as u64).to_le_bytes());
            hash.update(&content);
        }
        // Where its folder is not there yet, the one above it announces that it comes.
        let mut path = file.as_path();
        while let (Some(folder), Some(name)) = (path.parent(), path.file_name()) {
            if let Some(identity) = identity(folder) {
                look.names.insert(name.to_owned());
                if look.folders.len() < MAX_FOLDERS && !is_everybodys(folder) {
                    look.folders.insert(folder.to_owned(), identity);
                }
                break;
            }
            if folder == home {
                break;
            }
            path = folder;
        }
    }
    for place in places {
        if let Some(identity) = identity(place) {
            look.folders.insert(place.clone(), identity);
        }
    }
    look.content = hash.finalize().into();
    look
}

/// Where a link leads, link by link: a configuration that is one into a folder of dotfiles changes there. The last need not
/// exist: a checkout of other files takes it away for a moment.
fn targets(file: &Path) -> Vec<PathBuf> {
    let mut targets: Vec<PathBuf> = Vec::new();
    while targets.len() < MAX_LINKS {
        let link = targets.last().map_or(file, PathBuf::as_path);
        let (Ok(target), Some(folder)) = (std::fs::read_link(link), link.parent()) else { break };
        targets.push(folder.join(target));
    }
    targets
}

/// Says whether everybody writes there, as in `/tmp`: it changes all the time, and the slow look does for it.
#[cfg(unix)]
fn is_everybodys(folder: &Path) -> bool {
    std::fs::metadata(folder).is_ok_and(|meta| std::os::unix::fs::MetadataExt::mode(&meta) & 0o1000 != 0)
}

#[cfg(windows)]
fn is_everybodys(_folder: &Path) -> bool {
    false
}

/// Tells a folder from another one of the same name; `None`: there is no such folder.
///
/// Its number alone does not: many file systems give the number of a folder that was removed to the next one made.
fn identity(folder: &Path) -> Option<Identity> {
    let meta = std::fs::metadata(folder).ok().filter(std::fs::Metadata::is_dir)?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&meta);
    #[cfg(windows)]
    let number = 0;
    Some((number, meta.created().ok()))
}
