//! `llmenv rename`: another name for a profile, its key and whatever in the configuration names it.

use super::args::Rename;
use super::connect::Answerer;
use super::{open_store, render, settings};
use crate::error::{Error, ErrorKind, Result};
use crate::ipc::protocol::Request;
use crate::paths::Paths;
use crate::profile::{self, KeySource};

/// Renames a profile. The key goes first: where the configuration cannot be written, it goes back.
pub fn run(args: &Rename) -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let config = settings::load(&paths)?;
    let profile = config.profile(&args.name)?;
    settings::require_own(&config, profile)?;
    profile::check_name(&args.new_name)?;
    if config.profiles.contains_key(&args.new_name) {
        return Err(Error::new(format!("there is a profile `{}` already", args.new_name))
            .hint(format!("`llmenv remove {}` makes room, or choose another name", args.new_name)));
    }
    let mut answerer = Answerer::connect(&paths)?;
    let _turn = settings::Turn::take(&paths)?;
    let (from, to) = (args.name.clone(), args.new_name.clone());
    let mut has_key = profile.key == KeySource::Stored;
    if has_key {
        let rename = Request::KeyRename { from: from.clone(), to: to.clone() };
        match open_store::retry(&mut answerer, |answerer| answerer.done(&rename)) {
            Err(error) if error.kind == ErrorKind::NotFound => has_key = false,
            answer => drop(answer?),
        }
    }
    if let Err(error) = settings::rename(&paths, &from, &to) {
        if has_key {
            answerer.done(&Request::KeyRename { from: to, to: from })?;
        }
        return Err(error);
    }
    let notes = answerer.reload()?;
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
