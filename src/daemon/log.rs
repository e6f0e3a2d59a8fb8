//! The daemon's log: what happened and when, never a value.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::moment;

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
            let line = format!("{} {text}\n", moment::timestamp(moment::now()));
            self.bytes += line.len() as u64;
            // A full disk costs log lines, nothing else. In one piece, so that no line is half there.
            let _ = file.write_all(line.as_bytes());
        }
    }
}
