//! The one process a user and machine that holds keys in memory and answers shells and commands.
//!
//! `main → cli → daemon run` starts it; everything else reaches it through [`crate::ipc`]. It runs on one thread: requests
//! are short, and what may take long (a keyring, a file on a dead mount, a program) waits on threads of its own.

mod backup_key;
mod connection;
mod directory;
mod guests;
mod handle;
#[cfg(unix)]
mod handover;
mod held;
mod inherited;
mod keys;
mod lifecycle;
mod log;
mod memory;
mod pipes;
mod presence;
mod process_limits;
mod proxy;
mod push;
mod rivals;
mod shell_request;
mod shells;
mod state;
mod tokens;
mod watch;

pub use lifecycle::{Mode, run};

use crate::error::{Error, Result};
use crate::ipc::protocol::{Request, Response};
use crate::paths::Paths;

/// Answers one request inside this process: for `LLMENV_DAEMON=off`, containers and CI. Leaves nothing running.
pub fn in_process(request: Request) -> Result<Response> {
    in_process_after(&[], request)
}

/// As [`in_process`], after doing again what was done before: a passphrase typed, a key that a program gave.
///
/// Nothing outlives a call, so whoever asks repeats the requests that put something into memory.
pub fn in_process_after(earlier: &[Request], request: Request) -> Result<Response> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let state = state::State::load(paths, log::Log::none(), "in-process")?;
    let runtime = runtime()?;
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime, async {
        let shared = state.shared();
        for request in earlier {
            if let Response::Error(err) = handle::handle(&shared, request.clone()).await {
                return Err(err);
            }
        }
        match handle::handle(&shared, request).await {
            Response::Error(err) => Err(err),
            response => Ok(response),
        }
    })
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(16)
        .build()
        .map_err(|err| Error::new(format!("cannot start: {err}")))
}
