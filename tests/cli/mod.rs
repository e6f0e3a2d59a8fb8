//! The command line, as a person or a script meets it: exact words, exact exit codes.

mod allow;
#[cfg(unix)]
mod asking;
#[cfg(unix)]
mod check;
mod completions;
#[cfg(unix)]
mod examples;
mod exec_env;
mod help;
#[cfg(unix)]
mod import;
mod init;
#[cfg(unix)]
mod man;
mod mistakes;
#[cfg(unix)]
mod newcomer;
#[cfg(unix)]
mod no_prompt;
#[cfg(unix)]
mod planted;
mod profiles;
#[cfg(unix)]
mod references;
#[cfg(unix)]
mod seen;
mod setup;
mod stale;
mod status;
mod team;
mod why;
mod why_places;

use crate::support::home::finish;
use crate::support::{Home, LLMENV, home::Output};

/// An `OpenRouter` key that nobody has.
pub fn key() -> String {
    format!("sk-or-v1-{}", "0123456789abcdef".repeat(4))
}

/// Another one.
pub fn other_key() -> String {
    format!("sk-or-v1-{}", "fedcba9876543210".repeat(4))
}

/// Runs `llmenv` without a daemon.
pub fn alone(home: &Home, args: &[&str], stdin: impl AsRef<[u8]>) -> Output {
    let mut command = home.cmd(LLMENV);
    command.args(args).env("LLMENV_DAEMON", "off");
    finish(command, Some(stdin.as_ref().to_vec()))
}

/// The commands that help lists, in its order.
pub fn listed_commands(home: &Home) -> Vec<String> {
    let help = alone(home, &["--help"], "").stdout;
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// A home with the profile `work`, its key in a vault that an identity file opens.
pub fn home_with_work() -> Home {
    let home = Home::new();
    let added = alone(&home, &["add", "work", "--provider", "openrouter", "--key-stdin", "--store", "file"], key());
    assert_eq!(added.code, 0, "{added:?}");
    home
}

/// What a command that fails leaves.
pub fn failed(code: i32, stderr: &str) -> Output {
    Output { stdout: String::new(), stderr: stderr.to_owned(), code }
}
