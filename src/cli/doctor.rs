//! `llmenv doctor`: what is wrong in this shell's environment, and which running programs hold what is no longer served.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::args::Report;
use super::connect::Answerer;
use super::status::{finding, finding_json};
use super::{render, settings};
use crate::detect::{self, Fault};
use crate::duration::show_duration;
use crate::error::Result;
use crate::hook::state::ShellState;
use crate::import::environment as import;
use crate::ipc::protocol::{Finding, Severity, WireSecret};
use crate::paths::Paths;
use crate::printable;
use crate::secret::Secret;
use crate::source::processes::{self, Search};

/// The most programs that are named for one key.
const MAX_SHOWN_PROGRAMS: usize = 10;

/// A finding and the variable it is about.
struct Found {
    finding: Finding,
    variable: Option<String>,
}

/// Runs the command and says whether all is well.
pub fn run(report: Report) -> Result<bool> {
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
    let programs = processes::holding(&|name, _| detect::environment::is_key(name));
    let count = programs.holders.len();
    let has_profiles = settings::load(&paths)?.profiles.values().next().is_some();
    if has_profiles {
        found.extend(rotated(&paths, &variables, &own, &programs)?);
    }
    found.sort_by_key(|found| std::cmp::Reverse(found.finding.severity));
    let is_ill = found.iter().any(|found| found.finding.severity >= Severity::Warning);
    if report.json {
        render::json(&as_json(&found))?;
    } else {
        show(&found, count, programs.is_cut);
    }
    Ok(!is_ill)
}

fn environment() -> BTreeMap<String, Secret> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, Secret::new(value.into_string().ok()?))))
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
) -> Result<Vec<Found>> {
    let here: Vec<(&String, &Secret)> = variables
        .iter()
        .filter(|(name, value)| detect::environment::is_key(name) && !own.contains(name) && !value.is_empty())
        .collect();
    let there: Vec<(&processes::Holder, &(String, Secret))> = programs
        .holders
        .iter()
        .flat_map(|holder| holder.settings.iter().map(move |setting| (holder, setting)))
        .collect();
    let values = here.iter().map(|(_, value)| *value).chain(there.iter().map(|(_, (_, value))| value));
    let mut answerer = Answerer::connect(paths)?;
    let matches = answerer.matches(Vec::new(), values.cloned().map(WireSecret).collect())?;
    let (facts_here, facts_there) = matches.values.split_at(here.len().min(matches.values.len()));
    let mut found = Vec::new();
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

fn show(found: &[Found], programs: usize, is_cut: bool) {
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
    let looked = match (cfg!(target_os = "linux"), is_cut) {
        (false, _) => "this shell's environment".to_owned(),
        (true, false) if programs == 0 => {
            "this shell's environment; no running program was started with a key".to_owned()
        }
        (true, false) => format!("this shell's environment and {} with a key", counted(programs, "running program")),
        (true, true) => {
            format!("this shell's environment and, in the time there was, {}", counted(programs, "program"))
        }
    };
    render::line(format_args!("{} in {looked}", told.join(", ")));
}

fn as_json(found: &[Found]) -> Value {
    let findings: Vec<Value> = found
        .iter()
        .map(|found| {
            let mut report = finding_json(&found.finding);
            if let Some(name) = &found.variable {
                report["variable"] = json!(name);
                if found.finding.id != "old-key-in-program" {
                    report["origins"] = json!([{"kind": "environment"}]);
                }
            }
            report
        })
        .collect();
    json!({"schema": 1, "findings": findings})
}
