//! `llmenv daemon`: looking after the background process. Everything else starts it by itself.

use std::io::{Read, Seek, SeekFrom};

use serde_json::json;

use super::args::{Daemon, DaemonCommand, Report};
use super::connect::{self, Answerer};
use super::{daemon_install, render};
use crate::daemon::Mode;
use crate::duration::show_duration;
use crate::error::{Error, ErrorKind, Result};
use crate::ipc::client::{self, COMMAND_TIMEOUT, Client, Unreachable};
use crate::paths::Paths;
use crate::starter::Starter;
use crate::unit::Manager;

/// How much of the log's end is looked at.
const MAX_LOG_BYTES: u64 = 256 * 1024;

/// Runs the subcommand; the status without one.
pub fn run(args: &Daemon) -> Result<()> {
    match &args.command {
        None => status(Report::default()),
        Some(DaemonCommand::Status(report)) => status(*report),
        Some(DaemonCommand::Start) => start(),
        Some(DaemonCommand::Stop) => stop(),
        Some(DaemonCommand::Restart { .. }) => restart(),
        Some(DaemonCommand::Run { background, detached, by }) => {
            let mode = match (background, detached) {
                (true, _) => Mode::Background,
                (_, true) => Mode::Detached,
                _ => Mode::Foreground,
            };
            crate::daemon::run(mode, by.as_deref().and_then(Starter::of_name))
        }
        Some(DaemonCommand::Install { print, manager }) => daemon_install::install(*print, *manager),
        Some(DaemonCommand::Uninstall) => daemon_install::uninstall(),
        Some(DaemonCommand::Log { lines }) => log(*lines),
    }
}

fn refuse_off() -> Result<()> {
    if connect::is_off() {
        return Err(
            Error::usage("LLMENV_DAEMON=off: there is no daemon in this environment").hint("unset LLMENV_DAEMON")
        );
    }
    Ok(())
}

fn start() -> Result<()> {
    refuse_off()?;
    let paths = Paths::find()?;
    paths.check_owner()?;
    let was_running = client::is_answering(&paths);
    let answerer = Answerer::connect(&paths)?;
    match answerer.daemon_pid() {
        Some(pid) if was_running => render::line(format_args!("the daemon runs already (process {pid})")),
        Some(pid) => render::line(format_args!("started the daemon (process {pid})")),
        None => {
            return Err(Error::new("no daemon can run here: the state folder cannot be written")
                .at(crate::printable::path(&paths.state_dir)));
        }
    }
    Ok(())
}

/// The running daemon, or nothing.
fn running(paths: &Paths) -> Result<Option<Answerer>> {
    match Answerer::running(paths) {
        Ok(answerer) => Ok(Some(answerer)),
        Err(Unreachable::Absent) => Ok(None),
        Err(Unreachable::Stranger(err)) => Err(client::stranger(paths, &err)),
        Err(Unreachable::Silent(err)) => {
            Err(Error::of(ErrorKind::Unreachable, format!("cannot reach the daemon: {err}"))
                .at(crate::printable::path(&paths.address_file()))
                .hint("run `llmenv daemon restart`"))
        }
    }
}

/// Ends whatever daemon there is, reachable or not.
pub fn end(paths: &Paths) -> Result<Option<u32>> {
    if connect::is_off() {
        return Ok(None);
    }
    connect::stop(paths, Client::connect(paths, COMMAND_TIMEOUT).ok())
}

fn stop() -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    match end(&paths)? {
        Some(pid) => render::line(format_args!("stopped the daemon (process {pid})")),
        None => render::line("no daemon runs"),
    }
    Ok(())
}

fn restart() -> Result<()> {
    refuse_off()?;
    let paths = Paths::find()?;
    paths.check_owner()?;
    connect::make_room(&paths, Client::connect(&paths, COMMAND_TIMEOUT).ok())?;
    let answerer = Answerer::connect(&paths)?;
    render::line(format_args!("started the daemon (process {})", answerer.daemon_pid().unwrap_or_default()));
    Ok(())
}

fn status(report: Report) -> Result<()> {
    let paths = Paths::find()?;
    let Some(mut answerer) = running(&paths)? else {
        let installed = daemon_install::installed(&paths);
        if report.json {
            let installed = installed.map(|manager| manager.starter().name());
            return render::json(&json!({"schema": 1, "running": false, "installed": installed}));
        }
        match installed {
            Some(Manager::Systemd) => render::line("no daemon runs; the next command or shell has systemd start one"),
            _ => render::line("no daemon runs; the next command or shell starts one"),
        }
        return Ok(());
    };
    let hello = answerer.hello()?;
    let store = answerer.store()?;
    let installed = daemon_install::installed(&paths);
    if report.json {
        return render::json(&json!({
            "schema": 1, "running": true, "pid": hello.pid, "version": hello.version, "protocol": hello.protocol,
            "uptime_seconds": hello.uptime_seconds, "shells": hello.shells, "started_by": hello.started_by,
            "locked": hello.locked, "program": hello.program, "store": {"kind": store.kind, "state": store.state},
            "config_error": hello.config_error, "installed": installed.map(|manager| manager.starter().name()),
        }));
    }
    let uptime = show_duration(std::time::Duration::from_secs(hello.uptime_seconds));
    let text = |text: &str| Some(crate::printable::text(text));
    render::fields(&[
        ("process", Some(format!("{}, for {uptime}", hello.pid))),
        ("version", text(&hello.version)),
        ("program", Some(crate::printable::path(&hello.program))),
        ("started by", text(&hello.started_by)),
        ("installed", installed.map(|manager| format!("yes, {} starts it", manager.shown()))),
        ("shells", Some(hello.shells.to_string())),
        ("store", text(&format!("{}, {}", store.kind, store.state))),
        ("locked", hello.locked.then(|| "yes; `llmenv unlock` opens it".into())),
        ("log", Some(crate::printable::path(&paths.log_file()))),
    ]);
    if let Some(error) = &hello.config_error {
        render::error(error);
    }
    Ok(())
}

fn log(lines: usize) -> Result<()> {
    let paths = Paths::find()?;
    let path = paths.log_file();
    let mut file = match std::fs::File::open(&path) {
        Ok(file) => file,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => {
            render::note("there is no log yet");
            return Ok(());
        }
        Err(err) => return Err(Error::io("read", &path, &err)),
    };
    let failed = |err: std::io::Error| Error::io("read", &path, &err);
    let length = file.metadata().map_err(failed)?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MAX_LOG_BYTES))).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(MAX_LOG_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    for line in &all[all.len().saturating_sub(lines)..] {
        render::line(crate::printable::line(line));
    }
    Ok(())
}
