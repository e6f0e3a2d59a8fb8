//! A process with a pseudo-terminal and a session of its own: started, looked at, and ended with all who joined it.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use rustix::process::{Pid, Signal};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// Starts a command as the leader of a session on a terminal this wide; gives it and our end of the terminal.
pub fn start(mut command: Command, columns: u16) -> (Child, File) {
    #[cfg(target_os = "linux")]
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    #[cfg(not(target_os = "linux"))]
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
    let ours = openpt(flags).expect("a pseudo-terminal");
    grantpt(&ours).expect("a pseudo-terminal");
    unlockpt(&ours).expect("a pseudo-terminal");
    let name = ptsname(&ours, Vec::new()).expect("the pseudo-terminal's name");
    let theirs = File::options()
        .read(true)
        .write(true)
        .custom_flags(i32::try_from(rustix::fs::OFlags::NOCTTY.bits()).expect("a small flag"))
        .open(OsStr::new(name.to_str().expect("a plain name")))
        .expect("the other end of the pseudo-terminal");
    let size = rustix::termios::Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(&theirs, size).expect("the terminal's size");

    let end = || theirs.try_clone().expect("the other end of the pseudo-terminal");
    command.stdin(end()).stdout(end()).stderr(end());
    // SAFETY: between fork and exec only two system calls are made, on the standard input set up just before.
    unsafe {
        command.pre_exec(|| {
            rustix::process::setsid()?;
            rustix::process::ioctl_tiocsctty(BorrowedFd::borrow_raw(0))?;
            Ok(())
        });
    }
    let child = command.spawn().unwrap_or_else(|err| panic!("cannot start {command:?}: {err}"));
    // `command` and `theirs` end here: the terminal closes when the last program on it ends.
    (child, File::from(ours))
}

/// Kills the foreground group, the leader and everybody else in its session.
pub fn end(leader: &mut Child, terminal: &File) {
    let pid = Pid::from_child(leader);
    if let Ok(foreground) = rustix::termios::tcgetpgrp(terminal.as_fd())
        && matches!(leader.try_wait(), Ok(None))
    {
        let _ = rustix::process::kill_process_group(foreground, Signal::KILL);
    }
    let _ = leader.kill();
    // A number is not given out again while anybody is in its session. Twice: the first round may miss a fork.
    for _ in 0..2 {
        for member in members(pid) {
            let _ = rustix::process::kill_process(member, Signal::KILL);
        }
    }
    let _ = leader.wait();
}

/// Whether every thread of a process waits for something; always so where that cannot be seen.
pub fn sleeps(pid: u32) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return true };
    threads.flatten().all(|thread| {
        let stat = std::fs::read(thread.path().join("stat")).unwrap_or_default();
        String::from_utf8_lossy(&stat).rsplit_once(')').is_none_or(|(_, fields)| fields.trim_start().starts_with('S'))
    })
}

/// Who else runs in a shell's session: background jobs, nested shells.
#[cfg(target_os = "linux")]
fn members(leader: Pid) -> Vec<Pid> {
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    let in_session = |pid: &i32| {
        // proc_pid_stat(5): after the name in parentheses come state, parent, group, session.
        let stat = std::fs::read(format!("/proc/{pid}/stat")).unwrap_or_default();
        let stat = String::from_utf8_lossy(&stat);
        let session = stat.rsplit_once(')').and_then(|(_, fields)| fields.split_whitespace().nth(3)?.parse().ok());
        session == Some(leader.as_raw_nonzero().get())
    };
    let pids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(in_session).filter_map(Pid::from_raw).collect()
}

#[cfg(not(target_os = "linux"))]
fn members(_leader: Pid) -> Vec<Pid> {
    Vec::new()
}
