//! Credential Manager: values of any length, read by another process, gone when they are removed.

use std::time::{Duration, Instant};

use llmenv::secret::Secret;
use llmenv::store::StoredKey;
use llmenv::store::native::Native;

use super::key;
use crate::support::{Home, child};

fn stored(key: String) -> StoredKey {
    StoredKey { key: Secret::new(key), origin: "https://openrouter.ai".into(), ..StoredKey::default() }
}

fn long(number: usize) -> StoredKey {
    stored(format!("{}{number}", "k".repeat(9_000)))
}

fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

#[test]
fn a_value_beyond_2560_bytes_is_kept_whole() {
    let home = Home::new();
    let lock = home.path("keyring");
    let keyring = Native::of_system(&lock).unwrap();
    let name = "longer-than-one-credential";
    for value in [long(1), long(2), stored(key(3)), long(4)] {
        keyring.put(name, &value, deadline()).unwrap();
        assert!(keyring.get(name, true).unwrap().same_as(&value));
    }
    // Another process, as after a restart.
    let mut command = child::command("windows::keyring::child_reads_it_back", name);
    command.envs(home.env()).env("KEYRING_LOCK", &lock);
    child::run(command);
    keyring.remove(name, deadline()).unwrap();
    assert!(keyring.get(name, false).is_err());
}

#[test]
fn child_reads_it_back() {
    let Some(name) = child::role() else { return };
    let keyring = Native::of_system(std::env::var_os("KEYRING_LOCK").unwrap().as_ref()).unwrap();
    assert!(keyring.get(&name, true).unwrap().same_as(&long(4)));
}

#[test]
fn a_key_goes_through_it_from_add_to_remove() {
    let home = Home::new();
    let name = "kept-by-windows";
    let add = ["add", name, "--provider", "openrouter", "--key-stdin", "--store", "keyring"];
    let got = home.llmenv_with(&add, key(5));
    assert_eq!(got.code, 0, "{got:?}");
    assert_eq!(super::served(&home, name), key(5));
    // Another daemon has to read it anew.
    assert_eq!(home.llmenv(&["daemon", "restart"]).code, 0);
    assert_eq!(super::served(&home, name), key(5));
    let got = home.llmenv_with(&["rotate", name, "--key-stdin", "--no-check"], key(6));
    assert_eq!(got.code, 0, "{got:?}");
    assert_eq!(super::served(&home, name), key(6));
    let shown = home.llmenv(&["show", name]).stdout;
    assert!(shown.contains("keyring") && !shown.contains(&key(6)), "{shown}");
    assert_eq!(home.llmenv(&["remove", name, "--yes"]).code, 0);
    assert_eq!(home.llmenv(&["exec", name, "--", "cmd", "/c", "ver"]).code, 125);
}
