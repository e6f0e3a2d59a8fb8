//! Which profile is active, and what that means for a shell. Pure: no file, no clock, no store is read here.
//!
//! In come the shell's own choice, what the directory says (`pin`) and the configuration; out come a profile with its
//! reason, and from that and a key the variables to set and unset. Called by the daemon for every shell and command.

mod mixed;
mod pair;

pub use mixed::{Mixed, find_mixed};
pub use pair::{
    Pair, TOKEN_VARIABLE, Via, base_url_of, default_families, origin_of, own_family, pair, served_families,
};

use crate::config::Config;
use crate::ipc::protocol::{Finding, PlaceFacts, ResolveState, Severity};
use crate::ipc::shell_lines::Reason;

/// What the directory says: the outcome of looking for pins and rules, without what only a person needs to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectoryChoice {
    /// The profile that the nearest pin or rule names.
    pub profile: Option<String>,
    /// The model that a pin names.
    pub model: Option<String>,
    /// Whether it was a rule of the user's configuration rather than a file in the directory.
    pub is_rule: bool,
    /// Where it says so.
    pub origin: Option<PlaceFacts>,
    /// What to tell a person who comes here: a pin that waits for `llmenv allow`.
    pub notices: Vec<Finding>,
    /// Whether a pin that does not count keeps the default out too: the person meant something else here.
    pub blocks_default: bool,
}

/// What is active, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// The profile; none: llmenv touches nothing.
    pub profile: Option<String>,
    /// Why that one.
    pub reason: Reason,
    /// Where that is written.
    pub origin: Option<PlaceFacts>,
    /// The model that a pin names.
    pub model: Option<String>,
    /// What is not as it should be.
    pub findings: Vec<Finding>,
}

/// Decides by DESIGN's order: the shell's own choice, the nearest pin or rule, the configuration's default, nothing.
///
/// `now` is in seconds since 1970, for leases.
pub fn resolve(config: &Config, directory: &DirectoryChoice, state: &ResolveState, now: u64) -> Resolved {
    let from_directory = from_directory(config, directory);
    let lease_ended = state.reason == Reason::Shell && state.lease_end != 0 && now >= state.lease_end;
    let mut resolved = match state.reason {
        Reason::Shell if !lease_ended => {
            let mut resolved =
                Resolved { profile: state.profile.clone(), reason: Reason::Shell, ..Resolved::default() };
            if let (Some(chosen), Some(pinned)) = (&state.profile, &directory.profile)
                && chosen != pinned
            {
                resolved.findings.push(Finding {
                    id: "pin-overridden".into(),
                    severity: Severity::Info,
                    message: format!(
                        "this directory is pinned to `{pinned}`, but `llmenv use {chosen}` holds in this shell"
                    ),
                    origin: directory.origin.clone(),
                    hint: Some("`llmenv use --auto` follows the pin".into()),
                });
            }
            resolved
        }
        Reason::Off => Resolved { reason: Reason::Off, ..Resolved::default() },
        Reason::Released if state.mark == mark(&from_directory) => {
            Resolved { reason: Reason::Released, ..Resolved::default() }
        }
        _ => from_directory,
    };
    if lease_ended {
        resolved.findings.push(Finding {
            id: "lease-ended".into(),
            severity: Severity::Info,
            message: format!("the lease of `{}` has ended", state.profile.as_deref().unwrap_or("-")),
            origin: None,
            hint: None,
        });
    }
    if let Some(name) = &resolved.profile
        && !config.profiles.contains_key(name)
    {
        resolved.findings.push(unknown_profile(config, name, resolved.origin.as_ref()));
        resolved.profile = None;
    }
    resolved
}

fn from_directory(config: &Config, directory: &DirectoryChoice) -> Resolved {
    let mut resolved = Resolved { findings: directory.notices.clone(), ..Resolved::default() };
    if directory.profile.is_some() {
        resolved.profile.clone_from(&directory.profile);
        resolved.model.clone_from(&directory.model);
        resolved.reason = if directory.is_rule { Reason::Rule } else { Reason::Pin };
        resolved.origin.clone_from(&directory.origin);
    } else if config.default.is_some() && !directory.blocks_default {
        resolved.profile.clone_from(&config.default);
        resolved.reason = Reason::Default;
    }
    resolved
}

fn unknown_profile(config: &Config, name: &str, origin: Option<&PlaceFacts>) -> Finding {
    let err = crate::config::unknown_profile(name, config.profiles.keys().map(String::as_str));
    Finding {
        id: "profile-unknown".into(),
        severity: Severity::Error,
        message: err.message,
        origin: origin.cloned(),
        hint: err.hints.into_iter().next(),
    }
}

/// Names what a directory resolves to, so that a released shell notices that it came under another pin.
pub fn mark(resolved: &Resolved) -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for part in [resolved.profile.as_deref().unwrap_or(""), resolved.reason.word()] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    if let Some(origin) = &resolved.origin {
        hash.update(origin.path.as_os_str().as_encoded_bytes());
    }
    crate::fingerprint::hex(&hash.finalize()[..4])
}

/// The mark of what this directory gives, whatever the shell chose.
pub fn directory_mark(config: &Config, directory: &DirectoryChoice) -> String {
    mark(&from_directory(config, directory))
}
