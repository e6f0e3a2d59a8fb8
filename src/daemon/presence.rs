//! Where the daemon can be found: its socket, and the file that tells every client of this user where that is.
//!
//! Both can vanish while it runs: a logout cleans the runtime folder, a person cleans the state folder. `lifecycle` asks
//! often whether they are in place, and has them made again.

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::ipc::address::Address;
use crate::ipc::transport::{self, InheritedSocket, Listener, Peer, ServerStream};
use crate::paths::{self, Paths};

/// The listening socket and its published address.
pub struct Presence {
    paths: Paths,
    listener: Listener,
    address: Address,
}

impl Presence {
    /// Listens, on the socket that was handed over where there is one, and publishes the address. Only the holder of the
    /// daemon's lock may call this.
    pub fn establish(paths: &Paths, boot: &str, inherited: Option<InheritedSocket>) -> Result<Self> {
        let listener = match inherited {
            Some(socket) => Listener::of_inherited(socket)?,
            None => Listener::bind(&transport::socket_path(paths)?)?,
        };
        let address = Address {
            pid: std::process::id(),
            boot: boot.to_owned(),
            version: env!("CARGO_PKG_VERSION").into(),
            socket: listener.path().to_owned(),
        };
        let presence = Self { paths: paths.clone(), listener, address };
        presence.publish()?;
        Ok(presence)
    }

    /// Waits for the next connection.
    pub async fn accept(&self) -> std::io::Result<(ServerStream, Peer)> {
        self.listener.accept().await
    }

    /// The folder of the socket, where it is a file.
    pub fn folder(&self) -> Option<PathBuf> {
        let folder = self.listener.path().parent().filter(|folder| folder.is_dir());
        folder.map(Path::to_owned)
    }

    /// Says whether clients find this daemon.
    pub fn is_in_place(&self) -> bool {
        self.listener.is_in_place() && self.published().as_ref() == Some(&self.address)
    }

    /// Makes again what is gone, perhaps elsewhere: the runtime folder may be unfit by now.
    pub fn restore(&mut self) -> Result<()> {
        paths::create_private_dir(&self.paths.state_dir)?;
        if !self.listener.is_in_place() {
            self.listener = Listener::bind(&transport::socket_path(&self.paths)?)?;
            self.listener.path().clone_into(&mut self.address.socket);
        }
        self.publish()
    }

    fn publish(&self) -> Result<()> {
        crate::atomic::write(&self.paths.address_file(), self.address.encode().as_bytes(), 0o600)
    }

    fn published(&self) -> Option<Address> {
        Address::decode(&std::fs::read_to_string(self.paths.address_file()).ok()?)
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        // Our address only: a successor may have published its own by now.
        if self.published().as_ref() == Some(&self.address) {
            let _ = std::fs::remove_file(self.paths.address_file());
        }
    }
}
