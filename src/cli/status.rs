//! `llmenv status`: what is active here, why, whose account, and what is not as it should be.

use std::time::Duration;

use serde_json::{Value, json};

use super::args::{Report, Status};
use super::connect::Answerer;
use super::{add, add_key, here, render, settings, show};
use crate::config::IncludeState;
use crate::detect;
use crate::error::{Error, Result};
use crate::hook::state::ShellState;
use crate::ipc::protocol::{Finding, PlaceFacts, ResolvedFacts, Severity};
use crate::ipc::shell_lines::{Reason, ShellId};
use crate::paths::Paths;
use crate::process;
use crate::profile::{Billing, Profile};
use crate::source::Kind;

/// How long looking for what is wrong may take.
const LOOK: Duration = Duration::from_millis(400);
/// The most findings that are told, in one line each.
const MAX_SHOWN: usize = 4;

/// Prints the status.
pub fn run(args: Status) -> Result<()> {
    if args.usage {
        let paths = Paths::find()?;
        paths.check_owner()?;
        return super::proxy::usage(&mut Answerer::connect(&paths)?, args.report);
    }
    print(args.report, false)
}

/// Prints the status at the end of `setup`, which has its own words on the hook and on what comes next.
pub fn after_setup() -> Result<()> {
    print(Report::default(), true)
}

fn print(args: Report, is_setup: bool) -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let config = settings::load(&paths);
    let mut answerer = Answerer::connect(&paths)?;
    let mut resolved = answerer.resolve(&here::resolve_request()?)?;
    let mut findings = std::mem::take(&mut resolved.findings);
    let has = |findings: &[Finding], id: &str| findings.iter().any(|finding| finding.id == id);
    if let Ok(hello) = answerer.hello() {
        if hello.locked && !has(&findings, "locked") {
            let mut finding = finding("locked", Severity::Warning, "llmenv is locked: no key is served");
            finding.hint = Some("run `llmenv unlock`".into());
            findings.push(finding);
        }
        if let Some(error) = hello.config_error.filter(|_| !has(&findings, "config-invalid")) {
            findings.push(from_error("config-invalid", Severity::Error, &error));
        }
    }
    match &config {
        Err(error) if !has(&findings, "config-invalid") => {
            findings.push(from_error("config-invalid", Severity::Error, error));
        }
        Ok(config) => {
            findings.extend(config.problems.iter().map(|error| from_error("config-problem", Severity::Warning, error)));
            for include in &config.include {
                findings.extend(include_finding(include, &config.path));
            }
        }
        Err(_) => {}
    }
    if let Some(finding) = hook_finding(&paths).filter(|_| !is_setup) {
        findings.push(finding);
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let own = ShellState::of_living_shell().map(|state| state.names).unwrap_or_default();
    let profiles = config.as_ref().map(|config| config.profiles.keys().cloned().collect()).unwrap_or_default();
    let active = super::findings::of_resolved(&resolved, own, profiles);
    let look = super::findings::look(&paths, active, &Kind::ALL, &super::findings::sought(), LOOK)?;
    // What could not be looked at in so short a time is `doctor`'s to tell.
    let seen: Vec<_> = detect::run(&look).into_iter().filter(|finding| finding.id != "place-unread").collect();
    if let (Reason::Default, None, Ok(config)) = (resolved.reason, &resolved.origin, &config) {
        let line = config.default_line;
        resolved.origin = Some(PlaceFacts { kind: "config".into(), path: config.path.clone(), line });
    }
    let has_profiles = config.as_ref().map_or(true, |config| !config.profiles.is_empty());
    let profile = config.as_ref().ok().and_then(|config| config.profiles.get(resolved.profile.as_ref()?).cloned());
    let place = config.as_ref().ok().zip(profile.as_ref());
    let place = place.and_then(|(config, profile)| add_key::shown_place(config, profile));
    if args.json {
        return render::json(&as_json(&resolved, profile.as_ref(), &findings, &seen));
    }
    show_human(&resolved, profile.as_ref(), place);
    if resolved.profile.is_none() && resolved.reason == Reason::None && !is_setup {
        render::hint(if has_profiles {
            "`llmenv use NAME` chooses a profile for this shell; `llmenv list` shows them"
        } else {
            "there are no profiles yet: `llmenv add` adds one"
        });
    }
    super::findings::show(&findings.iter().map(super::findings::Told::from).collect::<Vec<_>>());
    if !is_setup {
        // That there is no key is said above, with what to do.
        let seen = seen.iter().filter(|finding| finding.id != "key-missing").map(super::findings::Told::from);
        super::findings::show_short(&seen.collect::<Vec<_>>(), MAX_SHOWN);
    }
    Ok(())
}

fn as_json(
    resolved: &ResolvedFacts,
    profile: Option<&Profile>,
    findings: &[Finding],
    seen: &[detect::Finding],
) -> Value {
    json!({
        "schema": 1,
        "profile": resolved.profile,
        "reason": resolved.reason.word(),
        "origin": resolved.origin.as_ref().map(place_json),
        "provider": resolved.provider,
        "account": profile.and_then(|profile| profile.account.clone()),
        "base_url": resolved.base_url,
        "key": show::key_json(&resolved.key),
        "proxy": profile.is_some_and(|profile| profile.proxy),
        "store": resolved.store,
        "findings": findings.iter().map(finding_json).chain(seen.iter().map(detect::Finding::json)).collect::<Vec<_>>(),
    })
}

/// A place as every `--json` has it.
pub fn place_json(place: &PlaceFacts) -> Value {
    json!({"kind": place.kind, "path": place.path, "line": place.line})
}

/// A finding as every `--json` has it.
pub fn finding_json(finding: &Finding) -> Value {
    let fix = finding.hint.as_ref().map(|hint| json!({"kind": "hint", "safe": false, "description": hint}));
    json!({
        "id": finding.id, "severity": finding.severity, "variable": Value::Null,
        "origins": finding.origin.iter().map(place_json).collect::<Vec<_>>(),
        "message": finding.message, "data": {}, "fix": fix,
    })
}

fn show_human(resolved: &ResolvedFacts, profile: Option<&Profile>, defined_in: Option<String>) {
    let Some(name) = &resolved.profile else {
        render::line(match resolved.reason {
            Reason::Off => {
                "nothing active: `llmenv off` holds in this shell (`llmenv use --auto` lets directories decide)"
            }
            Reason::Released => {
                "nothing active: somebody else changed half of the pair, and llmenv took its half out (`llmenv use NAME` \
                 sets both)"
            }
            _ => "nothing active here",
        });
        return;
    };
    let place = resolved.origin.as_ref().map(|place| render::place_text(&place.path, place.line));
    let why = match (resolved.reason, &place) {
        (Reason::Shell, _) => "chosen in this shell".to_owned(),
        (Reason::Pin, Some(place)) => format!("pinned by {place}"),
        (Reason::Rule, Some(place)) => format!("by the rule in {place}"),
        (Reason::Default, Some(place)) => format!("the default, {place}"),
        (Reason::Default, None) => "the default".to_owned(),
        (reason, _) => reason.word().to_owned(),
    };
    let provider = resolved.provider.as_deref().unwrap_or_default();
    let row = add::known_provider(provider).map_or_else(|_| provider.to_owned(), crate::provider::Provider::shown);
    let billing = profile.and_then(|profile| profile.billing);
    let account = match (profile.and_then(|profile| profile.account.as_deref()), billing.map(billing_words)) {
        (Some(account), Some(billing)) => Some(format!("{}, {billing}", crate::printable::text(account))),
        (Some(account), None) => Some(crate::printable::text(account)),
        (None, billing) => billing.map(str::to_owned),
    };
    let key = match (&resolved.key.shown, profile) {
        (Some(shown), _) => Some(crate::printable::text(shown)),
        (None, Some(profile)) => Some(show::key_text(profile, &resolved.key).trim_start_matches("key ").to_owned()),
        (None, None) => None,
    };
    let is_proxied = profile.is_some_and(|profile| profile.proxy);
    render::fields(&[
        ("profile", Some(format!("{} ({why})", render::strong(name)))),
        ("defined in", defined_in),
        ("provider", Some(row)),
        ("account", account),
        ("base URL", resolved.base_url.as_deref().map(crate::printable::text)),
        ("key", key),
        ("kept in", Some(resolved.store.clone()).filter(|store| !store.is_empty() && store != "none")),
        ("serves", (!resolved.families.is_empty()).then(|| resolved.families.join(", "))),
        ("route", Some(if is_proxied { "through the proxy".into() } else { "direct".into() })),
    ]);
}

fn billing_words(billing: Billing) -> &'static str {
    match billing {
        Billing::Metered => "paid by use",
        Billing::Subscription => "subscription",
        Billing::Local => "local",
    }
}

/// A finding without place and hint.
pub fn finding(id: &str, severity: Severity, message: &str) -> Finding {
    Finding { id: id.into(), severity, message: message.into(), origin: None, hint: None }
}

fn from_error(id: &str, severity: Severity, error: &Error) -> Finding {
    let place = error.at.first().map(|place| format!(" ({place})")).unwrap_or_default();
    let mut finding = finding(id, severity, &format!("{}{place}", error.message));
    finding.hint = error.hints.first().cloned();
    finding
}

fn include_finding(include: &crate::config::Include, config: &std::path::Path) -> Option<Finding> {
    let shown = crate::printable::path(&include.path);
    let mut found = match &include.state {
        IncludeState::Applied | IncludeState::Denied => return None,
        IncludeState::NeedsAllow { changed } => {
            let what = if *changed { "was changed and waits" } else { "waits" };
            let mut found = finding(
                "include-not-allowed",
                Severity::Warning,
                &format!("the included `{shown}` {what} to be allowed"),
            );
            found.hint = Some(format!("read it, then run `llmenv allow {shown}`"));
            found
        }
        IncludeState::Missing => {
            finding("include-missing", Severity::Warning, &format!("there is no included file `{shown}`"))
        }
        IncludeState::Wrong(error) => from_error("include-invalid", Severity::Error, error),
    };
    found.origin = Some(PlaceFacts { kind: "config".into(), path: config.to_owned(), line: Some(include.line) });
    Some(found)
}

/// A terminal without the hook: `use` and pins do nothing there. Scripts and hooks of other tools need none.
fn hook_finding(paths: &Paths) -> Option<Finding> {
    use std::io::IsTerminal;
    let is_person = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if std::env::var_os("LLMENV_STATE").is_some() || !is_person || is_below_a_hook(paths) {
        return None;
    }
    let mut found =
        finding("hook-missing", Severity::Warning, "this shell has no llmenv hook, so `use` and pins do nothing in it");
    found.hint = Some("run `llmenv setup`, then open a new shell".into());
    Some(found)
}

/// With nothing active a hook leaves no trace in the environment; but every shell that has one has a generation file.
fn is_below_a_hook(paths: &Paths) -> bool {
    let mut pid = std::process::id();
    while let Some(parent) = process::parent(pid).filter(|parent| *parent > 1 && *parent != pid) {
        let shell = ShellId { pid: parent, start: process::start_time(parent).unwrap_or(0) };
        if paths.shells_dir().join(shell.to_string()).exists() {
            return true;
        }
        pid = parent;
    }
    false
}
