//! The file by which every client of one user finds the one daemon, however it was started.
//!
//! ```text
//! llmenv 1                                   protocol version of this file
//! pid 4242
//! boot 9f2c41aa03d17be5                      names this run of the daemon
//! version 0.1.0
//! socket /run/user/1000/llmenv/daemon.sock   always the last line
//! ```
//! zsh reads it with builtins, so it stays line by line.

use std::path::PathBuf;

/// Where the running daemon listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Its process.
    pub pid: u32,
    /// The name of this run.
    pub boot: String,
    /// The version of its program.
    pub version: String,
    /// Its socket, or the name of its pipe.
    pub socket: PathBuf,
}

impl Address {
    /// Writes the file's text.
    pub fn encode(&self) -> String {
        format!(
            "llmenv 1\npid {}\nboot {}\nversion {}\nsocket {}\n",
            self.pid,
            self.boot,
            self.version,
            self.socket.display()
        )
    }

    /// Reads the file's text; `None` for anything else.
    pub fn decode(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        (lines.next()? == "llmenv 1").then_some(())?;
        let pid = lines.next()?.strip_prefix("pid ")?.parse().ok()?;
        let boot = lines.next()?.strip_prefix("boot ")?.to_owned();
        let version = lines.next()?.strip_prefix("version ")?.to_owned();
        let socket = PathBuf::from(lines.next()?.strip_prefix("socket ")?);
        Some(Self { pid, boot, version, socket })
    }
}
