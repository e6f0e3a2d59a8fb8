//! Replacing a file as a whole: whoever reads it, whenever the machine stops, sees the old content or the new.
//!
//! The new content is written to a file beside it that did not exist before, forced to the disk, and renamed over the old one. The
//! name is never followed: a link, a folder, somebody else's file or one with a second name is refused, not written through.
//! A writer that was killed leaves its file beside the old one; the next writer takes it away. It knows it by the lock that
//! a living writer holds, so that two writers never take away each other's.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as platform;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as platform;

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::error::{Error, Result};

/// What a file must hold for [`write_if`] to replace it.
#[derive(Clone, Copy, Debug)]
pub enum Expected<'a> {
    /// Anything, or nothing.
    Anything,
    /// There must be no such file.
    Absent,
    /// Exactly these bytes.
    Bytes(&'a [u8]),
}

/// Writes a file as a whole. `mode` (Unix permission bits) is the most that is given: a file already there keeps what is narrower.
///
/// Fails, with the old file intact, where the name is a link, no regular file, another user's or has a second name, and where the
/// disk is full or the folder cannot be written.
pub fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    write_if(path, Expected::Anything, bytes, mode).map(|_| ())
}

/// Writes a file as a whole if it still holds what the caller saw; `false`: it does not, and nothing was changed.
///
/// The look and the replacement are next to each other, not one step: an editor that saves between them is overwritten.
pub fn write_if(path: &Path, expected: Expected, bytes: &[u8], mode: u32) -> Result<bool> {
    platform::write_if(path, expected, bytes, mode)
}

/// Splits a path into its folder and its name.
fn split(path: &Path) -> Result<(&Path, &OsStr)> {
    let name = path
        .file_name()
        .ok_or_else(|| Error::usage(format!("`{}` is not the name of a file", crate::printable::path(path))))?;
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    Ok((dir, name))
}

/// What the names of a file's temporary neighbours start with.
fn temp_prefix(name: &OsStr) -> OsString {
    // A name may have 255 bytes; ours adds 33.
    const MAX_SHOWN_BYTES: usize = 120;
    let lossy = name.to_string_lossy();
    let mut end = lossy.len().min(MAX_SHOWN_BYTES);
    while !lossy.is_char_boundary(end) {
        end -= 1;
    }
    format!(".{}.llmenv-", &lossy[..end]).into()
}

/// What the names of temporary files end with.
const TEMP_SUFFIX: &str = ".tmp";

/// A name that nobody else has.
fn temp_name(prefix: &OsStr) -> Result<OsString> {
    use std::fmt::Write;
    let mut random = [0u8; 8];
    getrandom::fill(&mut random).map_err(|err| Error::new(format!("the system gives no random bytes: {err}")))?;
    let mut name = prefix.to_os_string();
    let mut hex = String::new();
    for byte in random {
        let _ = write!(hex, "{byte:02x}");
    }
    name.push(hex);
    name.push(TEMP_SUFFIX);
    Ok(name)
}

/// Says whether a name is a temporary neighbour that [`temp_name`] made.
fn is_temp_name(name: &[u8], prefix: &OsStr) -> bool {
    name.strip_prefix(prefix.as_encoded_bytes())
        .and_then(|rest| rest.strip_suffix(TEMP_SUFFIX.as_bytes()))
        .is_some_and(|hex| hex.len() == 16 && hex.iter().all(u8::is_ascii_hexdigit))
}

/// A failed write, with what can be done about the usual reasons.
fn write_error(path: &Path, err: &std::io::Error) -> Error {
    use std::io::ErrorKind;
    let error = Error::io("write", path, err);
    match err.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            error.hint("the file is as it was; make room and try again")
        }
        ErrorKind::PermissionDenied => error.hint("the file is as it was; its folder must be writable for you"),
        ErrorKind::ReadOnlyFilesystem => error.hint("the file is as it was; it is on a read-only file system"),
        _ => error.hint("the file is as it was"),
    }
}
