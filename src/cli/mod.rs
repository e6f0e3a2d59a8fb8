//! The command line: arguments come in, requests go to the daemon, lines go to the terminal. Called by `main`.
//!
//! One file a subcommand: parse, call, render. [`render`] alone writes, [`ask`] alone asks, [`connect`] alone knows who answers.

mod add;
mod add_key;
mod allow;
pub mod args;
mod argv;
mod ask;
pub mod change;
mod check;
mod client;
mod complete;
mod completions;
mod connect;
mod daemon;
mod daemon_install;
mod doctor;
mod doctor_fix;
mod edit;
mod edit_file;
mod env;
mod exec;
mod explain;
mod here;
mod hook_apply;
mod import;
mod init;
mod key_input;
mod key_ref;
mod list;
mod lock;
mod man;
mod open_store;
mod places;
mod providers;
mod proxy;
mod remove;
mod rename;
mod render;
mod rotate;
mod run_tool;
mod serve;
mod settings;
mod setup;
mod show;
mod stale;
mod status;
mod undo;
mod use_profile;
mod why;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::error::{Error, Result};
use args::{Cli, Command};

/// Runs a command line and gives its exit code.
pub fn run() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let code = match argv::refuse_keys(&arguments) {
        Ok(()) => match Cli::try_parse_from(arguments) {
            Ok(Cli { command: Some(Command::Exec(args)) }) => return ExitCode::from(exec::run(&args)),
            Ok(Cli { command: Some(Command::Doctor(args)) }) => code_of_found(doctor_fix::run(&args)),
            Ok(Cli { command: Some(Command::Check(args)) }) => code_of_found(check::run(&args)),
            Ok(cli) => code_of(dispatch(cli.command.unwrap_or(Command::Status(args::Status::default())))),
            Err(error) => render::usage(&error),
        },
        Err(error) => code_of(Err(error)),
    };
    match render::finish() {
        Ok(()) => ExitCode::from(code),
        Err(error) => ExitCode::from(code_of(Err(error)).max(code)),
    }
}

/// Runs what hooks call beside the hot path: `llmenv hook complete …`.
pub fn run_for_hook(arguments: &[String]) -> ExitCode {
    match arguments {
        [word, rest @ ..] if word == "complete" => complete::run(rest),
        [word, rest @ ..] if word == "apply" => ExitCode::from(hook_apply::run(rest)),
        _ => ExitCode::from(2),
    }
}

/// The exit code of commands that find something: whether all is well decides.
fn code_of_found(result: Result<bool>) -> u8 {
    match result {
        Ok(is_well) => u8::from(!is_well),
        Err(error) => code_of(Err(error)),
    }
}

fn code_of(result: Result<()>) -> u8 {
    match result {
        Ok(()) => 0,
        Err(error) => {
            render::error(&error);
            error.exit_code()
        }
    }
}

fn dispatch(command: Command) -> Result<()> {
    match command {
        Command::Setup(args) => setup::run(&args),
        Command::Add(args) => add::run(&args),
        Command::Rotate(args) => rotate::run(&args),
        Command::Edit(args) => edit::run(&args),
        Command::Rename(args) => rename::run(&args),
        Command::Remove(args) => remove::run(&args),
        Command::List(args) => list::run(args),
        Command::Show(args) => show::run(&args),
        Command::Use(args) => use_profile::run(&args),
        Command::Off(_) => use_profile::off(),
        Command::Status(args) => status::run(args),
        // Answered in `run`: their exit codes are their own.
        Command::Exec(_) | Command::Doctor(_) | Command::Check(_) => Ok(()),
        Command::Env(args) => env::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Client(args) => client::run(&args),
        Command::Undo(args) => undo::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Why(args) => why::run(&args),
        Command::Providers(args) => providers::run(&args),
        Command::Allow(args) => allow::allow(&args),
        Command::Deny(args) => allow::deny(&args),
        Command::Proxy(args) => proxy::run(&args),
        Command::Daemon(args) => daemon::run(&args),
        Command::Unlock(args) => lock::unlock(&args),
        Command::Lock => lock::lock(),
        Command::Init(args) => init::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
        Command::Hook(_) => Err(Error::usage("`llmenv hook` is for hooks")),
    }
}
