//! The keyrings of macOS and Windows, through `keyring` and its store crates.
//!
//! The store's thread calls it. Both systems bend what a keyring is, so there are two layouts:
//!
//! - macOS: one item for all profiles (user `profiles`). The login keychain ties every item to the signature of the
//!   program that wrote it and asks anew after an update; one item is one question.
//! - Windows: a credential holds 2,560 bytes. A longer value is cut into parts under names of their own, and the item
//!   itself then says where they are: `{"v":1,"parts":N,"generation":"…"}`. Parts are written first and the item last, so
//!   that a reader sees the old value or the new one.
//!
//! Both systems decide for themselves whether to show a dialog; [`super::Prompt`] cannot be passed on. The deadline of the
//! store's thread is what keeps an unanswered one from holding anybody up.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use keyring::{Entry, Error as KeyringError};
use keyring_core::CredentialStore;
use zeroize::Zeroizing;

use super::items::Items;
use super::vault_file::Lock;
use super::vault_format::random;
use super::{SERVICE, StoreError, StoreState, StoredKey, item_user};

/// The user part of the one item that holds all keys.
const ALL: &str = "profiles";
/// The most parts of one value.
const MAX_PARTS: u32 = 64;

/// How keys lie in the keyring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One item for all profiles.
    One,
    /// One item a profile, cut into parts where it is longer than this.
    Split {
        /// The most bytes of one credential.
        max_bytes: usize,
    },
}

/// A keyring reached through a store crate.
pub struct Native {
    store: Arc<CredentialStore>,
    layout: Layout,
    modifiers: &'static [(&'static str, &'static str)],
    lock: PathBuf,
}

/// What an item says whose value is in parts.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Pointer {
    v: u32,
    parts: u32,
    generation: String,
}

impl Native {
    /// This system's keyring.
    #[cfg(target_os = "macos")]
    pub fn of_system(lock: &Path) -> Result<Self, StoreError> {
        let store = apple_native_keyring_store::keychain::Store::new().map_err(from_keyring)?;
        Ok(Self::new(store, Layout::One, &[], lock))
    }

    /// This system's keyring. `Local` keeps credentials on this machine instead of roaming with a domain profile.
    #[cfg(windows)]
    pub fn of_system(lock: &Path) -> Result<Self, StoreError> {
        let store = windows_native_keyring_store::Store::new().map_err(from_keyring)?;
        Ok(Self::new(store, Layout::Split { max_bytes: 2560 }, &[("persistence", "Local")], lock))
    }

    /// Any store in any layout. `lock` names the file beside which writers of several processes take turns.
    pub fn new(
        store: Arc<CredentialStore>,
        layout: Layout,
        modifiers: &'static [(&'static str, &'static str)],
        lock: &Path,
    ) -> Self {
        Self { store, layout, modifiers, lock: lock.to_owned() }
    }

    /// Asks for an item that is never there; only whether that works matters.
    pub fn state(&self) -> StoreState {
        match self.read("internal:probe") {
            Ok(_) => StoreState::Unlocked,
            Err(StoreError::Locked) => StoreState::Locked,
            Err(StoreError::NoStore { reason } | StoreError::Broken { reason }) => StoreState::Absent { reason },
            Err(err) => StoreState::Absent { reason: format!("{err:?}") },
        }
    }

    /// Reads one key.
    pub fn get(&self, name: &str, expected: bool) -> Result<StoredKey, StoreError> {
        let user = item_user(name);
        let found = match self.layout {
            Layout::One => self.all()?.get(&user),
            Layout::Split { .. } => match self.read_split(&user)? {
                Some(json) => Some(StoredKey::decode(&json).map_err(|err| StoreError::broken(err.message))?),
                None => None,
            },
        };
        found.ok_or_else(|| if expected { StoreError::hidden() } else { StoreError::NotFound })
    }

    /// Adds or replaces one key; the earlier one stays where this fails.
    pub fn put(&self, name: &str, value: &StoredKey, deadline: Instant) -> Result<(), StoreError> {
        let _lock = Lock::take(&self.lock, deadline)?;
        match self.layout {
            Layout::One => self.change(|items| {
                items.put(item_user(name), value.clone());
                Ok(())
            }),
            Layout::Split { max_bytes } => self.write_split(&item_user(name), value, max_bytes),
        }
    }

    /// Takes one key out.
    pub fn remove(&self, name: &str, deadline: Instant) -> Result<(), StoreError> {
        let _lock = Lock::take(&self.lock, deadline)?;
        let user = item_user(name);
        match self.layout {
            Layout::One => self.change(|items| items.remove(&user)),
            Layout::Split { .. } => self.remove_split(&user),
        }
    }

    /// Gives one key another name.
    pub fn rename(&self, from: &str, to: &str, deadline: Instant) -> Result<(), StoreError> {
        let _lock = Lock::take(&self.lock, deadline)?;
        let (from_user, to_user) = (item_user(from), item_user(to));
        match self.layout {
            Layout::One => self.change(|items| items.rename(&from_user, to_user)),
            Layout::Split { max_bytes } => {
                if self.read(&to_user)?.is_some() {
                    return Err(StoreError::Exists);
                }
                let value = self.get(from, false)?;
                self.write_split(&to_user, &value, max_bytes)?;
                self.remove_split(&from_user)
            }
        }
    }

    fn all(&self) -> Result<Items, StoreError> {
        match self.read(ALL)? {
            Some(json) => Items::decode(&json).map_err(|err| StoreError::broken(err.message)),
            None => Ok(Items::default()),
        }
    }

    fn change(&self, change: impl FnOnce(&mut Items) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let mut items = self.all()?;
        change(&mut items)?;
        let json = items.encode().map_err(|err| StoreError::broken(err.message))?;
        self.write(ALL, &json)
    }

    fn read_split(&self, user: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let Some(item) = self.read(user)? else { return Ok(None) };
        let Some(pointer) = pointer(&item) else { return Ok(Some(item)) };
        let mut whole = Zeroizing::new(Vec::with_capacity(item.len() + 4096 * pointer.parts as usize));
        for number in 0..pointer.parts {
            let part = self.read(&part_user(user, &pointer.generation, number))?;
            whole.extend_from_slice(&part.ok_or_else(|| StoreError::broken("a part of the stored key is missing"))?);
        }
        Ok(Some(whole))
    }

    fn write_split(&self, user: &str, value: &StoredKey, max_bytes: usize) -> Result<(), StoreError> {
        let json = value.encode().map_err(|err| StoreError::broken(err.message))?;
        let earlier = self.read(user)?.and_then(|item| pointer(&item));
        if json.len() <= max_bytes {
            self.write(user, &json)?;
        } else {
            let parts = u32::try_from(json.len().div_ceil(max_bytes)).unwrap_or(u32::MAX);
            if parts > MAX_PARTS {
                return Err(StoreError::broken("the key is too long for this system's keyring"));
            }
            let generation = format!("{:08x}", u32::from_le_bytes(random()?));
            let new = Pointer { v: 1, parts, generation };
            let written = (0..)
                .zip(json.chunks(max_bytes))
                .try_for_each(|(number, part)| self.write(&part_user(user, &new.generation, number), part));
            let written = written.and_then(|()| {
                let item = serde_json::to_vec(&new).map_err(|err| StoreError::broken(err.to_string()))?;
                self.write(user, &item)
            });
            if let Err(err) = written {
                self.remove_parts(user, &new);
                return Err(err);
            }
        }
        if let Some(earlier) = earlier {
            self.remove_parts(user, &earlier);
        }
        Ok(())
    }

    fn remove_split(&self, user: &str) -> Result<(), StoreError> {
        let item = self.read(user)?.ok_or(StoreError::NotFound)?;
        self.entry(user)?.delete_credential().map_err(from_keyring)?;
        if let Some(pointer) = pointer(&item) {
            self.remove_parts(user, &pointer);
        }
        Ok(())
    }

    /// Removes parts that no item points to; one that stays is garbage, not a key anybody serves.
    fn remove_parts(&self, user: &str, pointer: &Pointer) {
        for number in 0..pointer.parts {
            if let Ok(entry) = self.entry(&part_user(user, &pointer.generation, number)) {
                let _ = entry.delete_credential();
            }
        }
    }

    fn read(&self, user: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        match self.entry(user)?.get_secret() {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(KeyringError::NoEntry) => Ok(None),
            Err(err) => Err(from_keyring(err)),
        }
    }

    /// Writes one credential and reads it back; puts the earlier value back where that fails.
    fn write(&self, user: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let earlier = self.read(user)?;
        let entry = self.entry(user)?;
        entry.set_secret(bytes).map_err(from_keyring)?;
        if self.read(user)?.is_some_and(|kept| *kept == bytes) {
            return Ok(());
        }
        let _ = match earlier {
            Some(earlier) => entry.set_secret(&earlier),
            None => entry.delete_credential(),
        };
        Err(StoreError::broken("the keyring did not keep the new key; the earlier one is back in place"))
    }

    fn entry(&self, user: &str) -> Result<Entry, StoreError> {
        let modifiers: HashMap<&str, &str> = self.modifiers.iter().copied().collect();
        let inner = self.store.build(SERVICE, user, Some(&modifiers)).map_err(from_keyring)?;
        Ok(Entry { inner })
    }
}

fn part_user(user: &str, generation: &str, number: u32) -> String {
    format!("{user}#{generation}-{number}")
}

fn pointer(item: &[u8]) -> Option<Pointer> {
    serde_json::from_slice(item).ok().filter(|pointer: &Pointer| pointer.v == 1 && pointer.parts <= MAX_PARTS)
}

/// Words a keyring's error without the bytes that some of them carry.
fn from_keyring(err: KeyringError) -> StoreError {
    match err {
        KeyringError::NoEntry => StoreError::NotFound,
        KeyringError::NoStorageAccess(_) => StoreError::Locked,
        // What macOS says over SSH, where nobody can be asked (errSecInteractionNotAllowed).
        KeyringError::PlatformFailure(err) if err.to_string().contains("nteraction is not allowed") => {
            StoreError::Locked
        }
        KeyringError::PlatformFailure(err) => StoreError::broken(format!("the keyring fails: {err}")),
        KeyringError::NoDefaultStore => StoreError::no_store("this system has no keyring"),
        KeyringError::TooLong(what, limit) => {
            StoreError::broken(format!("the keyring takes {what} up to {limit} only"))
        }
        KeyringError::Ambiguous(_) => StoreError::broken("the keyring has several items of this name"),
        KeyringError::Invalid(what, why) => StoreError::broken(format!("the keyring refuses {what}: {why}")),
        _ => StoreError::broken("the keyring's item is not readable"),
    }
}
