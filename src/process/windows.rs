//! Windows: `GetProcessTimes`, and a Toolhelp snapshot for parents.
//!
//! A child keeps the pid of a parent that ended, and that pid may be given to another process. A parent counts only where it
//! started before its child.

use windows_sys::Win32::Foundation::{CloseHandle, FILETIME, HANDLE, INVALID_HANDLE_VALUE, STILL_ACTIVE};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
};
use windows_sys::Win32::System::Threading::{
    GetExitCodeProcess, GetProcessTimes, OpenProcess, PROCESS_QUERY_LIMITED_INFORMATION,
};

use super::Facts;

/// Closes its handle when dropped.
struct Owned(HANDLE);

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the handle was opened here and is closed once.
        unsafe { CloseHandle(self.0) };
    }
}

/// The parent is left out: it needs a snapshot of all processes, which [`parent`] takes where it is asked for.
pub(super) fn facts(pid: u32) -> Option<Facts> {
    // SAFETY: takes numbers alone; a null handle is checked below.
    let handle = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid) };
    if handle.is_null() {
        return None;
    }
    let handle = Owned(handle);
    let zero = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
    let (mut created, mut exited, mut kernel, mut user) = (zero, zero, zero, zero);
    // SAFETY: the handle is open, the four places are ours.
    let told = unsafe { GetProcessTimes(handle.0, &raw mut created, &raw mut exited, &raw mut kernel, &raw mut user) };
    let mut code = 0u32;
    // SAFETY: the handle is open, the place is ours.
    let coded = unsafe { GetExitCodeProcess(handle.0, &raw mut code) };
    (told != 0).then(|| Facts {
        parent: 0,
        start: u64::from(created.dwHighDateTime) << 32 | u64::from(created.dwLowDateTime),
        // Somebody who still holds a handle keeps an ended process visible.
        ended: coded != 0 && i64::from(code) != i64::from(STILL_ACTIVE),
    })
}

pub(super) fn parent(pid: u32) -> Option<u32> {
    // SAFETY: takes numbers alone; the handle is checked below.
    let snapshot = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0) };
    if snapshot == INVALID_HANDLE_VALUE {
        return None;
    }
    let snapshot = Owned(snapshot);
    let mut entry = PROCESSENTRY32W { dwSize: u32::try_from(size_of::<PROCESSENTRY32W>()).ok()?, ..Default::default() };
    // SAFETY: the snapshot is open and the entry says its size.
    let mut more = unsafe { Process32FirstW(snapshot.0, &raw mut entry) };
    while more != 0 {
        if entry.th32ProcessID == pid {
            return Some(entry.th32ParentProcessID);
        }
        // SAFETY: as above.
        more = unsafe { Process32NextW(snapshot.0, &raw mut entry) };
    }
    None
}

/// The parent, unless its pid was given to a process that is younger than the child.
pub(super) fn true_parent(pid: u32) -> Option<u32> {
    let above = parent(pid)?;
    (facts(above)?.start <= facts(pid)?.start).then_some(above)
}

/// Start times are absolute here, so a pid and a start time already tell one boot from the next.
pub(super) fn boot_id() -> String {
    "windows".into()
}
