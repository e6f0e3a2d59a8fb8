//! Reading a file that may be anything: a pipe, a device, a gigabyte, a link somewhere else.
//!
//! Configuration, pins and the allow list come through here, so that no file can hang or fill the program.

use std::fs::{File, Metadata};
use std::io::Read;
use std::path::Path;

/// What a symbolic link at the end of the path means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// It is followed: the path is the user's own choice.
    Follow,
    /// It is refused: somebody else may have put it there.
    Refuse,
}

/// Why a file was not read.
#[derive(Debug)]
pub enum NotRead {
    /// There is none.
    Missing,
    /// It is a symbolic link, and those were to be refused.
    Link,
    /// It is no regular file; the word says what it is.
    NotAFile(&'static str),
    /// It is larger than allowed.
    TooLarge,
    /// The system's reason.
    Io(std::io::Error),
}

impl NotRead {
    /// Turns the reason into a message about this path.
    pub fn into_error(self, path: &Path, max_bytes: u64) -> crate::error::Error {
        let shown = crate::printable::path(path);
        match self {
            Self::Missing => crate::error::Error::new(format!("there is no `{shown}`")),
            Self::Link => crate::error::Error::new(format!("`{shown}` is a symbolic link, which is not followed here")),
            Self::NotAFile(what) => crate::error::Error::new(format!("`{shown}` is {what}, not a file")),
            Self::TooLarge => crate::error::Error::new(format!("`{shown}` is larger than {} KiB", max_bytes / 1024)),
            Self::Io(err) => crate::error::Error::io("read", path, &err),
        }
    }
}

/// Reads a regular file of at most `max_bytes`, with what the open file says about itself.
///
/// Never waits: a pipe without a writer is opened without blocking and then refused by its type. A device is refused before it is
/// opened, since opening some of them does something.
pub fn read(path: &Path, max_bytes: u64, links: Links) -> Result<(Vec<u8>, Metadata), NotRead> {
    let looked_at = match links {
        Links::Follow => std::fs::metadata(path),
        Links::Refuse => std::fs::symlink_metadata(path),
    };
    check_type(&looked_at.map_err(not_read)?)?;
    let mut file = open(path, links)?;
    // The name may stand for something else by now: what counts is what was opened.
    let meta = file.metadata().map_err(NotRead::Io)?;
    check_type(&meta)?;
    if meta.len() > max_bytes {
        return Err(NotRead::TooLarge);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or(0) + 1);
    file.by_ref().take(max_bytes + 1).read_to_end(&mut bytes).map_err(NotRead::Io)?;
    if bytes.len() as u64 > max_bytes {
        return Err(NotRead::TooLarge);
    }
    Ok((bytes, meta))
}

fn not_read(err: std::io::Error) -> NotRead {
    match err.kind() {
        // A parent that is a file, too, means that there is nothing by that name.
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => NotRead::Missing,
        _ => NotRead::Io(err),
    }
}

fn check_type(meta: &Metadata) -> Result<(), NotRead> {
    let file_type = meta.file_type();
    if file_type.is_file() {
        return Ok(());
    }
    Err(if file_type.is_symlink() {
        NotRead::Link
    } else if file_type.is_dir() {
        NotRead::NotAFile("a folder")
    } else {
        NotRead::NotAFile(special_name(file_type))
    })
}

#[cfg(unix)]
fn special_name(file_type: std::fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if file_type.is_fifo() {
        "a pipe"
    } else if file_type.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn special_name(_: std::fs::FileType) -> &'static str {
    "something else"
}

#[cfg(unix)]
fn open(path: &Path, links: Links) -> Result<File, NotRead> {
    use rustix::fs::{Mode, OFlags};
    let mut flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    if links == Links::Refuse {
        flags |= OFlags::NOFOLLOW;
    }
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(fd) => Ok(File::from(fd)),
        Err(rustix::io::Errno::LOOP) if links == Links::Refuse => Err(NotRead::Link),
        Err(err) => Err(not_read(err.into())),
    }
}

#[cfg(windows)]
fn open(path: &Path, links: Links) -> Result<File, NotRead> {
    use std::os::windows::fs::OpenOptionsExt;
    /// `FILE_FLAG_OPEN_REPARSE_POINT`: open the link itself, whose type is then refused.
    const OPEN_REPARSE_POINT: u32 = 0x0020_0000;
    let mut options = File::options();
    options.read(true);
    if links == Links::Refuse {
        options.custom_flags(OPEN_REPARSE_POINT);
    }
    options.open(path).map_err(not_read)
}
