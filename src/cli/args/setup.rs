//! First steps, the hook, and taking over what is there.

use super::{Report, StoreChoice};
use clap::{Args, ValueHint};
use std::ffi::OsString;
use std::path::PathBuf;

/// `llmenv setup`.
#[derive(Debug, Args)]
pub struct Setup {
    /// The shell to set up (bash, zsh, fish, powershell); without it, the one that runs this
    #[arg(long, value_name = "SHELL")]
    pub shell: Option<String>,
    /// Where to keep keys
    #[arg(long, value_enum, value_name = "STORE")]
    pub store: Option<StoreChoice>,
    /// Do it without asking
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Take out what setup wrote
    #[arg(long)]
    pub undo: bool,
}

/// `llmenv init`.
#[derive(Debug, Args)]
pub struct Init {
    /// bash, zsh, fish or powershell; `direnv` prints `use llmenv` for its `.envrc`
    #[arg(value_name = "SHELL")]
    pub shell: String,
    /// bash: act on `cd` at once, through the DEBUG trap
    #[arg(long)]
    pub debug_trap: bool,
}

/// `llmenv completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// bash, zsh, fish or powershell
    #[arg(value_name = "SHELL")]
    pub shell: String,
}

/// `llmenv man`.
#[derive(Debug, Args)]
pub struct Man {
    /// The command whose page is printed; without it, the page of llmenv
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
    /// Write every page into this folder
    #[arg(long = "to", value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "command")]
    pub dir: Option<PathBuf>,
}

/// `llmenv hook`: never parsed here, `main` looks at the word first. It is listed so that nothing else takes the name.
#[derive(Debug, Args)]
pub struct Hook {
    /// What hooks pass.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<OsString>,
}

/// `llmenv import`.
#[derive(Debug, Default, Args)]
#[allow(clippy::struct_excessive_bools)]
pub struct Import {
    /// Files to look at; without any, all places that are known
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// What the files are, where their names do not say it: dotenv, bash, zsh, fish, powershell, claude, codex, aider,
    /// opencode, llm-env
    #[arg(long, short = 'f', value_name = "FORMAT", requires = "files")]
    pub format: Option<String>,
    /// The profile's name, where one key is found
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Only keys of this provider; decides where a key may be one of several
    #[arg(long, short = 'p', value_name = "ID")]
    pub provider: Option<String>,
    /// Store everything that is found without asking
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Show what would be done, and do nothing
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Take the keys out of the files once they are stored; a comment names the profile
    #[arg(long)]
    pub rewrite: bool,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}
