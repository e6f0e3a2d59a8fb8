//! What the daemon promises, shown on the real program: killed, stopped, crowded, misled, locked, and searched for keys.
//!
//! Linux alone, for most of it is read from `/proc`; what the program does elsewhere is the same code.

mod activated;
mod alone;
mod crowd;
mod handover;
mod keyring;
mod killed;
mod lock;
mod place;
mod protocol;
mod reload;
mod report;
mod secrets;
mod start;
mod stopped;
mod version;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::home::{Output, finish};
use crate::support::{DEADLINE, Home, LLMENV, Terminal};

/// Bytes that come the same on every run.
pub struct Seeded(pub u64);

impl Seeded {
    /// The next number below a limit (splitmix64, Steele and others 2014).
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap()
    }
}

/// An `OpenRouter` key that nobody has, one for every number.
pub fn key(number: usize) -> String {
    format!("sk-or-v1-{}{number:08x}89abcdef", "0123456789abcdef".repeat(3))
}

/// A home whose profile `work` has `key(0)` in a vault that an identity file opens, and a running daemon.
pub fn home_with_daemon() -> (Home, u32) {
    let home = Home::new();
    add(&home, "work", 0);
    let pid = home.daemon_pid().expect("the daemon that `add` started");
    (home, pid)
}

/// Adds a profile through the daemon.
#[track_caller]
pub fn add(home: &Home, name: &str, number: usize) {
    let args = ["add", name, "--provider", "openrouter", "--key-stdin", "--store", "file"];
    let got = home.llmenv_with(&args, key(number));
    assert_eq!(got.code, 0, "{got:?}");
}

/// What opens the vault of [`add_behind_passphrase`].
pub const PASSPHRASE: &str = "correct horse battery staple";

/// Adds the profile `work` with `key(0)`, in a vault that [`PASSPHRASE`] opens.
#[track_caller]
pub fn add_behind_passphrase(home: &Home, terminal: &mut Terminal) {
    home.write("key", key(0));
    terminal.type_line("llmenv add work --provider openrouter --key-file key --store file; echo done=$?");
    terminal.wait_for(|text| text.contains("a file of yours opens it instead): "));
    terminal.answer(PASSPHRASE);
    terminal.wait_for(|text| text.contains("the same again: "));
    terminal.answer(PASSPHRASE);
    let seen = terminal.wait_prompt();
    assert!(seen.ends_with("done=0\n"), "{seen}");
}

/// The key that `exec` gives a child.
#[track_caller]
pub fn served(home: &Home, name: &str) -> String {
    let got = home.llmenv(&["exec", name, "--", "printenv", "OPENAI_API_KEY"]);
    assert_eq!(got.code, 0, "{got:?}");
    got.stdout.trim_end().to_owned()
}

/// Sends a signal.
pub fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), signal).unwrap();
}

/// Kills a daemon as nothing can be killed harder, and waits until it is gone.
pub fn kill(pid: u32) {
    signal(pid, Signal::KILL);
    wait_until("the daemon is gone", || !std::fs::exists(format!("/proc/{pid}/fd/0")).unwrap_or(false));
}

/// Waits for a condition.
#[track_caller]
pub fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < DEADLINE, "waited {DEADLINE:?} until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The state folder of this machine in a home.
pub fn state_dir(home: &Home) -> PathBuf {
    let machines = std::fs::read_dir(home.path(".local/state/llmenv")).expect("the state folder");
    machines.map(|entry| entry.unwrap().path()).find(|path| path.is_dir()).expect("a machine's folder")
}

/// Where the daemon of a home says that it listens.
pub fn socket(home: &Home) -> PathBuf {
    let text = std::fs::read_to_string(state_dir(home).join("daemon")).expect("the daemon's address");
    text.lines().find_map(|line| line.strip_prefix("socket ")).expect("the socket's line").into()
}

/// A connection of our own to a home's daemon.
pub struct Raw(pub BufReader<UnixStream>);

impl Raw {
    /// Connects; every read has a deadline.
    pub fn connect(home: &Home) -> Self {
        let stream = UnixStream::connect(socket(home)).expect("a connection to the daemon");
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        Self(BufReader::new(stream))
    }

    /// Sends bytes; a connection that is closed by now is not an error here.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.0.get_mut().write_all(bytes.as_ref());
    }

    /// The next line of the answer; `None`: the daemon closed the connection.
    pub fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        match self.0.read_until(b'\n', &mut line) {
            Ok(0) => None,
            Ok(_) => Some(String::from_utf8(line).expect("UTF-8").trim_end_matches('\n').to_owned()),
            Err(err) if err.kind() == std::io::ErrorKind::ConnectionReset => None,
            Err(err) => panic!("no answer: {err}"),
        }
    }

    /// The whole of one answer: a JSON line, or lines up to `end`.
    pub fn answer(&mut self) -> Option<String> {
        let mut text = self.line()?;
        if !text.starts_with('{') {
            while !text.lines().last().unwrap_or_default().starts_with("end\t") {
                text = format!("{text}\n{}", self.line()?);
            }
        }
        Some(text)
    }

    /// Asks one line.
    pub fn ask(&mut self, line: &str) -> String {
        self.send(format!("{line}\n"));
        self.answer().expect("an answer")
    }

    /// Whatever is left until the daemon closes the connection.
    pub fn rest(mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Err(err) if err.kind() != std::io::ErrorKind::ConnectionReset => panic!("not closed: {err}"),
            _ => rest,
        }
    }
}

/// A process that stands for a shell: it lives, and does nothing.
pub struct Sleeper(Child);

impl Sleeper {
    pub fn start() -> Self {
        Self(Command::new("sleep").arg("1000").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Asks as this shell would, in a directory.
    pub fn hook(&self, home: &Home, dir: &str, fields: &[&str]) -> Output {
        let mut command = home.cmd(LLMENV);
        command.args(["hook", "prompt", "shell=bash", &format!("pid={}", self.pid())]).args(fields);
        finish(
            {
                command.current_dir(home.path(dir)).env("PWD", home.path(dir));
                command
            },
            None,
        )
    }

    /// The content of its generation file.
    pub fn generation(&self, home: &Home) -> String {
        let start = llmenv::process::start_time(self.pid()).unwrap();
        let path = state_dir(home).join("shells").join(format!("{}.{start}", self.pid()));
        std::fs::read_to_string(path).unwrap_or_default().trim_end().to_owned()
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Processes that were started in a home, by command line.
pub fn processes(home: &Home) -> Vec<(u32, String)> {
    let needle = format!("HOME={}", home.path("").display());
    let needle = needle.trim_end_matches('/').as_bytes();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let environ = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        if environ.split(|byte| *byte == 0).any(|variable| variable == needle) {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            found.push((pid, String::from_utf8_lossy(&line).replace('\0', " ").trim_end().to_owned()));
        }
    }
    found
}

/// A number out of `/proc/PID/status`, in kB.
pub fn status_kb(pid: u32, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap()
}

/// Reads what a file descriptor of `/proc` holds, as far as it can be read.
pub fn read_all(path: impl AsRef<std::path::Path>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = std::fs::File::open(path).map(|mut file| file.read_to_end(&mut bytes));
    bytes
}
