//! The sealed backups in the state folder: one file an action, kept for 30 days.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use zeroize::Zeroizing;

use super::{Key, seal};
use crate::atomic::{self, Expected};
use crate::bounded::{self, Links, NotRead};
use crate::error::{Error, ErrorKind, Result};
use crate::paths::{self, Paths};
use crate::printable;

/// How long a backup is kept.
pub const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// No backup is larger: the contents, with room for names.
const MAX_BACKUP_BYTES: u64 = 64 * 1024 * 1024;
/// More are not listed.
const MAX_LISTED: usize = 10_000;
/// What their names end with.
const SUFFIX: &str = ".sealed";

/// What is known of a backup without opening it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// By which `llmenv undo` names it; not in the file, which is named so.
    #[serde(skip)]
    pub id: String,
    /// When it was made, in seconds since 1970.
    pub made_at: u64,
    /// What changed the files: `doctor --fix`.
    pub what: String,
    /// The files, as messages name them.
    pub files: Vec<String>,
}

/// One file in a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The name by which it was asked for.
    pub path: PathBuf,
    /// The file itself.
    pub target: PathBuf,
    /// Its permission bits.
    pub mode: u32,
    /// What it held; `None`: there was none.
    pub before: Option<Zeroizing<Vec<u8>>>,
    /// SHA-256 of what llmenv left there; `None`: nothing.
    pub after: Option<[u8; 32]>,
    /// Folders that were made for it, the outermost first.
    pub folders: Vec<PathBuf>,
}

/// A backup that was opened.
#[derive(Clone, Debug)]
pub struct Record {
    /// What was known before.
    pub summary: Summary,
    /// The files, in the order in which they were written.
    pub files: Vec<Sealed>,
}

/// The folder of sealed backups.
#[derive(Clone, Debug)]
pub struct Backups {
    dir: PathBuf,
}

impl Backups {
    /// The one of this user and machine. Touches nothing.
    pub fn of(paths: &Paths) -> Self {
        Self { dir: paths.state_dir.join("backups") }
    }

    /// All backups that can be read, the newest first. Those older than 30 days are taken away on the way.
    pub fn list(&self) -> Result<Vec<Summary>> {
        self.sweep(now());
        // The time in them counts seconds, and a script does several things in one: then the file's own time tells.
        let written = |id: &str| std::fs::symlink_metadata(self.path(id)).and_then(|meta| meta.modified()).ok();
        let found = self.ids()?.into_iter().filter_map(|id| Some((written(&id), self.summary(&id).ok()?)));
        let mut found: Vec<(Option<SystemTime>, Summary)> = found.collect();
        found.sort_by(|(a_at, a), (b_at, b)| {
            b.made_at.cmp(&a.made_at).then_with(|| b_at.cmp(a_at)).then_with(|| a.id.cmp(&b.id))
        });
        Ok(found.into_iter().map(|(_, summary)| summary).collect())
    }

    /// Takes away what is older than 30 days at this time (seconds since 1970). What cannot be read goes by its file's age.
    pub fn sweep(&self, now: u64) {
        let Ok(ids) = self.ids() else { return };
        for id in ids {
            let path = self.path(&id);
            let made_at = self.summary(&id).map(|summary| summary.made_at).ok().or_else(|| {
                let modified = std::fs::symlink_metadata(&path).ok()?.modified().ok()?;
                Some(modified.duration_since(UNIX_EPOCH).ok()?.as_secs())
            });
            if made_at.is_some_and(|made_at| now.saturating_sub(made_at) > KEPT_FOR.as_secs()) {
                let _ = std::fs::remove_file(path);
            }
        }
    }

    /// Opens one.
    pub fn open(&self, id: &str, key: &Key) -> Result<Record> {
        let bytes = self.read(id)?;
        let at = |error: Error| error.at(format!("backup `{}`", printable::text(id)));
        let mut summary = seal::summary(&bytes).map_err(at)?;
        id.clone_into(&mut summary.id);
        Ok(Record { summary, files: seal::open(key, &bytes).map_err(at)? })
    }

    /// Says why there is none by this name that could be opened.
    pub fn why_not(&self, id: &str) -> Error {
        match self.read(id).and_then(|bytes| seal::summary(&bytes)) {
            Ok(_) => Error::new(format!("the backup `{}` came just now; run this again", printable::text(id))),
            Err(error) => error.at(format!("backup `{}`", printable::text(id))),
        }
    }

    /// Takes one away.
    pub fn remove(&self, id: &str) -> Result<()> {
        let path = self.path(id);
        std::fs::remove_file(&path).map_err(|err| Error::io("remove the backup", &path, &err))
    }

    /// Seals files and has them on the disk when it returns.
    pub(super) fn write(&self, key: &Key, what: &str, files: &[Sealed]) -> Result<String> {
        paths::create_private_dir(&self.dir)?;
        let shown = files.iter().map(|file| printable::path(&file.path)).collect();
        let summary = Summary { id: String::new(), made_at: now(), what: what.to_owned(), files: shown };
        let bytes = seal::seal(key, &summary, files)?;
        if bytes.len() as u64 > MAX_BACKUP_BYTES {
            return Err(Error::new("the files are too large to be kept together").hint("nothing was changed"));
        }
        // Short, for people type it; a name that is taken is not written over.
        for length in [4, 4, 4, 6, 8] {
            let mut random = [0u8; 4];
            getrandom::fill(&mut random)
                .map_err(|err| Error::new(format!("the system gives no random bytes: {err}")))?;
            let id = crate::fingerprint::hex(&random)[..length].to_owned();
            if atomic::write_if(&self.path(&id), Expected::Absent, &bytes, 0o600)? {
                return Ok(id);
            }
        }
        Err(Error::new("there are too many backups").hint("nothing was changed"))
    }

    fn path(&self, id: &str) -> PathBuf {
        self.dir.join(format!("{id}{SUFFIX}"))
    }

    fn ids(&self) -> Result<Vec<String>> {
        let entries = match std::fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(err) => return Err(Error::io("list the backups in", &self.dir, &err)),
        };
        let names = entries.flatten().take(MAX_LISTED).filter_map(|entry| entry.file_name().into_string().ok());
        Ok(names.filter_map(|name| name.strip_suffix(SUFFIX).filter(|id| is_id(id)).map(str::to_owned)).collect())
    }

    fn read(&self, id: &str) -> Result<Vec<u8>> {
        let missing = || {
            Error::of(ErrorKind::NotFound, format!("there is no backup `{}`", printable::text(id)))
                .hint("`llmenv undo --list` lists them; they are kept for 30 days")
        };
        if !is_id(id) {
            return Err(missing());
        }
        let path = self.path(id);
        match bounded::read(&path, MAX_BACKUP_BYTES, Links::Refuse) {
            Ok((bytes, _)) => Ok(bytes),
            Err(NotRead::Missing) => Err(missing()),
            Err(why) => Err(why.into_error(&path, MAX_BACKUP_BYTES)),
        }
    }

    fn summary(&self, id: &str) -> Result<Summary> {
        let mut summary = seal::summary(&self.read(id)?)?;
        id.clone_into(&mut summary.id);
        Ok(summary)
    }

    /// The folder, for messages and tests.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

/// Says whether a word can name a backup, so that it never leads out of the folder.
fn is_id(word: &str) -> bool {
    (4..=8).contains(&word.len()) && word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
