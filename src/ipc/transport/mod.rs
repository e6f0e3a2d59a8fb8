//! The local socket or pipe: bind, connect, and the check that the other end is the same user.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub use unix::{
    ClientStream, InheritedSocket, Listener, ServerStream, activation_socket, connect, limit_reads, socket_path,
};

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub use windows::{
    ClientStream, InheritedSocket, Listener, ServerStream, activation_socket, connect, limit_reads, socket_path,
};

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Whether it is the user this daemon serves.
    pub same_user: bool,
    /// Its process, where the system tells and it is visible from here.
    pub pid: Option<u32>,
}
