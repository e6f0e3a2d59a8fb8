//! Size-capped lines over a blocking stream.

use std::io::{self, Read};

/// The longest request or answer line, in bytes, the line feed included.
pub const MAX_FRAME_BYTES: usize = 1024 * 1024;

/// Reads up to and without the next line feed. More than [`MAX_FRAME_BYTES`] is an error, and so is an end before the feed.
///
/// `pending` keeps what was read beyond the line for the next call.
pub fn read_line(stream: &mut impl Read, pending: &mut Vec<u8>) -> io::Result<Vec<u8>> {
    let mut searched = 0;
    loop {
        if let Some(at) = pending[searched..].iter().position(|&b| b == b'\n') {
            let rest = pending.split_off(searched + at + 1);
            let mut line = std::mem::replace(pending, rest);
            line.pop();
            return Ok(line);
        }
        searched = pending.len();
        if searched >= MAX_FRAME_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the line is longer than 1 MiB"));
        }
        let mut chunk = [0; 16 * 1024];
        match stream.read(&mut chunk) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => pending.extend_from_slice(&chunk[..count]),
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            Err(err) => return Err(err),
        }
    }
}
