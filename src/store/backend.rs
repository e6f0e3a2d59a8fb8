//! One face for every store that the thread of a [`super::StoreHandle`] may be working for.

use std::time::Instant;

use super::vault::{self, Access, Vault, VaultKey};
use super::{KeyringPlace, Prompt, StoreError, StoreState, StoredKey, Unlock};

/// The store at work on one thread.
pub(super) enum Backend {
    #[cfg(target_os = "linux")]
    SecretService(super::secret_service::Keyring),
    #[cfg(any(target_os = "macos", windows))]
    Native(std::path::PathBuf),
    #[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
    Absent,
    Vault(Vault),
}

impl Backend {
    #[cfg(target_os = "linux")]
    pub(super) fn keyring(place: &KeyringPlace) -> Self {
        Self::SecretService(super::secret_service::Keyring::new(place.bus.clone()))
    }

    #[cfg(any(target_os = "macos", windows))]
    pub(super) fn keyring(place: &KeyringPlace) -> Self {
        Self::Native(place.lock.clone())
    }

    #[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
    pub(super) fn keyring(_place: &KeyringPlace) -> Self {
        Self::Absent
    }

    /// Called when a burst of calls is over.
    #[cfg_attr(not(target_os = "linux"), allow(clippy::unused_self))]
    pub(super) fn idle(&mut self) {
        #[cfg(target_os = "linux")]
        if let Self::SecretService(keyring) = self {
            keyring.idle();
        }
    }

    pub(super) fn state(&mut self, deadline: Instant) -> StoreState {
        let _ = deadline;
        match self {
            #[cfg(target_os = "linux")]
            Self::SecretService(keyring) => keyring.state(deadline),
            #[cfg(any(target_os = "macos", windows))]
            Self::Native(lock) => match super::native::Native::of_system(lock) {
                Ok(keyring) => keyring.state(),
                Err(err) => StoreState::Absent { reason: format!("{err:?}") },
            },
            #[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
            Self::Absent => StoreState::Absent { reason: "this system has no keyring".into() },
            Self::Vault(vault) => vault.state(),
        }
    }

    pub(super) fn get(
        &mut self,
        name: &str,
        expected: bool,
        prompt: Prompt,
        deadline: Instant,
    ) -> Result<StoredKey, StoreError> {
        let _ = (prompt, deadline);
        match self {
            #[cfg(target_os = "linux")]
            Self::SecretService(keyring) => keyring.get(name, expected, prompt, deadline),
            #[cfg(any(target_os = "macos", windows))]
            Self::Native(lock) => super::native::Native::of_system(lock)?.get(name, expected),
            #[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
            Self::Absent => Err(StoreError::no_store("this system has no keyring")),
            Self::Vault(vault) => vault.get(name, expected),
        }
    }

    pub(super) fn put(
        &mut self,
        name: &str,
        value: StoredKey,
        prompt: Prompt,
        deadline: Instant,
    ) -> Result<(), StoreError> {
        let _ = prompt;
        match self {
            #[cfg(target_os = "linux")]
            Self::SecretService(keyring) => keyring.put(name, &value, prompt, deadline),
            #[cfg(any(target_os = "macos", windows))]
            Self::Native(lock) => super::native::Native::of_system(lock)?.put(name, &value, deadline),
            #[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
            Self::Absent => Err(StoreError::no_store("this system has no keyring")),
            Self::Vault(vault) => vault.put(name, value, deadline),
        }
    }

    pub(super) fn remove(&mut self, name: &str, prompt: Prompt, deadline: Instant) -> Result<(), StoreError> {
        let _ = prompt;
        match self {
            #[cfg(target_os = "linux")]
            Self::SecretService(keyring) => keyring.remove(name, prompt, deadline),
            #[cfg(any(target_os = "macos", windows))]
            Self::Native(lock) => super::native::Native::of_system(lock)?.remove(name, deadline),
            #[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
            Self::Absent => Err(StoreError::no_store("this system has no keyring")),
            Self::Vault(vault) => vault.remove(name, deadline),
        }
    }

    pub(super) fn rename(&mut self, from: &str, to: &str, prompt: Prompt, deadline: Instant) -> Result<(), StoreError> {
        let _ = prompt;
        match self {
            #[cfg(target_os = "linux")]
            Self::SecretService(keyring) => keyring.rename(from, to, prompt, deadline),
            #[cfg(any(target_os = "macos", windows))]
            Self::Native(lock) => super::native::Native::of_system(lock)?.rename(from, to, deadline),
            #[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
            Self::Absent => Err(StoreError::no_store("this system has no keyring")),
            Self::Vault(vault) => vault.rename(from, to, deadline),
        }
    }

    pub(super) fn unlock(&mut self, how: Unlock, deadline: Instant) -> Result<(), StoreError> {
        if let Self::Vault(vault) = self {
            let access = match how {
                Unlock::Passphrase(passphrase) => Access::Passphrase(passphrase),
                Unlock::Identity(path) => Access::Identity(path),
                Unlock::Prompt => match vault.identity() {
                    Some(path) if !vault::needs_passphrase(vault.path())? => Access::Identity(path.to_owned()),
                    _ => return Err(StoreError::Locked),
                },
            };
            let key = vault::unlock(vault.path(), &access)?;
            return vault.import(key);
        }
        match (self, how) {
            #[cfg(target_os = "linux")]
            (Self::SecretService(keyring), Unlock::Prompt) => keyring.unlock(deadline),
            (backend, Unlock::Prompt) => match backend.state(deadline) {
                StoreState::Unlocked => Ok(()),
                StoreState::Locked => {
                    Err(StoreError::NotUnlocked { reason: "the system's keyring is locked; open it there".into() })
                }
                StoreState::Hung => Err(StoreError::Hung),
                StoreState::Absent { reason } => Err(StoreError::no_store(reason)),
            },
            _ => Err(StoreError::broken("the keyring asks for its own password and takes none from here")),
        }
    }

    /// Wipes what an `unlock` brought.
    pub(super) fn forget(&self) {
        if let Self::Vault(vault) = self {
            vault.forget();
        }
    }

    pub(super) fn import(&mut self, key: VaultKey) -> Result<(), StoreError> {
        if let Self::Vault(vault) = self {
            return vault.import(key);
        }
        Err(StoreError::broken("a keyring takes no unlock key"))
    }
}
