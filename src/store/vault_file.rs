//! The vault's file and identity file on disk: read whole, written as temporary file, sync and rename under a lock.
//!
//! [`super::vault`] calls this with bytes that are sealed already. At any moment the file is the old one or the new one.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::StoreError;
use super::vault_format::{Key, decode_identity};

/// No vault is longer than this.
const MAX_VAULT_BYTES: u64 = 16 * 1024 * 1024;
/// No identity file is longer than this.
const MAX_IDENTITY_BYTES: u64 = 4096;

/// Reads the whole vault; `None` where there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(mut file) = open_regular(path, "the vault")? else { return Ok(None) };
    let mut bytes = Vec::new();
    (&mut file)
        .take(MAX_VAULT_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|err| StoreError::io("read the vault", path, &err))?;
    if bytes.len() as u64 > MAX_VAULT_BYTES {
        return Err(StoreError::broken("the vault file is larger than any vault can be"));
    }
    Ok(Some(bytes))
}

/// Writes the whole vault in place of the earlier one. The caller holds the lock.
pub(super) fn replace(path: &Path, bytes: &[u8], _lock: &Lock) -> Result<(), StoreError> {
    // A vault kept elsewhere through a symbolic link stays there.
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let temporary = beside(&target, ".new");
    // Whoever died while writing left it behind: only the holder of the lock is ever here.
    match std::fs::remove_file(&temporary) {
        Err(err) if err.kind() != std::io::ErrorKind::NotFound => {
            return Err(StoreError::io("remove", &temporary, &err));
        }
        _ => {}
    }
    let written = write_private(&temporary, bytes)
        .and_then(|()| {
            if std::fs::read(&temporary)? == bytes {
                Ok(())
            } else {
                Err(std::io::Error::other("it reads back differently"))
            }
        })
        .and_then(|()| std::fs::rename(&temporary, &target));
    if let Err(err) = written {
        let _ = std::fs::remove_file(&temporary);
        return Err(StoreError::io("write the vault", &target, &err));
    }
    sync_folder(&target);
    Ok(())
}

/// The right to write the vault; given back when dropped.
pub(super) struct Lock(File);

impl Lock {
    /// Takes it, waiting for another writer until the deadline.
    pub(super) fn take(path: &Path, deadline: Instant) -> Result<Self, StoreError> {
        if let Some(folder) = path.parent() {
            crate::paths::create_private_dir(folder).map_err(|err| StoreError::Io { reason: err.message })?;
        }
        let lock_path = beside(path, ".lock");
        let file = private(OpenOptions::new().write(true).create(true).truncate(false))
            .open(&lock_path)
            .map_err(|err| StoreError::io("open", &lock_path, &err))?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::Error(err)) => return Err(StoreError::io("lock", &lock_path, &err)),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return Err(StoreError::Hung),
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// Reads an identity file. It must be a regular file of this user (or root) that nobody else may read.
pub(super) fn read_identity(path: &Path) -> Result<Key, StoreError> {
    let shown = crate::printable::path(path);
    let Some(mut file) = open_regular(path, "the identity file")? else {
        return Err(StoreError::Io { reason: format!("there is no identity file `{shown}`") });
    };
    check_private(&file, path)?;
    let mut content = Zeroizing::new(Vec::with_capacity(256));
    (&mut file)
        .take(MAX_IDENTITY_BYTES)
        .read_to_end(&mut content)
        .map_err(|err| StoreError::io("read the identity file", path, &err))?;
    decode_identity(&content).ok_or_else(|| {
        StoreError::broken(format!("`{shown}` is no identity file: it must be 32 bytes, or 64 hex digits on one line"))
    })
}

/// Writes a new identity file of 64 hex digits; never over an existing file.
pub(super) fn write_identity(path: &Path, key: &Key) -> Result<(), StoreError> {
    let mut line = Zeroizing::new(String::with_capacity(65));
    for byte in key.iter() {
        for nibble in [byte >> 4, byte & 15] {
            line.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    line.push('\n');
    if let Some(folder) = path.parent() {
        crate::paths::create_private_dir(folder).map_err(|err| StoreError::Io { reason: err.message })?;
    }
    write_private(path, line.as_bytes()).map_err(|err| StoreError::io("write the identity file", path, &err))?;
    sync_folder(path);
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = private(OpenOptions::new().write(true).create_new(true)).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the rename survive a power cut. Not every filesystem can; then the rename itself is all there is.
#[cfg(unix)]
fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent()
        && let Ok(folder) = File::open(folder)
    {
        let _ = folder.sync_all();
    }
}

#[cfg(windows)]
fn sync_folder(_path: &Path) {}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(windows)]
fn private(options: &mut OpenOptions) -> &OpenOptions {
    options
}

/// Opens a file that may be anything: never waits for a FIFO, and refuses what is not a regular file.
fn open_regular(path: &Path, what: &str) -> Result<Option<File>, StoreError> {
    match super::file::open_regular(path) {
        Ok(file) => Ok(Some(file)),
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(err) => Err(StoreError::io(&format!("open {what}"), path, &err)),
    }
}

#[cfg(unix)]
fn check_private(file: &File, path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::MetadataExt;
    let meta = file.metadata().map_err(|err| StoreError::io("look at", path, &err))?;
    let shown = crate::printable::path(path);
    let euid = rustix::process::geteuid().as_raw();
    if meta.uid() != euid && meta.uid() != 0 {
        return Err(StoreError::broken(format!("the identity file `{shown}` belongs to user {}", meta.uid())));
    }
    if meta.mode() & 0o077 != 0 {
        return Err(StoreError::broken(format!(
            "the identity file `{shown}` is open to others (mode {:03o}); `chmod 600` it",
            meta.mode() & 0o777
        )));
    }
    Ok(())
}

#[cfg(windows)]
#[allow(clippy::unnecessary_wraps)]
fn check_private(_file: &File, _path: &Path) -> Result<(), StoreError> {
    Ok(())
}
