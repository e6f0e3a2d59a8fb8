//! Broken streams: whatever comes, nothing panics and the client's stream is well-formed.

use super::pairs::read_stream;
use super::said::{replay, scenarios, translation};
use super::upstream;
use llmenv::dialect::Dialect;

/// xorshift64*, so that every run has the same mutations.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % below.max(1)
    }
}

#[test]
fn random_mutations_never_panic() {
    let mut dice = Dice(0x1234_5678_9abc_def1);
    let mut count = 0;
    for inbound in Dialect::INBOUND {
        for upstream_dialect in Dialect::ALL {
            let streamed = translation(inbound, upstream_dialect, true);
            let whole = translation(inbound, upstream_dialect, false);
            for (_, said, mixed) in scenarios() {
                for kind in 0..40 {
                    let mut bytes = upstream::stream(upstream_dialect, &said, mixed);
                    for _ in 0..=dice.roll(6) {
                        mutate(&mut bytes, &mut dice, kind);
                    }
                    let at = dice.roll(bytes.len());
                    let (first, rest) = bytes.split_at(at);
                    let out = replay(&streamed, [first, rest]);
                    // Only the grammar counts here: what was said may be anything.
                    let read = std::panic::catch_unwind(|| read_stream(inbound, &out));
                    assert!(
                        read.is_ok(),
                        "badly formed: {}\nfrom: {}",
                        String::from_utf8_lossy(&out),
                        String::from_utf8_lossy(&bytes)
                    );
                    let mut body = upstream::body(upstream_dialect, &said);
                    mutate(&mut body, &mut dice, kind);
                    let reply = whole.reply(200, &[], &body);
                    assert!(serde_json::from_slice::<serde_json::Value>(&reply.body).is_ok());
                    count += 2;
                }
            }
        }
    }
    println!("{count} mutations");
}

fn mutate(bytes: &mut Vec<u8>, dice: &mut Dice, kind: usize) {
    if bytes.is_empty() {
        return;
    }
    let at = dice.roll(bytes.len());
    match kind % 8 {
        0 => bytes[at] = u8::try_from(dice.roll(256)).unwrap(),
        1 => {
            bytes.remove(at);
        }
        2 => bytes.insert(at, b"{}[]\",:\n\r 0"[dice.roll(11)]),
        3 => bytes.truncate(at),
        4 => {
            let piece: Vec<u8> = bytes[at..].iter().take(200).copied().collect();
            let to = dice.roll(bytes.len());
            bytes.splice(to..to, piece);
        }
        5 => {
            let end = (at + dice.roll(100)).min(bytes.len());
            bytes.drain(at..end);
        }
        6 => {
            // Two events change places.
            let text = String::from_utf8_lossy(bytes).into_owned();
            let mut events: Vec<&str> = text.split("\n\n").collect();
            let (a, b) = (dice.roll(events.len()), dice.roll(events.len()));
            events.swap(a, b);
            *bytes = events.join("\n\n").into_bytes();
        }
        _ => {
            // A number or a null where something else belongs.
            let text = String::from_utf8_lossy(bytes).into_owned();
            let words =
                ["\"index\"", "\"type\"", "\"id\"", "\"delta\"", "\"choices\"", "\"item\"", "\"usage\"", "\"content\""];
            let word = words[dice.roll(words.len())];
            let values = ["7", "null", "[]", "{}", "\"x\"", "-1.5e300", "99999999999999999999"];
            *bytes = text
                .replacen(&format!("{word}:"), &format!("{word}:{},\"was\":", values[dice.roll(7)]), 1 + dice.roll(3))
                .into_bytes();
        }
    }
}
