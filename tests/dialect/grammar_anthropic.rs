//! The grammar of Anthropic streams and messages, after wire protocols section 2.

use super::said::Said;
use super::sse;
use serde_json::Value;

fn is_usage(usage: &Value, with_input: bool) {
    assert!(usage["output_tokens"].is_u64(), "output_tokens is a whole number: {usage}");
    if with_input {
        assert!(usage["input_tokens"].is_u64(), "{usage}");
    }
}

fn stop(reason: &Value) -> &'static str {
    match reason.as_str().expect("stop_reason is a string") {
        "end_turn" | "stop_sequence" => "end",
        "max_tokens" | "model_context_window_exceeded" => "limit",
        "tool_use" => "tool",
        "refusal" => "filter",
        other => panic!("unknown stop_reason {other}"),
    }
}

fn usage(usage: &Value) -> Option<[u64; 4]> {
    let n = |name: &str| usage[name].as_u64().unwrap_or(0);
    let cached = n("cache_read_input_tokens");
    usage["input_tokens"].is_u64().then(|| {
        [
            n("input_tokens") + cached + n("cache_creation_input_tokens"),
            cached,
            n("output_tokens"),
            usage["output_tokens_details"]["thinking_tokens"].as_u64().unwrap_or(0),
        ]
    })
}

fn is_id(id: &Value) {
    let id = id.as_str().expect("an id is a string");
    assert!(!id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'), "{id}");
}

fn message_head(message: &Value) {
    assert!(message["id"].as_str().unwrap().starts_with("msg_"));
    assert_eq!(message["type"], "message");
    assert_eq!(message["role"], "assistant");
    assert_eq!(message["model"], "client-model", "the client's own name of the model");
    assert!(message.as_object().unwrap().contains_key("stop_sequence"));
    is_usage(&message["usage"], true);
}

pub fn message(body: &Value) -> Said {
    message_head(body);
    let mut said = Said { stop: stop(&body["stop_reason"]), usage: usage(&body["usage"]), ..Said::default() };
    for block in body["content"].as_array().expect("content is an array") {
        match block["type"].as_str().unwrap() {
            "text" => {
                assert!(!block["text"].as_str().unwrap().is_empty(), "no empty text block");
                said.text.push_str(block["text"].as_str().unwrap());
            }
            "thinking" => {
                assert!(block["signature"].is_string());
                said.thinking.push_str(block["thinking"].as_str().unwrap());
            }
            "redacted_thinking" => assert!(block["data"].is_string()),
            "tool_use" => {
                is_id(&block["id"]);
                assert!(block["input"].is_object(), "input is an object");
                said.calls.push((
                    block["id"].as_str().unwrap().into(),
                    block["name"].as_str().unwrap().into(),
                    block["input"].to_string(),
                ));
            }
            other => panic!("invented block {other}"),
        }
    }
    assert_eq!(said.stop == "tool" || said.stop == "limit", !said.calls.is_empty() || said.stop == "limit");
    said
}

pub fn error(body: &Value) -> Said {
    assert_eq!(body["type"], "error");
    let kinds = [
        "invalid_request_error",
        "authentication_error",
        "billing_error",
        "permission_error",
        "not_found_error",
        "conflict_error",
        "request_too_large",
        "rate_limit_error",
        "api_error",
        "timeout_error",
        "overloaded_error",
    ];
    assert!(kinds.contains(&body["error"]["type"].as_str().unwrap()), "{body}");
    Said { stop: "error", error: body["error"]["message"].as_str().unwrap().into(), ..Said::default() }
}

pub fn stream(bytes: &[u8]) -> Said {
    let mut said = Said::default();
    let (mut started, mut delta_seen, mut over) = (false, false, false);
    let mut open: Option<(u64, String)> = None;
    let mut signed = false;
    let mut next = 0u64;
    for sent in sse::read(bytes) {
        assert!(!over, "nothing after the last event");
        let data = sent.json();
        let kind = data["type"].as_str().expect("every event has a type").to_owned();
        assert_eq!(sent.event.as_deref(), Some(kind.as_str()), "event equals type");
        if kind != "message_start" && kind != "error" {
            assert!(started, "message_start comes first, not {kind}");
        }
        match kind.as_str() {
            "message_start" => {
                assert!(!std::mem::replace(&mut started, true), "one message_start");
                message_head(&data["message"]);
                assert_eq!(data["message"]["content"], serde_json::json!([]));
                assert!(data["message"]["stop_reason"].is_null() && data["message"]["stop_sequence"].is_null());
            }
            "ping" => {}
            "content_block_start" => {
                assert!(open.is_none() && !delta_seen, "one open block");
                assert_eq!(data["index"], next, "indices without gaps");
                let block = &data["content_block"];
                let kind = block["type"].as_str().unwrap().to_owned();
                match kind.as_str() {
                    "text" => assert_eq!(block["text"], ""),
                    "thinking" => assert_eq!((&block["thinking"], &block["signature"]), (&"".into(), &"".into())),
                    "redacted_thinking" => assert!(block["data"].is_string()),
                    "tool_use" => {
                        is_id(&block["id"]);
                        assert_eq!(block["input"], serde_json::json!({}));
                        let (id, name) = (block["id"].as_str().unwrap(), block["name"].as_str().unwrap());
                        assert!(!name.is_empty());
                        said.calls.push((id.into(), name.into(), String::new()));
                    }
                    other => panic!("invented block {other}"),
                }
                signed = false;
                open = Some((next, kind));
                next += 1;
            }
            "content_block_delta" => {
                let (index, block) = open.as_ref().expect("a delta is inside a block");
                assert_eq!(data["index"], *index);
                let delta = &data["delta"];
                match (block.as_str(), delta["type"].as_str().unwrap()) {
                    ("text", "text_delta") => said.text.push_str(delta["text"].as_str().unwrap()),
                    ("thinking", "thinking_delta") => {
                        assert!(!signed, "no thinking after its signature");
                        said.thinking.push_str(delta["thinking"].as_str().unwrap());
                    }
                    ("thinking", "signature_delta") => {
                        assert!(!std::mem::replace(&mut signed, true), "one signature");
                        assert!(!delta["signature"].as_str().unwrap().is_empty());
                    }
                    ("tool_use", "input_json_delta") => {
                        said.calls.last_mut().unwrap().2.push_str(delta["partial_json"].as_str().unwrap());
                    }
                    wrong => panic!("a delta in the wrong block: {wrong:?}"),
                }
            }
            "content_block_stop" => {
                let (index, block) = open.take().expect("a stop of an open block");
                assert_eq!(data["index"], index);
                if block == "tool_use" {
                    let last = said.calls.last_mut().unwrap();
                    if last.2.is_empty() {
                        last.2 = "{}".into();
                    }
                }
            }
            "message_delta" => {
                assert!(
                    open.is_none() && !std::mem::replace(&mut delta_seen, true),
                    "one message_delta, after the blocks"
                );
                said.stop = stop(&data["delta"]["stop_reason"]);
                assert!(data["delta"].as_object().unwrap().contains_key("stop_sequence"));
                is_usage(&data["usage"], false);
                said.usage = usage(&data["usage"]);
            }
            "message_stop" => {
                assert!(delta_seen, "message_delta before message_stop");
                over = true;
            }
            "error" => {
                let failed = error(&data);
                (said.stop, said.error) = (failed.stop, failed.error);
                over = true;
            }
            other => panic!("unknown event {other}"),
        }
    }
    assert!(over, "a last event");
    if said.stop != "error" {
        assert!(said.calls.is_empty() || said.stop == "tool" || said.stop == "limit" || said.stop == "filter");
    }
    said
}
