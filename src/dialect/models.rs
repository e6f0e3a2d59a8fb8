//! Lists of models: read in any dialect's shape, written in the two that clients ask for.

use super::json::{Json, object};
use super::route::Dialect;

/// Reads the ids of a list: `data[].id` (Anthropic, `OpenAI`) or `models[].name` (Gemini).
pub fn decode(body: &[u8]) -> Vec<String> {
    let Some(body) = Json::parse_bytes(body) else { return Vec::new() };
    let gemini = body.array("models").iter().filter_map(|model| model.str("name"));
    let others = body.array("data").iter().filter_map(|model| model.str("id"));
    others.chain(gemini.map(|name| name.strip_prefix("models/").unwrap_or(name))).map(str::to_owned).collect()
}

/// Writes a list in the client's shape; `created_secs` stands where the upstream says nothing.
pub fn encode(inbound: Dialect, ids: &[String], created_secs: u64) -> Vec<u8> {
    let body = if inbound == Dialect::AnthropicMessages {
        let data: Vec<Json> = ids
            .iter()
            .map(|id| object! { "type" => "model", "id" => id, "display_name" => id, "created_at" => "2024-01-01T00:00:00Z" })
            .collect();
        object! { "data" => data, "has_more" => false, "first_id" => ids.first(), "last_id" => ids.last() }
    } else {
        let data: Vec<Json> = ids
            .iter()
            .map(|id| object! { "id" => id, "object" => "model", "created" => created_secs, "owned_by" => "llmenv" })
            .collect();
        object! { "object" => "list", "data" => data }
    };
    body.to_string().into_bytes()
}

/// Writes the answer to a question for a count of tokens.
pub fn encode_count(tokens: u64) -> Vec<u8> {
    object! { "input_tokens" => tokens }.to_string().into_bytes()
}
