//! `llmenv setup`: from an installed program to a working shell. Each step says what it is about to do; asks, unless `--yes`;
//! and says what it found when there is nothing to do.
//!
//! ```text
//! target ─► block, rc_file   the hook's lines in the shell's start-up file
//!        └► start_up         what will get in their way
//! store                      where keys are kept
//! take_over                  keys that are in this environment
//! ```

mod block;
mod rc_file;
mod start_up;
mod store;
mod take_over;
mod target;
mod undo;

use std::fmt::Write as _;

use super::args::Setup;
use super::connect::Answerer;
use super::{ask, render, settings, status};
use crate::backup::{Backups, Unsealed};
use crate::error::Result;
use crate::ipc::client;
use crate::paths::Paths;
use crate::printable;
use rc_file::RcFile;
use start_up::OnPath;
use store::Done;
use target::Target;

/// What is to be done about the hook's lines.
enum Plan {
    /// They are there and work.
    Nothing { line: usize },
    /// Somebody loads the hook by a line of their own.
    ByHand { line: usize },
    /// They are to be written, for this reason where they were there before.
    Write { body: Vec<String>, why: Option<&'static str> },
}

/// Sets up, or with `--undo` takes out what was set up.
pub fn run(args: &Setup) -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    if args.undo {
        return undo::run(&paths, args);
    }
    let config = settings::load(&paths)?;
    let target = Target::find(args.shell.as_deref())?;
    let program = client::program()?;
    let on_path = start_up::on_path(&program);
    let rc = RcFile::open(&target.rc_path(&paths))?;
    // Where our own lines put the program on PATH, they must go on doing so.
    let is_on_path = on_path != OnPath::Absent && !rc.holds(&target.lines(&program, false)?);
    let body = target.lines(&program, is_on_path)?;
    let plan = plan(target, &rc, body);
    let writes = matches!(plan, Plan::Write { .. });
    if !args.yes && (writes || store::is_needed(&config)) {
        ask::require("your word on what to write", "`--yes`")?;
    }

    let written = hook_step(target, &rc, &plan, args.yes)?;
    let mut is_changed = written.is_some();
    let mut answerer = Answerer::connect(&paths)?;
    is_changed |= store::run(&paths, &config, &mut answerer, args.store, args.yes)? == Done::Changed;
    if let Some(written) = written {
        seal(&paths, written, &mut answerer)?;
    }

    let mut findings = Vec::new();
    findings.extend(start_up::other_program(&program, &on_path));
    if let Plan::ByHand { line } = plan {
        findings.extend(start_up::undone_after(&rc, target, line));
    }
    findings.extend(start_up::overriding(target, &paths, &rc));
    if target == Target::Bash {
        findings.extend(start_up::login_shell(&paths));
    }
    render::findings(&findings);

    let taken = take_over::run(&paths, target, &mut answerer, args.yes)?;
    is_changed |= !taken.is_empty();
    is_changed |= super::import::offer(&paths, &mut answerer, args.yes)?;
    if !is_changed {
        render::line("all is set up");
    }
    render::line("");
    status::after_setup()?;
    let config = settings::load(&paths)?;
    let name = taken.first().or_else(|| config.profiles.keys().next());
    next_step(name.map(String::as_str));
    Ok(())
}

fn plan(target: Target, rc: &RcFile, body: Vec<String>) -> Plan {
    let Some(last) = rc.blocks.last() else {
        return match start_up::loading_line(rc, target) {
            Some(line) => Plan::ByHand { line },
            None => Plan::Write { body, why: None },
        };
    };
    if !rc.holds(&body) {
        return Plan::Write { body, why: Some("they take the place of earlier ones") };
    }
    if start_up::undone_after(rc, target, last.last_line).is_some() {
        return Plan::Write { body, why: Some("a line after them throws the hook away, so they move behind it") };
    }
    Plan::Nothing { line: last.first_line }
}

/// Keeps what a start-up file held, so that `llmenv undo` knows it too. A store that is locked now, or that is not there, is no
/// reason to ask for anything: `llmenv setup --undo` needs no backup.
fn seal(paths: &Paths, written: Unsealed, answerer: &mut Answerer) -> Result<()> {
    if answerer.store()?.state == "unlocked"
        && let Err(error) = answerer.backup_key().and_then(|key| written.seal(&Backups::of(paths), &key))
    {
        render::warning(format_args!("what the file held was not kept for `llmenv undo`: {}", error.message));
    }
    Ok(())
}

/// Shows the lines and the file, asks, writes. Gives what was written.
fn hook_step(target: Target, rc: &RcFile, plan: &Plan, is_yes: bool) -> Result<Option<Unsealed>> {
    let shown = printable::path(&rc.file.path);
    let (body, why) = match plan {
        Plan::Nothing { line } | Plan::ByHand { line } => {
            render::line(format_args!("{}: {shown}:{line} loads llmenv", target.name()));
            return Ok(None);
        }
        Plan::Write { body, why } => (body, *why),
    };
    let lines = block::shown(&rc.rest(), body);
    rc.file.check_writable().map_err(|error| {
        error.hint(format!("with these lines at its end, put there by other means, it works too: {}", body.join("; ")))
    })?;
    let mut about = String::new();
    if rc.file.target != rc.file.path {
        let _ = write!(about, ", a link to {}", printable::path(&rc.file.target));
    } else if !rc.exists() {
        about.push_str(", a new file");
    }
    if let Some(why) = why {
        let _ = write!(about, " ({why})");
    }
    render::line(format_args!("{}: these lines go to the end of {shown}{about}\n", target.name()));
    for line in lines {
        render::line(format_args!("    {}", printable::line(&line)));
    }
    render::line("");
    if rc.has_crlf() && target != Target::Powershell {
        render::warning(format_args!(
            "lines in {shown} end in CR LF, which {} takes for a part of each line",
            target.name()
        ));
    }
    if !is_yes && !ask::is_yes_unless_no("write them?")? {
        render::line("not written; without them `llmenv exec NAME -- COMMAND` works, `llmenv use` does not");
        return Ok(None);
    }
    let written = rc.write(body)?;
    render::line(format_args!("written to {shown}"));
    Ok(Some(written))
}

/// The last line: how to go on from here. Where a profile is active, there is nothing to add.
fn next_step(name: Option<&str>) {
    if std::env::var_os("LLMENV_PROFILE").is_some() {
        return;
    }
    let is_hooked = std::env::var_os("LLMENV_STATE").is_some();
    let first = if is_hooked { "" } else { "open a new shell, then " };
    render::line(match name {
        Some(name) => format!("next: {first}`llmenv use {name}`"),
        None => format!("next: `llmenv add` adds a profile; {first}`llmenv use NAME`"),
    });
}
