//! A private home: its own folders, a cleared environment, and its own daemon, ended with it.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::{DEADLINE, LLMENV};

/// A home directory of one test. Dropping it ends its daemon and removes it.
pub struct Home {
    dir: tempfile::TempDir,
    root: PathBuf,
}

/// What a finished program left.
#[derive(Debug, PartialEq, Eq)]
pub struct Output {
    /// Its standard output; invalid UTF-8 is replaced.
    pub stdout: String,
    /// Its standard error; invalid UTF-8 is replaced.
    pub stderr: String,
    /// Its exit code; 128 + N when signal N ended it.
    pub code: i32,
}

impl Home {
    /// Makes the folders. The path is short: a socket's path may have 103 bytes at most.
    pub fn new() -> Self {
        let base = if cfg!(unix) { PathBuf::from("/tmp") } else { std::env::temp_dir() };
        let dir = tempfile::Builder::new().prefix("le").tempdir_in(base).expect("a folder for this test");
        // Windows' own form of that (`\\?\C:\…`) is one that few programs take.
        let root =
            if cfg!(unix) { dir.path().canonicalize().expect("the test's folder") } else { dir.path().to_owned() };
        let home = Self { dir, root };
        for sub in [".config", ".local/share", ".local/state", ".cache", "run"] {
            std::fs::create_dir_all(home.root.join(sub)).expect("a folder in the test's home");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let private = std::fs::Permissions::from_mode(0o700);
            std::fs::set_permissions(home.root.join("run"), private).expect("a private runtime folder");
        }
        home
    }

    /// The whole environment of everything started here: what Windows needs, and its folders inside this home.
    #[cfg(windows)]
    pub fn env(&self) -> Vec<(OsString, OsString)> {
        let system = std::env::var_os("SYSTEMROOT").unwrap_or_else(|| r"C:\windows".into());
        let mut path = OsString::from(Path::new(LLMENV).parent().expect("the program's folder"));
        for more in [r"\system32", ""] {
            path.push(";");
            path.push(&system);
            path.push(more);
        }
        let mut env: Vec<(OsString, OsString)> = ["COMPUTERNAME", "USERNAME", "USERDOMAIN", "COMSPEC", "PATHEXT"]
            .into_iter()
            .filter_map(|name| Some((name.into(), std::env::var_os(name)?)))
            .collect();
        env.extend([("SYSTEMROOT".into(), system), ("SYSTEMDRIVE".into(), "C:".into()), ("PATH".into(), path)]);
        // No key of a test leaves this machine.
        env.push(("LLMENV_CHECK".into(), "off".into()));
        for (name, sub) in [
            ("USERPROFILE", "."),
            ("APPDATA", ".config"),
            ("LOCALAPPDATA", ".local/state"),
            ("TEMP", ".cache"),
            ("TMP", ".cache"),
        ] {
            env.push((name.into(), self.root.join(sub).components().collect::<PathBuf>().into()));
        }
        env
    }

    /// The whole environment of everything started here.
    #[cfg(unix)]
    pub fn env(&self) -> Vec<(OsString, OsString)> {
        let mut path = OsString::from(Path::new(LLMENV).parent().expect("the program's folder"));
        path.push(":/usr/local/bin:/usr/bin:/bin");
        let mut env: Vec<(OsString, OsString)> = vec![
            ("HOME".into(), self.root.clone().into()),
            ("PATH".into(), path),
            ("LANG".into(), "C.UTF-8".into()),
            ("TERM".into(), "xterm-256color".into()),
            // No key of a test leaves this machine; tests of checks take it out and name a server of their own.
            ("LLMENV_CHECK".into(), "off".into()),
        ];
        for (name, sub) in [
            ("XDG_CONFIG_HOME", ".config"),
            ("XDG_DATA_HOME", ".local/share"),
            ("XDG_STATE_HOME", ".local/state"),
            ("XDG_CACHE_HOME", ".cache"),
            ("XDG_RUNTIME_DIR", "run"),
        ] {
            env.push((name.into(), self.root.join(sub).into()));
        }
        env
    }

    /// A command in this home with this environment alone, started in the home directory.
    pub fn cmd(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.env()).current_dir(&self.root);
        command
    }

    /// Runs `llmenv` without input.
    pub fn llmenv(&self, args: &[&str]) -> Output {
        let mut command = self.cmd(LLMENV);
        command.args(args);
        finish(command, None)
    }

    /// Runs `llmenv` with this standard input.
    pub fn llmenv_with(&self, args: &[&str], stdin: impl AsRef<[u8]>) -> Output {
        let mut command = self.cmd(LLMENV);
        command.args(args);
        finish(command, Some(stdin.as_ref().to_vec()))
    }

    /// A path inside the home; an absolute one stays as it is.
    pub fn path(&self, sub: impl AsRef<Path>) -> PathBuf {
        self.root.join(sub)
    }

    /// Writes a file inside the home, with the folders above it, and gives its path.
    pub fn write(&self, sub: impl AsRef<Path>, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(sub);
        std::fs::create_dir_all(path.parent().expect("a folder above the file")).expect("the file's folder");
        std::fs::write(&path, text).unwrap_or_else(|err| panic!("cannot write `{}`: {err}", path.display()));
        path
    }

    /// The pid of this home's daemon, if it runs: published in the state folder and really our program in this home.
    pub fn daemon_pid(&self) -> Option<u32> {
        let machines = std::fs::read_dir(self.path(".local/state/llmenv")).ok()?;
        machines.flatten().find_map(|machine| {
            let text = std::fs::read_to_string(machine.path().join("daemon")).ok()?;
            let mut lines = text.lines();
            (lines.next()? == "llmenv 1").then_some(())?;
            let pid = lines.find_map(|line| line.strip_prefix("pid "))?.parse().ok()?;
            self.is_our_daemon(pid).then_some(pid)
        })
    }

    /// Ends this home's daemon, if there is one, and waits until it is gone.
    pub fn end_daemon(&self) {
        let Some(pid) = self.daemon_pid() else { return };
        if cfg!(windows) {
            let got = self.llmenv(&["daemon", "stop"]);
            assert!(got.code == 0 || std::thread::panicking(), "the daemon {pid} did not end: {got:?}");
            return;
        }
        for (signal, patience) in [("-TERM", Duration::from_secs(5)), ("-KILL", DEADLINE)] {
            let _ = Command::new("kill").args([signal, &pid.to_string()]).stderr(Stdio::null()).status();
            let start = Instant::now();
            while start.elapsed() < patience {
                if !self.is_our_daemon(pid) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        eprintln!("the daemon {pid} did not end");
    }

    /// A pid may belong to somebody else by now: only the daemon of this home holds this home's lock.
    fn is_our_daemon(&self, pid: u32) -> bool {
        let machines = std::fs::read_dir(self.path(".local/state/llmenv"));
        machines.into_iter().flatten().flatten().any(|machine| {
            let Ok(file) = std::fs::File::open(machine.path().join("daemon.lock")) else { return false };
            let is_held = matches!(file.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock));
            // Windows lets nobody read a file that somebody else has locked.
            is_held
                && (cfg!(windows)
                    || std::fs::read_to_string(machine.path().join("daemon.lock"))
                        .is_ok_and(|text| text.trim() == pid.to_string()))
        })
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.end_daemon();
    }
}

/// Runs a command to its end: both outputs closed and its status known, within the deadline.
pub fn finish(mut command: Command, stdin: Option<Vec<u8>>) -> Output {
    let shown = format!("{command:?}");
    command.stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let begun = Instant::now();
    let mut child = loop {
        match command.spawn() {
            // A program just copied: a process that another test forked meanwhile still holds it open for writing.
            Err(err) if err.kind() == std::io::ErrorKind::ExecutableFileBusy && begun.elapsed() < DEADLINE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            child => break child.unwrap_or_else(|err| panic!("cannot start {shown}: {err}")),
        }
    };
    if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), stdin) {
        // The program may end without reading it.
        std::thread::spawn(move || pipe.write_all(&bytes));
    }
    let pieces = collect(child.stdout.take().expect("a pipe"), child.stderr.take().expect("a pipe"));
    let start = Instant::now();
    let mut printed = [Vec::new(), Vec::new()];
    let mut open = 2;
    while open > 0 {
        match pieces.recv_timeout(DEADLINE.saturating_sub(start.elapsed())) {
            Ok((which, bytes)) if !bytes.is_empty() => printed[which].extend(bytes),
            Ok(_) => open -= 1,
            Err(_) => break,
        }
    }
    let mut status = None;
    while open == 0 && status.is_none() && start.elapsed() < DEADLINE {
        status = child.try_wait().expect("the status of a child");
        if status.is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    let [stdout, stderr] = printed.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let Some(status) = status else {
        let ended = child.try_wait().expect("the status of a child");
        let _ = child.kill();
        let _ = child.wait();
        let why = if ended.is_some() { "ended, but another process holds its output open" } else { "did not end" };
        panic!("{shown} {why} within {DEADLINE:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}");
    };
    Output { stdout, stderr, code: code(status) }
}

/// Reads two pipes as they come; an empty piece says that the pipe is closed.
fn collect(stdout: impl Read + Send + 'static, stderr: impl Read + Send + 'static) -> mpsc::Receiver<(usize, Vec<u8>)> {
    let (send, receive) = mpsc::channel();
    let pipes: [Box<dyn Read + Send>; 2] = [Box::new(stdout), Box::new(stderr)];
    for (which, mut pipe) in pipes.into_iter().enumerate() {
        let send = send.clone();
        std::thread::spawn(move || {
            let mut piece = vec![0; 65536];
            loop {
                let len = pipe.read(&mut piece).unwrap_or(0);
                if send.send((which, piece[..len].to_vec())).is_err() || len == 0 {
                    return;
                }
            }
        });
    }
    receive
}

/// The exit code as a shell would show it.
pub fn code(status: ExitStatus) -> i32 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return 128 + signal;
    }
    status.code().unwrap_or(-1)
}
