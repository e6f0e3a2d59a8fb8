//! What git tracks, told by its index alone, beside what git itself says.

use std::process::Command;

use llmenv::repair::is_tracked;

fn git(dir: &std::path::Path, args: &[&str]) {
    let done = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-C"])
        .arg(dir)
        .args(args)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", dir)
        .output()
        .unwrap();
    assert!(done.status.success(), "git {args:?}: {done:?}");
}

#[test]
fn every_version_of_the_index_is_understood() {
    for version in ["2", "3", "4"] {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        git(root, &["init", "-q", "."]);
        assert!(!is_tracked(&root.join(".env")), "no index yet");
        for n in 0..60 {
            let path = root.join(format!("app{n}/sub"));
            std::fs::create_dir_all(&path).unwrap();
            std::fs::write(path.join(if n % 2 == 0 { ".env" } else { "other" }), "x").unwrap();
        }
        git(root, &["add", "."]);
        if version == "3" {
            std::fs::write(root.join("later"), "x").unwrap();
            git(root, &["add", "--intent-to-add", "later"]);
        }
        git(root, &["update-index", "--index-version", version]);
        std::fs::write(root.join("app1/sub/.env"), "x").unwrap();
        std::fs::write(root.join(".env"), "x").unwrap();
        for n in 0..60 {
            assert_eq!(is_tracked(&root.join(format!("app{n}/sub/.env"))), n % 2 == 0, "version {version}, {n}");
        }
        assert!(!is_tracked(&root.join(".env")));
        // A damaged index: nothing is certain, so it counts as tracked.
        let index = std::fs::read(root.join(".git/index")).unwrap();
        std::fs::write(root.join(".git/index"), &index[..index.len() / 2]).unwrap();
        assert!(is_tracked(&root.join("zzz/.env")));
    }
    let alone = tempfile::tempdir().unwrap();
    assert!(!is_tracked(&alone.path().join(".env")), "no repository");
}

#[test]
fn worktrees_are_followed() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("main");
    std::fs::create_dir(&root).unwrap();
    git(&root, &["init", "-q", "."]);
    std::fs::write(root.join(".env"), "x").unwrap();
    git(&root, &["add", "."]);
    git(&root, &["commit", "-qm", "a"]);
    git(&root, &["worktree", "add", "-q", "../tree"]);
    assert!(is_tracked(&dir.path().join("tree/.env")) && !is_tracked(&dir.path().join("tree/.env.local")));
}
