//! The encrypted vault: every key of this user in one file, opened by a passphrase or an identity file.
//!
//! Comes in: a place, a key held in memory, a profile's name. Goes out: a [`StoredKey`], or the file written anew. The
//! store's thread calls it; commands call [`create`] and [`change_access`]. The bytes are those of [`super::vault_format`].
//!
//! It protects keys at rest: a copied disk, a backup, a synchronised folder. With an identity file on the same disk it
//! protects no more than the mode of that file does. It does not protect from programs that run as this user.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::gate::Gate;
use super::items::Items;
use super::vault_file::{self, Lock};
use super::vault_format::{self as format, Cost, Header, Kdf, Key};
use super::{StoreError, StoreState, StoredKey, item_user};
use crate::secret::Secret;

/// How long [`create`] and [`change_access`] wait for another writer.
const WRITER_WAIT: Duration = Duration::from_secs(5);

/// What opens a vault.
#[derive(Clone, Debug)]
pub enum Access {
    /// A passphrase that a person knows.
    Passphrase(Secret),
    /// A file that holds 32 random bytes.
    Identity(PathBuf),
}

/// The unlock key of a vault, as the daemon hands it to its successor; wiped when dropped.
#[derive(Clone)]
pub struct VaultKey(Key);

impl VaultKey {
    /// Takes the 64 hex digits that [`VaultKey::digits`] gave; `None` for anything else.
    pub fn from_digits(digits: &Secret) -> Option<Self> {
        crate::fingerprint::unhex(digits.expose()).map(Self)
    }

    /// Gives the key as 64 hex digits, for the next daemon and nobody else.
    pub fn digits(&self) -> Secret {
        Secret::new(crate::fingerprint::hex(self.0.as_slice()))
    }
}

impl std::fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VaultKey")
    }
}

/// Makes an empty vault where there is none, at the usual cost.
pub fn create(path: &Path, access: &Access) -> Result<VaultKey, StoreError> {
    create_with_cost(path, access, Cost::DEFAULT)
}

/// Makes an empty vault with a chosen argon2id cost. A missing identity file is made as well.
pub fn create_with_cost(path: &Path, access: &Access, cost: Cost) -> Result<VaultKey, StoreError> {
    let lock = Lock::take(path, Instant::now() + WRITER_WAIT)?;
    if vault_file::read(path)?.is_some() {
        return Err(StoreError::Exists);
    }
    let (kdf, key) = new_key(access, cost)?;
    write(path, kdf, &key, &Items::default(), &lock)?;
    Ok(VaultKey(key))
}

/// Seals the same keys under another passphrase or identity file. `key` is the one that opens it now.
pub fn change_access(path: &Path, key: &VaultKey, access: &Access) -> Result<VaultKey, StoreError> {
    let lock = Lock::take(path, Instant::now() + WRITER_WAIT)?;
    let file = read(path)?;
    let items = decode(&file, &key.0)?.ok_or(StoreError::Locked)?;
    let (kdf, key) = new_key(access, Cost::DEFAULT)?;
    write(path, kdf, &key, &items, &lock)?;
    Ok(VaultKey(key))
}

/// Computes the key that opens an existing vault and proves it on the file.
pub fn unlock(path: &Path, access: &Access) -> Result<VaultKey, StoreError> {
    let file = read(path)?;
    let header = Header::decode(&file)?;
    let key = match (access, header.kdf) {
        (Access::Passphrase(passphrase), _) => header.kdf.derive(passphrase)?,
        (Access::Identity(identity), Kdf::Identity) => vault_file::read_identity(identity)?,
        (Access::Identity(_), Kdf::Passphrase { .. }) => {
            return Err(StoreError::broken("the vault opens with its passphrase, not with an identity file"));
        }
    };
    decode(&file, &key)?.ok_or_else(|| not_opened(header.kdf))?;
    Ok(VaultKey(key))
}

/// Says whether a passphrase opens this vault, or else an identity file.
pub fn needs_passphrase(path: &Path) -> Result<bool, StoreError> {
    Ok(matches!(Header::decode(&read(path)?)?.kdf, Kdf::Passphrase { .. }))
}

/// One user's vault and the key that is held for it.
///
/// The key is shared by all threads that serve the same handle, so that a thread that hangs does not lock the vault.
#[derive(Clone)]
pub(super) struct Vault {
    path: PathBuf,
    identity: Option<PathBuf>,
    held: Arc<Mutex<Option<Held>>>,
    /// Closed by `lock`: the vault does not open itself then.
    gate: Arc<Gate>,
}

/// A key that opened the vault, and how it was come by then.
struct Held {
    key: VaultKey,
    kdf: Kdf,
}

impl Vault {
    /// A vault at this place, not opened yet. With an identity file it opens itself when it is first used.
    pub(super) fn new(path: PathBuf, identity: Option<PathBuf>, gate: Arc<Gate>) -> Self {
        Self { path, identity, held: Arc::default(), gate }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The identity file that opens it, if that is how it was set up.
    pub(super) fn identity(&self) -> Option<&Path> {
        self.identity.as_deref()
    }

    /// The key that is held, if any.
    pub(super) fn key(&self) -> Option<VaultKey> {
        self.lock().as_ref().map(|held| held.key.clone())
    }

    /// Wipes the key.
    pub(super) fn forget(&self) {
        *self.lock() = None;
    }

    /// Takes over a key after proving it on the file.
    pub(super) fn import(&self, key: VaultKey) -> Result<(), StoreError> {
        let file = read(&self.path)?;
        let kdf = Header::decode(&file)?.kdf;
        decode(&file, &key.0)?.ok_or_else(|| not_opened(kdf))?;
        *self.lock() = Some(Held { key, kdf });
        Ok(())
    }

    pub(super) fn state(&self) -> StoreState {
        match self.open() {
            Ok(_) => StoreState::Unlocked,
            Err(StoreError::Locked) => StoreState::Locked,
            Err(StoreError::NoStore { reason } | StoreError::Broken { reason } | StoreError::Io { reason }) => {
                StoreState::Absent { reason }
            }
            Err(err) => StoreState::Absent { reason: format!("{err:?}") },
        }
    }

    pub(super) fn get(&self, name: &str, expected: bool) -> Result<StoredKey, StoreError> {
        let (_, _, items) = self.open()?;
        items.get(&item_user(name)).ok_or_else(|| if expected { StoreError::hidden() } else { StoreError::NotFound })
    }

    pub(super) fn put(&self, name: &str, value: StoredKey, deadline: Instant) -> Result<(), StoreError> {
        self.change(deadline, |items| {
            items.put(item_user(name), value);
            Ok(())
        })
    }

    pub(super) fn remove(&self, name: &str, deadline: Instant) -> Result<(), StoreError> {
        self.change(deadline, |items| items.remove(&item_user(name)))
    }

    pub(super) fn rename(&self, from: &str, to: &str, deadline: Instant) -> Result<(), StoreError> {
        self.change(deadline, |items| items.rename(&item_user(from), item_user(to)))
    }

    /// Opens the file with the key that is held, or with the identity file.
    fn open(&self) -> Result<(Kdf, Key, Items), StoreError> {
        let file = read(&self.path)?;
        let kdf = Header::decode(&file)?.kdf;
        if self.lock().is_none() {
            let identity = match (&self.identity, kdf) {
                (Some(identity), Kdf::Identity) => identity.clone(),
                _ => return Err(StoreError::Locked),
            };
            let key = unlock(&self.path, &Access::Identity(identity))?;
            // Looked at under the mutex that `forget` takes after it was set, so that no key outlives a `lock`.
            let mut held = self.lock();
            if self.gate.is_closed() {
                return Err(StoreError::Locked);
            }
            *held = Some(Held { key, kdf });
        }
        let (key, same) = match self.lock().as_ref() {
            Some(held) => (held.key.0.clone(), held.kdf == kdf),
            None => return Err(StoreError::Locked),
        };
        match decode(&file, &key)? {
            Some(items) => Ok((kdf, key, items)),
            // The key was proven before; the vault has been given another passphrase since.
            None if !same => Err(StoreError::Locked),
            None => Err(StoreError::broken("the vault was changed by something else than llmenv, or is damaged")),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads, changes and writes under the lock.
    fn change(
        &self,
        deadline: Instant,
        change: impl FnOnce(&mut Items) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.open()?;
        let lock = Lock::take(&self.path, deadline)?;
        let (kdf, key, mut items) = self.open()?;
        change(&mut items)?;
        write(&self.path, kdf, &key, &items, &lock)
    }
}

fn new_key(access: &Access, cost: Cost) -> Result<(Kdf, Key), StoreError> {
    match access {
        Access::Passphrase(passphrase) if passphrase.is_empty() => {
            Err(StoreError::broken("an empty passphrase protects nothing"))
        }
        Access::Passphrase(passphrase) => {
            let kdf = Kdf::new_passphrase(cost)?;
            let key = kdf.derive(passphrase)?;
            Ok((kdf, key))
        }
        Access::Identity(path) => {
            if !path.exists() {
                vault_file::write_identity(path, &Zeroizing::new(format::random()?))?;
            }
            Ok((Kdf::Identity, vault_file::read_identity(path)?))
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, StoreError> {
    vault_file::read(path)?.ok_or_else(|| no_vault(path))
}

fn decode(file: &[u8], key: &Key) -> Result<Option<Items>, StoreError> {
    let Some(body) = format::open(file, key)? else { return Ok(None) };
    Items::decode(&body).map(Some).map_err(|err| StoreError::broken(err.message))
}

fn write(path: &Path, kdf: Kdf, key: &Key, items: &Items, lock: &Lock) -> Result<(), StoreError> {
    let body = items.encode().map_err(|err| StoreError::broken(err.message))?;
    let file = format::seal(kdf, key, &body)?;
    vault_file::replace(path, &file, lock)
}

fn no_vault(path: &Path) -> StoreError {
    StoreError::no_store(format!("there is no vault `{}`", crate::printable::path(path)))
}

fn not_opened(kdf: Kdf) -> StoreError {
    match kdf {
        Kdf::Passphrase { .. } => StoreError::WrongPassphrase,
        Kdf::Identity => {
            StoreError::broken("the identity file does not belong to this vault, or the vault was changed")
        }
    }
}
