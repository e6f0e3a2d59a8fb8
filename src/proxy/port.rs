//! The port: chosen once at random, kept, and bound before any token is handed out.
//!
//! Clients keep base URLs in their own files, so a port that is free is never changed. One that somebody else has is
//! waited for a moment, for a daemon that is leaving; then another is taken and the move is told.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// The first port to choose from, and the one after the last: below where systems take ports for outgoing connections.
const RANGE: std::ops::Range<u16> = 20_000..32_768;
/// How long a predecessor may take to let go of the port.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many ports are tried before giving up.
const MAX_TRIES: usize = 64;

/// A port that is bound.
#[derive(Debug)]
pub struct Bound {
    /// The listener, not blocking.
    pub listener: TcpListener,
    /// Its port.
    pub port: u16,
    /// The port it had before, where that one is taken.
    pub moved_from: Option<u16>,
}

/// Binds the port that the configuration names, else the one kept in `dir`, else a new one, which is kept.
pub fn bind(dir: &Path, configured: Option<u16>) -> Result<Bound> {
    let file = file(dir);
    let kept = read(&file);
    if let Some(port) = configured {
        let listener = wait_for(port).map_err(|err| taken(port, &err, true))?;
        let moved_from = kept.filter(|kept| *kept != port);
        keep(&file, port)?;
        return Ok(Bound { listener, port, moved_from });
    }
    if let Some(port) = kept {
        match wait_for(port) {
            Ok(listener) => return Ok(Bound { listener, port, moved_from: None }),
            Err(err) if is_of_another_user(port) => return Err(taken(port, &err, false)),
            Err(_) => {}
        }
    }
    let mut last = None;
    for _ in 0..MAX_TRIES {
        let port = random_port()?;
        match listen(port) {
            Ok(listener) => {
                // Kept first: a token for a port that nobody remembers would be lost with this daemon.
                keep(&file, port)?;
                return Ok(Bound { listener, port, moved_from: kept });
            }
            Err(err) => last = Some(err),
        }
    }
    let why = last.map_or_else(String::new, |err| format!(": {err}"));
    Err(Error::new(format!("no port of this machine can be used for the proxy{why}")))
}

/// Takes over a listener that the system made (socket activation), and keeps its port.
pub fn adopt(dir: &Path, listener: TcpListener) -> Result<Bound> {
    let file = file(dir);
    let failed =
        |err: std::io::Error| Error::new(format!("the proxy's socket that was handed over is of no use: {err}"));
    let address = listener.local_addr().map_err(failed)?;
    if !address.ip().is_loopback() {
        return Err(Error::new(format!(
            "the proxy's socket that was handed over is not on this machine alone: {address}"
        ))
        .hint("`ListenStream=127.0.0.1:PORT` in its unit"));
    }
    listener.set_nonblocking(true).map_err(failed)?;
    let moved_from = read(&file).filter(|kept| *kept != address.port());
    keep(&file, address.port())?;
    Ok(Bound { listener, port: address.port(), moved_from })
}

/// The port kept from before.
pub fn kept(dir: &Path) -> Option<u16> {
    read(&file(dir))
}

fn file(dir: &Path) -> PathBuf {
    dir.join("proxy-port")
}

fn read(file: &Path) -> Option<u16> {
    let (bytes, _) = crate::bounded::read(file, 64, crate::bounded::Links::Refuse).ok()?;
    std::str::from_utf8(&bytes).ok()?.trim().parse().ok().filter(|port| *port >= 1024)
}

fn keep(file: &Path, port: u16) -> Result<()> {
    if read(file) == Some(port) {
        return Ok(());
    }
    crate::atomic::write(file, format!("{port}\n").as_bytes(), 0o600)
}

fn wait_for(port: u16) -> std::io::Result<TcpListener> {
    let begun = Instant::now();
    loop {
        match listen(port) {
            Err(err) if err.kind() == std::io::ErrorKind::AddrInUse && begun.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(20));
            }
            result => return result,
        }
    }
}

fn listen(port: u16) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn taken(port: u16, err: &std::io::Error, is_configured: bool) -> Error {
    let whose = if is_of_another_user(port) { "another user's program" } else { "another program" };
    let error = if err.kind() == std::io::ErrorKind::AddrInUse {
        Error::new(format!("the proxy's port {port} is held by {whose}"))
    } else {
        Error::new(format!("the proxy's port {port} cannot be used: {err}"))
    };
    if is_configured {
        error.hint("choose another `port` in `[proxy]`, or take the line out and let llmenv choose one")
    } else {
        error.hint("end that program, or set `port` in `[proxy]`: what was sent to the old port would go to that user")
    }
}

/// Says whether the port is listened on by another user's process, where the system tells.
#[cfg(target_os = "linux")]
fn is_of_another_user(port: u16) -> bool {
    let me = rustix::process::geteuid().as_raw();
    ["/proc/net/tcp", "/proc/net/tcp6"].iter().any(|table| {
        let Ok(text) = std::fs::read_to_string(table) else { return false };
        // `sl local_address rem_address st tx:rx tr:when retrnsmt uid …`; state 0A is LISTEN (`proc_pid_net(5)`).
        text.lines().skip(1).any(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let is_port = fields
                .get(1)
                .and_then(|local| local.rsplit_once(':'))
                .is_some_and(|(_, hex)| u16::from_str_radix(hex, 16) == Ok(port));
            is_port
                && fields.get(3) == Some(&"0A")
                && fields.get(7).and_then(|uid| uid.parse::<u32>().ok()).is_some_and(|uid| uid != me)
        })
    })
}

#[cfg(not(target_os = "linux"))]
fn is_of_another_user(_port: u16) -> bool {
    false
}

fn random_port() -> Result<u16> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(|err| Error::new(format!("the system gives no random bytes: {err}")))?;
    let span = u32::from(RANGE.end - RANGE.start);
    let offset = u16::try_from(u32::from_le_bytes(bytes) % span).unwrap_or_default();
    Ok(RANGE.start + offset)
}
