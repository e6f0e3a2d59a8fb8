//! Findings as every report has them: looked for, shown to people, written as JSON.

use serde_json::Value;

use super::connect::Answerer;
use super::status::finding_json;
use super::{here, render, settings};
use crate::detect::{self, Active, Spot};
use crate::error::Result;
use crate::hook::state::ShellState;
use crate::ipc::protocol::{Finding, ResolvedFacts, Severity};
use crate::ipc::shell_lines::Reason;
use crate::paths::Paths;
use crate::printable;
use crate::source::Kind;

/// The most places of one finding that people are shown.
const MAX_PLACES: usize = 5;

/// A finding of whatever kind, ready to be told.
#[derive(Clone, Debug)]
pub struct Told {
    /// How bad it is.
    pub severity: Severity,
    /// The sentence.
    pub message: String,
    /// Where, in words.
    pub places: Vec<String>,
    /// What to do.
    pub advice: Option<String>,
    /// As JSON.
    pub json: Value,
}

impl From<&detect::Finding> for Told {
    fn from(finding: &detect::Finding) -> Self {
        Self {
            severity: finding.severity,
            message: finding.message.clone(),
            places: finding.origins.iter().map(place).collect(),
            advice: finding.fix.as_ref().map(|fix| fix.description.clone()),
            json: finding.json(),
        }
    }
}

impl From<&Finding> for Told {
    fn from(finding: &Finding) -> Self {
        Self {
            severity: finding.severity,
            message: finding.message.clone(),
            places: finding.origin.iter().map(|at| render::place_text(&at.path, at.line)).collect(),
            advice: finding.hint.clone(),
            json: finding_json(finding),
        }
    }
}

/// Words a place with its masked value: `~/src/.env:3:16, openrouter …1111`.
fn place(spot: &Spot) -> String {
    let origin = &spot.origin;
    let at = match (&origin.path, origin.line, origin.column) {
        (Some(path), Some(line), Some(column)) => format!("{}:{line}:{column}", printable::path(path)),
        (Some(path), line, _) => render::place_text(path, line),
        (None, ..) => match origin.kind {
            Kind::Environment => "this shell".to_owned(),
            Kind::Tmux => "the tmux server".to_owned(),
            Kind::Screen => "the screen server".to_owned(),
            Kind::SystemdUser => "systemd's user manager".to_owned(),
            Kind::WindowsUser => "the user's variables in the registry".to_owned(),
            Kind::WindowsMachine => "the machine's variables in the registry".to_owned(),
            Kind::Process => "a running program".to_owned(),
            kind => kind.id().to_owned(),
        },
    };
    match &spot.shown {
        Some(shown) => format!("{at}, {}", printable::text(shown)),
        None => at,
    }
}

/// Writes findings to standard output, the worst first, each with its places and what to do; the same advice once for those that follow
/// each other.
pub fn show(told: &[Told]) {
    for (at, one) in told.iter().enumerate() {
        render::finding(one.severity, &one.message);
        for place in one.places.iter().take(MAX_PLACES) {
            render::arrow(place);
        }
        if one.places.len() > MAX_PLACES {
            render::arrow(&format!("and {} more places", one.places.len() - MAX_PLACES));
        }
        let is_said_next =
            told.get(at + 1).is_some_and(|next| next.advice == one.advice && next.severity == one.severity);
        if let Some(advice) = one.advice.as_ref().filter(|_| !is_said_next) {
            render::advice(advice);
        }
    }
}

/// What is active here, and what llmenv itself has to say about it. Without a profile nothing is started.
pub fn active(paths: &Paths) -> Result<(Active, Vec<Finding>)> {
    let own = ShellState::of_living_shell().map(|state| state.names).unwrap_or_default();
    let config = settings::load(paths)?;
    let profiles: Vec<String> = config.profiles.keys().cloned().collect();
    if profiles.is_empty() {
        return Ok((Active { own, ..Active::default() }, Vec::new()));
    }
    let resolved = Answerer::connect(paths).and_then(|mut answerer| answerer.resolve(&here::resolve_request()?));
    match resolved {
        Ok(mut resolved) => {
            let findings = std::mem::take(&mut resolved.findings);
            Ok((of_resolved(resolved, own, profiles), findings))
        }
        Err(error) => {
            let message = format!("what is active here is not known: {}", error.message);
            let unknown = super::status::finding("key-unread", Severity::Info, &message);
            Ok((Active { own, profiles, ..Active::default() }, vec![unknown]))
        }
    }
}

/// The same from an answer that is there already.
pub fn of_resolved(resolved: ResolvedFacts, own: Vec<String>, profiles: Vec<String>) -> Active {
    Active {
        is_off: resolved.reason == Reason::Off,
        profile: resolved.profile,
        base_url: resolved.base_url,
        own,
        profiles,
    }
}
