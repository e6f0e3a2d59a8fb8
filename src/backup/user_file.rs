//! A file of the user's as it is now: read with care, written as a whole, never through a name that leads to somebody else.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::MAX_FILE_BYTES;
use crate::atomic::{self, Expected};
use crate::bounded::{self, Links, NotRead};
use crate::error::{Error, Result};
use crate::printable;

/// The mode of a file that llmenv makes; a tool's settings may hold a token.
const NEW_MODE: u32 = 0o600;

/// A content; wiped when dropped, since it may hold a key.
pub type Content = Zeroizing<Vec<u8>>;

/// A file as it is now.
#[derive(Clone, Debug)]
pub struct UserFile {
    /// The name by which it was asked for, absolute.
    pub path: PathBuf,
    /// The file itself; another than `path` where that is a symbolic link.
    pub target: PathBuf,
    /// What it holds; `None`: there is none.
    pub content: Option<Content>,
    /// Its permission bits, or those it will get.
    pub mode: u32,
}

impl UserFile {
    /// Reads it. Fails where it is no file of this user's, too large, or a link that is not to be followed.
    pub fn open(path: &Path, links: Links) -> Result<Self> {
        let path = std::path::absolute(path).map_err(|err| Error::io("find", path, &err))?;
        let is_link = std::fs::symlink_metadata(&path).is_ok_and(|meta| meta.file_type().is_symlink());
        if is_link && links == Links::Refuse {
            let target = std::fs::read_link(&path).unwrap_or_default();
            return Err(Error::new(format!(
                "`{}` is a symbolic link to `{}`, which is not written through",
                printable::path(&path),
                printable::path(&target)
            ))
            .hint("edit the file it points to; nothing was changed"));
        }
        let target = if is_link {
            std::fs::canonicalize(&path).map_err(|err| {
                Error::new(format!("`{}` is a symbolic link that leads nowhere: {err}", printable::path(&path)))
                    .hint("make the file it points to, or remove the link; nothing was changed")
            })?
        } else {
            path.clone()
        };
        let (content, mode) = match bounded::read(&target, MAX_FILE_BYTES, Links::Refuse) {
            Ok((bytes, meta)) => (Some(Zeroizing::new(bytes)), mode_of(&meta)),
            Err(NotRead::Missing) => (None, NEW_MODE),
            Err(why) => return Err(why.into_error(&path, MAX_FILE_BYTES).hint("nothing was changed")),
        };
        Ok(Self { path, target, content, mode })
    }

    /// What it holds; nothing where it is not there.
    pub fn bytes(&self) -> &[u8] {
        self.content.as_ref().map_or(&[], |content| content)
    }

    /// How messages name it.
    pub fn shown(&self) -> String {
        if self.path == self.target {
            printable::path(&self.path)
        } else {
            format!("{} (a link to {})", printable::path(&self.path), printable::path(&self.target))
        }
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
            {
                use std::os::unix::fs::MetadataExt;
                if meta.uid() != rustix::process::geteuid().as_raw() {
                    return refused(format!("`{shown}` belongs to user {}, not to you", meta.uid()));
                }
                if meta.nlink() > 1 {
                    return refused(format!(
                        "`{shown}` has a second name (a hard link), which would keep the old content"
                    ));
                }
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

    /// Puts another content in its place, or takes it away (`None`), if it still holds what it held.
    ///
    /// `false`: somebody else changed it meanwhile, and it is as they left it.
    pub fn replace(&self, after: Option<&[u8]>) -> Result<bool> {
        let expected = match &self.content {
            Some(now) => Expected::Bytes(now),
            None => Expected::Absent,
        };
        match after {
            // An existing file keeps its own mode: what is given here is only the most it may have.
            Some(bytes) if self.content.is_some() => atomic::write_if(&self.target, expected, bytes, 0o7777),
            Some(bytes) => atomic::write_if(&self.target, expected, bytes, self.mode),
            None => remove_if(&self.target, self.content.as_deref().map(Vec::as_slice)),
        }
    }
}

/// Removes a file if it holds these bytes.
fn remove_if(path: &Path, expected: Option<&[u8]>) -> Result<bool> {
    match (bounded::read(path, MAX_FILE_BYTES, Links::Refuse), expected) {
        (Ok((now, _)), Some(expected)) if now == expected => {
            std::fs::remove_file(path).map_err(|err| Error::io("remove", path, &err))?;
            Ok(true)
        }
        (Err(NotRead::Missing), None) => Ok(true),
        _ => Ok(false),
    }
}

/// The folders above a file that are not there, the outermost first.
pub(super) fn missing_folders(path: &Path) -> Vec<PathBuf> {
    let mut missing: Vec<PathBuf> =
        path.ancestors().skip(1).take_while(|dir| !dir.exists()).map(Path::to_owned).collect();
    missing.reverse();
    missing
}

/// Makes folders, for this user alone.
pub(super) fn make_folders(folders: &[PathBuf]) -> Result<()> {
    for dir in folders {
        #[cfg_attr(windows, allow(unused_mut))]
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(dir) {
            Ok(()) => {}
            Err(err) if err.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(err) => return Err(Error::io("create the folder", dir, &err)),
        }
    }
    Ok(())
}

/// Takes folders away again where nothing is in them, the innermost first.
pub(super) fn remove_folders(folders: &[PathBuf]) {
    for dir in folders.iter().rev() {
        // One that holds something by now stays; that is what the call is for.
        let _ = std::fs::remove_dir(dir);
    }
}

#[cfg(unix)]
fn mode_of(meta: &std::fs::Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o7777
}

#[cfg(windows)]
fn mode_of(_: &std::fs::Metadata) -> u32 {
    NEW_MODE
}
