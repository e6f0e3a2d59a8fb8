//! A key that something else keeps in a file: `key = { file = "/run/secrets/openai_api_key" }`.
//!
//! A path comes in, the key goes out. It is read at every use, so that a changed file is noticed; the daemon and the
//! foreground commands call this off their event loop, since the file may lie on a mount that hangs.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::secret::Secret;

/// The most that is read of a file or of a program's output.
pub const MAX_KEY_BYTES: usize = 64 * 1024;

/// Reads the key from its file.
///
/// The file may be reached through symbolic links (Docker and Kubernetes mount secrets so) but must be a regular file
/// that belongs to this user or to root. One line break at its end is cut; a second line is an error.
pub fn read_key(path: &Path) -> Result<Secret> {
    let shown = crate::printable::path(path);
    if !path.is_absolute() {
        return Err(Error::new(format!("the key file `{shown}` is not an absolute path"))
            .hint("write the whole path, starting with `/`"));
    }
    let mut file = open_regular(path).map_err(|err| {
        Error::io("read the key file", path, &err).hint("the profile's `key = { file = … }` names it")
    })?;
    check_owner(&file, path)?;
    let mut content = Zeroizing::new(Vec::with_capacity(MAX_KEY_BYTES + 1));
    (&mut file)
        .take(MAX_KEY_BYTES as u64 + 1)
        .read_to_end(&mut content)
        .map_err(|err| Error::io("read the key file", path, &err))?;
    one_key(&content, &format!("the key file `{shown}`"))
}

/// Takes the one key out of what a file holds or a program printed; `what` names it in errors.
pub(super) fn one_key(content: &[u8], what: &str) -> Result<Secret> {
    if content.len() > MAX_KEY_BYTES {
        return Err(Error::new(format!("{what} is longer than {} KiB, no key is", MAX_KEY_BYTES / 1024)));
    }
    let text = std::str::from_utf8(content).map_err(|_| Error::new(format!("{what} is not text")))?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(Error::new(format!("{what} is empty")));
    }
    if text.contains(['\n', '\r']) {
        return Err(Error::new(format!("{what} has more than one line, a key is one")));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::new(format!("{what} has a control character in it")));
    }
    Ok(Secret::new(text))
}

/// Opens a file that may be anything, without waiting for the other end of a FIFO, and refuses all but regular files.
pub(super) fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits().cast_signed());
    }
    // A device may act on being opened at all; the second look is at what was really opened.
    let regular = |is_file: bool| if is_file { Ok(()) } else { Err(io::Error::other("not a regular file")) };
    regular(std::fs::metadata(path)?.is_file())?;
    let file = options.open(path)?;
    regular(file.metadata()?.is_file())?;
    Ok(file)
}

#[cfg(unix)]
fn check_owner(file: &File, path: &Path) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    let owner = file.metadata().map_err(|err| Error::io("look at the key file", path, &err))?.uid();
    let euid = rustix::process::geteuid().as_raw();
    if owner == euid || owner == 0 {
        return Ok(());
    }
    Err(Error::new(format!(
        "the key file `{}` belongs to user {owner}, not to you or root",
        crate::printable::path(path)
    )))
}

#[cfg(windows)]
#[allow(clippy::unnecessary_wraps)]
fn check_owner(_file: &File, _path: &Path) -> Result<()> {
    Ok(())
}
