//! Where a source writes what it finds, and by which it reads: with caps, a deadline and a note of everything that was not read.

use std::path::{Path, PathBuf};
use std::time::Instant;

use zeroize::Zeroizing;

use super::collect::{Collected, Unread};
use super::{Assignment, Held, Kind, Origin, Scene, Sought};
use crate::bounded::{self, Links, NotRead};

/// The largest file that is read; real ones have a few kilobytes.
pub const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// The most assignments of one source: nobody reads more.
const MAX_ASSIGNMENTS: usize = 20_000;

/// One source's search.
pub struct Search<'a> {
    /// From where it looks.
    pub scene: &'a Scene,
    /// What is asked for.
    pub sought: &'a Sought,
    kind: Kind,
    deadline: Instant,
    found: Collected,
}

impl<'a> Search<'a> {
    /// Begins with nothing found.
    pub fn new(kind: Kind, scene: &'a Scene, sought: &'a Sought, deadline: Instant) -> Self {
        Self { scene, sought, kind, deadline, found: Collected::default() }
    }

    /// What was found.
    pub fn finish(self) -> Collected {
        self.found
    }

    /// Whether the time is over. Says so once, as something that was not read.
    pub fn is_over(&mut self) -> bool {
        if Instant::now() < self.deadline {
            return false;
        }
        self.found.is_cut = true;
        true
    }

    /// The end of the time there is.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Reads a file; `None`: there is none, or it is none that can be read, which is noted.
    pub fn read(&mut self, path: &Path) -> Option<Zeroizing<Vec<u8>>> {
        if self.is_over() {
            return None;
        }
        match bounded::read(path, MAX_FILE_BYTES, Links::Follow) {
            Ok((bytes, _)) => {
                let bytes = Zeroizing::new(bytes);
                self.found.read.push((self.kind, path.to_owned()));
                if self.kind == Kind::Dotenv {
                    self.found.contents.push((path.to_owned(), bytes.clone()));
                }
                Some(bytes)
            }
            // A link that leads nowhere is there, and whoever put it wants to know.
            Err(NotRead::Missing) if path.symlink_metadata().is_err() => None,
            Err(NotRead::Missing) => {
                self.note(Some(path), "it is a link to a file that is not there");
                None
            }
            Err(reason) => {
                let reason = reason.into_error(path, MAX_FILE_BYTES).message;
                self.note(Some(path), reason);
                None
            }
        }
    }

    /// The same for text; other encodings than UTF-8 are noted and read as far as they are text.
    pub fn read_text(&mut self, path: &Path) -> Option<Zeroizing<String>> {
        let bytes = self.read(path)?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Some(Zeroizing::new(text.to_owned()));
        }
        if let Some(text) = utf16(bytes) {
            return Some(text);
        }
        self.note(Some(path), "it is not UTF-8 throughout");
        Some(Zeroizing::new(String::from_utf8_lossy(bytes).into_owned()))
    }

    /// Files of a folder whose names satisfy `is_wanted`, sorted by name, at most `most`.
    pub fn files_in(&mut self, folder: &Path, most: usize, is_wanted: &dyn Fn(&str) -> bool) -> Vec<PathBuf> {
        if self.is_over() {
            return Vec::new();
        }
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries
            .filter(|entry| entry.file_name().to_str().is_some_and(is_wanted))
            .map(|entry| entry.path())
            .take(most)
            .collect();
        paths.sort();
        paths
    }

    /// Notes a place that could not be looked at. The reason quotes nothing of a file.
    pub fn note(&mut self, path: Option<&Path>, reason: impl Into<String>) {
        let path = path.map(Path::to_owned);
        self.found.unread.push(Unread { kind: self.kind, path, reason: reason.into() });
    }

    /// Adds an assignment, if it is asked for.
    pub fn add(&mut self, name: &str, held: Held, origin: Origin, exported: bool) {
        if self.sought.has(name) && self.found.assignments.len() < MAX_ASSIGNMENTS {
            self.found.assignments.push(Assignment { name: name.to_owned(), held, origin, exported });
        }
    }

    /// Makes what was found at this place one that programs get: `export NAME` after `NAME=…`.
    pub fn export(&mut self, name: &str, origin: &Origin) {
        for found in self.found.assignments.iter_mut().filter(|found| found.name == name && found.origin == *origin) {
            found.exported = true;
        }
    }

    /// Adds one that programs get.
    pub fn add_exported(&mut self, name: &str, held: Held, origin: Origin) {
        self.add(name, held, origin, true);
    }
}

/// Text that Windows' editors and `>` of its PowerShell write.
pub fn utf16(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let unit: fn([u8; 2]) -> u16 = match bytes.get(..2)? {
        [0xff, 0xfe] => u16::from_le_bytes,
        [0xfe, 0xff] => u16::from_be_bytes,
        _ => return None,
    };
    let units = Zeroizing::new(bytes[2..].chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect::<Vec<u16>>());
    String::from_utf16(&units).ok().map(Zeroizing::new)
}
