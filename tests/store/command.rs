//! Keys that programs print.

use std::path::Path;
use std::time::{Duration, Instant};

use llmenv::store::command::{Mode, run_command, run_command_within};

use crate::support::child;

const DAEMON: Mode<'static> = Mode::Daemon { pass_env: &[] };

fn sh(script: &str) -> Vec<String> {
    ["/bin/sh", "-c", script].map(str::to_owned).to_vec()
}

fn told(argv: &[String], mode: Mode<'_>) -> String {
    let told = run_command(argv, mode).unwrap_err().to_string();
    assert!(!told.contains("canary"), "{told}");
    told
}

#[test]
fn takes_the_one_line_it_prints() {
    for mode in [DAEMON, Mode::Foreground] {
        assert_eq!(run_command(&sh("echo sk-printed"), mode).unwrap().expose(), "sk-printed");
        assert_eq!(run_command(&sh("printf sk-printed"), mode).unwrap().expose(), "sk-printed");
        assert!(told(&sh("echo canary; echo canary"), mode).contains("more than one line"));
        assert!(told(&sh("exit 0"), mode).contains("the output of `/bin/sh` is empty"));
        assert!(told(&sh("yes canary | head -c 100000"), mode).contains("longer than 64 KiB"));
    }
}

#[test]
fn says_program_status_and_first_line_of_stderr() {
    let told = told(&sh("echo canary; printf '\\n\\033[31mnot signed in\\nmore\\n' >&2; exit 3 # canary"), DAEMON);
    assert_eq!(
        told,
        "`/bin/sh` failed with exit status 3: \\u{1b}[31mnot signed in\n\
         hint: the profile's `key = { command = … }` names it; try it by hand"
    );
    assert!(self::told(&sh("kill -9 $$"), DAEMON).starts_with("`/bin/sh` failed with signal 9"));
}

#[test]
fn needs_an_absolute_program_that_exists() {
    assert!(told(&["op".into(), "read".into()], DAEMON).contains("is not an absolute path"));
    assert!(told(&["./op".into()], DAEMON).contains("is not an absolute path"));
    assert!(told(&[], DAEMON).contains("empty list"));
    assert!(told(&["/nonexistent/op".into(), "canary".into()], DAEMON).starts_with("cannot run `/nonexistent/op`: "));
}

#[test]
fn the_daemon_gives_no_terminal_no_input_and_few_variables() {
    let mut command = child::command("store::command::child_looks_at_what_it_gets", "1");
    command.env("HOME", "/home/me").env("LC_ALL", "C").env("PASSED", "yes").env("LD_PRELOAD", "");
    command.env("SECRET_OF_A_SHELL", "canary").env("PATH", "/usr/bin:/bin");
    child::run(command);
}

#[test]
fn child_looks_at_what_it_gets() {
    if child::role().is_none() {
        return;
    }
    let pass_env = ["PASSED".to_owned()];
    let mode = Mode::Daemon { pass_env: &pass_env };
    let names = "env | cut -d= -f1 | grep -v -x -e PWD -e _ -e SHLVL -e OLDPWD | sort | tr '\\n' ' '";
    assert_eq!(run_command(&sh(names), mode).unwrap().expose(), "HOME LC_ALL PASSED PATH ");
    assert_eq!(run_command(&sh("printf %s \"$HOME $PASSED\""), mode).unwrap().expose(), "/home/me yes");
    // A session of its own, so no terminal can be opened; no input; not in anybody's folder.
    let session = "[ \"$(cut -d' ' -f6 /proc/$$/stat)\" = $$ ] && ! (: </dev/tty) 2>/dev/null && echo own";
    assert_eq!(run_command(&sh(session), mode).unwrap().expose(), "own");
    assert_eq!(run_command(&sh("readlink /proc/self/fd/0"), mode).unwrap().expose(), "/dev/null");
    assert_eq!(run_command(&sh("pwd"), mode).unwrap().expose(), "/");
    // The control: in the foreground it sees what we see.
    assert_eq!(run_command(&sh("echo $SECRET_OF_A_SHELL"), Mode::Foreground).unwrap().expose(), "canary");
}

#[test]
fn a_timeout_ends_the_program_and_what_it_started() {
    let dir = tempfile::tempdir().unwrap();
    for (mode, name) in [(DAEMON, "daemon"), (Mode::Foreground, "foreground")] {
        let pids = dir.path().join(name);
        let script = format!("sleep 600 & echo $! > {0}; echo $$ >> {0}; wait", pids.display());
        let before = Instant::now();
        let told = run_command_within(&sh(&script), mode, Duration::from_millis(500)).unwrap_err().to_string();
        assert!(told.starts_with("`/bin/sh` did not finish within 0.5 s and was stopped"), "{told}");
        assert!(before.elapsed() < Duration::from_secs(10));
        let pids = std::fs::read_to_string(&pids).unwrap();
        assert_eq!(pids.lines().count(), 2);
        for pid in pids.lines() {
            let gone = || {
                let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
                stat.is_empty() || stat.contains(") Z ")
            };
            while !gone() {
                assert!(before.elapsed() < Duration::from_secs(10), "process {pid} of {name} is still there");
                std::thread::sleep(Duration::from_millis(10));
            }
            assert!(gone() || !Path::new(&format!("/proc/{pid}")).exists());
        }
    }
    // A program that ends while something it started keeps its output open does not hold us up for ever either.
    let before = Instant::now();
    assert!(run_command_within(&sh("sleep 600 & echo canary"), DAEMON, Duration::from_millis(500)).is_err());
    assert!(before.elapsed() < Duration::from_secs(10));
}
