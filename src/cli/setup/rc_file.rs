//! A start-up file of the user's: read with care, written as a whole, never through a name that leads to somebody else.

use std::path::{Path, PathBuf};

use super::block::{self, Block, Rest};
use crate::atomic::{self, Expected};
use crate::bounded::{self, Links, NotRead};
use crate::error::{Error, Result};
use crate::printable;

/// No start-up file is longer.
const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// The mode of a new one, as editors give it. It holds no secret.
const NEW_MODE: u32 = 0o644;

/// A start-up file as it is now.
pub struct RcFile {
    /// The name by which the shell reads it.
    pub path: PathBuf,
    /// The file itself, where the name is a symbolic link.
    pub target: PathBuf,
    /// What it holds; `None`: there is none.
    bytes: Option<Vec<u8>>,
    /// Our lines in it.
    pub blocks: Vec<Block>,
}

impl RcFile {
    /// Reads it. Fails where it is no file, no text, or where marks of ours have lost their partners.
    pub fn open(path: PathBuf) -> Result<Self> {
        let is_link = std::fs::symlink_metadata(&path).is_ok_and(|meta| meta.file_type().is_symlink());
        let target = if is_link {
            std::fs::canonicalize(&path).map_err(|err| {
                Error::new(format!("`{}` is a symbolic link that leads nowhere: {err}", printable::path(&path)))
                    .hint("make the file it points to, or remove the link; nothing was changed")
            })?
        } else {
            path.clone()
        };
        let bytes = match bounded::read(&target, MAX_BYTES, Links::Refuse) {
            Ok((bytes, _)) => Some(bytes),
            Err(NotRead::Missing) => None,
            Err(why) => return Err(why.into_error(&path, MAX_BYTES)),
        };
        if bytes.as_ref().is_some_and(|bytes| bytes.contains(&0)) {
            return Err(Error::new(format!("`{}` is no plain text (UTF-16, perhaps)", printable::path(&path)))
                .hint("save it as UTF-8, then run this again; nothing was changed"));
        }
        let blocks = block::find(bytes.as_deref().unwrap_or_default())
            .map_err(|(line, error)| error.at(format!("{}:{line}", printable::path(&path))))?;
        Ok(Self { path, target, bytes, blocks })
    }

    /// Its text, line by line, without our lines: numbers from 1. Bytes that are no UTF-8 are replaced.
    pub fn foreign_lines(&self) -> Vec<(usize, String)> {
        let text = String::from_utf8_lossy(self.bytes.as_deref().unwrap_or_default());
        let is_ours =
            |number: usize| self.blocks.iter().any(|block| (block.first_line..=block.last_line).contains(&number));
        text.lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line.to_owned()))
            .filter(|(number, _)| !is_ours(*number))
            .collect()
    }

    /// What the file is without our lines.
    pub fn rest(&self) -> Rest {
        match &self.bytes {
            Some(bytes) => block::without(bytes, &self.blocks),
            None => Rest::NoFile,
        }
    }

    /// Says whether it exists.
    pub fn exists(&self) -> bool {
        self.bytes.is_some()
    }

    /// Says whether its lines end in CR LF.
    pub fn has_crlf(&self) -> bool {
        block::has_crlf(self.bytes.as_deref().unwrap_or_default())
    }

    /// Says whether exactly these lines are in it, once.
    pub fn holds(&self, body: &[String]) -> bool {
        let [block] = &self.blocks[..] else { return false };
        let Some(bytes) = &self.bytes else { return false };
        let text = String::from_utf8_lossy(&bytes[block.range.clone()]);
        let lines: Vec<&str> = text.lines().map(|line| line.strip_suffix(" #").unwrap_or(line)).collect();
        lines.len() >= 2 && lines[1..lines.len() - 1] == *body
    }

    /// Fails where it could not be written, before anybody is asked about it.
    pub fn check_writable(&self) -> Result<()> {
        let shown = printable::path(&self.path);
        let refused = |why: String| Err(Error::new(why).hint("nothing was changed"));
        if let Ok(meta) = std::fs::symlink_metadata(&self.target) {
            if meta.permissions().readonly() {
                return refused(format!("`{shown}` is read-only"));
            }
            #[cfg(unix)]
            if std::os::unix::fs::MetadataExt::uid(&meta) != rustix::process::geteuid().as_raw() {
                return refused(format!("`{}` is not yours", printable::path(&self.target)));
            }
        }
        #[cfg(unix)]
        if let Some(dir) = self.target.parent().filter(|dir| dir.exists())
            && rustix::fs::access(dir, rustix::fs::Access::WRITE_OK).is_err()
        {
            return refused(format!("the folder of `{shown}` cannot be written"));
        }
        Ok(())
    }

    /// Puts our lines at its end, in place of any that are there.
    pub fn write(&self, body: &[String]) -> Result<()> {
        self.replace(&block::with(&self.rest(), body))
    }

    /// Takes our lines out; a file that was new with them goes.
    pub fn remove(&self) -> Result<()> {
        match self.rest() {
            Rest::Bytes(bytes) => self.replace(&bytes),
            Rest::NoFile => std::fs::remove_file(&self.target).map_err(|err| Error::io("remove", &self.target, &err)),
        }
    }

    fn replace(&self, bytes: &[u8]) -> Result<()> {
        let (expected, mode) = match &self.bytes {
            Some(now) => (Expected::Bytes(now), 0o7777),
            None => (Expected::Absent, NEW_MODE),
        };
        if let Some(dir) = self.target.parent().filter(|dir| !dir.exists()) {
            std::fs::create_dir_all(dir).map_err(|err| Error::io("create the folder", dir, &err))?;
        }
        if atomic::write_if(&self.target, expected, bytes, mode)? {
            return Ok(());
        }
        Err(Error::new(format!("`{}` was changed by somebody else meanwhile", printable::path(&self.path)))
            .hint("it is as they left it; run this again"))
    }
}

/// Reads the lines of a file for a look, if there is one and it can be read.
pub fn lines_of(path: &Path) -> Vec<(usize, String)> {
    RcFile::open(path.to_owned()).map(|file| file.foreign_lines()).unwrap_or_default()
}
