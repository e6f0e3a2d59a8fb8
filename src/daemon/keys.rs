//! How a profile's key gets into memory: from the store, a file or a program, each with its own time and place.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::state::{Held, Shared};
use crate::error::{Error, ErrorKind, Result};
use crate::profile::{Auth, KeySource, Profile};
use crate::provider;
use crate::secret::Secret;
use crate::store::{self, Prompt, StoreError, StoredKey};

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
        KeySource::Stored => {
            fetch(shared, &profile.name);
            let deadline = Instant::now() + wait;
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
        KeySource::Command { interactive: true, .. } => Err(NoKey::Failed(
            Error::of(
                ErrorKind::Locked,
                format!("the key of `{}` comes from a program that may ask you something", profile.name),
            )
            .hint(format!("run `llmenv unlock {}`", profile.name)),
        )),
        KeySource::Command { argv, ttl, pass_env, .. } => {
            let (argv, pass_env, ttl) = (argv.clone(), pass_env.clone(), *ttl);
            let run = tokio::task::spawn_blocking(move || {
                store::command::run_command(&argv, store::command::Mode::Daemon { pass_env: &pass_env })
            });
            let key = match run.await {
                Ok(Ok(key)) => key,
                Ok(Err(err)) => return Err(NoKey::Failed(err.at(format!("profile `{}`", profile.name)))),
                Err(_) => return Err(NoKey::Failed(Error::new("the key's program could not be run"))),
            };
            hold(shared, &profile.name, key.clone(), ttl);
            Ok(elsewhere(key))
        }
    }
}

/// Keeps a key that was given from outside the store.
pub fn hold(shared: &Shared, profile: &str, key: Secret, ttl: Option<Duration>) {
    let until = ttl.map(|ttl| Instant::now() + ttl);
    let stored = StoredKey { key, origin: String::new(), more: std::collections::BTreeMap::new() };
    shared.borrow_mut().keys.insert(profile.to_owned(), Held { stored, until });
}

/// Starts reading a key from the store, unless that is under way.
pub fn fetch(shared: &Shared, profile: &str) {
    {
        let mut state = shared.borrow_mut();
        if state.keys.contains_key(profile) || !state.fetching.insert(profile.to_owned()) {
            return;
        }
        state.forget_failure(profile);
    }
    let (shared, profile) = (Rc::clone(shared), profile.to_owned());
    tokio::task::spawn_local(async move {
        let store = shared.borrow().store.clone();
        let result = store.get_async(&profile, true, Prompt::Never, store::DEADLINE).await;
        let mut state = shared.borrow_mut();
        state.fetching.remove(&profile);
        match result {
            Ok(stored) if !state.memory.is_locked() => {
                state.keys.insert(profile.clone(), Held { stored, until: None });
                drop(state);
                super::push::key_arrived(&shared, &profile);
            }
            Ok(_) => {}
            Err(err) => {
                let err = err.into_error(&profile);
                state.log.line(&format!("the key of `{profile}` could not be read: {}", err.message));
                state.record_failure(&profile, err);
            }
        }
    });
}

/// Says whether a profile may do without a key.
pub fn takes_no_key(profile: &Profile) -> bool {
    let row = provider::find(&profile.provider).unwrap_or_else(provider::custom);
    profile.auth.unwrap_or(row.auth) == Auth::None
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
