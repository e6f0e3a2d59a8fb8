//! A short program of the system's, run to its end within a deadline: its status and what it said.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// How long it may take; `systemctl` itself gives up after 25 s.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most that is read of what it says.
const MAX_SAID_BYTES: u64 = 16 * 1024;

/// What it left.
pub struct Said {
    /// Whether its status was 0.
    pub is_success: bool,
    /// Both outputs, the errors first; untrusted.
    pub text: String,
}

/// Says whether a program of this name is on PATH.
pub fn exists(tool: &str) -> bool {
    let name = if cfg!(windows) { format!("{tool}.exe") } else { tool.to_owned() };
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.is_absolute() && dir.join(&name).is_file()))
}

/// Runs it without input.
pub fn run(tool: &str, args: &[&str]) -> Result<Said> {
    let failed = |why: &dyn std::fmt::Display| Error::new(format!("cannot run `{tool}`: {why}"));
    let mut child = Command::new(tool)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|err| failed(&err))?;
    let (send, receive) = mpsc::channel();
    // On threads, for somebody it started may hold a pipe open for ever.
    let pipes: [Option<Box<dyn Read + Send>>; 2] =
        [child.stderr.take().map(|pipe| Box::new(pipe) as _), child.stdout.take().map(|pipe| Box::new(pipe) as _)];
    for (which, pipe) in pipes.into_iter().enumerate() {
        let (Some(pipe), send) = (pipe, send.clone()) else { continue };
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = pipe.take(MAX_SAID_BYTES).read_to_end(&mut bytes);
            let _ = send.send((which, bytes));
        });
    }
    drop(send);
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait().map_err(|err| failed(&err))? {
            Some(status) => break status,
            None if Instant::now() >= deadline => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(failed(&format_args!("it did not end within {} s", PATIENCE.as_secs())));
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let mut said = [Vec::new(), Vec::new()];
    while let Ok((which, bytes)) = receive.recv_timeout(Duration::from_millis(500)) {
        said[which] = bytes;
    }
    let text = said.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    Ok(Said { is_success: status.success(), text })
}
