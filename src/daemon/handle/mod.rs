//! One function per request. The same code answers in a daemon and, where there is none, inside the asking command.

mod key;
mod pair;
mod store;

use std::time::Duration;

pub use store::prefetch;

use super::backup_key;
use super::keys;
use super::proxy;
use super::push;
use super::state::Shared;
use super::tokens;
use crate::error::{Error, ErrorKind, Result};
use crate::ipc::protocol::{HelloFacts, Holder, PROTOCOL_VERSION, Request, Response, ShellFacts};
use crate::profile::Profile;

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
        Request::KeyPut { profile, entry, replace } => key::put(shared, &profile, entry, replace).await,
        Request::KeyGet { profile } => key::get(shared, &profile).await,
        Request::KeyCopy { from, to } => key::copy(shared, &from, &to).await,
        Request::KeyRemove { profile, lives_on } => key::remove(shared, &profile, lives_on).await,
        Request::KeyInfo { profiles } => key::info(shared, profiles).await,
        Request::KeyMatch { masks, values } => key::matches(shared, &masks, &values).await,
        Request::KeyCache { profile, key, ttl_seconds } => refuse_while_locked(shared).map(|()| {
            keys::hold(shared, &profile, key.0, ttl_seconds.map(Duration::from_secs));
            push::key_arrived(shared, &profile);
            done()
        }),
        Request::Serve { profile, cwd, state, holder, direct } => {
            let holder = holder.unwrap_or(Holder::Text { seconds: None });
            pair::serve_pair(shared, profile, &cwd, state, &holder, direct).await
        }
        Request::Proxy => Ok(proxy::facts(shared)),
        Request::TokenMake { profile, name } => match known(shared, &profile) {
            Ok(profile) => tokens::client_token(shared, &profile, &name).await,
            Err(err) => Err(err),
        },
        Request::TokenEnd { profile, named, shell } => {
            tokens::end(shared, profile.as_deref(), named.as_ref().map(|named| &named.0), shell)
        }
        Request::Resolve { cwd, state } => pair::resolved(shared, &cwd, state.unwrap_or_default()).await,
        Request::Lock => store::lock(shared),
        Request::Unlock { passphrase } => store::unlock(shared, passphrase.map(|secret| secret.0)).await,
        Request::BackupKey => backup_key::get(shared).await,
        Request::StoreState => Ok(store::store_state(shared).await),
        Request::Shells => Ok(shells(shared)),
    };
    answer.unwrap_or_else(Response::Error)
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
