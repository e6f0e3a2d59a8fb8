//! Windows: `MoveFileExW` with replacement, through std. Access lists come from the folder, so `mode` has no say.

use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::Path;

use super::{Expected, is_temp_name, split, temp_name, temp_prefix, write_error};
use crate::error::{Error, Result};

/// How often a replacement is tried while a virus scanner or an editor holds the old file open.
const MAX_ATTEMPTS: u32 = 10;

pub(super) fn write_if(path: &Path, expected: Expected, bytes: &[u8], _mode: u32) -> Result<bool> {
    let (dir, name) = split(path)?;
    check_existing(path)?;
    let prefix = temp_prefix(name);
    sweep(dir, &prefix);
    let temp = dir.join(temp_name(&prefix)?);
    let result = write_temp(&temp, bytes).map_err(|err| write_error(path, &err)).and_then(|file| {
        let unchanged = match (expected, check_existing(path)?) {
            (Expected::Anything, _) => true,
            (Expected::Absent, exists) => !exists,
            (Expected::Bytes(bytes), exists) => exists && std::fs::read(path).is_ok_and(|now| now == bytes),
        };
        // The lock would deny others the reading of the new file: it goes before the name becomes the real one.
        drop(file);
        if !unchanged {
            return Ok(false);
        }
        replace(&temp, path).map_err(|err| write_error(path, &err))?;
        Ok(true)
    });
    if !matches!(result, Ok(true)) {
        let _ = std::fs::remove_file(&temp);
    }
    result
}

/// Says whether there is a file, and refuses what must not be replaced.
fn check_existing(path: &Path) -> Result<bool> {
    match std::fs::symlink_metadata(path) {
        Ok(meta) if meta.file_type().is_symlink() => Err(Error::new(format!(
            "`{}` is a symbolic link to `{}`, which is not written through",
            crate::printable::path(path),
            std::fs::read_link(path).map(|target| crate::printable::path(&target)).unwrap_or_default()
        ))
        .hint("edit the file it points to, or put a file of your own there")),
        Ok(meta) if !meta.is_file() => {
            Err(Error::new(format!("`{}` is not a regular file", crate::printable::path(path))))
        }
        Ok(meta) if meta.permissions().readonly() => {
            Err(Error::new(format!("`{}` is read-only", crate::printable::path(path))).hint("nothing was changed"))
        }
        Ok(_) => Ok(true),
        Err(err) if err.kind() == ErrorKind::NotFound => Ok(false),
        Err(err) => Err(Error::io("look at", path, &err)),
    }
}

fn write_temp(temp: &Path, bytes: &[u8]) -> std::io::Result<File> {
    let mut file = File::options().write(true).create_new(true).open(temp)?;
    // The content is written before the lock is taken: a locked range cannot be read by anybody else.
    file.write_all(bytes)?;
    file.sync_all()?;
    let _ = file.try_lock();
    Ok(file)
}

fn replace(temp: &Path, path: &Path) -> std::io::Result<()> {
    let mut attempt = 0;
    loop {
        match std::fs::rename(temp, path) {
            Err(err) if err.kind() == ErrorKind::PermissionDenied && attempt < MAX_ATTEMPTS => {
                attempt += 1;
                std::thread::sleep(std::time::Duration::from_millis(u64::from(attempt) * 5));
            }
            result => return result,
        }
    }
}

/// Takes away what killed writers of this file left, by age: a lock is not held for the whole of a write here.
fn sweep(dir: &Path, prefix: &OsStr) {
    const LEFT_OVER_AFTER: std::time::Duration = std::time::Duration::from_mins(1);
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        if !is_temp_name(entry.file_name().as_encoded_bytes(), prefix) {
            continue;
        }
        let old = entry
            .metadata()
            .and_then(|meta| meta.modified())
            .is_ok_and(|time| time.elapsed().is_ok_and(|age| age > LEFT_OVER_AFTER));
        let unlocked =
            || File::open(entry.path()).is_ok_and(|file| !matches!(file.try_lock(), Err(TryLockError::WouldBlock)));
        if old && unlocked() {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
