//! A mapped model's name is replaced in place; no other byte changes.

use llmenv::dialect::model_name::{echo, replace};

#[test]
fn the_name_alone_changes() {
    let body = "{ \"messages\" : [{\"model\":\"no\"}],\r\n\t\"model\" :  \"cl\\u0061ude\" , \"n\": 1.0e2, \"t\":\"\\u00fc\" }\n";
    let got = String::from_utf8(replace(body.as_bytes(), "gpt \"5\"").unwrap()).unwrap();
    assert_eq!(got, body.replace("\"cl\\u0061ude\"", "\"gpt \\\"5\\\"\""));
    assert_eq!(replace(b"{}", "x"), None);
    assert_eq!(replace(b"[\"model\"]", "x"), None);
    assert_eq!(replace(b"{\"model\":", "x"), None);
}

#[test]
fn the_clients_name_comes_back_in_every_dialect() {
    for (data, expected) in [
        (
            r#"{"id":1, "model":"real","choices":[{"model":"real"}]}"#,
            r#"{"id":1, "model":"mine","choices":[{"model":"real"}]}"#,
        ),
        (
            r#"{"type":"message_start","message":{"model":"real","n":1.0}}"#,
            r#"{"type":"message_start","message":{"model":"mine","n":1.0}}"#,
        ),
        (r#"{"response":{"model":"real"},"x":[]}"#, r#"{"response":{"model":"mine"},"x":[]}"#),
    ] {
        assert_eq!(echo(data, "mine").as_deref(), Some(expected));
    }
    for unchanged in [r#"{"type":"ping"}"#, r#"{"model":"mine"}"#, r#"{"model":null}"#, "[DONE]"] {
        assert_eq!(echo(unchanged, "mine"), None);
    }
}
