//! How it starts: once, whoever asks, and with nothing of its caller's.

use std::process::Command;

use super::{Sleeper, add, processes, read_all, wait_until};
use crate::support::home::finish;
use crate::support::{Home, LLMENV, left_out};

#[test]
fn a_hundred_simultaneous_starts_give_one_daemon() {
    let home = Home::new();
    add(&home, "work", 0);
    home.end_daemon();
    let shell = Sleeper::start();
    let outputs: Vec<_> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..100)
            .map(|number| {
                let (home, shell) = (&home, &shell);
                scope.spawn(move || match number % 4 {
                    0 => shell.hook(home, "", &["why=start", "reason=none", "spawn=1"]),
                    _ => home.llmenv(&["list", "--json"]),
                })
            })
            .collect();
        started.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let answered: Vec<bool> = outputs.iter().map(|got| got.code == 0 && !got.stdout.is_empty()).collect();
    // A shell gives up after half a second, which a hundred programs at once on two cores may need; commands do not.
    for (number, got) in outputs.iter().enumerate() {
        assert!(answered[number] || (number % 4 == 0 && got.code == 3), "{number}: {got:?}");
        assert!(number % 4 == 0 || got.stderr.is_empty(), "{got:?}");
    }
    println!("{} of 100 answered at once", answered.iter().filter(|answered| **answered).count());
    let pid = home.daemon_pid().unwrap();
    let left = || processes(&home).into_iter().filter(|(_, line)| line.contains("daemon run")).collect::<Vec<_>>();
    wait_until("only one daemon is left", || left().len() == 1);
    assert_eq!(left()[0].0, pid);
    assert_eq!(shell.hook(&home, "", &["why=prompt", "reason=none"]).code, 0);
    assert_eq!(home.daemon_pid(), Some(pid));
    // Nobody has it as a child, and it has none.
    let parent = llmenv::process::parent(pid).unwrap();
    assert_ne!(parent, std::process::id());
    assert_eq!(read_all(format!("/proc/{pid}/task/{pid}/children")), b"");
}

#[test]
fn nothing_of_the_caller_is_inherited() {
    let home = Home::new();
    // Both of the caller's outputs are also open under other numbers: whoever reads them sees their end all the same.
    let mut command = home.cmd("bash");
    command.args(["-c", "exec 7>&1 8>&2 9</etc/passwd; umask 0; llmenv daemon start"]);
    let got = finish(command, None);
    assert_eq!(got.code, 0, "{got:?}");
    let pid = home.daemon_pid().unwrap();
    for number in 0..3 {
        assert_eq!(std::fs::read_link(format!("/proc/{pid}/fd/{number}")).unwrap().to_str(), Some("/dev/null"));
    }
    for entry in std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap() {
        let target = std::fs::read_link(entry.unwrap().path()).unwrap_or_default();
        let target = target.to_string_lossy().into_owned();
        assert!(!target.starts_with("pipe:") && target != "/etc/passwd", "{target}");
    }
    assert_eq!(std::fs::read_link(format!("/proc/{pid}/cwd")).unwrap().to_str(), Some("/"));
    let limits = String::from_utf8(read_all(format!("/proc/{pid}/limits"))).unwrap();
    let core: Vec<_> = limits.lines().find(|line| line.starts_with("Max core")).unwrap().split_whitespace().collect();
    assert_eq!(core[4..6], ["0", "0"], "{limits}");
    let status = String::from_utf8(read_all(format!("/proc/{pid}/status"))).unwrap();
    assert!(status.contains("Umask:\t0077\n"), "{status}");
}

#[test]
fn it_has_no_terminal() {
    for start in ["daemon start", "daemon run --background"] {
        let home = Home::new();
        let mut command = home.cmd("script");
        // Run in the foreground of a terminal by an interactive shell, it is the leader of its group.
        command.args(["-qec", &format!("bash --norc -i -c '{LLMENV} {start}'"), "/dev/null"]);
        let got = finish(command, None);
        assert_eq!(got.code, 0, "{got:?}");
        wait_until("the daemon runs", || home.daemon_pid().is_some());
        let pid = home.daemon_pid().unwrap();
        let stat = String::from_utf8(read_all(format!("/proc/{pid}/stat"))).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        // state ppid pgrp session tty_nr
        assert_eq!((fields[3], fields[4]), (pid.to_string().as_str(), "0"), "{start}: {stat}");
    }
}

#[test]
fn t20_env_clear() {
    let home = Home::new();
    let poison = [
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "LD_AUDIT",
        "BASH_ENV",
        "ENV",
        "PROMPT_COMMAND",
        "http_proxy",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "NETRC",
        "RUST_LOG",
        "RUST_BACKTRACE",
        "NODE_OPTIONS",
        "PYTHONPATH",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "LLMENV_STATE",
        "LLMENV_PROFILE",
        "GIT_SSH_COMMAND",
        "IFS",
    ];
    let mut command = home.cmd(LLMENV);
    command.args(["daemon", "start"]).envs(poison.iter().map(|name| (name, "/nowhere/poison")));
    let got = finish(command, None);
    assert_eq!(got.code, 0, "{got:?}");
    let pid = home.daemon_pid().unwrap();
    let environ = read_all(format!("/proc/{pid}/environ"));
    let environ: Vec<_> = environ.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
    for variable in &environ {
        assert!(!variable.contains("poison"), "{variable}");
    }
    assert!(poison.iter().all(|name| !environ.iter().any(|variable| variable.starts_with(&format!("{name}=")))));
    // What it needs is there, and programs are looked for where the system has them.
    let home_variable = format!("HOME={}", home.path("").display());
    assert!(environ.iter().any(|variable| variable == home_variable.trim_end_matches('/')), "{environ:?}");
    assert!(environ.iter().any(|variable| variable.starts_with("PATH=/usr/local/bin:/usr/bin:/bin")), "{environ:?}");
}

#[test]
fn another_user_finds_it_closed() {
    use std::os::unix::fs::MetadataExt;
    if !rustix::process::geteuid().is_root() {
        left_out("daemon::start::another_user_finds_it_closed: needs root to become another user");
        return;
    }
    let home = Home::new();
    let program = home.path("llmenv");
    std::fs::copy(LLMENV, &program).unwrap();
    let chown = Command::new("chown").args(["-R", "65534:65534"]).arg(home.path("")).status().unwrap();
    assert!(chown.success());
    let run = |args: &[&str]| {
        let mut command = home.cmd("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program).args(args);
        finish(command, None)
    };
    let got = run(&["daemon", "start"]);
    assert_eq!(got.code, 0, "{got:?}");
    let pid: u32 = got.stdout.trim_end_matches(")\n").rsplit(' ').next().unwrap().parse().unwrap();
    // What cannot be dumped belongs to root in /proc (proc_pid(5)): no debugger of the same user gets at it.
    assert_eq!(std::fs::metadata(format!("/proc/{pid}/environ")).unwrap().uid(), 0);
    let root = home.llmenv(&["list", "--json"]);
    assert!(
        root.code == 1
            && root.stderr.starts_with("error: refused to talk to the daemon: the daemon's socket is not yours\n"),
        "{root:?}"
    );
    // Stopped, it is found and ended by its own user, who may not read which program it runs.
    let start = llmenv::process::start_time(pid).unwrap();
    super::signal(pid, rustix::process::Signal::STOP);
    let got = run(&["daemon", "restart"]);
    assert!(got.code == 0 && got.stdout.starts_with("started the daemon (process "), "{got:?}");
    assert!(!llmenv::process::is_alive(pid, start));
    assert_eq!(run(&["daemon", "stop"]).code, 0);
}
