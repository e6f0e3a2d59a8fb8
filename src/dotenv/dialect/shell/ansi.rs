//! `$'…'`: the quotes of bash and zsh in which a backslash means what it means in C.

/// Reads from after the opening quote: the text and the position after the closing one.
pub fn quoted(bytes: &[u8], start: usize) -> Option<(Vec<u8>, usize)> {
    let mut out = Vec::new();
    let mut position = start;
    loop {
        match *bytes.get(position)? {
            b'\'' => return Some((out, position + 1)),
            b'\\' => {
                let next = *bytes.get(position + 1)?;
                position += 2;
                let plain = match next {
                    b'a' => 7,
                    b'b' => 8,
                    b'e' | b'E' => 27,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'v' => 11,
                    b'\\' | b'\'' | b'"' | b'?' => next,
                    b'x' => {
                        let (code, length) = number(bytes, position, 16, 2);
                        if length == 0 {
                            out.extend_from_slice(b"\\x");
                            continue;
                        }
                        position += length;
                        u8::try_from(code).unwrap_or(0)
                    }
                    b'0'..=b'7' => {
                        let (code, length) = number(bytes, position - 1, 8, 3);
                        position += length - 1;
                        u8::try_from(code & 0xff).unwrap_or(0)
                    }
                    b'u' | b'U' => {
                        let (code, length) = number(bytes, position, 16, if next == b'u' { 4 } else { 8 });
                        match char::from_u32(code).filter(|_| length > 0) {
                            Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                            None => out.extend_from_slice(&bytes[position - 2..position + length]),
                        }
                        position += length;
                        continue;
                    }
                    _ => {
                        out.push(b'\\');
                        next
                    }
                };
                out.push(plain);
            }
            byte => {
                out.push(byte);
                position += 1;
            }
        }
    }
}

/// A number of at most `most` digits, and how many there are.
fn number(bytes: &[u8], start: usize, base: u32, most: usize) -> (u32, usize) {
    let mut value = 0u32;
    let mut length = 0;
    while length < most
        && let Some(digit) = bytes.get(start + length).and_then(|b| char::from(*b).to_digit(base))
    {
        value = value.saturating_mul(base).saturating_add(digit);
        length += 1;
    }
    (value, length)
}
