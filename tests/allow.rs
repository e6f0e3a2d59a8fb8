//! What was allowed is remembered by path and content, and by nothing less.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use llmenv::allow::{AllowList, MAX_HASHES, Status};

fn list() -> (tempfile::TempDir, AllowList) {
    let dir = tempfile::tempdir().expect("a folder");
    let list = AllowList::new(&dir.path().join("state"));
    (dir, list)
}

#[test]
fn t03_allow_hash() {
    let (_dir, list) = list();
    let (path, content) = (Path::new("/p/.llmenv.toml"), b"profile = \"work\"\n");
    assert_eq!(list.status(path, content), Status::Unknown);
    list.allow(path, content).expect("allowed");
    assert_eq!(list.status(path, content), Status::Allowed);
    // Any one byte changed, taken away or added asks again.
    for i in 0..content.len() {
        for bit in 0..8 {
            let mut other = content.to_vec();
            other[i] ^= 1 << bit;
            assert_eq!(list.status(path, &other), Status::Changed);
        }
    }
    assert_eq!(list.status(path, &content[..content.len() - 1]), Status::Changed);
    assert_eq!(list.status(path, &[content.as_slice(), b"\n"].concat()), Status::Changed);
    assert_eq!(list.status(path, b""), Status::Changed);
    // The same content anywhere else is unknown.
    for other in ["/p/q/.llmenv.toml", "/P/.llmenv.toml", "/p/.llmenv.tom", "/p/.llmenv.toml\n"] {
        assert_eq!(list.status(Path::new(other), content), Status::Unknown);
    }
    assert_eq!(list.status(path, content), Status::Allowed);
}

#[test]
fn a_denied_path_stays_denied_until_it_is_allowed() {
    let (_dir, list) = list();
    let path = Path::new("/p/.llmenv.toml");
    list.allow(path, b"a").expect("allowed");
    assert_eq!(list.last_allowed(path).as_deref(), Some("a"));
    list.deny(path).expect("denied");
    assert_eq!(list.status(path, b"a"), Status::Denied);
    assert_eq!(list.status(path, b"b"), Status::Denied);
    assert_eq!(list.last_allowed(path), None);
    list.allow(path, b"b").expect("allowed");
    assert_eq!(list.status(path, b"b"), Status::Allowed);
    assert_eq!(list.status(path, b"a"), Status::Changed, "what was allowed before the denial is forgotten");
}

#[test]
fn the_last_few_contents_stay_allowed() {
    let (_dir, list) = list();
    let path = Path::new("/p/.llmenv.toml");
    for i in 0..=MAX_HASHES {
        list.allow(path, i.to_string().as_bytes()).expect("allowed");
    }
    assert_eq!(list.status(path, b"0"), Status::Changed);
    assert_eq!(list.status(path, b"1"), Status::Allowed);
    assert_eq!(list.last_allowed(path), Some(MAX_HASHES.to_string()));
    list.allow(path, b"1").expect("allowed again");
    assert_eq!(list.last_allowed(path).as_deref(), Some("1"));
    assert_eq!(list.status(path, b"2"), Status::Allowed, "allowing one twice pushes out no other");
}

#[test]
fn it_is_private_and_damage_asks_again() {
    let (dir, list) = list();
    let path = Path::new("/p/.llmenv.toml");
    list.allow(path, b"a").expect("allowed");
    let folder = dir.path().join("state/allowed");
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o7777;
    assert_eq!(mode(&folder), 0o700);
    let entries: Vec<_> = std::fs::read_dir(&folder).expect("there").map(|e| e.expect("an entry").path()).collect();
    assert_eq!(entries.len(), 1);
    assert_eq!(mode(&entries[0]), 0o600);
    // Another run sees the same.
    assert_eq!(AllowList::new(&dir.path().join("state")).status(path, b"a"), Status::Allowed);
    let json = std::fs::read_to_string(&entries[0]).expect("there");
    for damaged in ["", "{", "[]", "{\"v\":1}", &json.replace("\"v\":1", "\"v\":2"), &json[..json.len() - 3]] {
        std::fs::write(&entries[0], damaged).expect("written");
        assert_eq!(list.status(path, b"a"), Status::Unknown, "{damaged}");
    }
    std::fs::write(&entries[0], json).expect("written");
    assert_eq!(list.status(path, b"a"), Status::Allowed);
}

#[test]
fn what_cannot_be_remembered_is_refused() {
    let (_dir, list) = list();
    let error = list.allow(Path::new("relative"), b"a").expect_err("refused");
    assert_eq!(error.message, "`relative` is not an absolute path");
    let error = list.allow(Path::new("/p"), b"\xff").expect_err("refused");
    assert_eq!(error.message, "`/p` is not text in UTF-8 of at most 1 MiB");
    assert_eq!(list.status(Path::new("/p"), b"\xff"), Status::Unknown);
}
