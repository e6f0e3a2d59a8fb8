//! What comes out of reading a file in one dialect.

use zeroize::Zeroizing;

use super::Dialect;
use crate::secret::Secret;

/// A range of bytes of the file as it lies on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// The bytes themselves.
    pub fn of<'a>(&self, file: &'a [u8]) -> &'a [u8] {
        file.get(self.start..self.end).unwrap_or_default()
    }
}

/// A span with the line and column a person would count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The bytes.
    pub span: Span,
    /// The line its first byte is on, from 1; `\n`, `\r\n` and a lone `\r` end one.
    pub line: usize,
    /// The character its first byte belongs to, from 1.
    pub column: usize,
}

/// What stands around a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    /// Nothing, or something this loader does not take for a quote.
    None,
    /// `'…'`
    Single,
    /// `"…"`
    Double,
    /// `` `…` ``
    Backtick,
    /// Several pieces with different quotes, as a shell joins them.
    Mixed,
}

/// What a loader hands over for one assignment.
#[derive(Clone, Debug)]
pub enum Value {
    /// This text; may be empty.
    Text(Secret),
    /// These bytes, which are not UTF-8.
    Bytes(Zeroizing<Vec<u8>>),
    /// Nothing: the variable is not set by this line.
    Absent,
    /// Something that only running a command, or knowing more than the file, could tell.
    Unknowable,
}

impl Value {
    /// The text, where there is one.
    pub fn text(&self) -> Option<&Secret> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// One `NAME=value` of the file, as this loader cut it out.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The whole of it, from the key (or `export`) to the end of the value.
    pub place: Place,
    /// The name; characters that are not UTF-8 are replaced.
    pub key: String,
    /// The value as it stands in the file, with its quotes.
    pub raw: Span,
    /// What stands around the value.
    pub quote: Quote,
    /// Whether `export` stands before it.
    pub export: bool,
    /// What the program gets.
    pub value: Value,
}

/// What is odd about a file or a line. The words of [`Problem::id`] stay stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Problem {
    /// A UTF-8 byte order mark at the start.
    ByteOrderMark,
    /// The file is UTF-16 (or UTF-32).
    WideEncoding,
    /// A byte that is not UTF-8.
    NotUtf8,
    /// A NUL byte.
    Nul,
    /// Lines end with `\r\n`.
    CarriageReturn,
    /// A `\r` without `\n`.
    LoneCarriageReturn,
    /// A quote that is not closed the way this loader wants it.
    UnterminatedQuote,
    /// A line this loader leaves out without a word.
    IgnoredLine,
    /// A line this loader complains about.
    RejectedLine,
    /// A name this loader does not take.
    BadName,
    /// A name without a value.
    NoValue,
    /// A command that the loader would run to get the value.
    CommandSubstitution,
    /// A line that a shell runs as a command.
    RunsCommand,
    /// Shell code whose effect is not followed.
    ShellCode,
    /// `$…` that this reader does not follow.
    Expansion,
    /// More text after the value, which changes or loses it.
    TrailingText,
}

impl Problem {
    /// The word by which a problem is known outside.
    pub fn id(self) -> &'static str {
        match self {
            Self::ByteOrderMark => "byte-order-mark",
            Self::WideEncoding => "wide-encoding",
            Self::NotUtf8 => "not-utf8",
            Self::Nul => "nul",
            Self::CarriageReturn => "carriage-return",
            Self::LoneCarriageReturn => "lone-carriage-return",
            Self::UnterminatedQuote => "unterminated-quote",
            Self::IgnoredLine => "ignored-line",
            Self::RejectedLine => "rejected-line",
            Self::BadName => "bad-name",
            Self::NoValue => "no-value",
            Self::CommandSubstitution => "command-substitution",
            Self::RunsCommand => "runs-command",
            Self::ShellCode => "shell-code",
            Self::Expansion => "expansion",
            Self::TrailingText => "trailing-text",
        }
    }
}

/// A problem and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What it is.
    pub problem: Problem,
    /// Where it is.
    pub place: Place,
}

/// The loader ends with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Why.
    pub problem: Problem,
    /// Where it gives up.
    pub place: Place,
}

/// A file as one loader understands it.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Whose understanding it is.
    pub dialect: Dialect,
    /// Every assignment, in the order of the file.
    pub assignments: Vec<Assignment>,
    /// What is odd, in the order of the file for each sort.
    pub diagnostics: Vec<Diagnostic>,
    /// Set where the loader ends with an error instead of reading to the end. What it had handed over before keeps its value.
    pub failure: Option<Failure>,
}

impl Reading {
    /// The assignment that decides what the program sees under this name, or none where the file gives it nothing.
    pub fn winner(&self, name: &str) -> Option<&Assignment> {
        let same = |assignment: &&Assignment| self.dialect.is_same_name(&assignment.key, name);
        let given = |assignment: &&Assignment| !matches!(assignment.value, Value::Absent);
        if self.dialect.keeps_first() {
            self.assignments.iter().filter(given).find(same)
        } else if self.dialect.forgets_by_bare_name() {
            self.assignments.iter().rev().find(same).filter(given)
        } else {
            self.assignments.iter().rev().filter(given).find(same)
        }
    }

    /// The text the program gets under this name.
    pub fn text(&self, name: &str) -> Option<&Secret> {
        self.winner(name)?.value.text()
    }

    /// Says whether a problem was found anywhere.
    pub fn has(&self, problem: Problem) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.problem == problem)
    }
}
