//! Keys: put in, taken out, looked at, compared.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{done, known, refuse_while_locked};
use crate::daemon::held::Held;
use crate::daemon::keys::{self, NoKey};
use crate::daemon::push;
use crate::daemon::state::Shared;
use crate::error::{Error, ErrorKind, Result};
use crate::explain::mask::KeyMask;
use crate::ipc::protocol::{KeyEntry, KeyFacts, Matches, Response, ValueFacts, WireSecret};
use crate::profile::{KeySource, Profile};
use crate::store::{Prompt, StoreError, StoredKey};

/// How much longer than the store may take a command waits for a key.
const KEY_GRACE: Duration = Duration::from_millis(100);

/// How long a command waits for a key.
pub(super) fn key_wait(shared: &Shared) -> Duration {
    shared.borrow().store.deadline() + KEY_GRACE
}

pub(super) async fn put(shared: &Shared, profile: &str, entry: KeyEntry, replace: bool) -> Result<Response> {
    refuse_while_locked(shared)?;
    let store = shared.borrow().store.clone();
    let earlier = match store.get_async(profile, false, Prompt::Never, store.deadline()).await {
        Ok(stored) => Some(stored),
        Err(StoreError::NotFound) => None,
        // An item that is there and cannot be understood is replaced, not kept in the way.
        Err(StoreError::Broken { .. }) if replace => None,
        Err(err) => return Err(err.into_error(profile)),
    };
    if earlier.is_some() && !replace {
        return Err(Error::new(format!("there is a key for `{profile}` already"))
            .hint(format!("`llmenv rotate {profile}` replaces it")));
    }
    let stored = StoredKey {
        key: entry.key.0,
        origin: entry.origin,
        more: entry.more.into_iter().map(|(name, value)| (name, value.0)).collect(),
    };
    store
        .put_async(profile, stored.clone(), Prompt::Never, store.deadline())
        .await
        .map_err(|err| err.into_error(profile))?;
    let notes = {
        let mut state = shared.borrow_mut();
        let earlier = earlier.filter(|earlier| !earlier.key.same_as(&stored.key));
        let remembered = earlier.map_or(Ok(()), |earlier| state.memory.remember_rotated(&earlier.key));
        let forgotten = state.memory.forget_rotated(&stored.key);
        state.forget_failure(profile);
        state.keys.insert(profile.to_owned(), Held { stored, until: None });
        state.log.line(&format!("the key of `{profile}` was stored"));
        not_remembered(remembered.and(forgotten))
    };
    push::anything_changed(shared);
    Ok(Response::Done { notes })
}

/// The key is where it belongs; that the old one's fingerprint could not be written down is worth a line, not a failure.
fn not_remembered(result: Result<()>) -> Vec<String> {
    let told = |err: Error| format!("the old key will not be recognised after a restart: {}", err.message);
    result.err().map(told).into_iter().collect()
}

pub(super) async fn get(shared: &Shared, profile: &str) -> Result<Response> {
    let profile = known(shared, profile)?;
    let key = match keys::key_of(shared, &profile, key_wait(shared)).await {
        Ok(key) => key,
        Err(NoKey::Failed(err)) if err.kind == ErrorKind::Failed && is_stored(&profile) => {
            // Whoever is about to store one has to know that there is none.
            let store = shared.borrow().store.clone();
            return Err(match store.get_async(&profile.name, false, Prompt::Never, store.deadline()).await {
                Err(StoreError::NotFound) => StoreError::NotFound.into_error(&profile.name),
                _ => err,
            });
        }
        Err(err) => return Err(err.into_error(&profile.name)),
    };
    Ok(Response::Key(KeyEntry {
        key: WireSecret(key.key),
        origin: key.bound_to.unwrap_or_default(),
        more: key.more.into_iter().map(|(name, value)| (name, WireSecret(value))).collect(),
    }))
}

pub(super) async fn copy(shared: &Shared, from: &str, to: &str) -> Result<Response> {
    refuse_while_locked(shared)?;
    let store = shared.borrow().store.clone();
    let stored =
        store.get_async(from, false, Prompt::Never, store.deadline()).await.map_err(|err| err.into_error(from))?;
    store.put_async(to, stored.clone(), Prompt::Never, store.deadline()).await.map_err(|err| err.into_error(to))?;
    let mut state = shared.borrow_mut();
    state.forget_failure(to);
    state.keys.insert(to.to_owned(), Held { stored, until: None });
    state.log.line(&format!("the key of `{from}` was stored for `{to}` too"));
    Ok(done())
}

pub(super) async fn remove(shared: &Shared, profile: &str, lives_on: bool) -> Result<Response> {
    refuse_while_locked(shared)?;
    let store = shared.borrow().store.clone();
    let stored = store.get_async(profile, false, Prompt::Never, store.deadline()).await.ok();
    match store.remove_async(profile, Prompt::Never, store.deadline()).await {
        Ok(()) | Err(StoreError::NotFound) => {}
        Err(err) => return Err(err.into_error(profile)),
    }
    let notes = {
        let mut state = shared.borrow_mut();
        let gone = stored.filter(|_| !lives_on);
        let remembered = gone.map_or(Ok(()), |stored| state.memory.remember_rotated(&stored.key));
        state.keys.remove(profile);
        state.forget_failure(profile);
        state.log.line(&format!("the key of `{profile}` was removed"));
        not_remembered(remembered)
    };
    push::anything_changed(shared);
    Ok(Response::Done { notes })
}

pub(super) async fn info(shared: &Shared, profiles: Vec<String>) -> Result<Response> {
    // All are asked for at once: with a keyring that hangs they fail together, not one after the other.
    let deadline = Instant::now() + key_wait(shared);
    let known: Vec<_> = profiles.into_iter().map(|name| (known(shared, &name).ok(), name)).collect();
    if !shared.borrow().memory.is_locked() {
        for profile in known.iter().filter_map(|(profile, _)| profile.as_ref()).filter(|profile| is_stored(profile)) {
            keys::fetch(shared, profile);
        }
    }
    let mut facts = BTreeMap::new();
    for (profile, name) in known {
        let fact = match profile {
            Some(profile) => facts_of(shared, &profile, deadline.saturating_duration_since(Instant::now())).await,
            None => KeyFacts::default(),
        };
        facts.insert(name, fact);
    }
    Ok(Response::Keys(facts))
}

/// Compares masks and values with the keys of all profiles. Keys that cannot be read without asking somebody are left out.
pub(super) async fn matches(shared: &Shared, masks: &[KeyMask], values: &[WireSecret]) -> Result<Response> {
    let deadline = Instant::now() + key_wait(shared);
    let profiles: Vec<_> = shared.borrow().config.profiles.values().cloned().collect();
    if !shared.borrow().memory.is_locked() {
        for profile in profiles.iter().filter(|profile| is_stored(profile)) {
            keys::fetch(shared, profile);
        }
    }
    let mut matches = Matches {
        masks: vec![Vec::new(); masks.len()],
        values: vec![ValueFacts::default(); values.len()],
        unread: Vec::new(),
    };
    for profile in profiles.iter().filter(|profile| profile.key != KeySource::Absent && !keys::takes_no_key(profile)) {
        let Ok(key) = keys::key_of(shared, profile, deadline.saturating_duration_since(Instant::now())).await else {
            matches.unread.push(profile.name.clone());
            continue;
        };
        for (mask, names) in masks.iter().zip(&mut matches.masks) {
            if mask.fits(&key.key) {
                names.push(profile.name.clone());
            }
        }
        for (value, facts) in values.iter().zip(&mut matches.values) {
            if value.0.same_as(&key.key) && facts.profile.is_none() {
                facts.profile = Some(profile.name.clone());
            }
        }
    }
    let state = shared.borrow();
    for (value, facts) in values.iter().zip(&mut matches.values) {
        facts.is_rotated_away = facts.profile.is_none() && state.memory.is_rotated_away(&value.0);
    }
    Ok(Response::Matches(matches))
}

pub(super) fn is_stored(profile: &Profile) -> bool {
    profile.key == KeySource::Stored && !keys::takes_no_key(profile)
}

/// What can be told of a profile's key.
pub(super) async fn facts_of(shared: &Shared, profile: &Profile, wait: Duration) -> KeyFacts {
    if keys::takes_no_key(profile) && profile.key == KeySource::Stored || profile.key == KeySource::Absent {
        return KeyFacts::default();
    }
    match keys::key_of(shared, profile, wait).await {
        Ok(key) => KeyFacts {
            shown: Some(key.key.shown(&profile.provider)),
            fingerprint: Some(shared.borrow().memory.fingerprint(&key.key).short()),
            origin: key.bound_to,
            more: key.more.into_keys().collect(),
            error: None,
        },
        Err(err) => KeyFacts { error: Some(err.into_error(&profile.name)), ..KeyFacts::default() },
    }
}
