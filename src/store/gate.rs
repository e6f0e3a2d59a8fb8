//! Whether the user locked the store: set by `lock`, asked before every call, taken back by `unlock` alone.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Closed between `lock` and the next `unlock`.
#[derive(Default)]
pub(super) struct Gate(Mutex<State>);

#[derive(Default)]
struct State {
    closed: bool,
    /// How often it was closed, so that an `unlock` can tell whether it is still wanted.
    closings: u64,
}

impl Gate {
    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }

    pub(super) fn closings(&self) -> u64 {
        self.state().closings
    }

    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.closings += 1;
    }

    /// Opens it, unless it was closed again since `closings` was asked; says whether it did.
    pub(super) fn open_unless_closed_since(&self, closings: u64) -> bool {
        let mut state = self.state();
        if state.closings == closings {
            state.closed = false;
        }
        state.closings == closings
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
