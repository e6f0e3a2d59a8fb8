//! `OpenAI` Chat Completions, and the many servers that speak something like it.

pub mod error;
pub mod request_decode;
pub mod request_encode;
pub mod response;
pub mod stream_decode;
pub mod stream_encode;
mod think;
