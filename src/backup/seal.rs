//! The bytes of a sealed backup. Pure: bytes and a key in, bytes out; [`super::record`] calls it.
//!
//! All numbers are little-endian.
//!
//! ```text
//! offset  size  what
//!      0     8  magic: 89 4C 4C 4D 42 41 4B 0A  ("\x89LLMBAK\n")
//!      8     1  version: 1
//!      9     3  reserved, zero
//!     12     4  m, the length of the summary (u32)
//!     16     8  which key: the first 8 bytes of SHA-256("llmenv backup key" + the key's 32 bytes)
//!     24    24  XChaCha20 nonce (random)
//!     48     m  summary: UTF-8 JSON, {"made_at":SECONDS,"what":"…","files":["…"]}; in clear, for lists
//!   48+m     n  XChaCha20-Poly1305 of the body; its last 16 bytes are the Poly1305 tag
//! ```
//! Associated data of the AEAD: bytes 0 to 47+m, so that nothing in clear can be changed unnoticed.
//!
//! Body: a count of files (u32), then for each file
//!
//! ```text
//! text     the name by which it was asked for    (text: length (u32), bytes of the path)
//! text     the file itself
//! u32      permission bits it had, or was given
//! 1        1: it was there before: u64 length, bytes; 0: it was not
//! 1        1: it is there afterwards: 32 bytes SHA-256 of that content; 0: it is not
//! u32      count of folders that were made for it, then as many texts
//! ```

use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::Key;
use super::record::{Sealed, Summary};
use crate::error::{Error, Result};

const MAGIC: [u8; 8] = *b"\x89LLMBAK\n";
const VERSION: u8 = 1;
const HEADER_BYTES: usize = 48;
const TAG_BYTES: usize = 16;
/// No summary is longer.
const MAX_SUMMARY_BYTES: usize = 256 * 1024;

/// Seals files under a key and gives the whole backup.
pub fn seal(key: &Key, summary: &Summary, files: &[Sealed]) -> Result<Vec<u8>> {
    let summary = serde_json::to_vec(summary).map_err(|err| Error::new(format!("cannot write a summary: {err}")))?;
    let mut nonce = [0; 24];
    getrandom::fill(&mut nonce).map_err(|err| Error::new(format!("the system gives no random bytes: {err}")))?;
    let mut head = Vec::with_capacity(HEADER_BYTES + summary.len());
    head.extend_from_slice(&MAGIC);
    head.extend_from_slice(&[VERSION, 0, 0, 0]);
    head.extend_from_slice(&length(summary.len())?);
    head.extend_from_slice(&key.id());
    head.extend_from_slice(&nonce);
    head.extend_from_slice(&summary);
    let mut body = encode(files)?;
    XChaCha20Poly1305::new(key.bytes().into())
        .encrypt_in_place(&XNonce::from(nonce), &head, &mut *body)
        .map_err(|_| Error::new("the files are too large to seal"))?;
    head.extend_from_slice(&body);
    Ok(head)
}

/// Reads what stands in clear, without a key.
pub fn summary(backup: &[u8]) -> Result<Summary> {
    let (_, summary, _) = split(backup)?;
    serde_json::from_slice(summary).map_err(|_| damaged())
}

/// Opens a whole backup.
pub fn open(key: &Key, backup: &[u8]) -> Result<Vec<Sealed>> {
    let (head, _, sealed) = split(backup)?;
    if head[16..24] != key.id() {
        return Err(Error::new("the backup was sealed with a key that the store in use does not have")
            .hint("it was made while another store was in use: `store` in the configuration says which is now"));
    }
    let mut nonce = [0; 24];
    nonce.copy_from_slice(&head[24..48]);
    let mut body = Zeroizing::new(sealed.to_vec());
    XChaCha20Poly1305::new(key.bytes().into())
        .decrypt_in_place(&XNonce::from(nonce), head, &mut *body)
        .map_err(|_| damaged())?;
    decode(&body)
}

fn damaged() -> Error {
    Error::new("the backup is damaged, or was changed by something else than llmenv")
}

/// Header with summary, the summary, the sealed body.
fn split(backup: &[u8]) -> Result<(&[u8], &[u8], &[u8])> {
    if backup.len() < HEADER_BYTES + TAG_BYTES || !backup.starts_with(&MAGIC) || backup[9..12] != [0; 3] {
        return Err(damaged());
    }
    if backup[8] != VERSION {
        return Err(Error::new(format!("the backup is of version {}, this program knows {VERSION}", backup[8])));
    }
    let length = u32::from_le_bytes([backup[12], backup[13], backup[14], backup[15]]) as usize;
    if length > MAX_SUMMARY_BYTES || HEADER_BYTES + length + TAG_BYTES > backup.len() {
        return Err(damaged());
    }
    let (head, sealed) = backup.split_at(HEADER_BYTES + length);
    Ok((head, &head[HEADER_BYTES..], sealed))
}

fn length(length: usize) -> Result<[u8; 4]> {
    u32::try_from(length).map(u32::to_le_bytes).map_err(|_| Error::new("the files are too many to seal"))
}

fn encode(files: &[Sealed]) -> Result<Zeroizing<Vec<u8>>> {
    let contents: usize = files.iter().map(|file| file.before.as_ref().map_or(0, |before| before.len())).sum();
    let mut body = Zeroizing::new(Vec::with_capacity(contents + files.len() * 1024 + TAG_BYTES));
    let put_path = |body: &mut Vec<u8>, path: &Path| -> Result<()> {
        let bytes = path_bytes(path)?;
        body.extend_from_slice(&length(bytes.len())?);
        body.extend_from_slice(bytes);
        Ok(())
    };
    body.extend_from_slice(&length(files.len())?);
    for file in files {
        put_path(&mut body, &file.path)?;
        put_path(&mut body, &file.target)?;
        body.extend_from_slice(&file.mode.to_le_bytes());
        body.push(u8::from(file.before.is_some()));
        if let Some(before) = &file.before {
            body.extend_from_slice(&(before.len() as u64).to_le_bytes());
            body.extend_from_slice(before);
        }
        body.push(u8::from(file.after.is_some()));
        if let Some(after) = &file.after {
            body.extend_from_slice(after);
        }
        body.extend_from_slice(&length(file.folders.len())?);
        for folder in &file.folders {
            put_path(&mut body, folder)?;
        }
    }
    Ok(body)
}

/// What is left of a body.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn length(&mut self) -> Result<usize> {
        Ok(u32::from_le_bytes(self.array()?) as usize)
    }

    fn flag(&mut self) -> Result<bool> {
        match self.array::<1>()?[0] {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(damaged()),
        }
    }

    fn path(&mut self) -> Result<PathBuf> {
        let length = self.length()?;
        path_of(self.take(length)?)
    }
}

fn decode(body: &[u8]) -> Result<Vec<Sealed>> {
    let mut rest = Rest(body);
    let count = rest.length()?;
    let mut files = Vec::new();
    for _ in 0..count {
        let path = rest.path()?;
        let target = rest.path()?;
        let mode = u32::from_le_bytes(rest.array()?);
        let before = if rest.flag()? {
            let length = usize::try_from(u64::from_le_bytes(rest.array()?)).map_err(|_| damaged())?;
            Some(Zeroizing::new(rest.take(length)?.to_vec()))
        } else {
            None
        };
        let after = if rest.flag()? { Some(rest.array()?) } else { None };
        let folders = (0..rest.length()?).map(|_| rest.path()).collect::<Result<_>>()?;
        files.push(Sealed { path, target, mode, before, after, folders });
    }
    if rest.0.is_empty() { Ok(files) } else { Err(damaged()) }
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps)]
fn path_bytes(path: &Path) -> Result<&[u8]> {
    Ok(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()))
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps)]
fn path_of(bytes: &[u8]) -> Result<PathBuf> {
    Ok(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes).into())
}

#[cfg(windows)]
fn path_bytes(path: &Path) -> Result<&[u8]> {
    let text = path.to_str().ok_or_else(|| {
        Error::new(format!("the name `{}` is not valid Unicode, so it cannot be kept", crate::printable::path(path)))
    })?;
    Ok(text.as_bytes())
}

#[cfg(windows)]
fn path_of(bytes: &[u8]) -> Result<PathBuf> {
    std::str::from_utf8(bytes).map(PathBuf::from).map_err(|_| damaged())
}
