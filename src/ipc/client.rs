//! The blocking client: std only, a deadline on every call, and the start of a daemon where none runs.

use std::fs::TryLockError;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::address::Address;
use super::protocol::{PROTOCOL_VERSION, Request, Response};
use super::{daemon_lock, frame, spawn, transport};
use crate::error::{Error, ErrorKind, Result};
use crate::paths::Paths;

/// How long a hook waits for a daemon that accepted its connection.
pub const HOOK_TIMEOUT: Duration = Duration::from_millis(50);
/// How long a hook waits at a shell's first prompt, when a keyring may have to be opened.
pub const START_TIMEOUT: Duration = Duration::from_millis(1_000);
/// How long a shell waits for a daemon from its start to its first answer.
pub const DAEMON_START_TIMEOUT: Duration = Duration::from_millis(500);
/// How long a person who typed a command waits for the same, on a machine that is busy.
pub const COMMAND_START_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a daemon may take to say that it is there, before it is asked anew.
const HELLO_TIMEOUT: Duration = Duration::from_millis(100);
/// The longest that one is waited for which was started.
const MAX_HELLO_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a command waits for the daemon itself.
pub const COMMAND_TIMEOUT: Duration = Duration::from_secs(5);
/// How much longer it waits where the daemon reads from a store (ten seconds at most) or asks a program (five).
const STORE_PATIENCE: Duration = Duration::from_secs(6);
/// How much longer it waits where the daemon reads from a store and then writes to it.
const WRITE_PATIENCE: Duration = Duration::from_secs(20);
/// How long it waits for a person at the system's own dialog, to which the daemon gives two minutes.
const DIALOG_PATIENCE: Duration = Duration::from_secs(125);
/// How long a daemon that is to end may take to say so.
const STOP_PATIENCE: Duration = Duration::from_secs(2);

/// Why there is no answer.
#[derive(Debug)]
pub enum Unreachable {
    /// Nothing listens.
    Absent,
    /// Something listens and does not answer, or answers what is not ours.
    Silent(io::Error),
    /// Something listens that is not this user's.
    Stranger(io::Error),
}

/// A connection to the daemon.
pub struct Client {
    stream: transport::ClientStream,
    pending: Vec<u8>,
    address: Address,
    timeout: Duration,
    is_broken: bool,
}

impl Client {
    /// Connects to the running daemon.
    pub fn connect(paths: &Paths, timeout: Duration) -> Result<Self, Unreachable> {
        let text = std::fs::read_to_string(paths.address_file()).map_err(|_| Unreachable::Absent)?;
        let address = Address::decode(&text).ok_or(Unreachable::Absent)?;
        let stream = transport::connect(&address.socket, timeout).map_err(|err| match err.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Unreachable::Absent,
            io::ErrorKind::PermissionDenied => Unreachable::Stranger(err),
            _ => Unreachable::Silent(err),
        })?;
        Ok(Self { stream, pending: Vec::new(), address, timeout, is_broken: false })
    }

    /// The address this client connected to.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Sends a shell's request and gives the lines of the answer up to and with `end`.
    ///
    /// An answer without `end`, or one that is not UTF-8, counts as none.
    pub fn ask_lines(&mut self, request: &str, deadline: Duration) -> Result<String, Unreachable> {
        let deadline = Instant::now() + deadline;
        let silent = Unreachable::Silent;
        let wrong = |why: &str| Unreachable::Silent(io::Error::new(io::ErrorKind::InvalidData, why.to_owned()));
        self.stream.write_all(request.as_bytes()).map_err(silent)?;
        let mut searched = 0;
        loop {
            // The last line begins here: whatever came before it is whole.
            while let Some(at) = self.pending[searched..].iter().position(|&b| b == b'\n') {
                let end = searched + at + 1;
                if self.pending[searched..end].starts_with(b"end\t") {
                    let rest = self.pending.split_off(end);
                    let answer = std::mem::replace(&mut self.pending, rest);
                    return String::from_utf8(answer).map_err(|_| wrong("not UTF-8"));
                }
                searched = end;
            }
            if self.pending.len() >= frame::MAX_FRAME_BYTES {
                return Err(wrong("longer than 1 MiB"));
            }
            // One byte at a time must not add up to more than the deadline.
            let mut chunk = [0; 16 * 1024];
            match (Until { stream: &mut self.stream, deadline }).read(&mut chunk) {
                // Closed without a word is another thing than half an answer: see `hook`.
                Ok(0) if self.pending.is_empty() => {
                    return Err(Unreachable::Silent(io::ErrorKind::UnexpectedEof.into()));
                }
                Ok(0) => return Err(wrong("it ends in the middle")),
                Ok(count) => self.pending.extend_from_slice(&chunk[..count]),
                Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                Err(err) => return Err(Unreachable::Silent(err)),
            }
        }
    }

    /// Sends a request and reads its answer.
    pub fn ask(&mut self, request: &Request) -> Result<Response> {
        let mut line = zeroize::Zeroizing::new(
            serde_json::to_string(request).map_err(|err| Error::new(format!("cannot write the request: {err}")))?,
        );
        line.push('\n');
        let answer = self
            .stream
            .write_all(line.as_bytes())
            .and_then(|()| self.read_line(Instant::now() + self.patience(request)))
            .map_err(|err| self.silent(&err))?;
        let answer = zeroize::Zeroizing::new(answer);
        serde_json::from_slice(&answer).map_err(|_| {
            Error::of(ErrorKind::Unreachable, "the daemon's answer is not one this program understands")
                .at(format!("daemon {} version {}", self.address.pid, crate::printable::text(&self.address.version)))
                .hint("run `llmenv daemon restart`")
        })
    }

    /// Whether the last call failed because the connection ended: the daemon went away, and another may take its place.
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    fn patience(&self, request: &Request) -> Duration {
        match request {
            Request::Hello | Request::Reload | Request::Lock | Request::Shells => self.timeout,
            Request::Stop | Request::HandOver => self.timeout.min(STOP_PATIENCE),
            Request::Unlock { .. } => self.timeout + DIALOG_PATIENCE,
            Request::KeyPut { .. } | Request::KeyCopy { .. } | Request::KeyRemove { .. } => {
                self.timeout + WRITE_PATIENCE
            }
            _ => self.timeout + STORE_PATIENCE,
        }
    }

    /// Reads a line until a point in time, however slowly it comes.
    fn read_line(&mut self, deadline: Instant) -> io::Result<Vec<u8>> {
        frame::read_line(&mut Until { stream: &mut self.stream, deadline }, &mut self.pending)
    }

    fn silent(&mut self, err: &io::Error) -> Error {
        let pid = self.address.pid;
        self.is_broken = !matches!(err.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
        match err.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                Error::of(ErrorKind::Unreachable, format!("the daemon (process {pid}) accepts but does not answer"))
                    .hint("run `llmenv daemon restart`; no profile is lost by it")
            }
            _ => {
                Error::of(ErrorKind::Unreachable, format!("the connection to the daemon (process {pid}) broke: {err}"))
                    .hint("run the command again; it starts a new daemon")
            }
        }
    }
}

/// Reads from a stream until a point in time.
struct Until<'a> {
    stream: &'a mut transport::ClientStream,
    deadline: Instant,
}

impl Read for Until<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        transport::limit_reads(self.stream, left)?;
        self.stream.read(buffer)
    }
}

/// Connects, starting the daemon where none runs.
pub fn connect_or_start(paths: &Paths, timeout: Duration) -> Result<Client> {
    for attempt in 0..2 {
        match Client::connect(paths, timeout) {
            Ok(client) => return Ok(client),
            Err(Unreachable::Absent) if attempt == 0 => start_within(paths, COMMAND_START_TIMEOUT)?,
            Err(Unreachable::Absent) => break,
            Err(Unreachable::Stranger(err)) => return Err(stranger(paths, &err)),
            Err(Unreachable::Silent(err)) => {
                return Err(Error::of(ErrorKind::Unreachable, format!("cannot reach the daemon: {err}"))
                    .hint("run `llmenv daemon restart`"));
            }
        }
    }
    Err(Error::of(ErrorKind::Unreachable, "the daemon was started and does not listen")
        .at(crate::printable::path(&paths.log_file()))
        .hint("run `llmenv daemon run` to see why, or set LLMENV_DAEMON=off to go without"))
}

/// What is said of a socket that is not ours alone.
pub fn stranger(paths: &Paths, err: &io::Error) -> Error {
    let place = std::fs::read_to_string(paths.address_file()).ok().and_then(|text| Address::decode(&text));
    let place = place.map_or_else(|| paths.address_file(), |address| address.socket);
    Error::of(ErrorKind::Unreachable, format!("refused to talk to the daemon: {err}"))
        .at(crate::printable::path(&place))
        .hint("if that folder is yours, close it to others (mode 0700) and remove the socket; the next command makes another")
}

/// Starts a daemon for a shell, which waits at most [`DAEMON_START_TIMEOUT`] for it.
pub fn start(paths: &Paths) -> Result<()> {
    start_within(paths, DAEMON_START_TIMEOUT)
}

/// Starts a daemon in the background and waits until one answers. Of many who call this at once one starts it.
pub fn start_within(paths: &Paths, patience: Duration) -> Result<()> {
    if std::env::var_os("LLMENV_DAEMON").is_some_and(|value| value == "off") {
        return Err(Error::of(ErrorKind::Unreachable, "LLMENV_DAEMON=off: no daemon is started"));
    }
    let begun = Instant::now();
    paths.check_owner()?;
    crate::paths::create_private_dir(&paths.state_dir)?;
    let turn = daemon_lock::open_turn(paths)?;
    // Where systemd listens for the daemon, it is asked first. One that cannot start it must not keep everybody waiting.
    let own_start = if is_knocked_for(paths) { begun + patience / 2 } else { begun };
    let mut is_started = false;
    let mut pause = Duration::from_millis(1);
    loop {
        // A file system without locks has nobody wait for anybody; the daemon's own lock still lets only one stay.
        if !is_started && Instant::now() >= own_start && !matches!(turn.try_lock(), Err(TryLockError::WouldBlock)) {
            // Whoever had the turn before may have started one meanwhile.
            if is_answering(paths) {
                return Ok(());
            }
            run_in_background()?;
            is_started = true;
        }
        // On a machine so busy that it has not answered yet, its answers take their time too.
        let waited = begun.elapsed();
        let longest = patience.saturating_sub(waited).clamp(HELLO_TIMEOUT, MAX_HELLO_TIMEOUT);
        if is_answering_within(paths, (waited / 2).clamp(HELLO_TIMEOUT, longest)) {
            return Ok(());
        }
        if begun.elapsed() >= patience {
            return Err(Error::of(ErrorKind::Unreachable, "the daemon was started and does not answer")
                .at(crate::printable::path(&paths.log_file()))
                .hint("run the command again, or `llmenv daemon run` to see what it says"));
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}

/// Connects to the socket on which systemd listens; it starts the daemon, which finds an empty connection.
fn is_knocked_for(paths: &Paths) -> bool {
    transport::activation_socket(paths).is_some_and(|socket| transport::connect(&socket, DAEMON_START_TIMEOUT).is_ok())
}

fn run_in_background() -> Result<()> {
    let program = program()?;
    spawn::keep_handles();
    let mut command = std::process::Command::new(&program);
    spawn::hide_window(&mut command);
    let started = command
        .args(["daemon", "run", "--background"])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .current_dir(root_dir())
        .status()
        .map_err(|err| Error::io("start the daemon from", &program, &err))?;
    if !started.success() {
        return Err(Error::of(ErrorKind::Unreachable, "the daemon could not be started")
            .hint("run `llmenv daemon run` to see why"));
    }
    Ok(())
}

/// A folder that is never unmounted or removed under the daemon.
fn root_dir() -> &'static Path {
    Path::new(if cfg!(windows) { "C:\\" } else { "/" })
}

/// Says whether a daemon answers `hello` in this protocol.
pub fn is_answering(paths: &Paths) -> bool {
    is_answering_within(paths, HELLO_TIMEOUT)
}

fn is_answering_within(paths: &Paths, limit: Duration) -> bool {
    let Ok(mut client) = Client::connect(paths, limit) else { return false };
    matches!(client.ask(&Request::Hello), Ok(Response::Hello(hello)) if hello.protocol == PROTOCOL_VERSION)
}

/// This program, by the path the user called: a package manager's link stays valid when the version behind it changes.
pub fn program() -> Result<std::path::PathBuf> {
    let exe =
        std::env::current_exe().map_err(|err| Error::new(format!("cannot find this program's own path: {err}")))?;
    let Some(called) = std::env::args_os().next().map(std::path::PathBuf::from) else { return Ok(exe) };
    let found = if called.components().count() > 1 {
        std::path::absolute(&called).ok()
    } else {
        std::env::var_os("PATH")
            .and_then(|path| std::env::split_paths(&path).map(|dir| dir.join(&called)).find(|path| path.is_file()))
    };
    // Only where it is the same file: `argv[0]` is the caller's to choose.
    Ok(found.filter(|path| path.is_absolute() && path.canonicalize().ok() == exe.canonicalize().ok()).unwrap_or(exe))
}
