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

/// Says that this run left something out; the runner prints the list at its end.
pub fn left_out(what: &str) {
    eprintln!("left out: {what}");
    if let Some(list) = std::env::var_os("LLMENV_TEST_LEFT_OUT").filter(|path| !path.is_empty()) {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&list);
        let written = file.and_then(|mut file| file.write_all(format!("{what}\n").as_bytes()));
        written.unwrap_or_else(|err| panic!("cannot add to `{}`: {err}", list.to_string_lossy()));
    }
}
