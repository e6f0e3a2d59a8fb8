//! `OpenAI` Responses.

pub mod error;
mod item_decode;
pub mod request_decode;
pub mod request_encode;
pub mod response;
pub mod stream_decode;
pub mod stream_encode;
