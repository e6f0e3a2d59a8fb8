//! A strict reader of what we send: `event:` at most once, one `data:` line, an empty line; comments between events.

use serde_json::Value;

#[derive(Debug)]
pub struct Sent {
    pub event: Option<String>,
    pub data: String,
}

impl Sent {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|err| panic!("data is not JSON: {err}: {}", self.data))
    }
}

pub fn read(bytes: &[u8]) -> Vec<Sent> {
    let text = std::str::from_utf8(bytes).expect("what is sent is UTF-8");
    assert!(!text.contains('\r'), "lines end in LF");
    let mut sent = Vec::new();
    if text.is_empty() {
        return sent;
    }
    assert!(text.ends_with("\n\n"), "the last event is complete");
    for block in text.trim_end_matches('\n').split("\n\n") {
        if block.starts_with(':') {
            continue;
        }
        let (mut event, mut data) = (None, None);
        for line in block.split('\n') {
            if let Some(name) = line.strip_prefix("event: ") {
                assert!(
                    event.replace(name.to_owned()).is_none() && data.is_none(),
                    "one name, before the data: {block}"
                );
            } else if let Some(value) = line.strip_prefix("data: ") {
                assert!(data.replace(value.to_owned()).is_none(), "one data line: {block}");
            } else {
                panic!("not a line of an event: {line:?}");
            }
        }
        sent.push(Sent { event, data: data.expect("an event has data") });
    }
    sent
}
