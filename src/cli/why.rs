//! `llmenv why`: every place that sets a variable, in order, and which of them wins for each way to start a program.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::args;
use super::findings::{self, Told};
use super::{places, render};
use crate::detect::environment::{is_base_url, is_key};
use crate::detect::{self, Look};
use crate::error::{Error, Result};
use crate::hook::state::PROFILE_VARIABLE;
use crate::paths::Paths;
use crate::printable;
use crate::provider;
use crate::secret::Secret;
use crate::source::loaders::{self, Outcome};
use crate::source::tools::{self, TOOLS};
use crate::source::{Assignment, Collected, Held, Kind, Scene, Sought};

/// How long looking may take; what does not answer by then is named.
const BUDGET: Duration = Duration::from_millis(1_500);
/// The most running programs that are listed.
const MAX_PROGRAMS: usize = 5;

/// Runs the command.
pub fn run(args: &args::Why) -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    if let Some(wanted) = &args.variable {
        check_name(wanted)?;
    }
    if let Some(id) = &args.tool {
        check_tool(id)?;
    }
    let (active, mut own_findings) = findings::active(&paths)?;
    let own = active.own.clone();
    let wanted = args.variable.clone();
    let also = args.variable.clone();
    let sought = Sought::new(move |name: &str| findings::may_hold_a_key(name) || also.as_deref() == Some(name));
    let look = findings::look(&paths, active, &Kind::ALL, &sought, BUDGET)?;
    let seen = detect::run(&look);
    let scene = &look.scene;
    let is_wanted = |name: &str| match &wanted {
        Some(wanted) => name == wanted,
        None => is_key(name) || is_base_url(name),
    };
    let found = Collected {
        assignments: look.assignments.iter().filter(|found| is_wanted(&found.name)).cloned().collect(),
        ..Collected::default()
    };
    // What only other programs have says nothing about one started here.
    let standing = found.assignments.iter().filter(|found| found.origin.kind != Kind::Process);
    let mut names: BTreeSet<String> = standing.map(|found| found.name.clone()).collect();
    names.extend(args.variable.clone());
    let accounts: Vec<Account<'_>> = names
        .into_iter()
        .map(|name| {
            let outcomes = outcomes(scene, &found, &name, args.tool.as_deref());
            Account { is_own: own.contains(&name), name, found: &found, outcomes }
        })
        .filter(|account| args.variable.is_some() || args.tool.is_none() || account.is_for_tool())
        .collect();
    let names: Vec<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
    let is_about = |finding: &detect::Finding| match finding.id {
        "place-unread" | "env-not-regular" | "env-too-large" | "env-is-dir" => true,
        _ => finding.variable.as_deref().is_some_and(|variable| names.contains(&variable)),
    };
    // What is active decides nothing about where a value stands: only what keeps it from being known is told.
    own_findings.retain(|finding| finding.id == "key-unread");
    let told: Vec<Told> =
        own_findings.iter().map(Told::from).chain(seen.iter().filter(|one| is_about(one)).map(Told::from)).collect();
    if args.report.json {
        return render::json(&json!({
            "schema": 1,
            "variables": accounts.iter().map(|account| account.as_json(&look)).collect::<Vec<_>>(),
            "findings": told.iter().map(|one| &one.json).collect::<Vec<_>>(),
        }));
    }
    if accounts.is_empty() {
        render::line(
            "no key and no base URL is set in this shell, in a `.env` file from here up to the home, or in any other place that llmenv knows",
        );
        render::hint("`llmenv use NAME` sets a pair; `llmenv why VARIABLE` looks for any variable");
    }
    for (n, account) in accounts.iter().enumerate() {
        if n > 0 {
            render::line("");
        }
        account.show();
    }
    if !told.is_empty() && !accounts.is_empty() {
        render::line("");
    }
    findings::show(&told);
    Ok(())
}

fn outcomes(scene: &Scene, found: &Collected, name: &str, tool: Option<&str>) -> Vec<Outcome> {
    match tool {
        None => loaders::outcomes(scene, found, name),
        Some(id) => match tools::find(id) {
            Some(tool) => vec![loaders::tool_outcome(tool, scene, found, name)],
            None => loaders::outcomes(scene, found, name).into_iter().filter(|outcome| outcome.id == id).collect(),
        },
    }
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

fn check_tool(id: &str) -> Result<()> {
    let is_loader = crate::dotenv::Dialect::parse(id).is_some() || ["environment", "direnv", "mise"].contains(&id);
    if tools::find(id).is_some() || is_loader {
        return Ok(());
    }
    let known: Vec<&str> = TOOLS.iter().map(|tool| tool.id).collect();
    let mut error =
        Error::usage(format!("`{}` is no tool whose places llmenv knows", printable::text(id))).hint(format!(
            "known are {}, and loaders such as python-dotenv, npm-dotenv, node, next, docker, compose",
            known.join(", ")
        ));
    if let Some(near) = crate::suggest::nearest(id, known.iter().copied()) {
        error = error.hint(format!("did you mean `{near}`?"));
    }
    Err(error)
}

/// One variable: where it stands, and what each way makes of it.
struct Account<'a> {
    name: String,
    is_own: bool,
    found: &'a Collected,
    outcomes: Vec<Outcome>,
}

impl Account<'_> {
    fn is_for_tool(&self) -> bool {
        self.outcomes.iter().any(|outcome| outcome.value.is_some() || outcome.is_unknowable)
    }

    /// The places but for running programs.
    fn places(&self) -> impl Iterator<Item = &Assignment> {
        self.found.of(&self.name).filter(|found| found.origin.kind != Kind::Process)
    }

    fn programs(&self) -> Vec<&Assignment> {
        self.found.of(&self.name).filter(|found| found.origin.kind == Kind::Process).collect()
    }

    fn present(&self) -> Option<&Secret> {
        self.places().find(|found| found.origin.kind == Kind::Environment)?.held.text()
    }

    /// The place from which this shell has its value, where one has the same.
    fn giver(&self) -> Option<&Assignment> {
        let present = self.present().filter(|present| !present.is_empty())?;
        let gives = |found: &&Assignment| {
            found.exported
                && matches!(
                    found.origin.kind,
                    Kind::Direnv
                        | Kind::Mise
                        | Kind::Rc
                        | Kind::FishUniversal
                        | Kind::System
                        | Kind::SystemdUser
                        | Kind::Tmux
                        | Kind::VsCode
                        | Kind::WindowsUser
                        | Kind::WindowsMachine
                )
                && found.held.text().is_some_and(|text| text.same_as(present))
        };
        self.places().find(gives)
    }

    fn show(&self) {
        let mut rows: Vec<Vec<String>> = Vec::new();
        let mut told: Vec<(String, String)> = Vec::new();
        for found in self.places() {
            let mut at = places::words(&found.origin);
            if found.origin.kind == Kind::Environment {
                if self.is_own {
                    let profile = std::env::var(PROFILE_VARIABLE).unwrap_or_default();
                    at = format!("this shell, by the profile `{}`", printable::text(&profile));
                } else if let Some(giver) = self.giver() {
                    at = format!("this shell, as {} has it", places::words(&giver.origin));
                }
            }
            if !found.exported && found.origin.kind == Kind::Rc {
                at += ", not exported";
            }
            let value = self.held(&found.held);
            // What several loaders make of one line stands in one row.
            match told.iter_mut().find(|(known, _)| *known == at).filter(|_| found.origin.kind == Kind::Dotenv) {
                Some((_, values)) if !values.contains(&value) => *values = format!("{values} or {value}"),
                Some(_) => {}
                None => told.push((at, value)),
            }
        }
        rows.extend(told.into_iter().map(|(at, value)| vec!["set in".into(), at, value]));
        if rows.is_empty() {
            rows.push(vec!["set in".into(), "nowhere".into(), String::new()]);
        }
        for outcome in &self.outcomes {
            rows.push(vec!["read by".into(), outcome.name.clone(), self.won(outcome)]);
        }
        render::table(&[&self.name, "where", "value"], &rows);
        self.show_programs();
    }

    /// Running programs below the table: what they hold decides nothing here.
    fn show_programs(&self) {
        let programs = self.programs();
        for found in programs.iter().take(MAX_PROGRAMS) {
            let value = self.held(&found.held);
            render::line(format_args!("held by  {}: {}", super::stale::words(found), printable::text(&value)));
        }
        if programs.len() > MAX_PROGRAMS {
            render::line(format_args!("held by  {} more running programs", programs.len() - MAX_PROGRAMS));
        }
    }

    /// What a way gives, and from where.
    fn won(&self, outcome: &Outcome) -> String {
        let from = match &outcome.from {
            Some(origin) if origin.kind == Kind::Environment && outcome.id == "environment" => String::new(),
            // Loaders' rows name the file alone: who reads it is said before.
            Some(origin) => match &origin.path {
                Some(path) => format!(", from {}", render::place_text(path, origin.line)),
                None => format!(", from {}", places::words(origin)),
            },
            None => String::new(),
        };
        let value = match (&outcome.value, outcome.is_unknowable, outcome.fails_at) {
            (_, _, Some(line)) => format!("fails at line {line} of the file"),
            (_, true, _) => "what a command there prints".to_owned(),
            (Some(value), ..) => self.shown(value),
            (None, ..) => "not set".to_owned(),
        };
        let note = outcome.note.map(|note| format!(" ({note})")).unwrap_or_default();
        format!("{value}{from}{note}")
    }

    fn held(&self, held: &Held) -> String {
        match held {
            Held::Text(value) => self.shown(value),
            Held::Variable(name) => format!("what `{}` is set to", printable::text(name)),
            Held::Unset => "taken away".into(),
            Held::Unknowable => "what a command there prints".into(),
        }
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

    fn as_json(&self, look: &Look) -> Value {
        let fingerprint = |held: &Held| look.fingerprint(&self.name, held.text()?);
        let places: Vec<Value> = self
            .found
            .of(&self.name)
            .map(|found| {
                let mut place = places::json(&found.origin);
                place["shown"] = self.held(&found.held).into();
                place["fingerprint"] = fingerprint(&found.held).into();
                place["exported"] = found.exported.into();
                place["by_llmenv"] = (self.is_own && found.origin.kind == Kind::Environment).into();
                place
            })
            .collect();
        let loaders: Vec<Value> = self
            .outcomes
            .iter()
            .map(|outcome| {
                json!({
                    "loader": outcome.id,
                    "shown": outcome.value.as_ref().map(|value| self.shown(value)),
                    "fingerprint": outcome.value.as_ref().and_then(|value| look.fingerprint(&self.name, value)),
                    "origin": outcome.from.as_ref().map(places::json),
                    "unknowable": outcome.is_unknowable,
                    "fails_at": outcome.fails_at,
                    "note": outcome.note,
                })
            })
            .collect();
        let giver = self.giver().map(|found| places::json(&found.origin));
        json!({"variable": self.name, "places": places, "given_by": giver, "loaders": loaders})
    }
}
