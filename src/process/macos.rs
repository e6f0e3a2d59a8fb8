//! macOS: `proc_pidinfo` with `PROC_PIDTBSDINFO`, and the name the kernel gives this boot.

use std::ffi::{c_char, c_int, c_void};

use super::Facts;

/// `PROC_PIDTBSDINFO` of `<sys/proc_info.h>`.
const PROC_PIDTBSDINFO: c_int = 3;
/// `SZOMB` of `<sys/proc.h>`.
const SZOMB: u32 = 5;

/// `struct proc_bsdinfo` of `<sys/proc_info.h>`: 136 bytes.
#[repr(C)]
#[derive(Default)]
struct BsdInfo {
    flags: u32,
    status: u32,
    xstatus: u32,
    pid: u32,
    ppid: u32,
    ids: [u32; 6],
    reserved: u32,
    comm: [u8; 16],
    name: [u8; 32],
    nfiles: u32,
    pgid: u32,
    pjobc: u32,
    tdev: u32,
    tpgid: u32,
    nice: i32,
    start_seconds: u64,
    start_microseconds: u64,
}

const _: () = assert!(size_of::<BsdInfo>() == 136);

// Both are in libSystem, which every program here is linked with.
unsafe extern "C" {
    fn proc_pidinfo(pid: c_int, flavor: c_int, arg: u64, buffer: *mut c_void, buffer_bytes: c_int) -> c_int;
    fn sysctlbyname(
        name: *const c_char,
        old: *mut c_void,
        old_bytes: *mut usize,
        new: *mut c_void,
        new_bytes: usize,
    ) -> c_int;
}

pub(super) fn facts(pid: u32) -> Option<Facts> {
    let mut info = BsdInfo::default();
    let bytes = c_int::try_from(size_of::<BsdInfo>()).ok()?;
    // SAFETY: the buffer is a plain C structure of exactly the size that is passed.
    let filled =
        unsafe { proc_pidinfo(c_int::try_from(pid).ok()?, PROC_PIDTBSDINFO, 0, (&raw mut info).cast(), bytes) };
    (filled == bytes).then(|| Facts {
        parent: info.ppid,
        start: info.start_seconds * 1_000_000 + info.start_microseconds,
        ended: info.status == SZOMB,
    })
}

pub(super) fn parent(pid: u32) -> Option<u32> {
    facts(pid).map(|facts| facts.parent)
}

/// A child whose parent ended is handed to launchd at once, so the parent named is always the real one.
pub(super) fn true_parent(pid: u32) -> Option<u32> {
    parent(pid)
}

pub(super) fn boot_id() -> String {
    let mut buffer = [0u8; 64];
    let mut bytes = buffer.len();
    // SAFETY: the name ends with NUL, the buffer is as long as `bytes` says, and nothing is set.
    let status = unsafe {
        sysctlbyname(
            c"kern.bootsessionuuid".as_ptr(),
            buffer.as_mut_ptr().cast(),
            &raw mut bytes,
            std::ptr::null_mut(),
            0,
        )
    };
    if status != 0 {
        return String::new();
    }
    let text = buffer[..bytes.min(buffer.len())].split(|&b| b == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}
