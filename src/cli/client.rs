//! `llmenv client`: what a tool needs besides variables, shown or written into its settings.

use serde_json::json;

use super::args::Client;
use super::change::{self, Manner};
use super::connect::Answerer;
use super::{here, proxy, render, settings};
use crate::backup::Action;
use crate::bounded::Links;
use crate::client::{self, Account, Place, Setup, TOOLS};
use crate::error::{Error, Result};
use crate::ipc::protocol::{Request, Response};
use crate::paths::Paths;
use crate::printable;
use crate::profile::Profile;
use crate::provider;
use crate::secret::Secret;

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
    let account = account(&paths, &profile)?;
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let place = Place { home: paths.home.clone(), variable: &variable };
    let setup = (tool.setup)(&account, &place)?;
    if args.write {
        let with_token = |token: Secret| (tool.setup)(&Account { token: Some(token), ..account.clone() }, &place);
        return write(&paths, tool.title, &account, &setup, &with_token, args);
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

fn account(paths: &Paths, profile: &Profile) -> Result<Account> {
    let row = provider::find(&profile.provider).unwrap_or_else(provider::custom);
    if !profile.proxy {
        return Account::direct(profile, row);
    }
    let facts = proxy::facts(&mut Answerer::connect(paths)?)?;
    let Some(port) = facts.port else {
        let error = facts.error.unwrap_or_else(|| Error::new("the proxy does not listen"));
        return Err(error.hint(format!("`llmenv proxy off {}` serves it directly", profile.name)));
    };
    Ok(Account::proxied(profile, row, &format!("http://127.0.0.1:{port}/{}/v1", profile.name), None))
}

/// Makes the token that stands in the tool's file. The one that was made for the tool before ends.
fn token(paths: &Paths, account: &Account, tool: &str) -> Result<Secret> {
    let request = Request::TokenMake { profile: account.profile.clone(), name: tool.to_owned() };
    match Answerer::connect(paths)?.ask(&request)? {
        Response::Token { token, .. } => Ok(token.0),
        _ => Err(Error::new("the daemon answered something else than was asked").hint("run `llmenv daemon restart`")),
    }
}

/// Plans the edit of the tool's file.
fn plan(setup: &Setup) -> Result<Action> {
    let (Some(edit), Some(file)) = (&setup.edit, &setup.file) else {
        return Err(Error::usage(format!("llmenv does not write the settings of `{}`", setup.tool)));
    };
    let mut action = Action::new(format!("client {} --write", setup.tool));
    action.change(file, Links::Follow, |now| edit(now).map(Some)).map_err(|error| error.at(printable::path(file)))?;
    Ok(action)
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

fn write(
    paths: &Paths,
    title: &str,
    account: &Account,
    setup: &Setup,
    with_token: &dyn Fn(Secret) -> Result<Setup>,
    args: &Client,
) -> Result<()> {
    if args.report.json && !args.yes {
        return Err(Error::usage("with `--json` nobody can be asked").hint("add `--yes`"));
    }
    let manner = Manner { yes: args.yes, json: args.report.json };
    let mut done = None;
    // A token is made once somebody said yes: making it ends the one before. What is asked about has another in its place.
    let (action, setup) = if account.is_proxied {
        let shown = plan(&with_token(Secret::new("llmenv_token-to-be-made-0123456789"))?)?;
        if !change::agree(&shown, manner)? {
            return Ok(());
        }
        let setup = with_token(token(paths, account, setup.tool)?)?;
        (plan(&setup)?, &*done.insert(setup))
    } else {
        let action = plan(setup)?;
        if !action.is_empty() && !change::agree(&action, manner)? {
            return Ok(());
        }
        (action, setup)
    };
    let applied = if action.is_empty() { None } else { Some(change::apply(paths, action, manner)?) };
    if args.report.json {
        return render::json(&json!({
            "schema": 1, "tool": setup.tool, "file": setup.file, "written": applied.is_some(),
            "undo": applied.map(|applied| applied.id), "start": setup.start, "notes": setup.notes,
        }));
    }
    if applied.is_none() {
        render::line(format_args!("{} has all of it already", setup.place));
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
