//! `set -a; . ./.env` in bash, dash and zsh: the file is a script, and this follows what a script of assignments does.
//!
//! ```text
//! word    pieces of one word                      (the shell's quoting)
//! line    commands of one line and what joins them (`;` `&&` `||` `|` `&`)
//! expand  pieces to text, with the variables so far
//! run     commands to assignments; `export`, `set`, `unset` and their kind are followed, every other command is only named
//! ```
//! Nothing is run. A command's name is noted (a key after `NAME= ` is such a command, and ends up in an error message); what a
//! substitution, a block or a condition would give is [`Value::Unknowable`](crate::dotenv::Value::Unknowable). An open quote or a
//! syntax error ends the reading: bash and zsh keep what was set before, dash ends the shell and so the program.

mod ansi;
mod declare;
mod expand;
mod line;
mod run;
mod word;

pub(in crate::dotenv) use expand::is_own;

use std::collections::HashMap;

use crate::dotenv::Dialect;
use crate::dotenv::draft::{Draft, Found};
use crate::dotenv::environment::Environment;
use crate::dotenv::reading::{Problem, Reading};
use crate::dotenv::text::Text;

/// Where the text does not fit, and why.
#[derive(Debug)]
pub struct Broken(pub usize, pub Problem);

/// A shell as far as a file of assignments shows it.
struct Shell<'a> {
    bytes: &'a [u8],
    dialect: Dialect,
    environment: &'a Environment<'a>,
    draft: &'a mut Draft,
    /// What the file has set or unset so far.
    variables: HashMap<Vec<u8>, Found>,
    /// Names that `export` was said of.
    exported: Vec<Vec<u8>>,
    /// Whether `set -a` holds.
    exports_all: bool,
    /// Whether `set` has given `$1` and so on a meaning.
    has_arguments: bool,
    /// The blocks that are open.
    blocks: Vec<Block>,
    /// Where the line with the outermost of them begins, and how many assignments came before it.
    opened: (usize, usize),
}

/// A block of shell code.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    /// `{ … }`: as if it were not there.
    Group,
    /// `( … )`: nothing of it stays.
    Subshell,
    /// `if`, `for`, a function: may happen or not.
    Maybe,
}

pub fn read(file: &[u8], dialect: Dialect, environment: &Environment<'_>) -> Reading {
    let text = Text::plain(file);
    // bash and dash drop NUL bytes as they read.
    let text = if dialect == Dialect::Zsh { text } else { text.without_nul() };
    let mut draft = Draft::default();
    let mut shell = Shell {
        bytes: &text.bytes,
        dialect,
        environment,
        draft: &mut draft,
        variables: HashMap::new(),
        exported: Vec::new(),
        exports_all: true,
        has_arguments: false,
        blocks: Vec::new(),
        opened: (0, 0),
    };
    shell.run();
    if dialect == Dialect::Zsh {
        super::npm::cut_at_nul(&mut draft);
    }
    draft.finish(&text, dialect, false)
}

impl Shell<'_> {
    fn run(&mut self) {
        let mut position = 0;
        while position < self.bytes.len() {
            let cutter = word::Cutter { bytes: self.bytes, shell: self.dialect };
            let (commands, next) =
                match line::cut(&cutter, position, self.blocks.iter().any(|block| *block != Block::Group)) {
                    Ok(line) => line,
                    Err(Broken(at, problem)) => return self.give_up(problem, at, self.bytes.len()),
                };
            if self.blocks.is_empty() {
                self.opened = (position, self.draft.lines.len());
            }
            if let Err(stop) = self.run_line(&commands) {
                match stop {
                    run::Stop::Quietly => {}
                    run::Stop::Broken(problem, start, end) => self.give_up(problem, start, end),
                    run::Stop::Shell(problem, start, end) => self.draft.fail_whole(problem, start, end),
                }
                return;
            }
            position = next.max(position + 1);
        }
        if !self.blocks.is_empty() {
            // A block that never ends was never run, nor what stands before it on its line.
            let (start, first) = self.opened;
            self.give_up(Problem::ShellCode, start, self.bytes.len());
            self.draft.lines[first..].iter_mut().for_each(|line| line.value = Found::Absent);
        }
    }

    /// The shell reads no further.
    fn give_up(&mut self, problem: Problem, start: usize, end: usize) {
        if self.dialect == Dialect::Dash {
            self.draft.fail_whole(problem, start, end);
        } else {
            self.draft.fail(problem, start, end);
        }
    }
}
