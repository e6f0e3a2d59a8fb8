//! Start under a lock, ready when answering, end when nobody needs it.

use std::io::Write;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::log::Log;
use super::state::{Shared, State};
use super::{connection, handle, watch};
use crate::error::{Error, Result};
use crate::ipc::address::Address;
use crate::ipc::transport::{self, Listener};
use crate::ipc::{client, spawn};
use crate::paths::{self, Paths};

/// How long the daemon stays without a living shell or anything else that needs it.
const IDLE_EXIT: Duration = Duration::from_secs(30 * 60);
/// How often it looks whether its shells are alive and its socket is in place.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10);
/// The most connections served at once; more wait in the system's queue.
const MAX_CONNECTIONS: usize = 256;

/// How `daemon run` was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// At a terminal or under a service manager: stays, and writes its log to stderr too.
    Foreground,
    /// By a client: starts a detached one and ends.
    Background,
    /// The detached one itself.
    Detached,
}

/// Runs the daemon until it is stopped or idle.
pub fn run(mode: Mode) -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    if mode == Mode::Background {
        let program = client::program()?;
        return spawn::start_detached(&program).map_err(|err| Error::io("start", &program, &err));
    }
    harden();
    paths::create_private_dir(&paths.state_dir)?;
    let Some(_lock) = take_lock(&paths)? else {
        // Somebody else won the race and answers, or will in a moment.
        return if mode == Mode::Foreground {
            Err(Error::new("a daemon is running already")
                .hint("`llmenv daemon status` shows it, `llmenv daemon stop` ends it"))
        } else {
            Ok(())
        };
    };
    paths::create_private_dir(&paths.shells_dir())?;
    let log = Log::open(&paths.log_file(), mode == Mode::Foreground);
    let started_by = match mode {
        Mode::Foreground if std::env::var_os("INVOCATION_ID").is_some() => "systemd",
        Mode::Foreground => "foreground",
        _ => "demand",
    };
    let state = State::load(paths.clone(), log, started_by)?;
    let runtime = super::runtime()?;
    let tasks = tokio::task::LocalSet::new();
    let result = tasks.block_on(&runtime, serve(paths, state.shared()));
    // A keyring that hangs must not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(200));
    result
}

async fn serve(paths: Paths, shared: Shared) -> Result<()> {
    let socket = transport::socket_path(&paths)?;
    let mut listener = Listener::bind(&socket)?;
    let mut ends = Ends::listen()?;
    publish(&paths, &shared, &socket)?;
    shared.borrow_mut().log.line(&format!(
        "started (process {}, version {})",
        std::process::id(),
        env!("CARGO_PKG_VERSION")
    ));
    // Answering first, everything else later: files and keyrings may take their time.
    shared.borrow_mut().shells.adopt_files();
    handle::prefetch(&shared);
    watch::start(&shared);

    let connections = std::sync::Arc::new(tokio::sync::Semaphore::new(MAX_CONNECTIONS));
    let mut sweep = tokio::time::interval(SWEEP_INTERVAL);
    let mut needed_at = Instant::now();
    let stop = Rc::clone(&shared.borrow().stop);
    let why = loop {
        let permit = std::sync::Arc::clone(&connections);
        tokio::select! {
            accepted = async {
                let permit = permit.acquire_owned().await;
                (listener.accept().await, permit)
            } => match accepted {
                (Ok((stream, peer)), permit) => {
                    needed_at = Instant::now();
                    if !peer.same_user {
                        shared.borrow_mut().log.line("refused a connection of another user");
                        continue;
                    }
                    let task = Rc::clone(&shared);
                    tokio::task::spawn_local(async move {
                        connection::serve(task, stream).await;
                        drop(permit);
                    });
                }
                (Err(err), _) => {
                    shared.borrow_mut().log.line(&format!("accepting a connection failed: {err}"));
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            _ = sweep.tick() => {
                if shared.borrow_mut().shells.sweep() > 0 {
                    needed_at = Instant::now();
                }
                super::push::leases_ended(&shared);
                if !listener.is_in_place() {
                    // A cleaned runtime folder: listen anew, so that shells find this daemon and start no second one.
                    shared.borrow_mut().log.line("the socket was gone and is made again");
                    listener = Listener::bind(&transport::socket_path(&paths)?)?;
                    publish(&paths, &shared, &socket)?;
                }
                if needed_at.elapsed() > IDLE_EXIT {
                    break "nobody needs it";
                }
            }
            signal = ends.wait() => break signal,
            () = stop.notified() => break "asked to",
        }
    };
    shared.borrow_mut().log.line(&format!("stopped: {why}"));
    // The answer to `stop` is still on its way.
    tokio::time::sleep(Duration::from_millis(20)).await;
    // Our address only: a successor may have published its own by now.
    let ours = std::fs::read_to_string(paths.address_file()).ok().and_then(|text| Address::decode(&text));
    if ours.is_some_and(|address| address.pid == std::process::id()) {
        let _ = std::fs::remove_file(paths.address_file());
    }
    Ok(())
}

fn publish(paths: &Paths, shared: &Shared, socket: &Path) -> Result<()> {
    let address = Address {
        pid: std::process::id(),
        boot: shared.borrow().boot.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
        socket: socket.to_owned(),
    };
    crate::atomic::write(&paths.address_file(), address.encode().as_bytes(), 0o600)
}

/// Takes the lock held for the daemon's life; `None` where another daemon holds it.
fn take_lock(paths: &Paths) -> Result<Option<std::fs::File>> {
    let path = paths.lock_file();
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&path).map_err(|err| Error::io("open", &path, &err))?;
    match file.try_lock() {
        Ok(()) => {
            let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
            Ok(Some(file))
        }
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(err)) => Err(Error::io("lock", &path, &err)),
    }
}

/// No core dump and no debugger of the same user may show the keys.
#[cfg(unix)]
fn harden() {
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

#[cfg(windows)]
fn harden() {}

/// The system's ways to end a process.
#[cfg(unix)]
struct Ends {
    term: tokio::signal::unix::Signal,
    int: tokio::signal::unix::Signal,
    hup: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Ends {
    fn listen() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let failed = |err: std::io::Error| Error::new(format!("cannot listen for signals: {err}"));
        Ok(Self {
            term: signal(SignalKind::terminate()).map_err(failed)?,
            int: signal(SignalKind::interrupt()).map_err(failed)?,
            hup: signal(SignalKind::hangup()).map_err(failed)?,
        })
    }

    async fn wait(&mut self) -> &'static str {
        tokio::select! {
            _ = self.term.recv() => "terminated",
            _ = self.int.recv() => "interrupted",
            _ = self.hup.recv() => "hung up",
        }
    }
}

/// The system's ways to end a process.
#[cfg(windows)]
struct Ends;

#[cfg(windows)]
impl Ends {
    #[allow(clippy::unnecessary_wraps)]
    fn listen() -> Result<Self> {
        Ok(Self)
    }

    async fn wait(&mut self) -> &'static str {
        let _ = tokio::signal::ctrl_c().await;
        "interrupted"
    }
}
