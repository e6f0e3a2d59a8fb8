//! Keys in files that something else maintains.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use llmenv::store::file::{MAX_KEY_BYTES, read_key};

#[test]
fn reads_one_key_and_notices_a_change() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    for (content, key) in [("sk-one", "sk-one"), ("sk-two\n", "sk-two"), ("sk-three\r\n", "sk-three")] {
        std::fs::write(&path, content).unwrap();
        assert_eq!(read_key(&path).unwrap().expose(), key);
    }
    // As Docker and Kubernetes mount it: through two links, world-readable and not ours to write.
    let linked = dir.path().join("linked");
    symlink("key", dir.path().join("hop")).unwrap();
    symlink("hop", &linked).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o444)).unwrap();
    assert_eq!(read_key(&linked).unwrap().expose(), "sk-three");
}

#[test]
fn refuses_what_is_not_one_key() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    let told = |content: &[u8]| {
        std::fs::write(&path, content).unwrap();
        let told = read_key(&path).unwrap_err().to_string();
        assert!(!told.contains("canary"), "{told}");
        told
    };
    assert!(told(b"").contains("is empty"));
    assert!(told(b"\n").contains("is empty"));
    assert!(told(b"canary\ncanary\n").contains("more than one line"));
    assert!(told(b"canary\n\n").contains("more than one line"));
    assert!(told(b"canary\x1b[2J").contains("control character"));
    assert!(told(b"canary\0").contains("control character"));
    assert!(told(b"canary\xff").contains("is not text"));
    assert!(told(&vec![b'k'; MAX_KEY_BYTES + 1]).contains("longer than 64 KiB"));
    std::fs::write(&path, vec![b'k'; MAX_KEY_BYTES]).unwrap();
    assert_eq!(read_key(&path).unwrap().len(), MAX_KEY_BYTES);
}

#[test]
fn waits_for_nothing_and_reads_no_device() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let link = dir.path().join("link");
    symlink("/dev/zero", &link).unwrap();
    for path in [fifo.as_path(), link.as_path(), Path::new("/dev/zero"), dir.path()] {
        let told = read_key(path).unwrap_err().to_string();
        assert!(told.contains("not a regular file"), "{told}");
    }
    let told = read_key(&dir.path().join("gone")).unwrap_err().to_string();
    assert!(told.contains("cannot read the key file") && told.contains("No such file"), "{told}");
    assert!(read_key(Path::new("relative")).unwrap_err().to_string().contains("not an absolute path"));
}
