//! Where keys are kept: the keyring where it works, else the encrypted file, with a word on why and on what that protects from.

use super::super::args::StoreChoice;
use super::super::connect::Answerer;
use super::super::{ask, open_store, render, settings};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::ipc::protocol::StoreFacts;
use crate::paths::Paths;
use crate::printable;
use crate::store::StoreKind;

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It was so already.
    Nothing,
    /// Something was written.
    Changed,
}

/// Sees to it that a store is chosen.
pub fn run(
    paths: &Paths,
    config: &Config,
    answerer: &mut Answerer,
    wanted: Option<StoreChoice>,
    is_yes: bool,
) -> Result<Done> {
    let wanted = wanted.map(|choice| match choice {
        StoreChoice::Keyring => StoreKind::Keyring,
        StoreChoice::File => StoreKind::Vault,
    });
    if let Some(chosen) = settings::store_kind(config) {
        check_same(chosen, wanted)?;
        report_chosen(chosen, &answerer.store()?);
        return Ok(Done::Nothing);
    }
    let may_ask = !is_yes && ask::is_possible();
    if wanted == Some(StoreKind::Vault) {
        return take_file(paths, answerer, may_ask);
    }
    let store = answerer.store()?;
    if store.state == "unlocked" {
        open_store::choose(paths, answerer, StoreKind::Keyring)?;
        render::line("keys are kept in the keyring");
        return Ok(Done::Changed);
    }
    if answerer.hello()?.locked {
        return Err(Error::new("llmenv is locked, so its store cannot be looked at").hint("run `llmenv unlock` first"));
    }
    let why = why_not(&store);
    let is_locked = store.state == "locked";
    if wanted == Some(StoreKind::Keyring) {
        if !is_locked {
            return Err(Error::new(why).hint("`llmenv setup --store file` keeps keys in an encrypted file instead"));
        }
        open_store::choose(paths, answerer, StoreKind::Keyring)?;
        render::line(format_args!("keys are kept in the keyring, which is locked now: `llmenv unlock` opens it"));
        return Ok(Done::Changed);
    }
    render::line(&why);
    if may_ask && is_locked {
        let choices = ["keyring  open it now, and keep keys there".to_owned(), "file  an encrypted file".to_owned()];
        if ask::choice("where should keys be kept?", &choices, Some(0))? == 0 {
            open_store::open(answerer)?;
            open_store::choose(paths, answerer, StoreKind::Keyring)?;
            render::line("keys are kept in the keyring");
            return Ok(Done::Changed);
        }
    } else if may_ask && !ask::is_yes_unless_no("keep keys in an encrypted file instead?")? {
        render::hint("no store was chosen: `llmenv setup` asks again");
        return Ok(Done::Nothing);
    }
    take_file(paths, answerer, may_ask)
}

/// Says whether this part would have anything to do.
pub fn is_needed(config: &Config) -> bool {
    settings::store_kind(config).is_none()
}

fn check_same(chosen: StoreKind, wanted: Option<StoreKind>) -> Result<()> {
    match wanted {
        Some(wanted) if wanted != chosen => Err(Error::usage(format!(
            "keys are kept in the {} already: `--store {}` would leave them behind",
            open_store::words(chosen),
            wanted.word()
        ))
        .hint("leave `--store` out")),
        _ => Ok(()),
    }
}

fn take_file(paths: &Paths, answerer: &mut Answerer, may_ask: bool) -> Result<Done> {
    open_store::choose_with(paths, answerer, StoreKind::Vault, may_ask)?;
    Ok(Done::Changed)
}

fn report_chosen(chosen: StoreKind, store: &StoreFacts) {
    let words = open_store::words(chosen);
    match store.state.as_str() {
        "unlocked" => render::line(format_args!("keys are kept in the {words}")),
        "locked" => {
            render::line(format_args!("keys are kept in the {words}, which is locked: `llmenv unlock` opens it"));
        }
        _ => {
            render::line(format_args!("keys are kept in the {words}"));
            render::warning(why_not(store));
        }
    }
}

/// Why the store cannot be used now.
fn why_not(store: &StoreFacts) -> String {
    let detail = store.detail.as_deref().map(|detail| format!(": {}", printable::text(detail))).unwrap_or_default();
    match store.state.as_str() {
        "locked" => "the keyring is locked".to_owned(),
        "hung" => format!("the keyring does not answer{detail}"),
        _ => format!("there is no keyring{detail}"),
    }
}
