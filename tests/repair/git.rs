//! What git tracks, told by its index alone, beside what git itself says.

use std::process::Command;

use llmenv::source::git::is_tracked;

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

/// What git itself says of many files under many lists, and we.
#[test]
fn lists_are_read_as_git_reads_them() {
    use llmenv::source::Scene;
    use llmenv::source::git::{Care, care};

    const LISTS: [(&str, &str); 6] = [
        (".gitignore", "# local\n.env\n!keep/.env\n/only-here/.env\nbuild/\n*.secret\n!.env.example\n\\#odd/\n"),
        ("apps/.gitignore", ".env.*\n!.env.shared\n**/deep/.env.local\n"),
        ("apps/a/.gitignore", "!.env\n/.env.one\nlogs/**\n"),
        ("doublestar/.gitignore", "a/**/b/.env\n*\n!*/\n!.gitignore\n"),
        ("range/.gitignore", ".env.[a-c]\n.env.?x\n  .env.blank\n.env.trail \n"),
        (".git/info/exclude", ".env.mine\n"),
    ];
    const FILES: [&str; 36] = [
        ".env",
        ".env.local",
        ".env.mine",
        ".env.users",
        ".env.example",
        "keep/.env",
        "only-here/.env",
        "x/only-here/.env",
        "build/.env",
        "x/build/.env",
        "build/deep/.env.local",
        "a.secret",
        "#odd/.env",
        "apps/.env",
        "apps/.env.local",
        "apps/.env.shared",
        "apps/b/.env.shared",
        "apps/b/deep/.env.local",
        "apps/a/.env",
        "apps/a/.env.one",
        "apps/a/x/.env.one",
        "apps/a/logs/.env",
        "apps/a/logs/y/.env.shared",
        "doublestar/a/b/.env",
        "doublestar/a/x/y/b/.env",
        "doublestar/.env",
        "doublestar/other/.env",
        "range/.env.a",
        "range/.env.d",
        "range/.env.xx",
        "range/.env.blank",
        "range/  .env.blank",
        "range/.env.trail",
        "tracked/.env",
        "tracked/build/.env",
        "new/.env.production",
    ];
    for format in ["sha1", "sha256"] {
        let dir = tempfile::tempdir().unwrap();
        let (home, root) = (dir.path().join("home"), dir.path().join("src"));
        std::fs::create_dir_all(home.join(".config/git")).unwrap();
        std::fs::create_dir_all(&root).unwrap();
        std::fs::write(home.join(".config/git/ignore"), ".env.users\n").unwrap();
        let run = |args: &[&str]| {
            let mut git = Command::new("git");
            git.arg("-C").arg(&root).args(args).env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", &home);
            git.env_remove("XDG_CONFIG_HOME").output().unwrap()
        };
        assert!(run(&["init", "-q", "--object-format", format, "."]).status.success());
        for (list, text) in LISTS {
            let path = root.join(list);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        for file in FILES {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "A=1\n").unwrap();
        }
        assert!(run(&["add", "-f", "tracked/.env", "tracked/build/.env"]).status.success());
        let scene = Scene {
            cwd: root.clone(),
            home: home.clone(),
            variables: std::collections::BTreeMap::new(),
            root: "/".into(),
        };
        let paths: Vec<_> = FILES.iter().map(|file| root.join(file)).collect();
        let ours = care(&scene, &paths);
        let mut wrong = Vec::new();
        for (file, path) in FILES.iter().zip(&paths) {
            let theirs = if run(&["ls-files", "--error-unmatch", "--", &format!(":(literal){file}")]).status.success() {
                Care::Tracked
            } else if run(&["check-ignore", "-q", "--", file]).status.success() {
                Care::Ignored
            } else {
                Care::Untracked
            };
            if ours.get(path) != Some(&theirs) {
                wrong.push(format!("{file}: {:?}, git {theirs:?}", ours.get(path)));
            }
        }
        assert!(wrong.is_empty(), "{format}: {wrong:#?}");
    }
}
