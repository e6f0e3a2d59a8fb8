//! Unix sockets in a folder that only their user can enter.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Peer;
use crate::error::{Error, Result};
use crate::paths::{self, Paths};

/// The longest socket path every Unix accepts: `sun_path` has 104 bytes on macOS, 108 on Linux, with a NUL at the end.
const MAX_SOCKET_PATH_BYTES: usize = 103;

/// A client's connection.
pub type ClientStream = UnixStream;
/// A daemon's connection.
pub type ServerStream = tokio::net::UnixStream;

/// A socket that listens already, handed over at the start.
pub type InheritedSocket = OwnedFd;

/// Chooses where the socket goes: the runtime folder where it is ours alone, else the state folder. Creates the folder.
pub fn socket_path(paths: &Paths) -> Result<PathBuf> {
    let runtime = paths.runtime_dir.as_ref().filter(|dir| is_ours_alone(dir)).map(|dir| dir.join("llmenv"));
    let mut refused = None;
    for dir in runtime.iter().chain([&paths.state_dir]) {
        let socket = dir.join("daemon.sock");
        // The address file is text, one line a value.
        if socket.to_str().is_none_or(|path| path.contains(char::is_control)) {
            refused = Some(
                Error::new(format!("the socket's path `{}` is not plain UTF-8", crate::printable::path(&socket)))
                    .hint("set XDG_RUNTIME_DIR to another folder of your own (mode 0700)"),
            );
            continue;
        }
        if socket.as_os_str().len() > MAX_SOCKET_PATH_BYTES {
            refused = Some(
                Error::new(format!(
                    "the socket's path `{}` is longer than the {MAX_SOCKET_PATH_BYTES} bytes a Unix socket may have",
                    crate::printable::path(&socket)
                ))
                .hint("set XDG_RUNTIME_DIR to a shorter folder of your own (mode 0700)"),
            );
            continue;
        }
        match paths::create_private_dir(dir).and_then(|()| check_free(&socket)) {
            // systemd starts a daemon for whoever connects there; taken over, it would never do so again.
            Ok(()) if is_listened_to(&socket) => {
                refused = Some(Error::new(format!(
                    "systemd listens on the daemon's socket `{}`",
                    crate::printable::path(&socket)
                )));
            }
            Ok(()) => return Ok(socket),
            Err(err) => refused = Some(err),
        }
    }
    Err(refused.unwrap_or_else(|| Error::new("there is no folder for the daemon's socket")))
}

/// Refuses a path at which something is that this user did not bind.
fn check_free(socket: &Path) -> Result<()> {
    match std::fs::symlink_metadata(socket) {
        Ok(meta) if meta.file_type().is_socket() && meta.uid() == rustix::process::geteuid().as_raw() => Ok(()),
        Ok(_) => Err(Error::new(format!("`{}` is in the way of the socket", crate::printable::path(socket)))
            .hint("nothing of llmenv's made it; move it away")),
        Err(_) => Ok(()),
    }
}

/// The socket on which systemd may listen for a daemon that does not run (`llmenv daemon install`): there where the
/// daemon's own would be, and ours alone.
pub fn activation_socket(paths: &Paths) -> Option<PathBuf> {
    let folder = paths.runtime_dir.as_ref().filter(|dir| is_ours_alone(dir))?.join("llmenv");
    let socket = folder.join("daemon.sock");
    (is_ours_alone(&folder) && is_listened_to(&socket)).then_some(socket)
}

/// Says whether some process listens on a socket that was bound by exactly this name. A daemon of ours binds under another one
/// and renames it, so it is never meant. Nothing is connected to: that would start what listens.
#[cfg(target_os = "linux")]
fn is_listened_to(socket: &Path) -> bool {
    use std::io::{BufRead, BufReader};
    /// `__SO_ACCEPTCON`, the fourth column of `/proc/net/unix` (proc(5)).
    const LISTENING: &[u8] = b"00010000";
    let Ok(table) = std::fs::File::open("/proc/net/unix") else { return false };
    let mut table = BufReader::new(table);
    let ending = [b" ", socket.as_os_str().as_encoded_bytes()].concat();
    let mut line = Vec::new();
    // One line a socket of this machine; a read of the kernel's own table neither waits nor ends in the middle.
    while table.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
        let text = line.trim_ascii_end();
        if text.ends_with(&ending) && text.split(|byte| *byte == b' ').nth(3) == Some(LISTENING) {
            return true;
        }
        line.clear();
    }
    false
}

/// Only systemd does that.
#[cfg(not(target_os = "linux"))]
fn is_listened_to(_socket: &Path) -> bool {
    false
}

fn is_ours_alone(dir: &Path) -> bool {
    std::fs::symlink_metadata(dir).is_ok_and(|meta| {
        meta.is_dir() && meta.uid() == rustix::process::geteuid().as_raw() && meta.mode() & 0o077 == 0
    })
}

/// Connects and checks that folder, socket and the process behind it belong to this user.
///
/// `timeout` bounds every later read and write, not their sum.
pub fn connect(socket: &Path, timeout: Duration) -> io::Result<ClientStream> {
    let euid = rustix::process::geteuid().as_raw();
    let stranger = |what: &str| io::Error::new(io::ErrorKind::PermissionDenied, format!("{what} is not yours"));
    let meta = std::fs::symlink_metadata(socket)?;
    if !meta.file_type().is_socket() || meta.uid() != euid {
        return Err(stranger("the daemon's socket"));
    }
    if !socket.parent().is_some_and(is_ours_alone) {
        return Err(stranger("the folder of the daemon's socket"));
    }
    let stream = connect_within(socket, timeout)?;
    if peer_uid(&stream)? != euid {
        return Err(stranger("the process behind the daemon's socket"));
    }
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    Ok(stream)
}

/// Connecting waits while the daemon's queue is full, which a stopped daemon's is one day: Linux bounds that wait by the
/// send timeout (`unix(7)`, `SO_SNDTIMEO`), which therefore has to be there first.
#[cfg(target_os = "linux")]
fn connect_within(socket: &Path, timeout: Duration) -> io::Result<UnixStream> {
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, sockopt};
    let fd = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    sockopt::set_socket_timeout(&fd, sockopt::Timeout::Send, Some(timeout))?;
    rustix::net::connect(&fd, &SocketAddrUnix::new(socket)?)?;
    Ok(fd.into())
}

/// Elsewhere a full queue refuses at once.
#[cfg(not(target_os = "linux"))]
fn connect_within(socket: &Path, _timeout: Duration) -> io::Result<UnixStream> {
    UnixStream::connect(socket)
}

/// Bounds the next read.
pub fn limit_reads(stream: &ClientStream, left: Duration) -> io::Result<()> {
    stream.set_read_timeout(Some(left.max(Duration::from_micros(1))))
}

#[cfg(target_os = "linux")]
fn peer_uid(stream: &UnixStream) -> io::Result<u32> {
    Ok(rustix::net::sockopt::socket_peercred(stream)?.uid.as_raw())
}

#[cfg(not(target_os = "linux"))]
fn peer_uid(stream: &UnixStream) -> io::Result<u32> {
    use std::ffi::c_int;
    use std::os::fd::AsRawFd;
    // getpeereid(3) of macOS and the BSDs; `uid_t` and `gid_t` have 32 bits there.
    unsafe extern "C" {
        fn getpeereid(socket: c_int, user: *mut u32, group: *mut u32) -> c_int;
    }
    let (mut user, mut group) = (0, 0);
    // SAFETY: the descriptor is open for the whole call, and both places may be written to.
    match unsafe { getpeereid(stream.as_raw_fd(), &raw mut user, &raw mut group) } {
        0 => Ok(user),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The daemon's listening socket; removed when dropped.
pub struct Listener {
    inner: tokio::net::UnixListener,
    path: PathBuf,
    inode: u64,
    is_inherited: bool,
}

impl Listener {
    /// Takes a socket that systemd bound and listens on: its file stays when this listener goes.
    pub fn of_inherited(socket: InheritedSocket) -> Result<Self> {
        let listener = std::os::unix::net::UnixListener::from(socket);
        let path = listener.local_addr().ok().and_then(|address| address.as_pathname().map(Path::to_owned));
        let Some(path) = path.filter(|path| path.is_absolute()) else {
            return Err(Error::new("the socket that was handed over is not a file")
                .hint("the socket unit's `ListenStream=` names a path: `llmenv daemon install` writes one"));
        };
        let failed = |err: io::Error| Error::io("listen on", &path, &err);
        let folder = path.parent().unwrap_or(Path::new("/"));
        paths::check_private_dir(folder)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
        let inode = std::fs::symlink_metadata(&path).map_err(failed)?.ino();
        listener.set_nonblocking(true).map_err(failed)?;
        let inner = tokio::net::UnixListener::from_std(listener).map_err(failed)?;
        Ok(Self { inner, path, inode, is_inherited: true })
    }

    /// Closes the connections that wait, so that systemd does not start one daemon after the other for them.
    pub fn turn_away(socket: InheritedSocket) {
        let listener = std::os::unix::net::UnixListener::from(socket);
        if listener.set_nonblocking(true).is_ok() {
            while listener.accept().is_ok() {}
        }
    }

    /// Binds, replacing a dead socket. Only the holder of the daemon's lock may call this.
    pub fn bind(path: &Path) -> Result<Self> {
        check_free(path)?;
        let failed = |err: io::Error| Error::io("listen on", path, &err);
        // Bound under a name of its own and moved into place, so that nobody meets a socket that is open to others.
        let fresh = path.with_extension(format!("{}", std::process::id()));
        let _ = std::fs::remove_file(&fresh);
        let listener = std::os::unix::net::UnixListener::bind(&fresh).map_err(failed)?;
        std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
        std::fs::rename(&fresh, path).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let inode = std::fs::symlink_metadata(path).map_err(failed)?.ino();
        let inner = tokio::net::UnixListener::from_std(listener).map_err(failed)?;
        Ok(Self { inner, path: path.to_owned(), inode, is_inherited: false })
    }

    /// Waits for the next connection.
    pub async fn accept(&self) -> io::Result<(ServerStream, Peer)> {
        let (stream, _) = self.inner.accept().await?;
        let credentials = stream.peer_cred()?;
        // Root is a stranger too, unless the daemon is root's own: it can read everything anyway, but by mistake
        // (a `sudo` in between) it should not.
        let same_user = credentials.uid() == rustix::process::geteuid().as_raw();
        let pid = credentials.pid().and_then(|pid| u32::try_from(pid).ok()).filter(|&pid| pid != 0);
        Ok((stream, Peer { same_user, pid }))
    }

    /// Says whether the socket on disk is still the one this listener bound.
    pub fn is_in_place(&self) -> bool {
        std::fs::symlink_metadata(&self.path).is_ok_and(|meta| meta.ino() == self.inode)
    }

    /// Where it listens.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if !self.is_inherited && self.is_in_place() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
