//! What the daemon asks of the system for its own process: no core dump, no debugger, no terminal, room for connections.

/// How many files it wants to have open at once: one for every connection, a second one for
/// those of the proxy, and some for itself.
#[cfg(unix)]
const OPEN_FILES: u64 = super::guests::MAX_GUESTS as u64 + 256 + 2 * crate::proxy::server::MAX_CONNECTIONS as u64;

/// No core dump and no debugger of the same user may show the keys; files are made for this user alone.
#[cfg(unix)]
pub fn harden() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let files = getrlimit(Resource::Nofile);
    if files.current.is_some_and(|now| now < OPEN_FILES) {
        let current = Some(files.maximum.map_or(OPEN_FILES, |most| most.min(OPEN_FILES)));
        let _ = setrlimit(Resource::Nofile, Rlimit { current, maximum: files.maximum });
    }
}

/// Leaves the session it was started in, in case whoever started it had not.
#[cfg(unix)]
pub fn leave_terminal() {
    let _ = rustix::process::setsid();
}

/// There are no such limits to set.
#[cfg(windows)]
pub fn harden() {}

/// A detached process has no console.
#[cfg(windows)]
pub fn leave_terminal() {}
