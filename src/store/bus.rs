//! Where the session bus is, and how to reach it without waiting for one that is dead.
//!
//! The address comes from the environment this process was *started* with, never from a client or from a file in a
//! repository: whoever names the bus names the keyring that is asked for keys.

use std::ffi::OsString;
use std::path::PathBuf;

use tokio::time::{Instant, timeout_at};
use zbus::Connection;
use zbus::connection::Builder;

use super::StoreError;

/// Places where the session bus may be, in the order in which they are tried at every connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BusAddresses {
    /// `DBUS_SESSION_BUS_ADDRESS` at start; may list several, separated by `;`.
    pub from_start: Option<String>,
    /// Sockets to fall back to: `$XDG_RUNTIME_DIR/bus`, `/run/user/UID/bus`.
    pub sockets: Vec<PathBuf>,
}

impl BusAddresses {
    /// Takes them from this process' environment. Call it once, at start.
    pub fn from_environment() -> Self {
        Self::from_lookup(|name| std::env::var_os(name), rustix::process::geteuid().as_raw())
    }

    /// Takes them from any environment.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>, uid: u32) -> Self {
        let from_start = lookup("DBUS_SESSION_BUS_ADDRESS")
            .and_then(|address| address.into_string().ok())
            .filter(|address| !address.is_empty());
        let mut sockets = Vec::new();
        if let Some(dir) = lookup("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_absolute()) {
            sockets.push(dir.join("bus"));
        }
        let usual = PathBuf::from(format!("/run/user/{uid}/bus"));
        if !sockets.contains(&usual) {
            sockets.push(usual);
        }
        Self { from_start, sockets }
    }

    /// Looks all of them up anew and lists those worth trying.
    fn candidates(&self) -> Vec<String> {
        let listed = self.from_start.iter().flat_map(|list| list.split(';')).filter(|one| !one.is_empty());
        let found = self.sockets.iter().filter(|socket| is_own_socket(socket)).filter_map(|socket| {
            // The address grammar escapes nearly everything; a path that would need it is not a usual one.
            let path = socket.to_str()?;
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_/.\\*".contains(&b);
            path.bytes().all(plain).then(|| format!("unix:path={path}"))
        });
        listed.map(str::to_owned).chain(found).collect()
    }
}

fn is_own_socket(path: &std::path::Path) -> bool {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    std::fs::metadata(path)
        .is_ok_and(|meta| meta.file_type().is_socket() && meta.uid() == rustix::process::geteuid().as_raw())
}

/// Connects to the first bus that answers.
///
/// One that accepts and says nothing gets two fifths of the time that is left, so that the next can still be asked.
pub(super) async fn connect(addresses: &BusAddresses, deadline: Instant) -> Result<Connection, StoreError> {
    let mut hung = false;
    let mut reason = String::from("no session bus: DBUS_SESSION_BUS_ADDRESS is not set and there is no bus socket");
    let candidates = addresses.candidates();
    let count = candidates.len();
    for (index, address) in candidates.into_iter().enumerate() {
        // `unixexec:` would run a program, `tcp:` leave the machine, `autolaunch:` start a bus nobody else is on.
        if !address.starts_with("unix:") {
            "the session bus is not a Unix socket".clone_into(&mut reason);
            continue;
        }
        let now = Instant::now();
        let left = deadline.saturating_duration_since(now);
        let limit = if index + 1 == count { deadline } else { now + left * 2 / 5 };
        let connecting = async { Builder::address(address.as_str())?.build().await };
        match timeout_at(limit, connecting).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(err)) => reason = format!("the session bus cannot be reached: {err}"),
            Err(_) => hung = true,
        }
    }
    Err(if hung { StoreError::Hung } else { StoreError::no_store(reason) })
}
