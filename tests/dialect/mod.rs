//! Translation between dialects: every pair, every scenario, and the points of the conformance list by name.

mod asked;
mod client;
mod conversations;
pub mod grammar_anthropic;
pub mod grammar_chat;
pub mod grammar_responses;
mod json;
mod model_name;
mod models;
mod mutation;
pub mod pairs;
mod points;
mod points_client;
mod points_errors;
mod points_shapes;
mod points_tools;
pub mod said;
mod sse;
pub mod upstream;
