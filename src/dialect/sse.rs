//! Event-stream framing: bytes in any pieces become events, events become bytes.
//!
//! In: what the upstream sent, cut anywhere. Out: [`Frame`]s; and, the other way, the bytes of one event. Called by the
//! stream decoders and encoders. Rules of WHATWG HTML section 9.2.6: lines end in LF, CRLF or CR; one blank after the
//! colon is dropped; `data` lines join with a line feed; a line that begins with a colon is a comment; an event ends at
//! an empty line. UTF-8 is decoded after lines are split, so a cut inside a character is no matter.

use super::json::Json;

/// The most bytes one event may hold. A base64 image in one delta is some 10 MB.
pub const MAX_EVENT_BYTES: usize = 64 << 20;

/// One event as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The `event` field, empty where there was none.
    pub name: String,
    /// The `data` lines, joined.
    pub data: String,
}

/// More than [`MAX_EVENT_BYTES`] came without an end of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

/// Turns bytes into events.
#[derive(Debug, Default)]
pub struct Parser {
    line: Vec<u8>,
    frame: Frame,
    has_data: bool,
    after_cr: bool,
    past_first_line: bool,
}

impl Parser {
    /// Takes the next bytes and gives the events they complete.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<Vec<Frame>, TooLarge> {
        let mut frames = Vec::new();
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_cr) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let Some(end) = bytes.iter().position(|b| matches!(b, b'\n' | b'\r')) else {
                self.line.extend_from_slice(bytes);
                if self.line.len() + self.frame.data.len() > MAX_EVENT_BYTES {
                    return Err(TooLarge);
                }
                break;
            };
            self.line.extend_from_slice(&bytes[..end]);
            self.after_cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            frames.extend(self.end_line());
            if self.frame.data.len() > MAX_EVENT_BYTES {
                return Err(TooLarge);
            }
        }
        Ok(frames)
    }

    /// Says that nothing more comes, and gives an event whose empty line is missing but whose data is whole JSON.
    pub fn finish(&mut self) -> Option<Frame> {
        if !self.line.is_empty() {
            self.end_line();
        }
        let frame = self.take()?;
        (frame.data == "[DONE]" || Json::parse(&frame.data).is_some()).then_some(frame)
    }

    fn take(&mut self) -> Option<Frame> {
        let frame = std::mem::take(&mut self.frame);
        std::mem::take(&mut self.has_data).then_some(frame)
    }

    fn end_line(&mut self) -> Option<Frame> {
        let line = std::mem::take(&mut self.line);
        let mut line = line.as_slice();
        if !std::mem::replace(&mut self.past_first_line, true) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if line.is_empty() {
            return self.take();
        }
        let (field, value) = match line.iter().position(|b| *b == b':') {
            Some(0) => return None,
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &line[line.len()..]),
        };
        let value = String::from_utf8_lossy(value.strip_prefix(b" ").unwrap_or(value));
        match field {
            b"data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.frame.data.push('\n');
                }
                self.frame.data.push_str(&value);
            }
            b"event" => self.frame.name = value.into_owned(),
            _ => {}
        }
        None
    }
}

/// How many places are tried for a whole object in data that is broken.
const MAX_SALVAGE_TRIES: usize = 64;

/// Reads the JSON values of one event's data.
///
/// One is the rule. Some gateways glue two frames onto one line, or cut one short and go on with the next: what is whole
/// is kept, what is not is left out.
pub fn json_values(data: &str) -> Vec<Json> {
    let mut values = Vec::new();
    let mut rest = data.trim_start();
    let mut tries = 0;
    while !rest.is_empty() && rest != "[DONE]" {
        if let Some((value, after)) = Json::parse_prefix(rest) {
            values.push(value);
            rest = after.trim_start();
            rest = rest.strip_prefix("data:").unwrap_or(rest).trim_start();
        } else {
            tries += 1;
            let next = rest.char_indices().skip(1).find(|(i, _)| rest[*i..].starts_with("{\"")).map(|(i, _)| i);
            match next {
                Some(next) if tries <= MAX_SALVAGE_TRIES => rest = &rest[next..],
                _ => break,
            }
        }
    }
    values
}

/// Writes one event: with its name where the dialect names events.
pub fn write(name: Option<&str>, data: &Json, out: &mut Vec<u8>) {
    if let Some(name) = name {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(name.as_bytes());
        out.push(b'\n');
    }
    out.extend_from_slice(b"data: ");
    out.extend_from_slice(data.to_string().as_bytes());
    out.extend_from_slice(b"\n\n");
}
