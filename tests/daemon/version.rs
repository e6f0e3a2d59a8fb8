//! A daemon of another version: an older protocol is replaced, an equal one never, a newer one is an error.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::process::{Child, Stdio};

use llmenv::ipc::address::Address;
use llmenv::ipc::daemon_lock;
use llmenv::paths::Paths;

use super::{add, key, served, socket, wait_until};
use crate::support::{Home, child};

/// Starts a daemon that says it has this protocol and version; `mute`: it does not answer at all.
fn start(home: &Home, role: &str) -> Child {
    let mut command = child::command("daemon::version::child_daemon", role);
    command.envs(home.env()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().unwrap();
    wait_until("the other daemon listens", || home.path("ready").exists());
    std::fs::remove_file(home.path("ready")).unwrap();
    child
}

/// The other daemon itself.
#[test]
#[ignore = "a process of other tests"]
fn child_daemon() {
    let Some(role) = child::role() else { return };
    let (protocol, version) = role.split_once(' ').unwrap();
    let paths = Paths::find().unwrap();
    let _lock = daemon_lock::take(&paths).unwrap().expect("no other daemon");
    let socket = paths.runtime_dir.clone().unwrap().join("llmenv/daemon.sock");
    let _ = std::fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket).unwrap();
    let pid = std::process::id();
    let address = Address { pid, boot: "0".into(), version: version.into(), socket };
    std::fs::write(paths.address_file(), address.encode()).unwrap();
    std::fs::write(paths.home.join("ready"), "").unwrap();
    for stream in listener.incoming() {
        let mut stream = BufReader::new(stream.unwrap());
        let mut line = String::new();
        while stream.read_line(&mut line).unwrap_or(0) > 0 {
            let answer = match line.as_str() {
                _ if protocol == "mute" => return std::thread::sleep(std::time::Duration::from_secs(600)),
                "{\"op\":\"stop\"}\n" => {
                    let _ = std::fs::write(paths.home.join("asked-to-stop"), "");
                    let _ = stream.get_mut().write_all(b"{\"done\":{}}\n");
                    let _ = std::fs::remove_file(paths.address_file());
                    return;
                }
                "{\"op\":\"hello\"}\n" if protocol == "other" => "{\"hi\":1}\n".to_owned(),
                "{\"op\":\"hello\"}\n" => format!(
                    "{{\"hello\":{{\"protocol\":{protocol},\"version\":\"{version}\",\"pid\":{pid},\"boot\":\"0\",\
                     \"uptime_seconds\":1,\"shells\":0,\"started_by\":\"demand\",\"config_error\":null,\"locked\":false,\
                     \"program\":\"/nowhere\"}}}}\n"
                ),
                _ => "{\"keys\":{}}\n".to_owned(),
            };
            if stream.get_mut().write_all(answer.as_bytes()).is_err() {
                break;
            }
            line.clear();
        }
    }
}

fn home() -> Home {
    let home = Home::new();
    add(&home, "work", 0);
    home.end_daemon();
    home
}

#[test]
fn an_older_protocol_is_replaced() {
    for role in ["0 0.0.9", "other 0.0.9", "0 9.9.9", "mute 0.0.1"] {
        let home = home();
        let mut other = start(&home, role);
        assert_eq!(served(&home, "work"), key(0), "{role}");
        assert!(home.path("asked-to-stop").exists() || role.starts_with("mute"), "{role}");
        let status = other.wait().unwrap();
        assert_eq!(status.success(), !role.starts_with("mute"), "{role}: {status:?}");
        assert!(home.daemon_pid().is_some_and(|pid| pid != other.id()), "{role}");
    }
}

#[test]
fn an_equal_protocol_is_left_alone() {
    for version in ["0.0.1", "99.0.0"] {
        let home = home();
        let mut other = start(&home, &format!("1 {version}"));
        let got = home.llmenv(&["list"]);
        assert_eq!(got.code, 0, "{got:?}");
        assert!(!home.path("asked-to-stop").exists() && other.try_wait().unwrap().is_none());
        other.kill().unwrap();
        other.wait().unwrap();
    }
}

#[test]
fn a_newer_protocol_is_an_error() {
    let home = home();
    let mut other = start(&home, "2 99.0.0");
    let got = home.llmenv(&["exec", "work", "--", "true"]);
    assert_eq!((got.code, got.stdout.as_str()), (125, ""));
    assert_eq!(
        got.stderr,
        format!(
            "error: the daemon is llmenv 99.0.0, newer than this one ({})\nhint: use the newer program, or run `llmenv \
             daemon restart` to go back to this one\n",
            env!("CARGO_PKG_VERSION")
        )
    );
    assert!(other.try_wait().unwrap().is_none());
    assert_eq!(home.llmenv(&["daemon", "restart"]).code, 0);
    assert!(other.wait().unwrap().success());
    assert_eq!(served(&home, "work"), key(0));
    assert_eq!(socket(&home), home.path("run/llmenv/daemon.sock"));
}
