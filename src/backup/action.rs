//! Edits of several files that belong together: planned on what the files hold now, then written all or none.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::diff::{self, FileDiff};
use super::record::{self, Backups, Sealed};
use super::user_file::{self, Content, UserFile};
use super::{Key, MAX_ACTION_BYTES, MAX_FILE_BYTES};
use crate::bounded::Links;
use crate::error::{Error, Result};
use crate::printable;
use crate::secret::Secret;

/// Edits that are planned and not written yet.
#[derive(Debug)]
pub struct Action {
    what: String,
    edits: Vec<Edit>,
    hidden: Vec<Secret>,
}

#[derive(Debug)]
struct Edit {
    file: UserFile,
    after: Option<Content>,
}

impl Edit {
    fn changes(&self) -> bool {
        self.after != self.file.content
    }
}

/// Edits that were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// What `llmenv undo` takes.
    pub id: String,
    /// The files that were written, by the names by which they were asked for.
    pub files: Vec<PathBuf>,
}

impl Action {
    /// Begins one. `what` is shown by `llmenv undo`: the command that did it.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), edits: Vec::new(), hidden: Vec::new() }
    }

    /// Plans the edit of a file that is there: bytes to bytes. Says whether that changes anything.
    ///
    /// Fails where there is no such file, where it is one that must not be written, and where `plan` fails.
    pub fn edit(&mut self, path: &Path, links: Links, plan: impl FnOnce(&[u8]) -> Result<Vec<u8>>) -> Result<bool> {
        self.change(path, links, |now| match now {
            Some(now) => plan(now).map(Some),
            None => Err(Error::new(format!("there is no `{}`", printable::path(path)))),
        })
    }

    /// Plans the edit of a file that may not be there yet (`None` in), or goes (`None` out).
    pub fn change(
        &mut self,
        path: &Path,
        links: Links,
        plan: impl FnOnce(Option<&[u8]>) -> Result<Option<Vec<u8>>>,
    ) -> Result<bool> {
        let file = UserFile::open(path, links)?;
        let known = self.edits.iter().position(|edit| edit.file.target == file.target);
        let now = match known {
            Some(at) => self.edits[at].after.clone(),
            None => file.content.clone(),
        };
        let after = plan(now.as_ref().map(|now| now.as_slice()))?.map(Zeroizing::new);
        if after.as_ref().is_some_and(|after| after.len() as u64 > MAX_FILE_BYTES) {
            return Err(Error::new(format!("`{}` would become too large", file.shown())).hint("nothing was changed"));
        }
        let changes = after != now;
        if let Some(at) = known {
            self.edits[at].after = after;
        } else if changes {
            file.check_writable()?;
            self.edits.push(Edit { file, after });
        }
        let held = |edit: &Edit| edit.file.bytes().len();
        if self.edits.iter().map(held).sum::<usize>() > MAX_ACTION_BYTES {
            return Err(Error::new("that is more than one action may change").hint("nothing was changed"));
        }
        Ok(changes)
    }

    /// Gives a file that is not there now these permission bits.
    pub(super) fn set_mode(&mut self, target: &Path, mode: u32) {
        for edit in self.edits.iter_mut().filter(|edit| edit.file.target == target && edit.file.content.is_none()) {
            edit.file.mode = mode;
        }
    }

    /// Masks a value in the diff that its place does not give away as a secret.
    pub fn hide(&mut self, secret: &Secret) {
        self.hidden.push(secret.clone());
    }

    /// Says whether nothing would change.
    pub fn is_empty(&self) -> bool {
        !self.edits.iter().any(Edit::changes)
    }

    /// The files that would change, by the names by which they were asked for.
    pub fn files(&self) -> Vec<&Path> {
        self.edits.iter().filter(|edit| edit.changes()).map(|edit| edit.file.path.as_path()).collect()
    }

    /// What a file will hold; none where nothing was planned for it, or it goes.
    pub fn planned(&self, path: &Path) -> Option<&[u8]> {
        let edit = self.edits.iter().find(|edit| edit.file.path == path || edit.file.target == path)?;
        edit.after.as_ref().map(|after| after.as_slice())
    }

    /// What would change, for a person: secrets masked, nothing that could move a cursor.
    pub fn diff(&self) -> Vec<FileDiff> {
        let changed = self.edits.iter().filter(|edit| edit.changes());
        changed
            .map(|edit| {
                let after = edit.after.as_ref().map(|after| after.as_slice());
                diff::of(&edit.file.shown(), edit.file.content.as_ref().map(|now| now.as_slice()), after, &self.hidden)
            })
            .collect()
    }

    /// Seals the earlier contents, then writes file by file. Fails, with every file as it was, where one cannot be written or
    /// was changed since it was read; where even that cannot be had, the error names the backup that restores it.
    pub fn apply(self, backups: &Backups, key: &Key) -> Result<Applied> {
        let edits: Vec<Edit> = self.edits.into_iter().filter(Edit::changes).collect();
        if edits.is_empty() {
            return Err(Error::new("there is nothing to change"));
        }
        for edit in &edits {
            edit.file.check_writable()?;
        }
        let sealed: Vec<Sealed> = edits
            .iter()
            .map(|edit| Sealed {
                path: edit.file.path.clone(),
                target: edit.file.target.clone(),
                mode: edit.file.mode,
                before: edit.file.content.clone(),
                after: edit.after.as_ref().map(|after| Sha256::digest(after.as_slice()).into()),
                folders: user_file::missing_folders(&edit.file.target),
            })
            .collect();
        backups.sweep(record::now());
        let id = backups.write(key, &self.what, &sealed)?;
        for (at, (edit, earlier)) in edits.iter().zip(&sealed).enumerate() {
            let written = user_file::make_folders(&earlier.folders)
                .and_then(|()| edit.file.replace(edit.after.as_ref().map(|after| after.as_slice())));
            let error = match written {
                Ok(true) => continue,
                Ok(false) => Error::new(format!("`{}` was changed by somebody else meanwhile", edit.file.shown()))
                    .hint("it is as they left it; run this again"),
                Err(error) => error,
            };
            return Err(take_back(error, &edits[..at], &sealed_folders(&sealed[..=at]), backups, &id));
        }
        Ok(Applied { id, files: edits.into_iter().map(|edit| edit.file.path).collect() })
    }
}

fn sealed_folders(sealed: &[Sealed]) -> Vec<PathBuf> {
    sealed.iter().flat_map(|file| file.folders.iter().cloned()).collect()
}

/// Puts back what was written before the failure.
fn take_back(error: Error, written: &[Edit], folders: &[PathBuf], backups: &Backups, id: &str) -> Error {
    let is_back = |edit: &Edit| {
        let now = UserFile { content: edit.after.clone(), ..edit.file.clone() };
        now.replace(edit.file.content.as_ref().map(|before| before.as_slice())).unwrap_or(false)
    };
    // Every one is tried, whatever became of the others.
    if written.iter().rev().filter(|edit| !is_back(edit)).count() == 0 {
        user_file::remove_folders(folders);
        let _ = backups.remove(id);
        return error.hint("no file was changed");
    }
    error.hint(format!("some files were changed before that; `llmenv undo {id}` restores them"))
}
