//! What is wrong, and taking a change back.

use super::Report;
use clap::{Args, ValueHint};

/// `llmenv why`.
#[derive(Debug, Args)]
pub struct Why {
    /// The variable; without it all keys and base URLs that are set
    #[arg(value_name = "VARIABLE")]
    pub variable: Option<String>,
    /// What one tool gets: aider, claude, codex, opencode, gemini, llm, continue, or a loader such as python-dotenv
    #[arg(long, value_name = "TOOL")]
    pub tool: Option<String>,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv doctor`.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)]
pub struct Doctor {
    /// With --online: the profile to try; without it, the one active here
    #[arg(value_name = "NAME", value_hint = ValueHint::Username, requires = "online")]
    pub name: Option<String>,
    /// Try the profile at its provider, too
    #[arg(long)]
    pub online: bool,
    /// Look at the `.env` files below this directory too
    #[arg(long)]
    pub tree: bool,
    /// Mend what is certain in `.env` files: the change is shown, then asked about; `llmenv undo` takes it back
    #[arg(long)]
    pub fix: bool,
    /// With --fix: without asking
    #[arg(long, short = 'y', requires = "fix")]
    pub yes: bool,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The profile; without it, the one active here
    #[arg(value_name = "NAME", value_hint = ValueHint::Username, conflicts_with = "all")]
    pub name: Option<String>,
    /// All profiles
    #[arg(long)]
    pub all: bool,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// What to explain.
#[derive(Debug, Args)]
pub struct Explain {
    /// The error, as it was printed; without it standard input is read
    #[arg(value_name = "TEXT")]
    pub text: Vec<String>,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv undo`.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)]
pub struct Undo {
    /// Which change; without it, the last
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// List what can be undone
    #[arg(long, conflicts_with_all = ["id", "show", "force", "yes"])]
    pub list: bool,
    /// Show what undoing it would change, and change nothing
    #[arg(long, conflicts_with_all = ["force", "yes"])]
    pub show: bool,
    /// Restore files that were edited or removed since, too; what they hold now is kept
    #[arg(long)]
    pub force: bool,
    /// Do it without asking
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}
