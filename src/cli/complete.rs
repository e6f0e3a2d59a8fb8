//! `llmenv hook complete profiles`: names for a shell's completion. Reads the configuration alone and starts nothing.

use std::process::ExitCode;

use super::{render, settings};
use crate::paths::Paths;
use crate::profile::check_name;

/// Prints names, one a line; on any failure nothing: a completion is no place for errors.
pub fn run(arguments: &[String]) -> ExitCode {
    if arguments.first().map(String::as_str) != Some("profiles") {
        return ExitCode::from(2);
    }
    let Ok(paths) = Paths::find() else { return ExitCode::from(1) };
    let Ok(config) = settings::load(&paths) else { return ExitCode::from(1) };
    let names: Vec<&str> = config.profiles.keys().map(String::as_str).filter(|name| check_name(name).is_ok()).collect();
    for name in names {
        render::line(name);
    }
    ExitCode::SUCCESS
}
