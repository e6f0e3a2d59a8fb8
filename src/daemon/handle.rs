//! One function per request. The same code answers in a daemon and, where there is none, inside the asking command.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::backup_key;
use super::keys::{self, NoKey};
use super::proxy::{self, For};
use super::push;
use super::shell_request::serve;
use super::state::{self, Held, Shared};
use super::tokens;
use crate::error::{Error, ErrorKind, Result};
use crate::explain::mask::KeyMask;
use crate::ipc::protocol::{
    Finding, HelloFacts, Holder, KeyEntry, KeyFacts, Matches, PROTOCOL_VERSION, Request, ResolveState, ResolvedFacts,
    Response, Served, Severity, ShellFacts, StoreFacts, ValueFacts, WireSecret,
};
use crate::ipc::shell_lines::Reason;
use crate::profile::{KeySource, Profile};
use crate::provider;
use crate::resolve::{self, Resolved};
use crate::secret::Secret;
use crate::store::{Prompt, StoreError, StoreState, StoredKey, Unlock};

/// How long a person may take over the system's own dialog.
const UNLOCK_DEADLINE: Duration = Duration::from_secs(120);
/// How much longer than the store may take a command waits for a key.
const KEY_GRACE: Duration = Duration::from_millis(100);

/// Answers a request.
pub async fn handle(shared: &Shared, request: Request) -> Response {
    let answer = match request {
        Request::Hello => Ok(hello(shared)),
        Request::Stop => {
            shared.borrow().stop.notify_one();
            Ok(done())
        }
        Request::HandOver => {
            let mut state = shared.borrow_mut();
            state.has_successor = true;
            state.stop.notify_one();
            Ok(done())
        }
        Request::Reload => {
            shared.borrow_mut().reload();
            proxy::listen_where_needed(shared);
            push::anything_changed(shared);
            let error = shared.borrow().config_error.clone();
            error.map_or_else(|| Ok(done()), Err)
        }
        Request::KeyPut { profile, entry, replace } => key_put(shared, &profile, entry, replace).await,
        Request::KeyGet { profile } => key_get(shared, &profile).await,
        Request::KeyCopy { from, to } => key_copy(shared, &from, &to).await,
        Request::KeyRemove { profile, lives_on } => key_remove(shared, &profile, lives_on).await,
        Request::KeyInfo { profiles } => key_info(shared, profiles).await,
        Request::KeyMatch { masks, values } => key_match(shared, &masks, &values).await,
        Request::KeyCache { profile, key, ttl_seconds } => refuse_while_locked(shared).map(|()| {
            keys::hold(shared, &profile, key.0, ttl_seconds.map(Duration::from_secs));
            push::key_arrived(shared, &profile);
            done()
        }),
        Request::Serve { profile, cwd, state, holder, direct } => {
            let holder = holder.unwrap_or(Holder::Text { seconds: None });
            serve_pair(shared, profile, &cwd, state, &holder, direct).await
        }
        Request::Proxy => Ok(proxy::facts(shared)),
        Request::TokenMake { profile, name } => match known(shared, &profile) {
            Ok(profile) => tokens::client_token(shared, &profile, &name).await,
            Err(err) => Err(err),
        },
        Request::TokenEnd { profile, named, shell } => {
            tokens::end(shared, profile.as_deref(), named.as_ref().map(|named| &named.0), shell)
        }
        Request::Resolve { cwd, state } => resolved(shared, &cwd, state.unwrap_or_default()).await,
        Request::Lock => lock(shared),
        Request::Unlock { passphrase } => unlock(shared, passphrase.map(|secret| secret.0)).await,
        Request::BackupKey => backup_key::get(shared).await,
        Request::StoreState => Ok(store_state(shared).await),
        Request::Shells => Ok(shells(shared)),
    };
    answer.unwrap_or_else(Response::Error)
}

/// How long a command waits for a key.
fn key_wait(shared: &Shared) -> Duration {
    shared.borrow().store.deadline() + KEY_GRACE
}

fn done() -> Response {
    Response::Done { notes: Vec::new() }
}

fn hello(shared: &Shared) -> Response {
    let mut state = shared.borrow_mut();
    let shells = state.sweep();
    Response::Hello(HelloFacts {
        protocol: PROTOCOL_VERSION,
        version: env!("CARGO_PKG_VERSION").into(),
        pid: std::process::id(),
        boot: state.boot.clone(),
        uptime_seconds: state.started.elapsed().as_secs(),
        shells,
        started_by: state.started_by.into(),
        config_error: state.config_error.clone(),
        locked: state.memory.is_locked(),
        program: std::env::current_exe().unwrap_or_default(),
    })
}

async fn key_put(shared: &Shared, profile: &str, entry: KeyEntry, replace: bool) -> Result<Response> {
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

async fn key_get(shared: &Shared, profile: &str) -> Result<Response> {
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

async fn key_copy(shared: &Shared, from: &str, to: &str) -> Result<Response> {
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

async fn key_remove(shared: &Shared, profile: &str, lives_on: bool) -> Result<Response> {
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

async fn key_info(shared: &Shared, profiles: Vec<String>) -> Result<Response> {
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
async fn key_match(shared: &Shared, masks: &[KeyMask], values: &[WireSecret]) -> Result<Response> {
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

fn is_stored(profile: &Profile) -> bool {
    profile.key == KeySource::Stored && !keys::takes_no_key(profile)
}

/// What can be told of a profile's key.
async fn facts_of(shared: &Shared, profile: &Profile, wait: Duration) -> KeyFacts {
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

async fn serve_pair(
    shared: &Shared,
    profile: Option<String>,
    cwd: &std::path::Path,
    state: Option<(Reason, Option<String>)>,
    holder: &Holder,
    direct: bool,
) -> Result<Response> {
    let chosen = match (profile, state) {
        (Some(name), _) => ResolveState { reason: Reason::Shell, profile: Some(name), ..ResolveState::default() },
        (None, Some((reason, profile))) => ResolveState { reason, profile, ..ResolveState::default() },
        (None, None) => ResolveState::default(),
    };
    let resolved = resolve_here(shared, cwd, &chosen);
    let Some(name) = &resolved.profile else {
        if let Some(asked) = chosen.profile.filter(|_| chosen.reason == Reason::Shell) {
            return Err(unknown(shared, &asked));
        }
        let mut err = Error::new("no profile is active here").hint("name one, as in `llmenv exec NAME -- COMMAND`");
        for finding in &resolved.findings {
            err.hints.insert(0, finding.message.clone());
        }
        return Err(err);
    };
    let mut profile = known(shared, name)?;
    if direct && profile.proxy {
        profile.proxy = false;
        // What only the proxy can serve has no real pair.
        let row = provider::find(&profile.provider).unwrap_or_else(provider::custom);
        let spoken = profile.dialect.map_or_else(|| row.families(), |dialect| vec![dialect.family()]);
        profile.serve.retain(|family| spoken.contains(family));
    }
    let holder = For::Holder(holder);
    let pair =
        serve(shared, &profile, &resolved, key_wait(shared), holder).await.map_err(|err| err.into_error(name))?;
    let mut vars: BTreeMap<String, Option<WireSecret>> =
        pair.vars.into_iter().map(|(name, value)| (name, value.map(WireSecret))).collect();
    vars.insert("LLMENV_PROFILE".into(), Some(WireSecret(Secret::new(name.as_str()))));
    let facts = facts(shared, &resolved, &profile, KeyFacts::default());
    Ok(Response::Served(Served { resolved: facts, vars }))
}

async fn resolved(shared: &Shared, cwd: &std::path::Path, chosen: ResolveState) -> Result<Response> {
    let resolved = resolve_here(shared, cwd, &chosen);
    let Some(profile) = resolved.profile.as_ref().and_then(|name| known(shared, name).ok()) else {
        let mut facts = ResolvedFacts {
            reason: resolved.reason,
            origin: resolved.origin.clone(),
            store: shared.borrow().store_word().into(),
            findings: resolved.findings.clone(),
            ..ResolvedFacts::default()
        };
        facts.findings.extend(config_finding(shared));
        return Ok(Response::Resolved(facts));
    };
    let key = facts_of(shared, &profile, key_wait(shared)).await;
    let mut facts = facts(shared, &resolved, &profile, key.clone());
    if let Some(err) = key.error {
        facts.findings.push(finding("key-unavailable", Severity::Error, &err));
    } else if let Err(NoKey::Failed(err)) = serve(shared, &profile, &resolved, key_wait(shared), For::Nobody).await {
        facts.findings.push(finding("pair-refused", Severity::Error, &err));
    }
    if profile.proxy {
        facts.findings.extend(proxy::findings(&shared.borrow()));
    }
    facts.findings.extend(config_finding(shared));
    Ok(Response::Resolved(facts))
}

fn facts(shared: &Shared, resolved: &Resolved, profile: &Profile, key: KeyFacts) -> ResolvedFacts {
    let row = provider::find(&profile.provider).unwrap_or_else(provider::custom);
    let families = resolve::served_families(profile, row);
    ResolvedFacts {
        profile: Some(profile.name.clone()),
        reason: resolved.reason,
        origin: resolved.origin.clone(),
        provider: Some(profile.provider.clone()),
        base_url: resolve::base_url_of(profile, row, resolve::own_family(profile, row)).ok(),
        families: families.iter().map(|family| family.name().to_owned()).collect(),
        key,
        store: match &profile.key {
            KeySource::Stored if keys::takes_no_key(profile) => "none".into(),
            KeySource::Stored => shared.borrow().store_word().into(),
            KeySource::File(_) => "file".into(),
            KeySource::Command { .. } => "command".into(),
            KeySource::Absent => "none".into(),
        },
        findings: resolved.findings.clone(),
    }
}

fn config_finding(shared: &Shared) -> Option<Finding> {
    let state = shared.borrow();
    state.config_error.as_ref().map(|err| finding("config-invalid", Severity::Error, err))
}

fn finding(id: &str, severity: Severity, err: &Error) -> Finding {
    let place = err.at.first().map(|place| format!(" ({place})")).unwrap_or_default();
    Finding {
        id: id.into(),
        severity,
        message: format!("{}{place}", err.message),
        origin: None,
        hint: err.hints.first().cloned(),
    }
}

fn resolve_here(shared: &Shared, cwd: &std::path::Path, chosen: &ResolveState) -> Resolved {
    let state = shared.borrow();
    let directory = state.directory(&state::absolute(cwd));
    resolve::resolve(&state.config, &directory, chosen, state::now())
}

fn known(shared: &Shared, name: &str) -> Result<Profile> {
    let found = shared.borrow().config.profiles.get(name).cloned();
    found.ok_or_else(|| unknown(shared, name))
}

fn unknown(shared: &Shared, name: &str) -> Error {
    let state = shared.borrow();
    let mut err = crate::config::unknown_profile(name, state.config.profiles.keys().map(String::as_str));
    if let Some(wrong) = &state.config_error {
        err.hints.insert(0, format!("the configuration cannot be read: {}", wrong.message));
        err.at.extend(wrong.at.iter().cloned());
    }
    err
}

pub(super) fn refuse_while_locked(shared: &Shared) -> Result<()> {
    if shared.borrow().memory.is_locked() {
        return Err(Error::of(ErrorKind::Locked, "llmenv is locked").hint("run `llmenv unlock`"));
    }
    Ok(())
}

fn lock(shared: &Shared) -> Result<Response> {
    let written = {
        let mut state = shared.borrow_mut();
        // Written down first: what is locked stays so whatever happens next. Where it cannot be, this run is locked all the same.
        let written = state.memory.set_locked(true);
        state.keys.clear();
        state.store.lock();
        state.log.line("locked");
        written
    };
    push::anything_changed(shared);
    written.map(|()| done()).map_err(|err| err.hint("locked until the daemon ends, but not across restarts"))
}

async fn unlock(shared: &Shared, passphrase: Option<Secret>) -> Result<Response> {
    let store = shared.borrow().store.clone();
    let how = passphrase.map_or(Unlock::Prompt, Unlock::Passphrase);
    store.unlock_async(how, UNLOCK_DEADLINE).await.map_err(|err| err.into_error("-"))?;
    {
        let mut state = shared.borrow_mut();
        state.memory.set_locked(false)?;
        state.log.line("unlocked");
    }
    prefetch(shared);
    push::anything_changed(shared);
    Ok(done())
}

/// Reads every stored key into memory, so that a prompt never waits for a keyring.
pub fn prefetch(shared: &Shared) {
    let stored: Vec<Profile> = {
        let state = shared.borrow();
        if state.memory.is_locked() {
            return;
        }
        state.config.profiles.values().filter(|profile| is_stored(profile)).cloned().collect()
    };
    for profile in stored {
        keys::fetch(shared, &profile);
    }
}

async fn store_state(shared: &Shared) -> Response {
    let store = shared.borrow().store.clone();
    let (state, detail) = match store.probe_async(store.deadline()).await {
        StoreState::Unlocked => ("unlocked", None),
        StoreState::Locked => ("locked", None),
        StoreState::Absent { reason } => ("absent", Some(reason)),
        StoreState::Hung => ("hung", None),
    };
    Response::Store(StoreFacts { kind: store.kind().word().into(), state: state.into(), detail })
}

fn shells(shared: &Shared) -> Response {
    let mut state = shared.borrow_mut();
    state.sweep();
    let mut shells: Vec<_> = state
        .shells
        .iter()
        .map(|(id, shell)| ShellFacts {
            pid: id.pid,
            shell: shell.kind.clone(),
            cwd: shell.cwd.clone(),
            profile: shell.profile.clone(),
            reason: shell.reason,
        })
        .collect();
    shells.sort_by_key(|shell| shell.pid);
    Response::Shells(shells)
}
