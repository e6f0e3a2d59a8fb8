//! `LLMENV_STATE`: which shell holds what, why and until when; never a value.
//!
//! ```text
//! 1:4242.987654:shell:0:-:OPENAI_API_KEY,OPENAI_BASE_URL
//! │ │           │     │ │ └ names that llmenv set or unset
//! │ │           │     │ └ what a released shell was released from
//! │ │           │     └ when the lease ends, in seconds since 1970; 0: none
//! │ │           └ the reason
//! │ └ the shell: pid and start time
//! └ the version of this line
//! ```
//! The profile is in `LLMENV_PROFILE`.

use crate::ipc::protocol::ResolveState;
use crate::ipc::shell_lines::{Reason, ShellId};
use crate::process;

/// The variable's name.
pub const VARIABLE: &str = "LLMENV_STATE";
/// The variable that holds the profile.
pub const PROFILE_VARIABLE: &str = "LLMENV_PROFILE";

/// What the variable says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellState {
    /// The shell that wrote it.
    pub id: ShellId,
    /// The reason.
    pub reason: Reason,
    /// When the lease ends, in seconds since 1970; 0: none.
    pub lease_end: u64,
    /// What a released shell was released from.
    pub mark: String,
    /// Names that llmenv set or unset in it.
    pub names: Vec<String>,
}

impl ShellState {
    /// Reads the variable's text; `None` for another version or anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        (parts.next()? == "1").then_some(())?;
        let id = parts.next()?.parse().ok()?;
        let reason = Reason::from_word(parts.next()?)?;
        let lease_end = parts.next()?.parse().ok()?;
        let mark = parts.next()?;
        let names = parts.next()?.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let mark = if mark == "-" { String::new() } else { mark.to_owned() };
        Some(Self { id, reason, lease_end, mark, names })
    }

    /// The state of the shell above this process, where that shell lives: what a tmux server, an editor or a detached job
    /// carries along from a shell that is gone decides nothing.
    pub fn of_living_shell() -> Option<Self> {
        let state = Self::parse(&std::env::var(VARIABLE).ok()?)?;
        process::is_ancestor(state.id.pid, state.id.start, std::process::id()).then_some(state)
    }

    /// As the daemon takes it, with the profile of this environment.
    pub fn resolve_state(&self) -> ResolveState {
        ResolveState {
            reason: self.reason,
            profile: std::env::var(PROFILE_VARIABLE).ok().filter(|name| !name.is_empty()),
            lease_end: self.lease_end,
            mark: self.mark.clone(),
        }
    }
}
