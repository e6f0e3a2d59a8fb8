//! `llmenv lock` and `llmenv unlock`.

use super::args::Unlock;
use super::connect::Answerer;
use super::{ask, open_store, render, serve, settings};
use crate::error::{Error, Result};
use crate::ipc::protocol::Request;
use crate::paths::Paths;
use crate::profile::KeySource;

/// Closes everything, across restarts.
pub fn lock() -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let notes = Answerer::connect(&paths)?.done(&Request::Lock)?;
    render::line("locked: no key is served, and shells lose theirs at the next prompt");
    tell(&notes);
    render::hint("`llmenv unlock` opens it again");
    Ok(())
}

/// Opens the store, or fetches the key that a profile's program gives. At a terminal only.
pub fn unlock(args: &Unlock) -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    if !ask::is_possible() {
        return Err(Error::usage("`llmenv unlock` works at a terminal only: whoever opens the store sits there").hint(
            "for machines without one, a vault with an identity file needs no unlocking: `LLMENV_VAULT_KEY_FILE`",
        ));
    }
    let Some(name) = &args.name else {
        let mut answerer = Answerer::connect(&paths)?;
        let notes = open_store::open(&mut answerer)?;
        render::line("unlocked");
        tell(&notes);
        return Ok(());
    };
    let config = settings::load(&paths)?;
    let profile = config.profile(name)?;
    let mut answerer = Answerer::connect(&paths)?;
    if matches!(profile.key, KeySource::Command { .. }) {
        serve::fetch(&mut answerer, profile)?;
        render::line(format_args!("the key of {} is at hand", render::strong(name)));
    } else {
        tell(&open_store::open(&mut answerer)?);
        render::line("unlocked");
    }
    Ok(())
}

fn tell(notes: &[String]) {
    for note in notes {
        render::note(crate::printable::line(note));
    }
}
