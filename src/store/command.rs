//! A key that a program prints: `key = { command = ["/usr/bin/op", "read", "op://…"] }`.
//!
//! The argument list of the user's own configuration comes in, the key goes out. A foreground command runs it with its
//! terminal and environment; the daemon, where the profile says `interactive = false`, without either. Blocking: the
//! daemon calls it from a thread of its own.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::file::{MAX_KEY_BYTES, one_key};
use crate::error::{Error, Result};
use crate::secret::Secret;

/// How long a program may take that a person can answer.
pub const FOREGROUND_TIMEOUT: Duration = Duration::from_mins(1);
/// How long a program may take that the daemon runs.
pub const DAEMON_TIMEOUT: Duration = Duration::from_secs(5);
/// The most that is kept of what a program says on stderr.
const MAX_STDERR_BYTES: usize = 4096;

/// Variables that a program run by the daemon sees, beside those whose names start with `LC_` or are in `pass_env`.
const ALLOWED_ENV: &[&str] = &[
    "HOME",
    "PATH",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_CACHE_HOME",
    "XDG_STATE_HOME",
    // Without these, programs on Windows cannot start or find their settings.
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "WINDIR",
    "COMSPEC",
    "PATHEXT",
    "TEMP",
    "TMP",
    "USERPROFILE",
    "USERNAME",
    "APPDATA",
    "LOCALAPPDATA",
    "PROGRAMDATA",
    "PROGRAMFILES",
];

/// Who runs the program.
#[derive(Clone, Copy, Debug)]
pub enum Mode<'a> {
    /// A command at a terminal: the program gets that terminal, this environment and 60 s.
    Foreground,
    /// The daemon: no terminal, no input, 5 s, and only allow-listed variables.
    Daemon {
        /// Names of further variables of the daemon's own environment.
        pass_env: &'a [String],
    },
}

impl Mode<'_> {
    /// How long the program may take.
    pub fn timeout(self) -> Duration {
        match self {
            Self::Foreground => FOREGROUND_TIMEOUT,
            Self::Daemon { .. } => DAEMON_TIMEOUT,
        }
    }
}

/// Runs the program and takes the one line it prints as the key.
///
/// The program must be an absolute path. It fails on an exit status other than 0, on more than 64 KiB or more than one
/// line, and when time is up; then the program is killed. Errors name the program, never its arguments or its output.
pub fn run_command(argv: &[String], mode: Mode<'_>) -> Result<Secret> {
    run_command_within(argv, mode, mode.timeout())
}

/// As [`run_command`], with another time limit.
pub fn run_command_within(argv: &[String], mode: Mode<'_>, timeout: Duration) -> Result<Secret> {
    let Some(program) = argv.first() else {
        return Err(Error::new("`command` is an empty list").hint("name the program and its arguments"));
    };
    let shown = crate::printable::text(program);
    if !Path::new(program).is_absolute() {
        return Err(Error::new(format!("the program `{shown}` is not an absolute path"))
            .hint(format!("`command -v {shown}` prints the path to write instead")));
    }
    let deadline = Instant::now() + timeout;
    let mut child =
        command(program, &argv[1..], mode).spawn().map_err(|err| Error::new(format!("cannot run `{shown}`: {err}")))?;
    let stdout = child.stdout.take().map(|pipe| read_capped(pipe, MAX_KEY_BYTES + 1));
    let stderr = child.stderr.take().map(|pipe| read_capped(pipe, MAX_STDERR_BYTES));
    let output = stdout.map_or(Ok(Zeroizing::default()), |output| {
        output.recv_timeout(deadline.saturating_duration_since(Instant::now()))
    });
    let too_long = output.as_ref().is_ok_and(|output| output.len() > MAX_KEY_BYTES);
    let status = if output.is_ok() && !too_long { wait_until(&mut child, deadline) } else { None };
    let Some(status) = status else {
        kill(&mut child, mode);
        return Err(match output {
            Ok(output) if too_long => one_key(&output, &format!("the output of `{shown}`"))
                .err()
                .unwrap_or_else(|| Error::new(format!("the output of `{shown}` is too long"))),
            _ => Error::new(format!("`{shown}` did not finish within {} s and was stopped", timeout.as_secs_f32()))
                .hint(match mode {
                    Mode::Foreground => "try it by hand; it may wait for an answer",
                    Mode::Daemon { .. } => "leave out `interactive = false` if it needs a person, then `llmenv unlock`",
                }),
        });
    };
    if !status.success() {
        let said = stderr.and_then(|said| said.recv_timeout(Duration::from_millis(200)).ok());
        return Err(failed(&shown, status, said.as_deref().map(Vec::as_slice)));
    }
    let output = output.unwrap_or_default();
    one_key(&output, &format!("the output of `{shown}`"))
}

fn command(program: &str, arguments: &[String], mode: Mode<'_>) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::piped());
    if let Mode::Daemon { pass_env } = mode {
        command.stdin(Stdio::null()).stderr(Stdio::piped()).env_clear();
        for (name, value) in std::env::vars_os() {
            let allowed =
                name.to_str().is_some_and(|name| is_allowed(name) || pass_env.iter().any(|passed| passed == name));
            if allowed {
                command.env(name, value);
            }
        }
        without_terminal(&mut command);
    }
    command
}

fn is_allowed(name: &str) -> bool {
    let known = |allowed: &&str| if cfg!(windows) { allowed.eq_ignore_ascii_case(name) } else { **allowed == *name };
    name.starts_with("LC_") || ALLOWED_ENV.iter().any(known)
}

/// A session of its own: no controlling terminal, and a process group that can be killed as a whole.
#[cfg(unix)]
fn without_terminal(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.current_dir("/");
    // SAFETY: between fork and exec only setsid(2) is called, which is async-signal-safe and allocates nothing.
    unsafe {
        command.pre_exec(|| rustix::process::setsid().map(|_| ()).map_err(std::io::Error::from));
    }
}

#[cfg(windows)]
fn without_terminal(command: &mut Command) {
    use std::os::windows::process::CommandExt;
    const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    command.creation_flags(CREATE_NO_WINDOW);
}

/// Reads up to a limit on a thread of its own, since a pipe may be held open by somebody else than the program.
fn read_capped(pipe: impl Read + Send + 'static, limit: usize) -> Receiver<Zeroizing<Vec<u8>>> {
    let (sender, receiver) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let mut content = Zeroizing::new(Vec::with_capacity(limit));
        let _ = pipe.take(limit as u64).read_to_end(&mut content);
        let _ = sender.send(content);
    });
    receiver
}

fn wait_until(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    let mut pause = Duration::from_millis(1);
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Kills the program and what it started, and takes its status so that no zombie stays.
fn kill(child: &mut Child, mode: Mode<'_>) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process, kill_process_group};
        if let Ok(id) = i32::try_from(child.id())
            && let Some(pid) = Pid::from_raw(id)
        {
            match mode {
                Mode::Daemon { .. } => {
                    let _ = kill_process_group(pid, Signal::KILL);
                }
                // It shares the terminal's foreground group with us, so that it can read from the terminal and Ctrl-C
                // reaches both; what it started is found by parentage.
                Mode::Foreground => {
                    for pid in descendants(id).into_iter().filter_map(Pid::from_raw) {
                        let _ = kill_process(pid, Signal::KILL);
                    }
                }
            }
        }
    }
    #[cfg(not(unix))]
    let _ = mode;
    let _ = child.kill();
    let _ = child.wait();
}

/// Lists what a process started, as far as the system tells (Linux with `CONFIG_PROC_CHILDREN`).
#[cfg(unix)]
fn descendants(pid: i32) -> Vec<i32> {
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(pid) = found.get(next).copied() {
        next += 1;
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        found.extend(children.split_whitespace().filter_map(|child| child.parse::<i32>().ok()));
        if found.len() > 1000 {
            break;
        }
    }
    found.split_off(1)
}

fn failed(shown: &str, status: ExitStatus, said: Option<&[u8]>) -> Error {
    let how = match status.code() {
        Some(code) => format!("exit status {code}"),
        None => signal_of(status),
    };
    let first_line = said
        .map(String::from_utf8_lossy)
        .and_then(|said| said.lines().map(str::trim).find(|line| !line.is_empty()).map(crate::printable::text));
    let message = match first_line {
        Some(line) => format!("`{shown}` failed with {how}: {line}"),
        None => format!("`{shown}` failed with {how}"),
    };
    Error::new(message).hint("the profile's `key = { command = … }` names it; try it by hand")
}

#[cfg(unix)]
fn signal_of(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    status.signal().map_or_else(|| "an unknown status".into(), |signal| format!("signal {signal}"))
}

#[cfg(windows)]
fn signal_of(_status: ExitStatus) -> String {
    "an unknown status".into()
}
