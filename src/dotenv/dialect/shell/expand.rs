//! Pieces to text.

use super::Shell;
use super::word::{Operator, Piece};
use crate::dotenv::Dialect;
use crate::dotenv::draft::Found;
use crate::dotenv::reading::Problem;

/// What a word comes to.
pub enum Outcome {
    /// This text.
    Text(Vec<u8>),
    /// It cannot be known, and why.
    Unknown(Problem),
    /// The shell ends with an error.
    Fatal,
    /// bash complains and goes on with the next command.
    Skipped,
}

/// Variables that a shell sets itself and that no file is needed for.
const OWN: &[&[u8]] = &[
    b"BASH",
    b"BASHPID",
    b"BASH_VERSION",
    b"BASH_SOURCE",
    b"COLUMNS",
    b"CPUTYPE",
    b"DIRSTACK",
    b"EGID",
    b"EPOCHSECONDS",
    b"EUID",
    b"FUNCNAME",
    b"GID",
    b"GROUPS",
    b"HISTCMD",
    b"HISTSIZE",
    b"HOST",
    b"HOSTNAME",
    b"HOSTTYPE",
    b"IFS",
    b"LINENO",
    b"LINES",
    b"LOGNAME",
    b"MACHTYPE",
    b"MODULE_PATH",
    b"NULLCMD",
    b"OLDPWD",
    b"OPTARG",
    b"OPTERR",
    b"OPTIND",
    b"OSTYPE",
    b"PATH",
    b"PIPESTATUS",
    b"PPID",
    b"PS1",
    b"PS2",
    b"PS4",
    b"PWD",
    b"RANDOM",
    b"SECONDS",
    b"SHELL",
    b"SHLVL",
    b"SHELLOPTS",
    b"SRANDOM",
    b"TERM",
    b"TTY",
    b"UID",
    b"USERNAME",
    b"VENDOR",
    b"ZSH_NAME",
    b"ZSH_VERSION",
    b"_",
];
/// Those that only zsh has, many of them as arrays.
const OWN_IN_ZSH: &[&[u8]] = &[
    b"0",
    b"ARGC",
    b"argv",
    b"cdpath",
    b"fignore",
    b"fpath",
    b"histchars",
    b"mailpath",
    b"manpath",
    b"module_path",
    b"path",
    b"pipestatus",
    b"prompt",
    b"psvar",
    b"signals",
    b"status",
    b"watch",
    b"zsh_eval_context",
    b"HISTCHARS",
    b"WORDCHARS",
];

/// Whether a shell has a variable of this name for itself.
pub fn is_own(name: &[u8]) -> bool {
    OWN.contains(&name) || OWN_IN_ZSH.contains(&name) || name.starts_with(b"BASH")
}

impl Shell<'_> {
    /// Expands the value of an assignment.
    pub fn expand(&mut self, pieces: &[Piece]) -> Outcome {
        self.expand_as(pieces, true)
    }

    /// Expands a word, as the value of an assignment or as an argument: in the former a colon begins a new part.
    pub fn expand_as(&mut self, pieces: &[Piece], is_value: bool) -> Outcome {
        let mut out = Vec::new();
        // Where `~` and `=` stand without quotes: zsh looks at them when everything else is expanded.
        let mut marks = Vec::new();
        for (index, piece) in pieces.iter().enumerate() {
            match piece {
                Piece::Plain(text) if self.dialect == Dialect::Zsh => {
                    let found = text.iter().enumerate().filter(|(_, byte)| matches!(byte, b'~' | b'='));
                    marks.extend(found.map(|(at, _)| out.len() + at));
                    out.extend_from_slice(text);
                }
                Piece::Plain(text) => {
                    let is_last = index + 1 == pieces.len();
                    if let Err(outcome) = self.plain(text, index == 0, is_last, &mut out) {
                        return outcome;
                    }
                }
                Piece::Quoted(text) => out.extend_from_slice(text),
                Piece::Bad if self.dialect == Dialect::Bash => return Outcome::Skipped,
                Piece::Bad => return Outcome::Fatal,
                Piece::Variable(name) => match self.look_up(name) {
                    Found::Given(value) => out.extend_from_slice(&value),
                    Found::Absent => {}
                    Found::Unknowable => return Outcome::Unknown(Problem::Expansion),
                },
                Piece::Choice(name, operator, word) => match self.choose(name, *operator, word) {
                    Outcome::Text(text) => out.extend_from_slice(&text),
                    other => return other,
                },
                Piece::Unknown(_) if marks.first() == Some(&0) && out.first() == Some(&b'=') => return Outcome::Fatal,
                Piece::Unknown(problem) => return Outcome::Unknown(*problem),
            }
        }
        self.resolve_marks(out, &marks, is_value)
    }

    /// What zsh does with a `~` or `=` at the start or after a colon.
    fn resolve_marks(&self, mut out: Vec<u8>, marks: &[usize], is_value: bool) -> Outcome {
        for &mark in marks.iter().rev() {
            if mark > 0 && (out[mark - 1] != b':' || !is_value) {
                continue;
            }
            let rest = &out[mark + 1..];
            let colon = rest.iter().position(|byte| *byte == b':').filter(|_| is_value);
            let length = colon.unwrap_or(rest.len());
            if out[mark] == b'=' {
                if length > 0 {
                    // The path of a command stands there; by that name there is none.
                    return Outcome::Fatal;
                }
                continue;
            }
            let name = &rest[..rest[..length].iter().position(|byte| *byte == b'/').unwrap_or(length)];
            match name.first() {
                None => {
                    let Found::Given(home) = self.look_up(b"HOME") else { return Outcome::Unknown(Problem::Expansion) };
                    out.splice(mark..=mark, home);
                }
                // A person's home, or a shell that stops because there is nobody by that name.
                Some(first) if first.is_ascii_alphabetic() || matches!(first, b'_' | b'+' | b'-') => {
                    return Outcome::Unknown(Problem::Expansion);
                }
                Some(first) if first.is_ascii_digit() || super::word::is_letter(name, 0) => return Outcome::Fatal,
                Some(_) => {}
            }
        }
        Outcome::Text(out)
    }

    /// Puts plain text out in bash and dash, with a tilde at its start or after a colon as the home directory.
    fn plain(&self, text: &[u8], is_first: bool, is_last: bool, out: &mut Vec<u8>) -> Result<(), Outcome> {
        let mut is_start = is_first;
        for (position, &byte) in text.iter().enumerate() {
            if is_start && byte == b'~' {
                let part = &text[position..];
                let end = part.iter().position(|b| matches!(b, b'/' | b':')).unwrap_or(part.len());
                let is_whole = end < part.len() || is_last;
                let Found::Given(home) = self.look_up(b"HOME") else {
                    return Err(Outcome::Unknown(Problem::Expansion));
                };
                if end > 1 || !is_whole {
                    return Err(Outcome::Unknown(Problem::Expansion));
                }
                out.extend_from_slice(&home);
            } else {
                out.push(byte);
            }
            is_start = byte == b':';
        }
        Ok(())
    }

    fn choose(&mut self, name: &[u8], operator: Operator, word: &[Piece]) -> Outcome {
        let found = self.look_up(name);
        let (Operator::Default(is_strict)
        | Operator::Assign(is_strict)
        | Operator::Alternative(is_strict)
        | Operator::Require(is_strict)) = operator;
        let counts = match &found {
            Found::Given(value) => !is_strict || !value.is_empty(),
            Found::Absent => false,
            Found::Unknowable => return Outcome::Unknown(Problem::Expansion),
        };
        let value = match found {
            Found::Given(value) => value,
            _ => Vec::new(),
        };
        match operator {
            Operator::Alternative(_) if counts => self.expand_word(word),
            Operator::Alternative(_) => Outcome::Text(Vec::new()),
            _ if counts => Outcome::Text(value),
            Operator::Require(_) => Outcome::Fatal,
            Operator::Assign(_) => {
                let outcome = self.expand_word(word);
                let value = match &outcome {
                    Outcome::Text(text) => Found::Given(text.clone()),
                    _ => Found::Unknowable,
                };
                self.variables.insert(name.to_vec(), value);
                outcome
            }
            Operator::Default(_) => self.expand_word(word),
        }
    }

    /// A word inside braces: a tilde there is not followed.
    fn expand_word(&mut self, word: &[Piece]) -> Outcome {
        let is_special = |byte: &u8| *byte == b'~' || (*byte == b'=' && self.dialect == Dialect::Zsh);
        if matches!(word.first(), Some(Piece::Plain(text)) if text.first().is_some_and(is_special)) {
            return Outcome::Unknown(Problem::Expansion);
        }
        let quoted: Vec<Piece> = word
            .iter()
            .map(|piece| match piece {
                Piece::Plain(text) => Piece::Quoted(text.clone()),
                other => other.clone(),
            })
            .collect();
        self.expand(&quoted)
    }

    /// The value of a variable.
    pub fn look_up(&self, name: &[u8]) -> Found {
        match name {
            [b'@' | b'*'] | [b'1'..=b'9', ..] if !self.has_arguments => return Found::Absent,
            [b'#'] if !self.has_arguments => return Found::Given(b"0".to_vec()),
            [first, ..] if !first.is_ascii_alphabetic() && *first != b'_' => return Found::Unknowable,
            _ => {}
        }
        if let Some(value) = self.variables.get(name) {
            return value.clone();
        }
        if OWN.contains(&name) && !matches!(name, b"PATH" | b"SHELL" | b"TERM" | b"LOGNAME") {
            return Found::Unknowable;
        }
        if self.dialect == Dialect::Zsh && OWN_IN_ZSH.contains(&name) {
            return Found::Unknowable;
        }
        match self.environment.get(name) {
            Some(value) => Found::Given(value),
            None if OWN.contains(&name) => Found::Unknowable,
            None => Found::Absent,
        }
    }
}
