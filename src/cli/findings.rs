//! Findings as every report has them: looked for, shown to people, written as JSON.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::connect::Answerer;
use super::status::finding_json;
use super::{here, places, render, settings};
use crate::detect::{self, Active, Look, Marks, Spot};
use crate::error::Result;
use crate::hook::state::ShellState;
use crate::ipc::protocol::{Finding, ResolvedFacts, Severity};
use crate::ipc::shell_lines::Reason;
use crate::paths::Paths;
use crate::printable;
use crate::source::{self, Kind, Scene, Sought};

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
    let at = match (&origin.path, origin.line, origin.column, origin.kind) {
        // What a server holds stands in no file of its own.
        (.., Kind::Tmux | Kind::Screen | Kind::Direnv) | (None, ..) => places::words(origin),
        (Some(path), Some(line), Some(column), _) => format!("{}:{line}:{column}", printable::path(path)),
        (Some(path), line, ..) => render::place_text(path, line),
    };
    match &spot.shown {
        Some(shown) => format!("{at}, {}", printable::text(shown)),
        None => at,
    }
}

/// Writes findings in one line each, at most this many: a command that reports something else has them at its end.
pub fn show_short(told: &[Told], most: usize) {
    let telling: Vec<&Told> = told.iter().filter(|one| one.severity >= Severity::Warning).collect();
    for one in telling.iter().take(most) {
        let at = one.places.first().map(|place| format!(" ({place})")).unwrap_or_default();
        render::finding(one.severity, &format!("{}{at}", one.message));
    }
    let more = telling.len().saturating_sub(most);
    if more > 0 {
        render::advice(&format!("`llmenv doctor` shows {more} more, and what to do about each"));
    } else if !telling.is_empty() {
        render::advice("`llmenv doctor` shows what to do");
    }
}

/// Looks at everything from here with all detectors, for at most this long.
pub fn look(paths: &Paths, active: Active, kinds: &[Kind], is_sought: &Sought, budget: Duration) -> Result<Look> {
    let scene = Scene::here(&here::cwd()?, &paths.home);
    let deadline = Instant::now() + budget;
    let collected = source::collect(&scene, is_sought, kinds, budget);
    Ok(Look::of(scene, active, Marks::read(&paths.state_dir), collected, deadline))
}

/// Which variables are looked at: those that tools know, and those that say that they hold a key.
pub fn sought() -> Sought {
    Sought::new(may_hold_a_key)
}

/// Whether a key may stand under this name: one that tools know, or one that says so.
pub fn may_hold_a_key(name: &str) -> bool {
    detect::is_sought(name) || ["_KEY", "_TOKEN", "_SECRET"].iter().any(|end| name.ends_with(end))
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
            Ok((of_resolved(&resolved, own, profiles), findings))
        }
        Err(error) => {
            let message = format!("what is active here is not known: {}", error.message);
            let unknown = super::status::finding("key-unread", Severity::Info, &message);
            Ok((Active { own, profiles, ..Active::default() }, vec![unknown]))
        }
    }
}

/// The same from an answer that is there already.
pub fn of_resolved(resolved: &ResolvedFacts, own: Vec<String>, profiles: Vec<String>) -> Active {
    Active {
        is_off: resolved.reason == Reason::Off,
        profile: resolved.profile.clone(),
        base_url: resolved.base_url.clone(),
        own,
        profiles,
    }
}
