//! `lock` and `unlock`: what is locked stays locked, and what was in memory is gone from it.

use std::io::{Read, Seek, SeekFrom};

use super::{PASSPHRASE, add_behind_passphrase, home_with_daemon, key, kill, served, state_dir};
use crate::support::home::finish;
use crate::support::{Home, LLMENV, Shell, Terminal, left_out};

const LOCKED: &str = "error: llmenv is locked, so no key is served\nhint: run `llmenv unlock`\n";

/// How often a text is found in a process' memory.
fn count_in_memory(pid: u32, needle: &str) -> usize {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let mut memory = std::fs::File::open(format!("/proc/{pid}/mem")).unwrap();
    let mut count = 0;
    for line in maps.lines() {
        let mut fields = line.split_whitespace();
        let (range, modes) = (fields.next().unwrap(), fields.next().unwrap());
        let (from, to) = range.split_once('-').unwrap();
        let [from, to] = [from, to].map(|number| u64::from_str_radix(number, 16).unwrap());
        if !modes.starts_with("rw") {
            continue;
        }
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        if memory.seek(SeekFrom::Start(from)).is_ok() && memory.read_exact(&mut bytes).is_ok() {
            count += bytes.windows(needle.len()).filter(|window| *window == needle.as_bytes()).count();
        }
    }
    count
}

#[test]
fn it_survives_kill_9() {
    let (home, pid) = home_with_daemon();
    assert_eq!(home.llmenv(&["lock"]).stdout, "locked: no key is served, and shells lose theirs at the next prompt\n");
    for pid in [None, Some(pid)] {
        if let Some(pid) = pid {
            kill(pid);
        }
        let got = home.llmenv(&["exec", "work", "--", "true"]);
        assert_eq!((got.code, got.stderr.as_str()), (125, LOCKED));
    }
    assert_ne!(home.daemon_pid(), Some(pid));
    for args in [&["show", "work", "--reveal", "--force"][..], &["env", "work", "--format", "bash"]] {
        let got = home.llmenv(args);
        assert_eq!((got.code, got.stdout.as_str(), got.stderr.as_str()), (1, "", LOCKED), "{args:?}");
    }
    // Nor does anything get in: a key held from outside would be served.
    let mut raw = super::Raw::connect(&home);
    let got = raw.ask(&format!(r#"{{"op":"key-cache","profile":"work","key":"{}","ttl_seconds":null}}"#, key(3)));
    assert!(got.contains(r#""kind":"locked""#), "{got}");
    // Without a daemon the lock holds as well.
    let mut command = home.cmd(LLMENV);
    command.args(["exec", "work", "--", "true"]).env("LLMENV_DAEMON", "off");
    assert_eq!(finish(command, None).stderr, LOCKED);
    let got = home.llmenv(&["unlock"]);
    assert!(got.code == 2 && got.stderr.starts_with("error: `llmenv unlock` works at a terminal only"), "{got:?}");
    let mut terminal = Terminal::start(&home, Shell::Bash, "", home.path(""));
    assert_eq!(terminal.run("llmenv unlock"), "unlocked\n");
    assert_eq!(served(&home, "work"), key(0));
}

#[test]
fn a_locked_daemon_has_no_key_in_memory() {
    if !rustix::process::geteuid().is_root() {
        left_out("daemon::lock::a_locked_daemon_has_no_key_in_memory: only root may read the daemon's memory");
        return;
    }
    let (home, pid) = home_with_daemon();
    // Through every path a key takes: stored, served to a command and to a shell, given in clear, rotated, renamed.
    let shell = super::Sleeper::start();
    assert!(shell.hook(&home, "", &["why=choose", "reason=shell", "profile=work"]).stdout.contains(&key(0)));
    assert_eq!(served(&home, "work"), key(0));
    assert_eq!(home.llmenv(&["show", "work", "--reveal", "--force"]).stdout.trim_end(), key(0));
    let before = count_in_memory(pid, &key(0));
    assert!(before > 0, "nothing is found where something must be");
    assert_eq!(home.llmenv_with(&["rotate", "work", "--key-stdin"], key(1)).code, 0);
    assert_eq!(home.llmenv(&["rename", "work", "home"]).code, 0);
    assert_eq!(served(&home, "home"), key(1));
    assert!(count_in_memory(pid, &key(1)) > 0);
    assert_eq!(count_in_memory(pid, &key(0)), 0, "the key that was rotated away");
    assert_eq!(home.llmenv(&["lock"]).code, 0);
    for number in [0, 1] {
        assert_eq!(count_in_memory(pid, &key(number)), 0);
        // Nor half of it.
        assert_eq!(count_in_memory(pid, &key(number)[30..]), 0);
    }
    assert_eq!(home.daemon_pid(), Some(pid));
}

#[test]
fn a_passphrase_is_asked_at_a_terminal_only() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, Shell::Bash, "", home.path(""));
    add_behind_passphrase(&home, &mut terminal);
    assert_eq!(served(&home, "work"), key(0));
    let pid = home.daemon_pid().unwrap();
    if rustix::process::geteuid().is_root() {
        assert_eq!(count_in_memory(pid, PASSPHRASE), 0);
        assert!(count_in_memory(pid, &key(0)) > 0);
    }
    kill(pid);
    let got = home.llmenv(&["exec", "work", "--", "true"]);
    assert_eq!(
        (got.code, got.stderr.as_str()),
        (125, "error: the store is locked, so the key of `work` cannot be read\nhint: run `llmenv unlock`\n")
    );
    terminal.type_line("llmenv exec work -- printenv OPENAI_API_KEY >out; echo done=$?");
    terminal.wait_for(|text| text.contains("passphrase of the encrypted file: "));
    terminal.answer("wrong");
    terminal.wait_for(|text| text.matches("passphrase of the encrypted file: ").count() == 2);
    terminal.answer(PASSPHRASE);
    let seen = terminal.wait_prompt();
    assert!(seen.contains("error: the passphrase does not open the vault\n") && seen.ends_with("done=0\n"), "{seen}");
    assert_eq!(std::fs::read_to_string(home.path("out")).unwrap().trim_end(), key(0));
    // Open for all from now on, until it is locked or ends.
    assert_eq!(served(&home, "work"), key(0));
    assert_eq!(home.llmenv(&["lock"]).code, 0);
    assert_eq!(home.llmenv(&["exec", "work", "--", "true"]).stderr, LOCKED);
}

#[test]
fn a_full_disk_does_not_keep_it_from_locking() {
    let (home, pid) = home_with_daemon();
    let limit = |bytes: &str| {
        let mut command = home.cmd("prlimit");
        command.args([format!("--pid={pid}"), format!("--fsize={bytes}")]);
        assert_eq!(finish(command, None).code, 0);
    };
    limit("0:unlimited");
    let got = home.llmenv(&["lock"]);
    assert_eq!(got.code, 1, "{got:?}");
    assert!(got.stderr.contains("hint: locked until the daemon ends, but not across restarts\n"), "{got:?}");
    assert_eq!(home.llmenv(&["exec", "work", "--", "true"]).stderr, LOCKED);
    limit("unlimited:unlimited");
    assert_eq!(home.llmenv(&["lock"]).code, 0);
    assert!(state_dir(&home).join("locked").exists());
    assert_eq!(home.daemon_pid(), Some(pid));
}
