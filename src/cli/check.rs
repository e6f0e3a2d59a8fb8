//! `llmenv check`: tries profiles at their providers; and how `add`, `rotate` and `doctor --online` do the same.
//!
//! This process asks, with the key from the store, so that a proxy variable or certificate setting of a daemon can play no part. Each
//! profile is tried once; profiles of one host one after another, hosts side by side.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::args::Check;
use super::connect::Answerer;
use super::status::finding;
use super::{add, ask, edit, here, open_store, render, settings, show};
use crate::config::{Config, Network};
use crate::error::{Error, ErrorKind, Result};
use crate::ipc::protocol::{Finding, KeyFacts, Request, Response, Severity, WireSecret};
use crate::net::{self, Client, Route, Timeouts};
use crate::paths::Paths;
use crate::printable;
use crate::probe::{self, Report, Target, Verdict};
use crate::profile::{Auth, KeySource, Profile};
use crate::provider::{Provider, base_url};
use crate::secret::Secret;
use crate::store::command::{Mode, run_command};

/// How long nothing is said.
const PATIENCE: Duration = Duration::from_secs(1);

/// A profile and what came of trying it.
pub struct Tried {
    name: String,
    provider: String,
    base_url: Option<String>,
    key: String,
    facts: KeyFacts,
    report: Report,
    /// The variable by which programs here take another road, and that road.
    programs: Option<(&'static str, String)>,
}

/// Runs the command and says whether all is well.
pub fn run(args: &Check) -> Result<bool> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let config = settings::load(&paths)?;
    let mut answerer = Answerer::connect(&paths)?;
    let names = match (&args.name, args.all) {
        (Some(name), _) => vec![config.profile(name)?.name.clone()],
        (None, true) => config.profiles.keys().cloned().collect(),
        (None, false) => vec![active(&mut answerer)?],
    };
    if names.is_empty() {
        return Err(Error::new("there are no profiles to check").hint("`llmenv add` adds one"));
    }
    let tried = try_profiles(&config, &mut answerer, &names)?;
    if args.report.json {
        render::json(&as_json(&tried))?;
    } else {
        show(&tried);
    }
    Ok(tried.iter().all(|tried| tried.report.verdict.is_well()))
}

fn active(answerer: &mut Answerer) -> Result<String> {
    answerer.resolve(&here::resolve_request()?)?.profile.ok_or_else(|| {
        Error::new("no profile is active here").hint("name one: `llmenv check NAME`; or all: `llmenv check --all`")
    })
}

/// Tries the active profile, or this one, for `doctor`.
pub fn findings(config: &Config, answerer: &mut Answerer, name: Option<&str>) -> Result<Vec<Finding>> {
    let name = match name {
        Some(name) => config.profile(name)?.name.clone(),
        None => active(answerer)?,
    };
    let tried = try_profiles(config, answerer, &[name])?;
    Ok(tried.iter().filter_map(Tried::finding).collect())
}

/// Tries profiles: keys are read first, with whatever questions that takes, then all are asked.
fn try_profiles(config: &Config, answerer: &mut Answerer, names: &[String]) -> Result<Vec<Tried>> {
    let mut tried = Vec::new();
    let mut targets = Vec::new();
    for name in names {
        let profile = config.profile(name)?;
        let row = add::known_provider(&profile.provider)?;
        let (target, report) = match target(profile, row, answerer) {
            Ok(target) => (Some(target), Report::not_tried("", None)),
            Err(error) => (None, Report::not_tried(error.message, error.hints.into_iter().next())),
        };
        let facts = answerer.key(name).unwrap_or_default();
        targets.push(target);
        tried.push(Tried {
            name: name.clone(),
            // What stands in for a row has a description instead of a name.
            provider: if row.id == "custom" { row.id.clone() } else { row.name.clone() },
            base_url: edit::base_url(profile).ok(),
            key: show::key_text(profile, &facts).trim_start_matches("key ").to_owned(),
            facts,
            report,
            programs: None,
        });
    }
    let reports = ask_all(&config.network, targets)?;
    for (tried, report) in tried.iter_mut().zip(reports) {
        let Some(report) = report else { continue };
        let uri = report.asked.as_ref().and_then(|asked| asked.parse::<http::Uri>().ok());
        tried.programs = uri.and_then(|uri| net::of_environment(|name| std::env::var(name).ok(), &uri));
        tried.report = report;
    }
    Ok(tried)
}

/// What to ask for a profile; an error is why it cannot be tried.
fn target(profile: &Profile, row: &'static Provider, answerer: &mut Answerer) -> Result<Target> {
    let url = edit::base_url(profile)?;
    let locked = || Error::of(ErrorKind::Locked, "llmenv is locked, so no key is served").hint("run `llmenv unlock`");
    let key = match &profile.key {
        KeySource::Absent => None,
        KeySource::Stored if profile.auth.unwrap_or(row.auth) == Auth::None => None,
        KeySource::Stored => {
            let get = Request::KeyGet { profile: profile.name.clone() };
            let entry = match open_store::retry(answerer, |answerer| answerer.ask(&get)) {
                Ok(Response::Key(entry)) if entry.key.0.is_empty() && row.key_optional => {
                    return Ok(Target::new(profile, row, &url, None));
                }
                Ok(Response::Key(entry)) => entry,
                // A server of one's own may want none.
                Err(error) if error.kind == ErrorKind::NotFound && row.key_optional => {
                    return Ok(Target::new(profile, row, &url, None));
                }
                Ok(_) => {
                    return Err(Error::of(ErrorKind::Unreachable, "the daemon answered something else than the key"));
                }
                Err(error) => return Err(error),
            };
            let origin = base_url::origin(&url)?;
            if entry.origin != origin {
                let (bound, now) = (printable::text(&entry.origin), printable::text(&origin));
                return Err(Error::new(format!(
                    "its key was stored for {bound}, but its base URL now points to {now}"
                ))
                .hint(format!("`llmenv edit {} --bind-to {now}` sends it there from now on", profile.name)));
            }
            Some(entry.key.0)
        }
        _ if answerer.hello().is_ok_and(|hello| hello.locked) => return Err(locked()),
        KeySource::File(path) => Some(crate::sanitize::clean(crate::store::file::read_key(path)?.expose()).value),
        KeySource::Command { argv, ttl, .. } => {
            let key = run_command(argv, Mode::Foreground)?;
            let ttl_seconds = ttl.map(|ttl| ttl.as_secs());
            let cache = Request::KeyCache { profile: profile.name.clone(), key: WireSecret(key.clone()), ttl_seconds };
            answerer.done(&cache)?;
            Some(key)
        }
    };
    Ok(Target::new(profile, row, &url, key))
}

/// Asks for all targets; those without stay without a report.
fn ask_all(network: &Network, targets: Vec<Option<Target>>) -> Result<Vec<Option<Report>>> {
    let mut of_host: BTreeMap<String, Vec<(usize, Target)>> = BTreeMap::new();
    let count = targets.len();
    for (at, target) in targets.into_iter().enumerate() {
        let Some(target) = target else { continue };
        let origin = base_url::origin(&target.base_url).unwrap_or_default();
        of_host.entry(origin).or_default().push((at, target));
    }
    let hosts: Vec<String> = of_host.keys().map(|origin| origin.replace("https://", "")).collect();
    let asking = async {
        let client = Client::new(network, Timeouts::PROBE);
        let mut hosts = tokio::task::JoinSet::new();
        for (_, targets) in of_host {
            // Accounts do not share a connection, as they never do.
            let client = client.clone();
            hosts.spawn(async move {
                let mut reports = Vec::new();
                for (at, target) in targets {
                    reports.push((at, probe::probe(&client.apart(Timeouts::PROBE), &target).await));
                }
                reports
            });
        }
        let mut reports: Vec<Option<Report>> = vec![None; count];
        for (at, report) in hosts.join_all().await.into_iter().flatten() {
            reports[at] = Some(report);
        }
        reports
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|err| Error::new(format!("cannot use the network: {err}")))?;
    let reports = runtime.block_on(async {
        tokio::pin!(asking);
        tokio::select! {
            reports = &mut asking => reports,
            () = tokio::time::sleep(PATIENCE) => {
                let _shown = render::Progress::show(format_args!("asking {} …", printable::text(&hosts.join(", "))));
                asking.await
            }
        }
    });
    // A name that is still being looked up is not waited for.
    runtime.shutdown_background();
    Ok(reports)
}

/// Tries a key that is not stored yet. `None`: nobody is to be asked.
fn try_new(
    network: &Network,
    profile: &Profile,
    row: &'static Provider,
    url: &str,
    key: &Secret,
) -> Result<Option<Report>> {
    if std::env::var_os("LLMENV_CHECK").is_some_and(|value| value == "off") {
        return Ok(None);
    }
    let target = Target::new(profile, row, url, Some(key.clone()));
    if target.key.is_none() {
        return Ok(None);
    }
    Ok(ask_all(network, vec![Some(target)])?.pop().flatten())
}

/// Before a profile is added: a key that the provider refuses is not stored without a word. What could not be found out stops
/// nothing, for one may be offline.
pub fn before_adding(
    network: &Network,
    profile: &Profile,
    row: &'static Provider,
    url: &str,
    key: &Secret,
) -> Result<Option<Verdict>> {
    let Some(report) = try_new(network, profile, row, url, key)? else { return Ok(None) };
    match report.verdict.is_known_key() {
        Some(true) => tell_good(row, &report),
        Some(false) => {
            let error = refusal(row, "this key", &report);
            if !ask::is_possible() {
                return Err(error.hint("`--no-check` stores it all the same"));
            }
            render::error(&error);
            if !ask::is_yes("store it all the same?")? {
                return Err(Error::new("nothing was added"));
            }
        }
        None => tell_unknown(&report, "the key was not checked"),
    }
    Ok(Some(report.verdict))
}

/// Before a key is replaced: only by one that works. Where that cannot be found out, somebody is asked, or a flag says so.
pub fn before_rotating(
    network: &Network,
    profile: &Profile,
    row: &'static Provider,
    url: &str,
    key: &Secret,
) -> Result<Option<Verdict>> {
    let Some(report) = try_new(network, profile, row, url, key)? else { return Ok(None) };
    let flag = "`--no-check` puts the new one in its place unchecked";
    match (report.verdict.is_known_key(), report.verdict) {
        (Some(true), _) => tell_good(row, &report),
        (Some(false), _) => return Err(refusal(row, "the new key", &report).hint("the old key stays").hint(flag)),
        // There is nothing that could be asked.
        (None, Verdict::Unproven) => tell_unknown(&report, "the new key was not checked"),
        (None, _) if ask::is_possible() => {
            tell_unknown(&report, "the new key could not be checked");
            if !ask::is_yes("put it in the old one's place all the same?")? {
                return Err(Error::new("the old key stays"));
            }
        }
        (None, _) => {
            let mut error =
                Error::new(format!("the new key could not be checked, so the old one stays: {}", report.message));
            error.hints.extend(report.fix.clone());
            return Err(error.hint(flag));
        }
    }
    Ok(Some(report.verdict))
}

fn refusal(row: &Provider, what: &str, report: &Report) -> Error {
    let mut error = Error::new(format!("{} does not take {what}: {}", row.name, report.message));
    error.hints.extend(report.fix.clone());
    error
}

fn tell_good(row: &Provider, report: &Report) {
    let facts = facts(report);
    let facts = if facts.is_empty() { facts } else { format!(": {facts}") };
    match report.verdict {
        Verdict::Works => render::note(format_args!("{} takes the key{facts}", row.name)),
        Verdict::NoCredit => {
            render::warning(printable::line(&format!("{} knows the key, but {}{facts}", row.name, report.message)));
            if let Some(fix) = &report.fix {
                render::hint(printable::line(fix));
            }
        }
        _ => render::note(printable::line(&format!(
            "{} takes the key, though not for everything: {}",
            row.name, report.message
        ))),
    }
}

fn tell_unknown(report: &Report, what: &str) {
    render::note(printable::line(&format!("{what}: {}", report.message)));
    if let Some(fix) = &report.fix {
        render::hint(printable::line(fix));
    }
}

fn facts(report: &Report) -> String {
    report.facts.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ")
}

impl Tried {
    /// What is to be said beside the table.
    fn finding(&self) -> Option<Finding> {
        let report = &self.report;
        let severity = match report.verdict {
            Verdict::Works => return None,
            Verdict::Refused | Verdict::NoCredit => Severity::Error,
            Verdict::Restricted | Verdict::Unproven => Severity::Info,
            Verdict::RateLimited | Verdict::Unreachable | Verdict::Unclear | Verdict::NotTried => Severity::Warning,
        };
        let id = report.id.as_deref().unwrap_or("profile-not-checked");
        let mut told = finding(id, severity, &format!("`{}`: {}", self.name, report.message));
        told.hint.clone_from(&report.fix);
        Some(told)
    }
}

fn show(tried: &[Tried]) {
    let rows: Vec<Vec<String>> = tried
        .iter()
        .map(|tried| {
            let result = tried.report.verdict.words().to_owned();
            vec![tried.name.clone(), tried.provider.clone(), tried.key.clone(), result, facts(&tried.report)]
        })
        .collect();
    render::table(&["PROFILE", "PROVIDER", "KEY", "RESULT", "ACCOUNT"], &rows);
    render::findings(&tried.iter().filter_map(Tried::finding).collect::<Vec<_>>());
    let mut told: Vec<String> = Vec::new();
    for tried in tried {
        let host = tried.report.asked.as_ref().and_then(|asked| asked.parse::<http::Uri>().ok());
        let host = host.as_ref().and_then(http::Uri::host).unwrap_or_default();
        let Some((name, proxy)) = &tried.programs else { continue };
        let own = match &tried.report.route {
            // By the same road: nothing that anybody has to know.
            Route::Through(own) if own == proxy => continue,
            Route::Through(own) => format!("through `{own}`"),
            Route::Direct => "directly".to_owned(),
        };
        let line = format!(
            "programs started here reach {host} through `{proxy}` ({name}); llmenv asked {own}, for `[network]` alone decides its road"
        );
        if !told.contains(&line) {
            render::note(printable::line(&line));
            told.push(line);
        }
    }
}

fn as_json(tried: &[Tried]) -> Value {
    let profiles: Vec<Value> = tried
        .iter()
        .map(|tried| {
            let report = &tried.report;
            let route = match &report.route {
                Route::Direct => Value::Null,
                Route::Through(proxy) => json!(proxy),
            };
            json!({
                "profile": tried.name, "provider": tried.provider, "base_url": tried.base_url, "key": show::key_json(&tried.facts),
                "asked": report.asked, "through": route, "verdict": report.verdict.name(), "status": report.status,
                "message": report.message, "fix": report.fix,
                "account": report.facts.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>(),
                "programs_through": tried.programs.as_ref().map(|(name, proxy)| json!({"variable": name, "proxy": proxy})),
            })
        })
        .collect();
    let findings: Vec<Value> =
        tried.iter().filter_map(Tried::finding).map(|finding| super::status::finding_json(&finding)).collect();
    json!({"schema": 1, "profiles": profiles, "findings": findings})
}
