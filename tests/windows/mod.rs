//! What is Windows' own, on the real program: its pipe, its keyring, its processes, its variables, its line ends.
//!
//! `tests/cross` builds these tests and runs them under wine; on Windows `cargo test` does.

mod commands;
mod daemon;
mod keyring;
mod pipe;

use std::path::PathBuf;
use std::time::Instant;

use crate::support::{DEADLINE, Home};

/// An `OpenRouter` key that nobody has, one for every number.
pub fn key(number: usize) -> String {
    format!("sk-or-v1-{}{number:08x}89abcdef", "0123456789abcdef".repeat(3))
}

/// Adds a profile whose key is in a vault that an identity file opens.
#[track_caller]
pub fn add(home: &Home, name: &str, number: usize) {
    let args = ["add", name, "--provider", "openrouter", "--key-stdin", "--store", "file"];
    let got = home.llmenv_with(&args, key(number));
    assert_eq!(got.code, 0, "{got:?}");
}

/// The key that `exec` gives a child.
#[track_caller]
pub fn served(home: &Home, name: &str) -> String {
    let got = home.llmenv(&["exec", name, "--", "cmd", "/d", "/c", "echo %OPENAI_API_KEY%"]);
    assert_eq!((got.code, got.stderr.as_str()), (0, ""), "{got:?}");
    got.stdout.trim_end().to_owned()
}

/// Waits for a condition.
#[track_caller]
pub fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < DEADLINE, "waited {DEADLINE:?} until {what}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// The state folder of this machine in a home.
pub fn state_dir(home: &Home) -> PathBuf {
    let machines = std::fs::read_dir(home.path(".local/state/llmenv")).expect("the state folder");
    machines.map(|entry| entry.unwrap().path()).find(|path| path.is_dir()).expect("a machine's folder")
}
