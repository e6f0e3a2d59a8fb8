//! What tools need besides variables: text to show, and edits of their own settings. One file a tool.
//!
//! Comes in: an [`Account`] (where a profile's requests go, and by what they prove themselves) and a [`Place`] (where tools keep
//! their settings). Goes out: a [`Setup`]. Nothing is read or written here; `cli::client` shows it, and writes through
//! [`crate::backup`].
//!
//! A provider's key is never put into a tool's file: what is written names the variable that holds it, or the program that
//! prints it. Only the local proxy's token is written down, which is worth nothing elsewhere.

mod account;
mod aider;
mod claude;
mod codex;
mod continue_dev;
mod cursor;
mod gemini;
mod json_file;
mod llm;
mod opencode;
mod toml_file;
mod vscode;

use std::ffi::OsString;
use std::path::PathBuf;

pub use account::{Account, Speaks};

use crate::error::{Error, Result};

/// Where tools keep their settings.
pub struct Place<'a> {
    /// The user's home.
    pub home: PathBuf,
    /// Answers for variables that move a tool's folder.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
}

impl Place<'_> {
    /// A folder that a variable names, or one in the home.
    fn folder(&self, variable: &str, usual: &str) -> PathBuf {
        match (self.variable)(variable).map(PathBuf::from).filter(|path| path.is_absolute()) {
            Some(path) => path,
            None => self.home.join(usual),
        }
    }

    /// A tool's folder among the user's configuration.
    fn config(&self, tool: &str) -> PathBuf {
        self.folder("XDG_CONFIG_HOME", ".config").join(tool)
    }
}

/// An edit of a tool's file: what it holds now (none: it is not there) to what it will hold.
pub type FileEdit = Box<dyn Fn(Option<&[u8]>) -> Result<Vec<u8>>>;

/// What a tool needs.
pub struct Setup {
    /// The tool's word.
    pub tool: &'static str,
    /// Where it is to stand: a file, or a place in the tool's own menus.
    pub place: String,
    /// The file, where there is one.
    pub file: Option<PathBuf>,
    /// What is to stand there.
    pub text: String,
    /// How to start it then.
    pub start: String,
    /// What is worth knowing.
    pub notes: Vec<String>,
    /// The edit that does it; none: llmenv does not write this tool's settings.
    pub edit: Option<FileEdit>,
}

/// A tool that is known.
pub struct Tool {
    /// Its word on the command line.
    pub id: &'static str,
    /// How people call it.
    pub title: &'static str,
    /// Whether llmenv can write its settings.
    pub is_written: bool,
    /// Works out what it needs.
    pub setup: fn(&Account, &Place<'_>) -> Result<Setup>,
}

/// The tools, by their words.
pub const TOOLS: [Tool; 9] = [
    Tool { id: "aider", title: "aider", is_written: false, setup: aider::setup },
    Tool { id: "claude", title: "Claude Code", is_written: true, setup: claude::setup },
    Tool { id: "codex", title: "Codex CLI", is_written: true, setup: codex::setup },
    Tool { id: "continue", title: "Continue", is_written: false, setup: continue_dev::setup },
    Tool { id: "cursor", title: "Cursor", is_written: false, setup: cursor::setup },
    Tool { id: "gemini", title: "Gemini CLI", is_written: false, setup: gemini::setup },
    Tool { id: "llm", title: "llm", is_written: false, setup: llm::setup },
    Tool { id: "opencode", title: "opencode", is_written: true, setup: opencode::setup },
    Tool { id: "vscode", title: "VS Code", is_written: false, setup: vscode::setup },
];

/// Finds a tool by its word.
pub fn find(word: &str) -> Result<&'static Tool> {
    let lower = word.to_ascii_lowercase();
    let same = match lower.as_str() {
        "claude-code" => "claude",
        "codex-cli" => "codex",
        "gemini-cli" => "gemini",
        "code" => "vscode",
        other => other,
    };
    TOOLS.iter().find(|tool| tool.id == same).ok_or_else(|| {
        let error = Error::usage(format!("`{}` is no tool that llmenv knows", crate::printable::text(word)));
        let error = match crate::suggest::nearest(&lower, TOOLS.iter().map(|tool| tool.id)) {
            Some(meant) => error.hint(format!("did you mean `{meant}`?")),
            None => error,
        };
        error.hint("`llmenv client` lists them; others take the variables: `llmenv exec NAME -- COMMAND`")
    })
}

/// A tool that cannot talk to this account.
fn unspoken(account: &Account, title: &str, what: &str) -> Error {
    Error::new(format!("{title} speaks {what}, which `{}` ({}) does not take", account.profile, account.provider))
        .hint("choose a profile whose provider takes it: `llmenv providers` says which do")
}
