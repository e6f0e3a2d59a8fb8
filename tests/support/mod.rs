//! What every test stands on: a private home, real interactive shells, and the list of what a run left out.

#![allow(dead_code)]

pub mod child;
pub mod home;
#[cfg(target_os = "linux")]
pub mod keyring;
#[cfg(unix)]
mod session;
#[cfg(unix)]
pub mod shell;
#[cfg(unix)]
pub mod terminal;
#[cfg(unix)]
mod transcript;
pub mod upstream;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

pub use home::Home;
#[cfg(unix)]
pub use shell::Shell;
#[cfg(unix)]
pub use terminal::Terminal;

/// How long any single wait may take. It only says "did not hang"; nothing here measures speed.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// The program under test.
pub const LLMENV: &str = env!("CARGO_BIN_EXE_llmenv");

/// Finds a PowerShell: `LLMENV_TEST_PWSH`, else `pwsh` on PATH.
pub fn powershell() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("LLMENV_TEST_PWSH").filter(|path| !path.is_empty()) {
        let path = PathBuf::from(named);
        assert!(path.is_file(), "LLMENV_TEST_PWSH names `{}`, which is not a file", path.display());
        return Some(path);
    }
    let name = if cfg!(windows) { "pwsh.exe" } else { "pwsh" };
    std::env::split_paths(&std::env::var_os("PATH")?).map(|dir| dir.join(name)).find(|path| path.is_file())
}

/// An address on this machine at which nobody listens, nor will: an address of this call's own where the system has many
/// (Linux: all of 127/8), so that no connection of another program can have its port for its own end.
pub fn quiet_address() -> std::net::SocketAddr {
    static CALLS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let call = CALLS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let number = (std::process::id().wrapping_mul(251)).wrapping_add(call);
    let host = if cfg!(target_os = "linux") {
        let [_, a, b, c] = number.to_be_bytes();
        std::net::Ipv4Addr::new(127, a | 128, b, c.clamp(1, 254))
    } else {
        std::net::Ipv4Addr::LOCALHOST
    };
    // Below the ports that systems give to outgoing connections.
    let ports = (0..1_000).map(|at| 10_000 + u16::try_from((number.wrapping_mul(7) + at) % 9_000).unwrap());
    let mut free = ports.filter_map(|port| std::net::TcpListener::bind((host, port)).ok()?.local_addr().ok());
    free.next().expect("a free port")
}

/// Says that this run left something out; the runner prints the list at its end.
pub fn left_out(what: &str) {
    eprintln!("left out: {what}");
    if let Some(list) = std::env::var_os("LLMENV_TEST_LEFT_OUT").filter(|path| !path.is_empty()) {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&list);
        let written = file.and_then(|mut file| file.write_all(format!("{what}\n").as_bytes()));
        written.unwrap_or_else(|err| panic!("cannot add to `{}`: {err}", list.to_string_lossy()));
    }
}
