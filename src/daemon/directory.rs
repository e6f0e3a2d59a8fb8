//! What pins and rules say of a directory, in the words that `resolve` takes.

use std::path::Path;

use crate::allow::AllowList;
use crate::config::Config;
use crate::ipc::protocol::{Finding, PlaceFacts, Severity};
use crate::pin::{self, Pin, PinKind};
use crate::resolve::DirectoryChoice;

/// Looks from a directory upwards.
pub fn look(cwd: &Path, home: &Path, config: &Config, allow: &AllowList) -> DirectoryChoice {
    let outcome = pin::find(cwd, home, &config.rules, allow, euid());
    let mut choice = DirectoryChoice::default();
    for ignored in outcome.findings {
        choice.notices.push(Finding {
            id: ignored.id.into(),
            severity: Severity::Warning,
            message: ignored.message,
            origin: Some(place("pin", &ignored.path, None)),
            hint: None,
        });
    }
    match outcome.pin {
        Pin::Active { profile, model, origin } => {
            let kind = if origin.kind == PinKind::Rule { "rule" } else { "pin" };
            choice.is_rule = origin.kind == PinKind::Rule;
            choice.origin = Some(place(kind, &origin.path, Some(origin.line)));
            choice.profile = Some(profile);
            choice.model = model;
        }
        Pin::NeedsAllow { path, profile, changed } => {
            let shown = crate::printable::path(&path);
            let what = if changed { "was changed since you allowed it and now names" } else { "names" };
            choice.blocks_default = true;
            choice.notices.push(Finding {
                id: "pin-not-allowed".into(),
                severity: Severity::Info,
                message: format!("{shown} {what} the profile `{}`", crate::printable::text(&profile)),
                origin: Some(place("pin", &path, None)),
                hint: Some("`llmenv allow` follows it, `llmenv deny` stops this message".into()),
            });
        }
        Pin::Wrong { path, error } => {
            choice.blocks_default = true;
            let at = error.at.first().cloned().unwrap_or_else(|| crate::printable::path(&path));
            choice.notices.push(Finding {
                id: "pin-invalid".into(),
                severity: Severity::Error,
                message: format!("{at}: {}", error.message),
                origin: Some(place("pin", &path, None)),
                hint: error.hints.first().cloned(),
            });
        }
        Pin::None => {}
    }
    choice
}

fn place(kind: &str, path: &Path, line: Option<usize>) -> PlaceFacts {
    PlaceFacts { kind: kind.into(), path: path.to_owned(), line }
}

#[cfg(unix)]
fn euid() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(windows)]
fn euid() -> u32 {
    0
}
