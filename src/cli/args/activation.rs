//! What is active where, and handing it on.

use super::Report;
use clap::{Args, ValueHint};
use std::ffi::OsString;
use std::path::PathBuf;

/// `llmenv status`.
#[derive(Debug, Default, Clone, Copy, Args)]
pub struct Status {
    /// What went through the proxy, by day and profile
    #[arg(long)]
    pub usage: bool,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv use`.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)]
pub struct Use {
    /// The profile; `-` is the one before
    #[arg(
        value_name = "NAME",
        value_hint = ValueHint::Username,
        allow_hyphen_values = false,
        required_unless_present = "auto"
    )]
    pub name: Option<String>,
    /// In this directory and below it: writes `.llmenv.toml` and allows it
    #[arg(long, group = "scope")]
    pub here: bool,
    /// With --here: writes a rule to your own configuration instead
    #[arg(long, requires = "here")]
    pub rule: bool,
    /// Wherever nothing else says so: sets the default
    #[arg(long, group = "scope")]
    pub global: bool,
    /// Let directories decide again
    #[arg(long, group = "scope", conflicts_with = "name")]
    pub auto: bool,
    /// For a time only: `90s`, `30m`, `2h`, `1d`
    #[arg(long = "for", value_name = "DURATION", conflicts_with_all = ["here", "global", "auto"])]
    pub lease: Option<String>,
}

/// `llmenv off`.
#[derive(Debug, Args)]
pub struct Off {
    /// End this shell's tokens of the proxy too, so that programs started from it lose their access
    #[arg(long)]
    pub revoke: bool,
}

/// `llmenv exec`.
#[derive(Debug, Args)]
#[command(override_usage = "llmenv exec [NAME] -- COMMAND [ARGUMENT]...")]
pub struct Exec {
    /// The profile; without it, what this shell and directory give
    #[arg(value_name = "NAME", value_hint = ValueHint::Username)]
    pub name: Option<String>,
    /// The command and its arguments
    #[arg(value_name = "COMMAND", last = true, required = true, value_hint = ValueHint::CommandWithArguments)]
    pub command: Vec<OsString>,
}

/// `llmenv env`.
#[derive(Debug, Args)]
pub struct Env {
    /// The profile; without it, what this shell and directory give
    #[arg(value_name = "NAME", value_hint = ValueHint::Username)]
    pub name: Option<String>,
    /// bash, zsh, fish, powershell, cmd, nu, dotenv, json, docker, systemd, github
    #[arg(long, short = 'f', value_name = "FORMAT")]
    pub format: Option<String>,
    /// The real key and base URL, for a profile that is served through the proxy
    #[arg(long)]
    pub direct: bool,
    /// How long the proxy's token in it is good: `30m`, `2h` (12 hours without it)
    #[arg(long = "for", value_name = "DURATION", conflicts_with = "direct")]
    pub lease: Option<String>,
    /// For start-up lines: asks nobody, runs no key's program, and prints nothing where no profile is active
    #[arg(long, short)]
    pub quiet: bool,
}

/// `llmenv allow` and `llmenv deny`.
#[derive(Debug, Args)]
pub struct Allow {
    /// A directory with `.llmenv.toml`, or an included file; without it, the nearest `.llmenv.toml` upwards
    #[arg(value_name = "DIR|FILE", value_hint = ValueHint::AnyPath)]
    pub path: Option<PathBuf>,
}

/// `llmenv unlock`.
#[derive(Debug, Args)]
pub struct Unlock {
    /// A profile whose key a program gives
    #[arg(value_name = "NAME", value_hint = ValueHint::Username)]
    pub name: Option<String>,
}
