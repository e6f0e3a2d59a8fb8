//! A stream on its way from the upstream to the client: bytes in, bytes out, no I/O.

use super::form::{Event, Failure};
use super::json::Json;
use super::names::Restore;
use super::route::{Dialect, Route};
use super::translation::Translation;
use super::{anthropic_messages, gemini, openai_chat, openai_responses};

/// What an upstream's bytes mean.
#[derive(Debug)]
pub enum Decoder {
    /// Chat chunks.
    Chat(openai_chat::stream_decode::Decoder),
    /// Anthropic events.
    Anthropic(anthropic_messages::stream_decode::Decoder),
    /// Responses events.
    Responses(openai_responses::stream_decode::Decoder),
    /// Gemini's partial candidates.
    Gemini(gemini::stream_decode::Decoder),
}

impl Decoder {
    /// A decoder for one exchange.
    pub fn new(route: &Route) -> Self {
        match route.upstream {
            Dialect::OpenaiChat => Self::Chat(openai_chat::stream_decode::Decoder::new(route)),
            Dialect::AnthropicMessages => Self::Anthropic(anthropic_messages::stream_decode::Decoder::new(route)),
            Dialect::OpenaiResponses => Self::Responses(openai_responses::stream_decode::Decoder::new(route)),
            Dialect::Gemini => Self::Gemini(gemini::stream_decode::Decoder::new(route)),
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Event> {
        match self {
            Self::Chat(decoder) => decoder.push(bytes),
            Self::Anthropic(decoder) => decoder.push(bytes),
            Self::Responses(decoder) => decoder.push(bytes),
            Self::Gemini(decoder) => decoder.push(bytes),
        }
    }

    /// Says that nothing more comes.
    pub fn finish(&mut self) -> Vec<Event> {
        match self {
            Self::Chat(decoder) => decoder.finish(),
            Self::Anthropic(decoder) => decoder.finish(),
            Self::Responses(decoder) => decoder.finish(),
            Self::Gemini(decoder) => decoder.finish(),
        }
    }
}

#[derive(Debug)]
enum Encoder {
    Chat(openai_chat::stream_encode::Encoder),
    Anthropic(anthropic_messages::stream_encode::Encoder),
    Responses(Box<openai_responses::stream_encode::Encoder>),
}

/// The most bytes a reply in one piece may have where a stream was asked for.
const MAX_REPLY_BYTES: usize = 64 << 20;

/// How the upstream answers.
#[derive(Debug)]
enum Framing {
    /// Not known yet: blanks and a byte order mark may come first.
    Unknown(Vec<u8>),
    /// An event stream.
    Events,
    /// One JSON value, although a stream was asked for.
    Json(Vec<u8>),
}

/// A stream on its way.
#[derive(Debug)]
pub struct Stream {
    framing: Framing,
    decoder: Decoder,
    restore: Restore,
    encoder: Encoder,
    route: Route,
    over: bool,
    usage: Option<super::form::Usage>,
    failure: Option<Failure>,
}

impl Stream {
    pub(super) fn new(translation: &Translation) -> Self {
        let route = translation.route().clone();
        let model = &translation.client_model;
        Self {
            framing: Framing::Unknown(Vec::new()),
            decoder: Decoder::new(&route),
            restore: translation.restore(),
            encoder: match route.inbound {
                Dialect::AnthropicMessages => Encoder::Anthropic(anthropic_messages::stream_encode::Encoder::new(
                    model,
                    translation.estimate,
                    &route,
                )),
                Dialect::OpenaiResponses => {
                    Encoder::Responses(Box::new(openai_responses::stream_encode::Encoder::new(model, &route)))
                }
                Dialect::OpenaiChat | Dialect::Gemini => {
                    Encoder::Chat(openai_chat::stream_encode::Encoder::new(model, translation.include_usage(), &route))
                }
            },
            route,
            over: false,
            usage: None,
            failure: None,
        }
    }

    /// Takes the next bytes of the upstream and gives the client's.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut first = Vec::new();
        let mut bytes = bytes;
        if let Framing::Unknown(held) = &mut self.framing {
            held.extend_from_slice(bytes);
            let text = held.strip_prefix(b"\xef\xbb\xbf").unwrap_or(held);
            let Some(byte) = text.iter().find(|b| !b.is_ascii_whitespace()) else { return Vec::new() };
            if held.len() < 3 && held[0] == 0xef {
                return Vec::new();
            }
            let is_json = matches!(byte, b'{' | b'[');
            first = std::mem::take(held);
            bytes = &first;
            self.framing = if is_json { Framing::Json(Vec::new()) } else { Framing::Events };
        }
        let events = match &mut self.framing {
            Framing::Json(held) => {
                held.extend_from_slice(bytes);
                if held.len() <= MAX_REPLY_BYTES {
                    return Vec::new();
                }
                *held = Vec::new();
                self.framing = Framing::Events;
                vec![Event::Error(Failure::new(
                    super::form::FailureKind::Upstream,
                    "the upstream sent too large a reply",
                ))]
            }
            _ => self.decoder.push(bytes),
        };
        drop(first);
        self.encode(events)
    }

    /// Says that the upstream has ended, well or not. What comes out ends the client's stream in any case.
    pub fn finish(&mut self) -> Vec<u8> {
        let events = match &mut self.framing {
            Framing::Json(held) => {
                let held = std::mem::take(held);
                match Json::parse_bytes(&held) {
                    Some(body) => super::reply::decode_whole(&body, &self.route),
                    None => self.decoder.finish(),
                }
            }
            _ => self.decoder.finish(),
        };
        self.encode(events)
    }

    /// Breaks the stream off with an error: a deadline, a lost connection.
    pub fn fail(&mut self, failure: Failure) -> Vec<u8> {
        self.encode(vec![Event::Error(failure)])
    }

    /// Says to the client that the upstream is only silent. May come before the first byte.
    pub fn ping(&mut self) -> Vec<u8> {
        if self.over { Vec::new() } else { self.encode(vec![Event::Ping]) }
    }

    /// Says whether the client's stream has had its last event.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// What the exchange cost, where the upstream has said.
    pub fn usage(&self) -> Option<super::form::Usage> {
        self.usage
    }

    /// What broke it off.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    fn encode(&mut self, events: Vec<Event>) -> Vec<u8> {
        let mut out = Vec::new();
        for event in events {
            for event in self.restore.push(event) {
                if self.over {
                    continue;
                }
                match &event {
                    Event::Start { usage: Some(usage), .. } | Event::End { usage: Some(usage), .. } => {
                        self.usage = Some(*usage);
                    }
                    Event::Error(failure) => self.failure = Some(failure.clone()),
                    _ => {}
                }
                self.over = matches!(event, Event::End { .. } | Event::Error(_));
                match &mut self.encoder {
                    Encoder::Chat(encoder) => encoder.push(&event, &mut out),
                    Encoder::Anthropic(encoder) => encoder.push(event, &mut out),
                    Encoder::Responses(encoder) => encoder.push(event, &mut out),
                }
            }
        }
        out
    }
}
