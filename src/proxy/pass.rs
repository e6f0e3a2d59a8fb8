//! A body that goes through as it is: the upstream's bytes, piece by piece, with an ear on what they cost.
//!
//! Where the client's name of the model was replaced on the way there, it is put back on the way here, in the events that
//! name it; every other byte stays. Nothing is added: no ping, no header of ours in the stream.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, SizeHint};

use super::records::Watch;
use super::reply::Broken;
use crate::dialect::form::Usage;
use crate::dialect::json::Json;
use crate::dialect::{Dialect, anthropic_messages, model_name, openai_chat, openai_responses};
use crate::net;

/// The longest usage object that is understood.
const MAX_USAGE_BYTES: usize = 16 * 1024;
/// The longest line of a stream in which a model's name is put back.
const MAX_LINE_BYTES: usize = 64 << 20;

/// A body on its way through.
pub struct Passed {
    inner: net::Answered,
    watch: Watch,
    ear: Ear,
    echo: Option<Echo>,
    held: Option<Bytes>,
    is_over: bool,
}

impl Passed {
    /// Passes a body on. `echo` is the client's name of the model, where a stream is to name it so.
    pub fn new(inner: net::Answered, dialect: Dialect, watch: Watch, echo: Option<String>) -> Self {
        let echo = echo.map(|name| Echo { name, line: Vec::new() });
        Self { inner, watch, ear: Ear::new(dialect), echo, held: None, is_over: false }
    }

    /// The next piece.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> {
        loop {
            if let Some(bytes) = self.held.take() {
                return Poll::Ready(Some(Ok(bytes)));
            }
            if self.is_over {
                self.watch.complete();
                return Poll::Ready(None);
            }
            match ready!(Pin::new(&mut self.inner).poll_frame(context)) {
                Some(Ok(frame)) => {
                    let Ok(bytes) = frame.into_data() else { continue };
                    self.watch.first_byte();
                    if let Some(usage) = self.ear.hear(&bytes) {
                        self.watch.usage(usage);
                    }
                    let out = match &mut self.echo {
                        Some(echo) => echo.push(&bytes),
                        None => bytes,
                    };
                    self.held = Some(out).filter(|bytes| !bytes.is_empty());
                }
                Some(Err(err)) => {
                    self.watch.failed(if matches!(err.kind, net::Kind::Timeout(_)) { "timeout" } else { "cut" });
                    return Poll::Ready(Some(Err(Broken)));
                }
                None => {
                    self.is_over = true;
                    self.held = self.echo.take().map(|echo| Bytes::from(echo.line)).filter(|rest| !rest.is_empty());
                    if self.inner.is_end_stream() && self.held.is_none() {
                        self.watch.complete();
                    }
                }
            }
        }
    }

    /// How long it is, where that does not change.
    pub fn size_hint(&self) -> SizeHint {
        if self.echo.is_some() { SizeHint::default() } else { self.inner.size_hint() }
    }
}

/// Puts the client's name of the model back, line by line.
struct Echo {
    name: String,
    line: Vec<u8>,
}

impl Echo {
    fn push(&mut self, mut bytes: &[u8]) -> Bytes {
        let mut out = Vec::with_capacity(bytes.len() + 64);
        while let Some(end) = bytes.iter().position(|b| *b == b'\n') {
            self.line.extend_from_slice(&bytes[..=end]);
            bytes = &bytes[end + 1..];
            let line = std::mem::take(&mut self.line);
            match self.replaced(&line) {
                Some(replaced) => out.extend_from_slice(replaced.as_bytes()),
                None => out.extend_from_slice(&line),
            }
        }
        self.line.extend_from_slice(bytes);
        if self.line.len() > MAX_LINE_BYTES {
            // No event is this long; it goes on as it is.
            out.append(&mut self.line);
        }
        out.into()
    }

    fn replaced(&self, line: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(line).ok()?;
        let data = text.strip_prefix("data:")?;
        let (blank, data) = if let Some(data) = data.strip_prefix(' ') { (" ", data) } else { ("", data) };
        let json = data.trim_end_matches(['\r', '\n']);
        let end = &data[json.len()..];
        model_name::echo(json, &self.name).map(|json| format!("data:{blank}{json}{end}"))
    }
}

/// Listens for `"usage":{…}` in passing, whatever it is in: events, or a reply in one piece.
#[derive(Debug)]
pub struct Ear {
    dialect: Dialect,
    tail: Vec<u8>,
    usage: Option<Usage>,
}

const WORD: &[u8] = b"\"usage\"";

impl Ear {
    /// An ear for one answer.
    pub fn new(dialect: Dialect) -> Self {
        Self { dialect, tail: Vec::new(), usage: None }
    }

    /// Takes the next bytes; gives the usage where they changed it.
    pub fn hear(&mut self, bytes: &[u8]) -> Option<Usage> {
        // Most pieces say nothing of it and are not kept.
        if self.tail.is_empty() && find(bytes, WORD).is_none() {
            self.keep_end(bytes);
            return None;
        }
        self.tail.extend_from_slice(bytes);
        let mut found = None;
        while let Some(at) = find(&self.tail, WORD) {
            let rest = &self.tail[at + WORD.len()..];
            let valid = rest.len().min(MAX_USAGE_BYTES);
            let text = match std::str::from_utf8(&rest[..valid]) {
                Ok(text) => text,
                Err(err) => std::str::from_utf8(&rest[..err.valid_up_to()]).unwrap_or_default(),
            };
            let value = text.trim_start().strip_prefix(':').map(str::trim_start);
            match value.map(|value| (value, Json::parse_prefix(value))) {
                Some((_, Some((json, _)))) => {
                    if json.is_object() {
                        self.usage = Some(self.decode(&json));
                        found = self.usage;
                    }
                    self.tail.drain(..at + WORD.len());
                }
                // The rest of it comes with the next piece, unless it is something else.
                _ if rest.len() < MAX_USAGE_BYTES => {
                    self.tail.drain(..at);
                    return found;
                }
                _ => drop(self.tail.drain(..at + WORD.len())),
            }
        }
        let tail = std::mem::take(&mut self.tail);
        self.keep_end(&tail);
        found
    }

    /// A word may be cut between two pieces.
    fn keep_end(&mut self, bytes: &[u8]) {
        let from = bytes.len().saturating_sub(WORD.len() - 1);
        let end = &bytes[from..];
        let cut = (0..end.len()).find(|&i| WORD.starts_with(&end[i..]));
        self.tail = cut.map(|i| end[i..].to_vec()).unwrap_or_default();
    }

    fn decode(&self, json: &Json) -> Usage {
        match self.dialect {
            Dialect::AnthropicMessages => anthropic_messages::response::decode_usage(json, self.usage),
            Dialect::OpenaiResponses => openai_responses::response::decode_usage(json),
            Dialect::OpenaiChat | Dialect::Gemini => openai_chat::response::decode_usage(json),
        }
    }
}

fn find(bytes: &[u8], word: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|b| *b == word[0]) {
        if bytes[from + at..].starts_with(word) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}
