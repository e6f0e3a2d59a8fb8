//! Taking an action back: each file gets its earlier content, byte for byte, if it still holds what llmenv left there.

use std::path::PathBuf;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::diff::{self, FileDiff};
use super::record::{Backups, Record, Sealed};
use super::user_file::{self, UserFile};
use super::{Action, Applied, Key};
use crate::bounded::Links;
use crate::error::{Error, Result};
use crate::printable;
use crate::proxy::token::{PREFIX, TOKEN_DIGITS};
use crate::secret::Secret;

/// How a file stands beside what llmenv left there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is as llmenv left it: it can be restored.
    AsLeft,
    /// It has its earlier content already.
    Restored,
    /// It was edited since.
    Edited,
    /// It was removed since.
    Removed,
    /// It cannot be written: a link now, somebody else's, a pipe. The text says which.
    Odd(String),
}

struct Step {
    sealed: Sealed,
    now: Option<UserFile>,
    standing: Standing,
}

/// A backup beside the files as they are now.
pub struct Undo {
    record: Record,
    steps: Vec<Step>,
}

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The files that have their earlier content again.
    pub files: Vec<PathBuf>,
    /// The backup of what was written over, where that was not what llmenv had left.
    pub over: Option<Applied>,
}

impl Undo {
    /// Looks at the files. Changes nothing.
    pub fn plan(record: Record) -> Self {
        let steps = record.files.iter().map(|sealed| look(sealed.clone())).collect();
        Self { record, steps }
    }

    /// The backup.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Each file and how it stands.
    pub fn standings(&self) -> impl Iterator<Item = (&std::path::Path, &Standing)> {
        self.steps.iter().map(|step| (step.sealed.path.as_path(), &step.standing))
    }

    /// Tokens of the proxy that the files hold now and do not hold once they are restored.
    pub fn tokens_gone(&self) -> Vec<Secret> {
        let restored = |step: &&Step| !matches!(step.standing, Standing::Restored | Standing::Odd(_));
        let kept: Vec<&str> =
            self.steps.iter().filter(restored).flat_map(|step| tokens(step.sealed.before.as_ref())).collect();
        let now = self.steps.iter().filter(restored).filter_map(|step| step.now.as_ref());
        let mut gone: Vec<&str> = now.flat_map(|file| tokens(file.content.as_ref())).collect();
        gone.sort_unstable();
        gone.dedup();
        gone.into_iter().filter(|token| !kept.contains(token)).map(Secret::new).collect()
    }

    /// What restoring would change, for a person. Files that cannot be written are left out.
    pub fn diff(&self) -> Vec<FileDiff> {
        let steps = self.steps.iter().filter(|step| step.standing != Standing::Restored);
        steps
            .filter_map(|step| {
                let now = step.now.as_ref()?;
                let content = now.content.as_ref().map(|content| content.as_slice());
                let before = step.sealed.before.as_ref().map(|before| before.as_slice());
                Some(diff::of(&now.shown(), content, before, &[]))
            })
            .collect()
    }

    /// Restores every file, and takes the backup away. `force` writes over files that were edited or removed since; what they
    /// hold now is sealed first. Fails, with nothing changed, where a file is not as llmenv left it and `force` is not given.
    pub fn apply(self, backups: &Backups, key: &Key, force: bool) -> Result<Restored> {
        self.check(force)?;
        let id = &self.record.summary.id;
        let is_foreign = |step: &Step| matches!(step.standing, Standing::Edited | Standing::Removed);
        let mut over = None;
        let mut files = Vec::new();
        if self.steps.iter().any(is_foreign) {
            let mut action = Action::new(format!("undo --force {id}"));
            for step in self.steps.iter().filter(|step| is_foreign(step)) {
                let before = step.sealed.before.as_ref().map(|before| before.to_vec());
                action.change(&step.sealed.target, Links::Refuse, |_| Ok(before))?;
                action.set_mode(&step.sealed.target, step.sealed.mode);
            }
            if !action.is_empty() {
                let applied = action.apply(backups, key)?;
                files.extend(applied.files.iter().cloned());
                over = Some(applied);
            }
        }
        for step in self.steps.iter().filter(|step| step.standing == Standing::AsLeft) {
            restore(step)?;
            files.push(step.sealed.path.clone());
        }
        for step in &self.steps {
            if step.sealed.before.is_none() {
                user_file::remove_folders(&step.sealed.folders);
            }
        }
        backups.remove(id)?;
        Ok(Restored { files, over })
    }

    /// Fails where a file is in the way.
    pub fn check(&self, force: bool) -> Result<()> {
        let id = &self.record.summary.id;
        let mut in_the_way: Vec<String> = Vec::new();
        let mut can_be_forced = true;
        for step in &self.steps {
            let shown = printable::path(&step.sealed.path);
            match &step.standing {
                Standing::Edited if !force => in_the_way.push(format!("{shown} was edited since")),
                Standing::Removed if !force => in_the_way.push(format!("{shown} was removed since")),
                Standing::Odd(why) => {
                    can_be_forced = false;
                    in_the_way.push(why.clone());
                }
                _ => {}
            }
        }
        if in_the_way.is_empty() {
            return Ok(());
        }
        let mut error = Error::new("not every file is as llmenv left it, so none was restored");
        error.at = in_the_way;
        error = error.hint(format!("`llmenv undo {id} --show` shows what would change"));
        Err(if can_be_forced {
            error.hint(format!("`llmenv undo {id} --force` restores all the same, and keeps what they hold now"))
        } else {
            error.hint("move what is in the way aside, then run this again")
        })
    }
}

/// What looks like a token of the proxy in a file.
fn tokens(content: Option<&Zeroizing<Vec<u8>>>) -> impl Iterator<Item = &str> {
    let text = content.and_then(|content| std::str::from_utf8(content).ok()).unwrap_or_default();
    text.match_indices(PREFIX).filter_map(|(at, _)| {
        let digits = text[at + PREFIX.len()..].bytes().take_while(u8::is_ascii_hexdigit).count();
        (digits == TOKEN_DIGITS).then(|| &text[at..at + PREFIX.len() + digits])
    })
}

fn look(sealed: Sealed) -> Step {
    let odd = |sealed: Sealed, why: String| Step { sealed, now: None, standing: Standing::Odd(why) };
    let shown = printable::path(&sealed.path);
    if sealed.path != sealed.target && std::fs::canonicalize(&sealed.path).ok().as_ref() != Some(&sealed.target) {
        return odd(sealed, format!("{shown} is no longer a link to the file that was changed"));
    }
    let now = match UserFile::open(&sealed.target, Links::Refuse) {
        Ok(file) => UserFile { path: sealed.path.clone(), ..file },
        Err(error) => return odd(sealed, error.message),
    };
    let standing = if now.content == sealed.before {
        Standing::Restored
    } else if let Err(error) = now.check_writable() {
        Standing::Odd(error.message)
    } else {
        match (&now.content, sealed.after) {
            (Some(content), Some(after)) if <[u8; 32]>::from(Sha256::digest(content.as_slice())) == after => {
                Standing::AsLeft
            }
            (None, None) => Standing::AsLeft,
            (None, Some(_)) => Standing::Removed,
            _ => Standing::Edited,
        }
    };
    Step { sealed, now: Some(now), standing }
}

fn restore(step: &Step) -> Result<()> {
    let Some(now) = &step.now else { return Ok(()) };
    let file = UserFile { mode: step.sealed.mode, ..now.clone() };
    user_file::make_folders(&user_file::missing_folders(&file.target))?;
    if file.replace(step.sealed.before.as_ref().map(|before| before.as_slice()))? {
        return Ok(());
    }
    Err(Error::new(format!("`{}` was changed by somebody else meanwhile", file.shown()))
        .hint("it is as they left it; run this again for the rest"))
}
