//! The start of a daemon that outlives its caller and inherits nothing from it but a few variables.
//!
//! `client` starts `llmenv daemon run --background`; that short-lived process leaves the caller's session, closes what it
//! inherited, starts the daemon proper with a clean environment and ends, so that nobody has the daemon as a child.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::starter::Starter;

/// Variables that the daemon needs from the session it is started in; everything else is left behind.
const KEPT_VARIABLES: &[&str] = &[
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "DBUS_SESSION_BUS_ADDRESS",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "XDG_CURRENT_DESKTOP",
    "LLMENV_VAULT_KEY_FILE",
    "CREDENTIALS_DIRECTORY",
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "USERNAME",
    "USERDOMAIN",
    "COMPUTERNAME",
    "TEMP",
    "TMP",
];

/// Variables by which systemd speaks to a process it started; the sockets it hands over among them.
#[cfg(unix)]
const SAID_BY_SYSTEM: &[&str] =
    &["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "SYSTEMD_EXEC_PID", "INVOCATION_ID", "JOURNAL_STREAM"];

/// Where programs are looked for by what the daemon starts; the caller's PATH may lead through a project's folder.
#[cfg(unix)]
const DAEMON_PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

/// Leaves the caller's session and starts `program daemon run --detached`. Called in the short-lived process alone.
pub fn start_detached(program: &Path, starter: Starter) -> std::io::Result<()> {
    let by = if starter == Starter::Demand { None } else { Some(["--by", starter.name()]) };
    if !leave_session() {
        // A leader of its group (a shell's own job) cannot leave; a child of it can.
        let left = Command::new(program).args(["daemon", "run", "--background"]).args(by.iter().flatten()).status()?;
        return if left.success() { Ok(()) } else { Err(std::io::Error::other("it ended at once")) };
    }
    let mut command = Command::new(program);
    command.args(["daemon", "run", "--detached"]).args(by.iter().flatten());
    clean_environment(&mut command);
    hide_window(&mut command);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    Ok(())
}

/// Gives a command the daemon's environment.
fn clean_environment(command: &mut Command) {
    command.env_clear();
    for name in KEPT_VARIABLES {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    #[cfg(unix)]
    command.env("PATH", DAEMON_PATH);
}

/// Runs this same process anew with the daemon's environment, where it has more than that: a manager of the system passes on
/// what somebody imported into it. What it says to the process by variables stays. Comes back only where nothing is to be left out.
#[cfg(unix)]
pub fn leave_environment(program: &Path) -> std::io::Result<()> {
    use std::os::unix::process::CommandExt;
    let is_kept = |name: &std::ffi::OsStr| {
        name == "PATH" || KEPT_VARIABLES.iter().chain(SAID_BY_SYSTEM).any(|kept| *kept == name)
    };
    let is_clean = std::env::vars_os().all(|(name, _)| is_kept(&name));
    if is_clean && std::env::var_os("PATH").is_some_and(|path| path == DAEMON_PATH) {
        return Ok(());
    }
    let mut command = Command::new(program);
    command.args(std::env::args_os().skip(1));
    clean_environment(&mut command);
    for name in SAID_BY_SYSTEM {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    Err(command.exec())
}

/// The Task Scheduler starts the daemon through [`start_detached`].
#[cfg(windows)]
#[allow(clippy::unnecessary_wraps)]
pub fn leave_environment(_program: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Leaves the caller's session, so that no Ctrl-C and no closed terminal reaches the daemon, and keeps inherited files
/// from it: a daemon that holds the write end of somebody's pipe makes them wait for ever. `false`: it could not leave.
#[cfg(unix)]
fn leave_session() -> bool {
    if rustix::process::setsid().is_err() {
        return false;
    }
    let dir = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };
    let Ok(entries) = std::fs::read_dir(dir) else { return true };
    let inherited: Vec<i32> =
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).filter(|&fd| fd > 2).collect();
    for fd in inherited {
        // SAFETY: the number is only used for this call, which fails harmlessly where it is closed by now
        // (the folder's own handle is); nothing is closed or taken over.
        let borrowed = unsafe { std::os::fd::BorrowedFd::borrow_raw(fd) };
        let _ = rustix::io::fcntl_setfd(borrowed, rustix::io::FdFlags::CLOEXEC);
    }
    true
}

/// Keeps this process's own inputs and outputs from what it starts: Windows hands every inheritable handle to every child,
/// and a daemon that holds the write end of somebody's pipe makes them wait for ever.
#[cfg(windows)]
pub fn keep_handles() {
    use windows_sys::Win32::Foundation::{HANDLE_FLAG_INHERIT, INVALID_HANDLE_VALUE, SetHandleInformation};
    use windows_sys::Win32::System::Console::{GetStdHandle, STD_ERROR_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE};
    for which in [STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE] {
        // SAFETY: the handle stays the system's; only a flag of it is changed, and only where there is one. Where a child is to
        // have it all the same, std makes a copy for it.
        unsafe {
            let handle = GetStdHandle(which);
            if !handle.is_null() && handle != INVALID_HANDLE_VALUE {
                SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0);
            }
        }
    }
}

/// Each descriptor says for itself whether a child gets it.
#[cfg(unix)]
pub fn keep_handles() {}

#[cfg(windows)]
fn leave_session() -> bool {
    keep_handles();
    true
}

/// There are no such windows.
#[cfg(unix)]
pub fn hide_window(_command: &mut Command) {}

/// No console window, and a process group of its own, so that Ctrl-C in the caller's console does not reach it.
#[cfg(windows)]
pub fn hide_window(command: &mut Command) {
    use std::os::windows::process::CommandExt;
    const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;
    command.creation_flags(CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP);
}
