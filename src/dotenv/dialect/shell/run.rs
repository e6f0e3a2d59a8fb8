//! Commands to assignments.

use super::expand::Outcome;
use super::line::{Assign, Command, Join};
use super::word::{Piece, Word};
use super::{Block, Shell};
use crate::dotenv::Dialect;
use crate::dotenv::character::name_length;
use crate::dotenv::draft::{Found, Line};
use crate::dotenv::reading::{Problem, Quote};

/// Why no further line is read.
pub enum Stop {
    /// `return`.
    Quietly,
    /// An error after which the file is left.
    Broken(Problem, usize, usize),
    /// An error after which the shell itself ends.
    Shell(Problem, usize, usize),
}

/// Whether a command of a list runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Success,
    Failure,
    Unknown,
}

impl Shell<'_> {
    pub fn run_line(&mut self, commands: &[Command]) -> Result<(), Stop> {
        let mut status = Status::Success;
        for command in commands {
            match command {
                Command::Open => self.blocks.push(Block::Subshell),
                Command::Close(at) => {
                    // In a `case` it stands alone.
                    if self.blocks.last() == Some(&Block::Subshell) {
                        self.blocks.pop();
                    } else if !self.blocks.contains(&Block::Maybe) {
                        return Err(self.syntax(*at, at + 1));
                    }
                    status = Status::Unknown;
                }
                Command::Simple { join, assigns, words, is_redirected, is_apart, place } => {
                    let is_certain = match (join, status) {
                        (Join::And, Status::Failure) | (Join::Or, Status::Success) => continue,
                        (Join::And | Join::Or, Status::Unknown) => false,
                        _ => true,
                    };
                    let is_kept = !is_apart && !self.blocks.contains(&Block::Subshell);
                    let is_certain = is_certain && !self.blocks.contains(&Block::Maybe);
                    let context = Context { is_kept, is_certain: is_certain && !is_redirected, place: *place };
                    status = self.run_simple(assigns, words, &context)?;
                    if *is_redirected && words.is_empty() {
                        self.draft.note(Problem::ShellCode, place.0, place.1);
                        status = Status::Unknown;
                    }
                }
            }
        }
        Ok(())
    }

    fn syntax(&self, start: usize, end: usize) -> Stop {
        match self.dialect {
            Dialect::Dash => Stop::Shell(Problem::RejectedLine, start, end),
            _ => Stop::Broken(Problem::RejectedLine, start, end),
        }
    }

    fn run_simple(&mut self, assigns: &[Assign], words: &[Word], context: &Context) -> Result<Status, Stop> {
        let mut left = words;
        while let Some((first, rest)) = left.split_first().filter(|(first, _)| self.vanishes(first)) {
            (left, _) = (rest, first);
        }
        let words = left;
        let Some((command, arguments)) = words.split_first() else {
            let mut status = Status::Success;
            for assign in assigns {
                if !self.assign(assign, context)? {
                    status = Status::Unknown;
                }
            }
            return Ok(status);
        };
        let name = command.plain().unwrap_or_default();
        // After an assignment a reserved word is a word like any other.
        let name = if assigns.is_empty() || !is_reserved(name) { name } else { b"" };
        let may_vanish = words.len() == 1
            && command
                .pieces
                .iter()
                .all(|piece| matches!(piece, Piece::Unknown(_) | Piece::Variable(_) | Piece::Choice(..)));
        let is_special = matches!(
            name,
            b"export"
                | b"set"
                | b"unset"
                | b"readonly"
                | b":"
                | b"eval"
                | b"exec"
                | b"exit"
                | b"return"
                | b"."
                | b"shift"
                | b"trap"
        );
        let no_match = self.dialect == Dialect::Zsh && is_pattern(name) && name.len() > 1;
        let stays = (self.dialect == Dialect::Dash && is_special) || no_match;
        for assign in assigns {
            if stays {
                self.assign(assign, context)?;
            } else {
                // For that one command alone, unless the command turns out to be none.
                let value = if may_vanish && context.is_kept { Found::Unknowable } else { Found::Absent };
                self.push(assign, value, false);
            }
        }
        if context.is_kept {
            self.check_words(words, context)?;
        }
        let (start, end) = context.place;
        match name {
            b"export" | b"readonly" | b"declare" | b"typeset" | b"local" => {
                return self.declare(name, arguments, context);
            }
            b"set" => self.set(arguments),
            b"unset" => {
                for word in arguments.iter().filter_map(Word::plain).filter(|word| !word.starts_with(b"-")) {
                    self.unset(word);
                }
            }
            b":" | b"true" => {}
            b"false" => return Ok(Status::Failure),
            b"return" if context.is_certain && context.is_kept => return Err(Stop::Quietly),
            b"exit" if context.is_certain && context.is_kept => {
                return Err(Stop::Shell(Problem::ShellCode, start, end));
            }
            b"{" => self.open(Block::Group, arguments, context)?,
            b"if" | b"for" | b"while" | b"until" | b"case" | b"select" | b"function" => {
                self.draft.note(Problem::ShellCode, start, end);
                self.blocks.push(Block::Maybe);
                if name != b"for" && name != b"case" && name != b"select" && name != b"function" {
                    return self.rest(arguments, context);
                }
            }
            b"then" | b"else" | b"elif" | b"do" | b"!" | b"time"
                if !self.blocks.is_empty() || name == b"!" || name == b"time" =>
            {
                return self.rest(arguments, context);
            }
            b"fi" | b"done" | b"esac" if self.blocks.last() == Some(&Block::Maybe) => {
                self.blocks.pop();
                return Ok(Status::Unknown);
            }
            b"}" if matches!(self.blocks.last(), Some(Block::Group | Block::Maybe)) => {
                self.blocks.pop();
            }
            b"fi" | b"done" | b"esac" | b"}" | b"then" | b"else" | b"elif" | b"do" => {
                return Err(self.syntax(start, end));
            }
            _ if words.len() == 2 && words[1].plain() == Some(b"()") => {
                self.draft.note(Problem::ShellCode, start, end);
                self.blocks.push(Block::Maybe);
            }
            _ => {
                self.draft.note(Problem::RunsCommand, command.start, end);
                if matches!(name, b"eval" | b"." | b"source" | b"exec") {
                    self.draft.note(Problem::ShellCode, start, end);
                }
                return Ok(Status::Unknown);
            }
        }
        Ok(Status::Success)
    }

    /// Opens a block and runs what follows on the same line.
    fn open(&mut self, block: Block, arguments: &[Word], context: &Context) -> Result<(), Stop> {
        self.blocks.push(block);
        self.rest(arguments, context).map(|_| ())
    }

    /// Runs words after a reserved word as a command of their own.
    fn rest(&mut self, words: &[Word], context: &Context) -> Result<Status, Stop> {
        let Some(first) = words.first() else { return Ok(Status::Success) };
        let cutter = super::word::Cutter { bytes: self.bytes, shell: self.dialect };
        let end = words.last().map_or(first.end, |word| word.end);
        let inner = super::word::Cutter { bytes: &cutter.bytes[..end], shell: cutter.shell };
        match super::line::cut(&inner, first.start, true) {
            Ok((commands, _)) => self.run_line(&commands).map(|()| Status::Unknown),
            Err(super::Broken(at, problem)) => Err(Stop::Broken(problem, at, context.place.1)),
        }
    }

    /// Whether a word comes to nothing at all, so that the next one is the command.
    fn vanishes(&mut self, word: &Word) -> bool {
        if self.dialect == Dialect::Zsh && word.plain() == Some(b"-") {
            return true;
        }
        let is_bare = word.pieces.iter().all(|piece| matches!(piece, Piece::Variable(_) | Piece::Choice(..)));
        is_bare && matches!(self.expand(&word.pieces), Outcome::Text(text) if text.is_empty())
    }

    /// Looks for what ends a shell while it expands the words of a command.
    fn check_words(&mut self, words: &[Word], context: &Context) -> Result<(), Stop> {
        if self.dialect == Dialect::Zsh && words[0].plain().is_some_and(|text| text.starts_with(b"+=")) {
            return Err(Stop::Broken(Problem::BadName, context.place.0, context.place.1));
        }
        if self.dialect == Dialect::Zsh
            && words[0]
                .pieces
                .iter()
                .any(|piece| matches!(piece, Piece::Plain(text) if text.len() > 1 && is_pattern(text)))
        {
            return Err(Stop::Broken(Problem::RunsCommand, context.place.0, context.place.1));
        }
        for word in words {
            // A tilde may lead anywhere here; only what is fatal counts.
            let is_assignment = matches!(word.pieces.first(), Some(Piece::Plain(text)) if name_length(text) > 0);
            let is_fatal = matches!(self.expand_as(&word.pieces, false), Outcome::Fatal);
            let is_plain_fatal =
                is_assignment && !word.pieces.iter().any(|piece| matches!(piece, Piece::Bad | Piece::Choice(..)));
            if is_fatal && !is_plain_fatal {
                return Err(self.fatal(word.start, word.end));
            }
        }
        Ok(())
    }

    fn fatal(&self, start: usize, end: usize) -> Stop {
        match self.dialect {
            Dialect::Zsh => Stop::Broken(Problem::Expansion, start, end),
            _ => Stop::Shell(Problem::Expansion, start, end),
        }
    }

    fn set(&mut self, arguments: &[Word]) {
        let mut words = arguments.iter();
        for word in words.by_ref() {
            match word.plain() {
                Some(b"--") => break,
                Some([b'-', flags @ ..]) if !flags.is_empty() => self.exports_all |= flags.contains(&b'a'),
                Some([b'+', flags @ ..]) if flags.contains(&b'a') => self.exports_all = false,
                Some(b"allexport" | [b'+', ..]) => {}
                _ => {
                    self.has_arguments = true;
                    return;
                }
            }
        }
        self.has_arguments |= words.next().is_some();
    }

    fn unset(&mut self, name: &[u8]) {
        self.variables.insert(name.to_vec(), Found::Absent);
        for line in self.draft.lines.iter_mut().filter(|line| line.key == name) {
            line.value = Found::Absent;
        }
    }

    fn assign(&mut self, assign: &Assign, context: &Context) -> Result<bool, Stop> {
        self.assign_with(assign, context, false)
    }

    /// Does an assignment; whether its outcome is known.
    pub fn assign_with(&mut self, assign: &Assign, context: &Context, export: bool) -> Result<bool, Stop> {
        let Some(word) = &assign.value else {
            self.draft.note(Problem::ShellCode, assign.start, assign.end);
            self.push(assign, Found::Absent, export);
            return Ok(true);
        };
        let mut value = match self.expand(&word.pieces) {
            Outcome::Text(text) => Found::Given(text),
            Outcome::Unknown(problem) => {
                self.draft.note(problem, word.start, word.end);
                Found::Unknowable
            }
            // In a shell of its own it ends that one.
            Outcome::Fatal if !context.is_kept => Found::Absent,
            Outcome::Skipped => {
                self.draft.note(Problem::Expansion, word.start, word.end);
                self.push(assign, Found::Absent, export);
                return Ok(false);
            }
            Outcome::Fatal => return Err(self.fatal(assign.start, assign.end)),
        };
        let is_known = value != Found::Unknowable;
        if !context.is_kept {
            self.push(assign, Found::Absent, export);
            return Ok(is_known);
        }
        if assign.appends {
            value = match (self.look_up(&assign.key), value) {
                (Found::Given(before), Found::Given(after)) => Found::Given([before, after].concat()),
                (Found::Absent, value) => value,
                _ => Found::Unknowable,
            };
        }
        if !context.is_certain {
            value = Found::Unknowable;
        }
        self.variables.insert(assign.key.clone(), value.clone());
        let goes_out = self.exports_all || self.exported.contains(&assign.key);
        self.push(assign, if goes_out { value } else { Found::Absent }, export);
        Ok(is_known)
    }

    fn push(&mut self, assign: &Assign, value: Found, export: bool) {
        let raw = assign.value.as_ref().map_or((assign.end, assign.end), |word| (word.start, word.end));
        let quote = assign.value.as_ref().map_or(Quote::None, |word| word.quote);
        let (start, end, key) = (assign.start, assign.end, assign.key.clone());
        self.draft.lines.push(Line { start, end, key, raw, quote, export, value });
    }
}

/// Whether a word begins, parts or ends a block.
fn is_reserved(word: &[u8]) -> bool {
    matches!(
        word,
        b"{" | b"}"
            | b"!"
            | b"if"
            | b"then"
            | b"else"
            | b"elif"
            | b"fi"
            | b"for"
            | b"while"
            | b"until"
            | b"do"
            | b"done"
            | b"case"
            | b"esac"
            | b"select"
            | b"function"
            | b"time"
    )
}

/// Whether the text may stand for names of files.
fn is_pattern(text: &[u8]) -> bool {
    text.iter().any(|byte| matches!(byte, b'*' | b'?')) || (text.contains(&b'[') && text.contains(&b']'))
}

/// How a command stands in its line.
pub struct Context {
    /// Whether what it sets stays in this shell.
    pub is_kept: bool,
    /// Whether it is certain to run.
    pub is_certain: bool,
    /// Where it begins and ends.
    pub place: (usize, usize),
}
