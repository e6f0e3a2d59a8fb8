//! What goes from a daemon that leaves to the one that comes: the proxy's listening socket, and what a person opened.
//!
//! A port that is closed and opened again refuses whoever connects in between, and a client takes that for a proxy that is
//! gone. So the daemon that is replaced stops accepting and keeps its socket open: connections wait in the system's queue.
//! A vault that was opened with a passphrase, and a key for which a program asked somebody, would have to be asked for again.
//! The next daemon takes all of it at an address in the state folder, before it answers anybody. Where nobody comes, it ends
//! with this one.
//!
//! A connection there carries one byte with the socket beside it (`SCM_RIGHTS`, unix(7)), then one line of JSON.

use std::collections::BTreeMap;
use std::io::{IoSlice, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
};
use serde::{Deserialize, Serialize};

use super::held::Held;
use super::inherited::is_listening;
use super::log::Log;
use super::state::State;
use crate::error::Result;
use crate::ipc::protocol::WireSecret;
use crate::ipc::{daemon_lock, frame, transport};
use crate::paths::Paths;
use crate::profile::KeySource;
use crate::store::StoredKey;
use crate::store::vault::VaultKey;

/// How long a daemon keeps everything for the next one.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the next one waits for it: it was offered before there was room for a daemon.
const TAKE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the vault may take to prove a key: no passphrase is stretched for that.
const PROOF_TIMEOUT: Duration = Duration::from_secs(2);
/// A message has to have a byte, or it carries nothing (unix(7)).
const BYTE: [u8; 1] = [b'\n'];

/// What a daemon leaves to the next one.
#[derive(Default)]
pub struct Estate {
    /// The socket on which the proxy listens.
    pub listener: Option<TcpListener>,
    /// What a person opened.
    pub opened: Opened,
}

/// What only a person can give, and gave to the daemon that leaves.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Opened {
    /// What opens the vault.
    vault_key: Option<WireSecret>,
    /// Keys that programs gave, by profile.
    keys: BTreeMap<String, FromProgram>,
}

/// A key that a program gave.
#[derive(Serialize, Deserialize)]
struct FromProgram {
    /// The program and its arguments: by another one the profile would have another key.
    argv: Vec<String>,
    key: WireSecret,
    /// For how long it may be kept yet.
    seconds: Option<u64>,
}

impl Opened {
    /// Collects it from the daemon that leaves.
    pub fn of(state: &State) -> Self {
        let from_program = |(name, held): (&String, &Held)| {
            let KeySource::Command { argv, .. } = &state.config.profiles.get(name)?.key else { return None };
            let left = held.until.map(|until| until.saturating_duration_since(Instant::now()).as_secs());
            let key = WireSecret(held.stored.key.clone());
            Some((name.clone(), FromProgram { argv: argv.clone(), key, seconds: left }))
        };
        Self {
            vault_key: state.store.export_key().map(|key| WireSecret(key.digits())),
            keys: state.keys.iter().filter_map(from_program).collect(),
        }
    }

    /// Says whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.vault_key.is_none() && self.keys.is_empty()
    }

    /// Goes on with it in the next daemon. What was locked meanwhile stays so.
    pub fn settle(self, state: &mut State) {
        if state.memory.is_locked() {
            return;
        }
        let vault_key = self.vault_key.and_then(|digits| VaultKey::from_digits(&digits.0));
        let proven = vault_key.map(|key| state.store.import_key(key, PROOF_TIMEOUT));
        if let Some(Err(err)) = proven {
            let why = err.into_error("any profile").message;
            state.log.line(&format!("the last daemon's key does not open the vault: {why}"));
        }
        for (name, FromProgram { argv, key, seconds }) in self.keys {
            let source = state.config.profiles.get(&name).map(|profile| &profile.key);
            if !matches!(source, Some(KeySource::Command { argv: now, .. }) if *now == argv) {
                continue;
            }
            let stored = StoredKey { key: key.0, origin: String::new(), more: BTreeMap::new() };
            // A time that no clock can show is no daemon's of ours.
            let until = match seconds.map(|seconds| Instant::now().checked_add(Duration::from_secs(seconds))) {
                Some(None) => continue,
                until => until.flatten(),
            };
            state.keys.insert(name, Held { stored, until });
        }
    }
}

/// A place where the next daemon finds everything.
pub struct Offer {
    at: transport::Listener,
    paths: Paths,
    estate: Estate,
}

impl Offer {
    /// Offers it. To be called before the daemon's lock is let go: the next one asks once.
    pub fn make(paths: &Paths, estate: Estate) -> Result<Self> {
        Ok(Self { at: transport::Listener::bind(&place(&paths.state_dir))?, paths: paths.clone(), estate })
    }

    /// Waits until it is taken; `false`: nobody came for it.
    pub async fn taken(self) -> bool {
        let taken = async {
            loop {
                match self.at.accept().await {
                    Ok((stream, peer)) if peer.same_user && self.is_successor(peer.pid) => {
                        if stream.into_std().is_ok_and(|stream| give(stream, &self.estate).is_ok()) {
                            return;
                        }
                    }
                    Ok(_) => {}
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, taken).await.is_ok()
    }

    /// The next daemon holds the lock by then. Where the system does not say who asks, being this user has to do.
    fn is_successor(&self, pid: Option<u32>) -> bool {
        pid.is_none() || daemon_lock::holder(&self.paths) == pid
    }
}

/// Takes what a daemon offers, where one does; what of it is of no use is written down. Blocks for a moment. Only the holder of
/// the daemon's lock is given it.
pub fn take(paths: &Paths, log: &mut Log) -> Estate {
    let Ok(mut stream) = transport::connect(&place(&paths.state_dir), TAKE_TIMEOUT) else { return Estate::default() };
    let Ok(socket) = receive(&stream) else { return Estate::default() };
    let listener = socket.map(TcpListener::from).filter(|listener| {
        is_listening(listener) && listener.local_addr().is_ok_and(|address| address.ip().is_loopback())
    });
    // An older one sends no line.
    let line = frame::read_line(&mut stream, &mut Vec::new()).unwrap_or_default();
    let opened = match serde_json::from_slice(&line) {
        Ok(opened) => opened,
        Err(_) if line.is_empty() => Opened::default(),
        Err(_) => {
            // Never what was sent: it may have keys in it.
            log.line("what the last daemon left open is not understood: `llmenv unlock` opens it again");
            Opened::default()
        }
    };
    Estate { listener, opened }
}

fn place(state_dir: &Path) -> PathBuf {
    state_dir.join("handover.sock")
}

fn give(mut stream: std::os::unix::net::UnixStream, estate: &Estate) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(&estate.opened)?;
    line.push(b'\n');
    let sockets: Vec<_> = estate.listener.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !sockets.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(&sockets));
    }
    // Whoever does not read holds this up no longer than it would wait itself.
    stream.set_nonblocking(false)?;
    stream.set_write_timeout(Some(TAKE_TIMEOUT))?;
    rustix::net::sendmsg(&stream, &[IoSlice::new(&BYTE)], &mut control, SendFlags::empty())?;
    stream.write_all(&line)
}

fn receive(stream: &impl AsFd) -> std::io::Result<Option<OwnedFd>> {
    let mut byte = [0; 1];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    rustix::net::recvmsg(stream, &mut [IoSliceMut::new(&mut byte)], &mut control, RecvFlags::empty())?;
    let mut received = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut sockets) => sockets.next(),
        _ => None,
    });
    let Some(socket) = received.next() else { return Ok(None) };
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    Ok(Some(socket))
}
