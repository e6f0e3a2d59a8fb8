//! What went wrong, where, and what to do next: the error every command ends with.

use std::fmt;

/// The result of everything that can fail with a message for a person.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure it is; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// The thing asked for failed: exit 1.
    Failed,
    /// The command line, a name or a value in it is wrong: exit 2.
    Usage,
    /// The store is locked and needs `llmenv unlock`: exit 1.
    Locked,
    /// The daemon could not be reached or did not answer in time: exit 1.
    Unreachable,
    /// No such profile: exit 1.
    NotFound,
}

/// An error with its place and its way out.
///
/// Rendered as
/// ```text
/// error: what happened
///   --> where (file:line, profile, variable)
/// hint: what to do next
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Error {
    /// What sort of failure it is.
    pub kind: ErrorKind,
    /// What happened, lower case, without a full stop, names in backticks.
    pub message: String,
    /// Where: `file:line`, a profile, a variable. Shown one a line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<String>,
    /// What to do next. Shown one a line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
}

impl Error {
    /// A plain failure.
    pub fn new(message: impl Into<String>) -> Self {
        Self::of(ErrorKind::Failed, message)
    }

    /// A mistake in how the command was called.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::of(ErrorKind::Usage, message)
    }

    /// An error of the given kind.
    pub fn of(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), at: Vec::new(), hints: Vec::new() }
    }

    /// Adds where it happened.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.at.push(place.into());
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// A file that could not be read or written, with the system's reason.
    pub fn io(what: &str, path: &std::path::Path, err: &std::io::Error) -> Self {
        Self::new(format!("cannot {what} `{}`: {err}", crate::printable::path(path)))
    }

    /// The exit code of a command that ends with this error.
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            ErrorKind::Usage => 2,
            _ => 1,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        for place in &self.at {
            write!(f, "\n  --> {place}")?;
        }
        for hint in &self.hints {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
