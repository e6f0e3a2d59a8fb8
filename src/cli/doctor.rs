//! `llmenv doctor`: what is wrong in this shell's environment, and which running programs hold what is no longer served.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::args::Doctor;
use super::connect::Answerer;
use super::status::{finding, finding_json};
use super::{check, here, render, settings};
use crate::detect::environment::{is_base_url, is_key};
use crate::detect::{self, Fault};
use crate::dotenv::Dialect;
use crate::duration::show_duration;
use crate::error::Result;
use crate::hook::state::ShellState;
use crate::import::environment as import;
use crate::ipc::protocol::{Finding, PlaceFacts, Severity, WireSecret};
use crate::paths::Paths;
use crate::printable;
use crate::secret::Secret;
use crate::source::dotenv_files::{self, FileSetting, Files, LOADERS};
use crate::source::environment::known_as;
use crate::source::processes::{self, Search};

/// The most programs that are named for one key.
const MAX_SHOWN_PROGRAMS: usize = 10;

/// A finding and the variable it is about.
struct Found {
    finding: Finding,
    variable: Option<String>,
}

/// Runs the command and says whether all is well.
pub fn run(args: &Doctor) -> Result<bool> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let variables = environment();
    let own = ShellState::of_living_shell().map(|state| state.names).unwrap_or_default();
    let mut found: Vec<Found> = detect::environment::faults(&variables, &own).into_iter().map(Found::from).collect();
    let foreign = import::variables(&own);
    for explained in import::look(&foreign).explained {
        let mut told = finding(explained.id, Severity::Warning, &explained.message);
        told.hint = explained.hint;
        // One of the same kind about the same variable says it already.
        let is_said = |known: &Found| {
            known.finding.id == told.id && known.variable.as_ref().is_some_and(|name| told.message.contains(name))
        };
        if !found.iter().any(is_said) {
            found.push(Found { finding: told, variable: None });
        }
    }
    let files = dotenv_files::upwards(&here::cwd()?, &paths.home, &|name| is_key(name) || is_base_url(name));
    found.extend(in_files(&files, &variables, &own));
    let programs = processes::holding(&|name, _| is_key(name));
    let count = programs.holders.len();
    let config = settings::load(&paths)?;
    if !config.profiles.is_empty() {
        found.extend(rotated(&paths, &variables, &own, &programs, &files)?);
    }
    if args.online {
        let tried = check::findings(&config, &mut Answerer::connect(&paths)?, args.name.as_deref())?;
        found.extend(tried.into_iter().map(|finding| Found { finding, variable: None }));
    }
    found.sort_by_key(|found| std::cmp::Reverse(found.finding.severity));
    let is_ill = found.iter().any(|found| found.finding.severity >= Severity::Warning);
    if args.report.json {
        render::json(&as_json(&found))?;
    } else {
        show(&found, &files, count, programs.is_cut);
    }
    Ok(!is_ill)
}

fn environment() -> BTreeMap<String, Secret> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((known_as(name.into_string().ok()?), Secret::new(value.into_string().ok()?))))
        .collect()
}

impl From<Fault> for Found {
    fn from(fault: Fault) -> Self {
        let mut told = finding(fault.id, fault.severity, &fault.message);
        told.hint = Some(fault.fix);
        Self { finding: told, variable: Some(fault.variable) }
    }
}

/// Keys that were rotated away, in this shell and in programs that were started with them.
fn rotated(
    paths: &Paths,
    variables: &BTreeMap<String, Secret>,
    own: &[String],
    programs: &Search,
    files: &Files,
) -> Result<Vec<Found>> {
    let here: Vec<(&String, &Secret)> =
        variables.iter().filter(|(name, value)| is_key(name) && !own.contains(name) && !value.is_empty()).collect();
    let there: Vec<(&processes::Holder, &(String, Secret))> = programs
        .holders
        .iter()
        .flat_map(|holder| holder.settings.iter().map(move |setting| (holder, setting)))
        .collect();
    let stored: Vec<(&FileSetting, &Secret)> = files
        .settings
        .iter()
        .flat_map(|setting| setting.readings().into_iter().map(move |(value, _)| (setting, value)))
        .collect();
    let values = here
        .iter()
        .map(|(_, value)| *value)
        .chain(there.iter().map(|(_, (_, value))| value))
        .chain(stored.iter().map(|(_, value)| *value));
    let mut answerer = Answerer::connect(paths)?;
    let matches = answerer.matches(Vec::new(), values.cloned().map(WireSecret).collect())?;
    let (facts_here, facts_there) = matches.values.split_at(here.len().min(matches.values.len()));
    let (facts_there, facts_stored) = facts_there.split_at(there.len().min(facts_there.len()));
    let mut found: Vec<Found> = Vec::new();
    for ((setting, _), _) in stored.iter().zip(facts_stored).filter(|(_, facts)| facts.is_rotated_away) {
        let text = format!("{} still has a key that was rotated away", setting.variable);
        let told =
            at(setting, finding("old-key-left", Severity::Error, &text), "take the line out, or put the new key there");
        if found.iter().all(|known| known.finding.origin != told.finding.origin) {
            found.push(told);
        }
    }
    for ((name, _), _) in here.iter().zip(facts_here).filter(|(_, facts)| facts.is_rotated_away) {
        let mut told = finding(
            "rotated-key-in-env",
            Severity::Error,
            &format!("{name} in this shell holds a key that was rotated away"),
        );
        told.hint = Some(format!("find out what sets it, or `unset {name}`; `llmenv use NAME` sets the new one"));
        found.push(Found { finding: told, variable: Some((*name).clone()) });
    }
    let stale = there.iter().zip(facts_there).filter(|(_, facts)| facts.is_rotated_away).map(|(place, _)| place);
    let mut shown = 0;
    for (holder, (name, _)) in stale {
        shown += 1;
        if shown > MAX_SHOWN_PROGRAMS {
            continue;
        }
        let text = format!(
            "{} {}, running for {}, was started with a key in {name} that was rotated away",
            printable::text(&holder.name),
            holder.pid,
            show_duration(holder.running)
        );
        let mut told = finding("old-key-in-program", Severity::Warning, &text);
        told.hint = Some("start it again".into());
        found.push(Found { finding: told, variable: Some(name.clone()) });
    }
    if shown > MAX_SHOWN_PROGRAMS {
        let text = format!("{} more programs were started with such a key", shown - MAX_SHOWN_PROGRAMS);
        found.push(Found { finding: finding("old-key-in-program", Severity::Warning, &text), variable: None });
    }
    for name in matches.unread {
        let text = format!("the key of `{name}` could not be read, so nothing was compared with it");
        found.push(Found { finding: finding("key-unread", Severity::Info, &text), variable: None });
    }
    Ok(found)
}

/// A finding about a line of a file.
fn at(setting: &FileSetting, mut told: Finding, fix: &str) -> Found {
    told.origin = Some(PlaceFacts { kind: "dotenv".into(), path: setting.path.clone(), line: Some(setting.line) });
    told.hint = Some(fix.to_owned());
    Found { finding: told, variable: Some(setting.variable.clone()) }
}

/// What is wrong in `.env` files, and which of their values never reach a program started here.
fn in_files(files: &Files, variables: &BTreeMap<String, Secret>, own: &[String]) -> Vec<Found> {
    let mut found = Vec::new();
    for setting in &files.settings {
        let mut ids: Vec<&str> = Vec::new();
        let readings = setting.readings();
        for (value, loaders) in &readings {
            let faults = if value.is_empty() {
                Vec::new()
            } else if is_base_url(&setting.variable) {
                detect::address::faults(&setting.variable, value.expose())
            } else {
                let beside = beside(files, setting, loaders[0]);
                let is_local = detect::environment::goes_to_this_machine(&beside, &setting.variable);
                detect::value::faults(&setting.variable, value, is_local)
            };
            for fault in faults {
                if ids.contains(&fault.id) {
                    continue;
                }
                ids.push(fault.id);
                let by = if loaders.len() == LOADERS.len() {
                    String::new()
                } else {
                    format!(" as {} reads it", names(loaders))
                };
                let text = format!("{}{by}", fault.message);
                found.push(at(setting, finding(fault.id, fault.severity, &text), "correct that line"));
            }
        }
        let Some(present) = variables.get(&setting.variable).filter(|present| !present.is_empty()) else { continue };
        let differs = readings.iter().any(|(value, _)| !value.is_empty() && !value.same_as(present));
        if differs && own.contains(&setting.variable) {
            let text = format!(
                "{} is set here too; most programs that load the file keep the profile's value",
                setting.variable
            );
            let told = finding("file-competes", Severity::Info, &text);
            found.push(at(setting, told, "take the line out, or leave it as a comment"));
        } else if differs {
            let text = format!(
                "{} has another value in this shell, and most programs that load the file keep the shell's",
                setting.variable
            );
            let fix = format!("`unset {}` for the file's value, or take the line out", setting.variable);
            found.push(at(setting, finding("shell-shadows-file", Severity::Warning, &text), &fix));
        }
    }
    for (path, reason) in &files.unread {
        let mut told = finding("env-not-regular", Severity::Warning, &format!("a `.env` file was not read: {reason}"));
        told.origin = Some(PlaceFacts { kind: "dotenv".into(), path: path.clone(), line: None });
        found.push(Found { finding: told, variable: None });
    }
    found
}

/// What one loader makes of the file that a setting is in.
fn beside(files: &Files, setting: &FileSetting, loader: Dialect) -> BTreeMap<String, Secret> {
    let at = LOADERS.iter().position(|known| *known == loader).unwrap_or_default();
    let same = files.settings.iter().filter(|other| other.path == setting.path);
    same.filter_map(|other| Some((other.variable.clone(), other.values[at].clone()?))).collect()
}

fn names(loaders: &[Dialect]) -> String {
    loaders.iter().map(|loader| loader.name()).collect::<Vec<_>>().join(", ")
}

fn show(found: &[Found], files: &Files, programs: usize, is_cut: bool) {
    let findings: Vec<Finding> = found.iter().map(|found| found.finding.clone()).collect();
    render::findings(&findings);
    let count = |severity| found.iter().filter(|found| found.finding.severity == severity).count();
    let counted = |count: usize, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    let mut told: Vec<String> = Vec::new();
    for (severity, word) in [(Severity::Error, "error"), (Severity::Warning, "warning")] {
        if count(severity) > 0 {
            told.push(counted(count(severity), word));
        }
    }
    if told.is_empty() {
        told.push("nothing is wrong".into());
    }
    let programs = match (cfg!(target_os = "linux"), is_cut) {
        (false, _) => String::new(),
        (true, false) => format!(", {} started with a key", counted(programs, "running program")),
        (true, true) => format!(", {} (there was no time for more)", counted(programs, "running program")),
    };
    let files = counted(files.count, "`.env` file");
    render::line(format_args!("{} in this shell's environment, {files}{programs}", told.join(", ")));
}

fn as_json(found: &[Found]) -> Value {
    let findings: Vec<Value> = found
        .iter()
        .map(|found| {
            let mut report = finding_json(&found.finding);
            if let Some(name) = &found.variable {
                report["variable"] = json!(name);
                if found.finding.id != "old-key-in-program" && found.finding.origin.is_none() {
                    report["origins"] = json!([{"kind": "environment"}]);
                }
            }
            report
        })
        .collect();
    json!({"schema": 1, "findings": findings})
}
