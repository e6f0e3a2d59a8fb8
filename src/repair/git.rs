//! Whether git tracks a file. The index is read, git is never run: a repository can make git run programs of its own.
//!
//! Layout: git's `Documentation/gitformat-index.txt`, versions 2 to 4.

use std::path::{Path, PathBuf};

use crate::bounded::{self, Links};

/// No index that is read is larger.
const MAX_INDEX_BYTES: u64 = 256 * 1024 * 1024;
/// Before the first entry: signature, version, count.
const HEADER_BYTES: usize = 12;
/// Before the flags of an entry: times, device, inode, mode, owner, size, object name (SHA-1).
const FIXED_BYTES: usize = 60;

/// Says whether git tracks this file, as far as can be told: where its index cannot be understood, yes.
pub fn is_tracked(path: &Path) -> bool {
    let Ok(path) = std::path::absolute(path) else { return true };
    let Some((root, git)) = path.ancestors().skip(1).find_map(|dir| Some((dir, git_dir(dir)?))) else { return false };
    let Ok(name) = path.strip_prefix(root) else { return true };
    let name = name.to_string_lossy().replace('\\', "/");
    match bounded::read(&git.join("index"), MAX_INDEX_BYTES, Links::Follow) {
        Ok((index, _)) => holds(&index, name.as_bytes()).unwrap_or(true),
        Err(bounded::NotRead::Missing) => false,
        Err(_) => true,
    }
}

/// The repository's own folder: `.git`, or where a file of that name leads (worktrees, submodules).
fn git_dir(dir: &Path) -> Option<PathBuf> {
    let git = dir.join(".git");
    let meta = std::fs::metadata(&git).ok()?;
    if meta.is_dir() {
        return Some(git);
    }
    let (text, _) = bounded::read(&git, 4096, Links::Follow).ok()?;
    let text = String::from_utf8(text).ok()?;
    Some(dir.join(text.strip_prefix("gitdir:")?.trim()))
}

/// Looks for a name among the entries; none: the index is not understood.
fn holds(index: &[u8], name: &[u8]) -> Option<bool> {
    let number = |at: usize| Some(u32::from_be_bytes(index.get(at..at + 4)?.try_into().ok()?));
    if index.get(..4)? != b"DIRC" {
        return None;
    }
    let version = number(4)?;
    if !(2..=4).contains(&version) {
        return None;
    }
    let mut at = HEADER_BYTES;
    let mut previous: Vec<u8> = Vec::new();
    for _ in 0..number(8)? {
        let flags = u16::from_be_bytes(index.get(at + FIXED_BYTES..at + FIXED_BYTES + 2)?.try_into().ok()?);
        let is_extended = version >= 3 && flags & 0x4000 != 0;
        let mut from = at + FIXED_BYTES + if is_extended { 4 } else { 2 };
        if version == 4 {
            let dropped = varint(index, &mut from)?;
            previous.truncate(previous.len().checked_sub(dropped)?);
        } else {
            previous.clear();
        }
        let end = from + index.get(from..)?.iter().position(|byte| *byte == 0)?;
        previous.extend_from_slice(&index[from..end]);
        if previous == name {
            return Some(true);
        }
        // Versions 2 and 3 pad each entry to a multiple of eight, with at least one NUL.
        at = if version == 4 { end + 1 } else { at + (end - at + 8) / 8 * 8 };
    }
    // A split index keeps most names in another file: nothing can be said then.
    if index.get(at..)?.starts_with(b"link") { None } else { Some(false) }
}

/// A number in the form of pack files' offsets.
fn varint(bytes: &[u8], at: &mut usize) -> Option<usize> {
    let mut byte = *bytes.get(*at)?;
    *at += 1;
    let mut value = usize::from(byte & 0x7f);
    while byte & 0x80 != 0 {
        byte = *bytes.get(*at)?;
        *at += 1;
        value = value.checked_add(1)?.checked_mul(128)?.checked_add(usize::from(byte & 0x7f))?;
    }
    Some(value)
}
