//! Places where values of variables stand: what each holds, where exactly, and who reads it. Nothing here changes or runs anything
//! of the user's.
//!
//! ```text
//! Scene (directory, home, environment) ─► collect ─► each source, in threads with one deadline ─► Collected
//! ```
//! A source is a file of its own with one function that writes into a [`Search`]; the list is in [`collect`]. `why` shows what comes
//! out, `detect` judges it, `import` takes keys from it.

pub mod ask;
pub mod collect;
pub mod container;
pub mod dotenv_files;
pub mod environment;
pub mod envrc;
pub mod fish_universal;
pub mod git;
pub mod loaders;
pub mod mise;
pub mod processes;
pub mod rc;
pub mod screen;
pub mod search;
pub mod settings;
pub mod system;
pub mod tmux;
pub mod tools;
pub mod tree;
pub mod vscode;
#[cfg(windows)]
pub mod windows_environment;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use collect::{Collected, Unread, collect};
pub use search::Search;

use crate::dotenv::Dialect;
use crate::secret::Secret;

/// The sort of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// This process's environment: what a program started here gets.
    Environment,
    /// A `.env` file.
    Dotenv,
    /// A `.envrc` file.
    Envrc,
    /// What direnv noted in this shell's environment.
    Direnv,
    /// A `mise.toml`.
    Mise,
    /// A start-up file of a shell.
    Rc,
    /// fish's universal variables.
    FishUniversal,
    /// Files of the whole system: `/etc/environment` and the like.
    System,
    /// The environment of systemd's user manager.
    SystemdUser,
    /// A tmux server.
    Tmux,
    /// A screen server.
    Screen,
    /// VS Code's settings.
    VsCode,
    /// Docker's and Compose's files.
    Container,
    /// A tool's own settings.
    ToolConfig,
    /// Windows: the user's variables in the registry.
    WindowsUser,
    /// Windows: the machine's variables in the registry.
    WindowsMachine,
    /// The environment that a running program was started with.
    Process,
}

impl Kind {
    /// All of them, in the order in which reports list them.
    pub const ALL: [Self; 17] = [
        Self::Environment,
        Self::Dotenv,
        Self::Envrc,
        Self::Direnv,
        Self::Mise,
        Self::Rc,
        Self::FishUniversal,
        Self::System,
        Self::SystemdUser,
        Self::Tmux,
        Self::Screen,
        Self::VsCode,
        Self::Container,
        Self::ToolConfig,
        Self::WindowsUser,
        Self::WindowsMachine,
        Self::Process,
    ];

    /// Its stable word in reports for programs.
    pub fn id(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Dotenv => "dotenv",
            Self::Envrc => "envrc",
            Self::Direnv => "direnv",
            Self::Mise => "mise",
            Self::Rc => "rc",
            Self::FishUniversal => "fish-universal",
            Self::System => "system",
            Self::SystemdUser => "systemd-user",
            Self::Tmux => "tmux",
            Self::Screen => "screen",
            Self::VsCode => "vscode",
            Self::Container => "container",
            Self::ToolConfig => "tool",
            Self::WindowsUser => "windows-user",
            Self::WindowsMachine => "windows-machine",
            Self::Process => "process",
        }
    }
}

/// When a shell runs a line of a start-up file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// Every one, scripts too.
    Always,
    /// Login shells: ssh, macOS' Terminal, the desktop's session.
    Login,
    /// Those with a prompt.
    Interactive,
    /// Nobody by itself: the line is in a function, a subshell or the like.
    Called,
}

/// Who reads a place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reader {
    /// Every program that is started from this shell.
    Programs,
    /// Programs that load `.env` files by one of these loaders.
    Loaders(Vec<Dialect>),
    /// New shells: `bash`, `zsh`, `fish`, `powershell`, or `login` for every login session.
    Shell(&'static str, When),
    /// One tool alone, by its id: `direnv`, `mise`, `codex`, …
    Tool(&'static str),
    /// What a long-running program hands to all it starts: `tmux`, `screen`, `systemd`, `vscode`.
    Children(&'static str),
    /// A container, by the name of its service or image.
    Container(String),
    /// A program that runs already.
    Process {
        /// Its process.
        pid: u32,
        /// What it calls itself.
        name: String,
        /// How long it has been running.
        running: std::time::Duration,
    },
}

/// Where an assignment stands, and who reads it there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The sort of place.
    pub kind: Kind,
    /// The file; none where the place is none.
    pub path: Option<PathBuf>,
    /// The line, from 1; none where lines say nothing.
    pub line: Option<usize>,
    /// The column of the value's first character, from 1.
    pub column: Option<usize>,
    /// Which part of the place: a key path in a settings file (`env.OPENAI_API_KEY`), a session of tmux.
    pub part: Option<String>,
    /// Who reads it.
    pub reader: Reader,
}

impl Origin {
    /// A place that is no file.
    pub fn of(kind: Kind, reader: Reader) -> Self {
        Self { kind, path: None, line: None, column: None, part: None, reader }
    }

    /// A line of a file.
    pub fn at(kind: Kind, reader: Reader, path: &Path, line: usize, column: Option<usize>) -> Self {
        Self { path: Some(path.to_owned()), line: Some(line), column, ..Self::of(kind, reader) }
    }

    /// The same place, by the name of a part of it.
    #[must_use]
    pub fn part(mut self, part: impl Into<String>) -> Self {
        self.part = Some(part.into());
        self
    }
}

/// What a place gives to a variable.
#[derive(Clone, Debug)]
pub enum Held {
    /// This text; may be empty.
    Text(Secret),
    /// The value of another variable, whatever that is when the place is read.
    Variable(String),
    /// It takes the variable away.
    Unset,
    /// What a command prints, or something else that reading cannot tell.
    Unknowable,
}

impl Held {
    /// The text, where there is one.
    pub fn text(&self) -> Option<&Secret> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// One variable at one place.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// What it gets.
    pub held: Held,
    /// Where, and who reads it.
    pub origin: Origin,
    /// Whether programs started there get it; a shell's own variable they do not.
    pub exported: bool,
}

/// From where things are looked at. Sources ask this and never the process, so that a test can set it up.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The directory.
    pub cwd: PathBuf,
    /// The user's home.
    pub home: PathBuf,
    /// The environment.
    pub variables: BTreeMap<String, Secret>,
    /// Above `etc`, `proc` and the like.
    pub root: PathBuf,
}

impl Scene {
    /// What this process sees.
    pub fn here(cwd: &Path, home: &Path) -> Self {
        Self { cwd: cwd.to_owned(), home: home.to_owned(), variables: environment::variables(), root: "/".into() }
    }

    /// A variable's text, where it is set and not empty.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(Secret::expose).filter(|value| !value.is_empty())
    }

    /// A folder that a variable may name with an absolute path; otherwise one in the home.
    pub fn folder(&self, variable: &str, in_home: &str) -> PathBuf {
        self.variable(variable)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .unwrap_or_else(|| self.home.join(in_home))
    }

    /// `~/.config`, or where it was moved.
    pub fn config_folder(&self) -> PathBuf {
        self.folder("XDG_CONFIG_HOME", ".config")
    }

    /// `~/.local/share`, or where it was moved.
    pub fn data_folder(&self) -> PathBuf {
        self.folder("XDG_DATA_HOME", ".local/share")
    }

    /// The directory and those above it, up to and with the home; outside the home up to the root.
    pub fn upwards(&self) -> impl Iterator<Item = &Path> {
        let mut is_past = false;
        self.cwd.ancestors().take_while(move |dir| {
            let goes_on = !is_past;
            is_past = *dir == self.home;
            goes_on
        })
    }
}

/// Which variables are asked for.
#[derive(Clone)]
pub struct Sought(Arc<dyn Fn(&str) -> bool + Send + Sync>);

impl Sought {
    /// Those for which this holds.
    pub fn new(is_sought: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(is_sought))
    }

    /// Whether a variable is asked for.
    pub fn has(&self, name: &str) -> bool {
        (self.0)(name)
    }
}

impl std::fmt::Debug for Sought {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sought")
    }
}
