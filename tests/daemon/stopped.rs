//! A daemon that does not answer: a clear error in good time, and a way out.

use rustix::process::Signal;

use super::{Sleeper, home_with_daemon, key, served, signal, state_dir};
use crate::support::home::finish;
use crate::support::{Home, LLMENV};

#[test]
fn commands_end_with_a_clear_error() {
    let (home, pid) = home_with_daemon();
    signal(pid, Signal::STOP);
    let expected = format!(
        "error: the daemon (process {pid}) accepts but does not answer\nhint: run `llmenv daemon restart`; no profile \
         is lost by it\n"
    );
    std::thread::scope(|scope| {
        for (args, code) in [
            (&["list"][..], 1),
            (&["status"], 1),
            (&["show", "work"], 1),
            (&["lock"], 1),
            (&["exec", "work", "--", "true"], 125),
            (&["env", "work", "--format", "bash"], 1),
            (&["daemon", "status"], 1),
        ] {
            let (home, expected) = (&home, &expected);
            scope.spawn(move || {
                let got = home.llmenv(args);
                assert_eq!((got.code, &got.stderr, got.stdout.as_str()), (code, expected, ""), "{args:?}");
            });
        }
    });
    let shell = Sleeper::start();
    let got = shell.hook(&home, "", &["why=prompt", "reason=none", "spawn=1"]);
    assert_eq!((got.code, got.stdout.as_str(), got.stderr.as_str()), (4, "", ""));
    assert_eq!(home.daemon_pid(), Some(pid));
    signal(pid, Signal::CONT);
    assert_eq!(served(&home, "work"), key(0));
    assert_eq!(home.daemon_pid(), Some(pid));
}

#[test]
fn restart_and_stop_end_one_that_is_stopped() {
    let (home, pid) = home_with_daemon();
    signal(pid, Signal::STOP);
    let got = home.llmenv(&["daemon", "restart"]);
    let new = home.daemon_pid().unwrap();
    assert_eq!((got.code, got.stdout), (0, format!("started the daemon (process {new})\n")), "{}", got.stderr);
    assert_ne!(new, pid);
    assert_eq!(served(&home, "work"), key(0));
    signal(new, Signal::STOP);
    let got = home.llmenv(&["daemon", "stop"]);
    assert_eq!((got.code, got.stdout), (0, format!("stopped the daemon (process {new})\n")), "{}", got.stderr);
    // The system takes a killed process away in its own time.
    super::wait_until("it is gone", || home.daemon_pid().is_none());
}

#[test]
fn a_full_queue_of_connections_hangs_nobody() {
    use std::os::unix::net::UnixStream;
    let home = Home::new();
    assert_eq!(home.llmenv(&["daemon", "start"]).code, 0);
    home.end_daemon();
    // Stands for a daemon that was stopped long ago: it listens, and its queue holds what it can.
    let path = home.path("run/llmenv/daemon.sock");
    let fd = rustix::net::socket(rustix::net::AddressFamily::UNIX, rustix::net::SocketType::STREAM, None).unwrap();
    rustix::net::bind(&fd, &rustix::net::SocketAddrUnix::new(&path).unwrap()).unwrap();
    rustix::net::listen(&fd, 0).unwrap();
    let text = format!("llmenv 1\npid {}\nboot 0\nversion 0.1.0\nsocket {}\n", std::process::id(), path.display());
    std::fs::write(state_dir(&home).join("daemon"), text).unwrap();
    let _waiting = UnixStream::connect(&path).unwrap();
    let shell = Sleeper::start();
    assert_eq!(shell.hook(&home, "", &["why=prompt", "reason=none", "spawn=1"]).code, 4);
    let mut command = home.cmd(LLMENV);
    command.args(["list", "--json"]);
    let got = finish(command, None);
    assert!(got.code == 1 && got.stderr.starts_with("error: cannot reach the daemon: "), "{got:?}");
}
