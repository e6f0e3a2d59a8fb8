//! The store as a whole: locked, opened, read ahead, looked at.

use std::time::Duration;

use super::done;
use super::key::is_stored;
use crate::daemon::state::Shared;
use crate::daemon::{keys, push};
use crate::error::Result;
use crate::ipc::protocol::{Response, StoreFacts};
use crate::profile::Profile;
use crate::secret::Secret;
use crate::store::{StoreState, Unlock};

/// How long a person may take over the system's own dialog.
const UNLOCK_DEADLINE: Duration = Duration::from_secs(120);

pub(super) fn lock(shared: &Shared) -> Result<Response> {
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

pub(super) async fn unlock(shared: &Shared, passphrase: Option<Secret>) -> Result<Response> {
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

pub(super) async fn store_state(shared: &Shared) -> Response {
    let store = shared.borrow().store.clone();
    let (state, detail) = match store.probe_async(store.deadline()).await {
        StoreState::Unlocked => ("unlocked", None),
        StoreState::Locked => ("locked", None),
        StoreState::Absent { reason } => ("absent", Some(reason)),
        StoreState::Hung => ("hung", None),
    };
    Response::Store(StoreFacts { kind: store.kind().word().into(), state: state.into(), detail })
}
