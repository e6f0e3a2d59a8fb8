//! Sockets that systemd listens on and hands over at the start (`sd_listen_fds(3)`): the socket activation of `daemon install`.
//!
//! ```text
//! LISTEN_PID=4242 LISTEN_FDS=2 LISTEN_FDNAMES=daemon:proxy      descriptors 3 and 4
//! ```
//! Each is taken by its name. A lone socket without a name of ours (`systemd-socket-activate`) is the daemon's.

#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
#[cfg(unix)]
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(unix)]
use crate::error::Error;
use crate::error::Result;
use crate::ipc::transport::InheritedSocket;

/// The number of the first descriptor (`SD_LISTEN_FDS_START`).
#[cfg(unix)]
const FIRST: RawFd = 3;
/// More than anybody hands over.
#[cfg(unix)]
const MAX_SOCKETS: RawFd = 16;

/// Sockets of this process that listen already.
#[derive(Debug, Default)]
pub struct Inherited(Vec<(String, InheritedSocket)>);

impl Inherited {
    /// Takes over what was handed to this process; a second call finds nothing. What is not a listening socket is an error.
    ///
    /// To be called before this process opens anything: the numbers are then those of the caller.
    #[cfg(unix)]
    pub fn take_over() -> Result<Self> {
        static IS_TAKEN: AtomicBool = AtomicBool::new(false);
        let number = |name: &str| std::env::var(name).ok()?.parse::<RawFd>().ok();
        if number("LISTEN_PID") != i32::try_from(std::process::id()).ok() || IS_TAKEN.swap(true, Ordering::Relaxed) {
            return Ok(Self::default());
        }
        let count = number("LISTEN_FDS").unwrap_or(0);
        if !(0..=MAX_SOCKETS).contains(&count) {
            return Err(Error::new(format!("LISTEN_FDS speaks of {count} sockets; at most {MAX_SOCKETS} are taken")));
        }
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.split(':').map(str::to_owned);
        let mut sockets = Vec::new();
        for fd in FIRST..FIRST + count {
            let name = names.next().unwrap_or_default();
            if !is_listening_socket(fd) {
                return Err(Error::new(format!("LISTEN_FDS speaks of descriptor {fd}, which is no listening socket"))
                    .hint("the daemon is started by a socket unit: see `systemctl --user status llmenv.socket`"));
            }
            // SAFETY: the descriptor is open, by LISTEN_PID it was handed to this process, and it is taken over once.
            let socket = unsafe { OwnedFd::from_raw_fd(fd) };
            rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)
                .map_err(|err| Error::new(format!("cannot keep descriptor {fd} to this process: {err}")))?;
            sockets.push((name, socket));
        }
        Ok(Self(sockets))
    }

    /// Nobody hands over anything.
    #[cfg(windows)]
    #[allow(clippy::unnecessary_wraps)]
    pub fn take_over() -> Result<Self> {
        Ok(Self::default())
    }

    /// Takes the socket of one name.
    pub fn take(&mut self, name: &str) -> Option<InheritedSocket> {
        self.0.extract_if(.., |(known, _)| known == name).next().map(|(_, socket)| socket)
    }

    /// Takes the daemon's own socket: by its name, or the only one there is.
    pub fn take_daemon(&mut self) -> Option<InheritedSocket> {
        let named = self.take(crate::unit::DAEMON_SOCKET_NAME);
        named.or_else(|| if self.0.len() == 1 { self.0.pop().map(|(_, socket)| socket) } else { None })
    }

    /// Names of what nobody took; closed with this value.
    pub fn left(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }
}

#[cfg(unix)]
fn is_listening_socket(fd: RawFd) -> bool {
    // SAFETY: the number is used for these calls alone, which fail harmlessly where nothing is open under it.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    rustix::io::fcntl_getfd(borrowed).is_ok() && is_listening(borrowed)
}

/// Says whether a socket waits for connections.
#[cfg(all(unix, not(target_vendor = "apple")))]
pub(super) fn is_listening(socket: impl AsFd) -> bool {
    rustix::net::sockopt::socket_acceptconn(socket).unwrap_or(false)
}

/// Says whether a socket of streams has an address of its own and nobody at the other end: the library asks for no more there.
#[cfg(target_vendor = "apple")]
pub(super) fn is_listening(socket: impl AsFd) -> bool {
    let is_stream =
        rustix::net::sockopt::socket_type(&socket).is_ok_and(|kind| kind == rustix::net::SocketType::STREAM);
    is_stream && rustix::net::getsockname(&socket).is_ok() && rustix::net::getpeername(&socket).is_err()
}
