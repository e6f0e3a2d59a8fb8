//! The configuration as commands need it: read once, changed through `config::edit`, one writer at a time.

use std::fs::File;
use std::time::{Duration, Instant};

use crate::allow::AllowList;
use crate::config::edit::{ConfigFile, FieldValue};
use crate::config::{self, Config, ProviderCheck};
use crate::error::{Error, Result};
use crate::paths::Paths;
use crate::profile::Profile;
use crate::provider;
use crate::store::StoreKind;

/// How long one command waits for another that changes profiles.
const TURN_TIMEOUT: Duration = Duration::from_secs(10);

/// What the catalogue says to a provider's name.
pub fn provider_check(id: &str) -> ProviderCheck {
    if id == "custom" || provider::find(id).is_some() {
        return ProviderCheck::Known;
    }
    ProviderCheck::Unknown { nearest: provider::nearest(id).map(str::to_owned) }
}

/// What the user allowed.
pub fn allow_list(paths: &Paths) -> AllowList {
    AllowList::new(&paths.state_dir)
}

/// Reads the configuration; none yet is an empty one.
pub fn load(paths: &Paths) -> Result<Config> {
    config::load(&paths.config_file(), &paths.home, &provider_check, &allow_list(paths))
}

/// Checks a text as the configuration.
pub fn parse(paths: &Paths, text: &str) -> Result<Config> {
    config::parse(text, &paths.config_file(), &paths.home, &provider_check)
}

/// The store that the configuration chose.
pub fn store_kind(config: &Config) -> Option<StoreKind> {
    config.store.as_deref().and_then(StoreKind::from_word)
}

/// A turn to change profiles: key and configuration are two files, and two commands must not mix theirs.
///
/// Ends when dropped. Where the state folder cannot be written there is nobody to take turns with.
pub struct Turn(Option<File>);

impl Turn {
    /// Waits for the turn.
    pub fn take(paths: &Paths) -> Result<Self> {
        let path = paths.state_dir.join("profiles.lock");
        let opened = crate::paths::create_private_dir(&paths.state_dir).ok().and_then(|()| {
            let mut options = File::options();
            options.read(true).write(true).create(true).truncate(false);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.open(&path).ok()
        });
        let Some(file) = opened else { return Ok(Self(None)) };
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(Some(file))),
                Err(std::fs::TryLockError::WouldBlock) if begun.elapsed() < TURN_TIMEOUT => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(std::fs::TryLockError::WouldBlock) => {
                    return Err(Error::new("another llmenv command is changing profiles and does not end")
                        .at(crate::printable::path(&path))
                        .hint("end it, then run this again; nothing was changed"));
                }
                // A file system without locks.
                Err(std::fs::TryLockError::Error(_)) => return Ok(Self(None)),
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(file) = &self.0 {
            let _ = file.unlock();
        }
    }
}

/// Fails for a profile that an included file defines: it is changed there.
pub fn require_own(config: &Config, profile: &Profile) -> Result<()> {
    match &profile.defined_at {
        Some((file, line)) if *file != config.path => {
            Err(Error::new(format!("`{}` is defined in a file that the configuration includes", profile.name))
                .at(crate::cli::render::place_text(file, Some(*line)))
                .hint("change it there; a profile of your own with this name wins over it"))
        }
        _ => Ok(()),
    }
}

/// What else in the configuration names a profile, in words.
pub fn mentions(config: &Config, name: &str) -> Vec<String> {
    let mut places = Vec::new();
    if config.default.as_deref() == Some(name) {
        places.push("it is the default".to_owned());
    }
    for rule in config.rules.iter().filter(|rule| rule.profile == name) {
        let place = crate::cli::render::place_text(&rule.defined_at.0, Some(rule.defined_at.1));
        places.push(format!("the rule for `{}` ({place})", crate::printable::text(rule.pattern.written())));
    }
    places
}

fn open(paths: &Paths) -> Result<ConfigFile> {
    ConfigFile::open(&paths.config_file(), &paths.home, &paths.state_dir)
}

/// Writes a new profile.
pub fn add(paths: &Paths, profile: &Profile) -> Result<()> {
    let mut file = open(paths)?;
    file.add_profile(profile)?;
    file.save()
}

/// Sets fields of a profile; `None` takes one out.
pub fn change(paths: &Paths, name: &str, changes: &[(String, Option<FieldValue>)]) -> Result<()> {
    let mut file = open(paths)?;
    for (field, value) in changes {
        file.set(name, field, value.clone().unwrap_or(FieldValue::Unset))?;
    }
    file.save()
}

/// Gives a profile another name, wherever the configuration names it.
pub fn rename(paths: &Paths, from: &str, to: &str) -> Result<()> {
    let mut file = open(paths)?;
    file.rename_profile(from, to)?;
    file.save()
}

/// Takes a profile out, with the default and the rules that name it.
pub fn remove(paths: &Paths, name: &str) -> Result<()> {
    let mut file = open(paths)?;
    file.remove_profile(name)?;
    file.save()
}

/// Writes down which store is in use.
pub fn set_store(paths: &Paths, kind: StoreKind) -> Result<()> {
    let mut file = open(paths)?;
    file.set_store(kind.word())?;
    file.save()
}
