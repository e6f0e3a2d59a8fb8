//! Anthropic Messages.

pub mod error;
mod part_decode;
pub mod request_decode;
pub mod request_encode;
pub mod response;
pub mod stream_decode;
pub mod stream_encode;
