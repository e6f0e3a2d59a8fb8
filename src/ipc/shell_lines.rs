//! The lines that a shell's hook and the daemon exchange: data only, nothing of it is ever evaluated.
//!
//! A request is one line of fields separated by tabs, so that zsh and PowerShell can write it with builtins:
//! ```text
//! hook 1<TAB>shell=zsh<TAB>pid=4242<TAB>start=987654<TAB>why=prompt<TAB>cwd=/home/me/src<TAB>reason=pin<TAB>…<LF>
//! ```
//! Percent, tab, line feed and carriage return in a value are `%25`, `%09`, `%0A`, `%0D`; a `var=` field holds `NAME=value`,
//! or `NAME` alone where the variable is not set.
//!
//! The answer is lines of `WORD<TAB>…`, closed by `end<TAB>GENERATION`; without that line nothing of it counts:
//! ```text
//! shell<TAB>4242.987654                       which shell this is: the name of its generation file
//! state<TAB>apply<TAB>pin<TAB>work<TAB>0<TAB>9f2c41aa    effect, reason, profile (`-`: none), lease end (0: none), mark (`-`: none)
//! yours<TAB>NAME                              an inherited value that llmenv never served
//! pipes<TAB>PATH                              where it can ask without a process (see `daemon::pipes`)
//! unset<TAB>NAME
//! set<TAB>NAME<TAB>VALUE                      addresses first, keys last
//! say<TAB>TEXT                                one line for the person
//! end<TAB>BOOT:COUNTER
//! ```

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::env_patch::{is_servable, is_served_name};
use crate::secret::Secret;

/// The version in the first field of a request.
pub const LINES_VERSION: &str = "hook 1";

/// The fields of a request.
const FIELDS: &[&str] = &[
    "shell", "pid", "start", "why", "cwd", "reason", "profile", "lease", "mark", "from", "signals", "pipes", "names",
    "var",
];

/// Why the profile that is active is active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// `llmenv use` in this shell or one it descends from.
    Shell,
    /// An allowed `.llmenv.toml`.
    Pin,
    /// A `[[directory]]` rule of the user's configuration.
    Rule,
    /// The configuration's `default`.
    Default,
    /// `llmenv off`.
    Off,
    /// Somebody else changed half of a pair; llmenv took its half out.
    Released,
    /// Nothing says which.
    #[default]
    None,
}

impl Reason {
    /// Its word in states and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::Pin => "pin",
            Self::Rule => "rule",
            Self::Default => "default",
            Self::Off => "off",
            Self::Released => "released",
            Self::None => "none",
        }
    }

    /// Reads [`Reason::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Shell, Self::Pin, Self::Rule, Self::Default, Self::Off, Self::Released, Self::None]
            .into_iter()
            .find(|reason| reason.word() == word)
    }
}

/// Why a shell asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Why {
    /// The first prompt of a shell.
    Start,
    /// The directory or the generation changed.
    #[default]
    Prompt,
    /// A command is about to run and the generation changed: new values of the applied profile, nothing else.
    Push,
    /// Somebody changed a variable that llmenv had set.
    Changed,
    /// `llmenv use`, `off` and the like: apply now what the request says.
    Choose,
}

impl Why {
    const WORDS: [(&'static str, Self); 5] = [
        ("start", Self::Start),
        ("prompt", Self::Prompt),
        ("push", Self::Push),
        ("changed", Self::Changed),
        ("choose", Self::Choose),
    ];
}

/// A shell's process, told apart from a later one with the same number by its start time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ShellId {
    /// The process id.
    pub pid: u32,
    /// When it started, in the system's own unit; 0 where unknown.
    pub start: u64,
}

impl std::fmt::Display for ShellId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.pid, self.start)
    }
}

impl std::str::FromStr for ShellId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (pid, start) = text.split_once('.').ok_or(())?;
        Ok(Self { pid: pid.parse().map_err(drop)?, start: start.parse().map_err(drop)? })
    }
}

/// What a shell tells about itself.
#[derive(Clone, Debug, Default)]
pub struct ShellRequest {
    /// `bash`, `zsh`, `fish`, `powershell`.
    pub shell: String,
    /// Which shell asks.
    pub id: ShellId,
    /// Why it asks.
    pub why: Why,
    /// Its working directory.
    pub cwd: PathBuf,
    /// The reason in its state.
    pub reason: Reason,
    /// The profile applied, or chosen with [`Why::Choose`].
    pub profile: Option<String>,
    /// When the lease ends, in seconds since 1970; 0: none.
    pub lease_end: u64,
    /// What a released shell was released from (see `resolve::mark`).
    pub mark: String,
    /// The shell named in the state, where that is another one.
    pub from: Option<ShellId>,
    /// Whether it has a handler for the push signal.
    pub signals: bool,
    /// Whether it can ask through named pipes and has none yet.
    pub pipes: bool,
    /// Names that llmenv set in it.
    pub names: Vec<String>,
    /// Present values: of all `names` at the start, of those changed by somebody else later.
    pub values: Vec<(String, Option<Secret>)>,
}

impl ShellRequest {
    /// Writes the request, with its line feed.
    pub fn encode(&self) -> String {
        let mut line = String::from(LINES_VERSION);
        let mut field = |name: &str, value: &str| {
            line.push('\t');
            line.push_str(name);
            line.push('=');
            escape(value, &mut line);
        };
        field("shell", &self.shell);
        field("pid", &self.id.pid.to_string());
        field("start", &self.id.start.to_string());
        let why = Why::WORDS.iter().find(|(_, why)| *why == self.why).map_or("prompt", |(word, _)| word);
        field("why", why);
        field("cwd", &self.cwd.to_string_lossy());
        field("reason", self.reason.word());
        field("profile", self.profile.as_deref().unwrap_or("-"));
        field("lease", &self.lease_end.to_string());
        field("mark", if self.mark.is_empty() { "-" } else { &self.mark });
        if let Some(from) = self.from {
            field("from", &from.to_string());
        }
        field("signals", if self.signals { "1" } else { "0" });
        if self.pipes {
            field("pipes", "1");
        }
        field("names", &self.names.join(","));
        for (name, value) in &self.values {
            match value {
                Some(value) => field("var", &format!("{name}={}", value.expose())),
                None => field("var", name),
            }
        }
        line.push('\n');
        line
    }

    /// Reads a request line; the error says what is wrong without repeating the line.
    pub fn decode(line: &str) -> Result<Self, String> {
        let mut fields = line.trim_end_matches('\n').split('\t');
        if fields.next() != Some(LINES_VERSION) {
            return Err(format!("a hook request starts with `{LINES_VERSION}`"));
        }
        let mut request = Self::default();
        for field in fields {
            let (name, value) = field.split_once('=').ok_or("a field without `=`")?;
            let value = unescape(value);
            // What came in may be half a key: only names of ours are repeated.
            let wrong = || match FIELDS.iter().find(|known| **known == name) {
                Some(known) => format!("the field `{known}` is wrong"),
                None => "a field that this version does not know".to_owned(),
            };
            match name {
                "shell" => request.shell = value,
                "pid" => request.id.pid = value.parse().map_err(|_| wrong())?,
                "start" => request.id.start = value.parse().map_err(|_| wrong())?,
                "why" => request.why = Why::WORDS.iter().find(|(word, _)| *word == value).ok_or_else(wrong)?.1,
                "cwd" => request.cwd = PathBuf::from(value),
                "reason" => request.reason = Reason::from_word(&value).ok_or_else(wrong)?,
                "profile" => request.profile = some(value),
                "lease" => request.lease_end = value.parse().map_err(|_| wrong())?,
                "mark" => request.mark = some(value).unwrap_or_default(),
                "from" => request.from = Some(value.parse().map_err(|()| wrong())?),
                "signals" => request.signals = value == "1",
                "pipes" => request.pipes = value == "1",
                "names" => request.names = value.split(',').filter(|n| !n.is_empty()).map(str::to_owned).collect(),
                "var" => request.values.push(match value.split_once('=') {
                    Some((name, value)) => (name.to_owned(), Some(Secret::new(value))),
                    None => (value, None),
                }),
                _ => return Err(wrong()),
            }
        }
        if request.id.pid == 0 {
            return Err("a hook request needs `pid`".into());
        }
        Ok(request)
    }
}

fn some(value: String) -> Option<String> {
    (!value.is_empty() && value != "-").then_some(value)
}

/// Whether the shell is to change anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Effect {
    /// The variables that follow, and no others, are to be llmenv's.
    #[default]
    Apply,
    /// Leave every variable as it is.
    Keep,
}

/// What a shell is to do.
#[derive(Clone, Debug, Default)]
pub struct ShellReply {
    /// Which shell it is.
    pub id: ShellId,
    /// Whether anything changes.
    pub effect: Effect,
    /// The new reason.
    pub reason: Reason,
    /// The new profile.
    pub profile: Option<String>,
    /// When the lease ends, in seconds since 1970; 0: none.
    pub lease_end: u64,
    /// What a released shell was released from.
    pub mark: String,
    /// Where it can ask without a process.
    pub pipes: Option<PathBuf>,
    /// Inherited names whose values are the user's.
    pub yours: Vec<String>,
    /// What to set and unset, in the order in which it is safe to do so.
    pub vars: Vec<(String, Option<Secret>)>,
    /// Lines for the person.
    pub says: Vec<String>,
    /// The generation that this answer brings the shell to.
    pub generation: String,
}

impl ShellReply {
    /// Writes the answer. A value that a line cannot carry is left out with its whole answer: `None`.
    pub fn encode(&self) -> Option<zeroize::Zeroizing<String>> {
        let mut text = zeroize::Zeroizing::new(String::with_capacity(1024));
        let _ = writeln!(text, "shell\t{}", self.id);
        let effect = if self.effect == Effect::Keep { "keep" } else { "apply" };
        let _ = writeln!(
            text,
            "state\t{effect}\t{}\t{}\t{}\t{}",
            self.reason.word(),
            self.profile.as_deref().unwrap_or("-"),
            self.lease_end,
            if self.mark.is_empty() { "-" } else { &self.mark }
        );
        if let Some(path) = self.pipes.as_ref().and_then(|path| path.to_str()).filter(|path| is_servable(path)) {
            let _ = writeln!(text, "pipes\t{path}");
        }
        for name in &self.yours {
            let _ = writeln!(text, "yours\t{name}");
        }
        for (name, value) in &self.vars {
            match value {
                Some(value) if is_servable(value.expose()) => {
                    let _ = writeln!(text, "set\t{name}\t{}", value.expose());
                }
                Some(_) => return None,
                None => {
                    let _ = writeln!(text, "unset\t{name}");
                }
            }
        }
        for line in &self.says {
            let _ = writeln!(text, "say\t{}", crate::printable::line(line));
        }
        let _ = writeln!(text, "end\t{}", self.generation);
        Some(text)
    }
}

/// The longest answer that a shell is given, in bytes. Real ones have two thousand; bash takes a long one apart slowly.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Says whether an answer is of this grammar through and through: the client's check of what a daemon sent, before a shell
/// sees any of it.
pub fn is_well_formed(answer: &str) -> bool {
    let mut lines = answer.lines();
    let ended = lines.next_back().is_some_and(|last| last.starts_with("end\t") && !last.chars().any(|c| c == ' '));
    let mut states = 0;
    let is_word =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    let well_formed = answer.len() <= MAX_ANSWER_BYTES
        && !answer.chars().any(|c| c.is_control() && c != '\t' && c != '\n')
        && lines.all(|line| match line.split_once('\t') {
            Some(("shell", id)) => id.parse::<ShellId>().is_ok(),
            Some(("state", rest)) => {
                states += 1;
                rest.split('\t').count() == 5 && rest.split('\t').all(is_word)
            }
            Some(("pipes", path)) => path.starts_with('/') && is_servable(path),
            Some(("yours" | "unset", name)) => is_served_name(name),
            Some(("set", rest)) => {
                rest.split_once('\t').is_some_and(|(name, value)| is_served_name(name) && is_servable(value))
            }
            Some(("say", text)) => !text.chars().any(crate::printable::is_unprintable),
            _ => false,
        });
    ended && well_formed && states == 1
}

fn escape(value: &str, line: &mut String) {
    for c in value.chars() {
        match c {
            '%' => line.push_str("%25"),
            '\t' => line.push_str("%09"),
            '\n' => line.push_str("%0A"),
            '\r' => line.push_str("%0D"),
            c => line.push(c),
        }
    }
}

fn unescape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        let known = [("%25", '%'), ("%09", '\t'), ("%0A", '\n'), ("%0D", '\r')];
        if let Some((_, c)) = known.iter().find(|(code, _)| rest[at..].starts_with(code)) {
            text.push(*c);
            rest = &rest[at + 3..];
        } else {
            text.push('%');
            rest = &rest[at + 1..];
        }
    }
    text.push_str(rest);
    text
}
