//! `llmenv proxy`: which profiles go through it, who may use it, what it is doing.

use serde_json::json;

use super::args::{Proxy, ProxyCommand, Report};
use super::connect::Answerer;
use super::{add, ask, edit, render, settings};
use crate::duration::show_duration;
use crate::error::{Error, Result};
use crate::ipc::protocol::{ExchangeFacts, ProxyFacts, Request, Response, TokenFacts, UsageFacts, WireSecret};
use crate::paths::Paths;
use crate::profile::{Family, Profile};
use crate::resolve::{self, Via};
use crate::secret::Secret;
use crate::{moment, provider};

/// Runs the subcommand; the status without one.
pub fn run(args: &Proxy) -> Result<()> {
    match &args.command {
        None => status(Report::default()),
        Some(ProxyCommand::Status(report)) => status(*report),
        Some(ProxyCommand::On { name, serve, report }) => on(name, serve, *report),
        Some(ProxyCommand::Off { name, report }) => off(name, *report),
        Some(ProxyCommand::Log { lines, report }) => log(*lines, *report),
        Some(ProxyCommand::Revoke { token, report }) => revoke(token, *report),
    }
}

fn connect() -> Result<(Paths, Answerer)> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let answerer = Answerer::connect(&paths)?;
    Ok((paths, answerer))
}

/// What the daemon says of the proxy.
pub fn facts(answerer: &mut Answerer) -> Result<ProxyFacts> {
    match answerer.ask(&Request::Proxy)? {
        Response::Proxy(facts) => Ok(*facts),
        _ => Err(Error::new("the daemon answered something else than was asked").hint("run `llmenv daemon restart`")),
    }
}

fn status(report: Report) -> Result<()> {
    let (_, mut answerer) = connect()?;
    let facts = facts(&mut answerer)?;
    if report.json {
        return render::json(&json!({
            "schema": 1, "port": facts.port, "url": facts.port.map(|port| format!("http://127.0.0.1:{port}")),
            "error": facts.error, "profiles": facts.profiles, "tokens": facts.tokens, "running": facts.running,
            "last": facts.done.iter().take(20).collect::<Vec<_>>(),
        }));
    }
    match (facts.port, &facts.error) {
        (Some(port), _) => render::line(format_args!("the proxy listens on http://127.0.0.1:{port}")),
        (None, Some(error)) => render::error(error),
        (None, None) => render::line("the proxy does not listen: no profile goes through it"),
    }
    if facts.profiles.is_empty() {
        render::hint("`llmenv proxy on NAME` has a profile served through it");
    } else {
        render::fields(&[("profiles", Some(facts.profiles.join(", ")))]);
    }
    if !facts.tokens.is_empty() {
        render::line("");
        let rows: Vec<_> = facts.tokens.iter().map(token_row).collect();
        render::table(&["token", "profile", "for", "process", "made", "ends"], &rows);
    }
    if !facts.running.is_empty() {
        render::line("");
        exchanges(&facts.running);
    }
    if !facts.done.is_empty() {
        render::hint("`llmenv proxy log` shows what went through it");
    }
    Ok(())
}

fn token_row(token: &TokenFacts) -> Vec<String> {
    let holder = match &token.name {
        Some(name) => format!("{} {name}", token.kind),
        None => token.kind.clone(),
    };
    let ends = match (token.until, token.kind.as_str()) {
        (Some(until), _) => {
            let left = until.saturating_sub(moment::now());
            format!("in {}", show_duration(std::time::Duration::from_secs(left.max(1))))
        }
        (None, "client") => "when revoked".to_owned(),
        (None, "shell") => "12h after its shell".to_owned(),
        (None, _) => "with its process".to_owned(),
    };
    let pid = token.pid.map_or_else(String::new, |pid| pid.to_string());
    vec![token.id.clone(), token.profile.clone(), holder, pid, ago(token.made), ends]
}

fn ago(at: u64) -> String {
    match moment::now().saturating_sub(at) {
        0 => "now".to_owned(),
        seconds => format!("{} ago", show_duration(std::time::Duration::from_secs(seconds))),
    }
}

fn exchanges(list: &[ExchangeFacts]) {
    let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    let rows: Vec<Vec<String>> = list
        .iter()
        .map(|one| {
            let model = match (one.asked_model.as_str(), one.model.as_str()) {
                ("", "") => one.operation.clone(),
                (asked, model) if asked == model => model.to_owned(),
                (asked, model) => format!("{asked} → {model}"),
            };
            let status = match (one.status, &one.error) {
                (Some(status), Some(error)) => format!("{status} {error}"),
                (Some(status), None) => status.to_string(),
                (None, Some(error)) => error.clone(),
                (None, None) => "…".to_owned(),
            };
            let who = if one.agent.is_empty() { one.client.clone() } else { format!("{} ({})", one.client, one.agent) };
            let cached =
                one.cached_tokens.filter(|cached| *cached > 0).map_or_else(String::new, |n| format!(" ({n} cached)"));
            vec![
                ago(one.at),
                one.profile.clone(),
                who,
                model,
                status,
                format!("{}{cached}", number(one.input_tokens)),
                number(one.output_tokens),
                number(one.first_byte_ms),
                one.duration_ms.to_string(),
            ]
        })
        .collect();
    render::table(&["when", "profile", "client", "model", "status", "tokens in", "out", "first ms", "all ms"], &rows);
}

fn log(lines: usize, report: Report) -> Result<()> {
    let (_, mut answerer) = connect()?;
    let facts = facts(&mut answerer)?;
    let shown: Vec<_> = facts.done.into_iter().take(lines).collect();
    if report.json {
        return render::json(&json!({"schema": 1, "running": facts.running, "exchanges": shown}));
    }
    if shown.is_empty() && facts.running.is_empty() {
        render::line("nothing went through the proxy since the daemon started");
        return Ok(());
    }
    let mut oldest_first: Vec<_> = shown.into_iter().rev().collect();
    oldest_first.extend(facts.running);
    exchanges(&oldest_first);
    Ok(())
}

fn on(name: &str, serve: &[String], report: Report) -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let config = settings::load(&paths)?;
    let profile = config.profile(name)?;
    settings::require_own(&config, profile)?;
    let families = families(profile, serve)?;
    let mut answerer = Answerer::connect(&paths)?;
    {
        let _turn = settings::Turn::take(&paths)?;
        let names: Vec<String> = families.iter().map(|family| family.name().to_owned()).collect();
        let mut changes = vec![("proxy".to_owned(), Some(edit::Value::Flag(true)))];
        if families != profile.serve {
            changes.push(("serve".to_owned(), Some(edit::Value::List(names))));
        }
        settings::change(&paths, name, &changes)?;
    }
    answerer.reload()?;
    let served = Profile { proxy: true, serve: families.clone(), ..profile.clone() };
    // Bound now, so that what is wrong with the port is said here and not at the next prompt.
    let port = settled_port(&mut answerer)?;
    let urls: Vec<(Family, String)> =
        families.iter().map(|family| (*family, Via::base_url(port, &served.name, *family))).collect();
    if report.json {
        let urls: serde_json::Map<_, _> =
            urls.iter().map(|(family, url)| (family.name().to_owned(), json!(url))).collect();
        return render::json(&json!({"schema": 1, "profile": name, "proxy": true, "port": port, "base_urls": urls}));
    }
    render::line(format_args!("{} is served through the proxy", render::strong(name)));
    let fields: Vec<_> = urls.into_iter().map(|(family, url)| (family.name(), Some(url))).collect();
    render::fields(&fields);
    render::note("shells that use it get a token at their next prompt; programs started before keep the key they have");
    Ok(())
}

/// The port, once the daemon has bound it.
fn settled_port(answerer: &mut Answerer) -> Result<u16> {
    let begun = std::time::Instant::now();
    loop {
        let facts = facts(answerer)?;
        match (facts.port, facts.error) {
            (Some(port), _) => return Ok(port),
            (None, Some(error)) => return Err(error),
            (None, None) if answerer.daemon_pid().is_none() => {
                return Err(Error::new("there is no proxy without a daemon").hint("unset LLMENV_DAEMON"));
            }
            (None, None) if begun.elapsed().as_secs() >= 5 => {
                return Err(Error::new("the proxy does not listen yet").hint("`llmenv proxy status` says more"));
            }
            (None, None) => std::thread::sleep(std::time::Duration::from_millis(10)),
        }
    }
}

/// The families to serve: as said, as asked, or the profile's own. Nobody's Claude is taken over without a word.
fn families(profile: &Profile, serve: &[String]) -> Result<Vec<Family>> {
    const POSSIBLE: [Family; 2] = [Family::Openai, Family::Anthropic];
    let row = provider::find(&profile.provider).unwrap_or_else(provider::custom);
    let usual = resolve::served_families(&Profile { proxy: true, ..profile.clone() }, row);
    if !serve.is_empty() {
        let mut families = Vec::new();
        for word in serve.iter().flat_map(|words| words.split(',')).map(str::trim).filter(|word| !word.is_empty()) {
            let family = POSSIBLE.into_iter().find(|family| family.name() == word).ok_or_else(|| {
                Error::usage(format!("the proxy serves no family `{}`", crate::printable::text(word)))
                    .hint("it serves `openai` and `anthropic`, whatever the provider speaks")
            })?;
            if !families.contains(&family) {
                families.push(family);
            }
        }
        return if families.is_empty() {
            Err(Error::usage("`--serve` names no family").hint("it serves `openai` and `anthropic`"))
        } else {
            Ok(families)
        };
    }
    if ask::is_possible() {
        let choices = [
            "openai: tools that read OPENAI_API_KEY".to_owned(),
            "anthropic: Claude Code and others that read ANTHROPIC_*".to_owned(),
            "both".to_owned(),
        ];
        let default = match usual[..] {
            [Family::Anthropic] => 1,
            [Family::Openai] => 0,
            _ => 2,
        };
        return Ok(match ask::choice("which tools are to use it?", &choices, Some(default))? {
            0 => vec![Family::Openai],
            1 => vec![Family::Anthropic],
            _ => POSSIBLE.to_vec(),
        });
    }
    let takes_over = usual.contains(&Family::Anthropic) && profile.provider != "anthropic" && profile.serve.is_empty();
    if takes_over || usual.contains(&Family::Gemini) {
        return Err(Error::usage(format!("which tools are to use `{}` through the proxy?", profile.name))
            .hint("say `--serve openai`, `--serve anthropic` or `--serve openai,anthropic`"));
    }
    Ok(usual)
}

fn off(name: &str, report: Report) -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let config = settings::load(&paths)?;
    let profile = config.profile(name)?;
    settings::require_own(&config, profile)?;
    let row = add::known_provider(&profile.provider)?;
    // What only the proxy could serve cannot stay.
    let spoken: Vec<Family> = match profile.dialect {
        Some(dialect) => vec![dialect.family()],
        None => row.families(),
    };
    let kept: Vec<Family> = profile.serve.iter().copied().filter(|family| spoken.contains(family)).collect();
    let mut changes = vec![("proxy".to_owned(), None)];
    if kept != profile.serve {
        let names: Vec<String> = kept.iter().map(|family| family.name().to_owned()).collect();
        changes.push(("serve".to_owned(), (!names.is_empty()).then_some(edit::Value::List(names))));
    }
    let mut answerer = Answerer::connect(&paths)?;
    {
        let _turn = settings::Turn::take(&paths)?;
        settings::change(&paths, name, &changes)?;
    }
    answerer.reload()?;
    if report.json {
        return render::json(&json!({"schema": 1, "profile": name, "proxy": false}));
    }
    render::line(format_args!("{} is served directly: its key is in every shell that uses it", render::strong(name)));
    render::note("programs that have a token go on through the proxy; `llmenv proxy status` lists them");
    Ok(())
}

fn revoke(token: &str, report: Report) -> Result<()> {
    let (_, mut answerer) = connect()?;
    let named = WireSecret(Secret::new(token));
    let ended = ended(&mut answerer, &Request::TokenEnd { profile: None, named: Some(named), shell: None })?;
    if ended.is_empty() {
        return Err(Error::new("no token that is good now has this id or name")
            .hint("`llmenv proxy status` lists the tokens, each with its id"));
    }
    if report.json {
        return render::json(&json!({"schema": 1, "revoked": ended}));
    }
    for token in ended {
        let name = token.name.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
        render::line(format_args!("revoked {} ({}{name}, profile `{}`)", token.id, token.kind, token.profile));
    }
    Ok(())
}

/// Ends tokens, and gives those that were good.
pub fn ended(answerer: &mut Answerer, request: &Request) -> Result<Vec<TokenFacts>> {
    match answerer.ask(request)? {
        Response::Ended(ended) => Ok(ended),
        _ => Err(Error::new("the daemon answered something else than was asked").hint("run `llmenv daemon restart`")),
    }
}

/// Prints what went through the proxy, by day and profile, for `status --usage`.
pub fn usage(answerer: &mut Answerer, report: Report) -> Result<()> {
    let days = facts(answerer)?.days;
    if report.json {
        return render::json(&json!({"schema": 1, "days": days}));
    }
    if days.is_empty() {
        render::line("nothing went through the proxy yet; what goes past it is not counted");
        return Ok(());
    }
    let rows: Vec<Vec<String>> = days
        .iter()
        .rev()
        .take(31)
        .flat_map(|(day, profiles)| profiles.iter().map(move |(profile, sums)| usage_row(day, profile, sums)))
        .collect();
    render::table(&["day (UTC)", "profile", "requests", "failed", "tokens in", "cached", "out"], &rows);
    Ok(())
}

fn usage_row(day: &str, profile: &str, sums: &UsageFacts) -> Vec<String> {
    let UsageFacts { requests, errors, input_tokens, cached_tokens, output_tokens } = sums;
    let numbers = [requests, errors, input_tokens, cached_tokens, output_tokens].map(ToString::to_string);
    [day.to_owned(), profile.to_owned()].into_iter().chain(numbers).collect()
}
