//! The loaders that are known, what sets them apart, and which machine plays each.
//!
//! The rules were read in the loaders' own sources and measured against them; each file names the version.

mod compose;
mod direnv;
mod docker;
mod honcho;
mod next;
mod node;
mod npm;
mod npm_expand;
mod python;
mod ruby;
mod rust;
mod shell;
mod xargs;

use super::draft::Draft;
use super::environment::Environment;
use super::reading::{Problem, Reading};
use super::text::Text;

/// A real loader of `.env` files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `python-dotenv` 1.2.
    Python,
    /// `pydantic-settings` 2: the same parser, names compared without case.
    Pydantic,
    /// npm `dotenv` 16 to 18.
    Npm,
    /// npm `dotenv` with `dotenv-expand` up to 12.
    NpmExpand12,
    /// npm `dotenv` with `dotenv-expand` 1000, which also runs commands.
    NpmExpand1000,
    /// `node --env-file` of Node 20.
    Node,
    /// `@next/env`.
    Next,
    /// The Rust crate `dotenvy` 0.15.
    Dotenvy,
    /// The Rust crate `dotenv` 0.15.
    RustDotenv,
    /// `uv run --env-file`.
    Uv,
    /// The Ruby gem `dotenv` 2.
    Ruby,
    /// `dotenv` in a `.envrc` of direnv 2.32.
    Direnv,
    /// `honcho start`.
    Honcho,
    /// `set -a; . ./.env` in bash.
    Bash,
    /// The same in dash, the `sh` of Debian.
    Dash,
    /// The same in zsh.
    Zsh,
    /// `export $(grep -v '^#' .env | xargs)` in bash.
    ExportXargs,
    /// `docker run --env-file`.
    Docker,
    /// `env_file:` and `.env` of Docker Compose 2.
    Compose,
}

/// Who wins where a variable is set already and the file sets it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precedence {
    /// What was set before, even if it is empty.
    Environment,
    /// The file.
    File,
}

impl Dialect {
    /// All of them, the most used first.
    pub const ALL: [Self; 19] = [
        Self::Python,
        Self::Pydantic,
        Self::Npm,
        Self::NpmExpand12,
        Self::NpmExpand1000,
        Self::Node,
        Self::Next,
        Self::Dotenvy,
        Self::RustDotenv,
        Self::Uv,
        Self::Ruby,
        Self::Direnv,
        Self::Honcho,
        Self::Bash,
        Self::Dash,
        Self::Zsh,
        Self::ExportXargs,
        Self::Docker,
        Self::Compose,
    ];

    /// A stable word for it.
    pub fn id(self) -> &'static str {
        self.names().0
    }

    /// How a person calls it.
    pub fn name(self) -> &'static str {
        self.names().1
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Python => ("python-dotenv", "python-dotenv"),
            Self::Pydantic => ("pydantic-settings", "pydantic-settings"),
            Self::Npm => ("npm-dotenv", "dotenv (npm)"),
            Self::NpmExpand12 => ("npm-dotenv-expand-12", "dotenv-expand 12 (npm)"),
            Self::NpmExpand1000 => ("npm-dotenv-expand", "dotenv-expand (npm)"),
            Self::Node => ("node", "node --env-file"),
            Self::Next => ("next", "Next.js"),
            Self::Dotenvy => ("dotenvy", "dotenvy (Rust)"),
            Self::RustDotenv => ("rust-dotenv", "dotenv (Rust)"),
            Self::Uv => ("uv", "uv run --env-file"),
            Self::Ruby => ("ruby-dotenv", "dotenv (Ruby)"),
            Self::Direnv => ("direnv", "direnv dotenv"),
            Self::Honcho => ("honcho", "honcho"),
            Self::Bash => ("bash", "bash `set -a; . ./.env`"),
            Self::Dash => ("dash", "sh `set -a; . ./.env`"),
            Self::Zsh => ("zsh", "zsh `set -a; . ./.env`"),
            Self::ExportXargs => ("export-xargs", "export $(grep … | xargs)"),
            Self::Docker => ("docker", "docker run --env-file"),
            Self::Compose => ("compose", "Docker Compose"),
        }
    }

    /// Finds a dialect by its word.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.id() == id)
    }

    /// Who wins over a value that was set before the loader ran (measured with each loader's usual call).
    pub fn precedence(self) -> Precedence {
        match self {
            Self::Direnv | Self::Honcho | Self::Bash | Self::Dash | Self::Zsh | Self::ExportXargs | Self::Docker => {
                Precedence::File
            }
            _ => Precedence::Environment,
        }
    }

    /// Whether the first of two assignments counts: what the first one set is there already when the second one comes.
    pub fn keeps_first(self) -> bool {
        matches!(self, Self::Dotenvy | Self::RustDotenv | Self::Uv)
    }

    /// Whether a bare `NAME` line takes away what an earlier line set.
    pub(super) fn forgets_by_bare_name(self) -> bool {
        matches!(self, Self::Python | Self::Pydantic)
    }

    /// Whether two names are one variable to this loader.
    pub fn is_same_name(self, written: &str, wanted: &str) -> bool {
        written == wanted || (self == Self::Pydantic && written.to_lowercase() == wanted.to_lowercase())
    }
}

/// Reads with the machine of a dialect.
pub(super) fn read(file: &[u8], dialect: Dialect, environment: &Environment<'_>) -> Reading {
    match dialect {
        Dialect::Python | Dialect::Pydantic => python::read(file, dialect, environment),
        Dialect::Npm => npm::read(file, environment),
        Dialect::NpmExpand12 | Dialect::NpmExpand1000 => npm_expand::read(file, dialect, environment),
        Dialect::Next => next::read(file, environment),
        Dialect::Node => node::read(file, environment),
        Dialect::Dotenvy | Dialect::RustDotenv | Dialect::Uv => rust::read(file, dialect, environment),
        Dialect::Ruby => ruby::read(file, environment),
        Dialect::Direnv => direnv::read(file, environment),
        Dialect::Honcho => honcho::read(file),
        Dialect::Bash | Dialect::Dash | Dialect::Zsh => shell::read(file, dialect, environment),
        Dialect::ExportXargs => xargs::read(file),
        Dialect::Docker => docker::read(file, environment),
        Dialect::Compose => compose::read(file, environment),
    }
}

/// Whether a shell has a variable of this name for itself.
pub(super) fn is_of_a_shell(name: &[u8]) -> bool {
    shell::is_own(name)
}

/// For loaders that want UTF-8 and nothing else: notes where it ends.
fn reject_other_bytes(text: &Text<'_>, draft: &mut Draft) -> bool {
    match std::str::from_utf8(&text.bytes) {
        Ok(_) => false,
        Err(err) => {
            let at = err.valid_up_to();
            draft.fail_whole(Problem::NotUtf8, at, at + 1);
            true
        }
    }
}
