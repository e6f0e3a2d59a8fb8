//! What a person opened stays open when one daemon follows the other, and only then.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;

use super::{Raw, add_behind_passphrase, key, kill, served, state_dir, wait_until};
use crate::support::{Home, Shell, Terminal};

const CLOSED: &str = "error: the store is locked, so the key of `work` cannot be read\nhint: run `llmenv unlock`\n";

/// A home whose profile `work` is in a vault that was opened with a passphrase, and the daemon that has it open.
fn home_with_open_vault() -> (Home, u32) {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, Shell::Bash, "", home.path(""));
    add_behind_passphrase(&home, &mut terminal);
    assert_eq!(served(&home, "work"), key(0));
    let pid = home.daemon_pid().unwrap();
    (home, pid)
}

#[test]
fn an_open_vault_stays_open() {
    let (home, first) = home_with_open_vault();
    for _ in 0..3 {
        assert_eq!(home.llmenv(&["daemon", "restart"]).code, 0);
        assert_eq!(served(&home, "work"), key(0));
    }
    assert_ne!(home.daemon_pid(), Some(first));
    // Nothing of it is left where the next one could find it in its own time.
    assert!(!state_dir(&home).join("handover.sock").exists());
    assert_eq!(home.llmenv(&["daemon", "stop"]).code, 0);
    assert_eq!(home.llmenv(&["exec", "work", "--", "true"]).stderr, CLOSED);
}

#[test]
fn what_was_locked_stays_so() {
    let (home, _) = home_with_open_vault();
    assert_eq!(home.llmenv(&["lock"]).code, 0);
    assert_eq!(home.llmenv(&["daemon", "restart"]).code, 0);
    let got = home.llmenv(&["exec", "work", "--", "true"]);
    assert!(got.stderr.starts_with("error: llmenv is locked"), "{got:?}");
    // One that was killed had nobody to leave it to.
    let (home, pid) = home_with_open_vault();
    kill(pid);
    assert_eq!(home.llmenv(&["exec", "work", "--", "true"]).stderr, CLOSED);
}

/// A program that asks somebody for the key is not run again for a restart, and its time goes on.
#[test]
fn a_key_that_was_asked_for_stays_known() {
    let home = Home::new();
    let program = home.write("ask", format!("#!/bin/sh\necho run >>runs\necho {}\n", key(4)));
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let profile = |name: &str, ttl: &str| {
        let program = program.display();
        format!("[profiles.{name}]\nprovider = \"openrouter\"\nkey = {{ command = [\"{program}\"]{ttl} }}\n")
    };
    home.write(".config/llmenv/config.toml", profile("work", "") + &profile("short", ", ttl = \"3s\""));
    let quiet = |name: &str| home.llmenv(&["env", name, "--quiet", "--format", "json"]);
    let mut terminal = Terminal::start(&home, Shell::Bash, "", home.path(""));
    for name in ["work", "short"] {
        assert!(terminal.run(&format!("llmenv unlock {name}")).contains("is at hand"));
    }
    let runs = || std::fs::read_to_string(home.path("runs")).unwrap().lines().count();
    assert_eq!(runs(), 2);
    assert_eq!(home.llmenv(&["daemon", "restart"]).code, 0);
    assert!(quiet("work").stdout.contains(&key(4)), "{:?}", quiet("work"));
    wait_until("its time is over", || quiet("short").code == 1);
    assert!(quiet("work").stdout.contains(&key(4)));
    assert_eq!(runs(), 2);
    // Another program would give another key.
    let text = std::fs::read_to_string(home.path(".config/llmenv/config.toml")).unwrap();
    home.write(".config/llmenv/config.toml", text.replace("/ask\"", "/ask\", \"other\""));
    assert_eq!(home.llmenv(&["daemon", "restart"]).code, 0);
    assert!(quiet("work").stderr.contains("llmenv unlock work"), "{:?}", quiet("work"));
}

/// Being this user is not enough: what is handed over goes to the holder of the daemon's lock.
#[test]
fn t01_nobody_else_is_given_it() {
    let (home, pid) = home_with_open_vault();
    let place = state_dir(&home).join("handover.sock");
    let mut raw = Raw::connect(&home);
    assert_eq!(raw.ask(r#"{"op":"hand-over"}"#), r#"{"done":{"notes":[]}}"#);
    wait_until("it is offered", || place.exists());
    // It stands there for the next daemon, and is asked first by somebody else.
    let mut got = Vec::new();
    for _ in 0..3 {
        let mut stream = std::os::unix::net::UnixStream::connect(&place).unwrap();
        stream.set_read_timeout(Some(crate::support::DEADLINE)).unwrap();
        let _ = stream.read_to_end(&mut got);
    }
    assert_eq!(got, b"");
    assert_eq!(served(&home, "work"), key(0));
    assert_ne!(home.daemon_pid(), Some(pid));
}
