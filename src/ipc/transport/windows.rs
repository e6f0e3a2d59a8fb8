//! A named pipe that is open to its user alone.

mod pipe;
mod user;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use interprocess::local_socket::tokio::{Listener as PipeListener, Stream};
use interprocess::local_socket::traits::StreamCommon as _;
use interprocess::local_socket::traits::tokio::Listener as _;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, ToFsName};
use interprocess::os::windows::local_socket::ListenerOptionsExt;
use interprocess::os::windows::security_descriptor::SecurityDescriptor;

use super::Peer;
use crate::error::{Error, Result};
use crate::paths::Paths;

/// A client's connection.
pub type ClientStream = pipe::PipeStream;
/// A daemon's connection.
pub type ServerStream = Stream;

/// Nobody hands over a pipe.
pub type InheritedSocket = std::convert::Infallible;

/// The pipe's name, one a user and state folder.
pub fn socket_path(paths: &Paths) -> Result<PathBuf> {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(paths.state_dir.to_string_lossy().to_lowercase().as_bytes());
    let name: String = digest[..8].iter().map(|b| format!("{b:02x}")).collect();
    Ok(PathBuf::from(format!(r"\\.\pipe\llmenv-{name}")))
}

/// Nothing listens for a daemon that does not run.
pub fn activation_socket(_paths: &Paths) -> Option<PathBuf> {
    None
}

/// Opens the pipe and checks that it is this user's: anybody can make one of that name while no daemon runs.
///
/// `timeout` bounds every later read and write, not their sum.
pub fn connect(socket: &Path, timeout: Duration) -> io::Result<ClientStream> {
    let stream = pipe::PipeStream::open(socket, timeout)?;
    if user::owner(stream.handle())? != user::own()? {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the daemon's pipe is not yours"));
    }
    Ok(stream)
}

/// Bounds the next read.
#[allow(clippy::unnecessary_wraps)]
pub fn limit_reads(stream: &ClientStream, left: Duration) -> io::Result<()> {
    stream.limit_reads(left);
    Ok(())
}

/// Full access for the user, who is also the owner, nobody else, and nothing inherited (SDDL, Microsoft Learn, "Security Descriptor
/// String Format"). A pipe's default access list lets everyone read, and makes the owner of an administrator's all administrators.
fn for_user_alone() -> io::Result<SecurityDescriptor> {
    let user = user::own()?;
    SecurityDescriptor::deserialize(&widestring(&format!("O:{user}D:P(A;;GA;;;{user})"))?)
}

/// The daemon's pipe.
pub struct Listener {
    inner: PipeListener,
    path: PathBuf,
}

impl Listener {
    /// Never called, for there is no such socket.
    pub fn of_inherited(socket: InheritedSocket) -> Result<Self> {
        match socket {}
    }

    /// Never called, for there is no such socket.
    pub fn turn_away(socket: InheritedSocket) {
        match socket {}
    }

    /// Creates the first instance of the pipe.
    pub fn bind(path: &Path) -> Result<Self> {
        let failed = |err: io::Error| Error::io("listen on", path, &err);
        let descriptor = for_user_alone().map_err(failed)?;
        let name = path.to_fs_name::<GenericFilePath>().map_err(failed)?;
        let inner = ListenerOptions::new().name(name).security_descriptor(descriptor).create_tokio().map_err(failed)?;
        Ok(Self { inner, path: path.to_owned() })
    }

    /// Waits for the next connection. The pipe's access list has let only this user in.
    pub async fn accept(&self) -> io::Result<(ServerStream, Peer)> {
        let stream = self.inner.accept().await?;
        let pid = stream.peer_creds().ok().and_then(|peer| peer.pid());
        Ok((stream, Peer { same_user: true, pid }))
    }

    /// A pipe lives and dies with its process.
    pub fn is_in_place(&self) -> bool {
        true
    }

    /// Its name.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn widestring(text: &str) -> io::Result<widestring::U16CString> {
    widestring::U16CString::from_str(text).map_err(|_| io::ErrorKind::InvalidInput.into())
}
