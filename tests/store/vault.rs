//! The vault through the handle: opened here and elsewhere, locked, damaged, full, killed.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use llmenv::secret::Secret;
use llmenv::store::vault::{self, Access, VaultKey};
use llmenv::store::vault_format::Cost;
use llmenv::store::{Prompt, StoreError, StoreHandle, StoreState, StoredKey, Unlock, VaultPlace};

use super::key;
use crate::support::child;

/// Cheap enough for tests; the cost lies in the header, so that everything else is as always.
const CHEAP: Cost = Cost { memory_kib: 64, passes: 2, lanes: 1 };
const PASSPHRASE: &str = "correct horse – battery \u{1f40e}";
/// Two processors shared with others may need long for argon2id.
const PATIENCE: Duration = Duration::from_secs(30);

struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("data").join("vault")
    }

    fn identity(&self) -> PathBuf {
        self.dir.path().join("data").join("identity")
    }

    fn handle(&self) -> StoreHandle {
        StoreHandle::vault(VaultPlace { path: self.path(), identity: Some(self.identity()) })
    }

    /// A vault that a passphrase opens, and an open handle to it.
    fn with_passphrase() -> (Self, StoreHandle) {
        let place = Self::new();
        vault::create_with_cost(&place.path(), &Access::Passphrase(Secret::new(PASSPHRASE)), CHEAP).unwrap();
        let store = place.handle();
        store.unlock(Unlock::Passphrase(Secret::new(PASSPHRASE)), PATIENCE).unwrap();
        (place, store)
    }

    /// A vault that an identity file opens.
    fn with_identity() -> (Self, StoreHandle) {
        let place = Self::new();
        vault::create(&place.path(), &Access::Identity(place.identity())).unwrap();
        let store = place.handle();
        (place, store)
    }
}

fn get(store: &StoreHandle, name: &str) -> Result<StoredKey, StoreError> {
    store.get(name, false, Prompt::Never, PATIENCE)
}

fn put(store: &StoreHandle, name: &str, tail: &str) {
    store.put(name, key(tail), Prompt::Never, PATIENCE).unwrap();
}

#[track_caller]
fn assert_has(store: &StoreHandle, name: &str, tail: &str) {
    assert!(get(store, name).unwrap().same_as(&key(tail)), "`{name}` has another key than the one ending in {tail}");
}

#[test]
fn stores_reads_renames_rotates_and_removes() {
    for (place, store) in [Place::with_passphrase(), Place::with_identity()] {
        assert_eq!(store.probe(PATIENCE), StoreState::Unlocked);
        assert_eq!(get(&store, "work").unwrap_err(), StoreError::NotFound);
        put(&store, "work", "aaaa");
        put(&store, "home", "cccc");
        put(&store, "work", "bbbb");
        assert_has(&store, "work", "bbbb");
        assert_eq!(store.rename("work", "home", Prompt::Never, PATIENCE).unwrap_err(), StoreError::Exists);
        store.rename("work", "office", Prompt::Never, PATIENCE).unwrap();
        assert_eq!(get(&store, "work").unwrap_err(), StoreError::NotFound);
        assert_has(&store, "office", "bbbb");
        store.remove("office", Prompt::Never, PATIENCE).unwrap();
        assert_eq!(store.remove("office", Prompt::Never, PATIENCE).unwrap_err(), StoreError::NotFound);
        assert_has(&store, "home", "cccc");
        let hidden = store.get("office", true, Prompt::Never, PATIENCE).unwrap_err();
        assert!(matches!(hidden, StoreError::Broken { .. }), "{hidden:?}");

        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&place.path()), 0o600);
        assert_eq!(mode(place.path().parent().unwrap()), 0o700);
        let bytes = std::fs::read(place.path()).unwrap();
        assert!(!bytes.windows(8).any(|window| window == b"sk-or-v1" || window == b"profile:"));
    }
}

#[test]
fn locks_and_unlocks() {
    let (place, store) = Place::with_passphrase();
    put(&store, "work", "aaaa");
    assert!(store.export_key().is_some());
    store.lock();
    assert!(store.export_key().is_none());
    assert_eq!(get(&store, "work").unwrap_err(), StoreError::Locked);
    assert_eq!(store.probe(PATIENCE), StoreState::Locked);
    let wrong = store.unlock(Unlock::Passphrase(Secret::new("wrong")), PATIENCE).unwrap_err();
    assert_eq!(wrong, StoreError::WrongPassphrase);
    assert_eq!(get(&store, "work").unwrap_err(), StoreError::Locked);
    store.unlock(Unlock::Passphrase(Secret::new(PASSPHRASE)), PATIENCE).unwrap();
    assert_has(&store, "work", "aaaa");

    // Another process knows nothing until it is told.
    let other = place.handle();
    assert_eq!(get(&other, "work").unwrap_err(), StoreError::Locked);
    assert_eq!(other.probe(PATIENCE), StoreState::Locked);
    // An identity file does not stay open behind `lock` either.
    let (_place, store) = Place::with_identity();
    put(&store, "work", "aaaa");
    store.lock();
    assert_eq!(get(&store, "work").unwrap_err(), StoreError::Locked);
    assert!(store.export_key().is_none());
    store.unlock(Unlock::Prompt, PATIENCE).unwrap();
    assert_has(&store, "work", "aaaa");
}

#[test]
fn hands_its_key_over() {
    let (place, store) = Place::with_passphrase();
    put(&store, "work", "aaaa");
    let exported = VaultKey::new(*store.export_key().unwrap().expose());
    let successor = place.handle();
    let refused = successor.import_key(VaultKey::new([7; 32]), PATIENCE).unwrap_err();
    assert_eq!(refused, StoreError::WrongPassphrase);
    assert_eq!(get(&successor, "work").unwrap_err(), StoreError::Locked);
    successor.import_key(exported, PATIENCE).unwrap();
    assert_has(&successor, "work", "aaaa");
}

#[test]
fn a_changed_passphrase_locks_who_holds_the_old_one() {
    let (place, store) = Place::with_passphrase();
    put(&store, "work", "aaaa");
    let held = store.export_key().unwrap();
    vault::change_access(&place.path(), &held, &Access::Identity(place.identity())).unwrap();
    assert!(!vault::needs_passphrase(&place.path()).unwrap());
    assert_eq!(get(&store, "work").unwrap_err(), StoreError::Locked);
    assert_has(&place.handle(), "work", "aaaa");
    let late = vault::change_access(&place.path(), &held, &Access::Identity(place.identity())).unwrap_err();
    assert_eq!(late, StoreError::Locked);
}

#[test]
fn usual_cost_and_no_second_creation() {
    let place = Place::new();
    assert!(matches!(get(&place.handle(), "work").unwrap_err(), StoreError::NoStore { .. }));
    assert!(matches!(place.handle().probe(PATIENCE), StoreState::Absent { .. }));
    let access = Access::Passphrase(Secret::new(PASSPHRASE));
    vault::create(&place.path(), &access).unwrap();
    assert!(vault::needs_passphrase(&place.path()).unwrap());
    assert_eq!(vault::create(&place.path(), &access).unwrap_err(), StoreError::Exists);
    place.handle().unlock(Unlock::Passphrase(Secret::new(PASSPHRASE)), PATIENCE).unwrap();
    let empty = Access::Passphrase(Secret::new(""));
    assert!(matches!(vault::create(&Place::new().path(), &empty).unwrap_err(), StoreError::Broken { .. }));
}

#[test]
fn identity_files_are_checked() {
    let (place, store) = Place::with_identity();
    put(&store, "work", "aaaa");
    let good = std::fs::read(place.identity()).unwrap();
    assert_eq!(good.len(), 65);
    let told = |place: &Place| get(&place.handle(), "work").unwrap_err();

    std::fs::set_permissions(place.identity(), PermissionsExt::from_mode(0o640)).unwrap();
    assert!(matches!(told(&place), StoreError::Broken { reason } if reason.contains("open to others (mode 640)")));
    std::fs::set_permissions(place.identity(), PermissionsExt::from_mode(0o600)).unwrap();
    assert_has(&place.handle(), "work", "aaaa");

    std::fs::write(place.identity(), "0".repeat(64)).unwrap();
    assert!(matches!(told(&place), StoreError::Broken { reason } if reason.contains("does not belong to this vault")));
    for bad in ["", "zz", &"0".repeat(63), &"0".repeat(66), &format!("{}\n\n", "0".repeat(64))] {
        std::fs::write(place.identity(), bad).unwrap();
        assert!(matches!(told(&place), StoreError::Broken { reason } if reason.contains("is no identity file")));
    }
    std::fs::remove_file(place.identity()).unwrap();
    assert!(matches!(told(&place), StoreError::Io { reason } if reason.contains("there is no identity file")));
    let status = Command::new("mkfifo").arg(place.identity()).status().unwrap();
    assert!(status.success());
    assert!(matches!(told(&place), StoreError::Io { reason } if reason.contains("not a regular file")));

    // 32 raw bytes do as well, from wherever the variable points.
    let raw: Vec<u8> = (0..32)
        .map(|at| u8::from_str_radix(std::str::from_utf8(&good[2 * at..2 * at + 2]).unwrap(), 16).unwrap())
        .collect();
    let elsewhere = place.dir.path().join("raw");
    std::fs::write(&elsewhere, raw).unwrap();
    std::fs::set_permissions(&elsewhere, PermissionsExt::from_mode(0o400)).unwrap();
    let store = StoreHandle::vault(VaultPlace { path: place.path(), identity: Some(elsewhere) });
    assert_has(&store, "work", "aaaa");
}

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
    let (program, arguments) = child::arguments("store::vault::child_meets_a_full_disk");
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
        let mut writer = child::command("store::vault::child_writes_until_killed", place.dir.path().to_str().unwrap())
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

#[test]
fn an_independent_reader_opens_it() {
    for (place, store) in [Place::with_passphrase(), Place::with_identity()] {
        put(&store, "work", "aaaa");
        put(&store, "home", "\u{2018}b$`%");
        let told = reader(&place, "open", &[]);
        let json: serde_json::Value = serde_json::from_str(&told).expect(&told);
        let expected = |tail: &str| serde_json::from_slice::<serde_json::Value>(&key(tail).encode().unwrap()).unwrap();
        let items = serde_json::json!({"profile:work": expected("aaaa"), "profile:home": expected("\u{2018}b$`%")});
        assert_eq!(json, serde_json::json!({"v": 1, "items": items}));
    }
}

#[test]
fn opens_what_an_independent_writer_sealed() {
    for (place, store) in [Place::with_passphrase(), Place::with_identity()] {
        let key_json = String::from_utf8(key("aaaa").encode().unwrap().to_vec()).unwrap();
        let json = place.dir.path().join("json");
        std::fs::write(&json, format!("{{\"v\":1,\"items\":{{\"profile:work\":{key_json}}}}}")).unwrap();
        reader(&place, "write", &["--json", json.to_str().unwrap()]);
        if vault::needs_passphrase(&place.path()).unwrap() {
            store.unlock(Unlock::Passphrase(Secret::new(PASSPHRASE)), PATIENCE).unwrap();
        }
        assert_has(&store, "work", "aaaa");
        put(&store, "work", "bbbb");
        assert!(reader(&place, "open", &[]).contains("bbbb"));
    }
}

/// Runs `tests/vault_reader.py`, which shares no code with us and needs no package.
fn reader(place: &Place, what: &str, more: &[&str]) -> String {
    let python = std::env::var_os("LLMENV_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vault_reader.py");
    let mut command = Command::new(&python);
    command.arg("-S").arg(script).arg(what).arg(place.path()).args(more);
    if vault::needs_passphrase(&place.path()).unwrap() {
        command.arg("--passphrase-stdin");
    } else {
        command.arg("--identity").arg(place.identity());
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|err| panic!("{} (python3, or LLMENV_TEST_PYTHON) must run: {err}", python.display()));
    let _ = child.stdin.take().unwrap().write_all(PASSPHRASE.as_bytes());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
