//! Files with profiles of others (a team's): nothing in them takes effect before the user allowed exactly that content.
//!
//! A change asks again while the content allowed last keeps serving; a file that is gone, or was denied, gives nothing.

use std::path::{Path, PathBuf};

use super::document::{Document, decode, entries};
use super::{Config, MAX_CONFIG_BYTES, ProviderCheck, profile_section};
use crate::allow::{AllowList, Status};
use crate::bounded::{self, Links, NotRead};
use crate::error::{Error, Result};
use crate::profile::Profile;

/// A file named in `include`.
#[derive(Clone, Debug)]
pub struct Include {
    /// Where it is.
    pub path: PathBuf,
    /// As the configuration has it.
    pub written: String,
    /// The line that names it.
    pub line: usize,
    /// What became of it.
    pub state: IncludeState,
}

/// What became of an included file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncludeState {
    /// Its profiles are there.
    Applied,
    /// It waits for `llmenv allow`.
    NeedsAllow {
        /// Another content was allowed before, and serves meanwhile.
        changed: bool,
    },
    /// The user denied it: silently left out.
    Denied,
    /// There is no such file.
    Missing,
    /// It cannot be used; what was allowed last, if anything, serves meanwhile.
    Wrong(Error),
}

/// Adds the profiles of included files; own ones win, then those of the file named first.
pub(super) fn apply(config: &mut Config, provider: &dyn Fn(&str) -> ProviderCheck, allow: &AllowList) {
    let mut includes = std::mem::take(&mut config.include);
    for include in &mut includes {
        let (state, profiles) = look(&include.path, provider, allow);
        include.state = state;
        for profile in profiles {
            add(config, profile);
        }
    }
    config.include = includes;
}

fn add(config: &mut Config, profile: Profile) {
    match config.profiles.get(&profile.name) {
        None => {
            config.profiles.insert(profile.name.clone(), profile);
        }
        // A profile of one's own is meant to win.
        Some(known) if defined_in(known) == Some(&config.path) => {}
        Some(known) => {
            let places = [known, &profile].map(|p| p.defined_at.as_ref().map(|(file, line)| super::place(file, *line)));
            let mut error = Error::new(format!("two included files define `{}`; the first is used", profile.name));
            for place in places.into_iter().flatten() {
                error = error.at(place);
            }
            config.problems.push(error);
        }
    }
}

fn defined_in(profile: &Profile) -> Option<&PathBuf> {
    profile.defined_at.as_ref().map(|(file, _)| file)
}

/// Decides what a file gives now.
fn look(path: &Path, provider: &dyn Fn(&str) -> ProviderCheck, allow: &AllowList) -> (IncludeState, Vec<Profile>) {
    let bytes = match bounded::read(path, MAX_CONFIG_BYTES, Links::Follow) {
        Ok((bytes, _)) => bytes,
        Err(NotRead::Missing) => return (IncludeState::Missing, Vec::new()),
        Err(reason) => {
            let last = last_allowed(path, provider, allow);
            return (IncludeState::Wrong(reason.into_error(path, MAX_CONFIG_BYTES)), last);
        }
    };
    let Ok(canonical) = std::fs::canonicalize(path) else { return (IncludeState::Missing, Vec::new()) };
    let status = allow.status(&canonical, &bytes);
    if status == Status::Denied {
        return (IncludeState::Denied, Vec::new());
    }
    match decode(path, bytes).and_then(|text| profiles(&text, path, provider)) {
        Err(error) => (IncludeState::Wrong(error), last_allowed(path, provider, allow)),
        Ok(profiles) if status == Status::Allowed => (IncludeState::Applied, profiles),
        Ok(_) => {
            let changed = status == Status::Changed;
            (IncludeState::NeedsAllow { changed }, last_allowed(path, provider, allow))
        }
    }
}

/// The profiles of the content that was allowed last.
fn last_allowed(path: &Path, provider: &dyn Fn(&str) -> ProviderCheck, allow: &AllowList) -> Vec<Profile> {
    std::fs::canonicalize(path)
        .ok()
        .and_then(|canonical| allow.last_allowed(&canonical))
        .and_then(|text| profiles(&text, path, provider).ok())
        .unwrap_or_default()
}

/// Reads an included file for `llmenv allow`: what is wrong with it is said before it is allowed.
pub(super) fn read_to_allow(path: &Path, provider: &dyn Fn(&str) -> ProviderCheck) -> Result<(PathBuf, Vec<u8>)> {
    let (bytes, _) = bounded::read(path, MAX_CONFIG_BYTES, Links::Follow)
        .map_err(|reason| reason.into_error(path, MAX_CONFIG_BYTES))?;
    let canonical = std::fs::canonicalize(path).map_err(|err| Error::io("find", path, &err))?;
    let text = decode(path, bytes)?;
    profiles(&text, path, provider)?;
    Ok((canonical, text.into_bytes()))
}

fn profiles(text: &str, file: &Path, provider: &dyn Fn(&str) -> ProviderCheck) -> Result<Vec<Profile>> {
    let mut doc = Document::new(file, text);
    let table = doc.parse()?;
    let mut profiles = Vec::new();
    for entry in entries(table.get_ref()) {
        if entry.key != "profiles" {
            let key = crate::printable::text(entry.key);
            doc.problem_with(
                entry.key_at,
                format!("an included file may not set `{key}`"),
                "it may hold `[profiles.NAME]` sections alone",
            );
            continue;
        }
        for section in doc.table(&entry, "[profiles.work]").unwrap_or_default() {
            profiles.extend(profile_section::included(&mut doc, &section, provider));
        }
    }
    doc.finish(profiles)
}
