//! The layouts for macOS and Windows, on the store crates' own stand-in (those systems are not here).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use keyring_core::{CredentialStore, mock};
use llmenv::secret::Secret;
use llmenv::store::native::{Layout, Native};
use llmenv::store::{StoreError, StoreState, StoredKey};

use super::key;

fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

fn long_key(tail: &str) -> StoredKey {
    StoredKey { key: Secret::new("k".repeat(7000) + tail), ..key("") }
}

/// The users of all items that hold something.
fn users(store: &Arc<CredentialStore>) -> Vec<String> {
    let all = store.search(&HashMap::from([("service", "llmenv")])).unwrap();
    let mut users: Vec<String> =
        all.iter().filter(|entry| entry.get_secret().is_ok()).map(|entry| entry.get_specifiers().unwrap().1).collect();
    users.sort();
    users
}

#[test]
fn both_layouts_store_read_rename_rotate_and_remove() {
    let dir = tempfile::tempdir().unwrap();
    for layout in [Layout::One, Layout::Split { max_bytes: 2560 }] {
        let store: Arc<CredentialStore> = mock::Store::new().unwrap();
        let keyring = Native::new(store.clone(), layout, &[], &dir.path().join("keyring"));
        let has = |name: &str, key: &StoredKey| assert!(keyring.get(name, true).unwrap().same_as(key), "{layout:?}");
        assert_eq!(keyring.state(), StoreState::Unlocked);
        assert_eq!(keyring.get("work", false).unwrap_err(), StoreError::NotFound);
        assert!(matches!(keyring.get("work", true).unwrap_err(), StoreError::Broken { .. }));
        keyring.put("work", &key("aaaa"), deadline()).unwrap();
        keyring.put("home", &long_key("1"), deadline()).unwrap();
        has("work", &key("aaaa"));
        has("home", &long_key("1"));
        keyring.put("home", &long_key("2"), deadline()).unwrap();
        keyring.put("work", &long_key("3"), deadline()).unwrap();
        has("home", &long_key("2"));
        has("work", &long_key("3"));
        keyring.put("work", &key("bbbb"), deadline()).unwrap();
        has("work", &key("bbbb"));
        assert_eq!(keyring.rename("work", "home", deadline()).unwrap_err(), StoreError::Exists);
        keyring.rename("home", "office", deadline()).unwrap();
        has("office", &long_key("2"));
        assert_eq!(keyring.rename("home", "x", deadline()).unwrap_err(), StoreError::NotFound);
        match layout {
            Layout::One => assert_eq!(users(&store), ["profiles"]),
            // Two profiles and the three parts of one; nothing of earlier values is left.
            Layout::Split { .. } => assert_eq!(users(&store).len(), 5, "{:?}", users(&store)),
        }
        keyring.remove("office", deadline()).unwrap();
        keyring.remove("work", deadline()).unwrap();
        assert_eq!(keyring.remove("work", deadline()).unwrap_err(), StoreError::NotFound);
        assert_eq!(users(&store).len(), usize::from(layout == Layout::One));
    }
}

#[test]
fn a_failed_write_keeps_the_earlier_key() {
    let dir = tempfile::tempdir().unwrap();
    for layout in [Layout::One, Layout::Split { max_bytes: 2560 }] {
        let store: Arc<CredentialStore> = mock::Store::new().unwrap();
        let keyring = Native::new(store.clone(), layout, &[], &dir.path().join("keyring"));
        keyring.put("work", &key("aaaa"), deadline()).unwrap();
        let user = if layout == Layout::One { "profiles" } else { "profile:work" };
        let entry = store.build("llmenv", user, None).unwrap();
        let cred: &mock::Cred = entry.as_any().downcast_ref().unwrap();
        cred.set_error(keyring_core::Error::NoStorageAccess("locked".into()));
        assert_eq!(keyring.put("work", &key("bbbb"), deadline()).unwrap_err(), StoreError::Locked);
        assert!(keyring.get("work", true).unwrap().same_as(&key("aaaa")));
    }
}

#[test]
fn a_missing_part_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let store: Arc<CredentialStore> = mock::Store::new().unwrap();
    let keyring = Native::new(store.clone(), Layout::Split { max_bytes: 2560 }, &[], &dir.path().join("keyring"));
    keyring.put("work", &long_key("1"), deadline()).unwrap();
    let part = users(&store).into_iter().find(|user| user.contains('#')).unwrap();
    store.build("llmenv", &part, None).unwrap().delete_credential().unwrap();
    let err = keyring.get("work", true).unwrap_err();
    assert_eq!(err, StoreError::Broken { reason: "a part of the stored key is missing".into() });
    let huge = StoredKey { key: Secret::new("k".repeat(200_000)), ..key("") };
    assert!(matches!(keyring.put("work", &huge, deadline()).unwrap_err(), StoreError::Broken { .. }));
}
