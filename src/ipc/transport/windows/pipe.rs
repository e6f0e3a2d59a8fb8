//! A client's end of a named pipe, on which every read and write has a deadline.
//!
//! A plain file has none on Windows, so it is opened for overlapped calls, which can be waited for and called off.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::path::Path;
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::{
    ERROR_BROKEN_PIPE, ERROR_IO_PENDING, ERROR_NO_DATA, ERROR_OPERATION_ABORTED, ERROR_PIPE_BUSY,
    ERROR_PIPE_NOT_CONNECTED, HANDLE, WAIT_OBJECT_0,
};
use windows_sys::Win32::Storage::FileSystem::{FILE_FLAG_OVERLAPPED, ReadFile, SECURITY_IDENTIFICATION, WriteFile};
use windows_sys::Win32::System::IO::{CancelIoEx, GetOverlappedResult, OVERLAPPED};
use windows_sys::Win32::System::Threading::{CreateEventW, WaitForSingleObject};

/// A client's connection.
pub struct PipeStream {
    file: File,
    event: OwnedHandle,
    timeout: Duration,
    read_timeout: Cell<Duration>,
}

impl PipeStream {
    /// Opens the pipe; waits up to `timeout` where the daemon has just let somebody else in.
    pub fn open(name: &Path, timeout: Duration) -> io::Result<Self> {
        let begun = Instant::now();
        let file = loop {
            // Whoever listens there learns who this is, and cannot act in its name.
            let opened = File::options()
                .read(true)
                .write(true)
                .custom_flags(FILE_FLAG_OVERLAPPED)
                .security_qos_flags(SECURITY_IDENTIFICATION)
                .open(name);
            match opened {
                Err(err) if is(&err, ERROR_PIPE_BUSY) && begun.elapsed() < timeout => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                opened => break opened?,
            }
        };
        // SAFETY: no attributes, no name: an event of this process alone, reset by hand, not set.
        let event = unsafe { CreateEventW(std::ptr::null(), 1, 0, std::ptr::null()) };
        if event.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the handle was made just now and belongs to nobody else.
        let event = unsafe { OwnedHandle::from_raw_handle(event) };
        Ok(Self { file, event, timeout, read_timeout: Cell::new(timeout) })
    }

    /// Bounds the next reads.
    pub fn limit_reads(&self, left: Duration) {
        self.read_timeout.set(left);
    }

    /// The pipe's handle.
    pub fn handle(&self) -> BorrowedHandle<'_> {
        self.file.as_handle()
    }

    /// Begins a call and waits for its end; what takes longer is called off. `Ok(0)`: the other end is closed.
    fn transfer(&self, timeout: Duration, begin: impl FnOnce(HANDLE, *mut OVERLAPPED) -> i32) -> io::Result<usize> {
        let pipe = self.file.as_raw_handle();
        let mut call = OVERLAPPED { hEvent: self.event.as_raw_handle(), ..Default::default() };
        if begin(pipe, &raw mut call) == 0 {
            let err = io::Error::last_os_error();
            if !is(&err, ERROR_IO_PENDING) {
                return closed_or(err);
            }
        }
        let millis = u32::try_from(timeout.as_micros().div_ceil(1000)).unwrap_or(u32::MAX - 1);
        // SAFETY: the event is ours and open.
        let is_done = unsafe { WaitForSingleObject(self.event.as_raw_handle(), millis) } == WAIT_OBJECT_0;
        if !is_done {
            // SAFETY: names the one call of this handle that is under way.
            unsafe { CancelIoEx(pipe, &raw const call) };
        }
        let mut count = 0;
        // SAFETY: waits until the call is over, done or called off; until then its structure and buffer stay in place.
        if unsafe { GetOverlappedResult(pipe, &raw const call, &raw mut count, 1) } != 0 {
            return Ok(count as usize);
        }
        let err = io::Error::last_os_error();
        if is(&err, ERROR_OPERATION_ABORTED) { Err(io::ErrorKind::TimedOut.into()) } else { closed_or(err) }
    }
}

impl Read for PipeStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        self.transfer(self.read_timeout.get(), |pipe, call| {
            // SAFETY: the buffer has that length and outlives the call, which `transfer` waits for.
            unsafe { ReadFile(pipe, buffer.as_mut_ptr(), length, std::ptr::null_mut(), call) }
        })
    }
}

impl Write for PipeStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let written = self.transfer(self.timeout, |pipe, call| {
            // SAFETY: the bytes are that many and outlive the call, which `transfer` waits for.
            unsafe { WriteFile(pipe, bytes.as_ptr(), length, std::ptr::null_mut(), call) }
        });
        match written {
            Ok(0) if !bytes.is_empty() => Err(io::ErrorKind::BrokenPipe.into()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn is(err: &io::Error, code: u32) -> bool {
    err.raw_os_error() == Some(code.cast_signed())
}

fn closed_or(err: io::Error) -> io::Result<usize> {
    if [ERROR_BROKEN_PIPE, ERROR_NO_DATA, ERROR_PIPE_NOT_CONNECTED].iter().any(|&code| is(&err, code)) {
        Ok(0)
    } else {
        Err(err)
    }
}
