//! The vault through the handle: opened here and elsewhere, locked, handed over.

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
pub const PASSPHRASE: &str = "correct horse – battery \u{1f40e}";
/// Two processors shared with others may need long for argon2id.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Place {
    pub dir: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().join("data").join("vault")
    }

    pub fn identity(&self) -> PathBuf {
        self.dir.path().join("data").join("identity")
    }

    pub fn handle(&self) -> StoreHandle {
        StoreHandle::vault(VaultPlace { path: self.path(), identity: Some(self.identity()) })
    }

    /// A vault that a passphrase opens, and an open handle to it.
    pub fn with_passphrase() -> (Self, StoreHandle) {
        let place = Self::new();
        vault::create_with_cost(&place.path(), &Access::Passphrase(Secret::new(PASSPHRASE)), CHEAP).unwrap();
        let store = place.handle();
        store.unlock(Unlock::Passphrase(Secret::new(PASSPHRASE)), PATIENCE).unwrap();
        (place, store)
    }

    /// A vault that an identity file opens.
    pub fn with_identity() -> (Self, StoreHandle) {
        let place = Self::new();
        vault::create(&place.path(), &Access::Identity(place.identity())).unwrap();
        let store = place.handle();
        (place, store)
    }
}

pub fn get(store: &StoreHandle, name: &str) -> Result<StoredKey, StoreError> {
    store.get(name, false, Prompt::Never, PATIENCE)
}

pub fn put(store: &StoreHandle, name: &str, tail: &str) {
    store.put(name, key(tail), Prompt::Never, PATIENCE).unwrap();
}

#[track_caller]
pub fn assert_has(store: &StoreHandle, name: &str, tail: &str) {
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
fn a_thread_that_hangs_is_replaced_and_its_late_answer_undoes_no_lock() {
    let place = Place::new();
    // argon2id cannot be interrupted: to the handle this is a call that hangs.
    let dear = Cost { memory_kib: 128 * 1024, passes: 16, lanes: 1 };
    vault::create_with_cost(&place.path(), &Access::Passphrase(Secret::new(PASSPHRASE)), dear).unwrap();
    let store = place.handle();
    let hung = store.unlock(Unlock::Passphrase(Secret::new(PASSPHRASE)), Duration::from_millis(20)).unwrap_err();
    assert_eq!(hung, StoreError::Hung);
    // Behind the hanging call this would find the vault open, and say `NotFound`.
    assert_eq!(store.get("work", false, Prompt::Allowed, PATIENCE).unwrap_err(), StoreError::Locked);
    store.lock();
    let before = Instant::now();
    while threads_named("store-prompt") > 1 {
        assert!(before.elapsed() < PATIENCE * 2, "the hanging thread never ends");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(store.is_locked() && store.export_key().is_none());
    store.unlock(Unlock::Passphrase(Secret::new(PASSPHRASE)), PATIENCE).unwrap();
    put(&store, "work", "aaaa");
    assert_has(&store, "work", "aaaa");
}

fn threads_named(name: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    tasks.filter(|task| std::fs::read_to_string(task.path().join("comm")).is_ok_and(|comm| comm.trim() == name)).count()
}

#[test]
fn the_variable_names_the_identity_file() {
    let (place, store) = Place::with_identity();
    put(&store, "work", "aaaa");
    let moved = place.dir.path().join("credential");
    std::fs::rename(place.identity(), &moved).unwrap();
    let mut command = child::command("store::vault::child_reads_with_the_variable", "1");
    command.env("HOME", place.dir.path()).env("LLMENV_VAULT_KEY_FILE", moved);
    command.env("XDG_DATA_HOME", place.dir.path().join("xdg"));
    std::fs::create_dir(place.dir.path().join("xdg")).unwrap();
    std::fs::rename(place.path().parent().unwrap(), place.dir.path().join("xdg").join("llmenv")).unwrap();
    child::run(command);
}

#[test]
fn child_reads_with_the_variable() {
    if child::role().is_none() {
        return;
    }
    let paths = llmenv::paths::Paths::find().unwrap();
    assert_has(&StoreHandle::vault(VaultPlace::find(&paths)), "work", "aaaa");
}

#[test]
fn hands_its_key_over() {
    let (place, store) = Place::with_passphrase();
    put(&store, "work", "aaaa");
    let exported = VaultKey::from_digits(&store.export_key().unwrap().digits()).unwrap();
    let successor = place.handle();
    let refused =
        successor.import_key(VaultKey::from_digits(&Secret::new("7".repeat(64))).unwrap(), PATIENCE).unwrap_err();
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
