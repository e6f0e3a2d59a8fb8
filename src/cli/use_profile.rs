//! `llmenv use` and `llmenv off`: the choice of a shell, a directory or everywhere.
//!
//! A program cannot change the shell above it. Called by the shell's function (through `hook apply`) it says what the shell
//! is to hold; called as a program it writes pins and defaults, and else explains itself.

use std::time::Duration;

use super::args::Use;
use super::connect::Answerer;
use super::{here, render, settings};
use crate::config::edit::ConfigFile;
use crate::duration::parse_duration;
use crate::error::{Error, Result};
use crate::ipc::shell_lines::Reason;
use crate::paths::Paths;
use crate::pin;

/// What a shell is to follow from now on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// `Shell`, `Off`, or `None` for what directories decide.
    pub reason: Reason,
    /// The profile, with `Shell`.
    pub profile: Option<String>,
    /// For how long, with `Shell`.
    pub lease: Option<Duration>,
}

impl Choice {
    /// Directories decide.
    fn auto() -> Self {
        Self::default()
    }

    /// What [`Choice`] a word of the shell's memory stands for: `use NAME`, `off`, `auto`.
    fn from_memory(words: &str) -> Self {
        match words.split_once(' ') {
            Some(("use", name)) => Self { reason: Reason::Shell, profile: Some(name.to_owned()), lease: None },
            _ if words == "off" => Self { reason: Reason::Off, ..Self::default() },
            _ => Self::auto(),
        }
    }
}

/// `llmenv use` without the shell's function.
pub fn run(args: &Use) -> Result<()> {
    if args.here || args.global {
        return write(args).map(drop);
    }
    Err(without_function(args.name.as_deref()))
}

/// `llmenv off` without the shell's function.
pub fn off() -> Result<()> {
    Err(Error::usage("a program cannot change the shell that started it, and here is no llmenv hook to do it")
        .hint("in a script, do not use a profile in the first place; `llmenv exec NAME -- COMMAND` leaves the shell alone")
        .hint("in your own shell, `llmenv setup` installs the hook"))
}

fn without_function(name: Option<&str>) -> Error {
    let name = name.filter(|name| *name != "-").map_or_else(|| "NAME".to_owned(), crate::printable::text);
    Error::usage("a program cannot change the shell that started it, and here is no llmenv hook to do it")
        .hint(format!("for one command: llmenv exec {name} -- COMMAND"))
        .hint(format!("for a script: eval \"$(llmenv env {name} --format bash)\""))
        .hint("for your own shell: `llmenv setup` installs the hook, then open a new one")
}

/// What the shell of the function is to follow. Pins and defaults are written on the way.
pub fn choose(args: &Use, present: &Choice, previous: Option<&str>) -> Result<Choice> {
    if args.here {
        write(args)?;
        return Ok(Choice::auto());
    }
    if args.global {
        let name = write(args)?;
        if present.reason == Reason::Shell && present.profile.as_ref() != Some(&name) {
            render::note(format!(
                "this shell keeps `{}`; `llmenv use --auto` follows the default",
                present.profile.as_deref().unwrap_or("-")
            ));
        }
        return Ok(present.clone());
    }
    if args.auto {
        return Ok(Choice::auto());
    }
    let name = args.name.as_deref().unwrap_or_default();
    let mut choice = if name == "-" {
        Choice::from_memory(previous.ok_or_else(|| {
            Error::new("there is nothing to go back to in this shell yet")
                .hint("name a profile, as in `llmenv use work`")
        })?)
    } else {
        Choice { reason: Reason::Shell, profile: Some(name.to_owned()), lease: None }
    };
    if let Some(lease) = &args.lease {
        choice.lease = Some(parse_duration(lease)?);
    }
    Ok(choice)
}

/// Writes the pin, the rule or the default, and has the daemon read it. Gives the profile's name.
fn write(args: &Use) -> Result<String> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let config = settings::load(&paths)?;
    let name = args.name.clone().unwrap_or_default();
    if name == "-" {
        return Err(Error::usage("`-` is the choice before in one shell; a directory or a default needs a name"));
    }
    config.profile(&name)?;
    if args.global {
        let mut file = ConfigFile::open(&paths.config_file(), &paths.home, &paths.state_dir)?;
        file.set_default(Some(&name))?;
        file.save()?;
        render::note(format!("`{name}` is active wherever nothing else says so"));
    } else if args.rule {
        let dir = here::cwd()?;
        let mut file = ConfigFile::open(&paths.config_file(), &paths.home, &paths.state_dir)?;
        file.add_rule(&dir, &name)?;
        file.save()?;
        render::note(format!(
            "`{name}` is active in {} and below it, by a rule in {}",
            crate::printable::path(&dir),
            crate::printable::path(&paths.config_file())
        ));
    } else {
        let written = pin::write(&here::cwd()?, &paths.home, &name, None, &settings::allow_list(&paths))?;
        render::note(format!(
            "`{name}` is active in this directory and below it; {} says so and is allowed",
            crate::printable::path(&written)
        ));
    }
    Answerer::connect(&paths)?.reload()?;
    Ok(name)
}
