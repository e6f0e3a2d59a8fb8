//! The nearest pin: a directory comes in, the profile that it is bound to goes out, with what had to be ignored on the way.
//!
//! A pin is a `.llmenv.toml` that the user allowed, or a `[[directory]]` rule of the user's own configuration. Looked for from the
//! directory upwards, the deeper one wins, and at the same depth the rule. Called by the daemon for every change of directory.
//!
//! - Directories are compared with their symbolic links resolved, so that `cd` through a link and a program started there agree.
//! - The walk stops at the home directory and where another file system begins. Rules are the user's own words and hold beyond.
//! - A pin in HOME, of another user, or that is no regular file is ignored: what lies further out holds, and a finding says so.
//! - A pin that waits for `llmenv allow`, or that is wrong, **blocks** what lies further out: the directory says that it wants an
//!   account of its own, so falling back to another one could bill the wrong person. Nothing is active there until it is allowed,
//!   corrected or denied. A denied one is as if it were not there.

mod file;

use std::path::{Path, PathBuf};

pub use file::{FILE_NAME, MAX_PIN_BYTES, PinFile, content, parse, read, read_to_allow, write};

use crate::allow::{AllowList, Status};
use crate::config::{Rule, canonical};
use crate::error::Error;

/// What the pins say about a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinOutcome {
    /// The decision.
    pub pin: Pin,
    /// What was ignored, nearest first.
    pub findings: Vec<PinFinding>,
}

/// The decision for a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pin {
    /// It is bound to a profile, which may or may not exist.
    Active {
        /// The profile.
        profile: String,
        /// The model, where the pin names one.
        model: Option<String>,
        /// Who says so.
        origin: PinOrigin,
    },
    /// The nearest pin waits for `llmenv allow`: nothing is active.
    NeedsAllow {
        /// The file.
        path: PathBuf,
        /// The profile it names.
        profile: String,
        /// Whether another content was allowed before.
        changed: bool,
    },
    /// The nearest pin cannot be understood: nothing is active.
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its line.
        error: Error,
    },
    /// No pin holds here.
    None,
}

/// Who bound a directory to a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinOrigin {
    /// A file in the directory tree, or the user's configuration.
    pub kind: PinKind,
    /// The file that says so.
    pub path: PathBuf,
    /// The line in it, from 1.
    pub line: usize,
}

/// The two kinds of pins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinKind {
    /// A `.llmenv.toml`.
    File,
    /// A `[[directory]]` rule.
    Rule,
}

/// A pin that was ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinFinding {
    /// `pin-ignored`.
    pub id: &'static str,
    /// One sentence.
    pub message: String,
    /// The file.
    pub path: PathBuf,
}

/// Finds the pin that holds in a directory. Reads files and changes nothing; whether the profile exists is the caller's to see.
///
/// `euid` is the user whose pins count (Unix).
pub fn find(cwd: &Path, home: &Path, rules: &[Rule], allow: &AllowList, euid: u32) -> PinOutcome {
    let (cwd, home) = (canonical(cwd), canonical(home));
    let mut findings = Vec::new();
    if !cwd.is_absolute() {
        return PinOutcome { pin: Pin::None, findings };
    }
    let rule = best_rule(&cwd, rules);
    let active_rule = || match rule {
        Some((_, rule)) => Pin::Active {
            profile: rule.profile.clone(),
            model: None,
            origin: PinOrigin { kind: PinKind::Rule, path: rule.defined_at.0.clone(), line: rule.defined_at.1 },
        },
        None => Pin::None,
    };
    let mut depth = cwd.components().count();
    let mut device = device_of(&cwd);
    for dir in cwd.ancestors() {
        if rule.is_some_and(|(rule_depth, _)| rule_depth >= depth) || is_other_device(dir, &mut device) {
            break;
        }
        let path = dir.join(FILE_NAME);
        let at_home = dir == home;
        match file::look(&path, euid) {
            Ok(None) => {}
            Ok(Some(_)) if at_home => findings.push(PinFinding {
                id: "pin-ignored",
                message: format!(
                    "`{}` is ignored: a pin in the home directory would hold everywhere; use `llmenv use NAME --global`",
                    crate::printable::path(&path)
                ),
                path,
            }),
            Ok(Some(bytes)) => {
                if let Some(pin) = decide(path, &bytes, allow) {
                    return PinOutcome { pin, findings };
                }
            }
            Err(file::Unfit::Ignored(reason)) => findings.push(PinFinding {
                id: "pin-ignored",
                message: format!("`{}` is ignored: {reason}", crate::printable::path(&path)),
                path,
            }),
            Err(file::Unfit::Wrong(error)) if at_home => findings.push(PinFinding {
                id: "pin-ignored",
                message: format!("`{}` is ignored: {}", crate::printable::path(&path), error.message),
                path,
            }),
            Err(file::Unfit::Wrong(error)) => return PinOutcome { pin: Pin::Wrong { path, error }, findings },
        }
        if at_home {
            break;
        }
        depth -= 1;
    }
    PinOutcome { pin: active_rule(), findings }
}

/// What a pin that is fit to be read says; `None`: it was denied.
fn decide(path: PathBuf, bytes: &[u8], allow: &AllowList) -> Option<Pin> {
    let status = allow.status(&path, bytes);
    if status == Status::Denied {
        return None;
    }
    Some(match (parse(&path, bytes), status) {
        (Err(error), _) => Pin::Wrong { path, error },
        (Ok(pin), Status::Allowed) => Pin::Active {
            profile: pin.profile,
            model: pin.model,
            origin: PinOrigin { kind: PinKind::File, path, line: pin.line },
        },
        (Ok(pin), status) => Pin::NeedsAllow { path, profile: pin.profile, changed: status == Status::Changed },
    })
}

/// The deepest rule that holds; at the same depth the more exact one, then the earlier one.
fn best_rule<'r>(cwd: &Path, rules: &'r [Rule]) -> Option<(usize, &'r Rule)> {
    let mut best: Option<(usize, &Rule)> = None;
    for rule in rules {
        let Some(depth) = rule.pattern.depth_in(cwd) else { continue };
        let better = best.is_none_or(|(best_depth, best_rule)| {
            (depth, rule.pattern.exactness()) > (best_depth, best_rule.pattern.exactness())
        });
        if better {
            best = Some((depth, rule));
        }
    }
    best
}

#[cfg(unix)]
fn device_of(dir: &Path) -> Option<u64> {
    std::os::unix::fs::MetadataExt::dev(&std::fs::metadata(dir).ok()?).into()
}

/// Says whether a directory lies on another file system than those below it.
#[cfg(unix)]
fn is_other_device(dir: &Path, below: &mut Option<u64>) -> bool {
    match (device_of(dir), &below) {
        (Some(device), Some(known)) => device != *known,
        // A directory that was removed is nowhere: the first one that is left counts.
        (Some(device), None) => {
            *below = Some(device);
            false
        }
        (None, _) => false,
    }
}

#[cfg(windows)]
fn device_of(_: &Path) -> Option<u64> {
    None
}

/// A path never leaves its volume there.
#[cfg(windows)]
fn is_other_device(_: &Path, _: &mut Option<u64>) -> bool {
    false
}
