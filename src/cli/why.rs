//! `llmenv why`: every place that sets a variable, and what each sort of program gets of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::args;
use super::{here, render};
use crate::detect::environment::{is_base_url, is_key};
use crate::error::{Error, Result};
use crate::hook::state::{PROFILE_VARIABLE, ShellState};
use crate::ipc::protocol::PlaceFacts;
use crate::paths::Paths;
use crate::printable;
use crate::provider;
use crate::secret::Secret;
use crate::source::dotenv_files::{self, Files};
use crate::source::environment::known_as;
use crate::source::loaders::{self, Outcome};

/// Runs the command.
pub fn run(args: &args::Why) -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let cwd = here::cwd()?;
    let variables: BTreeMap<String, Secret> = std::env::vars_os()
        .filter_map(|(name, value)| Some((known_as(name.into_string().ok()?), Secret::new(value.into_string().ok()?))))
        .collect();
    let own = ShellState::of_living_shell().map(|state| state.names).unwrap_or_default();
    let is_sought = |name: &str| match &args.variable {
        Some(wanted) => name == wanted,
        None => is_key(name) || is_base_url(name),
    };
    let files = dotenv_files::upwards(&cwd, &paths.home, &is_sought);
    let mut names: BTreeSet<String> = files.settings.iter().map(|setting| setting.variable.clone()).collect();
    names.extend(variables.keys().filter(|name| is_sought(name)).cloned());
    if let Some(wanted) = &args.variable {
        check_name(wanted)?;
        names.insert(wanted.clone());
    }
    let accounts: Vec<Account> = names
        .into_iter()
        .map(|name| {
            let present = variables.get(&name).cloned();
            let outcomes = loaders::outcomes(&cwd, &paths.home, &name, present.as_ref());
            Account { is_own: own.contains(&name), name, present, outcomes }
        })
        .collect();
    if args.report.json {
        return render::json(&json!({
            "schema": 1,
            "variables": accounts.iter().map(|account| account.as_json(&files)).collect::<Vec<_>>(),
            "findings": [],
        }));
    }
    if accounts.is_empty() {
        render::line(
            "no key and no base URL is set in this shell, and no `.env` file from here up to the home has one",
        );
        render::hint("`llmenv use NAME` sets a pair; `llmenv why VARIABLE` looks for any variable");
        return Ok(());
    }
    for (n, account) in accounts.iter().enumerate() {
        if n > 0 {
            render::line("");
        }
        account.show(&files);
    }
    Ok(())
}

fn check_name(name: &str) -> Result<()> {
    if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    {
        return Ok(());
    }
    Err(Error::usage(format!("`{}` is no variable's name", printable::text(name)))
        .hint("give a name such as OPENAI_API_KEY; without one all keys and base URLs are shown"))
}

/// One variable: what is set here, and what each loader makes of it.
struct Account {
    name: String,
    present: Option<Secret>,
    is_own: bool,
    outcomes: Vec<Outcome>,
}

impl Account {
    fn show(&self, files: &Files) {
        let mut rows: Vec<Vec<String>> = Vec::new();
        if let Some(value) = &self.present {
            let from = if self.is_own {
                let profile = std::env::var(PROFILE_VARIABLE).unwrap_or_default();
                format!("this shell, by the profile `{}`", printable::text(&profile))
            } else {
                "this shell".to_owned()
            };
            rows.push(vec!["set in".into(), from, self.shown(value)]);
        }
        for setting in files.settings.iter().filter(|setting| setting.variable == self.name) {
            let readings = setting.readings();
            let shown: Vec<String> = readings.iter().map(|(value, _)| self.shown(value)).collect();
            let shown = if shown.is_empty() { "nothing that a loader takes".to_owned() } else { shown.join(" or ") };
            rows.push(vec!["set in".into(), render::place_text(&setting.path, Some(setting.line)), shown]);
        }
        if rows.is_empty() {
            rows.push(vec!["set in".into(), "nowhere".into(), String::new()]);
        }
        let plain = self.present.as_ref().map_or_else(|| "not set".to_owned(), |value| self.shown(value));
        rows.push(vec!["read by".into(), "a program that loads no file".into(), plain]);
        for outcome in &self.outcomes {
            let from = match &outcome.from {
                Some((path, line)) => format!(", from {}", render::place_text(path, Some(*line))),
                None => String::new(),
            };
            let value = match (&outcome.value, outcome.is_unknowable, outcome.fails_at) {
                (_, _, Some(line)) => format!("fails at line {line} of the file"),
                (_, true, _) => "what a command in the file prints".to_owned(),
                (Some(value), ..) => self.shown(value),
                (None, ..) => "not set".to_owned(),
            };
            rows.push(vec!["read by".into(), outcome.loader.name().into(), format!("{value}{from}")]);
        }
        render::table(&[&self.name, "where", "value"], &rows);
    }

    /// A value in a few characters: keys masked, addresses without a password.
    fn shown(&self, value: &Secret) -> String {
        if value.is_empty() {
            return "empty".into();
        }
        if is_base_url(&self.name) {
            let trimmed = value.expose().trim();
            let more = if trimmed == value.expose() { "" } else { ", with a blank or line end" };
            return match url::Url::parse(trimmed) {
                Ok(mut url) if url.password().is_some() || !url.username().is_empty() => {
                    let _ = url.set_password(None);
                    let _ = url.set_username("");
                    printable::text(url.as_str()) + ", with a password" + more
                }
                _ if provider::of_key(value).is_empty() => printable::text(trimmed) + more,
                _ => value.shown("a key"),
            };
        }
        let cleaned = crate::sanitize::clean(value.expose());
        let shown = match provider::of_key(&cleaned.value).first() {
            Some(owner) => cleaned.value.shown(&owner.id),
            None => format!("{} characters", value.expose().chars().count()),
        };
        let around: Vec<String> = cleaned.removed.iter().map(ToString::to_string).collect();
        if around.is_empty() { shown } else { format!("{shown} with {}", around.join(", ")) }
    }

    fn as_json(&self, files: &Files) -> Value {
        let mut places: Vec<Value> = Vec::new();
        if let Some(value) = &self.present {
            places.push(json!({"kind": "environment", "path": null, "line": null, "shown": self.shown(value), "by_llmenv": self.is_own}));
        }
        for setting in files.settings.iter().filter(|setting| setting.variable == self.name) {
            for (value, loaders) in setting.readings() {
                places.push(json!({
                    "kind": "dotenv", "path": setting.path, "line": setting.line, "shown": self.shown(value),
                    "loaders": loaders.iter().map(|loader| loader.id()).collect::<Vec<_>>(),
                }));
            }
        }
        let loaders: Vec<Value> = self
            .outcomes
            .iter()
            .map(|outcome| {
                let from = outcome.from.as_ref().map(|(path, line)| {
                    super::status::place_json(&PlaceFacts {
                        kind: "dotenv".into(),
                        path: path.clone(),
                        line: Some(*line),
                    })
                });
                json!({
                    "loader": outcome.loader.id(),
                    "shown": outcome.value.as_ref().map(|value| self.shown(value)),
                    "origin": from,
                    "fails_at": outcome.fails_at,
                })
            })
            .collect();
        json!({"variable": self.name, "places": places, "loaders": loaders})
    }
}
