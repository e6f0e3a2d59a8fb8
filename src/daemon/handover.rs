//! The proxy's listening socket on its way from a daemon that leaves to the one that comes.
//!
//! A port that is closed and opened again refuses whoever connects in between, and a client takes that for a proxy that is
//! gone. So the daemon that is replaced stops accepting and keeps its socket open: connections wait in the system's queue. The
//! next daemon asks for the socket at an address in the state folder and accepts them. Where nobody comes, it is closed.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
};

use crate::error::Result;
use crate::ipc::transport;

/// How long a daemon keeps the socket for the next one.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the next one waits for it: it was offered before there was room for a daemon.
const TAKE_TIMEOUT: Duration = Duration::from_secs(2);
/// A message has to have a byte, or it carries nothing (unix(7)).
const BYTE: [u8; 1] = [b'\n'];

/// A socket that can be taken by the next daemon.
pub struct Offer {
    at: transport::Listener,
    socket: TcpListener,
}

impl Offer {
    /// Offers a listening socket. To be called before the daemon's lock is let go: the next one asks once.
    pub fn make(state_dir: &Path, socket: TcpListener) -> Result<Self> {
        Ok(Self { at: transport::Listener::bind(&place(state_dir))?, socket })
    }

    /// Waits until it is taken; `false`: nobody came for it.
    pub async fn taken(self) -> bool {
        let taken = async {
            loop {
                match self.at.accept().await {
                    Ok((stream, peer)) if peer.same_user => {
                        if stream.into_std().is_ok_and(|stream| give(&stream, &self.socket).is_ok()) {
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
}

/// Takes the socket that a daemon offers, where one does and it listens on this port. Blocks for a moment.
pub fn take(state_dir: &Path, port: u16) -> Option<TcpListener> {
    let stream = transport::connect(&place(state_dir), TAKE_TIMEOUT).ok()?;
    let listener = TcpListener::from(receive(&stream).ok()??);
    let is_it = rustix::net::sockopt::socket_acceptconn(&listener).unwrap_or(false)
        && listener.local_addr().is_ok_and(|address| address.ip().is_loopback() && address.port() == port);
    is_it.then_some(listener)
}

fn place(state_dir: &Path) -> PathBuf {
    state_dir.join("handover.sock")
}

fn give(stream: &impl AsFd, socket: &TcpListener) -> std::io::Result<()> {
    let sockets = [socket.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&sockets));
    rustix::net::sendmsg(stream, &[IoSlice::new(&BYTE)], &mut control, SendFlags::empty())?;
    Ok(())
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
