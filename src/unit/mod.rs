//! The files by which the system starts the daemon: `systemd --user`, launchd, the Windows Task Scheduler.
//!
//! Text alone: a [`Site`] comes in, files go out, on every platform. `cli::daemon_install` writes them and tells the system.

mod launchd;
mod systemd;
mod task;

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::paths::Paths;
use crate::starter::Starter;

pub use launchd::LABEL;
pub use systemd::{SERVICE, SOCKET, is_booted};

/// The sentence by which a file of ours is known.
pub const MARK: &str = "written by `llmenv daemon install`";

/// By which name systemd hands over the daemon's socket.
pub const DAEMON_SOCKET_NAME: &str = "daemon";

/// A part of the system that starts programs of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manager {
    /// `systemd --user` (Linux): a socket, and the daemon when something connects to it.
    Systemd,
    /// launchd (macOS): an agent that starts at login.
    Launchd,
    /// The Task Scheduler (Windows): a task that starts at logon.
    Task,
}

impl Manager {
    /// This platform's own.
    pub fn of_platform() -> Self {
        if cfg!(windows) {
            Self::Task
        } else if cfg!(target_os = "macos") {
            Self::Launchd
        } else {
            Self::Systemd
        }
    }

    /// What it is called in `daemon status`.
    pub fn starter(self) -> Starter {
        match self {
            Self::Systemd => Starter::Systemd,
            Self::Launchd => Starter::Launchd,
            Self::Task => Starter::Task,
        }
    }

    /// What people call it.
    pub fn shown(self) -> &'static str {
        match self {
            Self::Systemd => "systemd",
            Self::Launchd => "launchd",
            Self::Task => "the Task Scheduler",
        }
    }
}

/// What the files say about this user and program.
#[derive(Clone, Debug)]
pub struct Site {
    /// The program, by the path the user called: a package manager's link stays valid when the version behind it changes.
    pub program: PathBuf,
    /// The user's home directory.
    pub home: PathBuf,
    /// Where programs keep configuration (`~/.config`).
    pub config_root: PathBuf,
    /// Where llmenv keeps data.
    pub data_dir: PathBuf,
    /// Where the socket belongs.
    pub runtime_dir: Option<PathBuf>,
    /// The user's number, on Unix.
    pub uid: u32,
    /// The user's name, on Windows with the domain before it.
    pub user: String,
    /// Variables that decide where llmenv's files are, as they are set here.
    pub variables: Vec<(String, String)>,
}

/// Variables that a unit has to say, since the system's own environment may have others.
const PLACES: &[&str] = &["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "LLMENV_VAULT_KEY_FILE"];

impl Site {
    /// This user's, with the program as the user called it.
    pub fn find(paths: &Paths) -> Result<Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let mut variables: Vec<(String, String)> =
            PLACES.iter().filter_map(|name| Some(((*name).to_owned(), variable(name)?))).collect();
        if let Some(home) = variable("HOME") {
            variables.insert(0, ("HOME".into(), home));
        }
        let user = match (variable("USERDOMAIN"), variable("USERNAME")) {
            (Some(domain), Some(user)) => format!("{domain}\\{user}"),
            (_, Some(user)) => user,
            _ => variable("USER").unwrap_or_default(),
        };
        Ok(Self {
            program: crate::ipc::client::program()?,
            home: paths.home.clone(),
            config_root: paths.config_dir.parent().unwrap_or(&paths.config_dir).to_owned(),
            data_dir: paths.data_dir.clone(),
            runtime_dir: paths.runtime_dir.clone(),
            uid: crate::paths::user_number(),
            user,
            variables,
        })
    }
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitFile {
    /// Where it belongs.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
    /// Whether the system reads it as UTF-16 only.
    pub is_utf16: bool,
}

impl UnitFile {
    /// Its bytes on disk.
    pub fn bytes(&self) -> Vec<u8> {
        if !self.is_utf16 {
            return self.text.clone().into_bytes();
        }
        let units = std::iter::once(0xfeff).chain(self.text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    }
}

/// Says whether bytes on disk are a file of ours.
pub fn is_ours(bytes: &[u8]) -> bool {
    let holds = |bytes: &[u8]| bytes.windows(MARK.len()).any(|window| window == MARK.as_bytes());
    // UTF-16: every other byte of plain text.
    holds(bytes)
        || (bytes.starts_with(&[0xff, 0xfe]) && holds(&bytes.iter().skip(2).step_by(2).copied().collect::<Vec<_>>()))
}

/// The files for one manager, in the order in which they are written.
pub fn files(manager: Manager, site: &Site) -> Result<Vec<UnitFile>> {
    match manager {
        Manager::Systemd => systemd::files(site),
        Manager::Launchd => launchd::files(site),
        Manager::Task => task::files(site),
    }
}

/// Where the files of one manager are.
pub fn places(manager: Manager, site: &Site) -> Vec<PathBuf> {
    match manager {
        Manager::Systemd => systemd::places(site),
        Manager::Launchd => vec![launchd::place(site)],
        Manager::Task => vec![task::place(site)],
    }
}

/// The name of the Windows task: every user has one of their own.
pub fn task_name(site: &Site) -> String {
    task::name(site)
}

/// A path or value as text that a file of one line a value can hold.
fn plain<'a>(what: &str, text: Option<&'a str>, path: &Path) -> Result<&'a str> {
    text.filter(|text| !text.is_empty() && !text.contains(char::is_control)).ok_or_else(|| {
        Error::new(format!("{what} `{}` cannot be written into a unit", crate::printable::path(path)))
            .hint("it is not plain text on one line")
    })
}

/// A variable's value as such text.
fn plain_value<'a>(name: &str, value: &'a str) -> Result<&'a str> {
    plain(&format!("the value of {name},"), Some(value), Path::new(value))
}

/// Text inside an XML element.
fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}
