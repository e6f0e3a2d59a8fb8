//! Lists of models in both shapes.

use llmenv::dialect::Dialect;
use llmenv::dialect::models::{decode, encode};
use serde_json::{Value, json};

#[test]
fn m103_lists_in_the_clients_shape() {
    let lists = [
        json!({"object": "list", "data": [{"id": "a", "object": "model"}, {"id": "b"}]}),
        json!({"data": [{"type": "model", "id": "a", "display_name": "A"}, {"type": "model", "id": "b"}], "has_more": false}),
        json!({"models": [{"name": "models/a"}, {"name": "models/b"}]}),
    ];
    for list in lists {
        let ids = decode(list.to_string().as_bytes());
        assert_eq!(ids, ["a", "b"]);
        let anthropic: Value = serde_json::from_slice(&encode(Dialect::AnthropicMessages, &ids, 1)).unwrap();
        assert_eq!(
            (&anthropic["first_id"], &anthropic["last_id"], &anthropic["has_more"]),
            (&json!("a"), &json!("b"), &json!(false))
        );
        assert_eq!(anthropic["data"][0]["type"], "model");
        let openai: Value = serde_json::from_slice(&encode(Dialect::OpenaiChat, &ids, 1)).unwrap();
        assert_eq!(
            (&openai["object"], &openai["data"][1]["id"], &openai["data"][1]["object"]),
            (&json!("list"), &json!("b"), &json!("model"))
        );
    }
    assert!(decode(b"<html>").is_empty());
}
