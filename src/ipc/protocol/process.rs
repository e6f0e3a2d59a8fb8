//! Who is at either end: the daemon, the shells, the processes that hold a token.

use crate::error::Error;
use crate::ipc::shell_lines::Reason;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What the daemon says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HelloFacts {
    /// [`PROTOCOL_VERSION`].
    pub protocol: u32,
    /// The program's version.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// The name of this run.
    pub boot: String,
    /// Seconds since it started.
    pub uptime_seconds: u64,
    /// Living shells it serves.
    pub shells: usize,
    /// How it was started: `demand`, `foreground`, `systemd`, `launchd`, `task`.
    pub started_by: String,
    /// What is wrong with the configuration, where the last good one serves.
    pub config_error: Option<Error>,
    /// Whether `llmenv lock` holds.
    pub locked: bool,
    /// The program it runs.
    pub program: PathBuf,
}

/// A shell the daemon knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ShellFacts {
    /// Its process.
    pub pid: u32,
    /// `bash`, `zsh`, …
    pub shell: String,
    /// Its directory, when it last asked.
    pub cwd: PathBuf,
    /// The profile applied in it.
    pub profile: Option<String>,
    /// Why.
    pub reason: Reason,
}

/// For whom a pair is, where it holds a token of the proxy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// A program that takes the asking process's place (`exec`).
    Exec {
        /// The process.
        pid: u32,
        /// When it started, in the system's own unit.
        start: u64,
    },
    /// Text that goes anywhere (`env`).
    Text {
        /// For how long, in seconds.
        seconds: Option<u64>,
    },
}
