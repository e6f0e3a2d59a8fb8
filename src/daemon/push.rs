//! Telling shells that something changed for them, and only those.

use super::proxy::For;
use super::shell_request::{empty_pair, serve, signature};
use super::state::{self, Shared};
use crate::ipc::protocol::ResolveState;
use crate::ipc::shell_lines::{Reason, ShellId, ShellReply};
use crate::resolve;

/// The key of a profile is in memory now: shells that wait for it are told.
pub fn key_arrived(shared: &Shared, profile: &str) {
    let waiting: Vec<ShellId> = shared
        .borrow()
        .shells
        .iter()
        .filter(|(_, shell)| shell.profile.as_deref() == Some(profile))
        .map(|(id, _)| id)
        .collect();
    tell_if_changed(shared, waiting);
}

/// Something that any shell may stand on changed: configuration, pins, a key, the lock.
pub fn anything_changed(shared: &Shared) {
    let all: Vec<ShellId> = shared.borrow().shells.iter().map(|(id, _)| id).collect();
    tell_if_changed(shared, all);
}

/// Works out what each of these shells would be told now, and bumps those for which it is something new.
fn tell_if_changed(shared: &Shared, ids: Vec<ShellId>) {
    if ids.is_empty() {
        return;
    }
    let shared = std::rc::Rc::clone(shared);
    tokio::task::spawn_local(async move {
        for id in ids {
            let Some((present, chosen, cwd)) = shared.borrow().shells.get(id).map(|shell| {
                let chosen = ResolveState {
                    reason: shell.reason,
                    profile: shell.profile.clone(),
                    lease_end: shell.lease_end,
                    mark: shell.mark.clone(),
                };
                (shell.signature, chosen, shell.cwd.clone())
            }) else {
                continue;
            };
            // A released shell is left alone until it chooses or comes under another pin.
            if chosen.reason == Reason::Released {
                continue;
            }
            let resolved = {
                let state = shared.borrow();
                let directory = state.directory(&cwd);
                resolve::resolve(&state.config, &directory, &chosen, state::now())
            };
            let profile = resolved.profile.as_ref().and_then(|name| shared.borrow().config.profiles.get(name).cloned());
            let mut expected =
                ShellReply { reason: resolved.reason, profile: resolved.profile.clone(), ..ShellReply::default() };
            if let Some(profile) = profile {
                // Without its key a shell is told to hold nothing, and that is no news to one that does.
                let holder = For::Shell(id, if resolved.reason == Reason::Shell { chosen.lease_end } else { 0 });
                let pair = serve(&shared, &profile, &resolved, std::time::Duration::from_secs(2), holder).await;
                if let Some(pair) = pair.ok().or_else(|| empty_pair(&profile, &resolved)) {
                    expected.vars = pair.vars;
                }
            }
            if signature(&expected) != present {
                shared.borrow_mut().shells.bump(id, true);
            }
        }
    });
}

/// Tells shells whose lease has ended since they last asked.
pub fn leases_ended(shared: &Shared) {
    let now = state::now();
    let ended: Vec<ShellId> = shared
        .borrow()
        .shells
        .iter()
        .filter(|(_, shell)| shell.reason == Reason::Shell && shell.lease_end != 0 && now >= shell.lease_end)
        .map(|(id, _)| id)
        .collect();
    tell_if_changed(shared, ended);
}
