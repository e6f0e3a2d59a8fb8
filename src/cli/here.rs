//! Where a command was called: the directory, and what the shell above it says of itself.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::{Error, Result};
use crate::hook::state::ShellState;
use crate::ipc::protocol::{Holder, Request, ResolveState};

/// The working directory, by the name under which the shell reached it.
pub fn cwd() -> Result<PathBuf> {
    let actual = std::env::current_dir();
    let logical = std::env::var_os("PWD").map(PathBuf::from).filter(|dir| dir.is_absolute());
    match (actual, logical) {
        (Ok(actual), Some(logical)) if logical.canonicalize().ok() == actual.canonicalize().ok() => Ok(logical),
        (Ok(actual), _) => Ok(actual),
        (Err(err), _) => {
            Err(Error::new(format!("the working directory cannot be found: {err}"))
                .hint("`cd` to a directory that exists"))
        }
    }
}

/// What the shell above this process says of itself, unless its lease is over.
pub fn shell_state() -> Option<ResolveState> {
    let state = ShellState::of_living_shell()?.resolve_state();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    (state.lease_end == 0 || state.lease_end > now).then_some(state)
}

/// The question what is active here.
pub fn resolve_request() -> Result<Request> {
    Ok(Request::Resolve { cwd: cwd()?, state: shell_state() })
}

/// The question for the pair of a profile, or of what is active here.
pub fn serve_request(profile: Option<String>, holder: Holder, direct: bool) -> Result<Request> {
    let state = match profile {
        Some(_) => None,
        None => shell_state().map(|state| (state.reason, state.profile)),
    };
    Ok(Request::Serve { profile, cwd: cwd()?, state, holder: Some(holder), direct })
}
