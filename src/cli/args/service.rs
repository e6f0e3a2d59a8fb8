//! The background process, its proxy, and the tools that use it.

use super::Report;
use clap::{Args, Subcommand, ValueEnum, ValueHint};

/// `llmenv proxy`.
#[derive(Debug, Args)]
pub struct Proxy {
    /// What to do; nothing: its status.
    #[command(subcommand)]
    pub command: Option<ProxyCommand>,
}

/// What can be done about the proxy.
#[derive(Debug, Subcommand)]
pub enum ProxyCommand {
    /// Where it listens, who may use it, what is under way
    Status(Report),
    /// Serve a profile through it
    On {
        /// The profile
        #[arg(value_name = "NAME", value_hint = ValueHint::Username)]
        name: String,
        /// The tools to serve: openai, anthropic, or both
        #[arg(long, value_name = "FAMILIES")]
        serve: Vec<String>,
        /// How to report.
        #[command(flatten)]
        report: Report,
    },
    /// Serve a profile directly again
    Off {
        /// The profile
        #[arg(value_name = "NAME", value_hint = ValueHint::Username)]
        name: String,
        /// How to report.
        #[command(flatten)]
        report: Report,
    },
    /// What went through it since the daemon started; no contents
    Log {
        /// How many lines
        #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 50)]
        lines: usize,
        /// How to report.
        #[command(flatten)]
        report: Report,
    },
    /// End a token
    Revoke {
        /// Its id or a client's name, as `llmenv proxy status` shows them, or the token itself
        #[arg(value_name = "TOKEN")]
        token: String,
        /// How to report.
        #[command(flatten)]
        report: Report,
    },
}

/// `llmenv client`.
#[derive(Debug, Args)]
pub struct Client {
    /// The tool; without it, those that are known
    #[arg(value_name = "TOOL")]
    pub tool: Option<String>,
    /// The profile; without it, what this shell and directory give
    #[arg(value_name = "NAME", value_hint = ValueHint::Username)]
    pub name: Option<String>,
    /// Write it into the tool's settings; the change is shown and asked about
    #[arg(long, requires = "tool")]
    pub write: bool,
    /// With --write: without asking
    #[arg(long, short = 'y', requires = "write")]
    pub yes: bool,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv daemon`.
#[derive(Debug, Args)]
pub struct Daemon {
    /// What to do; nothing: its status.
    #[command(subcommand)]
    pub command: Option<DaemonCommand>,
}

/// What can be done about the daemon.
#[derive(Debug, Subcommand)]
pub enum DaemonCommand {
    /// Start it, if it does not run
    Start,
    /// End it; shells keep what they have
    Stop,
    /// End it and start it anew
    Restart {
        /// Do not wait for what is under way
        #[arg(long)]
        now: bool,
    },
    /// Whether it runs, since when, for how many shells
    Status(Report),
    /// Run it in this terminal
    Run {
        /// Start it apart from this process and end
        #[arg(long, hide = true, group = "mode")]
        background: bool,
        /// Be the daemon that was started so
        #[arg(long, hide = true, group = "mode")]
        detached: bool,
        /// Say which part of the system started it
        #[arg(long, hide = true, value_name = "WHO", value_parser = ["systemd", "launchd", "task"])]
        by: Option<String>,
    },
    /// Have the system start it: systemd with a socket, launchd, or a Windows logon task
    #[command(after_long_help = "Examples:
  llmenv daemon install
  llmenv daemon install --print               shows the files, writes nothing
  llmenv daemon uninstall

Nothing needs it: the daemon starts with the first command or shell that asks.")]
    Install {
        /// Show the files and write nothing
        #[arg(long)]
        print: bool,
        /// With --print: for which system, where it is not this one
        #[arg(long = "for", value_name = "SYSTEM", value_enum, requires = "print")]
        manager: Option<ManagerChoice>,
    },
    /// Take `install` back
    Uninstall,
    /// The end of its log
    Log {
        /// How many lines
        #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 50)]
        lines: usize,
    },
}

/// Parts of systems that start programs of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ManagerChoice {
    /// `systemd --user`.
    Systemd,
    /// launchd, on macOS.
    Launchd,
    /// The Task Scheduler of Windows.
    Task,
}
