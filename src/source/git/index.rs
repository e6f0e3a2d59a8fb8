//! The names in git's index. Bytes in, names out; nothing is said of a form that is not known.

use std::collections::HashSet;

/// Before the first entry: signature, version, count.
const HEADER_BYTES: usize = 12;
/// Of an entry before the name of its object: times, device, inode, mode, owner, size.
const STAT_BYTES: usize = 40;

/// The names that are asked for, of those in the index; none: it is not understood, so nothing can be said.
pub(super) fn names(index: &[u8], hash_bytes: usize, is_wanted: &dyn Fn(&[u8]) -> bool) -> Option<HashSet<Vec<u8>>> {
    let number = |at: usize| Some(u32::from_be_bytes(index.get(at..at + 4)?.try_into().ok()?));
    if index.get(..4)? != b"DIRC" {
        return None;
    }
    let version = number(4)?;
    if !(2..=4).contains(&version) {
        return None;
    }
    let fixed = STAT_BYTES + hash_bytes;
    let mut found = HashSet::new();
    let mut at = HEADER_BYTES;
    let mut name: Vec<u8> = Vec::new();
    for _ in 0..number(8)? {
        let flags = u16::from_be_bytes(index.get(at + fixed..at + fixed + 2)?.try_into().ok()?);
        let is_extended = version >= 3 && flags & 0x4000 != 0;
        let mut from = at + fixed + if is_extended { 4 } else { 2 };
        if version == 4 {
            let dropped = varint(index, &mut from)?;
            name.truncate(name.len().checked_sub(dropped)?);
        } else {
            name.clear();
        }
        let end = from + index.get(from..)?.iter().position(|byte| *byte == 0)?;
        name.extend_from_slice(&index[from..end]);
        if is_wanted(&name) {
            found.insert(name.clone());
        }
        // Versions 2 and 3 pad each entry to a multiple of eight, with at least one NUL.
        at = if version == 4 { end + 1 } else { at + (end - at + 8) / 8 * 8 };
    }
    // A split index keeps most names in another file: nothing can be said then of what is not here.
    let rest = index.get(at..)?;
    if rest.starts_with(b"link") && found.is_empty() { None } else { Some(found) }
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
