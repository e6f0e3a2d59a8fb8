//! Editing files of the user's: planned, sealed, written, taken back.

mod action;
mod command;
mod crash;
mod diff;
mod seal;
mod undo;

use std::path::{Path, PathBuf};

use llmenv::backup::{Backups, Key};
use llmenv::paths::Paths;

/// A home of files, and a state folder apart from it.
pub struct Scene {
    dir: tempfile::TempDir,
    pub backups: Backups,
    pub key: Key,
}

impl Scene {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = |sub: &str| dir.path().join(sub);
        let paths = Paths {
            home: at("home"),
            config_dir: at("config"),
            data_dir: at("data"),
            state_dir: at("state"),
            runtime_dir: None,
        };
        std::fs::create_dir(&paths.home).unwrap();
        Self { backups: Backups::of(&paths), key: Key::random().unwrap(), dir }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("home").join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Every sealed file, as bytes.
    pub fn sealed(&self) -> Vec<Vec<u8>> {
        let Ok(entries) = std::fs::read_dir(self.backups.dir()) else { return Vec::new() };
        entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
    }
}

/// Names in a folder, sorted.
pub fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Says whether one is somewhere in the other.
pub fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}
