//! The Linux keyring: what works, and each way in which it can fail, with one handle throughout.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use keyring_core::api::CredentialStoreApi;
use llmenv::store::bus::BusAddresses;
use llmenv::store::{DEADLINE, KeyringPlace, Prompt, StoreError, StoreHandle, StoreState, StoredKey, Unlock};
use rustix::process::Signal;

use super::key;
use crate::support::child;
use crate::support::keyring::{Activation, Desktop};

/// Far more than the deadline and far less than for ever.
pub const DID_NOT_HANG: Duration = Duration::from_secs(10);

pub fn handle_at(bus: BusAddresses, desktop: &Desktop) -> StoreHandle {
    StoreHandle::keyring(KeyringPlace { bus, lock: desktop.home().join("keyring") })
}

pub fn handle(desktop: &Desktop) -> StoreHandle {
    handle_at(BusAddresses { from_start: Some(desktop.address()), sockets: Vec::new() }, desktop)
}

pub fn get(handle: &StoreHandle, name: &str) -> Result<StoredKey, StoreError> {
    let before = Instant::now();
    let answer = handle.get(name, true, Prompt::Never, DEADLINE);
    assert!(before.elapsed() < DID_NOT_HANG, "the store took {:?}", before.elapsed());
    answer
}

pub fn put(handle: &StoreHandle, name: &str, tail: &str) {
    handle.put(name, key(tail), Prompt::Never, DEADLINE).unwrap();
}

#[track_caller]
pub fn assert_has(handle: &StoreHandle, name: &str, tail: &str) {
    let found = get(handle, name).unwrap();
    assert!(found.same_as(&key(tail)), "`{name}` has another key than the one ending in {tail}");
}

#[test]
fn stores_reads_renames_rotates_and_removes() {
    let mut desktop = Desktop::start();
    let store = handle(&desktop);
    assert_eq!(store.probe(DEADLINE), StoreState::Unlocked);
    assert_eq!(store.get("work", false, Prompt::Never, DEADLINE).unwrap_err(), StoreError::NotFound);

    put(&store, "work", "aaaa");
    assert_has(&store, "work", "aaaa");
    put(&store, "work", "bbbb");
    assert_has(&store, "work", "bbbb");

    put(&store, "home", "cccc");
    assert_eq!(store.rename("work", "home", Prompt::Never, DEADLINE).unwrap_err(), StoreError::Exists);
    store.rename("work", "office", Prompt::Never, DEADLINE).unwrap();
    assert_has(&store, "office", "bbbb");
    assert_eq!(store.get("work", false, Prompt::Never, DEADLINE).unwrap_err(), StoreError::NotFound);
    assert_eq!(store.rename("work", "x", Prompt::Never, DEADLINE).unwrap_err(), StoreError::NotFound);

    desktop.restart_keyring();
    assert_has(&store, "office", "bbbb");
    assert_has(&store, "home", "cccc");

    store.remove("office", Prompt::Never, DEADLINE).unwrap();
    assert_eq!(store.remove("office", Prompt::Never, DEADLINE).unwrap_err(), StoreError::NotFound);
    assert_has(&store, "home", "cccc");
    assert!(!desktop.was_prompted());
}

#[test]
fn reads_and_is_read_by_the_keyring_crate() {
    let desktop = Desktop::start();
    let store = handle(&desktop);
    put(&store, "work", "aaaa");
    super::bus::run_child(
        "store::keyring::child_rewrites_with_the_keyring_crate",
        &desktop,
        &[("DBUS_SESSION_BUS_ADDRESS", &desktop.address())],
    );
    assert_has(&store, "work", "bbbb");
}

/// Runs in a process of its own, since that crate finds the bus through the environment alone.
#[test]
fn child_rewrites_with_the_keyring_crate() {
    if child::role().is_none() {
        return;
    }
    let store = zbus_secret_service_keyring_store::Store::new().unwrap();
    let entry = store.build("llmenv", "profile:work", None).unwrap();
    assert!(StoredKey::decode(&entry.get_secret().unwrap()).unwrap().same_as(&key("aaaa")));
    entry.set_secret(&key("bbbb").encode().unwrap()).unwrap();
}

#[test]
fn t19_locked() {
    let mut desktop = Desktop::start();
    let store = handle(&desktop);
    put(&store, "work", "aaaa");
    desktop.lock_keyring();

    assert_eq!(get(&store, "work").unwrap_err(), StoreError::Locked);
    assert_eq!(store.probe(DEADLINE), StoreState::Locked);
    assert_eq!(store.put("work", key("bbbb"), Prompt::Never, DEADLINE).unwrap_err(), StoreError::Locked);
    assert_eq!(store.put("new", key("bbbb"), Prompt::Never, DEADLINE).unwrap_err(), StoreError::Locked);
    assert_eq!(store.remove("work", Prompt::Never, DEADLINE).unwrap_err(), StoreError::Locked);
    assert_eq!(store.rename("work", "new", Prompt::Never, DEADLINE).unwrap_err(), StoreError::Locked);
    assert!(!desktop.was_prompted(), "a dialog was raised though none was allowed");

    // The control: the same keyring does raise one when it is allowed to.
    let refused = store.unlock(Unlock::Prompt, DEADLINE).unwrap_err();
    assert!(matches!(refused, StoreError::NotUnlocked { .. } | StoreError::Hung), "{refused:?}");
    assert!(desktop.was_prompted());

    desktop.replace_keyring();
    assert_has(&store, "work", "aaaa");
}

#[test]
fn a_question_nobody_answers_holds_up_no_other_call() {
    let desktop = Desktop::start();
    let store = handle(&desktop);
    put(&store, "work", "aaaa");
    // A bus that is silent for the one who prompts: the keyring stopped while the unlock waits.
    desktop.signal_keyring(Signal::STOP);
    let asking = store.clone();
    let person = std::thread::spawn(move || asking.unlock(Unlock::Prompt, Duration::from_secs(6)));
    assert_eq!(get(&store, "work").unwrap_err(), StoreError::Hung);
    desktop.signal_keyring(Signal::CONT);
    assert_has(&store, "work", "aaaa");
    person.join().unwrap().unwrap();
}

#[test]
fn killed_then_activated_locked_then_unlocked() {
    let mut desktop = Desktop::start();
    let store = handle(&desktop);
    put(&store, "work", "aaaa");
    desktop.kill_keyring(Signal::KILL);
    assert_eq!(get(&store, "work").unwrap_err(), StoreError::Locked);
    assert_eq!(store.probe(DEADLINE), StoreState::Locked);
    assert!(!desktop.was_prompted());
    desktop.replace_keyring();
    assert_has(&store, "work", "aaaa");
}

#[test]
fn killed_and_another_home_answers() {
    let mut desktop = Desktop::bare();
    desktop.start_bus(Activation::OtherHome);
    desktop.start_keyring();
    let store = handle(&desktop);
    put(&store, "work", "aaaa");
    desktop.kill_keyring(Signal::KILL);
    let hidden = get(&store, "work").unwrap_err();
    assert!(matches!(&hidden, StoreError::Broken { reason } if reason.contains("in the index")), "{hidden:?}");
    assert_eq!(store.get("work", false, Prompt::Never, DEADLINE).unwrap_err(), StoreError::NotFound);
    desktop.replace_keyring();
    assert_has(&store, "work", "aaaa");
}

#[test]
fn replaced_between_and_within_bursts() {
    let mut desktop = Desktop::start();
    let store = handle(&desktop);
    put(&store, "work", "aaaa");
    for _ in 0..3 {
        desktop.replace_keyring();
        assert_has(&store, "work", "aaaa");
    }
    // Calls never stop while the daemon is replaced: every answer is the key or a clear error. (A call in the moment
    // without a daemon makes the bus start one, which is locked.)
    let asking = store.clone();
    let (right, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let (counted, stopped) = (Arc::clone(&right), Arc::clone(&stop));
    let caller = std::thread::spawn(move || {
        while !stopped.load(Ordering::SeqCst) {
            match asking.get("work", true, Prompt::Never, DEADLINE) {
                Ok(found) => {
                    assert!(found.same_as(&key("aaaa")));
                    counted.fetch_add(1, Ordering::SeqCst);
                }
                Err(err) => assert_eq!(err, StoreError::Locked),
            }
            // Else these calls alone keep the bus and two cores busy, and no other daemon gets to its name in time.
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    let before = Instant::now();
    while right.load(Ordering::SeqCst) == 0 {
        assert!(before.elapsed() < DID_NOT_HANG && !caller.is_finished());
        std::thread::sleep(Duration::from_millis(2));
    }
    for _ in 0..3 {
        desktop.replace_keyring();
    }
    stop.store(true, Ordering::SeqCst);
    caller.join().unwrap();
    desktop.kill_keyring(Signal::KILL);
    desktop.start_keyring();
    assert_has(&store, "work", "aaaa");
}

#[test]
fn hung_keyring() {
    let desktop = Desktop::start();
    let store = handle(&desktop);
    put(&store, "work", "aaaa");
    desktop.signal_keyring(Signal::STOP);
    assert_eq!(get(&store, "work").unwrap_err(), StoreError::Hung);
    assert_eq!(store.probe(DEADLINE), StoreState::Hung);
    assert_eq!(store.put("work", key("bbbb"), Prompt::Never, DEADLINE).unwrap_err(), StoreError::Hung);
    assert_eq!(store.remove("work", Prompt::Never, DEADLINE).unwrap_err(), StoreError::Hung);
    desktop.signal_keyring(Signal::CONT);
    assert_has(&store, "work", "aaaa");
}

/// Adds items beside those that are there, as another program could, and counts all of them.
fn add_items(desktop: &Desktop, secrets: &[Vec<u8>]) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let address = desktop.address();
        let connection = zbus::connection::Builder::address(address.as_str()).unwrap().build().await.unwrap();
        let kind = secret_service::EncryptionType::Dh;
        let service = secret_service::SecretService::connect_with_existing(kind, connection).await.unwrap();
        let collection = service.get_default_collection().await.unwrap();
        let attributes = HashMap::from([("service", "llmenv"), ("username", "profile:work")]);
        for secret in secrets {
            collection.create_item("other", attributes.clone(), secret, false, "text/plain").await.unwrap();
        }
        service.search_items(attributes).await.unwrap().unlocked.len()
    })
}

#[test]
fn t19_duplicate() {
    let desktop = Desktop::start();
    let store = handle(&desktop);
    let items = |tails: &[&str]| {
        add_items(&desktop, &tails.iter().map(|tail| key(tail).encode().unwrap().to_vec()).collect::<Vec<_>>())
    };
    assert_eq!(items(&["1111", "2222", "3333"]), 3);
    for _ in 0..5 {
        assert_has(&store, "work", "3333");
    }
    put(&store, "work", "4444");
    assert_has(&store, "work", "4444");
    assert_eq!(items(&[]), 1);
    assert_eq!(items(&["5555", "6666"]), 3);
    store.remove("work", Prompt::Never, DEADLINE).unwrap();
    assert_eq!(items(&[]), 0);
}

#[test]
fn foreign_items_are_named_and_not_shown() {
    let desktop = Desktop::start();
    add_items(&desktop, &[b"sk-canary-not-json".to_vec()]);
    let broken = get(&handle(&desktop), "work").unwrap_err();
    assert_eq!(broken, StoreError::Broken { reason: "the stored item is not JSON (column 1)".into() });
    assert!(!broken.into_error("work").to_string().contains("canary"));
}

#[test]
fn an_await_blocks_nobody_else() {
    let desktop = Desktop::start();
    let store = handle(&desktop);
    put(&store, "work", "aaaa");
    desktop.signal_keyring(Signal::STOP);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ticks = runtime.block_on(async {
        let mut ticks = 0;
        let call = store.get_async("work", true, Prompt::Never, DEADLINE);
        tokio::pin!(call);
        loop {
            tokio::select! {
                answer = &mut call => {
                    assert_eq!(answer.unwrap_err(), StoreError::Hung);
                    break ticks;
                }
                () = tokio::time::sleep(Duration::from_millis(10)) => ticks += 1,
            }
        }
    });
    assert!(ticks > 10, "the runtime stood still while the keyring hung ({ticks} ticks)");
    desktop.signal_keyring(Signal::CONT);
    runtime.block_on(async {
        assert!(store.get_async("work", true, Prompt::Never, DEADLINE).await.unwrap().same_as(&key("aaaa")));
    });
}

#[test]
fn lock_reads_nothing_until_unlock() {
    let desktop = Desktop::start();
    let store = handle(&desktop);
    put(&store, "work", "aaaa");
    store.lock();
    assert_eq!(get(&store, "work").unwrap_err(), StoreError::Locked);
    assert_eq!(store.probe(DEADLINE), StoreState::Locked);
    store.unlock(Unlock::Prompt, DEADLINE).unwrap();
    assert_has(&store, "work", "aaaa");
    assert!(!desktop.was_prompted());
}
