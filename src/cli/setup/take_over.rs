//! Keys found in this environment: told, asked about one by one, stored. Nothing is stored without a yes at a terminal.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::connect::Answerer;
use super::super::import::take::{free_name, holder, profile_of, take};
use super::super::{ask, render, settings};
use super::target::Target;
use crate::error::Result;
use crate::hook::state::{ShellState, VARIABLE};
use crate::import::environment::{self, FoundKey};
use crate::ipc::protocol::{Finding, Severity};
use crate::paths::Paths;
use crate::printable;

/// Looks, tells, and takes over what the user says yes to. Gives the names of new profiles.
pub fn run(paths: &Paths, target: Target, answerer: &mut Answerer, is_yes: bool) -> Result<Vec<String>> {
    let set_by_llmenv = std::env::var(VARIABLE).ok().and_then(|text| ShellState::parse(&text)).map(|state| state.names);
    let found = environment::look(&environment::variables(&set_by_llmenv.unwrap_or_default()));
    let findings: Vec<Finding> = found
        .explained
        .iter()
        .map(|explained| Finding {
            id: explained.id.into(),
            severity: Severity::Warning,
            message: explained.message.clone(),
            origin: None,
            hint: explained.hint.clone(),
        })
        .collect();
    render::findings(&findings);
    let may_ask = !is_yes && ask::is_possible();
    let mut taken = Vec::new();
    let mut suggested = Vec::new();
    for key in &found.keys {
        let row = key.providers[0];
        let what = format!(
            "a key of {} in {} ({})",
            key.providers.iter().map(|row| row.name.as_str()).collect::<Vec<_>>().join(" or "),
            key.variables.join(", "),
            printable::text(&key.key.shown(&row.id))
        );
        if let Some(name) = holder(paths, answerer, key)? {
            render::line(format_args!("{what}: it is in `{name}` already"));
            continue;
        }
        let place = key.base_url.as_ref().map(|url| format!(", for {}", printable::text(url))).unwrap_or_default();
        render::line(format_args!("found {what}{place}"));
        if !key.removed.is_empty() {
            render::line(format_args!("  removed: {}", printable::line(&key.removed.join(", "))));
        }
        if !may_ask {
            let name = free_name(&settings::load(paths)?, &row.id, &suggested);
            render::line(format_args!("  to take it over: {}", command(target, key, &name)));
            if let [_, others @ ..] = &key.providers[..]
                && !others.is_empty()
            {
                let ids: Vec<_> = others.iter().map(|row| format!("`--provider {}`", row.id)).collect();
                render::line(format_args!("  or with {}", ids.join(" or ")));
            }
            suggested.push(name);
        } else if ask::is_yes_unless_no("take it over as a profile?")?
            && let Some(name) = take(paths, answerer, key, None, false)?
        {
            taken.push(name);
        }
    }
    if !taken.is_empty() {
        render::hint("the variables stay as they are until you take out the lines that set them");
    }
    Ok(taken)
}

/// The command that takes a key over: it reads the variable, so that no key stands on a command line.
fn command(target: Target, key: &FoundKey, name: &str) -> String {
    let row = key.providers[0];
    let variable = &key.variables[0];
    let mut command = match target {
        Target::Bash | Target::Zsh | Target::Fish => {
            format!("printf %s \"${variable}\" | llmenv add {name} --provider {}", row.id)
        }
        Target::Powershell => format!("$env:{variable} | llmenv add {name} --provider {}", row.id),
    };
    let profile = profile_of(key, row, name.to_owned());
    let serve = profile.serve.iter().map(|family| family.name()).collect::<Vec<_>>().join(",");
    let dialect = profile.dialect.map(crate::profile::Dialect::name);
    let flags = BTreeMap::from([
        ("base-url", profile.base_url),
        ("dialect", dialect.map(str::to_owned)),
        ("organization", profile.organization),
        ("project", profile.project),
        ("serve", (!serve.is_empty()).then_some(serve)),
    ]);
    for (flag, value) in flags {
        let Some(value) = value else { continue };
        let is_plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:,".contains(&byte));
        let word = if is_plain { value } else { crate::cli::init::quote_for(target.name(), &value) };
        let _ = write!(command, " --{flag} {}", printable::text(&word));
    }
    command.push_str(" --key-stdin");
    command
}
