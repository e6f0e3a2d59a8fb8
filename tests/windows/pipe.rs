//! The daemon's pipe: whose it is, who may open it, and what goes through it.

use std::io::{BufRead, BufReader, Write};
use std::os::windows::io::AsRawHandle;

use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Authorization::{
    ConvertSecurityDescriptorToStringSecurityDescriptorW, GetSecurityInfo, SDDL_REVISION_1, SE_KERNEL_OBJECT,
};
use windows_sys::Win32::Security::{DACL_SECURITY_INFORMATION, OWNER_SECURITY_INFORMATION};

use super::state_dir;
use crate::support::Home;

fn pipe_name(home: &Home) -> String {
    let text = std::fs::read_to_string(state_dir(home).join("daemon")).expect("the daemon's address");
    text.lines().find_map(|line| line.strip_prefix("socket ")).expect("the pipe's line").to_owned()
}

/// Owner and access list of what a handle stands for, as SDDL.
fn security(file: &std::fs::File) -> String {
    let mut descriptor = std::ptr::null_mut();
    let what = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    let (owner, group) = (std::ptr::null_mut(), std::ptr::null_mut());
    let (rights, audit) = (std::ptr::null_mut(), std::ptr::null_mut());
    let handle = file.as_raw_handle();
    // SAFETY: the handle is open; only the descriptor is asked for.
    let status =
        unsafe { GetSecurityInfo(handle, SE_KERNEL_OBJECT, what, owner, group, rights, audit, &raw mut descriptor) };
    assert_eq!(status, 0);
    let mut text: *mut u16 = std::ptr::null_mut();
    // SAFETY: the descriptor is the system's; the text is copied and both are freed once.
    unsafe {
        let done = ConvertSecurityDescriptorToStringSecurityDescriptorW(
            descriptor,
            SDDL_REVISION_1,
            what,
            &raw mut text,
            std::ptr::null_mut(),
        );
        assert_ne!(done, 0, "{}", std::io::Error::last_os_error());
        let copied = widestring::U16CStr::from_ptr_str(text).to_string_lossy();
        LocalFree(text.cast());
        LocalFree(descriptor);
        copied
    }
}

#[test]
fn t01_the_pipe_is_open_to_its_user_alone() {
    let home = Home::new();
    assert_eq!(home.llmenv(&["daemon", "start"]).code, 0);
    let name = pipe_name(&home);
    assert!(name.starts_with(r"\\.\pipe\llmenv-"), "{name}");
    // A plain file, as PowerShell's own classes and every script open it.
    let mut pipe = std::fs::File::options().read(true).write(true).open(&name).unwrap();
    let said = security(&pipe);
    let (owner, list) =
        said.strip_prefix("O:").and_then(|rest| rest.split_once("D:")).unwrap_or_else(|| panic!("{said}"));
    assert!(owner.starts_with("S-1-5-21-"), "{said}");
    let entries: Vec<&str> = list.split_inclusive(')').collect();
    assert_eq!(entries.len(), 1, "more than one entry: {said}");
    // `P`: nothing is inherited. One entry: access allowed, for everything, to the owner.
    assert!(list.starts_with("P(A;;") && list.ends_with(&format!(";;;{owner})")), "{said}");
    println!("the pipe's owner and access list: {said}");
    pipe.write_all(b"{\"op\":\"hello\"}\n").unwrap();
    let mut answer = String::new();
    BufReader::new(pipe).read_line(&mut answer).unwrap();
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["hello"]["started_by"], "demand", "{answer}");
    assert_eq!(answer["hello"]["pid"].as_u64(), home.daemon_pid().map(u64::from), "{answer}");
}

#[test]
fn a_pipe_that_nobody_answers_at_holds_nobody_up() {
    use interprocess::os::windows::named_pipe::{PipeListenerOptions, pipe_mode};
    let home = Home::new();
    assert_eq!(home.llmenv(&["daemon", "start"]).code, 0);
    let name = pipe_name(&home);
    assert_eq!(home.llmenv(&["daemon", "stop"]).code, 0);
    // Of this user's, so it is let in; then it says nothing.
    let silent = PipeListenerOptions::new()
        .path(name.as_str())
        .create_duplex::<pipe_mode::Bytes>()
        .expect("a pipe of that name");
    std::fs::write(
        state_dir(&home).join("daemon"),
        format!("llmenv 1\npid 4\nboot none\nversion {}\nsocket {name}\n", env!("CARGO_PKG_VERSION")),
    )
    .unwrap();
    let got = std::thread::scope(|scope| {
        let held = scope.spawn(|| (silent.accept(), silent.accept(), silent.accept()));
        let got =
            home.llmenv(&["hook", "prompt", "shell=powershell", &format!("pid={}", std::process::id()), "why=prompt"]);
        // Whoever waits in `accept` is let go.
        while !held.is_finished() {
            drop(std::fs::File::options().read(true).write(true).open(&name));
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        got
    });
    // 4: accepted, and did not answer in time.
    assert_eq!((got.code, got.stdout.as_str()), (4, ""), "{got:?}");
    std::fs::remove_file(state_dir(&home).join("daemon")).unwrap();
}
