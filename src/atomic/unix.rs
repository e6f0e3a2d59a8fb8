//! Unix: everything happens relative to the open folder, so that exchanging a folder above for a link moves nothing.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::{Expected, is_temp_name, split, temp_name, temp_prefix, write_error};
use crate::error::{Error, Result};

/// How often another name is tried when a temporary file vanished: somebody took it for one left over.
const MAX_ATTEMPTS: usize = 16;

pub(super) fn write_if(path: &Path, expected: Expected, bytes: &[u8], mode: u32) -> Result<bool> {
    let (dir_path, name) = split(path)?;
    let dir = rustix::fs::open(dir_path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .map_err(|err| Error::io("open the folder", dir_path, &err.into()))?;
    let mode = match existing(&dir, name, path)? {
        // 16 bits on some systems, 32 on others.
        #[allow(clippy::useless_conversion)]
        Some(stat) => mode & u32::from(stat.st_mode) & 0o7777,
        None => mode,
    };
    let prefix = temp_prefix(name);
    sweep(&dir, &prefix);
    for _ in 0..MAX_ATTEMPTS {
        let temp = temp_name(&prefix)?;
        match write_temp(&dir, &temp, bytes, mode) {
            // The lock is held by this handle: it lives until the name is the real one.
            Ok(Some(_lock)) => match replace(&dir, &temp, name, path, expected) {
                Ok(Some(replaced)) => return Ok(replaced),
                Ok(None) => {}
                Err(err) => {
                    let _ = rustix::fs::unlinkat(&dir, &temp, AtFlags::empty());
                    return Err(err);
                }
            },
            Ok(None) => {}
            Err(err) => {
                let _ = rustix::fs::unlinkat(&dir, &temp, AtFlags::empty());
                return Err(write_error(path, &err));
            }
        }
    }
    Err(Error::new(format!("cannot write `{}`: its temporary file keeps vanishing", crate::printable::path(path)))
        .hint("something else cleans this folder; the file is as it was"))
}

/// Looks at the file that is to be replaced, and refuses what must not be.
fn existing(dir: &OwnedFd, name: &OsStr, path: &Path) -> Result<Option<Stat>> {
    let shown = || crate::printable::path(path);
    let stat = match rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => stat,
        Err(Errno::NOENT) => return Ok(None),
        Err(err) => return Err(Error::io("look at", path, &err.into())),
    };
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => {}
        FileType::Symlink => {
            let target = rustix::fs::readlinkat(dir, name, Vec::new()).unwrap_or_default();
            return Err(Error::new(format!(
                "`{}` is a symbolic link to `{}`, which is not written through",
                shown(),
                crate::printable::text(&target.to_string_lossy())
            ))
            .hint("edit the file it points to, or put a file of your own there"));
        }
        _ => return Err(Error::new(format!("`{}` is not a regular file", shown()))),
    }
    let euid = rustix::process::geteuid().as_raw();
    if stat.st_uid != euid {
        return Err(Error::new(format!("`{}` belongs to user {}, not to you", shown(), stat.st_uid))
            .hint("nothing was changed"));
    }
    if stat.st_nlink > 1 {
        return Err(Error::new(format!(
            "`{}` has a second name (a hard link), which would keep the old content",
            shown()
        ))
        .hint("remove the other name, or copy the file over itself"));
    }
    Ok(Some(stat))
}

/// Writes the temporary file; `None`: somebody took the name for one left over, before it was locked.
fn write_temp(dir: &OwnedFd, temp: &OsStr, bytes: &[u8], mode: u32) -> std::io::Result<Option<File>> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = match rustix::fs::openat(dir, temp, flags, Mode::RUSR | Mode::WUSR) {
        Ok(fd) => File::from(fd),
        Err(Errno::EXIST) => return Ok(None),
        Err(err) => return Err(err.into()),
    };
    if matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock)) {
        return Ok(None);
    }
    file.write_all(bytes)?;
    file.set_permissions(std::fs::Permissions::from_mode(mode))?;
    file.sync_all()?;
    Ok(Some(file))
}

/// Renames the temporary file over the real one; `None`: it vanished.
fn replace(dir: &OwnedFd, temp: &OsStr, name: &OsStr, path: &Path, expected: Expected) -> Result<Option<bool>> {
    // Looked at again: between the first look and now the name may have become a link. A rename replaces a link, never
    // its target; refusing is only kinder than turning it into a file.
    let now = existing(dir, name, path)?;
    let unchanged = match expected {
        Expected::Anything => true,
        Expected::Absent => now.is_none(),
        Expected::Bytes(bytes) => now.is_some() && holds(dir, name, bytes),
    };
    if !unchanged {
        let _ = rustix::fs::unlinkat(dir, temp, AtFlags::empty());
        return Ok(Some(false));
    }
    match rustix::fs::renameat(dir, temp, dir, name) {
        Ok(()) => {}
        Err(Errno::NOENT) => return Ok(None),
        Err(err) => return Err(write_error(path, &err.into())),
    }
    match rustix::fs::fsync(dir) {
        // Some file systems cannot force a folder to the disk; there is nothing better to do there.
        Ok(()) | Err(Errno::INVAL | Errno::NOTSUP | Errno::BADF | Errno::ROFS) => Ok(Some(true)),
        Err(err) => Err(Error::io("force to the disk", path, &err.into())
            .hint("the new content is in place, but may not survive a power cut")),
    }
}

/// Says whether the file holds exactly these bytes.
fn holds(dir: &OwnedFd, name: &OsStr, bytes: &[u8]) -> bool {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let Ok(fd) = rustix::fs::openat(dir, name, flags, Mode::empty()) else { return false };
    let mut now = Vec::with_capacity(bytes.len() + 1);
    File::from(fd).take(bytes.len() as u64 + 1).read_to_end(&mut now).is_ok() && now == bytes
}

/// Takes away what killed writers of this file left: temporary neighbours of ours that nobody holds locked.
fn sweep(dir: &OwnedFd, prefix: &OsStr) {
    let Ok(entries) = rustix::fs::Dir::read_from(dir) else { return };
    let euid = rustix::process::geteuid().as_raw();
    for entry in entries.flatten() {
        let name = entry.file_name();
        if !is_temp_name(name.to_bytes(), prefix) {
            continue;
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let Ok(fd) = rustix::fs::openat(dir, name, flags, Mode::empty()) else { continue };
        let ours = rustix::fs::fstat(&fd)
            .is_ok_and(|stat| stat.st_uid == euid && FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile);
        let file = File::from(fd);
        if ours && file.try_lock().is_ok() {
            let _ = rustix::fs::unlinkat(dir, name, AtFlags::empty());
        }
    }
}
