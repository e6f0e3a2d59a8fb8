//! Everything a terminal printed, as it comes in: a thread reads the pseudo-terminal, answers the questions a real
//! terminal would answer, and wakes whoever waits for something to appear.

use std::fs::File;
use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Asks where the cursor is (ECMA-48 DSR 6). PowerShell does not go on until it is told.
pub const CURSOR_QUERY: &[u8] = b"\x1b[6n";
/// Asks what kind of terminal this is (DA1). fish 4 waits for the answer.
const KIND_QUERY: &[u8] = b"\x1b[c";

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    closed: bool,
}

/// The shared transcript.
#[derive(Clone, Default)]
pub struct Transcript(Arc<(Mutex<State>, Condvar)>);

impl Transcript {
    /// Starts the thread that reads `terminal` until its other end is closed.
    pub fn record(mut terminal: File) -> Self {
        let transcript = Self::default();
        let ours = transcript.clone();
        std::thread::spawn(move || {
            let mut piece = vec![0; 65536];
            let mut asked = 0;
            // A closed pseudo-terminal reads as an error on Linux, as an end elsewhere.
            while let Some(len) = terminal.read(&mut piece).ok().filter(|len| *len > 0) {
                let answers = ours.with(|state| {
                    state.bytes.extend_from_slice(&piece[..len]);
                    answers(&state.bytes, &mut asked)
                });
                let _ = terminal.write_all(&answers);
                ours.0.1.notify_all();
            }
            ours.with(|state| state.closed = true);
            ours.0.1.notify_all();
        });
        transcript
    }

    /// How many bytes there are by now.
    pub fn len(&self) -> usize {
        self.with(|state| state.bytes.len())
    }

    /// Everything printed by now.
    pub fn bytes(&self) -> Vec<u8> {
        self.with(|state| state.bytes.clone())
    }

    /// Waits until `look` finds something in all that was printed; an error says why it never will.
    pub fn wait<T>(&self, patience: Duration, mut look: impl FnMut(&[u8]) -> Option<T>) -> Result<T, String> {
        let end = Instant::now() + patience;
        let (shared, changed) = &*self.0;
        let mut state = shared.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(found) = look(&state.bytes) {
                return Ok(found);
            }
            let left = end.saturating_duration_since(Instant::now());
            if state.closed {
                return Err("the shell has ended".into());
            }
            if left.is_zero() {
                return Err(format!("nothing of the kind within {patience:?}"));
            }
            state = changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Answers the questions after `asked`, which may have arrived in two pieces.
fn answers(bytes: &[u8], asked: &mut usize) -> Vec<u8> {
    let mut answers = Vec::new();
    while let Some(at) = find(bytes, b"\x1b[", *asked) {
        let question = &bytes[at..];
        if question.starts_with(CURSOR_QUERY) {
            answers.extend(b"\x1b[1;1R");
        } else if question.starts_with(KIND_QUERY) || question.starts_with(b"\x1b[0c") {
            answers.extend(b"\x1b[?1;2c");
        } else if question.len() < CURSOR_QUERY.len() {
            break;
        }
        *asked = at + 2;
    }
    answers
}

/// The first place of `needle` at or after `from`.
pub fn find(bytes: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(needle.len()).position(|window| window == needle).map(|at| from + at)
}

/// Takes out escape sequences (ECMA-48 CSI and OSC, character sets, keypad modes) and makes line ends `\n`.
pub fn plain(bytes: &[u8]) -> String {
    let mut kept = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        if byte != 0x1b {
            kept.push(byte);
            rest = after;
            continue;
        }
        let len = match after.first() {
            Some(b'[') => 2 + after[1..].iter().take_while(|b| !(0x40..=0x7e).contains(*b)).count(),
            Some(b']') => match (find(after, b"\x07", 0), find(after, b"\x1b\\", 0)) {
                (Some(bell), end) if end.is_none_or(|end| bell < end) => bell + 1,
                (_, Some(end)) => end + 2,
                _ => after.len(),
            },
            Some(b'(' | b')') => 2,
            _ => 1,
        };
        rest = after.get(len..).unwrap_or_default();
    }
    let mut text = String::from_utf8_lossy(&kept).into_owned();
    while text.contains("\r\n") {
        text = text.replace("\r\n", "\n");
    }
    text
}
