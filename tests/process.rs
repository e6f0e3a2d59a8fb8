//! Processes by pid and start time, on real ones.

use std::process::{Child, Command, Stdio};

use llmenv::process::{boot_id, is_alive, is_ancestor, parent, start_time};

/// A child that is ended and collected when the test leaves, however it leaves.
struct Running(Child);

impl Running {
    /// Starts a shell that answers with one line of its own choice and then waits for its stdin to close.
    fn shell(script: &str) -> (Self, String) {
        let mut child = Command::new("sh")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("piped");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).expect("a line");
        (Self(child), line.trim().to_owned())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn we_are_alive_and_another_start_time_is_not_us() {
    let me = std::process::id();
    let start = start_time(me).expect("our own start time");
    assert_eq!(start_time(me), Some(start));
    assert!(is_alive(me, start));
    assert!(!is_alive(me, start + 1));
}

#[test]
fn nobody_has_no_start_time() {
    assert_eq!(start_time(u32::MAX), None);
    assert_eq!(start_time(0), None);
    assert_eq!(parent(u32::MAX), None);
    assert!(!is_alive(u32::MAX, 0));
}

#[test]
fn a_child_that_ended_and_was_not_collected_is_not_alive() {
    let (mut child, _) = Running::shell("echo ready; read -r _");
    let pid = child.0.id();
    let start = start_time(pid).expect("it runs");
    assert!(is_alive(pid, start));
    drop(child.0.stdin.take());
    // It is ours to collect, so the number stays its own until `wait`.
    while is_alive(pid, start) {
        std::thread::yield_now();
    }
    assert!(child.0.try_wait().expect("can be collected").is_some() || child.0.wait().is_ok());
    assert!(!is_alive(pid, start));
}

#[test]
fn ancestors_are_found_through_generations() {
    let me = std::process::id();
    let start = start_time(me).expect("our own start time");
    let (child, line) = Running::shell("sh -c 'echo $$; read -r _'; :");
    let grandchild: u32 = line.parse().expect("a pid");
    assert_eq!(parent(child.0.id()), Some(me));
    assert_eq!(parent(grandchild), Some(child.0.id()));
    assert!(is_ancestor(me, start, child.0.id()));
    assert!(is_ancestor(me, start, grandchild));
    assert!(!is_ancestor(me, start + 1, grandchild), "another process with our pid is no ancestor");
    assert!(!is_ancestor(me, start, me), "nobody is above itself");
    let child_start = start_time(child.0.id()).expect("it runs");
    assert!(is_ancestor(child.0.id(), child_start, grandchild));
    assert!(!is_ancestor(grandchild, start_time(grandchild).expect("it runs"), child.0.id()), "not downwards");
}

#[test]
fn a_boot_has_one_name() {
    assert!(!boot_id().is_empty());
    assert_eq!(boot_id(), boot_id());
}
