//! `llmenv rename`: another name for a profile, its key and whatever in the configuration names it.

use super::args::Rename;
use super::connect::Answerer;
use super::{open_store, render, settings};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::ipc::protocol::Request;
use crate::paths::Paths;
use crate::profile::{self, KeySource};

/// Renames a profile. The key has both names until the configuration has the new one: whatever is killed in between, the
/// profile that the configuration names has its key.
pub fn run(args: &Rename) -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let config = settings::load(&paths)?;
    let profile = config.profile(&args.name)?;
    settings::require_own(&config, profile)?;
    profile::check_name(&args.new_name)?;
    refuse_taken(&config, &args.new_name)?;
    let mut answerer = Answerer::connect(&paths)?;
    let _turn = settings::Turn::take(&paths)?;
    // Looked at again: while this waited for its turn somebody may have added one.
    let now = settings::load(&paths)?;
    now.profile(&args.name)?;
    refuse_taken(&now, &args.new_name)?;
    let (from, to) = (args.name.clone(), args.new_name.clone());
    let mut has_key = profile.key == KeySource::Stored;
    if has_key {
        let copy = Request::KeyCopy { from: from.clone(), to: to.clone() };
        match open_store::retry(&mut answerer, |answerer| answerer.done(&copy)) {
            Err(error) if error.kind == ErrorKind::NotFound => has_key = false,
            answer => drop(answer?),
        }
    }
    if let Err(error) = settings::rename(&paths, &from, &to) {
        if has_key {
            let _ = answerer.done(&Request::KeyRemove { profile: to, lives_on: true });
        }
        return Err(error);
    }
    let mut notes = answerer.reload()?;
    if has_key {
        match answerer.done(&Request::KeyRemove { profile: from.clone(), lives_on: true }) {
            Ok(more) => notes.extend(more),
            Err(error) => notes.push(format!("the key is still stored under `{from}` as well: {}", error.message)),
        }
    }
    let named = settings::mentions(&config, &args.name);
    if args.report.json {
        return render::json(&serde_json::json!({
            "schema": 1, "profile": to, "was": from, "also_changed": named,
        }));
    }
    render::line(format_args!("{} is now {}", render::strong(&from), render::strong(&to)));
    for place in named {
        render::note(format_args!("changed with it: {place}"));
    }
    for note in notes {
        render::note(crate::printable::line(&note));
    }
    render::hint(format_args!("a `.llmenv.toml` that names `{from}` is to be changed by hand"));
    Ok(())
}

fn refuse_taken(config: &Config, name: &str) -> Result<()> {
    if config.profiles.contains_key(name) {
        return Err(Error::new(format!("there is a profile `{name}` already"))
            .hint(format!("`llmenv remove {name}` makes room, or choose another name")));
    }
    Ok(())
}
