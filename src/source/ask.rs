//! Asking a program that is here for the person anyway (tmux, systemctl, git), without letting it keep anybody waiting.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::Scene;

/// The most that is taken of an answer.
const MAX_ANSWER_BYTES: u64 = 1024 * 1024;
/// Variables that such a program needs; the rest of the environment, keys and loaders' switches, stays here.
const PASSED: [&str; 8] =
    ["HOME", "PATH", "USER", "LOGNAME", "LANG", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "TMUX_TMPDIR"];

/// Finds a program on PATH; folders given relative to where one stands do not count.
pub fn program(scene: &Scene, name: &str) -> Option<PathBuf> {
    let path = scene.variables.get("PATH").map(|path| path.expose().to_owned())?;
    std::env::split_paths(&path).filter(|dir| dir.is_absolute()).map(|dir| dir.join(name)).find(|path| path.is_file())
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// It ended with an error, or could not be started.
    Failed,
    /// The time was over; it was ended.
    Late,
}

/// Runs a program without input and gives what it prints, within a time.
pub fn ask(
    scene: &Scene,
    program: &Path,
    arguments: &[&str],
    dir: Option<&Path>,
    patience: Duration,
) -> Result<Zeroizing<Vec<u8>>, NoAnswer> {
    let deadline = Instant::now() + patience;
    let mut command = Command::new(program);
    command.args(arguments).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    for name in PASSED {
        if let Some(value) = scene.variables.get(name) {
            command.env(name, value.expose());
        }
    }
    command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0");
    if let Some(dir) = dir {
        command.current_dir(dir);
    }
    let mut child = command.spawn().map_err(|_| NoAnswer::Failed)?;
    let Some(output) = child.stdout.take() else { return Err(NoAnswer::Failed) };
    let (sender, answer) = mpsc::channel();
    // Whoever inherited the output may keep it open: the thread is then left behind.
    let reading = std::thread::Builder::new().name("answer".into()).spawn(move || {
        let mut bytes = Zeroizing::new(Vec::new());
        let read = output.take(MAX_ANSWER_BYTES).read_to_end(&mut bytes);
        let _ = sender.send(read.is_ok().then_some(bytes));
    });
    let answer = if reading.is_ok() {
        answer.recv_timeout(deadline.saturating_duration_since(Instant::now())).map_err(|_| NoAnswer::Late)
    } else {
        Err(NoAnswer::Failed)
    };
    if answer.is_err() {
        let _ = child.kill();
    }
    let has_ended = || -> Option<bool> {
        let mut child = child;
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Some(status.success()),
                Ok(None) if Instant::now() < deadline + Duration::from_millis(50) => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                _ => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return None;
                }
            }
        }
    };
    let status = has_ended();
    match (answer, status) {
        (Ok(Some(bytes)), Some(true)) => Ok(bytes),
        (Err(reason), _) => Err(reason),
        (_, None) => Err(NoAnswer::Late),
        _ => Err(NoAnswer::Failed),
    }
}
