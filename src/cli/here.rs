//! Where a command was called: the directory, and what the shell above it says of itself.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::{Error, Result};
use crate::ipc::protocol::{Request, ResolveState};
use crate::ipc::shell_lines::{Reason, ShellId};
use crate::process;

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

/// What the shell above this process says of itself, in `LLMENV_STATE` and `LLMENV_PROFILE`:
/// ```text
/// 1:PID.START:REASON:LEASE_END:MARK:NAME,NAME
/// ```
/// A state whose shell is not above this process (a tmux server's, a detached job's) or whose lease is over counts as none.
pub fn shell_state() -> Option<ResolveState> {
    let text = std::env::var("LLMENV_STATE").ok()?;
    let state = parse(&text, std::env::var("LLMENV_PROFILE").ok())?;
    let shell: ShellId = text.split(':').nth(1)?.parse().ok()?;
    process::is_ancestor(shell.pid, shell.start, std::process::id()).then_some(state)
}

fn parse(text: &str, profile: Option<String>) -> Option<ResolveState> {
    let mut fields = text.split(':');
    (fields.next()? == "1").then_some(())?;
    fields.next()?;
    let reason = Reason::from_word(fields.next()?)?;
    let lease_end = fields.next()?.parse().ok()?;
    let mark = fields.next().filter(|mark| *mark != "-").unwrap_or_default().to_owned();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if lease_end != 0 && lease_end <= now {
        return None;
    }
    Some(ResolveState { reason, profile: profile.filter(|name| !name.is_empty()), lease_end, mark })
}

/// The question what is active here.
pub fn resolve_request() -> Result<Request> {
    Ok(Request::Resolve { cwd: cwd()?, state: shell_state() })
}

/// The question for the pair of a profile, or of what is active here.
pub fn serve_request(profile: Option<String>) -> Result<Request> {
    let state = match profile {
        Some(_) => None,
        None => shell_state().map(|state| (state.reason, state.profile)),
    };
    Ok(Request::Serve { profile, cwd: cwd()?, state })
}
