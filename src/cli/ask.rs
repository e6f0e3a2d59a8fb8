//! Questions to a person. Only where standard input is a terminal; otherwise an error that names the flag.
//!
//! Questions are written to stderr, or to the terminal itself where stderr leads elsewhere; never to standard output.

use std::fmt::Write as _;
use std::io::{self, BufRead, IsTerminal, Write};

use crate::error::{Error, Result};
use crate::printable;
use crate::secret::Secret;

/// Says whether there is somebody to ask.
pub fn is_possible() -> bool {
    io::stdin().is_terminal()
}

/// Fails where there is nobody to ask; `what` is what is missing, `flag` how to give it.
pub fn require(what: &str, flag: &str) -> Result<()> {
    if is_possible() {
        return Ok(());
    }
    Err(Error::usage(format!("{what} is needed, and there is no terminal to ask for it")).hint(format!("use {flag}")))
}

fn say(text: &str) -> io::Result<()> {
    let mut stderr = io::stderr();
    if !stderr.is_terminal()
        && let Some(mut terminal) = terminal()
    {
        return terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush());
    }
    stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush())
}

fn terminal() -> Option<std::fs::File> {
    let name = if cfg!(windows) { "CONOUT$" } else { "/dev/tty" };
    std::fs::OpenOptions::new().write(true).open(name).ok()
}

fn no_answer(err: &io::Error) -> Error {
    Error::new(format!("no answer: {err}")).hint("nothing was changed")
}

/// Asks for a line of text; an empty answer gives `default`.
pub fn text(question: &str, default: Option<&str>) -> Result<String> {
    let shown = match default {
        Some(default) => format!("{question} [{}]: ", printable::text(default)),
        None => format!("{question}: "),
    };
    say(&shown).map_err(|err| no_answer(&err))?;
    let mut answer = String::new();
    // A line longer than any answer is not read to its end.
    let read = io::Read::take(io::stdin().lock(), 4096).read_line(&mut answer).map_err(|err| no_answer(&err))?;
    if read == 0 {
        let _ = say("\n");
        return Err(Error::new("no answer: the terminal was closed").hint("nothing was changed"));
    }
    let answer = answer.trim();
    Ok(if answer.is_empty() { default.unwrap_or_default().to_owned() } else { answer.to_owned() })
}

/// Asks a question that is answered with no unless somebody types yes.
pub fn is_yes(question: &str) -> Result<bool> {
    Ok(matches!(text(&format!("{question} [y/N]"), None)?.to_lowercase().as_str(), "y" | "yes"))
}

/// Asks a question that is answered with yes unless somebody types something else.
pub fn is_yes_unless_no(question: &str) -> Result<bool> {
    Ok(matches!(text(&format!("{question} [Y/n]"), None)?.to_lowercase().as_str(), "" | "y" | "yes"))
}

/// Lets choose one of several, by number or by word. `fallback` is given for an empty answer.
pub fn choice(question: &str, choices: &[String], fallback: Option<usize>) -> Result<usize> {
    let mut list = String::new();
    for (at, choice) in choices.iter().enumerate() {
        let _ = writeln!(list, "{:>3}  {}", at + 1, printable::text(choice));
    }
    say(&list).map_err(|err| no_answer(&err))?;
    for _ in 0..3 {
        let default = fallback.map(|at| (at + 1).to_string());
        let answer = text(question, default.as_deref())?;
        if let Ok(number) = answer.parse::<usize>()
            && (1..=choices.len()).contains(&number)
        {
            return Ok(number - 1);
        }
        let word = |choice: &String| choice.split_whitespace().next().is_some_and(|word| word == answer);
        if let Some(at) = choices.iter().position(word) {
            return Ok(at);
        }
        let words = choices.iter().filter_map(|choice| choice.split_whitespace().next());
        let meant = match crate::suggest::nearest(&answer, words) {
            Some(word) => format!("there is no such line; did you mean `{word}`?\n"),
            None => format!("type a number from 1 to {}, or the first word of a line\n", choices.len()),
        };
        say(&meant).map_err(|err| no_answer(&err))?;
    }
    Err(Error::usage("none of the choices was taken"))
}

/// Asks for a secret; what is typed is not shown.
pub fn secret(question: &str) -> Result<Secret> {
    // The library asks first and turns the echo off then: what is pasted in between would stand on the screen.
    #[cfg(unix)]
    let _silence = Silence::begin();
    let typed = rpassword::prompt_password(format!("{question}: ")).map_err(|err| no_answer(&err))?;
    Ok(Secret::new(typed))
}

/// A terminal without echo, until dropped.
#[cfg(unix)]
struct Silence(std::fs::File, rustix::termios::Termios);

#[cfg(unix)]
impl Silence {
    /// Turns the echo off; `None` where there is no terminal, which the question then says.
    fn begin() -> Option<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let terminal = std::fs::File::open("/dev/tty").ok()?;
        let before = tcgetattr(&terminal).ok()?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        // `Now` keeps what was typed already; it may be the answer.
        tcsetattr(&terminal, OptionalActions::Now, &silent).ok()?;
        Some(Self(terminal, before))
    }
}

#[cfg(unix)]
impl Drop for Silence {
    fn drop(&mut self) {
        let _ = rustix::termios::tcsetattr(&self.0, rustix::termios::OptionalActions::Now, &self.1);
    }
}
