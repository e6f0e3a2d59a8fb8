//! How a profile's key gets into memory: from the store, a file or a program, each with its own time and place.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::held::Held;
use super::state::Shared;
use crate::error::{Error, ErrorKind, Result};
use crate::profile::{Auth, KeySource, Profile};
use crate::provider;
use crate::secret::Secret;
use crate::store::{self, Prompt, StoreError, StoredKey};

/// How long the program that gives a key may take, with some time to end.
const PROGRAM_WAIT: Duration = Duration::from_millis(5_500);

/// A key, and the host it is bound to where the store knows one.
#[derive(Clone, Debug)]
pub struct Key {
    /// The key.
    pub key: Secret,
    /// `https://host`, for keys in our own store.
    pub bound_to: Option<String>,
    /// Further secret variables.
    pub more: std::collections::BTreeMap<String, Secret>,
}

/// Why there is no key now.
#[derive(Debug)]
pub enum NoKey {
    /// It is being read and comes later.
    Pending,
    /// It cannot be had, and this is why.
    Failed(Error),
}

impl NoKey {
    /// As the error of a command that cannot wait any longer.
    pub fn into_error(self, profile: &str) -> Error {
        match self {
            Self::Pending => StoreError::Hung.into_error(profile),
            Self::Failed(err) => err,
        }
    }
}

/// Gives a profile's key, waiting at most `wait` for a store. A read that takes longer goes on and tells the shells when it is done.
pub async fn key_of(shared: &Shared, profile: &Profile, wait: Duration) -> Result<Key, NoKey> {
    if shared.borrow().memory.is_locked() {
        return Err(NoKey::Failed(
            Error::of(ErrorKind::Locked, "llmenv is locked, so no key is served").hint("run `llmenv unlock`"),
        ));
    }
    if let Some(held) = shared.borrow_mut().held(&profile.name) {
        return Ok(from_stored(&held.stored, profile));
    }
    match &profile.key {
        KeySource::Absent => Ok(no_key()),
        KeySource::Stored if takes_no_key(profile) => Ok(no_key()),
        KeySource::Command { interactive: true, .. } => Err(NoKey::Failed(
            Error::of(
                ErrorKind::Locked,
                format!("the key of `{}` comes from a program that may ask you something", profile.name),
            )
            .hint(format!("run `llmenv unlock {}`", profile.name)),
        )),
        KeySource::Stored | KeySource::Command { .. } => {
            fetch(shared, profile);
            // A program may take as long as it may run, where a person waits for it.
            let is_program = matches!(profile.key, KeySource::Command { .. }) && wait >= store::DEADLINE;
            let deadline = Instant::now() + if is_program { PROGRAM_WAIT } else { wait };
            loop {
                if let Some(held) = shared.borrow_mut().held(&profile.name) {
                    return Ok(from_stored(&held.stored, profile));
                }
                if let Some(err) = shared.borrow_mut().failed_fetch(&profile.name) {
                    return Err(NoKey::Failed(err));
                }
                if Instant::now() >= deadline {
                    return Err(NoKey::Pending);
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
                // Whoever read the configuration again meanwhile forgot why the first read failed, and nobody else asks anew.
                let is_told = shared.borrow_mut().failed_fetch(&profile.name).is_some();
                if !is_told {
                    fetch(shared, profile);
                }
            }
        }
        KeySource::File(path) => {
            let path = path.clone();
            let read = tokio::task::spawn_blocking(move || store::file::read_key(&path));
            match tokio::time::timeout(Duration::from_secs(2).max(wait), read).await {
                Ok(Ok(Ok(key))) => Ok(elsewhere(key)),
                Ok(Ok(Err(err))) => Err(NoKey::Failed(err.at(format!("profile `{}`", profile.name)))),
                _ => Err(NoKey::Failed(
                    Error::new("the key's file does not answer").at(format!("profile `{}`", profile.name)),
                )),
            }
        }
    }
}

/// Keeps a key that was given from outside the store.
pub fn hold(shared: &Shared, profile: &str, key: Secret, ttl: Option<Duration>) {
    shared.borrow_mut().keys.insert(profile.to_owned(), outside(key, ttl));
}

fn outside(key: Secret, ttl: Option<Duration>) -> Held {
    let stored = StoredKey { key, origin: String::new(), more: std::collections::BTreeMap::new() };
    Held { stored, until: ttl.map(|ttl| Instant::now() + ttl) }
}

/// Starts reading a key from the store, or running its program, unless that is under way.
pub fn fetch(shared: &Shared, profile: &Profile) {
    {
        let mut state = shared.borrow_mut();
        if state.held(&profile.name).is_some() || !state.fetching.insert(profile.name.clone()) {
            return;
        }
        state.forget_failure(&profile.name);
    }
    let (shared, profile) = (Rc::clone(shared), profile.clone());
    tokio::task::spawn_local(async move {
        let name = &profile.name;
        let result = read(&shared, &profile).await;
        let mut state = shared.borrow_mut();
        state.fetching.remove(name);
        match result {
            Ok(held) if !state.memory.is_locked() => {
                state.keys.insert(name.clone(), held);
                drop(state);
                super::push::key_arrived(&shared, name);
            }
            Ok(_) => {}
            Err(err) => {
                // Said once, not at every try.
                if state.told_failures.insert(name.clone(), err.message.clone()).as_ref() != Some(&err.message) {
                    state.log.line(&format!("the key of `{name}` could not be read: {}", err.message));
                }
                state.record_failure(name, err);
            }
        }
    });
}

async fn read(shared: &Shared, profile: &Profile) -> Result<Held> {
    let KeySource::Command { argv, ttl, pass_env, .. } = &profile.key else {
        let store = shared.borrow().store.clone();
        let got = store.get_async(&profile.name, true, Prompt::Never, store.deadline()).await;
        return got.map(|stored| Held { stored, until: None }).map_err(|err| err.into_error(&profile.name));
    };
    let (argv, pass_env, ttl) = (argv.clone(), pass_env.clone(), *ttl);
    let run = tokio::task::spawn_blocking(move || {
        store::command::run_command(&argv, store::command::Mode::Daemon { pass_env: &pass_env })
    });
    let place = || format!("profile `{}`", profile.name);
    match tokio::time::timeout(PROGRAM_WAIT, run).await {
        Ok(Ok(Ok(key))) => Ok(outside(key, ttl)),
        Ok(Ok(Err(err))) => Err(err.at(place())),
        _ => Err(Error::new("the key's program could not be run").at(place())),
    }
}

/// Tries again to read the keys that living shells are without: a keyring may be open by now.
pub fn retry_for_shells(shared: &Shared) {
    let waiting: Vec<Profile> = {
        let state = shared.borrow();
        if state.memory.is_locked() {
            return;
        }
        let is_wanted = |name: &str| state.shells.iter().any(|(_, shell)| shell.profile.as_deref() == Some(name));
        let names = state.failed_profiles().filter(|name| is_wanted(name));
        let profiles = names.filter_map(|name| state.config.profiles.get(name));
        // Programs and files are for those who ask.
        profiles.filter(|profile| profile.key == KeySource::Stored).cloned().collect()
    };
    for profile in waiting {
        fetch(shared, &profile);
    }
}

/// Says whether a profile may do without a key.
pub fn takes_no_key(profile: &Profile) -> bool {
    let row = provider::find(&profile.provider).unwrap_or_else(provider::custom);
    matches!(profile.auth.unwrap_or(row.auth), Auth::None | Auth::Client)
}

fn no_key() -> Key {
    elsewhere(Secret::default())
}

fn elsewhere(key: Secret) -> Key {
    Key { key, bound_to: None, more: std::collections::BTreeMap::new() }
}

fn from_stored(stored: &StoredKey, profile: &Profile) -> Key {
    let bound_to = (profile.key == KeySource::Stored).then(|| stored.origin.clone());
    Key { key: stored.key.clone(), bound_to, more: stored.more.clone() }
}
