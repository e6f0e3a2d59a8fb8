//! `llmenv remove`: a profile and its key, and whatever in the configuration names it.

use super::args::Remove;
use super::connect::Answerer;
use super::{ask, open_store, render, settings};
use crate::error::{Error, ErrorKind, Result};
use crate::ipc::protocol::Request;
use crate::paths::Paths;
use crate::profile::KeySource;

/// Removes a profile. The key goes first: a locked store leaves everything as it is.
pub fn run(args: &Remove) -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let config = settings::load(&paths)?;
    let profile = config.profile(&args.name)?;
    settings::require_own(&config, profile)?;
    let name = &profile.name;
    let mentions = settings::mentions(&config, name);
    if !args.yes {
        ask::require("a yes", "`--yes`")?;
        for place in &mentions {
            render::note(format_args!("goes with it: {place}"));
        }
        let what = if profile.key == KeySource::Stored { " and its key" } else { "" };
        if !ask::is_yes(&format!("remove `{name}`{what}?"))? {
            return Err(Error::new("nothing was removed"));
        }
    }
    let mut answerer = Answerer::connect(&paths)?;
    let _turn = settings::Turn::take(&paths)?;
    if profile.key == KeySource::Stored {
        let remove = Request::KeyRemove { profile: name.clone(), lives_on: false };
        match open_store::retry(&mut answerer, |answerer| answerer.done(&remove)) {
            Err(error) if error.kind == ErrorKind::NotFound => {}
            answer => drop(answer?),
        }
    }
    settings::remove(&paths, name)?;
    let mut notes = answerer.reload()?;
    let tokens = Request::TokenEnd { profile: Some(name.clone()), named: None, shell: None };
    match super::proxy::ended(&mut answerer, &tokens) {
        Ok(ended) if !ended.is_empty() => notes.push(format!("{} token(s) of the proxy ended with it", ended.len())),
        Ok(_) => {}
        Err(error) => notes.push(format!("its tokens could not be ended: {}", error.message)),
    }
    if args.report.json {
        return render::json(&serde_json::json!({"schema": 1, "removed": name, "also_removed": mentions}));
    }
    render::line(format_args!("removed {}", render::strong(name)));
    if args.yes {
        for place in &mentions {
            render::note(format_args!("went with it: {place}"));
        }
    }
    for note in notes {
        render::note(crate::printable::line(&note));
    }
    if profile.key == KeySource::Stored {
        render::hint("the provider still takes the key until you revoke it there");
    }
    Ok(())
}
