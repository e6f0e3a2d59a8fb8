//! Translation between wire dialects, through one internal form. Pure: no sockets, no clock, no randomness.
//!
//! ```text
//! client ─► request_decode ─► form::Request ─► arrange ─► request_encode ─► upstream
//! client ◄─ stream_encode  ◄─ Restore ◄─ form::Event ◄─ stream_decode   ◄─ upstream
//! ```
//!
//! In: a request in the client's dialect and a [`Route`]. Out: a [`Translation`] with the upstream's body, and from it
//! the client's reply or stream. The proxy calls it. Where both sides speak one dialect the proxy passes bytes instead.

pub mod anthropic_messages;
pub mod encode;
pub mod form;
pub mod gemini;
pub mod json;
pub mod media;
pub mod model_name;
pub mod models;
pub mod names;
pub mod openai_chat;
pub mod openai_responses;
pub mod reply;
pub mod route;
pub mod schema;
pub mod sse;
pub mod stream;
pub mod translation;

pub use reply::Reply;
pub use route::{Dialect, Quirks, Route};
pub use stream::Stream;
pub use translation::{Translation, UpstreamRequest, decode_request, encode_failure};
