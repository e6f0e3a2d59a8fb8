//! The bytes of a sealed backup: read by another program, and no byte of them can be changed unnoticed.

use std::process::{Command, Stdio};

use llmenv::backup::{Action, Key};
use llmenv::bounded::Links;

use super::Scene;

fn sealed_scene() -> (Scene, String) {
    let scene = Scene::new();
    let file = scene.write("one", "first content\n");
    let mut action = Action::new("a test");
    action.edit(&file, Links::Refuse, |_| Ok(b"second\n".to_vec())).unwrap();
    let id = action.apply(&scene.backups, &scene.key).unwrap().id;
    (scene, id)
}

#[test]
fn another_key_or_a_changed_byte_opens_nothing() {
    let (scene, id) = sealed_scene();
    let error = scene.backups.open(&id, &Key::random().unwrap()).unwrap_err();
    assert!(error.message.contains("a key that the store in use does not have"), "{error}");
    let path = scene.backups.dir().join(format!("{id}.sealed"));
    let whole = std::fs::read(&path).unwrap();
    assert!(scene.backups.open(&id, &scene.key).is_ok(), "the control");
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        std::fs::write(&path, changed).unwrap();
        assert!(scene.backups.open(&id, &scene.key).is_err(), "byte {at}");
    }
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(scene.backups.open(&id, &scene.key).is_err(), "{length} bytes");
    }
}

#[test]
fn names_never_lead_out_of_the_folder() {
    let (scene, _) = sealed_scene();
    for id in ["", "..", "../x", "abc", "ABCD", "/etc/passwd", "0123456789", "00\0g"] {
        assert!(scene.backups.open(id, &scene.key).unwrap_err().message.starts_with("there is no backup"), "{id}");
    }
}

/// The layout of `src/backup/seal.rs`, read by a program of another make.
#[test]
fn an_independent_reader_opens_it() {
    let (scene, id) = sealed_scene();
    let mut reader = Command::new("python3")
        .args([concat!(env!("CARGO_MANIFEST_DIR"), "/tests/backup_reader.py")])
        .arg(scene.backups.dir().join(format!("{id}.sealed")))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut reader.stdin.take().unwrap(), scene.key.to_hex().expose().as_bytes()).unwrap();
    let done = reader.wait_with_output().unwrap();
    let told = String::from_utf8(done.stdout).unwrap();
    let path = scene.path("one");
    assert_eq!(told, format!("a test\n{0} {0} first content\\n\n", path.display()));
}
