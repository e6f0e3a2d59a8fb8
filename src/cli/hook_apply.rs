//! `llmenv hook apply FIELDS -- COMMAND`: what the shell's function runs for commands that change the shell.
//!
//! Standard output is the answer in the lines of [`crate::ipc::shell_lines`] and nothing else; whatever a person is to read
//! goes to standard error. Without an answer the shell stays as it is.

use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Parser;

use super::args::{Cli, Command};
use super::connect::Answerer;
use super::use_profile::{self, Choice};
use super::{render, serve, settings};
use crate::error::{Error, ErrorKind, Result};
use crate::hook::{self, Call};
use crate::ipc::client::{Client, Unreachable};
use crate::ipc::shell_lines::{Reason, Why, is_well_formed};
use crate::paths::Paths;
use crate::profile::KeySource;

/// How long a person who typed a command waits.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(4);

/// Runs it. The status is the command's.
pub fn run(args: &[String]) -> u8 {
    render::everything_to_stderr();
    let at = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    let Some(call) = Call::read(&args[..at]) else {
        render::error(
            &Error::usage("the hook of this shell is of another version than the program").hint("open a new shell"),
        );
        return 2;
    };
    let words = std::iter::once("llmenv").chain(args[(at + 1).min(args.len())..].iter().map(String::as_str));
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(err) => return render::usage(&err),
    };
    match apply(call, cli.command) {
        Ok(()) => 0,
        Err(err) => {
            render::error(&err);
            err.exit_code()
        }
    }
}

fn apply(mut call: Call, command: Option<Command>) -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let request = &mut call.request;
    let revokes = matches!(&command, Some(Command::Off(args)) if args.revoke);
    let present = Choice { reason: request.reason, profile: request.profile.clone(), lease: None };
    request.why = Why::Choose;
    let choice = match command {
        Some(Command::Use(args)) => Some(use_profile::choose(&args, &present, call.previous.as_deref())?),
        Some(Command::Off(_)) => Some(Choice { reason: Reason::Off, ..Choice::default() }),
        Some(Command::Allow(args)) => super::allow::allow(&args).map(|()| None)?,
        Some(Command::Deny(args)) => super::allow::deny(&args).map(|()| None)?,
        Some(Command::Lock) => super::lock::lock().map(|()| None)?,
        Some(Command::Unlock(args)) => super::lock::unlock(&args).map(|()| None)?,
        _ => return Err(Error::usage("this command does not change the shell")),
    };
    let is_choice = choice.as_ref().is_some_and(|choice| *choice != present || choice.lease.is_some());
    match choice {
        Some(choice) if choice != present => {
            request.reason = choice.reason;
            request.lease_end = choice.lease.map_or(0, |lease| now() + lease.as_secs());
            request.profile = choice.profile;
            request.mark.clear();
        }
        Some(_) => {}
        // The choice stays; what it means may have changed.
        None => request.why = Why::Prompt,
    }
    let mut answerer = Answerer::connect(&paths)?;
    if request.reason == Reason::Shell
        && let Some(name) = &request.profile
        && let Ok(config) = settings::load(&paths)
        && let Some(profile) = config.profiles.get(name)
        && matches!(profile.key, KeySource::Command { interactive: true, .. })
        && answerer.key(name)?.shown.is_none()
    {
        serve::fetch(&mut answerer, profile)?;
    }
    if answerer.daemon_pid().is_none() {
        return Err(Error::of(ErrorKind::Unreachable, "without a daemon no shell can be changed")
            .hint("`llmenv exec NAME -- COMMAND` works without one"));
    }
    let mut client = Client::connect(&paths, ANSWER_TIMEOUT).map_err(unreachable)?;
    let answer = client.ask_lines(&request.encode(), ANSWER_TIMEOUT).map_err(unreachable)?;
    let answer = zeroize::Zeroizing::new(answer);
    if let Some(json) = answer.strip_prefix("fail\t").and_then(|rest| rest.lines().next()) {
        return Err(serde_json::from_str(json).unwrap_or_else(|_| {
            Error::of(ErrorKind::Unreachable, "the daemon's answer cannot be read").hint("run `llmenv daemon restart`")
        }));
    }
    if revokes {
        let shell = Some((request.id.pid, request.id.start));
        let request = crate::ipc::protocol::Request::TokenEnd { profile: None, named: None, shell };
        let ended = super::proxy::ended(&mut answerer, &request)?;
        render::note(format_args!("{} token(s) of this shell ended", ended.len()));
    }
    if !is_well_formed(&answer) {
        return Err(Error::of(ErrorKind::Unreachable, "the daemon's answer is not one this program understands")
            .hint("run `llmenv daemon restart`; no profile is lost by it"));
    }
    // The line for the person goes with the answer: the shell may still refuse all of it.
    let mut answer = hook::without_idle_unsets(&answer, request);
    if is_choice
        && let Some(told) = told(&answer)
        && let Some(at) = answer.rfind("end\t")
    {
        answer.insert_str(at, &format!("say\t{told}\n"));
    }
    let answer = hook::for_shell(answer, request).ok_or_else(|| {
        Error::of(ErrorKind::Unreachable, "the answer is longer than this shell takes").hint("serve fewer variables")
    })?;
    std::io::stdout()
        .write_all(answer.as_bytes())
        .map_err(|err| Error::new(format!("the shell does not take the answer: {err}")))
}

/// One line on what is active now, from the answer itself.
fn told(answer: &str) -> Option<String> {
    let state = answer.lines().find_map(|line| line.strip_prefix("state\t"))?;
    let fields: Vec<&str> = state.split('\t').collect();
    let [_, reason, profile, lease, ..] = fields[..] else { return None };
    let until =
        lease.parse::<u64>().ok().filter(|&end| end > 0).map(|end| {
            format!(" for {}", crate::duration::show_duration(Duration::from_secs(end.saturating_sub(now()))))
        });
    let until = until.unwrap_or_default();
    Some(match (reason, profile) {
        ("shell", name) => format!("using `{name}` in this shell{until}"),
        ("off", _) => "off: nothing is active in this shell; `llmenv use -` goes back".to_owned(),
        ("none", _) => "nothing is active here".to_owned(),
        (reason, name) => format!("`{name}` is active here, by {reason}"),
    })
}

fn unreachable(why: Unreachable) -> Error {
    let what = match why {
        Unreachable::Absent => "the daemon went away".to_owned(),
        Unreachable::Silent(err) => format!("the daemon does not answer: {err}"),
        Unreachable::Stranger(err) => format!("refused to talk to the daemon: {err}"),
    };
    Error::of(ErrorKind::Unreachable, what).hint("run `llmenv daemon restart`; no profile is lost by it")
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
