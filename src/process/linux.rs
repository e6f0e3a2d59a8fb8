//! Linux: `/proc/PID/stat`, see `proc_pid_stat(5)`.
//!
//! ```text
//! pid (comm) state ppid pgrp … starttime …
//!  1    2      3    4    5  …     22
//! ```
//! `comm` is chosen by the process and may hold blanks and `)`: fields are counted after the last `)`.

use std::fs::File;
use std::io::Read;

use super::Facts;

/// Fields up to the 22nd need about 300 bytes; numbers cannot make them longer than this.
const MAX_STAT_BYTES: usize = 1024;

pub(super) fn facts(pid: u32) -> Option<Facts> {
    let mut path = [0u8; 24];
    let mut file = File::open(stat_path(pid, &mut path)?).ok()?;
    let mut buffer = [0u8; MAX_STAT_BYTES];
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(err) if err.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    parse_stat(&buffer[..filled])
}

pub(super) fn parent(pid: u32) -> Option<u32> {
    facts(pid).map(|facts| facts.parent)
}

/// A child whose parent ended is handed to another at once, so the parent named is always the real one.
pub(super) fn true_parent(pid: u32) -> Option<u32> {
    parent(pid)
}

pub(super) fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// Writes `/proc/PID/stat` into the buffer.
fn stat_path(pid: u32, buffer: &mut [u8; 24]) -> Option<&str> {
    use std::io::Write;
    let mut left = &mut buffer[..];
    write!(left, "/proc/{pid}/stat").ok()?;
    let unused = left.len();
    std::str::from_utf8(&buffer[..24 - unused]).ok()
}

fn parse_stat(stat: &[u8]) -> Option<Facts> {
    let comm_end = stat.iter().rposition(|&b| b == b')')?;
    let mut fields = stat[comm_end + 1..].split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
    let state = *fields.next()?.first()?;
    let parent = number(fields.next()?)?;
    // Field 22 is the 18th after `ppid`.
    let started = number(fields.nth(17)?)?;
    Some(Facts { parent: u32::try_from(parent).ok()?, start: started, ended: matches!(state, b'Z' | b'X' | b'x') })
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_made_of_parentheses_moves_no_field() {
        let tail = "S 41 7 7 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987654 1000 10 18446744073709551615 1 1";
        let expected = Some(Facts { parent: 41, start: 987_654, ended: false });
        for comm in ["bash", "a) Z 1 (b", ") ) )", "", "x 1 2 3"] {
            assert_eq!(parse_stat(format!("7 ({comm}) {tail}").as_bytes()), expected, "{comm}");
        }
        let ended = parse_stat(format!("7 (b) {}", tail.replacen('S', "Z", 1)).as_bytes());
        assert_eq!(ended.map(|facts| facts.ended), Some(true));
    }

    #[test]
    fn a_cut_line_is_nothing() {
        for cut in ["", "7", "7 (bash", "7 (bash)", "7 (bash) S", "7 (bash) S 1 2 3"] {
            assert_eq!(parse_stat(cut.as_bytes()), None, "{cut}");
        }
    }
}
