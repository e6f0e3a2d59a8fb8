//! Files replaced as a whole: at full disks, under `kill -9`, beside other writers and beside somebody who moves links about.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use llmenv::atomic::{Expected, write, write_if};

/// The file that a test started as a child process works on.
const CHILD_FILE: &str = "LLMENV_TEST_CHILD_FILE";

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("there").permissions().mode() & 0o7777
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// This test program, running one ignored test alone, on one file.
fn child(test: &str, file: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a program"));
    command.args(["--ignored", "--exact", "--nocapture", test]);
    command.env(CHILD_FILE, file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn child_file() -> PathBuf {
    std::env::var_os(CHILD_FILE).expect("started by another test").into()
}

#[test]
fn a_new_file_has_the_mode_asked_for_and_an_old_one_is_never_widened() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("f");
    write(&file, b"one", 0o600).expect("written");
    assert_eq!((std::fs::read(&file).expect("there"), mode(&file)), (b"one".to_vec(), 0o600));
    write(&file, b"two", 0o644).expect("written");
    assert_eq!((std::fs::read(&file).expect("there"), mode(&file)), (b"two".to_vec(), 0o600));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("ours");
    write(&file, b"three", 0o644).expect("written");
    assert_eq!(mode(&file), 0o644);
    write(&file, b"four", 0o600).expect("written");
    assert_eq!((std::fs::read(&file).expect("there"), mode(&file)), (b"four".to_vec(), 0o600));
    assert_eq!(names(dir.path()), ["f"]);
}

#[test]
fn a_relative_name_and_a_long_one_are_written() {
    let dir = tempfile::tempdir().expect("a folder");
    let long = dir.path().join("ä".repeat(127));
    write(&long, b"x", 0o600).expect("written");
    assert_eq!(std::fs::read(&long).expect("there"), b"x");
    let error = write(Path::new("/"), b"x", 0o600).expect_err("no name");
    assert_eq!(error.message, "`/` is not the name of a file");
}

#[test]
fn t10_write_symlink() {
    let dir = tempfile::tempdir().expect("a folder");
    let victim = dir.path().join("bashrc");
    std::fs::write(&victim, "mine").expect("written");
    let link = dir.path().join(".env");
    symlink("bashrc", &link).expect("linked");
    let error = write(&link, b"theirs", 0o600).expect_err("refused");
    assert_eq!(
        error.message,
        format!("`{}` is a symbolic link to `bashrc`, which is not written through", link.display())
    );
    assert_eq!(std::fs::read_to_string(&victim).expect("there"), "mine");
    assert!(link.is_symlink());
    assert_eq!(names(dir.path()), [".env", "bashrc"]);
    std::fs::remove_file(&link).expect("removed");
    write(&link, b"theirs", 0o600).expect("without the link it is written");
}

#[test]
fn t10_write_second_name_pipe_and_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("f");
    std::fs::write(&file, "mine").expect("written");
    std::fs::hard_link(&file, dir.path().join("g")).expect("linked");
    let error = write(&file, b"theirs", 0o600).expect_err("refused");
    assert!(error.message.ends_with("has a second name (a hard link), which would keep the old content"), "{error}");
    assert_eq!(std::fs::read_to_string(&file).expect("there"), "mine");
    let sub = dir.path().join("sub");
    std::fs::create_dir(&sub).expect("created");
    assert!(write(&sub, b"x", 0o600).expect_err("refused").message.ends_with("is not a regular file"));
    let pipe = dir.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    assert!(write(&pipe, b"x", 0o600).expect_err("refused").message.ends_with("is not a regular file"));
    assert_eq!(names(dir.path()), ["f", "g", "pipe", "sub"]);
}

#[test]
fn t10_write_race() {
    // In memory where that is there: on a disk each write would wait until all those renames are safe.
    let memory = Path::new("/dev/shm");
    let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a folder");
    let victim = dir.path().join("victim");
    std::fs::write(&victim, "mine").expect("written");
    let sub = dir.path().join("sub");
    std::fs::create_dir(&sub).expect("created");
    let (file, link) = (sub.join("f"), sub.join("link"));
    std::fs::write(&file, "old").expect("written");
    let (done, swaps) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (mut written, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                // The name is a link for a moment, then a file again.
                let _ = symlink("../victim", &link);
                let _ = std::fs::rename(&link, &file);
                let _ = std::fs::write(sub.join("plain"), "old");
                let _ = std::fs::rename(sub.join("plain"), &file);
                swaps.fetch_add(1, Ordering::Relaxed);
            }
        });
        // Until both have happened often enough: what was seen as a file, and what was seen as a link.
        while swaps.load(Ordering::Relaxed) < 10_000 || written < 100 || refused < 100 {
            match write(&file, b"theirs", 0o600) {
                Ok(()) => written += 1,
                Err(_) => refused += 1,
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(std::fs::read_to_string(&victim).expect("there"), "mine");
}

#[test]
fn t10_another_users_file_is_refused() {
    if !rustix::process::geteuid().is_root() {
        // Only root can make such a file; this is the owner check read from the other side.
        let error = write(Path::new("/etc/hosts"), b"", 0o600).expect_err("refused");
        assert_eq!(error.message, "`/etc/hosts` belongs to user 0, not to you");
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("f");
    std::fs::write(&file, "theirs").expect("written");
    std::os::unix::fs::chown(&file, Some(12345), None).expect("root may");
    let error = write(&file, b"mine", 0o600).expect_err("refused");
    assert_eq!(error.message, format!("`{}` belongs to user 12345, not to you", file.display()));
    assert_eq!(std::fs::read_to_string(&file).expect("there"), "theirs");
}

#[test]
fn a_file_that_changed_since_it_was_seen_is_left() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("f");
    assert!(write_if(&file, Expected::Absent, b"one", 0o600).expect("asked"));
    assert!(!write_if(&file, Expected::Absent, b"two", 0o600).expect("asked"));
    assert!(!write_if(&file, Expected::Bytes(b"on"), b"two", 0o600).expect("asked"));
    assert!(!write_if(&file, Expected::Bytes(b"ones"), b"two", 0o600).expect("asked"));
    assert_eq!(std::fs::read(&file).expect("there"), b"one");
    assert!(write_if(&file, Expected::Bytes(b"one"), b"two", 0o600).expect("asked"));
    assert_eq!(std::fs::read(&file).expect("there"), b"two");
    std::fs::remove_file(&file).expect("removed");
    assert!(!write_if(&file, Expected::Bytes(b""), b"x", 0o600).expect("asked"));
    assert_eq!(names(dir.path()), [""; 0]);
}

/// Two contents that differ in every byte and in length.
fn contents() -> [Vec<u8>; 2] {
    [vec![b'a'; 40_000], vec![b'b'; 70_000]]
}

#[test]
fn kill_9_leaves_the_old_content_or_the_new() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("f");
    std::fs::write(&file, &contents()[0]).expect("written");
    let mut seen = [0; 2];
    for round in 0..40u64 {
        let mut writer = child("atomic::child_writes_for_ever", &file).spawn().expect("starts");
        // Waits until it really replaces the file, then a little differently each time.
        let inode = || std::fs::metadata(&file).expect("never gone").ino();
        for _ in 0..3 {
            let before = inode();
            while inode() == before {
                assert!(writer.try_wait().expect("ours").is_none(), "the writer ended");
            }
        }
        std::thread::sleep(std::time::Duration::from_micros(round * 137 % 1_900));
        writer.kill().expect("ours");
        writer.wait().expect("ours");
        let now = std::fs::read(&file).expect("there");
        let which = contents().iter().position(|content| *content == now);
        seen[which.unwrap_or_else(|| panic!("half written: {} bytes", now.len()))] += 1;
        // What the writer before left is gone, what this one left may be there.
        assert!(names(dir.path()).len() <= 2, "{:?}", names(dir.path()));
    }
    assert!(seen[0] > 0 && seen[1] > 0, "it was the same content every time: {seen:?}");
    write(&file, b"end", 0o600).expect("written");
    assert_eq!(names(dir.path()), ["f"], "the last write takes away what was left over");
}

#[test]
#[ignore = "started by another test as a process of its own"]
fn child_writes_for_ever() {
    let file = child_file();
    for content in contents().iter().cycle() {
        write(&file, content, 0o600).expect("written");
    }
}

#[test]
fn writers_at_the_same_time_take_nothing_from_each_other() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("f");
    std::thread::scope(|scope| {
        for byte in b'a'..=b'h' {
            let file = &file;
            scope.spawn(move || {
                for _ in 0..50 {
                    write(file, &[byte; 3_000], 0o600).expect("written");
                    let now = std::fs::read(file).expect("never gone");
                    assert!(now.len() == 3_000 && now.iter().all(|&b| b == now[0]), "mixed");
                }
            });
        }
    });
    assert_eq!(names(dir.path()), ["f"]);
}

#[test]
fn a_limit_reached_leaves_the_old_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("f");
    std::fs::write(&file, "old").expect("written");
    // 8 KiB in the units of `ulimit -f`; the signal is ignored so that the write fails instead.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().expect("a program"))
        .args(["--ignored", "--exact", "--nocapture", "atomic::child_writes_once"])
        .env(CHILD_FILE, &file)
        .output()
        .expect("sh runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("File too large (os error 27)"), "{said}");
    assert!(said.contains("hint: the file is as it was; make room and try again"), "{said}");
    assert_eq!(std::fs::read_to_string(&file).expect("there"), "old");
    assert_eq!(names(dir.path()), ["f"]);
}

#[test]
fn a_full_disk_leaves_the_old_file() {
    if std::env::var("LLMENV_TEST_LEAVE_OUT").is_ok_and(|list| list.split(',').any(|word| word == "tmpfs")) {
        println!("left out by name: tmpfs");
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    // A mount namespace of its own: the small disk is gone with the process, however that ends.
    let script = r#"
        mount -t tmpfs -o size=64k,mode=700 small "$1" || exit 77
        printf old > "$1/f"
        LLMENV_TEST_CHILD_FILE="$1/f" "$0" --ignored --exact --nocapture atomic::child_writes_once
        printf '[%s][%s]\n' "$(cat "$1/f")" "$(ls -A "$1")"
    "#;
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .arg(std::env::current_exe().expect("a program"))
        .arg(dir.path())
        .output()
        .expect("unshare runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let problems = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("No space left on device (os error 28)"), "{said}{problems}");
    assert!(said.contains("hint: the file is as it was; make room and try again"), "{said}");
    assert!(said.ends_with("[old][f]\n"), "{said}{problems}");
}

#[test]
#[ignore = "started by another test as a process of its own"]
fn child_writes_once() {
    match write(&child_file(), &vec![b'x'; 200_000], 0o600) {
        Ok(()) => println!("written"),
        Err(error) => println!("{error}"),
    }
}
