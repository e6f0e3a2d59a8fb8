//! Gemini `generateContent`; spoken to upstreams only.

pub mod error;
pub mod request_encode;
pub mod response;
pub mod stream_decode;
