//! Points of the conformance list about calls, from the upstream to the client.

use super::pairs::read_stream;
use super::points::{ANTHROPIC, CHAT, RESPONSES, delta, finish, from_chat};
use super::said::{Said, replay, route, simple_request, translation};
use super::{sse, upstream};
use llmenv::dialect::{Dialect, Translation};
use serde_json::{Value, json};

fn calls(pieces: &[&str], expected: &[(&str, &str)]) {
    let stream: String = pieces.iter().map(|piece| delta(&format!(r#"{{"tool_calls":[{piece}]}}"#))).collect();
    for said in from_chat(&(stream + &finish("tool_calls"))) {
        let got: Vec<(&str, &str)> =
            said.calls.iter().map(|(_, name, arguments)| (name.as_str(), arguments.as_str())).collect();
        assert_eq!(got, expected, "{pieces:?}");
        let mut ids: Vec<&String> = said.calls.iter().map(|(id, ..)| id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), expected.len(), "every call has its own id");
        assert_eq!(said.stop, "tool");
    }
}

#[test]
fn m39_fragments_whole_and_empty_arguments() {
    let head = r#"{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":""}}"#;
    calls(
        &[head, r#"{"index":0,"function":{"arguments":"{\"a\""}}"#, r#"{"index":0,"function":{"arguments":":1}"}}"#],
        &[("f", r#"{"a":1}"#)],
    );
    calls(&[r#"{"index":0,"id":"c1","function":{"name":"f","arguments":"{\"a\":1}"}}"#], &[("f", r#"{"a":1}"#)]);
    calls(&[head], &[("f", "{}")]);
    calls(&[r#"{"index":0,"id":"c1","function":{"name":"f"}}"#], &[("f", "{}")]);
}

#[test]
fn m40_parallel_calls_in_mixed_pieces() {
    let pieces = [
        r#"{"index":0,"id":"c1","function":{"name":"f","arguments":""}}"#,
        r#"{"index":1,"id":"c2","function":{"name":"g","arguments":"{\"b\""}}"#,
        r#"{"index":0,"function":{"arguments":"{\"a\":"}}"#,
        r#"{"index":1,"function":{"arguments":":2}"}}"#,
        r#"{"index":0,"function":{"arguments":"1}"}}"#,
    ];
    calls(&pieces, &[("f", r#"{"a":1}"#), ("g", r#"{"b":2}"#)]);
}

#[test]
fn m41_calls_without_index_or_all_with_index_0() {
    let whole = [
        r#"{"id":"c1","function":{"name":"f","arguments":"{\"a\":1}"}}"#,
        r#"{"id":"c2","function":{"name":"f","arguments":"{\"b\":2}"}}"#,
    ];
    calls(&whole, &[("f", r#"{"a":1}"#), ("f", r#"{"b":2}"#)]);
    let pieces = [
        r#"{"id":"c1","function":{"name":"f","arguments":"{\"a\""}}"#,
        r#"{"function":{"arguments":":1}"}}"#,
        r#"{"id":"c2","function":{"name":"g","arguments":"{\"b\""}}"#,
        r#"{"function":{"arguments":":2}"}}"#,
    ];
    calls(&pieces, &[("f", r#"{"a":1}"#), ("g", r#"{"b":2}"#)]);
    let zero: Vec<String> = whole.iter().map(|piece| piece.replacen('{', "{\"index\":0,", 1)).collect();
    calls(&[&zero[0], &zero[1]], &[("f", r#"{"a":1}"#), ("f", r#"{"b":2}"#)]);
}

#[test]
fn m42_calls_without_id_and_names_that_come_again() {
    calls(
        &[
            r#"{"index":0,"id":null,"function":{"name":"f","arguments":"{}"}}"#,
            r#"{"index":1,"function":{"name":"g","arguments":"{}"}}"#,
        ],
        &[("f", "{}"), ("g", "{}")],
    );
    calls(
        &[
            r#"{"index":0,"id":"c1","function":{"name":"f","arguments":"{\"a\""}}"#,
            r#"{"index":0,"id":"c1","function":{"name":"f","arguments":":1}"}}"#,
        ],
        &[("f", r#"{"a":1}"#)],
    );
    calls(
        &[
            r#"{"index":0,"id":"c1","function":{"name":"f","arguments":"{\"a\""}}"#,
            r#"{"index":0,"id":"","function":{"name":null,"arguments":":1}"}}"#,
        ],
        &[("f", r#"{"a":1}"#)],
    );
    calls(
        &[r#"{"function":{"name":"f","arguments":"{}"}}"#, r#"{"function":{"name":"f","arguments":"{}"}}"#],
        &[("f", "{}"), ("f", "{}")],
    );
}

#[test]
fn m43_m44_m45_odd_arguments() {
    calls(&[r#"{"index":0,"id":"c1","function":{"name":"f","arguments":{"a":1.0}}}"#], &[("f", r#"{"a":1.0}"#)]);
    let broken = delta(r#"{"tool_calls":[{"index":0,"id":"c1","function":{"name":"f","arguments":"{oops"}}]}"#)
        + &finish("tool_calls");
    for inbound in [CHAT, RESPONSES] {
        let said = read_stream(inbound, &replay(&translation(inbound, CHAT, true), [broken.as_bytes()]));
        assert_eq!(said.calls[0].2, "{oops");
    }
    let legacy = delta(r#"{"function_call":{"name":"f","arguments":"{\"a\""}}"#)
        + &delta(r#"{"function_call":{"arguments":":1}"}}"#)
        + &finish("function_call");
    for said in from_chat(&legacy) {
        assert_eq!(said.calls[0].2, r#"{"a":1}"#);
    }
}

#[test]
fn m57_long_and_illegal_names_there_and_back() {
    let long = format!("mcp__{}__do", "x".repeat(90));
    for name in [long.as_str(), "a/b.c", "prüfe"] {
        for inbound in Dialect::INBOUND {
            for upstream_dialect in Dialect::ALL {
                let mut body = simple_request(inbound, false);
                match inbound {
                    Dialect::OpenaiChat => body["tools"][0]["function"]["name"] = json!(name),
                    _ => body["tools"][0]["name"] = json!(name),
                }
                let translation =
                    Translation::new(route(inbound, upstream_dialect), body.to_string().as_bytes()).unwrap();
                let sent = String::from_utf8(translation.request.body.clone()).unwrap();
                assert!(!sent.contains(&format!("\"{name}\"")), "{sent}");
                let sent: Value = serde_json::from_str(&sent).unwrap();
                let tool = match upstream_dialect {
                    Dialect::OpenaiChat => &sent["tools"][0]["function"]["name"],
                    Dialect::Gemini => &sent["tools"][0]["functionDeclarations"][0]["name"],
                    _ => &sent["tools"][0]["name"],
                };
                let said = Said::text("").call("call_1", tool.as_str().unwrap(), "{}");
                let reply = translation.reply(200, &[], &upstream::body(upstream_dialect, &said));
                assert_eq!(super::pairs::read_body(inbound, &reply.body).calls[0].1, name);
            }
        }
    }
}

#[test]
fn m34_m63_custom_tools_and_namespaces_come_back_as_they_were() {
    let body = json!({"model": "client-model", "stream": true, "input": "x", "tools": [
        {"type": "custom", "name": "apply_patch", "description": "edit", "format": {"type": "grammar", "syntax": "lark", "definition": "start: X"}},
        {"type": "namespace", "name": "agents", "description": "", "tools": [{"type": "function", "name": "close", "parameters": {}, "strict": false}]},
    ]});
    let patch = "*** Begin\n+\"quoted\" \\ ü\n";
    for upstream_dialect in [CHAT, ANTHROPIC, Dialect::Gemini] {
        let translation = Translation::new(route(RESPONSES, upstream_dialect), body.to_string().as_bytes()).unwrap();
        let sent = String::from_utf8(translation.request.body.clone()).unwrap();
        assert!(sent.contains("apply_patch") && sent.contains("start: X") && sent.contains("agents__close"), "{sent}");
        let said = Said::text("").call("call_1", "apply_patch", &json!({"input": patch}).to_string()).call(
            "call_2",
            "agents__close",
            r#"{"id":1}"#,
        );
        let bytes = upstream::stream(upstream_dialect, &said, true);
        let out = replay(&translation, [bytes.as_slice()]);
        read_stream(RESPONSES, &out);
        let items: Vec<Value> = sse::read(&out)
            .iter()
            .filter(|sent| sent.event.as_deref() == Some("response.output_item.done"))
            .map(|sent| sent.json()["item"].clone())
            .collect();
        assert_eq!(
            (&items[0]["type"], &items[0]["name"], &items[0]["input"]),
            (&json!("custom_tool_call"), &json!("apply_patch"), &json!(patch))
        );
        assert_eq!(
            (&items[1]["type"], &items[1]["namespace"], &items[1]["name"]),
            (&json!("function_call"), &json!("agents"), &json!("close"))
        );
        // The next request brings them back; the upstream sees its own names again.
        let mut next = body.clone();
        let mut input = vec![json!({"role": "user", "content": "x"})];
        input.extend(items);
        input.push(json!({"type": "custom_tool_call_output", "call_id": "call_1", "output": "Done"}));
        input.push(json!({"type": "function_call_output", "call_id": "call_2", "output": "closed"}));
        next["input"] = json!(input);
        let again = Translation::new(route(RESPONSES, upstream_dialect), next.to_string().as_bytes()).unwrap();
        let lines = super::asked::read(upstream_dialect, &again.request.body);
        assert!(lines[1].starts_with("assistant call apply_patch {\"input\":"), "{lines:?}");
        assert_eq!(
            lines[2..],
            ["assistant call agents__close {\"id\":1}", "result apply_patch Done", "result agents__close closed"]
        );
    }
    // An upstream of the same dialect knows custom tools itself.
    let translation = Translation::new(route(CHAT, RESPONSES), json!({"model": "m", "messages": [{"role": "user", "content": "x"}],
        "tools": [{"type": "custom", "custom": {"name": "p", "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "d"}}}}]}).to_string().as_bytes()).unwrap();
    let sent: Value = serde_json::from_slice(&translation.request.body).unwrap();
    assert_eq!(
        sent["tools"][0],
        json!({"type": "custom", "name": "p", "format": {"type": "grammar", "syntax": "lark", "definition": "d"}})
    );
}

#[test]
fn m62_no_server_tools_are_invented() {
    let body = upstream::body(CHAT, &Said::text("x"));
    assert!(String::from_utf8_lossy(&body).contains("\"annotations\":[]"));
    let reply = translation(ANTHROPIC, CHAT, false).reply(200, &[], &body);
    let reply: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(reply["content"], json!([{"type": "text", "text": "x"}]));
}
