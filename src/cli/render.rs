//! The only writer to the terminal: lines and tables for people, JSON for programs, errors on stderr.
//!
//! Colour goes where a terminal is and `NO_COLOR`, `CLICOLOR` and `CLICOLOR_FORCE` allow it. A reader that went away
//! (`| head`) ends nothing: what was begun is finished, in silence.

use std::fmt::{Display, Write as _};
use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::ipc::protocol::{Finding, Severity};
use crate::printable;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const ODD: Style = AnsiColor::Yellow.on_default().bold();
const STRONG: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();

/// The first failure to write to standard output other than a reader that went away.
static WRITE_FAILURE: Mutex<Option<io::ErrorKind>> = Mutex::new(None);

/// Whether standard output is a shell's to read, so that everything for people goes to stderr.
static TO_STDERR: AtomicBool = AtomicBool::new(false);

/// Sends everything to stderr from now on: standard output is data for the shell's function.
pub fn everything_to_stderr() {
    TO_STDERR.store(true, Ordering::Relaxed);
}

fn out(text: &str) {
    if TO_STDERR.load(Ordering::Relaxed) {
        return err(text);
    }
    let mut stdout = anstream::stdout().lock();
    if let Err(err) = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
        && err.kind() != io::ErrorKind::BrokenPipe
        && let Ok(mut failure) = WRITE_FAILURE.lock()
    {
        failure.get_or_insert(err.kind());
    }
}

fn err(text: &str) {
    let mut stderr = anstream::stderr().lock();
    // Nobody is left to be told.
    let _ = stderr.write_all(text.as_bytes());
}

/// Fails if standard output took less than it was given (a full disk); called once, at the end.
pub fn finish() -> Result<()> {
    match WRITE_FAILURE.lock().ok().and_then(|failure| *failure) {
        Some(kind) => Err(Error::new(format!("cannot write to standard output: {kind}"))),
        None => Ok(()),
    }
}

/// Writes a line to standard output.
pub fn line(text: impl Display) {
    out(&format!("{text}\n"));
}

/// Writes text as it is to standard output: scripts, formats, a revealed key.
pub fn raw(text: &str) {
    out(text);
}

/// Writes a line about what was done to stderr, so that standard output holds the result alone.
pub fn note(text: impl Display) {
    err(&format!("{text}\n"));
}

/// Writes text that may hold a secret to stderr as it is: the masking commands of a CI runner.
pub fn secret_note(text: &str) {
    err(text);
}

/// Writes a line about something odd to stderr.
pub fn warning(text: impl Display) {
    err(&format!("{ODD}warning:{ODD:#} {text}\n"));
}

/// Writes a hint to stderr.
pub fn hint(text: impl Display) {
    err(&format!("{FAINT}hint:{FAINT:#} {text}\n"));
}

/// Shows on a terminal that something takes its time, until it is dropped. Where no person watches, nothing is written.
pub struct Progress(bool);

impl Progress {
    /// Shows this, on a line of its own that goes away again.
    pub fn show(text: impl Display) -> Self {
        let is_watched = io::IsTerminal::is_terminal(&io::stderr());
        if is_watched {
            err(&format!("{FAINT}{text}{FAINT:#}"));
        }
        Self(is_watched)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.0 {
            // To the line's beginning, and clear it: not through the stream that takes escapes out.
            let _ = io::stderr().write_all(b"\r\x1b[K");
        }
    }
}

/// Writes JSON to standard output, with its line feed. Characters that a terminal would obey, or that nobody sees, are escaped, so that
/// names of files say the same and do nothing.
pub fn json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string(value).map_err(|err| Error::new(format!("cannot write JSON: {err}")))?;
    if !text.contains(printable::is_unprintable) {
        line(text);
        return Ok(());
    }
    let mut escaped = String::with_capacity(text.len() + 64);
    let mut units = [0; 2];
    for c in text.chars() {
        if printable::is_unprintable(c) {
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    line(escaped);
    Ok(())
}

/// Writes an error to stderr.
pub fn error(error: &Error) {
    let mut text = format!("{BAD}error:{BAD:#} {}\n", printable::line(&error.message));
    for place in &error.at {
        let _ = writeln!(text, "  {FAINT}-->{FAINT:#} {}", printable::line(place));
    }
    for hint in &error.hints {
        let _ = writeln!(text, "{GOOD}hint:{GOOD:#} {}", printable::line(hint));
    }
    err(&text);
}

/// Writes what clap has to say: help and version to standard output, mistakes to stderr; gives the exit code.
pub fn usage(error: &clap::Error) -> u8 {
    let text = error.render().ansi().to_string();
    if error.use_stderr() {
        err(&text);
        2
    } else {
        out(&text);
        0
    }
}

/// Writes findings to standard output, one line each with their hint below.
pub fn findings(findings: &[Finding]) {
    for told in findings {
        finding(told.severity, &told.message);
        if let Some(place) = &told.origin {
            arrow(&place_text(&place.path, place.line));
        }
        if let Some(hint) = &told.hint {
            advice(hint);
        }
    }
}

/// Writes the sentence of a finding to standard output.
pub fn finding(severity: Severity, message: &str) {
    let (style, word) = match severity {
        Severity::Error => (BAD, "error"),
        Severity::Warning => (ODD, "warning"),
        Severity::Info => (FAINT, "info"),
    };
    line(format_args!("{style}{word}:{style:#} {}", printable::line(message)));
}

/// Writes a place below a finding.
pub fn arrow(place: &str) {
    line(format_args!("  {FAINT}-->{FAINT:#} {}", printable::line(place)));
}

/// Writes what to do about a finding.
pub fn advice(text: &str) {
    line(format_args!("{FAINT}hint:{FAINT:#} {}", printable::line(text)));
}

/// Words a place: `~/src/.llmenv.toml:3`.
pub fn place_text(path: &std::path::Path, line: Option<usize>) -> String {
    match line {
        Some(line) => format!("{}:{line}", printable::path(path)),
        None => printable::path(path),
    }
}

/// Makes a name stand out.
pub fn strong(text: &str) -> String {
    format!("{STRONG}{}{STRONG:#}", printable::text(text))
}

/// Lines of `name  value`, the names in one column. Pairs without a value are left out.
pub fn fields(fields: &[(&str, Option<String>)]) {
    let shown: Vec<_> = fields.iter().filter_map(|(name, value)| Some((*name, value.as_ref()?))).collect();
    let width = shown.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, value) in shown {
        line(format_args!("{FAINT}{name:width$}{FAINT:#}  {value}"));
    }
}

/// Rows of cells aligned by their characters. Cells are made printable; the first row is the heading.
pub fn table(heading: &[&str], rows: &[Vec<String>]) {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| printable::text(cell)).collect()).collect();
    let mut widths: Vec<usize> = heading.iter().map(|cell| width(cell)).collect();
    for row in &rows {
        for (at, cell) in row.iter().enumerate() {
            widths[at] = widths[at].max(width(cell));
        }
    }
    let heading: Vec<String> = heading.iter().map(|&cell| cell.to_owned()).collect();
    line(format_args!("{FAINT}{}{FAINT:#}", padded(&heading, &widths)));
    for row in &rows {
        line(padded(row, &widths));
    }
}

fn padded(row: &[String], widths: &[usize]) -> String {
    let mut text = String::new();
    for (at, cell) in row.iter().enumerate() {
        text.push_str(cell);
        if at + 1 < row.len() {
            text.extend(std::iter::repeat_n(' ', widths[at].saturating_sub(width(cell)) + 2));
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// Columns that a text takes: two for the wide scripts of East Asia and for most emoji, none for marks that combine.
fn width(text: &str) -> usize {
    text.chars()
        .map(|c| match u32::from(c) {
            0x300..=0x36f | 0x1ab0..=0x1aff | 0x20d0..=0x20ff | 0xfe20..=0xfe2f => 0,
            0x1100..=0x115f
            | 0x2e80..=0x303e
            | 0x3041..=0xa4cf
            | 0xac00..=0xd7a3
            | 0xf900..=0xfaff
            | 0xfe30..=0xfe6f
            | 0xff00..=0xff60
            | 0xffe0..=0xffe6
            | 0x1f300..=0x1f64f
            | 0x1f680..=0x1f6ff
            | 0x1f900..=0x1f9ff
            | 0x20000..=0x3fffd => 2,
            _ => 1,
        })
        .sum()
}
