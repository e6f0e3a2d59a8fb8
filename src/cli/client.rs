//! `llmenv client`: what a tool needs besides variables, shown or written into its settings.

use serde_json::json;

use super::args::Client;
use super::change::{self, Manner};
use super::connect::Answerer;
use super::{here, render, settings};
use crate::backup::Action;
use crate::bounded::Links;
use crate::client::{self, Account, Place, Setup, TOOLS};
use crate::error::{Error, Result};
use crate::paths::Paths;
use crate::printable;
use crate::profile::Profile;
use crate::provider;

/// Runs the command.
pub fn run(args: &Client) -> Result<()> {
    let Some(word) = &args.tool else { return list(args.report.json) };
    let tool = client::find(word)?;
    let paths = Paths::find()?;
    paths.check_owner()?;
    if args.write && !tool.is_written {
        return Err(Error::usage(format!("llmenv does not write the settings of {}", tool.title))
            .hint(format!("`llmenv client {}` prints what belongs there", tool.id)));
    }
    let config = settings::load(&paths)?;
    let profile = match &args.name {
        Some(name) => config.profile(name)?.clone(),
        None => active(&paths, &config)?,
    };
    let account = account(&profile)?;
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let place = Place { home: paths.home.clone(), variable: &variable };
    let setup = (tool.setup)(&account, &place)?;
    if args.write {
        return write(&paths, tool.title, &setup, args);
    }
    if args.report.json {
        return render::json(&json!({
            "schema": 1, "tool": tool.id, "profile": account.profile, "proxy": account.is_proxied, "file": setup.file,
            "place": setup.place, "text": setup.text, "start": setup.start, "notes": setup.notes, "written": false,
        }));
    }
    show(tool.title, &account, &setup);
    Ok(())
}

fn active(paths: &Paths, config: &crate::config::Config) -> Result<Profile> {
    let resolved = Answerer::connect(paths)?.resolve(&here::resolve_request()?)?;
    match resolved.profile {
        Some(name) => config.profile(&name).cloned(),
        None => Err(Error::new("no profile is active here").hint("name one: `llmenv client TOOL NAME`")),
    }
}

fn account(profile: &Profile) -> Result<Account> {
    let row = provider::find(&profile.provider).unwrap_or_else(provider::custom);
    Account::direct(profile, row)
}

fn show(title: &str, account: &Account, setup: &Setup) {
    let route = if account.is_proxied { "through the local proxy" } else { "directly" };
    render::line(format_args!(
        "{title} with {} ({}), {route}",
        render::strong(&account.profile),
        printable::text(&account.provider)
    ));
    if !setup.text.is_empty() {
        render::line(format_args!("\n{}:\n", render::strong(&setup.place)));
        for line in setup.text.lines() {
            render::line(format_args!("    {}", printable::line(line)).to_string().trim_end());
        }
        render::line("");
    }
    render::line(format_args!("start it with `{}`", printable::line(&setup.start)));
    for note in &setup.notes {
        render::line(format_args!("- {}", printable::line(note)));
    }
    if setup.edit.is_some() {
        render::hint(format_args!("`llmenv client {} {} --write` writes it", setup.tool, account.profile));
    }
}

fn write(paths: &Paths, title: &str, setup: &Setup, args: &Client) -> Result<()> {
    let (Some(edit), Some(file)) = (&setup.edit, &setup.file) else {
        return Err(Error::usage(format!("llmenv does not write the settings of {title}")));
    };
    if args.report.json && !args.yes {
        return Err(Error::usage("with `--json` nobody can be asked").hint("add `--yes`"));
    }
    let mut action = Action::new(format!("client {} --write", setup.tool));
    action.change(file, Links::Follow, |now| edit(now).map(Some)).map_err(|error| error.at(printable::path(file)))?;
    let manner = Manner { yes: args.yes, json: args.report.json };
    let is_there = action.is_empty();
    let applied = if is_there { None } else { change::carry_out(paths, action, manner)? };
    if args.report.json {
        return render::json(&json!({
            "schema": 1, "tool": setup.tool, "file": file, "written": applied.is_some(),
            "undo": applied.map(|applied| applied.id), "start": setup.start, "notes": setup.notes,
        }));
    }
    if is_there {
        render::line(format_args!("{} has all of it already", printable::path(file)));
    } else if applied.is_none() {
        return Ok(());
    }
    render::line(format_args!("start {title} with `{}`", printable::line(&setup.start)));
    for note in &setup.notes {
        render::line(format_args!("- {}", printable::line(note)));
    }
    Ok(())
}

fn list(json: bool) -> Result<()> {
    if json {
        let rows: Vec<_> =
            TOOLS.iter().map(|tool| json!({"tool": tool.id, "title": tool.title, "write": tool.is_written})).collect();
        return render::json(&json!({"schema": 1, "tools": rows}));
    }
    let rows: Vec<Vec<String>> = TOOLS
        .iter()
        .map(|tool| {
            let how = if tool.is_written { "printed, or written with --write" } else { "printed" };
            vec![tool.id.to_owned(), tool.title.to_owned(), how.to_owned()]
        })
        .collect();
    render::table(&["tool", "name", "what it needs is"], &rows);
    render::hint("`llmenv client TOOL`; other tools take the variables: `llmenv exec NAME -- COMMAND`");
    Ok(())
}
