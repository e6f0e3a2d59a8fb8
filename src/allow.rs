//! What the user allowed: files of others (pins, included profiles) by canonical path and content.
//!
//! One JSON file a path in the state folder, named after the SHA-256 of the path, so that a question costs one small read:
//! ```text
//! {"v":1,"path":"/home/me/work/.llmenv.toml","denied":false,"hashes":["9f2c…"],"content":"profile = \"work\"\n"}
//! ```
//! `hashes` holds the last [`MAX_HASHES`] contents allowed there, newest first, so that changing between two branches asks once for
//! each; `content` is the newest, which keeps serving where a change waits to be allowed. A damaged file counts as absent: it asks again.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::bounded::{self, Links};
use crate::error::{Error, Result};

/// How many contents of one path stay allowed.
pub const MAX_HASHES: usize = 16;

/// The largest file that can be allowed.
pub const MAX_CONTENT_BYTES: u64 = 1 << 20;

/// JSON writes a control character as six; the rest of an entry is small.
const MAX_ENTRY_BYTES: u64 = 7 * MAX_CONTENT_BYTES;

/// What the user said about a path with a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// This content, at this path, was allowed.
    Allowed,
    /// Another content was allowed at this path.
    Changed,
    /// The path was denied, whatever it holds.
    Denied,
    /// Nothing was said yet.
    Unknown,
}

/// The list, kept in a folder. Two processes may change it at the same time; for one path the later one wins.
#[derive(Clone, Debug)]
pub struct AllowList {
    dir: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    v: u32,
    path: String,
    denied: bool,
    hashes: Vec<String>,
    content: Option<String>,
}

impl AllowList {
    /// The list in this state folder. Reads and creates nothing yet.
    pub fn new(state_dir: &Path) -> Self {
        Self { dir: state_dir.join("allowed") }
    }

    /// Says what was decided about a canonical path that now holds this content.
    pub fn status(&self, path: &Path, content: &[u8]) -> Status {
        match self.entry(path) {
            None => Status::Unknown,
            Some(entry) if entry.denied => Status::Denied,
            Some(entry) if entry.hashes.contains(&hex_hash(content)) => Status::Allowed,
            Some(entry) if entry.hashes.is_empty() => Status::Unknown,
            Some(_) => Status::Changed,
        }
    }

    /// Allows this content at this canonical path, and forgets that the path was denied.
    pub fn allow(&self, path: &Path, content: &[u8]) -> Result<()> {
        let text = std::str::from_utf8(content).ok().filter(|text| text.len() as u64 <= MAX_CONTENT_BYTES).ok_or_else(
            || Error::new(format!("`{}` is not text in UTF-8 of at most 1 MiB", crate::printable::path(path))),
        )?;
        let mut hashes = self.entry(path).filter(|entry| !entry.denied).map(|entry| entry.hashes).unwrap_or_default();
        let hash = hex_hash(content);
        hashes.retain(|known| *known != hash);
        hashes.insert(0, hash);
        hashes.truncate(MAX_HASHES);
        self.put(path, false, hashes, Some(text.to_owned()))
    }

    /// Denies a canonical path: it is left out silently until it is allowed again. Everything allowed there is forgotten.
    pub fn deny(&self, path: &Path) -> Result<()> {
        self.put(path, true, Vec::new(), None)
    }

    /// Gives the content that was allowed last at this canonical path.
    pub fn last_allowed(&self, path: &Path) -> Option<String> {
        self.entry(path).filter(|entry| !entry.denied).and_then(|entry| entry.content)
    }

    fn put(&self, path: &Path, denied: bool, hashes: Vec<String>, content: Option<String>) -> Result<()> {
        if !path.is_absolute() {
            return Err(Error::new(format!("`{}` is not an absolute path", crate::printable::path(path))));
        }
        crate::paths::create_private_dir(&self.dir)?;
        let entry = Entry { v: 1, path: path.to_string_lossy().into_owned(), denied, hashes, content };
        let json =
            serde_json::to_vec(&entry).map_err(|err| Error::new(format!("cannot write what was allowed: {err}")))?;
        crate::atomic::write(&self.file(path), &json, 0o600)
    }

    fn entry(&self, path: &Path) -> Option<Entry> {
        let (json, _) = bounded::read(&self.file(path), MAX_ENTRY_BYTES, Links::Refuse).ok()?;
        serde_json::from_slice(&json).ok().filter(|entry: &Entry| entry.v == 1)
    }

    fn file(&self, path: &Path) -> PathBuf {
        self.dir.join(hex_hash(path.as_os_str().as_encoded_bytes()) + ".json")
    }
}

fn hex_hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
