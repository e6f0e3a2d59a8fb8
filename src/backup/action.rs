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
    pub(crate) fn set_mode(&mut self, target: &Path, mode: u32) {
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
        let what = self.what.clone();
        let (edits, sealed) = self.ready()?;
        backups.sweep(record::now());
        let id = backups.write(key, &what, &sealed)?;
        match write_all(&edits, &sealed) {
            Ok(()) => Ok(Applied { id, files: edits.into_iter().map(|edit| edit.file.path).collect() }),
            Err(Failed { error, is_as_before: true }) => {
                let _ = backups.remove(&id);
                Err(error.hint("no file was changed"))
            }
            Err(Failed { error, .. }) => {
                Err(error.hint(format!("some files were changed before that; `llmenv undo {id}` restores them")))
            }
        }
    }

    /// Writes file by file where there is no key yet to seal their earlier contents with: `setup` puts its lines in before a store is
    /// chosen, and its lines tell by themselves how to take them out. Fails as [`Action::apply`] does.
    pub fn apply_unsealed(self) -> Result<Unsealed> {
        let what = self.what.clone();
        let (edits, sealed) = self.ready()?;
        match write_all(&edits, &sealed) {
            Ok(()) => Ok(Unsealed { what, files: sealed }),
            Err(Failed { error, is_as_before: true }) => Err(error.hint("no file was changed")),
            Err(Failed { error, .. }) => Err(error.hint("some files were changed before that")),
        }
    }

    /// The edits that change something, and what is to be kept of the files.
    fn ready(self) -> Result<(Vec<Edit>, Vec<Sealed>)> {
        let edits: Vec<Edit> = self.edits.into_iter().filter(Edit::changes).collect();
        if edits.is_empty() {
            return Err(Error::new("there is nothing to change"));
        }
        for edit in &edits {
            edit.file.check_writable()?;
        }
        let sealed = edits.iter().map(|edit| Sealed {
            path: edit.file.path.clone(),
            target: edit.file.target.clone(),
            mode: edit.file.mode,
            before: edit.file.content.clone(),
            after: edit.after.as_ref().map(|after| Sha256::digest(after.as_slice()).into()),
            folders: user_file::missing_folders(&edit.file.target),
        });
        let sealed = sealed.collect();
        Ok((edits, sealed))
    }
}

/// Edits that were written, and whose earlier contents are only in memory.
#[derive(Debug)]
pub struct Unsealed {
    what: String,
    files: Vec<Sealed>,
}

impl Unsealed {
    /// Seals the earlier contents; from then on `llmenv undo` knows them.
    pub fn seal(self, backups: &Backups, key: &Key) -> Result<Applied> {
        backups.sweep(record::now());
        let id = backups.write(key, &self.what, &self.files)?;
        Ok(Applied { id, files: self.files.into_iter().map(|file| file.path).collect() })
    }
}

/// A write that failed.
struct Failed {
    error: Error,
    /// Every file is as it was.
    is_as_before: bool,
}

/// Writes file by file; where one fails, those before it are put back.
fn write_all(edits: &[Edit], sealed: &[Sealed]) -> Result<(), Failed> {
    for (at, (edit, earlier)) in edits.iter().zip(sealed).enumerate() {
        let written = user_file::make_folders(&earlier.folders)
            .and_then(|()| edit.file.replace(edit.after.as_ref().map(|after| after.as_slice())));
        let error = match written {
            Ok(true) => continue,
            Ok(false) => Error::new(format!("`{}` was changed by somebody else meanwhile", edit.file.shown()))
                .hint("it is as they left it; run this again"),
            Err(error) => error,
        };
        return Err(Failed { error, is_as_before: take_back(&edits[..at], &sealed_folders(&sealed[..=at])) });
    }
    Ok(())
}

fn sealed_folders(sealed: &[Sealed]) -> Vec<PathBuf> {
    sealed.iter().flat_map(|file| file.folders.iter().cloned()).collect()
}

/// Puts back what was written before a failure. Says whether all of it is as it was.
fn take_back(written: &[Edit], folders: &[PathBuf]) -> bool {
    let is_back = |edit: &Edit| {
        let now = UserFile { content: edit.after.clone(), ..edit.file.clone() };
        now.replace(edit.file.content.as_ref().map(|before| before.as_slice())).unwrap_or(false)
    };
    // Every one is tried, whatever became of the others.
    if written.iter().rev().filter(|edit| !is_back(edit)).count() > 0 {
        return false;
    }
    user_file::remove_folders(folders);
    true
}
