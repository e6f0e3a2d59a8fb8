//! Who answers: the daemon, or the same handler in this process where there is none.
//!
//! In this process with `LLMENV_DAEMON=off`, and where no folder can hold a socket (containers, read-only homes).

use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::explain::mask::KeyMask;
use crate::ipc::client::{self, COMMAND_TIMEOUT, Client, Unreachable};
use crate::ipc::daemon_lock;
use crate::ipc::protocol::{
    HelloFacts, KeyFacts, Matches, PROTOCOL_VERSION, Request, ResolvedFacts, Response, Served, StoreFacts, WireSecret,
};
use crate::paths::Paths;

/// How long a daemon may take over `hello`, `stop` and the state of its store, which has two seconds.
const RUNNING_TIMEOUT: Duration = Duration::from_millis(2_500);
/// How long a daemon may take to end.
const STOP_TIMEOUT: Duration = Duration::from_secs(3);

/// Whoever answers requests.
pub struct Answerer {
    /// The daemon; none: this process.
    client: Option<Client>,
    /// Where to find the next daemon when this one goes away; none: whoever asks wants this one.
    paths: Option<Paths>,
    /// Without a daemon: what put something into memory, to be repeated with each request.
    earlier: Vec<Request>,
}

impl Answerer {
    fn of(client: Option<Client>) -> Self {
        Self { client, paths: None, earlier: Vec::new() }
    }

    /// Connects, starting the daemon where none runs, and replaces one whose protocol is older than this program's.
    pub fn connect(paths: &Paths) -> Result<Self> {
        if is_off() {
            return Ok(Self::of(None));
        }
        let client = match Client::connect(paths, COMMAND_TIMEOUT) {
            Ok(client) => client,
            Err(Unreachable::Absent) if !is_place_for_daemon(paths) => return Ok(Self::of(None)),
            Err(_) => client::connect_or_start(paths, COMMAND_TIMEOUT)?,
        };
        let client = checked(paths, client)?;
        Ok(Self { client: Some(client), paths: Some(paths.clone()), earlier: Vec::new() })
    }

    /// Connects only to a daemon that runs already.
    pub fn running(paths: &Paths) -> Result<Self, Unreachable> {
        if is_off() {
            return Err(Unreachable::Absent);
        }
        Client::connect(paths, RUNNING_TIMEOUT).map(|client| Self::of(Some(client)))
    }

    /// The daemon's process.
    pub fn daemon_pid(&self) -> Option<u32> {
        self.client.as_ref().map(|client| client.address().pid)
    }

    /// Asks; a [`Response::Error`] is an error here.
    ///
    /// A daemon that ends in the middle loses nothing: the next one is asked the same again.
    pub fn ask(&mut self, request: &Request) -> Result<Response> {
        let response = if let Some(client) = &mut self.client {
            match client.ask(request) {
                Err(err) if client.is_broken() && is_repeatable(request) => {
                    let Some(paths) = self.paths.take() else { return Err(err) };
                    // Once: whatever ends two daemons in a row is not cured by a third.
                    let mut client = checked(&paths, client::connect_or_start(&paths, COMMAND_TIMEOUT)?)?;
                    let response = client.ask(request);
                    self.client = Some(client);
                    response?
                }
                response => response?,
            }
        } else {
            let response = crate::daemon::in_process_after(&self.earlier, request.clone())?;
            if matches!(request, Request::KeyCache { .. } | Request::Unlock { .. }) {
                self.earlier.push(request.clone());
            }
            response
        };
        match response {
            Response::Error(error) => Err(error),
            response => Ok(response),
        }
    }

    /// Asks for something that needs no more answer than notes.
    pub fn done(&mut self, request: &Request) -> Result<Vec<String>> {
        match self.ask(request)? {
            Response::Done { notes } => Ok(notes),
            _ => Err(strange()),
        }
    }

    /// Has configuration and allow list read again. What a daemon that just went away would have read, the next one reads.
    pub fn reload(&mut self) -> Result<Vec<String>> {
        match self.done(&Request::Reload) {
            Err(error) if error.kind == ErrorKind::Unreachable => Ok(Vec::new()),
            answer => answer,
        }
    }

    /// What is known of these profiles' keys.
    pub fn keys(&mut self, profiles: Vec<String>) -> Result<std::collections::BTreeMap<String, KeyFacts>> {
        match self.ask(&Request::KeyInfo { profiles })? {
            Response::Keys(keys) => Ok(keys),
            _ => Err(strange()),
        }
    }

    /// What is known of one profile's key.
    pub fn key(&mut self, profile: &str) -> Result<KeyFacts> {
        Ok(self.keys(vec![profile.to_owned()])?.remove(profile).unwrap_or_default())
    }

    /// The store in use.
    pub fn store(&mut self) -> Result<StoreFacts> {
        match self.ask(&Request::StoreState)? {
            Response::Store(store) => Ok(store),
            _ => Err(strange()),
        }
    }

    /// What the daemon says of itself.
    pub fn hello(&mut self) -> Result<HelloFacts> {
        match self.ask(&Request::Hello)? {
            Response::Hello(hello) => Ok(hello),
            _ => Err(strange()),
        }
    }

    /// Whose keys these are.
    pub fn matches(&mut self, masks: Vec<KeyMask>, values: Vec<WireSecret>) -> Result<Matches> {
        match self.ask(&Request::KeyMatch { masks, values })? {
            Response::Matches(matches) => Ok(matches),
            _ => Err(strange()),
        }
    }

    /// The key that seals backups.
    pub fn backup_key(&mut self) -> Result<crate::backup::Key> {
        match self.ask(&Request::BackupKey)? {
            Response::BackupKey(digits) => crate::backup::Key::from_hex(&digits.0).ok_or_else(strange),
            _ => Err(strange()),
        }
    }

    /// A pair, for `exec` and `env`.
    pub fn serve(&mut self, request: &Request) -> Result<Served> {
        match self.ask(request)? {
            Response::Served(served) => Ok(served),
            _ => Err(strange()),
        }
    }

    /// What is active, without values.
    pub fn resolve(&mut self, request: &Request) -> Result<ResolvedFacts> {
        match self.ask(request)? {
            Response::Resolved(resolved) => Ok(resolved),
            _ => Err(strange()),
        }
    }
}

/// Says whether asking twice does what asking once does.
fn is_repeatable(request: &Request) -> bool {
    !matches!(request, Request::Stop | Request::HandOver | Request::KeyPut { replace: false, .. })
}

/// Sees to it that the daemon speaks this program's protocol: an older one is replaced, a newer one is an error.
///
/// Equal protocols never cause a restart, whatever the versions are.
fn checked(paths: &Paths, mut client: Client) -> Result<Client> {
    let theirs = client.address().version.clone();
    let protocol = match client.ask(&Request::Hello) {
        Ok(Response::Hello(hello)) if hello.protocol == PROTOCOL_VERSION => return Ok(client),
        Ok(Response::Hello(hello)) => Some(hello.protocol),
        // Of this version, and does not answer: stopped, or busy beyond measure. Nothing a restart should be silent about.
        Err(err) if theirs == env!("CARGO_PKG_VERSION") && !client.is_broken() => return Err(err),
        Err(_) if client.is_broken() => {
            // It went away just now.
            return client::connect_or_start(paths, COMMAND_TIMEOUT);
        }
        _ => None,
    };
    let shown = crate::printable::text(&theirs);
    let is_older = protocol.map_or_else(
        || version_parts(&theirs) < version_parts(env!("CARGO_PKG_VERSION")),
        |protocol| protocol < PROTOCOL_VERSION,
    );
    if !is_older {
        return Err(Error::of(
            ErrorKind::Unreachable,
            format!("the daemon is llmenv {shown}, newer than this one ({})", env!("CARGO_PKG_VERSION")),
        )
        .hint("use the newer program, or run `llmenv daemon restart` to go back to this one"));
    }
    make_room(paths, Some(client))?;
    client::connect_or_start(paths, COMMAND_TIMEOUT)
}

/// Ends the daemon and waits until it is gone; one that does not answer is killed. Gives its process; `None`: none runs.
///
/// Only the process that holds the daemon's lock is ever killed: an address could name any process of this user.
pub fn stop(paths: &Paths, client: Option<Client>) -> Result<Option<u32>> {
    end(paths, client, &Request::Stop)
}

/// As [`stop`], for another daemon that is started next: clients of the proxy find it where the old one was.
pub fn make_room(paths: &Paths, client: Option<Client>) -> Result<Option<u32>> {
    end(paths, client, &Request::HandOver)
}

fn end(paths: &Paths, client: Option<Client>, how: &Request) -> Result<Option<u32>> {
    let holder = daemon_lock::holder(paths);
    let Some(pid) = client.as_ref().map(|client| client.address().pid).or(holder) else { return Ok(None) };
    let start = crate::process::start_time(pid);
    let asked = if let Some(mut client) = client {
        match client.ask(how) {
            Ok(Response::Done { .. }) => Ok(()),
            // An older one knows only how to stop, and may say that it knows no more in words of its own.
            Ok(_) | Err(_) if matches!(how, Request::HandOver) => client.ask(&Request::Stop).map(drop),
            answer => answer.map(drop),
        }
    } else {
        // Its socket is gone or not to be trusted: it is asked the system's way, so that it finishes what it writes.
        ask_to_end(pid, start);
        Ok(())
    };
    if asked.is_ok() && wait_until_gone(paths, pid, start) {
        return Ok(Some(pid));
    }
    if holder == Some(pid) {
        end_by_force(pid, start);
        if wait_until_gone(paths, pid, start) {
            return Ok(Some(pid));
        }
    }
    // It may have gone by itself while nobody could ask.
    if start.is_some_and(|start| !crate::process::is_alive(pid, start)) {
        return Ok(Some(pid));
    }
    let error = Error::of(ErrorKind::Unreachable, format!("the daemon (process {pid}) did not end"));
    Err(match asked {
        Err(why) => error.at(why.message),
        Ok(()) => error.hint(format!("end process {pid} yourself, then run the command again")),
    })
}

fn strange() -> Error {
    Error::of(ErrorKind::Unreachable, "the daemon answered something else than was asked")
        .hint("run `llmenv daemon restart`")
}

/// Says whether the user wants no daemon.
pub fn is_off() -> bool {
    std::env::var_os("LLMENV_DAEMON").is_some_and(|value| value == "off")
}

/// Says whether the state folder can be written, without which no client would find a daemon.
fn is_place_for_daemon(paths: &Paths) -> bool {
    // A HOME of somebody else is told apart by `check_owner`, with a better message.
    paths.check_owner().is_err()
        || crate::paths::create_private_dir(&paths.state_dir).is_ok_and(|()| is_writable(&paths.state_dir))
}

#[cfg(unix)]
fn is_writable(dir: &std::path::Path) -> bool {
    rustix::fs::access(dir, rustix::fs::Access::WRITE_OK).is_ok()
}

#[cfg(windows)]
fn is_writable(_dir: &std::path::Path) -> bool {
    true
}

fn version_parts(version: &str) -> Vec<u32> {
    version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect()
}

fn wait_until_gone(paths: &Paths, pid: u32, start: Option<u64>) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < STOP_TIMEOUT {
        let is_gone = match start {
            // Of a process that was killed some threads may end after the first, and the lock with the last of them.
            // One that only finishes streams of the proxy has let go of lock and socket, and is nobody's daemon any more.
            Some(start) => {
                daemon_lock::holder(paths) != Some(pid)
                    && (!crate::process::is_alive(pid, start)
                        || matches!(Client::connect(paths, Duration::from_millis(100)), Err(Unreachable::Absent)))
            }
            // Another pid namespace: all that can be seen is whether it listens.
            None => matches!(Client::connect(paths, Duration::from_millis(100)), Err(Unreachable::Absent)),
        };
        if is_gone {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

/// Kills a daemon that does not answer (stopped, stuck).
#[cfg(unix)]
fn end_by_force(pid: u32, start: Option<u64>) {
    signal(pid, start, rustix::process::Signal::KILL);
}

#[cfg(unix)]
fn ask_to_end(pid: u32, start: Option<u64>) {
    signal(pid, start, rustix::process::Signal::TERM);
}

#[cfg(unix)]
fn signal(pid: u32, start: Option<u64>, signal: rustix::process::Signal) {
    let is_same = start.is_some_and(|start| crate::process::is_alive(pid, start));
    if let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw).filter(|_| is_same) {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// There is no such way; what follows does it.
#[cfg(windows)]
fn ask_to_end(_pid: u32, _start: Option<u64>) {}

#[cfg(windows)]
fn end_by_force(pid: u32, start: Option<u64>) {
    use windows_sys::Win32::Foundation::CloseHandle;
    use windows_sys::Win32::System::Threading::{OpenProcess, PROCESS_TERMINATE, TerminateProcess};
    if !start.is_some_and(|start| crate::process::is_alive(pid, start)) {
        return;
    }
    // SAFETY: plain calls; the handle is checked and closed once.
    unsafe {
        let process = OpenProcess(PROCESS_TERMINATE, 0, pid);
        if !process.is_null() {
            TerminateProcess(process, 1);
            CloseHandle(process);
        }
    }
}
