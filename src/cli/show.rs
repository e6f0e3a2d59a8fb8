//! `llmenv show`: one profile, its key masked; and how the other commands word a key.

use std::io::IsTerminal;

use serde_json::{Value, json};

use super::args::Show;
use super::connect::Answerer;
use super::{add, edit, open_store, render, settings};
use crate::error::{Error, ErrorKind, Result};
use crate::ipc::protocol::{KeyFacts, Request, Response};
use crate::paths::Paths;
use crate::profile::{Billing, KeySource, Profile};

/// Shows a profile, or with `--reveal` its key.
pub fn run(args: &Show) -> Result<()> {
    let paths = Paths::find()?;
    let config = settings::load(&paths)?;
    let profile = config.profile(&args.name)?;
    if args.reveal {
        return reveal(&paths, profile, args.force);
    }
    let mut answerer = Answerer::connect(&paths)?;
    let key = answerer.key(&profile.name)?;
    let row = add::known_provider(&profile.provider)?;
    let base_url = edit::base_url(profile).ok();
    let families: Vec<_> = add::default_families(profile, row).iter().map(|family| family.name()).collect();
    let store = store_word(profile, &mut answerer);
    let defined_at = profile.defined_at.as_ref().map(|(file, line)| render::place_text(file, Some(*line)));
    if args.report.json {
        return render::json(&json!({
            "schema": 1, "profile": profile.name, "provider": profile.provider, "base_url": base_url, "serve": families,
            "model": profile.model, "models": profile.models, "account": profile.account,
            "billing": profile.billing.map(billing_word), "proxy": profile.proxy, "organization": profile.organization,
            "project": profile.project, "api_version": profile.api_version, "deployment": profile.deployment,
            "env": profile.env.keys().collect::<Vec<_>>(), "secrets": profile.secrets, "also": profile.also,
            "key": key_json(&key), "origin": key.origin, "store": store, "defined_at": defined_at,
        }));
    }
    let list = |names: &[String]| (!names.is_empty()).then(|| names.join(", "));
    let text = |text: &Option<String>| text.as_deref().map(crate::printable::text);
    render::fields(&[
        ("profile", Some(render::strong(&profile.name))),
        ("provider", Some(row.shown())),
        ("base URL", text(&base_url)),
        ("key", Some(key_text(profile, &key).trim_start_matches("key ").to_owned())),
        ("fingerprint", text(&key.fingerprint)),
        ("bound to", text(&key.origin)),
        ("kept in", Some(store.clone())),
        ("serves", Some(families.join(", "))),
        ("model", text(&profile.model)),
        ("account", text(&profile.account)),
        ("billing", profile.billing.map(|billing| billing_word(billing).to_owned())),
        ("organization", text(&profile.organization)),
        ("project", text(&profile.project)),
        ("API version", text(&profile.api_version)),
        ("deployment", text(&profile.deployment)),
        (
            "also sets",
            list(&profile.env.keys().chain(&profile.secrets).chain(&profile.also).cloned().collect::<Vec<_>>()),
        ),
        ("defined at", defined_at),
    ]);
    if let Some(error) = &key.error {
        render::error(error);
    }
    Ok(())
}

fn reveal(paths: &Paths, profile: &Profile, is_forced: bool) -> Result<()> {
    if !is_forced && !std::io::stdout().is_terminal() {
        return Err(Error::usage("the key would not go to a terminal")
            .hint("`--reveal --force` prints it all the same; for a program, `llmenv exec` keeps it out of files"));
    }
    let key = match &profile.key {
        KeySource::Absent => return Err(Error::new(format!("`{}` has no key: its endpoint takes none", profile.name))),
        KeySource::File(path) => crate::store::file::read_key(path)?,
        KeySource::Command { argv, .. } => {
            crate::store::command::run_command(argv, crate::store::command::Mode::Foreground)?
        }
        KeySource::Stored => {
            let mut answerer = Answerer::connect(paths)?;
            let get = Request::KeyGet { profile: profile.name.clone() };
            match open_store::retry(&mut answerer, |answerer| answerer.ask(&get))? {
                Response::Key(entry) => entry.key.0,
                _ => return Err(Error::of(ErrorKind::Unreachable, "the daemon answered something else than the key")),
            }
        }
    };
    let line = zeroize::Zeroizing::new(format!("{}\n", key.expose()));
    render::raw(&line);
    Ok(())
}

/// The key in a report: `{"shown":…,"fingerprint":…}`, or null where none could be read.
pub fn key_json(key: &KeyFacts) -> Value {
    match (&key.shown, &key.fingerprint) {
        (None, None) => Value::Null,
        (shown, fingerprint) => json!({"shown": shown, "fingerprint": fingerprint}),
    }
}

/// The key in a line: `key openrouter …1111`, or why there is none to show.
pub fn key_text(profile: &Profile, key: &KeyFacts) -> String {
    if let Some(shown) = &key.shown {
        return format!("key {}", crate::printable::text(shown));
    }
    match &profile.key {
        KeySource::Absent => "no key needed".into(),
        KeySource::File(path) => format!("key in {}", crate::printable::path(path)),
        KeySource::Command { argv, .. } => {
            format!("key from {}", crate::printable::text(argv.first().map_or("", String::as_str)))
        }
        KeySource::Stored => match &key.error {
            Some(error) if error.kind == ErrorKind::Locked => "key locked".into(),
            Some(error) if error.kind == ErrorKind::NotFound => "no key".into(),
            Some(_) => "key not readable".into(),
            None => "no key".into(),
        },
    }
}

/// Where a profile's key is: `keyring`, `file`, `command` or `none`.
pub fn store_word(profile: &Profile, answerer: &mut Answerer) -> String {
    match &profile.key {
        KeySource::File(_) => "file".into(),
        KeySource::Command { .. } => "command".into(),
        KeySource::Absent => "none".into(),
        KeySource::Stored => answerer.store().map(|store| store.kind).unwrap_or_default(),
    }
}

/// The configuration's word.
pub fn billing_word(billing: Billing) -> &'static str {
    match billing {
        Billing::Metered => "metered",
        Billing::Subscription => "subscription",
        Billing::Local => "local",
    }
}
