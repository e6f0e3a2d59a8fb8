//! Start under a lock, ready when answering, end when nobody needs it.

use std::fs::File;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::guests::Guests;
#[cfg(unix)]
use super::handover::{self, Estate, Offer, Opened};
use super::inherited::Inherited;
use super::log::Log;
use super::presence::Presence;
use super::state::{Shared, State};
use super::{connection, handle, keys, process_limits, proxy, watch};
use crate::error::{Error, Result};
use crate::ipc::transport::{self, InheritedSocket};
use crate::ipc::{client, daemon_lock, spawn};
use crate::paths::{self, Paths};
use crate::printable;
use crate::starter::Starter;

/// How long the daemon stays without a living shell or anything else that needs it.
const IDLE_EXIT: Duration = Duration::from_secs(30 * 60);
/// How often it looks whether its shells are alive.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10);
/// How often it tries again to read keys that shells wait for, and looks whether its socket is in place.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);
/// How long a new daemon waits for its predecessor to leave.
const SUCCESSION_PATIENCE: Duration = Duration::from_secs(4);
/// How long exchanges of the proxy may take to end once the daemon has.
const DRAIN_PATIENCE: Duration = Duration::from_secs(30 * 60);
/// How long clients that are connected to a daemon with a successor may take to ask once more, and so hear of it.
#[cfg(unix)]
const LEAVE_PATIENCE: Duration = Duration::from_secs(3);
/// How long requests at work may take once it is asked to stop.
const FAREWELL_PATIENCE: Duration = Duration::from_millis(2_500);

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

/// Runs the daemon until it is stopped or idle. `by`: the part of the system whose unit says so.
pub fn run(mode: Mode, by: Option<Starter>) -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    if mode == Mode::Background {
        let program = client::program()?;
        return spawn::start_detached(&program, by.unwrap_or(Starter::Demand))
            .map_err(|err| Error::io("start", &program, &err));
    }
    if mode == Mode::Foreground && by.is_some() {
        let program = client::program()?;
        spawn::leave_environment(&program).map_err(|err| Error::io("start", &program, &err))?;
    }
    let mut inherited = Inherited::take_over()?;
    process_limits::harden();
    if mode == Mode::Detached {
        process_limits::leave_terminal();
    }
    let socket = inherited.take_daemon();
    let starter = by.unwrap_or(match mode {
        Mode::Foreground if socket.is_some() || is_of_systemd() => Starter::Systemd,
        Mode::Foreground => Starter::Foreground,
        _ => Starter::Demand,
    });
    paths::create_private_dir(&paths.state_dir)?;
    let waits = mode == Mode::Detached || starter.is_system();
    let Some(lock) = succeed(&paths, waits)? else {
        return match (starter, socket) {
            (Starter::Foreground, _) => Err(Error::new("a daemon is running already")
                .hint("`llmenv daemon status` shows it, `llmenv daemon stop` ends it")),
            (_, Some(socket)) => {
                // Whoever knocked finds the other one by its address.
                transport::Listener::turn_away(socket);
                Ok(())
            }
            _ => Ok(()),
        };
    };
    paths::create_private_dir(&paths.shells_dir())?;
    let log = Log::open(&paths.log_file(), mode == Mode::Foreground);
    let shared = State::load(paths.clone(), log, starter.name())?.shared();
    shared.borrow_mut().is_of_system = starter.is_system();
    #[cfg(unix)]
    if let (Some(socket), Some(proxy)) = (inherited.take("proxy"), shared.borrow_mut().proxy.as_mut()) {
        proxy.inherited = Some(socket.into());
    }
    for name in inherited.left() {
        shared
            .borrow_mut()
            .log
            .line(&format!("closed a socket that was handed over and has no use: `{}`", printable::text(name)));
    }
    drop(inherited);
    #[cfg(unix)]
    {
        // What is there is proved and held before anybody is answered, and takes a moment only where a daemon leaves.
        let mut state = shared.borrow_mut();
        let Estate { listener, opened } = handover::take(&paths, &mut state.log);
        opened.settle(&mut state);
        if let Some(proxy) = &mut state.proxy {
            proxy.handed = listener;
        }
    }
    let runtime = super::runtime()?;
    let tasks = tokio::task::LocalSet::new();
    let result = tasks.block_on(&runtime, serve(paths, lock, socket, Rc::clone(&shared)));
    if let Err(err) = &result {
        shared.borrow_mut().log.line(&format!("ended: {err}"));
    }
    // A keyring that hangs must not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(200));
    result
}

/// Says whether a unit of systemd's that is not ours started this very process (systemd.exec(5), `$SYSTEMD_EXEC_PID`); variables
/// that it gave to somebody above are inherited, too.
fn is_of_systemd() -> bool {
    std::env::var("SYSTEMD_EXEC_PID").is_ok_and(|pid| pid == std::process::id().to_string())
}

/// Takes the daemon's lock; `None` where another daemon has it and answers.
///
/// One that has it and does not answer is on its way out, or has lost its socket and is about to make another.
fn succeed(paths: &Paths, waits: bool) -> Result<Option<File>> {
    let begun = Instant::now();
    loop {
        if let Some(lock) = daemon_lock::take(paths)? {
            return Ok(Some(lock));
        }
        if !waits || client::is_answering(paths) || begun.elapsed() >= SUCCESSION_PATIENCE {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

async fn serve(paths: Paths, mut lock: File, socket: Option<InheritedSocket>, shared: Shared) -> Result<()> {
    let mut ends = Ends::listen()?;
    let boot = shared.borrow().boot.clone();
    let mut presence = Presence::establish(&paths, &boot, socket)?;
    shared.borrow_mut().log.line(&format!(
        "started (process {}, version {})",
        std::process::id(),
        env!("CARGO_PKG_VERSION")
    ));
    settle_pipes(&shared, &presence);
    // Answering first, everything else later: files and keyrings may take their time.
    shared.borrow_mut().shells.adopt_files();
    handle::prefetch(&shared);
    proxy::start(&shared);
    let folders = [Some(paths.state_dir.clone()), presence.folder()];
    watch::start(&shared, folders.into_iter().flatten().collect());

    let guests = Rc::new(Guests::default());
    let mut sweep = tokio::time::interval(SWEEP_INTERVAL);
    let mut retry = tokio::time::interval(RETRY_INTERVAL);
    let mut needed_at = Instant::now();
    let (stop, place_changed) = {
        let state = shared.borrow();
        (Rc::clone(&state.stop), Rc::clone(&state.place_changed))
    };
    let why = loop {
        tokio::select! {
            accepted = presence.accept() => match accepted {
                Ok((stream, peer)) => {
                    if !peer.same_user {
                        shared.borrow_mut().log.line("refused a connection of another user");
                        continue;
                    }
                    needed_at = Instant::now();
                    if let Some(guest) = guests.enter() {
                        tokio::task::spawn_local(connection::serve(Rc::clone(&shared), guest, stream));
                    }
                }
                Err(err) => {
                    shared.borrow_mut().log.line(&format!("accepting a connection failed: {err}"));
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            _ = sweep.tick() => {
                if shared.borrow_mut().sweep() > 0 || proxy::is_needed(&shared.borrow()) {
                    needed_at = Instant::now();
                }
                proxy::sweep(&shared);
                proxy::listen_where_needed(&shared);
                super::push::leases_ended(&shared);
                if needed_at.elapsed() > IDLE_EXIT {
                    break "nobody needs it";
                }
            }
            _ = retry.tick() => {
                keys::retry_for_shells(&shared);
                // What was taken away before it was watched again was announced by nobody; a command waits this long.
                if !stay_in_place(&paths, &shared, &mut presence, &mut lock) {
                    break "another daemon took its place";
                }
            }
            () = place_changed.notified() => {
                // Whoever takes the folder away takes its content first.
                tokio::time::sleep(Duration::from_millis(20)).await;
                if !stay_in_place(&paths, &shared, &mut presence, &mut lock) {
                    break "another daemon took its place";
                }
            }
            signal = ends.wait() => break signal,
            () = stop.notified() => break "asked to",
        }
    };
    shared.borrow_mut().log.line(&format!("stopped: {why}"));
    // What was begun is finished, the answer to `stop` among it; nobody is let in any more.
    let _ = tokio::time::timeout(FAREWELL_PATIENCE, guests.all_answered()).await;
    shared.borrow_mut().pipes.settle(None);
    let has_successor = {
        let state = shared.borrow();
        // Where the system starts the next one, it has to see this one gone, and keeps the sockets itself.
        state.has_successor && !state.is_of_system
    };
    let offer = leave(&shared, &paths, has_successor);
    proxy::sweep(&shared);
    if let Some(proxy) = &shared.borrow().proxy {
        proxy.tokens.retire();
    }
    drop(presence);
    // The next daemon may have everything from here on: its lock, its socket, the proxy's port.
    drop(lock);
    succession(&shared, offer, &mut ends).await;
    finish_streams(&shared, &mut ends).await;
    Ok(())
}

/// Offers everything to the next daemon, where one comes and there is something; else the proxy's listener is closed.
#[cfg(unix)]
fn leave(shared: &Shared, paths: &Paths, has_successor: bool) -> Option<Offer> {
    let mut state = shared.borrow_mut();
    let opened = if has_successor { Opened::of(&state) } else { Opened::default() };
    let State { proxy, log, .. } = &mut *state;
    let listener = proxy.as_mut().filter(|_| has_successor).and_then(proxy::Proxy::leave);
    if listener.is_some() || !opened.is_empty() {
        match Offer::make(paths, Estate { listener, opened }) {
            Ok(offer) => return Some(offer),
            Err(err) => log.line(&format!("nothing can be handed over: {err}")),
        }
    }
    if let Some(proxy) = proxy {
        proxy.close();
    }
    None
}

/// Waits until the next daemon has everything, and a moment for the clients that are connected here.
#[cfg(unix)]
async fn succession(shared: &Shared, offer: Option<Offer>, ends: &mut Ends) {
    let Some(offer) = offer else { return };
    let taken = tokio::select! {
        taken = offer.taken() => taken,
        _ = ends.wait() => false,
    };
    let line = if taken { "the next daemon has what was open" } else { "nobody came for what was open" };
    shared.borrow_mut().log.line(line);
    let begun = Instant::now();
    let connections = || shared.borrow().proxy.as_ref().map_or(0, proxy::Proxy::connections);
    while taken && connections() > 0 && begun.elapsed() < LEAVE_PATIENCE {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(20)) => {}
            _ = ends.wait() => break,
        }
    }
    if let Some(proxy) = shared.borrow_mut().proxy.as_mut() {
        proxy.close();
    }
}

/// A listener is not handed over there: the next daemon binds the same port, and clients that are refused meanwhile ask again.
#[cfg(windows)]
fn leave(shared: &Shared, _paths: &Paths, _has_successor: bool) -> Option<()> {
    shared.borrow_mut().proxy.as_mut().map(proxy::Proxy::close)
}

#[cfg(windows)]
#[allow(clippy::unused_async)]
async fn succession(_shared: &Shared, _offer: Option<()>, _ends: &mut Ends) {}

/// Lets what goes through the proxy come to its end: a client's answer is not cut off by a new version. No new exchange
/// begins, and no key is kept for one.
async fn finish_streams(shared: &Shared, ends: &mut Ends) {
    let records = shared.borrow().proxy.as_ref().map(|proxy| std::sync::Arc::clone(&proxy.records));
    let Some(records) = records.filter(|records| records.running() > 0) else { return };
    {
        let mut state = shared.borrow_mut();
        state.keys.clear();
        state.store.lock();
    }
    shared.borrow_mut().log.line(&format!("finishing {} exchange(s) of the proxy", records.running()));
    let begun = Instant::now();
    while records.running() > 0 && begun.elapsed() < DRAIN_PATIENCE {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(50)) => {}
            // Whoever says it twice means it.
            _ = ends.wait() => break,
        }
    }
    // The next daemon counts on by itself; what ended here since then is added to what it has written.
    proxy::sweep(shared);
    shared.borrow_mut().log.line("finished its exchanges");
}

fn settle_pipes(shared: &Shared, presence: &Presence) {
    shared.borrow_mut().pipes.settle(presence.folder().as_deref());
}

/// Makes lock, socket and address again where they are gone, so that shells find this daemon and start no second one.
/// `false`: somebody else has the lock by now, and two would take the address from each other for ever.
fn stay_in_place(paths: &Paths, shared: &Shared, presence: &mut Presence, lock: &mut File) -> bool {
    if !daemon_lock::is_in_place(paths, lock) {
        let _ = paths::create_private_dir(&paths.state_dir);
        match daemon_lock::take(paths) {
            Ok(Some(again)) => *lock = again,
            Ok(None) => return false,
            // A full disk, perhaps; the next look tries again.
            Err(_) => {}
        }
    }
    if presence.is_in_place() {
        return true;
    }
    let result = presence.restore();
    settle_pipes(shared, presence);
    let mut state = shared.borrow_mut();
    state.shells.restore_files();
    state.files_changed.notify_one();
    match result {
        Ok(()) => state.log.line("the socket or its address was gone and is made again"),
        // Tried again at the next look: a full disk may be over by then.
        Err(err) => state.log.line(&format!("the socket is gone and cannot be made again: {err}")),
    }
    true
}

/// The system's ways to end a process.
#[cfg(unix)]
struct Ends {
    term: tokio::signal::unix::Signal,
    int: tokio::signal::unix::Signal,
    hup: tokio::signal::unix::Signal,
    /// Never asked: with a handler a limit on file sizes is an error of the write, not the daemon's end.
    _too_large: tokio::signal::unix::Signal,
}

/// `SIGXFSZ`, the same number on Linux and macOS.
#[cfg(unix)]
const TOO_LARGE: i32 = 25;

#[cfg(unix)]
impl Ends {
    fn listen() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let failed = |err: std::io::Error| Error::new(format!("cannot listen for signals: {err}"));
        Ok(Self {
            term: signal(SignalKind::terminate()).map_err(failed)?,
            int: signal(SignalKind::interrupt()).map_err(failed)?,
            hup: signal(SignalKind::hangup()).map_err(failed)?,
            _too_large: signal(SignalKind::from_raw(TOO_LARGE)).map_err(failed)?,
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
