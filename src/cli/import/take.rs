//! One found key becomes a profile: named, stored, and read back before anybody may rely on it.

use super::super::args::Fields;
use super::super::connect::Answerer;
use super::super::{add, ask, edit, render, settings};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::import::environment::FoundKey;
use crate::ipc::protocol::{Request, Response};
use crate::paths::Paths;
use crate::profile::{Family, KeySource, Profile};
use crate::provider::{Provider, Role};
use crate::secret::Secret;

/// Stores one key as a profile; a mistake (a name that is taken) is told and leaves it where it is.
///
/// Without a name whoever sits at the terminal is asked; so is what else must be decided.
pub fn take(
    paths: &Paths,
    answerer: &mut Answerer,
    key: &FoundKey,
    name: Option<&str>,
    is_quiet: bool,
) -> Result<Option<String>> {
    let row = match &key.providers[..] {
        [row] => row,
        rows => {
            ask::require("which provider's key it is", "`--provider ID`")?;
            let choices: Vec<String> = rows.iter().map(|row| format!("{}  {}", row.id, row.name)).collect();
            rows[ask::choice("which of them is it?", &choices, Some(0))?]
        }
    };
    let kept = (|| {
        let config = settings::load(paths)?;
        let name = match name {
            Some(name) => name.to_owned(),
            None => add::ask_name(&config, &row.id)?,
        };
        let mut profile = profile_of(key, row, name);
        if key.serve.is_empty() {
            add::choose_families(&mut profile, row, &Fields::default())?;
        }
        let base_url = edit::canonical_base_url(&mut profile, row)?;
        add::keep(paths, answerer, &profile, &base_url, Some(&key.key))?;
        Ok(profile)
    })();
    match kept {
        Ok(profile) if is_quiet => Ok(Some(profile.name)),
        Ok(profile) => {
            let families: Vec<_> = add::default_families(&profile, row).iter().map(|family| family.name()).collect();
            render::line(format_args!(
                "added {}: {}, serves {}",
                render::strong(&profile.name),
                row.shown(),
                families.join(", ")
            ));
            Ok(Some(profile.name))
        }
        Err(error) => {
            render::error(&error);
            Ok(None)
        }
    }
}

/// Fails unless the store gives back exactly this key for the profile.
pub fn read_back(answerer: &mut Answerer, profile: &str, key: &Secret) -> Result<()> {
    match answerer.ask(&Request::KeyGet { profile: profile.to_owned() })? {
        Response::Key(entry) if entry.key.0.same_as(key) => Ok(()),
        _ => Err(Error::new(format!("the store does not give back the key of `{profile}` as it was stored"))
            .hint("nothing was taken out of any file")),
    }
}

/// The profile that a key would become.
pub fn profile_of(key: &FoundKey, row: &Provider, name: String) -> Profile {
    let mut profile = Profile {
        name,
        provider: row.id.clone(),
        base_url: key.base_url.clone(),
        dialect: key.dialect,
        organization: key.organization.clone(),
        project: key.project.clone(),
        model: key.model.clone(),
        key: KeySource::Stored,
        ..Profile::default()
    };
    // What these variables served so far, they go on serving. `ANTHROPIC_*` is always said aloud.
    let is_said = key.serve.contains(&Family::Anthropic) && row.id != "anthropic";
    if is_said || add::default_families(&profile, row) != key.serve {
        profile.serve.clone_from(&key.serve);
    }
    profile
}

/// The profile that holds this very key.
pub fn holder(paths: &Paths, answerer: &mut Answerer, key: &FoundKey) -> Result<Option<String>> {
    let config = settings::load(paths)?;
    for profile in config.profiles.values().filter(|profile| is_same_account(profile, key)) {
        if profile.key == KeySource::Stored && stored_key(answerer, &profile.name).is_some_and(|k| k.same_as(&key.key))
        {
            return Ok(Some(profile.name.clone()));
        }
    }
    Ok(None)
}

/// Whether a key beside its address could be this profile's.
pub fn is_same_account(profile: &Profile, key: &FoundKey) -> bool {
    key.providers.iter().any(|row| row.id == profile.provider)
        && (key.base_url.is_none() || key.base_url == profile.base_url)
}

fn stored_key(answerer: &mut Answerer, profile: &str) -> Option<Secret> {
    match answerer.ask(&Request::KeyGet { profile: profile.to_owned() }) {
        Ok(Response::Key(entry)) => Some(entry.key.0),
        _ => None,
    }
}

/// A name that no profile has, starting with this word.
pub fn free_name(config: &Config, word: &str, taken: &[String]) -> String {
    (1..1_000)
        .map(|count| if count == 1 { word.to_owned() } else { format!("{word}-{count}") })
        .find(|name| !config.profiles.contains_key(name) && !taken.contains(name))
        .unwrap_or_else(|| word.to_owned())
}

/// The variables that a shell gets or loses by a profile: what stands in a file under these names, the profile takes the place of.
pub fn names_of(profile: &Profile, row: &Provider) -> Vec<String> {
    let families = add::default_families(profile, row);
    let in_families = families.iter().flat_map(|family| family.variables().touched()).map(str::to_owned);
    let is_carried = |role: Role| matches!(role, Role::Key | Role::BaseUrl | Role::Origin);
    let own = row.variables.iter().filter(|variable| variable.own && is_carried(variable.role));
    in_families.chain(own.map(|variable| variable.name.clone())).chain(profile.also.iter().cloned()).collect()
}
