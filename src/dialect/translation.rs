//! One exchange: the request there, and what is needed for the way back.

use std::collections::HashSet;

use super::encode::Encoding;
use super::form::{Dropped, Failure, FailureKind, Part, Request, arrange, estimate};
use super::json::Json;
use super::names::{Names, Restore};
use super::reply::{self, Reply};
use super::route::{Dialect, Route};
use super::stream::Stream;
use super::{anthropic_messages, gemini, openai_chat, openai_responses};

/// What goes to the upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamRequest {
    /// The path below the endpoint's base: `chat/completions`, `v1/messages`, `responses`, `v1beta/models/M:method`.
    pub path: String,
    /// The query, without question mark.
    pub query: Option<&'static str>,
    /// The body.
    pub body: Vec<u8>,
}

/// One exchange between a client and an upstream of another dialect.
#[derive(Debug)]
pub struct Translation {
    /// What goes to the upstream.
    pub request: UpstreamRequest,
    /// Whether the client wants a stream.
    pub streams: bool,
    /// The model as the client named it.
    pub client_model: String,
    /// About how many tokens the request has.
    pub estimate: u64,
    /// What was left out, one entry a kind.
    pub dropped: Dropped,
    route: Route,
    names: Names,
    include_usage: bool,
}

/// Reads a request in a client's dialect.
pub fn decode_request(inbound: Dialect, body: &[u8]) -> Result<Request, Failure> {
    let body = Json::parse_bytes(body)
        .filter(Json::is_object)
        .ok_or_else(|| Failure::new(FailureKind::Request, "the request's body is not a JSON object"))?;
    let mut request = match inbound {
        Dialect::OpenaiChat => openai_chat::request_decode::decode(&body)?,
        Dialect::AnthropicMessages => anthropic_messages::request_decode::decode(&body)?,
        Dialect::OpenaiResponses => openai_responses::request_decode::decode(&body)?,
        Dialect::Gemini => {
            return Err(Failure::new(FailureKind::NotFound, "clients of the Gemini dialect are not served"));
        }
    };
    request.messages = arrange::arrange(std::mem::take(&mut request.messages));
    Ok(request)
}

/// Writes a failure as an error body of the client's dialect.
pub fn encode_failure(inbound: Dialect, failure: &Failure) -> Vec<u8> {
    let body = match inbound {
        Dialect::AnthropicMessages => anthropic_messages::error::encode(failure),
        Dialect::OpenaiResponses => openai_responses::error::encode(failure),
        Dialect::OpenaiChat | Dialect::Gemini => openai_chat::error::encode(failure),
    };
    body.to_string().into_bytes()
}

impl Translation {
    /// Translates a request. A failure is to be answered with [`Reply::of_failure`].
    pub fn new(route: Route, body: &[u8]) -> Result<Self, Failure> {
        let request = decode_request(route.inbound, body)?;
        let wraps_custom = route.upstream != Dialect::OpenaiResponses;
        let mut with = Encoding {
            route: &route,
            names: Names::new(&request.tools, wraps_custom),
            dropped: request.dropped.clone(),
            custom_calls: custom_calls(&request),
        };
        let body = match route.upstream {
            Dialect::OpenaiChat => openai_chat::request_encode::encode(&request, &mut with)?,
            Dialect::AnthropicMessages => anthropic_messages::request_encode::encode(&request, &mut with)?,
            Dialect::OpenaiResponses => openai_responses::request_encode::encode(&request, &mut with)?,
            Dialect::Gemini => gemini::request_encode::encode(&request, &mut with)?,
        };
        let (names, dropped) = (with.names, with.dropped);
        let (path, query) = match route.upstream {
            Dialect::OpenaiChat => ("chat/completions".to_owned(), None),
            Dialect::AnthropicMessages => ("v1/messages".to_owned(), None),
            Dialect::OpenaiResponses => ("responses".to_owned(), None),
            Dialect::Gemini => {
                let model = route.model.strip_prefix("models/").unwrap_or(&route.model);
                let model: String = url::form_urlencoded::byte_serialize(model.as_bytes()).collect();
                if request.stream {
                    (format!("v1beta/models/{model}:streamGenerateContent"), Some("alt=sse"))
                } else {
                    (format!("v1beta/models/{model}:generateContent"), None)
                }
            }
        };
        Ok(Self {
            request: UpstreamRequest { path, query, body: body.to_string().into_bytes() },
            streams: request.stream,
            estimate: estimate::tokens(&request),
            client_model: request.model,
            dropped,
            route,
            names,
            include_usage: request.include_usage,
        })
    }

    /// Translates a reply that came in one piece, or an error. The body must be decompressed.
    ///
    /// Where the client wanted a stream and got status 200, use [`Translation::stream`], whatever the content type.
    pub fn reply(&self, status: u16, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        reply::translate(self, status, headers, body)
    }

    /// Begins to translate a stream.
    pub fn stream(&self) -> Stream {
        Stream::new(self)
    }

    /// From where to where it goes.
    pub fn route(&self) -> &Route {
        &self.route
    }

    /// Whether a chat client wants the usage chunk.
    pub(super) fn include_usage(&self) -> bool {
        self.include_usage
    }

    /// The stage that gives the client its own names back.
    pub(super) fn restore(&self) -> Restore {
        Restore::new(self.names.clone())
    }
}

fn custom_calls(request: &Request) -> HashSet<String> {
    let parts = request.messages.iter().flat_map(|message| &message.parts);
    parts
        .filter_map(|part| if let Part::ToolCall(call) = part { call.custom.then(|| call.id.clone()) } else { None })
        .collect()
}
