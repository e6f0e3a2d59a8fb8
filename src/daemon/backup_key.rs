//! The key that seals backups of the user's files: kept in the store in use beside the keys of profiles, made when first needed.

use std::fs::{File, TryLockError};
use std::time::{Duration, Instant};

use super::handle::refuse_while_locked;
use super::state::Shared;
use crate::backup::Key;
use crate::error::{Error, Result};
use crate::ipc::protocol::{Response, WireSecret};
use crate::paths;
use crate::store::{DEADLINE, Prompt, StoreError, StoreHandle, StoredKey};

/// Under which name the store files it. No profile has a colon in its name.
const ITEM: &str = "internal:backups";
/// Every item is bound to a host; this one to none that can exist (RFC 6761 §6.4).
const ORIGIN: &str = "https://backups.llmenv.invalid";
/// How long another one who makes the key is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Gives the key.
pub async fn get(shared: &Shared) -> Result<Response> {
    refuse_while_locked(shared)?;
    let (store, state_dir) = {
        let state = shared.borrow();
        (state.store.clone(), state.paths.state_dir.clone())
    };
    if let Some(key) = read(&store).await? {
        return Ok(Response::BackupKey(WireSecret(key)));
    }
    // Two that make one at the same time would each seal with a key of their own, and the store keeps only the later.
    paths::create_private_dir(&state_dir)?;
    let _turn = turn(&state_dir.join("backup-key.lock")).await?;
    if let Some(key) = read(&store).await? {
        return Ok(Response::BackupKey(WireSecret(key)));
    }
    let key = Key::random()?.to_hex();
    let stored = StoredKey { key: key.clone(), origin: ORIGIN.into(), ..StoredKey::default() };
    store.put_async(ITEM, stored, Prompt::Never, DEADLINE).await.map_err(worded)?;
    shared.borrow_mut().log.line("the key for backups was made");
    Ok(Response::BackupKey(WireSecret(key)))
}

async fn read(store: &StoreHandle) -> Result<Option<crate::secret::Secret>> {
    match store.get_async(ITEM, false, Prompt::Never, DEADLINE).await {
        Ok(stored) => Ok(Some(stored.key)),
        Err(StoreError::NotFound) => Ok(None),
        Err(err) => Err(worded(err)),
    }
}

/// Words a store's failure for somebody who wants to change a file.
fn worded(err: StoreError) -> Error {
    let mut error = match err {
        StoreError::Locked => {
            Error::of(crate::error::ErrorKind::Locked, "the store is locked, so no backup can be sealed or opened")
                .hint("run `llmenv unlock`")
        }
        StoreError::Broken { reason } => {
            Error::new(format!("the key for backups cannot be used: {}", crate::printable::text(&reason)))
        }
        err => err.into_error("backups"),
    };
    error.hints.push("no file was changed".into());
    error
}

async fn turn(path: &std::path::Path) -> Result<File> {
    let file = paths::private_options().read(true).open(path).map_err(|err| Error::io("open", path, &err))?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Err(TryLockError::WouldBlock) => {
                return Err(Error::new("another llmenv makes the key for backups and does not end"));
            }
            Err(TryLockError::Error(err)) => return Err(Error::io("lock", path, &err)),
        }
    }
}
