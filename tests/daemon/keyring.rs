//! The real keyring behind the daemon: every way in which it can fail is said in good time and mended without a restart.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{Sleeper, key, kill, wait_until};
use crate::support::home::{Output, finish};
use crate::support::keyring::{Activation, Desktop};
use crate::support::{Home, LLMENV};

/// A store has two seconds; the rest is a busy machine.
const IN_GOOD_TIME: Duration = Duration::from_secs(8);

fn run(home: &Home, desktop: &Desktop, args: &[&str], stdin: &str) -> Output {
    let mut command = home.cmd(LLMENV);
    command.args(args).env("DBUS_SESSION_BUS_ADDRESS", desktop.address());
    let begun = Instant::now();
    let got = finish(command, Some(stdin.into()));
    assert!(begun.elapsed() < IN_GOOD_TIME, "{args:?} took {:?}", begun.elapsed());
    got
}

/// A keyring with one profile's key, and a daemon that has nothing in memory.
fn start() -> (Home, Desktop, u32) {
    let (home, desktop) = (Home::new(), Desktop::start());
    let got = run(&home, &desktop, &["add", "work", "--provider", "openrouter", "--key-stdin"], &key(0));
    assert_eq!(got.code, 0, "{got:?}");
    forget(&home);
    (home, desktop, 0)
}

fn forget(home: &Home) {
    kill(home.daemon_pid().unwrap());
}

#[track_caller]
fn assert_served(home: &Home, desktop: &Desktop, name: &str, number: usize) {
    let got = run(home, desktop, &["exec", name, "--", "printenv", "OPENAI_API_KEY"], "");
    assert_eq!((got.stdout.trim_end(), got.code), (key(number).as_str(), 0), "{got:?}");
}

#[track_caller]
fn assert_refused(home: &Home, desktop: &Desktop, message: &str) {
    let got = run(home, desktop, &["exec", "work", "--", "true"], "");
    assert!(got.code == 125 && got.stderr.starts_with(&format!("error: {message}")), "{message}: {got:?}");
    let got = run(home, desktop, &["list"], "");
    assert!(got.code == 0 && !got.stdout.contains("…"), "{got:?}");
    let got = run(home, desktop, &["status"], "");
    assert_eq!(got.code, 0, "{got:?}");
}

#[test]
fn stored_read_renamed_rotated_removed_and_restarted() {
    let (home, mut desktop, _) = start();
    let ok = |desktop: &Desktop, args: &[&str], stdin: &str| {
        let got = run(&home, desktop, args, stdin);
        assert_eq!(got.code, 0, "{args:?}: {got:?}");
        got
    };
    assert_served(&home, &desktop, "work", 0);
    let got = run(&home, &desktop, &["show", "work"], "");
    assert!(got.stdout.contains("openrouter …cdef\n") && got.stdout.contains("keyring\n"), "{got:?}");
    ok(&desktop, &["rotate", "work", "--key-stdin"], &key(1));
    assert_served(&home, &desktop, "work", 1);
    ok(&desktop, &["rename", "work", "office"], "");
    forget(&home);
    assert_served(&home, &desktop, "office", 1);
    desktop.restart_keyring();
    forget(&home);
    assert_served(&home, &desktop, "office", 1);
    let got = run(&home, &desktop, &["show", "work"], "");
    assert_eq!(got.code, 1, "{got:?}");
    ok(&desktop, &["remove", "office", "--yes"], "");
    let got = run(&home, &desktop, &["list", "--json"], "");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&got.stdout).unwrap()["profiles"], serde_json::json!([]));
    // Nothing is left under either name.
    for name in ["work", "office"] {
        ok(&desktop, &["add", name, "--provider", "openrouter", "--key-stdin"], &key(7));
    }
    assert!(!desktop.was_prompted());
}

#[test]
fn t19_locked_then_opened_and_the_waiting_shell_is_told() {
    let (home, mut desktop, _) = start();
    desktop.lock_keyring();
    assert_refused(
        &home,
        &desktop,
        "the store is locked, so the key of `work` cannot be read\nhint: run `llmenv unlock`\n",
    );
    let pid = home.daemon_pid().unwrap();
    let shell = Sleeper::start();
    let got = shell.hook(&home, "", &["why=start", "reason=shell", "profile=work"]);
    assert!(got.code == 0 && !got.stdout.contains("\nset\t") && got.stdout.contains("\nsay\t"), "{got:?}");
    let before = shell.generation(&home);
    desktop.restart_keyring();
    // Nobody asks: the daemon itself finds that it is open.
    wait_until("the shell is told", || shell.generation(&home) != before);
    let got = shell.hook(&home, "", &["why=prompt", "reason=shell", "profile=work"]);
    assert!(got.stdout.contains(&format!("set\tOPENAI_API_KEY\t{}\n", key(0))), "{got:?}");
    assert_eq!(home.daemon_pid(), Some(pid));
    assert!(!desktop.was_prompted());
}

#[test]
fn t19_killed_replaced_and_hung() {
    let (home, mut desktop, _) = start();
    assert_eq!(run(&home, &desktop, &["daemon", "start"], "").code, 0);
    let pid = home.daemon_pid().unwrap();
    assert_served(&home, &desktop, "work", 0);
    // What is in memory is served whatever becomes of the keyring; changing it is refused in good time.
    desktop.signal_keyring(Signal::STOP);
    assert_served(&home, &desktop, "work", 0);
    let got = run(&home, &desktop, &["rotate", "work", "--key-stdin"], &key(1));
    assert!(got.code == 1 && got.stderr.starts_with("error: the store does not answer\n"), "{got:?}");
    desktop.signal_keyring(Signal::CONT);
    assert_served(&home, &desktop, "work", 0);
    let got = run(&home, &desktop, &["rotate", "work", "--key-stdin"], &key(1));
    assert_eq!(got.code, 0, "{got:?}");
    desktop.replace_keyring();
    assert_eq!(run(&home, &desktop, &["rotate", "work", "--key-stdin"], &key(2)).code, 0);
    desktop.kill_keyring(Signal::KILL);
    // Activated again by the bus, and locked: nobody typed a password.
    let got = run(&home, &desktop, &["rotate", "work", "--key-stdin"], &key(3));
    assert!(got.code == 1 && got.stderr.starts_with("error: the store is locked"), "{got:?}");
    desktop.restart_keyring();
    assert_served(&home, &desktop, "work", 2);
    assert_eq!(run(&home, &desktop, &["rotate", "work", "--key-stdin"], &key(3)).code, 0);
    assert_eq!(home.daemon_pid(), Some(pid));
}

#[test]
fn t19_hung_with_nothing_in_memory() {
    let (home, desktop, _) = start();
    for name in ["b", "c", "d"] {
        let got = run(&home, &desktop, &["add", name, "--provider", "openrouter", "--key-stdin"], &key(4));
        assert_eq!(got.code, 0, "{got:?}");
    }
    forget(&home);
    desktop.signal_keyring(Signal::STOP);
    assert_refused(&home, &desktop, "the store does not answer\n");
    let pid = home.daemon_pid().unwrap();
    // Prompts do not wait for it.
    let shell = Sleeper::start();
    assert_eq!(shell.hook(&home, "", &["why=prompt", "reason=shell", "profile=work"]).code, 0);
    desktop.signal_keyring(Signal::CONT);
    assert_served(&home, &desktop, "work", 0);
    assert_eq!(home.daemon_pid(), Some(pid));
}

#[test]
fn t19_no_bus_at_all_and_one_that_comes_later() {
    let (home, mut desktop, _) = start();
    desktop.stop_bus();
    assert_refused(&home, &desktop, "there is no keyring to use: the session bus cannot be reached: ");
    let pid = home.daemon_pid().unwrap();
    desktop.start_bus(Activation::Nothing);
    desktop.start_keyring();
    assert_served(&home, &desktop, "work", 0);
    assert_eq!(home.daemon_pid(), Some(pid));
}
