//! `llmenv explain`: what an error means, whose key was sent, and what this shell has to do with it.

use std::io::{IsTerminal, Read};

use serde_json::json;

use super::args;
use super::connect::Answerer;
use super::findings::{self, Told};
use super::status::finding;
use super::{places, render, settings};
use crate::detect::{self, Look};
use crate::error::{Error, Result};
use crate::explain::mask::KeyMask;
use crate::explain::{self, Explanation, MAX_TEXT_BYTES, Verdict};
use crate::import::environment::{self, Variables};
use crate::ipc::protocol::{Matches, Severity, WireSecret};
use crate::paths::Paths;
use crate::printable;
use crate::source::{Kind, Origin, Sought};

/// The most that is read from standard input, in bytes; its end counts.
const MAX_INPUT_BYTES: u64 = 64 * 1024 * 1024;

/// Runs the command.
pub fn run(args: &args::Explain) -> Result<()> {
    let text = if args.text.is_empty() { read_input()? } else { args.text.join(" ") };
    if text.trim().is_empty() {
        return Err(Error::usage("there is nothing to explain")
            .hint("give the error as an argument, or pipe what the program printed: `COMMAND 2>&1 | llmenv explain`"));
    }
    let explanation = explain::explain(&text);
    let paths = Paths::find()?;
    paths.check_owner()?;
    let (active, _) = findings::active(&paths)?;
    let is_telling = explanation.masks.iter().any(KeyMask::is_telling);
    // A key that was sent may stand under any name.
    let sought = if is_telling { Sought::new(|_| true) } else { findings::sought() };
    let look = findings::look(&paths, active, &Kind::ALL, &sought, BUDGET)?;
    let variables = environment::variables(&[]);
    let mut evidence = Evidence::gather(&paths, &explanation, &variables, &look);
    evidence.told.extend(here(&explanation, &look).iter().map(Told::from));
    if args.report.json {
        return render::json(&as_json(&explanation, &evidence));
    }
    show(&explanation, &evidence);
    if explanation.form.is_none() {
        return Err(Error::new("this error is none that llmenv knows")
            .hint("paste more of it: the line with the status, the whole JSON, the end of the stack trace")
            .hint("`llmenv doctor` looks at this shell"));
    }
    Ok(())
}

/// What is wrong here and has to do with it: causes that this error has, then whatever breaks this shell's own pairs.
fn here(explanation: &Explanation, look: &Look) -> Vec<detect::Finding> {
    let causes = explanation.form.map(|form| form.causes.as_slice()).unwrap_or_default();
    let rank = |finding: &detect::Finding| causes.iter().position(|cause| cause == finding.id);
    let is_here = |finding: &detect::Finding| {
        finding.severity == Severity::Error && finding.origins.iter().any(|spot| spot.origin.kind == Kind::Environment)
    };
    let mut found: Vec<detect::Finding> = detect::run(look)
        .into_iter()
        .filter(|finding| finding.id != "key-missing" && (rank(finding).is_some() || is_here(finding)))
        .collect();
    found.sort_by_key(|finding| (finding.id != "rotated-key-in-env", rank(finding).unwrap_or(usize::MAX)));
    found.truncate(MAX_FINDINGS);
    found
}

fn read_input() -> Result<String> {
    let input = std::io::stdin();
    if input.is_terminal() {
        render::note("paste the error, then press Ctrl-D on a line of its own");
    }
    let mut bytes = Vec::new();
    let read = input.lock().take(MAX_INPUT_BYTES).read_to_end(&mut bytes);
    read.map_err(|err| Error::new(format!("standard input cannot be read: {err}")))?;
    let start = bytes.len().saturating_sub(2 * MAX_TEXT_BYTES);
    Ok(String::from_utf8_lossy(&bytes[start..]).into_owned())
}

/// The most findings that are told beside an error.
const MAX_FINDINGS: usize = 5;
/// The most places that are named for one key.
const MAX_PLACES: usize = 6;
/// How long looking for a key may take.
const BUDGET: std::time::Duration = std::time::Duration::from_millis(1_500);

/// What this machine has to say to an error.
#[derive(Default)]
struct Evidence {
    /// Sentences on the key that was sent.
    sent: Vec<String>,
    /// The same for programs: each mask with profiles and variables that fit.
    fits: Vec<Fit>,
    told: Vec<Told>,
}

/// Where a mask's key stands.
struct Fit {
    mask: String,
    profiles: Vec<String>,
    variables: Vec<String>,
    /// Other places, with the variable.
    places: Vec<(Origin, String)>,
}

impl Evidence {
    fn gather(paths: &Paths, explanation: &Explanation, variables: &Variables, look: &Look) -> Self {
        let mut evidence = Self::default();
        let telling: Vec<_> = explanation.masks.iter().filter(|mask| mask.is_telling()).cloned().collect();
        let values = variables.values().cloned().map(WireSecret).collect();
        let has_profiles = settings::load(paths).is_ok_and(|config| !config.profiles.is_empty());
        // Without a profile nothing has to be started for this.
        let asked = has_profiles
            .then(|| Answerer::connect(paths).and_then(|mut answerer| answerer.matches(telling.clone(), values)));
        let matches = match asked {
            Some(Ok(matches)) => matches,
            Some(Err(error)) => {
                let text = format!("keys were not compared: {}", error.message);
                evidence.told.push(Told::from(&finding("key-unread", Severity::Info, &text)));
                Matches::default()
            }
            None => Matches::default(),
        };
        for (n, mask) in telling.iter().enumerate() {
            let profiles = matches.masks.get(n).cloned().unwrap_or_default();
            let names: Vec<String> =
                variables.iter().filter(|(_, value)| mask.fits(value)).map(|(name, _)| name.clone()).collect();
            let mut places: Vec<(Origin, String)> = Vec::new();
            // What this shell has is looked at by itself.
            let elsewhere = look.assignments.iter().filter(|found| found.origin.kind != Kind::Environment);
            for found in elsewhere.filter(|found| found.held.text().is_some_and(|text| mask.fits(text))) {
                // One line is told once, however many loaders read it.
                let is_known = places.iter().any(|(known, name)| {
                    *name == found.name
                        && (known.kind, &known.path, known.line)
                            == (found.origin.kind, &found.origin.path, found.origin.line)
                });
                if !is_known || found.origin.path.is_none() {
                    places.push((found.origin.clone(), found.name.clone()));
                }
            }
            let fit = Fit { mask: mask.shown(), profiles, variables: names, places };
            evidence.sent.push(fit.sentence(&matches.unread));
            evidence.fits.push(fit);
        }
        if explanation.form.is_some_and(|form| matches!(form.verdict, Verdict::NotSent)) && telling.is_empty() {
            evidence.sent.push(whether_set(variables));
        }
        evidence
    }
}

impl Fit {
    /// Says whose key it is, as far as this machine knows.
    fn sentence(&self, unread: &[String]) -> String {
        let quoted = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let shown = printable::text(&self.mask);
        let mut known: Vec<String> = Vec::new();
        if !self.profiles.is_empty() {
            known.push(format!("the key of {}", quoted(&self.profiles)));
        }
        if !self.variables.is_empty() {
            known.push(format!("in {} of this shell", quoted(&self.variables)));
        }
        for (place, name) in self.places.iter().take(MAX_PLACES) {
            known.push(format!("in {}, as `{}`", places::words(place), printable::text(name)));
        }
        if self.places.len() > MAX_PLACES {
            known.push(format!("in {} more places", self.places.len() - MAX_PLACES));
        }
        if known.is_empty() {
            let compared = "no variable here and no other place that llmenv knows";
            return if unread.is_empty() {
                format!(
                    "`{shown}` is none of your profiles' keys and in {compared}: another shell, or the program's own settings, gave it"
                )
            } else {
                format!("`{shown}` is in {compared}; the keys of {} could not be compared", quoted(unread))
            };
        }
        let only = if self.profiles.is_empty() {
            ", and no profile's key"
        } else if self.variables.is_empty() && self.places.is_empty() {
            ", and not in this shell's environment"
        } else {
            ""
        };
        format!("`{shown}` is {}{only}", known.join("; "))
    }
}

fn whether_set(variables: &Variables) -> String {
    let keys: Vec<_> = variables.keys().filter(|name| name.ends_with("_KEY") || name.ends_with("_TOKEN")).collect();
    if keys.is_empty() {
        return "no variable with a key is exported in this shell; `llmenv use NAME` sets a pair".into();
    }
    let names: Vec<_> = keys.iter().map(|name| format!("`{name}`")).collect();
    format!(
        "{} is set in this shell, so the program reads another variable or has another environment",
        names.join(", ")
    )
}

fn show(explanation: &Explanation, evidence: &Evidence) {
    let mut fields: Vec<(&str, Option<String>)> = Vec::new();
    if let Some(form) = explanation.form {
        let status = explanation.status.map(|status| format!(", status {status}")).unwrap_or_default();
        let mut from = format!("{}{status}", form.who);
        for other in &explanation.also {
            from = format!("{from}; {} says the same", other.who);
        }
        fields.push(("from", Some(from)));
        fields.push(("means", Some(form.means.clone())));
        fields.push(("key", Some(form.verdict.words().into())));
    } else {
        fields.push(("means", explanation.status.and_then(of_status).map(str::to_owned)));
    }
    fields.extend(evidence.sent.iter().map(|sentence| ("sent", Some(sentence.clone()))));
    fields.push(("fix", explanation.form.map(|form| form.fix.clone())));
    render::fields(&fields);
    findings::show(&evidence.told);
}

/// What a status says by itself.
fn of_status(status: u16) -> Option<&'static str> {
    Some(match status {
        401 => "401: the server did not accept the key, or got none",
        402 => "402: the account has no credit",
        403 => "403: the server understood who asks and does not allow it, or something before it does not",
        404 => "404: the address is wrong, or the model's name",
        429 => "429: too many requests, or no quota left",
        500..=599 => "a fault on the server's side",
        _ => return None,
    })
}

fn as_json(explanation: &Explanation, evidence: &Evidence) -> serde_json::Value {
    json!({
        "schema": 1,
        "error": explanation.form.map(|form| json!({
            "id": form.id, "from": form.who, "means": form.means, "fix": form.fix, "key": form.verdict, "causes": form.causes,
        })),
        "status": explanation.status,
        "sent": evidence.fits.iter().map(|fit| json!({
            "mask": fit.mask, "profiles": fit.profiles, "variables": fit.variables,
            "origins": fit.places.iter().map(|(place, _)| places::json(place)).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "findings": evidence.told.iter().map(|one| &one.json).collect::<Vec<_>>(),
    })
}
