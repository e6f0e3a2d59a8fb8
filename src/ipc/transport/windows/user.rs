//! Who a user is on Windows: the SID in its text form, of this process and of whoever owns a handle's object.

use std::io;
use std::os::windows::io::{AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};

use windows_sys::Win32::Foundation::{ERROR_SUCCESS, HANDLE, LocalFree};
use windows_sys::Win32::Security::Authorization::{ConvertSidToStringSidW, GetSecurityInfo, SE_KERNEL_OBJECT};
use windows_sys::Win32::Security::{
    GetTokenInformation, OWNER_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, PSID, TOKEN_QUERY, TOKEN_USER, TokenUser,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

/// The user this process runs as: `S-1-5-21-…`.
pub fn own() -> io::Result<String> {
    let mut token: HANDLE = std::ptr::null_mut();
    // SAFETY: the pseudo handle needs no closing; the place for the token is ours.
    if unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &raw mut token) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle was opened just now and belongs to nobody else.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    // `TOKEN_USER` and the SID that it points to, which has 68 bytes at most; u64 for the alignment of the pointer in it.
    let mut buffer = [0u64; 32];
    let mut length = 0;
    let size = u32::try_from(size_of_val(&buffer)).unwrap_or(0);
    // SAFETY: the token is open and the buffer is as long as said.
    let told = unsafe {
        GetTokenInformation(token.as_raw_handle(), TokenUser, buffer.as_mut_ptr().cast(), size, &raw mut length)
    };
    if told == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call filled the buffer with this structure, and the buffer lives on.
    let user = unsafe { &*buffer.as_ptr().cast::<TOKEN_USER>() };
    text_of(user.User.Sid)
}

/// The owner of what a handle stands for.
pub fn owner(handle: BorrowedHandle<'_>) -> io::Result<String> {
    let mut owner: PSID = std::ptr::null_mut();
    let mut descriptor: PSECURITY_DESCRIPTOR = std::ptr::null_mut();
    // SAFETY: the handle is open; both places are ours, the parts not asked for are null.
    let status = unsafe {
        GetSecurityInfo(
            handle.as_raw_handle(),
            SE_KERNEL_OBJECT,
            OWNER_SECURITY_INFORMATION,
            &raw mut owner,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            &raw mut descriptor,
        )
    };
    if status != ERROR_SUCCESS {
        return Err(io::Error::from_raw_os_error(status.cast_signed()));
    }
    // The owner lies inside the descriptor, so it is read before that is freed. What nobody owns is not this user's.
    let text = if owner.is_null() { Err(io::ErrorKind::PermissionDenied.into()) } else { text_of(owner) };
    // SAFETY: the call allocated it, and nothing points to it any more.
    unsafe { LocalFree(descriptor) };
    text
}

fn text_of(sid: PSID) -> io::Result<String> {
    let mut text: *mut u16 = std::ptr::null_mut();
    // SAFETY: the callers pass a SID that the system gave them; the place for the text is ours.
    if unsafe { ConvertSidToStringSidW(sid, &raw mut text) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call gave a text that ends with 0, which is freed once, after it was copied.
    let copied = unsafe { widestring::U16CStr::from_ptr_str(text).to_string_lossy() };
    // SAFETY: as above.
    unsafe { LocalFree(text.cast()) };
    Ok(copied)
}
