//! The pair for `exec` and `env`: with the key's own program run first where only this terminal can answer it.

use super::connect::Answerer;
use super::{here, open_store, render, settings};
use crate::config::Config;
use crate::error::Result;
use crate::ipc::protocol::{Holder, Request, Served, Severity, WireSecret};
use crate::paths::Paths;
use crate::profile::{KeySource, Profile};
use crate::store::command::{Mode, run_command};

/// Gets the pair of a profile, or of what this shell and directory give.
pub fn pair(name: Option<&str>, holder: Holder, direct: bool) -> Result<Served> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let config = settings::load(&paths);
    if let (Some(name), Ok(config)) = (name, &config) {
        config.profile(name)?;
    }
    let mut answerer = Answerer::connect(&paths)?;
    // A configuration that is wrong now does not stop the last good one, which the daemon has.
    if let Ok(config) = &config {
        fetch_for(&mut answerer, config, name)?;
    }
    let request = here::serve_request(name.map(str::to_owned), holder, direct)?;
    let served = open_store::retry(&mut answerer, |answerer| answerer.serve(&request))?;
    for finding in served.resolved.findings.iter().filter(|finding| finding.severity > Severity::Info) {
        render::warning(crate::printable::line(&finding.message));
    }
    Ok(served)
}

/// The same for a start-up line: nobody is asked, no key's program is run, and where no profile is active there is none.
pub fn at_hand(name: Option<&str>, holder: Holder, direct: bool) -> Result<Option<Served>> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let mut answerer = Answerer::connect(&paths)?;
    if name.is_none() && answerer.resolve(&here::resolve_request()?)?.profile.is_none() {
        return Ok(None);
    }
    answerer.serve(&here::serve_request(name.map(str::to_owned), holder, direct)?).map(Some)
}

fn fetch_for(answerer: &mut Answerer, config: &Config, name: Option<&str>) -> Result<()> {
    let is_interactive = |profile: &Profile| matches!(profile.key, KeySource::Command { interactive: true, .. });
    if !config.profiles.values().any(is_interactive) {
        return Ok(());
    }
    let name = match name {
        Some(name) => Some(name.to_owned()),
        None => answerer.resolve(&here::resolve_request()?)?.profile,
    };
    match name.and_then(|name| config.profiles.get(&name)) {
        Some(profile) if is_interactive(profile) && answerer.key(&profile.name)?.shown.is_none() => {
            fetch(answerer, profile)
        }
        _ => Ok(()),
    }
}

/// Runs a profile's key program with this terminal and hands the result over.
pub fn fetch(answerer: &mut Answerer, profile: &Profile) -> Result<()> {
    let KeySource::Command { argv, ttl, .. } = &profile.key else { return Ok(()) };
    if answerer.hello().is_ok_and(|hello| hello.locked) {
        return Err(crate::error::Error::of(crate::error::ErrorKind::Locked, "llmenv is locked, so no key is served")
            .hint("run `llmenv unlock`"));
    }
    let place = format!("profile `{}`", profile.name);
    let key = run_command(argv, Mode::Foreground).map_err(|error| error.at(place))?;
    let cache = Request::KeyCache {
        profile: profile.name.clone(),
        key: WireSecret(key),
        ttl_seconds: ttl.map(|ttl| ttl.as_secs()),
    };
    answerer.done(&cache).map(drop)
}
