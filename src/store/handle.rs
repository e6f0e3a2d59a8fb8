//! The way to a store: calls with a deadline, answered from a thread of their own.
//!
//! The daemon awaits the `…_async` calls on its own runtime; commands without a daemon block. Calls that may show a dialog
//! run on a second thread, so that a question nobody answers holds up no shell.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::backend::Backend;
use super::gate::Gate;
use super::lane::{GRACE, Lane};
use super::vault::{Vault, VaultKey};
use super::{DEADLINE, FILE_DEADLINE, Prompt, StoreError, StoreKind, StoreState, StoredKey};
use crate::paths::Paths;
use crate::secret::Secret;

/// Where the OS keyring is. Made once, from the environment this process was started with.
#[derive(Clone, Debug)]
pub struct KeyringPlace {
    /// Where the session bus is.
    #[cfg(target_os = "linux")]
    pub bus: super::bus::BusAddresses,
    /// Beside which writers of several processes take turns, where the keyring itself does not order them.
    pub lock: PathBuf,
}

impl KeyringPlace {
    /// Finds it through this process' environment.
    pub fn find(paths: &Paths) -> Self {
        Self {
            #[cfg(target_os = "linux")]
            bus: super::bus::BusAddresses::from_environment(),
            lock: paths.data_dir.join("keyring"),
        }
    }
}

/// Where the vault is, and the identity file that may open it.
#[derive(Clone, Debug)]
pub struct VaultPlace {
    /// The vault.
    pub path: PathBuf,
    /// Read when the vault is one that an identity file opens; it need not exist otherwise.
    pub identity: Option<PathBuf>,
}

impl VaultPlace {
    /// Finds it in the data folder. `LLMENV_VAULT_KEY_FILE` names an identity file elsewhere.
    pub fn find(paths: &Paths) -> Self {
        let elsewhere = std::env::var_os("LLMENV_VAULT_KEY_FILE").filter(|path| !path.is_empty()).map(PathBuf::from);
        let identity = elsewhere.unwrap_or_else(|| paths.data_dir.join("identity"));
        Self { path: paths.vault_file(), identity: Some(identity) }
    }
}

/// What opens a store.
#[derive(Clone, Debug)]
pub enum Unlock {
    /// The system's own dialog, or the identity file of a vault that has one.
    Prompt,
    /// The vault's passphrase.
    Passphrase(Secret),
    /// Another identity file.
    Identity(PathBuf),
}

/// A store that is asked through threads of its own. Cheap to clone; every clone asks the same store.
#[derive(Clone)]
pub struct StoreHandle(Arc<Inner>);

struct Inner {
    kind: StoreKind,
    quiet: Arc<Lane>,
    prompting: Arc<Lane>,
    gate: Arc<Gate>,
    vault: Option<Vault>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.quiet.close();
        self.prompting.close();
    }
}

impl StoreHandle {
    /// The OS keyring. Touches nothing yet.
    pub fn keyring(place: KeyringPlace) -> Self {
        Self::new(StoreKind::Keyring, Arc::default(), None, move || Backend::keyring(&place))
    }

    /// The encrypted vault. Touches nothing yet.
    pub fn vault(place: VaultPlace) -> Self {
        let gate = Arc::default();
        let vault = Vault::new(place.path, place.identity, Arc::clone(&gate));
        Self::new(StoreKind::Vault, gate, Some(vault.clone()), move || Backend::Vault(vault.clone()))
    }

    fn new(
        kind: StoreKind,
        gate: Arc<Gate>,
        vault: Option<Vault>,
        make: impl Fn() -> Backend + Clone + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Inner {
            kind,
            quiet: Lane::new("store", make.clone()),
            prompting: Lane::new("store-prompt", make),
            gate,
            vault,
        }))
    }

    /// Which store it is.
    pub fn kind(&self) -> StoreKind {
        self.0.kind
    }

    /// How long this store may take for one call before it counts as hung.
    pub fn deadline(&self) -> Duration {
        match self.0.kind {
            StoreKind::Keyring => DEADLINE,
            StoreKind::Vault => FILE_DEADLINE,
        }
    }

    /// Reads the key of a profile. With `expected` (the index names it), an item that is not there is
    /// [`StoreError::Broken`] instead of [`StoreError::NotFound`]: the keyring that answers may be another one.
    pub fn get(&self, name: &str, expected: bool, prompt: Prompt, within: Duration) -> Result<StoredKey, StoreError> {
        self.block(prompt, within, get(name, expected, prompt))
    }

    /// As [`StoreHandle::get`].
    pub async fn get_async(
        &self,
        name: &str,
        expected: bool,
        prompt: Prompt,
        within: Duration,
    ) -> Result<StoredKey, StoreError> {
        self.wait(prompt, within, get(name, expected, prompt)).await
    }

    /// Adds or replaces the key of a profile and reads it back. The earlier one stays where this fails.
    pub fn put(&self, name: &str, value: StoredKey, prompt: Prompt, within: Duration) -> Result<(), StoreError> {
        self.block(prompt, within, put(name, value, prompt))
    }

    /// As [`StoreHandle::put`].
    pub async fn put_async(
        &self,
        name: &str,
        value: StoredKey,
        prompt: Prompt,
        within: Duration,
    ) -> Result<(), StoreError> {
        self.wait(prompt, within, put(name, value, prompt)).await
    }

    /// Takes the key of a profile out, with all its duplicates.
    pub fn remove(&self, name: &str, prompt: Prompt, within: Duration) -> Result<(), StoreError> {
        self.block(prompt, within, remove(name, prompt))
    }

    /// As [`StoreHandle::remove`].
    pub async fn remove_async(&self, name: &str, prompt: Prompt, within: Duration) -> Result<(), StoreError> {
        self.wait(prompt, within, remove(name, prompt)).await
    }

    /// Files the key of a profile under another name; [`StoreError::Exists`] where that is taken.
    pub fn rename(&self, from: &str, to: &str, prompt: Prompt, within: Duration) -> Result<(), StoreError> {
        self.block(prompt, within, rename(from, to, prompt))
    }

    /// As [`StoreHandle::rename`].
    pub async fn rename_async(&self, from: &str, to: &str, prompt: Prompt, within: Duration) -> Result<(), StoreError> {
        self.wait(prompt, within, rename(from, to, prompt)).await
    }

    /// Says what state the store is in, without a dialog.
    pub fn probe(&self, within: Duration) -> StoreState {
        if self.is_locked() {
            return StoreState::Locked;
        }
        self.block(Prompt::Never, within, probe()).unwrap_or_else(state_of)
    }

    /// As [`StoreHandle::probe`].
    pub async fn probe_async(&self, within: Duration) -> StoreState {
        if self.is_locked() {
            return StoreState::Locked;
        }
        self.wait(Prompt::Never, within, probe()).await.unwrap_or_else(state_of)
    }

    /// Wipes what is held in memory and answers [`StoreError::Locked`] to everything until `unlock`.
    ///
    /// The keyring of the desktop stays as it is: it is not llmenv's to close.
    pub fn lock(&self) {
        self.0.gate.close();
        if let Some(vault) = &self.0.vault {
            vault.forget();
        }
    }

    /// Opens the store. Takes as long as a person (or argon2id) does.
    pub fn unlock(&self, how: Unlock, within: Duration) -> Result<(), StoreError> {
        self.block_anyway(Prompt::Allowed, within, unlock(how, Arc::clone(&self.0.gate)))
    }

    /// As [`StoreHandle::unlock`].
    pub async fn unlock_async(&self, how: Unlock, within: Duration) -> Result<(), StoreError> {
        self.wait_anyway(Prompt::Allowed, within, unlock(how, Arc::clone(&self.0.gate))).await
    }

    /// The vault's unlock key, to hand to a successor; `None` for a keyring or a locked vault.
    pub fn export_key(&self) -> Option<VaultKey> {
        self.0.vault.as_ref().and_then(Vault::key)
    }

    /// Takes over the unlock key of a predecessor, after proving it on the vault.
    pub fn import_key(&self, key: VaultKey, within: Duration) -> Result<(), StoreError> {
        self.block(Prompt::Never, within, move |backend: &mut Backend, _| backend.import(key))
    }

    /// As [`StoreHandle::import_key`].
    pub async fn import_key_async(&self, key: VaultKey, within: Duration) -> Result<(), StoreError> {
        self.wait(Prompt::Never, within, move |backend: &mut Backend, _| backend.import(key)).await
    }

    /// Says whether `lock` was called since the last `unlock`.
    pub fn is_locked(&self) -> bool {
        self.0.gate.is_closed()
    }

    fn lane(&self, prompt: Prompt) -> &Arc<Lane> {
        match prompt {
            Prompt::Never => &self.0.quiet,
            Prompt::Allowed => &self.0.prompting,
        }
    }

    fn block<T: Send + 'static>(
        &self,
        prompt: Prompt,
        within: Duration,
        job: impl FnOnce(&mut Backend, Instant) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        if self.is_locked() {
            return Err(StoreError::Locked);
        }
        self.block_anyway(prompt, within, job)
    }

    fn block_anyway<T: Send + 'static>(
        &self,
        prompt: Prompt,
        within: Duration,
        job: impl FnOnce(&mut Backend, Instant) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let deadline = Instant::now() + within;
        let (sender, receiver) = mpsc::sync_channel(1);
        let lane = self.lane(prompt);
        lane.submit(deadline, Box::new(move |backend| drop(sender.send(job(backend, deadline)))));
        let answer = receiver.recv_timeout((deadline + GRACE).saturating_duration_since(Instant::now()));
        answer.unwrap_or_else(|_| {
            lane.rescue();
            Err(StoreError::Hung)
        })
    }

    async fn wait<T: Send + 'static>(
        &self,
        prompt: Prompt,
        within: Duration,
        job: impl FnOnce(&mut Backend, Instant) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        if self.is_locked() {
            return Err(StoreError::Locked);
        }
        self.wait_anyway(prompt, within, job).await
    }

    async fn wait_anyway<T: Send + 'static>(
        &self,
        prompt: Prompt,
        within: Duration,
        job: impl FnOnce(&mut Backend, Instant) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let deadline = Instant::now() + within;
        let (sender, receiver) = oneshot::channel();
        let lane = self.lane(prompt);
        lane.submit(deadline, Box::new(move |backend| drop(sender.send(job(backend, deadline)))));
        if let Ok(Ok(answer)) = tokio::time::timeout_at((deadline + GRACE).into(), receiver).await {
            return answer;
        }
        lane.rescue();
        Err(StoreError::Hung)
    }
}

fn state_of(err: StoreError) -> StoreState {
    match err {
        StoreError::Locked => StoreState::Locked,
        StoreError::Hung => StoreState::Hung,
        err => StoreState::Absent { reason: err.into_error("").message },
    }
}

type Answer<T> = Result<T, StoreError>;

fn get(name: &str, expected: bool, prompt: Prompt) -> impl FnOnce(&mut Backend, Instant) -> Answer<StoredKey> + use<> {
    let name = name.to_owned();
    move |backend, deadline| backend.get(&name, expected, prompt, deadline)
}

fn put(name: &str, value: StoredKey, prompt: Prompt) -> impl FnOnce(&mut Backend, Instant) -> Answer<()> + use<> {
    let name = name.to_owned();
    move |backend, deadline| backend.put(&name, value, prompt, deadline)
}

fn remove(name: &str, prompt: Prompt) -> impl FnOnce(&mut Backend, Instant) -> Answer<()> + use<> {
    let name = name.to_owned();
    move |backend, deadline| backend.remove(&name, prompt, deadline)
}

fn rename(from: &str, to: &str, prompt: Prompt) -> impl FnOnce(&mut Backend, Instant) -> Answer<()> + use<> {
    let (from, to) = (from.to_owned(), to.to_owned());
    move |backend, deadline| backend.rename(&from, &to, prompt, deadline)
}

fn probe() -> impl FnOnce(&mut Backend, Instant) -> Answer<StoreState> + use<> {
    |backend, deadline| Ok(backend.state(deadline))
}

fn unlock(how: Unlock, gate: Arc<Gate>) -> impl FnOnce(&mut Backend, Instant) -> Answer<()> + use<> {
    let closings = gate.closings();
    move |backend, deadline| {
        backend.unlock(how, deadline)?;
        // An answer nobody waits for any more must not undo a `lock` that came after the question.
        if gate.open_unless_closed_since(closings) {
            Ok(())
        } else {
            backend.forget();
            Err(StoreError::Locked)
        }
    }
}
