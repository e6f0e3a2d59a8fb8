//! The daemon's life: started by whoever asks, without a window, holding nothing of its caller's; killed, replaced, ended.

use windows_sys::Win32::Foundation::CloseHandle;
use windows_sys::Win32::System::Console::{AttachConsole, FreeConsole, GetConsoleWindow};
use windows_sys::Win32::System::Threading::{OpenProcess, PROCESS_TERMINATE, TerminateProcess};

use super::{add, key, served, state_dir, wait_until};
use crate::support::{Home, child};

#[test]
fn it_lives_and_ends_without_a_window() {
    let home = Home::new();
    assert_eq!(home.llmenv(&["daemon", "status"]).stdout, "no daemon runs; the next command or shell starts one\n");
    // Both outputs of this command end with it: the daemon holds no end of theirs.
    let got = home.llmenv(&["daemon", "start"]);
    let pid = home.daemon_pid().expect("a daemon");
    assert_eq!((got.code, got.stdout, got.stderr), (0, format!("started the daemon (process {pid})\n"), String::new()));
    let status = home.llmenv(&["daemon", "status"]).stdout;
    assert!(
        status.starts_with(&format!("process     {pid}, for ")) && status.contains("started by  demand\n"),
        "{status}"
    );
    let mut command = child::command("windows::daemon::child_looks_for_a_window", &pid.to_string());
    command.envs(home.env());
    child::run(command);
    let got = home.llmenv(&["daemon", "restart"]);
    assert_eq!(got.code, 0, "{got:?}");
    let next = home.daemon_pid().expect("another daemon");
    assert_ne!(next, pid);
    let got = home.llmenv(&["daemon", "stop"]);
    assert_eq!((got.code, got.stdout), (0, format!("stopped the daemon (process {next})\n")));
    assert_eq!(home.daemon_pid(), None);
    let log = std::fs::read_to_string(state_dir(&home).join("daemon.log")).unwrap();
    assert_eq!(log.matches("stopped: asked to").count(), 2, "{log}");
}

#[test]
fn child_looks_for_a_window() {
    let Some(pid) = child::role() else { return };
    // SAFETY: calls about consoles that take a number or nothing. This process' own is left, the daemon's is joined.
    let window = unsafe {
        FreeConsole();
        if AttachConsole(pid.parse().unwrap()) == 0 { std::ptr::null_mut() } else { GetConsoleWindow() }
    };
    assert!(window.is_null(), "the daemon has a console window");
}

#[test]
fn one_that_was_killed_is_replaced() {
    let home = Home::new();
    add(&home, "work", 0);
    let pid = home.daemon_pid().expect("a daemon");
    // SAFETY: the daemon of this very home; the handle is checked and closed once.
    unsafe {
        let process = OpenProcess(PROCESS_TERMINATE, 0, pid);
        assert!(!process.is_null());
        assert_ne!(TerminateProcess(process, 1), 0);
        CloseHandle(process);
    }
    wait_until("it is gone", || home.daemon_pid().is_none());
    assert_eq!(served(&home, "work"), key(0));
    assert_ne!(home.daemon_pid(), Some(pid));
}

#[test]
fn many_who_ask_at_once_start_one() {
    let home = Home::new();
    add(&home, "work", 0);
    home.end_daemon();
    let outputs: Vec<_> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..12).map(|_| scope.spawn(|| home.llmenv(&["list", "--json"]))).collect();
        started.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(outputs.iter().all(|got| got.code == 0 && got.stderr.is_empty()), "{outputs:?}");
    let log = std::fs::read_to_string(state_dir(&home).join("daemon.log")).unwrap();
    assert_eq!(log.matches("started (process ").count(), 2, "one for `add`, one for all of them: {log}");
}

#[test]
fn a_change_of_the_configuration_reaches_a_shell() {
    let home = Home::new();
    add(&home, "work", 0);
    let me = std::process::id();
    let pid = format!("pid={me}");
    let hook =
        |why: &str| home.llmenv(&["hook", "prompt", "shell=powershell", &pid, why, "reason=shell", "profile=work"]);
    let got = hook("why=start");
    assert_eq!(got.code, 0, "{got:?}");
    let start = llmenv::process::start_time(me).unwrap();
    let generation = state_dir(&home).join("shells").join(format!("{me}.{start}"));
    let before = std::fs::read_to_string(&generation).unwrap();
    let config = home.path(".config/llmenv/config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("[profiles.work]", "[profiles.work]\nenv = { MY_REGION = \"eu\" }")).unwrap();
    wait_until("the shell is told", || std::fs::read_to_string(&generation).is_ok_and(|now| now != before));
    let got = hook("why=prompt");
    assert!(got.stdout.contains("set\tMY_REGION\teu\n"), "{got:?}");
}
