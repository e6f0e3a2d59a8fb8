//! The lock that a daemon holds for its life: who holds it is the daemon, whatever any file says.

use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use crate::error::{Error, Result};
use crate::paths::Paths;

/// Takes the daemon's lock; `None` where another process holds it. It ends with the handle, or with the process.
pub fn take(paths: &Paths) -> Result<Option<File>> {
    let path = paths.lock_file();
    let mut file = open(&path).map_err(|err| Error::io("open", &path, &err))?;
    match file.try_lock() {
        Ok(()) => {
            // Who cannot write it down (a full disk) holds it all the same.
            let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
            Ok(Some(file))
        }
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(err)) => Err(Error::io("lock", &path, &err)),
    }
}

/// Says whether the lock that is held is still the one that others would ask for: whoever cleans the state folder takes the
/// file away and not the lock, and the next daemon would lock another file.
#[cfg(unix)]
pub fn is_in_place(paths: &Paths, lock: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (lock.metadata(), std::fs::symlink_metadata(paths.lock_file())) {
        (Ok(held), Ok(found)) => (held.dev(), held.ino()) == (found.dev(), found.ino()),
        _ => false,
    }
}

/// Nobody removes a file that is open and locked.
#[cfg(windows)]
pub fn is_in_place(_paths: &Paths, _lock: &File) -> bool {
    true
}

/// The process that holds the daemon's lock now, where one does and has said so.
pub fn holder(paths: &Paths) -> Option<u32> {
    let mut file = File::options().read(true).write(true).open(paths.lock_file()).ok()?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            if (&mut file).take(32).read_to_string(&mut text).is_ok() {
                return text.trim().parse().ok();
            }
            // Windows lets nobody read a locked file; there the address says who it is.
            let address = std::fs::read_to_string(paths.address_file()).ok()?;
            super::address::Address::decode(&address).map(|address| address.pid)
        }
        _ => None,
    }
}

/// A turn to start a daemon: of many clients that find none, one starts it and the others wait for it.
pub fn open_turn(paths: &Paths) -> Result<File> {
    let path = paths.state_dir.join("start.lock");
    open(&path).map_err(|err| Error::io("open", &path, &err))
}

fn open(path: &Path) -> std::io::Result<File> {
    crate::paths::private_options().read(true).open(path)
}
