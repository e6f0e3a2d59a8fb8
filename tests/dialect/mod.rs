//! Translation between dialects: every pair, every scenario, and the points of the conformance list by name.

mod asked;
mod client;
mod grammar_anthropic;
mod grammar_chat;
mod grammar_responses;
mod json;
mod model_name;
mod models;
mod mutation;
mod pairs;
mod points;
mod points_client;
mod points_errors;
mod points_shapes;
mod points_tools;
mod said;
mod sse;
mod upstream;
