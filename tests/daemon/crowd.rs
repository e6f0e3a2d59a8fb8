//! More clients than any desktop has: all are answered, and none of them makes the daemon grow without end.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{Raw, Sleeper, home_with_daemon, key, served, status_kb};

/// Room for this test's own ends of the connections.
fn allow_many_files() {
    let files = getrlimit(Resource::Nofile);
    let current = Some(files.maximum.map_or(8_192, |most| most.min(8_192)));
    setrlimit(Resource::Nofile, Rlimit { current, maximum: files.maximum }).unwrap();
    assert!(current >= Some(4_096), "this test needs 4,096 open files, and may have {current:?}");
}

#[test]
fn t22_1000_clients() {
    allow_many_files();
    let (home, pid) = home_with_daemon();
    let before = status_kb(pid, "VmRSS");
    let mut clients: Vec<_> = (0..1_000).map(|_| Raw::connect(&home)).collect();
    for client in &mut clients {
        client.send("{\"op\":\"hello\"}\n");
    }
    for client in &mut clients {
        assert!(client.answer().unwrap().starts_with(r#"{"hello":"#));
    }
    let after = status_kb(pid, "VmRSS");
    println!("1,000 clients: {before} kB before, {after} kB with all of them connected and answered");
    assert!(after < before + 16 * 1024, "{before} kB, then {after} kB");
    // A shell and a command beside them.
    let shell = Sleeper::start();
    assert_eq!(shell.hook(&home, "", &["why=start", "reason=none"]).code, 0);
    assert_eq!(served(&home, "work"), key(0));
    assert_eq!(home.daemon_pid(), Some(pid));
}

#[test]
fn idle_connections_make_room_for_others() {
    allow_many_files();
    let (home, pid) = home_with_daemon();
    let mut idle: Vec<_> = (0..3_000).map(|_| Raw::connect(&home)).collect();
    assert_eq!(served(&home, "work"), key(0));
    // Those that waited longest had to go, the latest are still there.
    assert!(idle.last_mut().unwrap().ask(r#"{"op":"hello"}"#).starts_with(r#"{"hello":"#));
    assert_eq!(idle[0].line(), None);
    assert_eq!(home.daemon_pid(), Some(pid));
}

#[test]
fn unfinished_requests_do_not_fill_the_memory() {
    allow_many_files();
    let (home, pid) = home_with_daemon();
    let before = status_kb(pid, "VmRSS");
    let piece = vec![b'x'; 128 * 1024];
    let mut clients: Vec<_> = (0..1_000).map(|_| Raw::connect(&home)).collect();
    for client in &mut clients {
        client.send(&piece);
    }
    let after = status_kb(pid, "VmRSS");
    println!("1,000 unfinished requests of 128 KiB: {before} kB before, {after} kB after");
    assert!(after < before + 64 * 1024, "{before} kB, then {after} kB");
    drop(clients);
    assert_eq!(served(&home, "work"), key(0));
    assert_eq!(home.daemon_pid(), Some(pid));
}
