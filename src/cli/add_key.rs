//! `llmenv add NAME` for a profile that an included file defines: the file says everything but the key, so nothing but the key is asked for.

use std::collections::BTreeMap;

use super::args::Add;
use super::connect::Answerer;
use super::{add, ask, check, edit, key_input, open_store, render, settings};
use crate::bounded::{self, Links};
use crate::config::{Config, IncludeState, MAX_CONFIG_BYTES};
use crate::error::{Error, Result};
use crate::ipc::protocol::{KeyEntry, Request, WireSecret};
use crate::paths::Paths;
use crate::profile::{Auth, Family, Profile};
use crate::provider::{self, Provider};

/// The profile of this name, where an included file defines it.
pub fn included<'a>(config: &'a Config, name: &str) -> Option<&'a Profile> {
    let profile = config.profiles.get(name)?;
    profile.defined_at.as_ref().filter(|(file, _)| *file != config.path).map(|_| profile)
}

/// Fails where a file that waits to be allowed defines this name: whoever adds it means that one.
pub fn refuse_waiting(config: &Config, name: &str) -> Result<()> {
    for include in config.include.iter().filter(|include| matches!(include.state, IncludeState::NeedsAllow { .. })) {
        let Ok((bytes, _)) = bounded::read(&include.path, MAX_CONFIG_BYTES, Links::Follow) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        let wanted = format!("[profiles.{name}]");
        let line = text.lines().position(|line| line.trim().split('#').next().unwrap_or_default().trim() == wanted);
        if let Some(line) = line {
            let shown = crate::printable::path(&include.path);
            return Err(Error::new(format!("`{name}` is in an included file that waits to be allowed"))
                .at(render::place_text(&include.path, Some(line + 1)))
                .hint(format!("read it, then run `llmenv allow {shown}`, then this again")));
        }
    }
    Ok(())
}

/// Asks for the key and stores it.
pub fn run(args: &Add, paths: &Paths, config: &Config, profile: &Profile) -> Result<()> {
    let name = &profile.name;
    let place =
        profile.defined_at.as_ref().map(|(file, line)| render::place_text(file, Some(*line))).unwrap_or_default();
    let row = add::known_provider(&profile.provider)?;
    refuse_fields(args, profile, row, &place)?;
    if profile.auth.unwrap_or(row.auth) == Auth::None {
        return Err(Error::new(format!("`{name}` needs no key: it can be used as it is")).at(place));
    }
    let base_url = edit::base_url(profile)?;
    let mut answerer = Answerer::connect(paths)?;
    if answerer.key(name)?.shown.is_some() {
        return Err(Error::new(format!("`{name}` has a key already"))
            .at(place)
            .hint(format!("`llmenv rotate {name}` replaces it")));
    }
    render::note(format_args!("{name} is defined in {place}: {}, {}", row.shown(), crate::printable::text(&base_url)));
    confirm_families(args, profile, row)?;
    let is_typed = !key_input::is_given(&args.key) && ask::is_possible();
    if is_typed {
        add::choose_store(paths, config, &mut answerer, args.store)?;
    }
    let given = key_input::read(&args.key, &format!("key for `{name}` (hidden)"))?;
    key_input::vet(profile, Some(&base_url), &given.key, args.key.force)?;
    let mut checked = None;
    if !args.key.no_check {
        checked = check::before_adding(&config.network, profile, row, &base_url, &given.key)?;
    }
    if !is_typed {
        add::choose_store(paths, config, &mut answerer, args.store)?;
    }
    let _turn = settings::Turn::take(paths)?;
    // The file may say something else by now: the key is bound to the host that was shown.
    let entry = KeyEntry {
        key: WireSecret(given.key.clone()),
        origin: provider::base_url::origin(&base_url)?,
        more: BTreeMap::new(),
    };
    let put = Request::KeyPut { profile: name.clone(), entry, replace: true };
    let mut notes = open_store::retry(&mut answerer, |answerer| answerer.done(&put))?;
    notes.extend(answerer.reload()?);
    for note in notes {
        render::note(crate::printable::line(&note));
    }
    add::report(args, profile, row, &base_url, &mut answerer, &given.removed, checked)
}

/// What the file says is not said again; a profile of one's own can say more.
fn refuse_fields(args: &Add, profile: &Profile, row: &Provider, place: &str) -> Result<()> {
    let fields = &args.fields;
    let said: Vec<&str> = [
        ("--provider", args.provider.is_some()),
        ("--base-url", fields.base_url.is_some()),
        ("--model", fields.model.is_some()),
        ("--account", fields.account.is_some()),
        ("--billing", fields.billing.is_some()),
        ("--dialect", fields.dialect.is_some()),
        ("--auth", fields.auth.is_some()),
        ("--organization", fields.organization.is_some()),
        ("--project", fields.project.is_some()),
        ("--api-version", fields.api_version.is_some()),
        ("--deployment", fields.deployment.is_some()),
        ("--key-ref", args.key_ref.is_some()),
    ]
    .into_iter()
    .filter_map(|(flag, is_said)| is_said.then_some(flag))
    .collect();
    let families: Vec<&str> = add::default_families(profile, row).iter().map(|family| family.name()).collect();
    if said.is_empty() && (fields.serve.is_empty() || fields.serve == families) {
        return Ok(());
    }
    let said = if said.is_empty() { "--serve".to_owned() } else { said.join("`, `") };
    Err(Error::usage(format!("`{}` is defined in an included file, so `{said}` cannot be given for it", profile.name))
        .at(place.to_owned())
        .hint("leave it out, and only the key is asked for; a profile of your own needs another name"))
}

/// Somebody's Claude subscription is not taken over by adding a team's key: that needs a word.
fn confirm_families(args: &Add, profile: &Profile, row: &Provider) -> Result<()> {
    let is_takeover = row.id != "anthropic" && add::default_families(profile, row).contains(&Family::Anthropic);
    if !is_takeover || !args.fields.serve.is_empty() {
        return Ok(());
    }
    ask::require(&format!("a word on whether {} may take over `ANTHROPIC_*`", row.name), "`--serve anthropic`")?;
    if ask::is_yes(&format!("may `{}` set ANTHROPIC_* (Claude Code and others then use this account)?", profile.name))?
    {
        return Ok(());
    }
    Err(Error::new(format!("`{}` serves nothing but `ANTHROPIC_*`", profile.name)).hint("no key was stored"))
}

/// Where a profile is defined, for `status`; none: in the user's own configuration.
pub fn shown_place(config: &Config, profile: &Profile) -> Option<String> {
    let (file, line) = included(config, &profile.name)?.defined_at.as_ref()?;
    Some(format!("{}, which your configuration includes", render::place_text(file, Some(*line))))
}
