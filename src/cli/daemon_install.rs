//! `llmenv daemon install` and `uninstall`: units written and announced to the system, or taken away again.
//!
//! What the units say is `unit`'s; here they meet the disk and the system's own programs (`systemctl`, `launchctl`, `schtasks`).

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::args::ManagerChoice;
use super::{daemon, render, run_tool};
use crate::bounded::{self, Links, NotRead};
use crate::error::{Error, Result};
use crate::ipc::client::{self, COMMAND_TIMEOUT, Client};
use crate::ipc::protocol::{Request, Response};
use crate::paths::Paths;
use crate::printable;
use crate::unit::{self, Manager, Site, UnitFile};

/// No unit is larger.
const MAX_UNIT_BYTES: u64 = 64 * 1024;

/// How long launchd or the Task Scheduler may take to start the daemon.
const START_PATIENCE: Duration = Duration::from_secs(10);

/// What says that nobody needs to install anything.
const NOT_NEEDED: &str = "nothing needs it: the daemon starts with the first command or shell that asks";

/// Writes the units and has the system use them.
pub fn install(print: bool, manager: Option<ManagerChoice>) -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let site = Site::find(&paths)?;
    let manager = match manager {
        Some(ManagerChoice::Systemd) => Manager::Systemd,
        Some(ManagerChoice::Launchd) => Manager::Launchd,
        Some(ManagerChoice::Task) => Manager::Task,
        None => Manager::of_platform(),
    };
    let files = unit::files(manager, &site)?;
    if print {
        for file in &files {
            render::note(format_args!("{}:", printable::path(&file.path)));
            render::raw(&file.text);
        }
        return Ok(());
    }
    check_system(manager)?;
    let before: Vec<Option<Vec<u8>>> = files.iter().map(|file| existing(&file.path)).collect::<Result<_>>()?;
    for file in &files {
        let folder = file.path.parent().unwrap_or(Path::new("/"));
        std::fs::create_dir_all(folder).map_err(|err| Error::io("create the folder", folder, &err))?;
        crate::atomic::write(&file.path, &file.bytes(), 0o644)?;
    }
    if let Err(error) = announce(manager, &site, &paths) {
        put_back(&files, &before);
        return Err(error.hint("the files are as they were before"));
    }
    for file in &files {
        render::line(format_args!("wrote {}", printable::path(&file.path)));
    }
    let pid = see(manager, &site, &paths)?;
    render::line(format_args!(
        "{} has started the daemon (process {pid}), and starts it {}",
        manager.shown(),
        match manager {
            Manager::Systemd => "when something asks",
            Manager::Launchd => "at every login",
            Manager::Task => "at every logon",
        }
    ));
    Ok(())
}

/// Sees whether the system starts the daemon, and which process that is: a unit that is in place may still not run.
fn see(manager: Manager, site: &Site, paths: &Paths) -> Result<u32> {
    if manager == Manager::Systemd {
        // Whoever asks has it started; where systemd does not, the command does.
        client::connect_or_start(paths, COMMAND_TIMEOUT)?;
    }
    let begun = Instant::now();
    loop {
        let hello = Client::connect(paths, COMMAND_TIMEOUT).map(|mut client| client.ask(&Request::Hello));
        if let Ok(Ok(Response::Hello(hello))) = hello
            && hello.started_by == manager.starter().name()
        {
            return Ok(hello.pid);
        }
        if begun.elapsed() > START_PATIENCE || manager == Manager::Systemd {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let look = match manager {
        Manager::Systemd => format!("`systemctl --user status {} {}`", unit::SOCKET, unit::SERVICE),
        Manager::Launchd => format!("`launchctl print gui/{}/{}`", site.uid, unit::LABEL),
        Manager::Task => format!("`schtasks /Query /V /FO LIST /TN {}`", unit::task_name(site)),
    };
    Err(Error::new(format!("{} took the files and does not start the daemon", manager.shown()))
        .hint(format!("{look} says why"))
        .hint("`llmenv daemon uninstall` takes them away; llmenv works without them"))
}

/// Takes the units away. The daemon that they started ends with them; the next command starts another.
pub fn uninstall() -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let site = Site::find(&paths)?;
    let manager = Manager::of_platform();
    let places = unit::places(manager, &site);
    let mut ours = Vec::new();
    for place in &places {
        if existing(place)?.is_some() {
            ours.push(place.clone());
        }
    }
    if ours.is_empty() {
        render::line(format_args!("{} does not start the daemon: nothing is installed", manager.shown()));
        return Ok(());
    }
    // The files go whatever the system says: without it running they are all there is.
    let told = withdraw(manager, &site);
    for place in &ours {
        std::fs::remove_file(place).map_err(|err| Error::io("remove", place, &err))?;
        render::line(format_args!("removed {}", printable::path(place)));
    }
    let told = told.and_then(|()| match manager {
        Manager::Systemd if unit::is_booted() => tell("systemctl", &["--user", "daemon-reload"]),
        _ => Ok(()),
    });
    told.map_err(|error| error.hint("the files are gone; what the system knows of them ends with the session"))
}

/// The part of the system that starts the daemon here, by what is on disk.
pub fn installed(paths: &Paths) -> Option<Manager> {
    let manager = Manager::of_platform();
    let site = Site::find(paths).ok()?;
    let places = unit::places(manager, &site);
    places.iter().all(|place| existing(place).is_ok_and(|bytes| bytes.is_some())).then_some(manager)
}

/// What lies at a unit's place; an error where it is not ours.
fn existing(path: &Path) -> Result<Option<Vec<u8>>> {
    match bounded::read(path, MAX_UNIT_BYTES, Links::Refuse) {
        Ok((bytes, _)) if unit::is_ours(&bytes) => Ok(Some(bytes)),
        Ok(_) => Err(Error::new(format!("`{}` is not llmenv's, so it is left as it is", printable::path(path)))
            .hint("move it away, or keep it and leave `llmenv daemon install` out")),
        Err(NotRead::Missing) => Ok(None),
        Err(not_read) => Err(not_read.into_error(path, MAX_UNIT_BYTES)),
    }
}

fn put_back(files: &[UnitFile], before: &[Option<Vec<u8>>]) {
    for (file, before) in files.iter().zip(before) {
        // What fails here leaves a unit that nobody was told of; the error that led here is the one to show.
        let _ = match before {
            Some(bytes) => crate::atomic::write(&file.path, bytes, 0o644),
            None => std::fs::remove_file(&file.path).map_err(|err| Error::io("remove", &file.path, &err)),
        };
    }
}

/// Says so before anything is written where there is no such system.
fn check_system(manager: Manager) -> Result<()> {
    match manager {
        Manager::Systemd if !unit::is_booted() => Err(Error::new("systemd does not run here (a container, perhaps)")
            .hint(NOT_NEEDED)
            .hint("`llmenv daemon install --print` shows the units")),
        Manager::Systemd if !run_tool::exists("systemctl") => {
            Err(Error::new("there is no `systemctl` on PATH").hint(NOT_NEEDED))
        }
        Manager::Launchd if !run_tool::exists("launchctl") => {
            Err(Error::new("there is no `launchctl` on PATH").hint(NOT_NEEDED))
        }
        Manager::Task if !run_tool::exists("schtasks") => {
            Err(Error::new("there is no `schtasks` on PATH").hint(NOT_NEEDED))
        }
        _ => Ok(()),
    }
}

/// Tells the system of the files. A daemon that runs already ends, so that the next one is the system's.
fn announce(manager: Manager, site: &Site, paths: &Paths) -> Result<()> {
    match manager {
        Manager::Systemd => {
            tell("systemctl", &["--user", "daemon-reload"])?;
            end_daemon(paths)?;
            // `restart`, for a socket that listens already may have another path by now.
            tell("systemctl", &["--user", "enable", unit::SOCKET])?;
            tell("systemctl", &["--user", "restart", unit::SOCKET])
        }
        Manager::Launchd => {
            let domain = format!("gui/{}", site.uid);
            // One that is loaded already is taken out first: launchd reads a file only once.
            let _ = tell("launchctl", &["bootout", &format!("{domain}/{}", unit::LABEL)]);
            end_daemon(paths)?;
            tell("launchctl", &["bootstrap", &domain, &place_text(site, manager)])
        }
        Manager::Task => {
            let name = unit::task_name(site);
            tell("schtasks", &["/Create", "/TN", &name, "/XML", &place_text(site, manager), "/F"])?;
            end_daemon(paths)?;
            tell("schtasks", &["/Run", "/TN", &name])
        }
    }
}

fn withdraw(manager: Manager, site: &Site) -> Result<()> {
    match manager {
        Manager::Systemd if !unit::is_booted() => Ok(()),
        Manager::Systemd => tell("systemctl", &["--user", "disable", "--now", unit::SOCKET, unit::SERVICE]),
        Manager::Launchd => tell("launchctl", &["bootout", &format!("gui/{}/{}", site.uid, unit::LABEL)]),
        Manager::Task => tell("schtasks", &["/Delete", "/TN", &unit::task_name(site), "/F"]),
    }
}

fn place_text(site: &Site, manager: Manager) -> String {
    unit::places(manager, site).first().map(|place: &PathBuf| place.to_string_lossy().into_owned()).unwrap_or_default()
}

fn end_daemon(paths: &Paths) -> Result<()> {
    if let Some(pid) = daemon::end(paths)? {
        render::line(format_args!("stopped the daemon (process {pid})"));
    }
    Ok(())
}

/// Runs one of the system's programs; what it says is passed on where it fails.
fn tell(tool: &str, args: &[&str]) -> Result<()> {
    let said = run_tool::run(tool, args)?;
    if said.is_success {
        return Ok(());
    }
    let mut error = Error::new(format!("`{tool} {}` failed", args.join(" ")));
    for line in said.text.lines().filter(|line| !line.trim().is_empty()).take(3) {
        error = error.at(printable::line(line.trim()));
    }
    if said.text.contains("onnect to bus") || said.text.contains("No medium found") {
        error = error.hint(
            "your own systemd cannot be reached from here (over `su` or `sudo`, perhaps): do this in a login session of yours",
        );
    }
    Err(error)
}
