//! The daemon's log: what happened and when, never a value.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The size at which the log starts anew; one earlier file is kept beside it.
const MAX_LOG_BYTES: u64 = 512 * 1024;

/// Writes lines to the log, or nowhere where there is none.
pub struct Log {
    path: PathBuf,
    file: Option<File>,
    bytes: u64,
    to_stderr: bool,
}

impl Log {
    /// Opens the log for appending.
    pub fn open(path: &Path, to_stderr: bool) -> Self {
        let mut log = Self { path: path.to_owned(), file: None, bytes: 0, to_stderr };
        log.reopen();
        log
    }

    /// A log that keeps nothing, for commands that run without a daemon.
    pub fn none() -> Self {
        Self { path: PathBuf::new(), file: None, bytes: 0, to_stderr: false }
    }

    fn reopen(&mut self) {
        self.file = crate::paths::private_options().append(true).open(&self.path).ok();
        self.bytes = self.file.as_ref().and_then(|file| file.metadata().ok()).map_or(0, |meta| meta.len());
    }

    /// Writes one line. What it is given holds names, numbers and reasons, never a value of a variable.
    pub fn line(&mut self, text: &str) {
        let text = crate::printable::line(text);
        if self.to_stderr {
            // A closed terminal is no reason to stop.
            let _ = writeln!(std::io::stderr(), "llmenv: {text}");
        }
        if self.bytes > MAX_LOG_BYTES && std::fs::rename(&self.path, self.path.with_extension("log.1")).is_ok() {
            self.reopen();
        }
        if let Some(file) = &mut self.file {
            let line = format!("{} {text}\n", timestamp(SystemTime::now()));
            self.bytes += line.len() as u64;
            // A full disk costs log lines, nothing else. In one piece, so that no line is half there.
            let _ = file.write_all(line.as_bytes());
        }
    }
}

/// `2026-11-21T05:00:29Z`, by the civil-from-days rule of the proleptic Gregorian calendar.
fn timestamp(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days since 0000-03-01, in eras of 400 years (146,097 days).
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3_600, rest % 3_600 / 60, rest % 60)
}
