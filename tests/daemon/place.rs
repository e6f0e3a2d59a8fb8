//! Where the socket is, who may come to it, and what happens when the place is taken away or taken over.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Stdio;

use super::{Sleeper, add, home_with_daemon, key, kill, processes, read_all, served, socket, state_dir, wait_until};
use crate::support::home::{Output, finish};
use crate::support::{Home, LLMENV, left_out};

fn mode(path: impl AsRef<Path>) -> u32 {
    std::fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn chmod(path: impl AsRef<Path>, mode: u32) {
    set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Runs `llmenv` with another runtime folder, or with none.
fn with_runtime_dir(home: &Home, dir: Option<&Path>, args: &[&str]) -> Output {
    let mut command = home.cmd(LLMENV);
    command.args(args).env_remove("XDG_RUNTIME_DIR");
    if let Some(dir) = dir {
        command.env("XDG_RUNTIME_DIR", dir);
    }
    finish(command, None)
}

#[test]
fn everything_is_closed_to_others() {
    let home = Home::new();
    chmod(home.path(".local/state"), 0o755);
    let mut command = home.cmd("sh");
    command.args(["-c", "umask 0; exec llmenv daemon start"]);
    assert_eq!(finish(command, None).code, 0);
    add(&home, "work", 0);
    let state = state_dir(&home);
    assert_eq!(socket(&home), home.path("run/llmenv/daemon.sock"));
    assert_eq!((mode(home.path("run/llmenv")), mode(socket(&home))), (0o700, 0o600));
    assert_eq!((mode(&state), mode(state.join("shells"))), (0o700, 0o700));
    for entry in std::fs::read_dir(&state).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
    }
    for file in [".config/llmenv/config.toml", ".local/share/llmenv/vault", ".local/share/llmenv/identity"] {
        assert_eq!(mode(home.path(file)), 0o600, "{file}");
    }
}

type MakeUnfit = fn(&Home);

#[test]
fn t01_runtime_dir_modes() {
    let unfit: [(&str, MakeUnfit); 6] = [
        ("open to others", |home| chmod(home.path("run"), 0o755)),
        ("open to a group", |home| chmod(home.path("run"), 0o770)),
        ("a link", |home| {
            std::fs::rename(home.path("run"), home.path("real")).unwrap();
            symlink(home.path("real"), home.path("run")).unwrap();
        }),
        ("not there", |home| std::fs::remove_dir(home.path("run")).unwrap()),
        ("a file", |home| {
            std::fs::remove_dir(home.path("run")).unwrap();
            home.write("run", "");
        }),
        ("with a link in it", |home| {
            std::fs::create_dir(home.path("elsewhere")).unwrap();
            symlink(home.path("elsewhere"), home.path("run/llmenv")).unwrap();
        }),
    ];
    for (what, make_unfit) in unfit {
        let home = Home::new();
        make_unfit(&home);
        add(&home, "work", 0);
        let pid = home.daemon_pid().unwrap();
        assert_eq!(socket(&home), state_dir(&home).join("daemon.sock"), "{what}");
        assert_eq!(mode(socket(&home)), 0o600, "{what}");
        assert_eq!(served(&home, "work"), key(0), "{what}");
        assert_eq!(home.daemon_pid(), Some(pid), "{what}");
    }
    if rustix::process::geteuid().is_root() {
        let home = Home::new();
        std::os::unix::fs::chown(home.path("run"), Some(65_534), None).unwrap();
        add(&home, "work", 0);
        assert_eq!(socket(&home), state_dir(&home).join("daemon.sock"));
    } else {
        left_out("daemon::place::t01_runtime_dir_modes: another user's folder needs root");
    }
}

#[test]
fn environments_that_differ_meet_one_daemon() {
    let home = Home::new();
    add(&home, "work", 0);
    let pid = home.daemon_pid().unwrap();
    let long = home.path(format!("run/{}", "x".repeat(100)));
    std::fs::create_dir(&long).unwrap();
    chmod(&long, 0o700);
    for dir in [None, Some(home.path("nowhere")), Some(long.clone()), Some(home.path("run"))] {
        let got = with_runtime_dir(&home, dir.as_deref(), &["exec", "work", "--", "printenv", "OPENAI_API_KEY"]);
        assert_eq!(got.stdout.trim_end(), key(0), "{got:?}");
        assert_eq!(home.daemon_pid(), Some(pid));
    }
    // The other way round: started without a runtime folder, or with one whose path is too long, and met with one.
    home.end_daemon();
    assert_eq!(with_runtime_dir(&home, Some(&long), &["list"]).code, 0);
    assert_eq!(socket(&home), state_dir(&home).join("daemon.sock"));
    let pid = home.daemon_pid().unwrap();
    assert_eq!(served(&home, "work"), key(0));
    assert_eq!(home.daemon_pid(), Some(pid));
}

#[test]
fn a_path_too_long_everywhere_is_said() {
    let home = Home::new();
    let deep = home.path(format!("{}/{}", "d".repeat(60), "e".repeat(60)));
    std::fs::create_dir_all(&deep).unwrap();
    let mut command = home.cmd(LLMENV);
    command.args(["daemon", "run"]).env("XDG_STATE_HOME", &deep).env_remove("XDG_RUNTIME_DIR");
    let got = finish(command, None);
    assert!(got.code == 1 && got.stderr.contains("is longer than the 103 bytes a Unix socket may have\n"), "{got:?}");
    assert!(got.stderr.ends_with("hint: set XDG_RUNTIME_DIR to a shorter folder of your own (mode 0700)\n"), "{got:?}");
}

#[test]
fn what_is_taken_away_is_made_again() {
    let (home, pid) = home_with_daemon();
    let shell = Sleeper::start();
    assert_eq!(shell.hook(&home, "", &["why=start", "reason=none"]).code, 0);
    let before = shell.generation(&home);
    let state = state_dir(&home);
    for gone in [
        home.path("run/llmenv/daemon.sock"),
        home.path("run/llmenv"),
        state.join("daemon"),
        state.join("shells"),
        home.path("run"),
    ] {
        if gone.is_dir() {
            std::fs::remove_dir_all(&gone).unwrap();
        } else {
            std::fs::remove_file(&gone).unwrap();
        }
        assert_eq!(served(&home, "work"), key(0), "without {}", gone.display());
        assert_eq!(home.daemon_pid(), Some(pid), "without {}", gone.display());
    }
    // With no runtime folder left it listens in the state folder.
    assert_eq!(socket(&home), state.join("daemon.sock"));
    wait_until("the shell's file is back", || shell.generation(&home) == before);
    // The whole state folder, the lock among it: there is one daemon afterwards, this one or another. It may make parts of
    // the folder again while that is being taken away.
    let _ = std::fs::remove_dir_all(&state);
    assert_eq!(served(&home, "work"), key(0));
    let daemons = || processes(&home).iter().filter(|(_, line)| line.contains("daemon run")).count();
    wait_until("there is one daemon", || daemons() == 1 && home.daemon_pid().is_some());
    assert_eq!(served(&home, "work"), key(0));
}

#[test]
fn t02_squat() {
    // Something else where the socket should be: it stays as it is, and the daemon goes elsewhere.
    let home = Home::new();
    std::fs::create_dir(home.path("run/llmenv")).unwrap();
    home.write("run/llmenv/daemon.sock", "mine");
    add(&home, "work", 0);
    assert_eq!(std::fs::read(home.path("run/llmenv/daemon.sock")).unwrap(), b"mine");
    assert_eq!(served(&home, "work"), key(0));

    // A folder of ours that was open to all is closed before anything is in it.
    let home = Home::new();
    std::fs::create_dir(home.path("run/llmenv")).unwrap();
    chmod(home.path("run/llmenv"), 0o777);
    add(&home, "work", 0);
    assert_eq!(mode(home.path("run/llmenv")), 0o700);
    // Opened while the daemon runs, it is not trusted any more, by commands or by hooks.
    chmod(home.path("run/llmenv"), 0o777);
    let got = home.llmenv(&["exec", "work", "--", "true"]);
    assert!(
        got.code == 125 && got.stderr.starts_with("error: refused to talk to the daemon: the folder of"),
        "{got:?}"
    );
    let shell = Sleeper::start();
    let got = shell.hook(&home, "", &["why=start", "reason=none", "spawn=1"]);
    assert_eq!((got.code, got.stdout.as_str()), (4, ""));
    // `restart` makes it right.
    let got = home.llmenv(&["daemon", "restart"]);
    assert_eq!(got.code, 0, "{got:?}");
    assert_eq!((served(&home, "work"), mode(home.path("run/llmenv"))), (key(0), 0o700));

    if !rustix::process::geteuid().is_root() {
        left_out("daemon::place::t02_squat: a socket of another user needs root");
        return;
    }
    let (home, pid) = home_with_daemon();
    kill(pid);
    let path = home.path("run/llmenv/daemon.sock");
    std::fs::remove_file(&path).unwrap();
    chmod(home.path(""), 0o755);
    chmod(home.path("run"), 0o755);
    chmod(home.path("run/llmenv"), 0o777);
    let answers = "state\tapply\tdefault\twork\t0\t-\nset\tOPENAI_BASE_URL\thttps://evil.example\nend\t1:1\n";
    let script = format!(
        "import socket\ns = socket.socket(socket.AF_UNIX)\ns.bind({:?})\ns.listen(9)\nprint('ready', flush=True)\n\
         while True:\n c, _ = s.accept()\n d = c.recv(65536)\n print('got', len(d), flush=True)\n c.sendall({answers:?}.encode())\n c.close()\n",
        path.display().to_string()
    );
    let mut squatter = home.cmd("setpriv");
    squatter.args(["--reuid=65534", "--regid=65534", "--clear-groups", "python3", "-c", &script]).current_dir("/");
    let mut squatter = squatter.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut out = squatter.stdout.take().unwrap();
    let mut ready = [0; 6];
    std::io::Read::read_exact(&mut out, &mut ready).unwrap();
    for folder_mode in [0o777, 0o700] {
        chmod(home.path("run/llmenv"), folder_mode);
        let got = shell.hook(&home, "", &["why=start", "reason=none", "spawn=1"]);
        assert_eq!((got.code, got.stdout.as_str()), (4, ""), "{folder_mode:o}");
        let got = home.llmenv(&["exec", "work", "--", "true"]);
        assert!(got.code == 125 && got.stderr.starts_with("error: refused to talk to the daemon: "), "{got:?}");
    }
    squatter.kill().unwrap();
    squatter.wait().unwrap();
    let mut told = String::new();
    std::io::Read::read_to_string(&mut out, &mut told).unwrap();
    assert_eq!(told, "", "something was sent to the squatter");
}

#[test]
fn t01_peer_uid() {
    if !rustix::process::geteuid().is_root() {
        left_out("daemon::place::t01_peer_uid: needs root to become another user");
        return;
    }
    let (home, pid) = home_with_daemon();
    let path = socket(&home);
    for folder in [home.path(""), home.path("run"), home.path("run/llmenv")] {
        chmod(folder, 0o755);
    }
    chmod(&path, 0o777);
    let script = format!(
        "import socket\ns = socket.socket(socket.AF_UNIX)\ns.settimeout(10)\ns.connect({:?})\n\
         try:\n s.sendall(b'{{\"op\":\"key-get\",\"profile\":\"work\"}}\\n')\nexcept OSError: pass\n\
         try: print(s.recv(100))\nexcept ConnectionResetError: print(b'')\n",
        path.display().to_string()
    );
    let ask = |uid: Option<&str>| {
        let mut command = home.cmd(if uid.is_some() { "setpriv" } else { "python3" });
        if let Some(uid) = uid {
            command.args([&format!("--reuid={uid}"), "--regid=65534", "--clear-groups", "python3"]);
        }
        command.args(["-c", &script]).current_dir("/");
        finish(command, None)
    };
    let got = ask(Some("65534"));
    assert_eq!((got.stdout.as_str(), got.code), ("b''\n", 0), "{got:?}");
    let log = String::from_utf8(read_all(state_dir(&home).join("daemon.log"))).unwrap();
    assert_eq!(log.matches("refused a connection of another user\n").count(), 1, "{log}");
    // A control: the same script as the daemon's own user is answered.
    assert!(ask(None).stdout.starts_with("b'{\"key\":"), "the script itself is wrong");
    assert_eq!(home.daemon_pid(), Some(pid));
}
