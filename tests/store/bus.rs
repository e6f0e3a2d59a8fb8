//! The session bus: which one is asked, and one that is absent or silent.

use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use llmenv::store::bus::BusAddresses;
use llmenv::store::{DEADLINE, KeyringPlace, Prompt, StoreError, StoreHandle, StoreState};

use super::keyring::{DID_NOT_HANG, assert_has, get, handle, handle_at, put};
use crate::support::child;
use crate::support::keyring::{Activation, Desktop};

#[test]
fn hung_bus() {
    let desktop = Desktop::start();
    put(&handle(&desktop), "work", "aaaa");
    let silent_path = desktop.home().join("silent");
    let silent = UnixListener::bind(&silent_path).unwrap();
    let address = format!("unix:path={}", silent_path.display());

    let store = handle_at(BusAddresses { from_start: Some(address.clone()), sockets: Vec::new() }, &desktop);
    assert_eq!(get(&store, "work").unwrap_err(), StoreError::Hung);
    assert_eq!(store.probe(DEADLINE), StoreState::Hung);

    // With a second place to look, the silent one costs time and nothing else.
    let sockets = vec![desktop.runtime_dir().join("bus")];
    let store = handle_at(BusAddresses { from_start: Some(address), sockets }, &desktop);
    assert_has(&store, "work", "aaaa");
    drop(silent);
}

#[test]
fn t19_no_dbus() {
    let mut desktop = Desktop::bare();
    let bus = BusAddresses {
        from_start: Some(format!("unix:path={}", desktop.home().join("gone").display())),
        sockets: vec![desktop.runtime_dir().join("bus")],
    };
    let store = handle_at(bus, &desktop);
    let missing = get(&store, "work").unwrap_err();
    assert!(matches!(missing, StoreError::NoStore { .. }), "{missing:?}");
    assert!(matches!(store.probe(DEADLINE), StoreState::Absent { .. }));
    let told = missing.into_error("work").to_string();
    assert!(told.contains("hint: `llmenv setup --store file` uses an encrypted file instead"), "{told}");
    // Nothing was written in its place.
    assert_eq!(std::fs::read_dir(desktop.home()).unwrap().count(), 0);

    desktop.start_bus(Activation::Nothing);
    let missing = get(&store, "work").unwrap_err();
    assert_eq!(missing, StoreError::NoStore { reason: "there is no Secret Service on the session bus".into() });

    desktop.start_keyring();
    put(&store, "work", "aaaa");
    assert_has(&store, "work", "aaaa");

    desktop.stop_bus();
    assert!(matches!(get(&store, "work").unwrap_err(), StoreError::NoStore { .. }));
}

#[test]
fn calls_and_hangs_leave_no_file_or_thread_behind() {
    let desktop = Desktop::start();
    put(&handle(&desktop), "work", "aaaa");
    let test = "store::bus::child_counts_files_and_threads";
    run_child(test, &desktop, &[("DBUS_SESSION_BUS_ADDRESS", &desktop.address())]);
}

/// Runs in a process of its own, where nobody else opens files or starts threads.
#[test]
fn child_counts_files_and_threads() {
    if child::role().is_none() {
        return;
    }
    let count = |what: &str| std::fs::read_dir(format!("/proc/self/{what}")).unwrap().count();
    let home = std::path::PathBuf::from(std::env::var_os("HOME").unwrap());
    let silent_path = home.join("silent");
    let _silent = UnixListener::bind(&silent_path).unwrap();
    let mut bus = BusAddresses::from_environment();
    let place = |bus: &BusAddresses| KeyringPlace { bus: bus.clone(), lock: home.join("keyring") };
    let good = StoreHandle::keyring(place(&bus));
    // From the first call on, tokio keeps three files for its signals, and /dev/urandom stays open in a static binary.
    let threads = count("task");
    let first = StoreHandle::keyring(place(&bus));
    assert_has(&first, "work", "aaaa");
    drop(first);
    let waiting = Instant::now();
    while count("task") != threads {
        assert!(waiting.elapsed() < DID_NOT_HANG, "the thread of a dropped handle does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
    let before = (count("fd"), threads);
    bus.from_start = Some(format!("unix:path={}", silent_path.display()));
    bus.sockets.clear();
    let hung = StoreHandle::keyring(place(&bus));
    for _ in 0..50 {
        assert_has(&good, "work", "aaaa");
        assert_eq!(hung.get("work", true, Prompt::Never, Duration::from_millis(10)).unwrap_err(), StoreError::Hung);
    }
    drop((good, hung));
    let waiting = Instant::now();
    while (count("fd"), count("task")) != before {
        assert!(waiting.elapsed() < DID_NOT_HANG, "{before:?} grew to {:?}", (count("fd"), count("task")));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn t20_dbus_address_from_start_environment() {
    let desktop = Desktop::start();
    put(&handle(&desktop), "work", "aaaa");
    let address = desktop.address();
    run_child("store::bus::child_ignores_a_later_bus_address", &desktop, &[("DBUS_SESSION_BUS_ADDRESS", &address)]);
    // The same child without a bus in its start environment still finds the one in the runtime folder.
    run_child("store::bus::child_ignores_a_later_bus_address", &desktop, &[]);

    // Addresses that would run a program or leave the machine are not used, wherever they come from.
    let ran = desktop.home().join("ran");
    for address in [format!("unixexec:path=/usr/bin/touch,argv1={}", ran.display()), "tcp:host=127.0.0.1,port=9".into()]
    {
        let store = handle_at(BusAddresses { from_start: Some(address), sockets: Vec::new() }, &desktop);
        assert!(matches!(get(&store, "work").unwrap_err(), StoreError::NoStore { .. }));
    }
    assert!(!ran.exists());
}

/// Runs in a process of its own: takes the addresses, then has its environment poisoned.
#[test]
fn child_ignores_a_later_bus_address() {
    if child::role().is_none() {
        return;
    }
    let home = std::path::PathBuf::from(std::env::var_os("HOME").unwrap());
    let poisoned_path = home.join("poisoned");
    let _ = std::fs::remove_file(&poisoned_path);
    let poisoned = UnixListener::bind(&poisoned_path).unwrap();
    poisoned.set_nonblocking(true).unwrap();
    let bus = BusAddresses::from_environment();
    // SAFETY: this process was started for this test alone, and no other thread of it reads or writes the environment.
    unsafe {
        std::env::set_var("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", poisoned_path.display()));
        std::env::set_var("XDG_RUNTIME_DIR", "/nonexistent");
    }
    let store = StoreHandle::keyring(KeyringPlace { bus, lock: home.join("keyring") });
    assert_has(&store, "work", "aaaa");
    assert!(poisoned.accept().is_err(), "the bus named later was asked");
    // The control: whoever takes the addresses now does ask it.
    let bus = BusAddresses { sockets: Vec::new(), ..BusAddresses::from_environment() };
    let store = StoreHandle::keyring(KeyringPlace { bus, lock: home.join("keyring") });
    assert_eq!(get(&store, "work").unwrap_err(), StoreError::Hung);
    assert!(poisoned.accept().is_ok());
}

/// Runs one test of this binary in a process of its own with the private environment and these variables.
pub fn run_child(test: &str, desktop: &Desktop, variables: &[(&str, &str)]) {
    let mut command = child::command(test, "keyring");
    command.envs(desktop.environment()).envs(variables.iter().copied());
    child::run(command);
}
