//! What a reader of a foreign format gives: sections of settings, each with its place and with what rewriting would take out.

use std::ops::Range;
use std::path::PathBuf;

use crate::secret::Secret;

/// The largest file that is looked at; real ones have a few kilobytes.
pub const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// Longer values hold no key.
pub const MAX_VALUE_BYTES: usize = 8 * 1024;

/// What sort of place it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// This process' environment.
    Environment,
    /// A `.env` file.
    Dotenv,
    /// A start-up file of bash, or of any `sh`.
    Bash,
    /// A start-up file of zsh.
    Zsh,
    /// A start-up file of fish.
    Fish,
    /// A profile of PowerShell.
    Powershell,
    /// Settings of Claude Code.
    Claude,
    /// `auth.json` or `config.toml` of Codex.
    Codex,
    /// `.aider.conf.yml`.
    Aider,
    /// `auth.json` or `opencode.json` of opencode.
    Opencode,
    /// The configuration of samestrin/llm-env.
    LlmEnv,
}

impl Format {
    /// Every format of a file, as `--format` takes them.
    pub const FILES: [Self; 10] = [
        Self::Dotenv,
        Self::Bash,
        Self::Zsh,
        Self::Fish,
        Self::Powershell,
        Self::Claude,
        Self::Codex,
        Self::Aider,
        Self::Opencode,
        Self::LlmEnv,
    ];

    /// Its word in `--format` and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Dotenv => "dotenv",
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Aider => "aider",
            Self::Opencode => "opencode",
            Self::LlmEnv => "llm-env",
        }
    }

    /// Finds a format of a file by its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::FILES.into_iter().find(|format| format.word() == word)
    }
}

/// What rewriting does about a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// These bytes of the file go; a comment (`# …`) in their place names the profile.
    Lines {
        /// Whole lines, without the last one's end.
        span: Range<usize>,
        /// A further line below the comment, where the tool needs to be told under which name the value now comes.
        instead: Option<&'static str>,
    },
    /// This member of a JSON file goes. JSON has no comments.
    Member(Vec<String>),
    /// It is not a file's to give up, or cannot be cut out without touching something else: why, in words.
    Not(&'static str),
}

/// One value at its place.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The variable it is, or the one that carries the same for other tools.
    pub variable: String,
    /// What the file calls it, where that is not the variable: `model_providers.lab.experimental_bearer_token`.
    pub called: Option<String>,
    /// The value as the file's readers get it, not cleaned.
    pub value: Secret,
    /// The line, from 1.
    pub line: Option<usize>,
    /// Nobody reads it: a later line of the same section sets it again, or it stands in a comment.
    pub is_overridden: bool,
    /// It stands in a comment.
    pub is_comment: bool,
    /// What rewriting does about it.
    pub cut: Cut,
}

impl Setting {
    /// What a person finds in the file.
    pub fn shown(&self) -> &str {
        self.called.as_deref().unwrap_or(&self.variable)
    }
}

/// Settings that are read together: a key is paired with a base URL of its own section alone.
#[derive(Clone, Debug)]
pub struct Section {
    /// What sort of place it is.
    pub format: Format,
    /// The file; none: the environment.
    pub path: Option<PathBuf>,
    /// In the order of the file.
    pub settings: Vec<Setting>,
}

/// Something about a file or a line that a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// The id of the finding.
    pub id: &'static str,
    /// The file; none: the environment.
    pub path: Option<PathBuf>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// One sentence, without any value.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// What one file holds.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Its sections; several where it speaks of several accounts.
    pub sections: Vec<Section>,
    /// What was odd.
    pub oddities: Vec<Oddity>,
    /// What a configuration of llm-env says of variables elsewhere.
    pub accounts: Vec<super::llm_env::Account>,
}

/// The whole lines that a span touches, without the last one's end; `None` where other text stands on them.
///
/// `is_lead` and `is_filler` say whether what stands before and after the span on its lines may go, too.
pub fn whole_lines(
    file: &[u8],
    span: Range<usize>,
    is_lead: impl Fn(&[u8]) -> bool,
    is_filler: impl Fn(&[u8]) -> bool,
) -> Option<Range<usize>> {
    let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let mark = "\u{feff}".as_bytes();
    let first = if file.starts_with(mark) { mark.len() } else { 0 };
    // To some loaders the mark is a part of the first name, and the end of the last line a part of the value.
    let begin = span.start.max(first).min(span.end);
    let last = file[begin..span.end].iter().rposition(|byte| !is_end(byte)).map_or(begin, |at| begin + at + 1);
    let span = begin..last;
    let start = file[first..span.start].iter().rposition(is_end).map_or(first, |at| first + at + 1);
    let end = file[span.end..].iter().position(is_end).map_or(file.len(), |at| span.end + at);
    (is_lead(&file[start..span.start]) && is_filler(&file[span.end..end])).then_some(start..end)
}

/// Whether there are only blanks.
pub fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' ' | b'\t'))
}
