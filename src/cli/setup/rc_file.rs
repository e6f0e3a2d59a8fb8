//! A start-up file of the user's, and the lines of ours in it. Read and written as `backup` does it.

use std::path::Path;

use super::block::{self, Block, Rest};
use crate::backup::{Action, Unsealed, UserFile};
use crate::bounded::Links;
use crate::error::{Error, Result};
use crate::printable;

/// The mode of a new one, as editors give it. It holds no secret.
const NEW_MODE: u32 = 0o644;

/// A start-up file as it is now.
pub struct RcFile {
    /// The file: by the name by which the shell reads it, and where that leads.
    pub file: UserFile,
    /// Our lines in it.
    pub blocks: Vec<Block>,
}

impl RcFile {
    /// Reads it. Fails where it is no file, no text, or where marks of ours have lost their partners.
    pub fn open(path: &Path) -> Result<Self> {
        let file = UserFile::open(path, Links::Follow)?;
        if file.bytes().contains(&0) {
            return Err(Error::new(format!("`{}` is no plain text (UTF-16, perhaps)", printable::path(path)))
                .hint("save it as UTF-8, then run this again; nothing was changed"));
        }
        let blocks =
            block::find(file.bytes()).map_err(|(line, error)| error.at(format!("{}:{line}", printable::path(path))))?;
        Ok(Self { file, blocks })
    }

    /// Its text, line by line, without our lines: numbers from 1. Bytes that are no UTF-8 are replaced.
    pub fn foreign_lines(&self) -> Vec<(usize, String)> {
        let text = String::from_utf8_lossy(self.file.bytes());
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
        if self.exists() { block::without(self.file.bytes(), &self.blocks) } else { Rest::NoFile }
    }

    /// Says whether it exists.
    pub fn exists(&self) -> bool {
        self.file.content.is_some()
    }

    /// Says whether its lines end in CR LF.
    pub fn has_crlf(&self) -> bool {
        block::has_crlf(self.file.bytes())
    }

    /// Says whether exactly these lines are in it, once.
    pub fn holds(&self, body: &[String]) -> bool {
        let [block] = &self.blocks[..] else { return false };
        let text = String::from_utf8_lossy(&self.file.bytes()[block.range.clone()]);
        let lines: Vec<&str> = text.lines().map(|line| line.strip_suffix(" #").unwrap_or(line)).collect();
        lines.len() >= 2 && lines[1..lines.len() - 1] == *body
    }

    /// Puts our lines at its end, in place of any that are there.
    pub fn write(&self, body: &[String]) -> Result<Unsealed> {
        self.replace("setup", Some(block::with(&self.rest(), body)))
    }

    /// Takes our lines out; a file that was new with them goes.
    pub fn remove(&self) -> Result<Unsealed> {
        let rest = match self.rest() {
            Rest::Bytes(bytes) => Some(bytes),
            Rest::NoFile => None,
        };
        self.replace("setup --undo", rest)
    }

    fn replace(&self, what: &str, after: Option<Vec<u8>>) -> Result<Unsealed> {
        let mut action = Action::new(what);
        action.change(&self.file.path, Links::Follow, |now| {
            if now != self.file.content.as_ref().map(|seen| seen.as_slice()) {
                return Err(Error::new(format!("`{}` was changed by somebody else meanwhile", self.file.shown()))
                    .hint("it is as they left it; run this again"));
            }
            Ok(after)
        })?;
        action.set_mode(&self.file.target, NEW_MODE);
        action.apply_unsealed()
    }
}

/// Reads the lines of a file for a look, if there is one and it can be read.
pub fn lines_of(path: &Path) -> Vec<(usize, String)> {
    RcFile::open(path).map(|file| file.foreign_lines()).unwrap_or_default()
}
