//! Which process is which: a pid together with its start time, so that a number used again is never taken for its earlier owner.
//!
//! Called by the hook (own start time), by the daemon (are the registered shells alive, who asked) and by tokens. Everything here
//! runs at prompts, so nothing allocates but [`boot_id`].

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as platform;

#[cfg(target_os = "macos")]
mod macos;
#[cfg(target_os = "macos")]
use macos as platform;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as platform;

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
compile_error!("start times of processes are read on Linux, macOS and Windows only");

/// How far up the tree is looked at most: deeper nesting is a loop or an attack.
const MAX_ANCESTORS: usize = 256;

/// What a platform knows of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The process that started it, or took it over; 0: none.
    pub parent: u32,
    /// When it started, in units of the platform; only ever compared.
    pub start: u64,
    /// Whether it ended and only waits to be collected.
    pub ended: bool,
}

/// Gives the start time of a process in units of the platform, fit only to be compared.
///
/// Linux: clock ticks since boot (field 22 of `/proc/PID/stat`); macOS: microseconds since 1970; Windows: 100 ns since 1601.
/// `None`: there is no such process, or it is not visible from here (another pid namespace).
pub fn start_time(pid: u32) -> Option<u64> {
    platform::facts(pid).map(|facts| facts.start)
}

/// Says whether the process that had this pid at that start time still runs. One that ended and was not collected yet does not.
pub fn is_alive(pid: u32, start: u64) -> bool {
    platform::facts(pid).is_some_and(|facts| facts.start == start && !facts.ended)
}

/// Gives the parent of a process; `None`: no such process, or it has no parent.
pub fn parent(pid: u32) -> Option<u32> {
    platform::parent(pid).filter(|&parent| parent != 0)
}

/// Says whether the process `pid` that started at `start` is alive and above `of` in the tree. A process is not above itself.
pub fn is_ancestor(pid: u32, start: u64, of: u32) -> bool {
    if pid == of || !is_alive(pid, start) {
        return false;
    }
    let mut child = of;
    for _ in 0..MAX_ANCESTORS {
        match platform::true_parent(child) {
            Some(parent) if parent == pid => return true,
            Some(parent) if parent > 1 && parent != child => child = parent,
            _ => return false,
        }
    }
    false
}

/// Names this run of the machine: with a pid and a start time it names a process for ever.
///
/// Empty where the system does not tell (a container without `/proc/sys`); start times are then compared alone.
pub fn boot_id() -> String {
    platform::boot_id()
}
