//! What the daemon holds: the last good configuration, keys in memory, the shells.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::held::{Held, Keys};
use super::log::Log;
use super::memory::Memory;
use super::pipes::Pipes;
use super::proxy::Proxy;
use super::shells::Shells;
use crate::allow::AllowList;
use crate::config::{self, Config, ProviderCheck};
use crate::error::{Error, Result};
use crate::paths::Paths;
use crate::proxy::account::Known;
use crate::resolve::DirectoryChoice;
use crate::store::{KeyringPlace, StoreHandle, StoreKind, VaultPlace};

/// Shared by all tasks of the daemon's one thread. Nobody holds a borrow across an `await`.
pub type Shared = Rc<RefCell<State>>;

/// Everything the daemon holds.
pub struct State {
    /// Where the files are.
    pub paths: Paths,
    /// Where events are written down.
    pub log: Log,
    /// What outlives this run.
    pub memory: Memory,
    /// The last configuration that could be read.
    pub config: Config,
    /// Why the present file is not it.
    pub config_error: Option<Error>,
    /// Pins and included files the user has allowed.
    pub allow: AllowList,
    /// The store that the configuration chose.
    pub store: StoreHandle,
    /// Keys by profile.
    pub keys: Keys,
    /// Profiles whose keys are being read.
    pub fetching: HashSet<String>,
    /// What was last written to the log of each profile whose key could not be read.
    pub told_failures: HashMap<String, String>,
    failures: HashMap<String, Error>,
    /// The shells.
    pub shells: Shells,
    /// The pipes of those that cannot open a socket.
    pub pipes: Pipes,
    /// The name of this run.
    pub boot: String,
    /// When it started.
    pub started: Instant,
    /// How it was started.
    pub started_by: &'static str,
    /// Told by `stop`.
    pub stop: Rc<tokio::sync::Notify>,
    /// Whether a part of the system starts the daemons of this user.
    pub is_of_system: bool,
    /// Whether another daemon comes right after this one.
    pub has_successor: bool,
    /// Told by the watcher when something happened where the socket or its address is.
    pub place_changed: Rc<tokio::sync::Notify>,
    /// Told when other files matter than before: a shell went elsewhere, the configuration was read again.
    pub files_changed: Rc<tokio::sync::Notify>,
    /// The proxy; none in a command of its own.
    pub proxy: Option<Proxy>,
    /// Held while the proxy's port is being bound.
    pub proxy_turn: Rc<tokio::sync::Mutex<()>>,
    /// What the proxy was told of profiles and keys.
    pub known: Arc<Known>,
    keyring: KeyringPlace,
    vault: VaultPlace,
}

impl State {
    /// Reads everything there is to read. A wrong configuration is kept as an error beside an empty one.
    pub fn load(paths: Paths, log: Log, started_by: &'static str) -> Result<Self> {
        let memory = match crate::paths::create_private_dir(&paths.state_dir) {
            Ok(()) => Memory::load(&paths.state_dir)?,
            // A container with a read-only home still gets what it asks for; nothing is remembered.
            Err(_) if started_by == "in-process" => Memory::volatile()?,
            Err(err) => return Err(err),
        };
        let boot = new_boot_name()?;
        let files_changed: Rc<tokio::sync::Notify> = Rc::default();
        let allow = AllowList::new(&paths.state_dir);
        let (config, config_error) =
            match config::load(&paths.config_file(), &paths.home, &ProviderCheck::in_catalogue, &allow) {
                Ok(config) => (config, None),
                Err(err) => (Config::default(), Some(err)),
            };
        let known: Arc<Known> = Arc::default();
        let keys = Keys::new(Arc::clone(&known));
        let proxy =
            if started_by == "in-process" { None } else { Some(Proxy::load(&paths, &config, Arc::clone(&known))?) };
        let (keyring, vault) = (KeyringPlace::find(&paths), VaultPlace::find(&paths));
        let store = open_store(&config, &keyring, &vault);
        if memory.is_locked() {
            store.lock();
        }
        Ok(Self {
            shells: Shells::new(paths.shells_dir(), boot.clone(), Rc::clone(&files_changed)),
            pipes: Pipes::default(),
            paths,
            log,
            memory,
            config,
            config_error,
            allow,
            store,
            keys,
            known,
            fetching: HashSet::new(),
            told_failures: HashMap::new(),
            failures: HashMap::new(),
            boot,
            started: Instant::now(),
            started_by,
            stop: Rc::default(),
            is_of_system: false,
            has_successor: false,
            place_changed: Rc::default(),
            files_changed,
            proxy,
            proxy_turn: Rc::default(),
            keyring,
            vault,
        })
    }

    /// Makes it shareable among the tasks of one thread.
    pub fn shared(self) -> Shared {
        Rc::new(RefCell::new(self))
    }

    /// Forgets shells that are gone, with their files and pipes. Gives the number of those left.
    pub fn sweep(&mut self) -> usize {
        let left = self.shells.sweep();
        let shells = &self.shells;
        self.pipes.retain(|id| shells.get(id).is_some());
        left
    }

    /// Reads configuration and allow list again. A wrong file leaves the last good state in force.
    pub fn reload(&mut self) {
        // It may name other files than before.
        self.files_changed.notify_one();
        self.reload_files();
    }

    /// As [`State::reload`], for the watcher itself.
    pub fn reload_files(&mut self) {
        self.allow = AllowList::new(&self.paths.state_dir);
        match config::load(&self.paths.config_file(), &self.paths.home, &ProviderCheck::in_catalogue, &self.allow) {
            Ok(config) => {
                let changes_store = config.store != self.config.store;
                let gone: Vec<_> = self
                    .keys
                    .iter()
                    .map(|(name, _)| name.clone())
                    .filter(|name| !config.profiles.contains_key(name))
                    .collect();
                for name in gone {
                    self.keys.remove(&name);
                }
                self.failures.clear();
                // A profile whose key now lives elsewhere must not be served from what was held before.
                let moved: Vec<_> = config
                    .profiles
                    .iter()
                    .filter(|(name, profile)| self.config.profiles.get(*name).is_some_and(|old| old.key != profile.key))
                    .map(|(name, _)| name.clone())
                    .collect();
                for name in moved {
                    self.keys.remove(&name);
                }
                if let Some(proxy) = &self.proxy {
                    proxy.follow(&config);
                }
                self.config = config;
                self.config_error = None;
                self.known.forget();
                if changes_store {
                    self.store = open_store(&self.config, &self.keyring, &self.vault);
                    self.keys.clear();
                    if self.memory.is_locked() {
                        self.store.lock();
                    }
                }
            }
            Err(err) => {
                self.log.line(&format!("the configuration is wrong, the last good one serves: {}", err.message));
                self.config_error = Some(err);
            }
        }
    }

    /// What pins and rules say of a directory.
    pub fn directory(&self, cwd: &Path) -> DirectoryChoice {
        super::directory::look(cwd, &self.paths.home, &self.config, &self.allow)
    }

    /// The key in memory, unless its time is over.
    pub fn held(&mut self, profile: &str) -> Option<&Held> {
        if self.keys.get(profile).is_some_and(|held| held.until.is_some_and(|until| Instant::now() >= until)) {
            self.keys.remove(profile);
        }
        self.keys.get(profile)
    }

    /// Notes why a key could not be read.
    pub fn record_failure(&mut self, profile: &str, err: Error) {
        self.failures.insert(profile.to_owned(), err);
    }

    /// Forgets why a key could not be read, before it is tried again.
    pub fn forget_failure(&mut self, profile: &str) {
        self.failures.remove(profile);
    }

    /// Which profiles have a key that could not be read.
    pub fn failed_profiles(&self) -> impl Iterator<Item = &String> {
        self.failures.keys()
    }

    /// Why the last try to read a key failed, while no other is under way.
    pub fn failed_fetch(&mut self, profile: &str) -> Option<Error> {
        if self.fetching.contains(profile) { None } else { self.failures.get(profile).cloned() }
    }

    /// Which store is in use, in the configuration's word.
    pub fn store_word(&self) -> &'static str {
        self.store.kind().word()
    }
}

fn open_store(config: &Config, keyring: &KeyringPlace, vault: &VaultPlace) -> StoreHandle {
    match config.store.as_deref().and_then(StoreKind::from_word) {
        Some(StoreKind::Vault) => StoreHandle::vault(vault.clone()),
        Some(StoreKind::Keyring) | None => StoreHandle::keyring(keyring.clone()),
    }
}

fn new_boot_name() -> Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|err| Error::new(format!("the system gives no random bytes: {err}")))?;
    Ok(crate::fingerprint::hex(&bytes))
}

/// The present, in seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The folder in which relative places are looked for.
pub fn absolute(cwd: &Path) -> PathBuf {
    if cwd.is_absolute() { cwd.to_owned() } else { PathBuf::from("/") }
}
