//! The vault on disk: damaged, cut, full, written by several and by one that is killed.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use llmenv::secret::Secret;
use llmenv::store::vault::{self, Access};
use llmenv::store::{Prompt, StoreError, StoreHandle, VaultPlace};

use super::key;
use super::vault::{PASSPHRASE, PATIENCE, Place, assert_has, get, put};
use crate::support::child;

#[test]
fn every_changed_byte_and_every_cut_is_noticed() {
    for (place, store) in [Place::with_passphrase(), Place::with_identity()] {
        put(&store, "work", "aaaa");
        let good = std::fs::read(place.path()).unwrap();
        let access = if vault::needs_passphrase(&place.path()).unwrap() {
            Access::Passphrase(Secret::new(PASSPHRASE))
        } else {
            Access::Identity(place.identity())
        };
        let opens = |bytes: &[u8]| {
            std::fs::write(place.path(), bytes).unwrap();
            vault::unlock(&place.path(), &access)
        };
        for at in 0..good.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut bad = good.clone();
                bad[at] ^= flip;
                let err = opens(&bad).expect_err(&format!("byte {at} was changed by {flip:#x} and nobody noticed"));
                assert!(matches!(err, StoreError::Broken { .. } | StoreError::WrongPassphrase), "byte {at}: {err:?}");
            }
        }
        for length in 0..good.len() {
            assert!(opens(&good[..length]).is_err(), "a cut after {length} bytes was not noticed");
        }
        assert!(opens(&[good.as_slice(), b"x"].concat()).is_err());
        // Whoever holds a proven key is told that it is the file.
        let mut bad = good.clone();
        *bad.last_mut().unwrap() ^= 1;
        std::fs::write(place.path(), &bad).unwrap();
        let err = get(&store, "work").unwrap_err();
        assert!(matches!(&err, StoreError::Broken { reason } if reason.contains("or is damaged")), "{err:?}");
        opens(&good).unwrap();
        assert_has(&store, "work", "aaaa");
    }
}

#[test]
fn full_disk_leaves_the_old_file() {
    let (place, store) = Place::with_identity();
    for number in 0..40 {
        put(&store, &format!("p{number}"), "aaaa");
    }
    let before = std::fs::read(place.path()).unwrap();
    assert!(before.len() > 4096, "{} bytes fit within the limit below", before.len());
    // A limit on file sizes stands for the disk: writing beyond it fails as it would there.
    let (program, arguments) = child::arguments("store::vault_file::child_meets_a_full_disk");
    let mut command = Command::new("bash");
    command.args(["-c", "trap '' XFSZ; ulimit -f 2; exec \"$@\"", "bash"]).arg(program).args(arguments);
    command.env("LLMENV_TEST_CHILD", place.dir.path());
    child::run(command);
    assert!(std::fs::read(place.path()).unwrap() == before);
    assert!(!place.path().with_file_name("vault.new").exists());
    put(&store, "p0", "bbbb");
    assert_has(&store, "p0", "bbbb");
}

#[test]
fn child_meets_a_full_disk() {
    let Some(dir) = child::role() else { return };
    let data = PathBuf::from(dir).join("data");
    let store = StoreHandle::vault(VaultPlace { path: data.join("vault"), identity: Some(data.join("identity")) });
    assert_has(&store, "p0", "aaaa");
    let full = store.put("p0", key("bbbb"), Prompt::Never, PATIENCE).unwrap_err();
    assert!(matches!(full, StoreError::Full { .. }), "{full:?}");
    assert!(full.into_error("p0").to_string().contains("hint: free some space"));
    assert_has(&store, "p0", "aaaa");
}

#[test]
fn killed_while_writing_leaves_old_or_new() {
    let (place, store) = Place::with_identity();
    put(&store, "count", "0");
    put(&store, "other", "aaaa");
    let mut seen = std::collections::BTreeSet::new();
    for round in 0..40_u32 {
        let mut writer =
            child::command("store::vault_file::child_writes_until_killed", place.dir.path().to_str().unwrap())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
        // Wait until it writes, then a little longer, a different time each round.
        let (started, before) = (Instant::now(), std::fs::read(place.path()).unwrap());
        while std::fs::read(place.path()).unwrap() == before {
            assert!(started.elapsed() < PATIENCE, "the writer does not write");
        }
        std::thread::sleep(Duration::from_micros(u64::from(round * 977 % 20_000)));
        writer.kill().unwrap();
        writer.wait().unwrap();
        let found = get(&store, "count").unwrap();
        seen.insert(found.key.expose().to_owned());
        assert_has(&store, "other", "aaaa");
    }
    assert!(seen.len() > 10, "the writer never got anything written");
    put(&store, "count", "end");
    assert_has(&store, "count", "end");
    let left: Vec<_> =
        std::fs::read_dir(place.path().parent().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| ["vault", "vault.lock", "identity"].iter().any(|known| name == known)), "{left:?}");
}

#[test]
fn child_writes_until_killed() {
    let Some(dir) = child::role() else { return };
    let data = PathBuf::from(dir).join("data");
    let store = StoreHandle::vault(VaultPlace { path: data.join("vault"), identity: Some(data.join("identity")) });
    for number in 0..100_000 {
        put(&store, "count", &format!("{}-{number}", std::process::id()));
    }
}

#[test]
fn writers_of_several_handles_lose_nothing() {
    let (place, _) = Place::with_identity();
    let writers: Vec<_> = (0..6)
        .map(|writer| {
            let store = place.handle();
            std::thread::spawn(move || {
                for number in 0..10 {
                    put(&store, &format!("w{writer}-{number}"), &format!("{writer}{number}"));
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    let store = place.handle();
    for writer in 0..6 {
        for number in 0..10 {
            assert_has(&store, &format!("w{writer}-{number}"), &format!("{writer}{number}"));
        }
    }
}

#[test]
fn a_lock_held_by_another_is_waited_for_and_no_longer() {
    let (place, store) = Place::with_identity();
    put(&store, "work", "aaaa");
    let held = std::fs::File::open(place.path().with_file_name("vault.lock")).unwrap();
    held.lock().unwrap();
    let before = Instant::now();
    let hung = store.put("work", key("bbbb"), Prompt::Never, Duration::from_millis(300)).unwrap_err();
    assert_eq!(hung, StoreError::Hung);
    assert!(before.elapsed() < Duration::from_secs(10));
    assert_has(&store, "work", "aaaa");
    held.unlock().unwrap();
    put(&store, "work", "bbbb");
}

#[test]
fn a_linked_vault_stays_linked() {
    let (place, store) = Place::with_identity();
    put(&store, "work", "aaaa");
    let moved = place.dir.path().join("elsewhere");
    std::fs::rename(place.path(), &moved).unwrap();
    std::os::unix::fs::symlink(&moved, place.path()).unwrap();
    put(&store, "work", "bbbb");
    assert!(std::fs::symlink_metadata(place.path()).unwrap().is_symlink());
    assert_has(&store, "work", "bbbb");
}
