//! Socket activation: the daemon on a socket that systemd listens on, and what `install` says where there is no systemd.

use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{Raw, add, key, read_all, served, socket, state_dir, wait_until};
use crate::support::home::finish;
use crate::support::{Home, LLMENV, left_out};

/// A listening socket where systemd would have it.
fn listen(home: &Home) -> UnixListener {
    let folder = home.path("run/llmenv");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    UnixListener::bind(folder.join("daemon.sock")).unwrap()
}

/// `daemon run` with these sockets as descriptors 3, 4, … as systemd starts it: `LISTEN_PID` is the process's own.
fn activated(home: &Home, sockets: &[RawFd], names: &str, by: &str) -> Command {
    let mut command = home.cmd("sh");
    command.args(["-c", &format!("export LISTEN_PID=$$; exec {LLMENV} daemon run {by}")]);
    command.env("LISTEN_FDS", sockets.len().to_string()).env("LISTEN_FDNAMES", names);
    let sockets = sockets.to_vec();
    // SAFETY: between fork and exec only descriptors are copied, to numbers above all that are used here and back.
    unsafe {
        command.pre_exec(move || {
            let spare = 400;
            for (at, fd) in (0..).zip(&sockets) {
                copy(*fd, spare + at)?;
            }
            for at in (0..).take(sockets.len()) {
                copy(spare + at, 3 + at)?;
            }
            Ok(())
        });
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn copy(from: RawFd, to: RawFd) -> std::io::Result<()> {
    use std::os::fd::{BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};
    // SAFETY: `from` is open; whatever `to` is, this process is about to become another program, and it is not closed here.
    let mut target = unsafe { OwnedFd::from_raw_fd(to) };
    // SAFETY: as above.
    rustix::io::dup2(unsafe { BorrowedFd::borrow_raw(from) }, &mut target)?;
    let _ = target.into_raw_fd();
    Ok(())
}

/// A process that is ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(mut command: Command) -> Running {
    Running(command.spawn().unwrap())
}

fn status(home: &Home) -> serde_json::Value {
    let got = home.llmenv(&["daemon", "status", "--json"]);
    assert_eq!((got.code, got.stderr.as_str()), (0, ""), "{got:?}");
    serde_json::from_str(&got.stdout).unwrap()
}

fn inode(path: impl AsRef<Path>) -> u64 {
    std::fs::symlink_metadata(path).unwrap().ino()
}

#[test]
fn a_socket_that_was_handed_over_is_used_and_left() {
    let home = Home::new();
    add(&home, "work", 0);
    home.end_daemon();
    let listener = listen(&home);
    let file = home.path("run/llmenv/daemon.sock");
    let before = inode(&file);
    let mut command = activated(&home, &[listener.as_raw_fd()], "daemon", "--by systemd");
    command.env("OPENAI_API_KEY", "poison").env("LD_PRELOAD", "/nowhere/poison").env("HTTPS_PROXY", "poison");
    let running = start(command);
    let pid = running.0.id();
    wait_until("the daemon says where it is", || home.daemon_pid() == Some(pid));
    assert_eq!((socket(&home), inode(&file)), (file.clone(), before));
    assert_eq!(std::fs::symlink_metadata(&file).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(served(&home, "work"), key(0));
    let said = status(&home);
    assert_eq!((said["started_by"].as_str(), said["pid"].as_u64()), (Some("systemd"), Some(pid.into())), "{said}");
    let shown = home.llmenv(&["daemon", "status"]).stdout;
    assert!(shown.contains("\nstarted by  systemd\n"), "{shown}");
    // Whatever was imported into the user's manager is not the daemon's (T20).
    let environ = String::from_utf8(read_all(format!("/proc/{pid}/environ"))).unwrap();
    assert!(!environ.contains("poison") && environ.contains("LISTEN_FDS=1"), "{environ}");
    // It goes, and the socket stays where systemd listens on it.
    let got = home.llmenv(&["daemon", "stop"]);
    assert_eq!((got.code, got.stdout), (0, format!("stopped the daemon (process {pid})\n")));
    assert_eq!(inode(&file), before);
    assert!(!state_dir(&home).join("daemon").exists());
    assert_eq!(home.llmenv(&["daemon", "status"]).stdout, "no daemon runs; the next command or shell starts one\n");
}

#[test]
fn whoever_finds_no_daemon_asks_systemd_first() {
    let home = Home::new();
    add(&home, "work", 0);
    home.end_daemon();
    let listener = listen(&home);
    std::thread::scope(|scope| {
        // What systemd does: it starts the daemon when a connection waits, and takes none of them itself.
        let played = scope.spawn(|| {
            let mut waiting = [rustix::event::PollFd::new(&listener, rustix::event::PollFlags::IN)];
            let patience = rustix::event::Timespec { tv_sec: 20, tv_nsec: 0 };
            assert_eq!(rustix::event::poll(&mut waiting, Some(&patience)).unwrap(), 1, "nobody knocked");
            start(activated(&home, &[listener.as_raw_fd()], "daemon", "--by systemd"))
        });
        assert_eq!(served(&home, "work"), key(0));
        let running = played.join().unwrap();
        assert_eq!(home.daemon_pid(), Some(running.0.id()));
        assert_eq!(status(&home)["started_by"], "systemd");
    });
}

#[test]
fn a_systemd_that_starts_nothing_keeps_nobody_waiting() {
    let home = Home::new();
    add(&home, "work", 0);
    home.end_daemon();
    let listener = listen(&home);
    let file = home.path("run/llmenv/daemon.sock");
    let before = inode(&file);
    // Nobody answers there; the command starts a daemon of its own, which leaves systemd's socket alone.
    assert_eq!(served(&home, "work"), key(0));
    assert_eq!(status(&home)["started_by"], "demand");
    assert_eq!((socket(&home), inode(&file)), (state_dir(&home).join("daemon.sock"), before));
    let pid = home.daemon_pid().unwrap();
    // systemd is late: its daemon finds the other one, sends those who wait there away, and ends well.
    let waiting = std::os::unix::net::UnixStream::connect(&file).unwrap();
    let got = finish(activated(&home, &[listener.as_raw_fd()], "daemon", "--by systemd"), None);
    assert_eq!((got.code, got.stderr.as_str()), (0, ""), "{got:?}");
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "it still waits");
    drop(waiting);
    assert_eq!(home.daemon_pid(), Some(pid));
}

#[test]
fn sockets_are_known_by_their_names() {
    let home = Home::new();
    let listener = listen(&home);
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let sockets = [other.as_raw_fd(), listener.as_raw_fd()];
    let running = start(activated(&home, &sockets, "nobody:daemon", ""));
    wait_until("the daemon says where it is", || home.daemon_pid() == Some(running.0.id()));
    assert_eq!(socket(&home), home.path("run/llmenv/daemon.sock"));
    assert!(Raw::connect(&home).ask("{\"op\":\"hello\"}").contains("\"started_by\":\"systemd\""));
    let log = std::fs::read_to_string(state_dir(&home).join("daemon.log")).unwrap();
    assert!(log.contains("closed a socket that was handed over and has no use: `nobody`\n"), "{log}");
}

#[test]
fn what_is_no_socket_of_ours_is_refused() {
    let home = Home::new();
    let refused = |sockets: &[RawFd], names: &str| {
        let got = finish(activated(&home, sockets, names, "--by systemd"), None);
        assert_eq!(got.code, 1, "{got:?}");
        got.stderr
    };
    let null = std::fs::File::open("/dev/null").unwrap();
    assert_eq!(
        refused(&[null.as_raw_fd()], "daemon"),
        "error: LISTEN_FDS speaks of descriptor 3, which is no listening socket\n\
         hint: the daemon is started by a socket unit: see `systemctl --user status llmenv.socket`\n"
    );
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let said = refused(&[tcp.as_raw_fd()], "daemon");
    assert!(said.contains("error: the socket that was handed over is not a file\n"), "{said}");
    let mut command = home.cmd("sh");
    command.args(["-c", &format!("LISTEN_PID=$$ LISTEN_FDS=99999 exec {LLMENV} daemon run")]);
    let got = finish(command, None);
    assert_eq!(got.stderr, "error: LISTEN_FDS speaks of 99999 sockets; at most 16 are taken\n");
    assert_eq!(home.daemon_pid(), None);
    // Meant for somebody else: inherited by chance.
    let mut command = home.cmd(LLMENV);
    command.args(["daemon", "run"]).env("LISTEN_PID", "1").env("LISTEN_FDS", "1").stderr(Stdio::null());
    let running = start(command);
    wait_until("the daemon runs", || home.daemon_pid() == Some(running.0.id()));
    assert_eq!(status(&home)["started_by"], "foreground");
}

#[test]
fn t01_a_handed_over_socket_is_closed_to_others() {
    let home = Home::new();
    let listener = listen(&home);
    for (path, mode) in [("run/llmenv", 0o755), ("run/llmenv/daemon.sock", 0o777)] {
        std::fs::set_permissions(home.path(path), std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let running = start(activated(&home, &[listener.as_raw_fd()], "daemon", "--by systemd"));
    wait_until("the daemon says where it is", || home.daemon_pid() == Some(running.0.id()));
    for (path, mode) in [("run/llmenv", 0o700), ("run/llmenv/daemon.sock", 0o600)] {
        assert_eq!(std::fs::symlink_metadata(home.path(path)).unwrap().mode() & 0o7777, mode, "{path}");
    }
    drop(running);
    if !rustix::process::geteuid().is_root() {
        left_out("daemon::activated::t01_a_handed_over_socket_is_closed_to_others: another user's folder needs root");
        return;
    }
    std::os::unix::fs::chown(home.path("run/llmenv"), Some(65_534), None).unwrap();
    let got = finish(activated(&home, &[listener.as_raw_fd()], "daemon", "--by systemd"), None);
    assert_eq!(got.code, 1, "{got:?}");
    assert!(got.stderr.contains("belongs to user 65534, not to you"), "{got:?}");
}

#[test]
fn systemds_own_activation_starts_it() {
    if Command::new("systemd-socket-activate").arg("--version").output().is_err() {
        left_out("daemon::activated::systemds_own_activation_starts_it: needs `systemd-socket-activate`");
        return;
    }
    let home = Home::new();
    add(&home, "work", 0);
    home.end_daemon();
    let folder = home.path("run/llmenv");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    let file = folder.join("daemon.sock");
    let mut command = home.cmd("systemd-socket-activate");
    command.arg("--fdname=daemon").arg("-l").arg(&file);
    for (name, value) in home.env() {
        let mut word = name;
        word.push("=");
        word.push(value);
        command.arg("-E").arg(word);
    }
    command.args([LLMENV, "daemon", "run", "--by", "systemd"]).stdin(Stdio::null()).stderr(Stdio::null());
    let running = start(command);
    wait_until("systemd listens", || file.exists());
    let before = inode(&file);
    assert_eq!(home.daemon_pid(), None);
    assert_eq!(served(&home, "work"), key(0));
    assert_eq!(home.daemon_pid(), Some(running.0.id()));
    assert_eq!((socket(&home), inode(&file)), (file, before));
    assert_eq!(status(&home)["started_by"], "systemd");
}

/// Writes the units for a program under an awkward name, as its user would call it, and gives the program and the units.
fn awkward_units(home: &Home) -> (PathBuf, Vec<PathBuf>) {
    let program = home.path("my bin/100%; $HOME ü/llmenv");
    std::fs::create_dir_all(program.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(LLMENV, &program).unwrap();
    let mut command = home.cmd(&program);
    command.args(["daemon", "install", "--print"]);
    let got = finish(command, None);
    assert_eq!(got.code, 0, "{got:?}");
    assert_eq!(got.stderr, "~/.config/systemd/user/llmenv.service:\n~/.config/systemd/user/llmenv.socket:\n");
    assert!(!home.path(".config/systemd").exists(), "printing writes nothing");
    let at = got.stdout.find("# llmenv.socket, written").unwrap();
    let folder = ".config/systemd/user";
    let units = vec![
        home.write(format!("{folder}/llmenv.service"), &got.stdout[..at]),
        home.write(format!("{folder}/llmenv.socket"), &got.stdout[at..]),
    ];
    (program, units)
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        left_out("daemon::activated::systemd_finds_nothing_wrong_with_the_units: needs `systemd-analyze`");
        return;
    }
    let home = Home::new();
    let (program, units) = awkward_units(&home);
    let verify = || {
        let mut command = home.cmd("systemd-analyze");
        command.args(["verify", "--user", "--man=no"]).args(&units);
        let got = finish(command, None);
        (got.code, format!("{}{}", got.stdout, got.stderr))
    };
    assert_eq!(verify(), (0, String::new()));
    println!("systemd-analyze verify --user llmenv.service llmenv.socket: nothing to say, status 0");
    // It does look: the path that it checks is the one that was called.
    std::fs::remove_file(&program).unwrap();
    let (_, said) = verify();
    assert!(said.contains(&format!("Command {} is not executable", program.display())), "{said}");
}

#[test]
fn without_systemd_install_says_so_and_writes_nothing() {
    if Path::new("/run/systemd/system").exists() {
        left_out("daemon::activated::without_systemd_install_says_so_and_writes_nothing: systemd runs here");
        return;
    }
    let home = Home::new();
    let got = home.llmenv(&["daemon", "install"]);
    assert_eq!(
        (got.code, got.stdout.as_str(), got.stderr.as_str()),
        (
            1,
            "",
            "error: systemd does not run here (a container, perhaps)\n\
             hint: nothing needs it: the daemon starts with the first command or shell that asks\n\
             hint: `llmenv daemon install --print` shows the units\n"
        )
    );
    assert!(!home.path(".config/systemd").exists());
    let got = home.llmenv(&["daemon", "uninstall"]);
    assert_eq!((got.code, got.stdout.as_str()), (0, "systemd does not start the daemon: nothing is installed\n"));
    // Units that were copied here are ours to take away; somebody else's are not.
    let (_, units) = awkward_units(&home);
    let own = std::fs::read(&units[0]).unwrap();
    std::fs::write(&units[0], "[Service]\nExecStart=/usr/bin/true\n").unwrap();
    let got = home.llmenv(&["daemon", "uninstall"]);
    assert_eq!(got.code, 1, "{got:?}");
    assert!(
        got.stderr
            .starts_with("error: `~/.config/systemd/user/llmenv.service` is not llmenv's, so it is left as it is\n"),
        "{got:?}"
    );
    assert!(units.iter().all(|unit| unit.exists()));
    std::fs::write(&units[0], own).unwrap();
    assert_eq!(
        home.llmenv(&["daemon", "status"]).stdout,
        "no daemon runs; the next command or shell has systemd start one\n"
    );
    let got = home.llmenv(&["daemon", "uninstall"]);
    assert_eq!(
        (got.code, got.stdout.as_str(), got.stderr.as_str()),
        (0, "removed ~/.config/systemd/user/llmenv.service\nremoved ~/.config/systemd/user/llmenv.socket\n", "")
    );
    assert!(!units.iter().any(|unit| unit.exists()));
}

#[test]
fn a_systemd_that_cannot_be_reached_leaves_no_unit_behind() {
    // A machine that systemd runs, seen by somebody who has no session: the real `systemctl` finds no bus.
    let namespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"];
    let can = Command::new(namespace[0]).args(&namespace[1..]).arg("mount -t tmpfs none /run").output();
    if !can.is_ok_and(|output| output.status.success()) || Command::new("systemctl").arg("--version").output().is_err()
    {
        left_out(
            "daemon::activated::a_systemd_that_cannot_be_reached_leaves_no_unit_behind: needs `unshare` and `systemctl`",
        );
        return;
    }
    let home = Home::new();
    let mut command = home.cmd(namespace[0]);
    command
        .args(&namespace[1..])
        .arg(format!("mount -t tmpfs none /run && mkdir -p /run/systemd/system && exec {LLMENV} daemon install"));
    let got = finish(command, None);
    assert_eq!((got.code, got.stdout.as_str()), (1, ""), "{got:?}");
    assert!(got.stderr.starts_with("error: `systemctl --user daemon-reload` failed\n  --> Failed to "), "{got:?}");
    assert!(got.stderr.ends_with("hint: the files are as they were before\n"), "{got:?}");
    assert_eq!(std::fs::read_dir(home.path(".config/systemd/user")).unwrap().count(), 0);
}

#[test]
fn a_systemd_that_does_not_start_it_is_told() {
    // One that takes every word and does nothing.
    let namespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"];
    let can = Command::new(namespace[0]).args(&namespace[1..]).arg("mount -t tmpfs none /run").output();
    if !can.is_ok_and(|output| output.status.success()) {
        left_out("daemon::activated::a_systemd_that_does_not_start_it_is_told: needs `unshare --user --mount`");
        return;
    }
    let home = Home::new();
    let program = home.write("bin/systemctl", "#!/bin/sh\nexit 0\n");
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = home.cmd(namespace[0]);
    let path = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{}:{path}", home.path("bin").display()));
    command
        .args(&namespace[1..])
        .arg(format!("mount -t tmpfs none /run && mkdir -p /run/systemd/system && exec {LLMENV} daemon install"));
    let got = finish(command, None);
    assert_eq!(
        (got.code, got.stderr.as_str()),
        (
            1,
            "error: systemd took the files and does not start the daemon\n\
             hint: `systemctl --user status llmenv.socket llmenv.service` says why\n\
             hint: `llmenv daemon uninstall` takes them away; llmenv works without them\n"
        ),
        "{got:?}"
    );
}
