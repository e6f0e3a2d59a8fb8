//! The grammar of Responses streams and bodies, after wire protocols section 4.

use super::said::Said;
use super::sse;
use serde_json::Value;

fn usage(usage: &Value) -> Option<[u64; 4]> {
    let n = |v: &Value| v.as_u64().expect("a whole number");
    assert_eq!(n(&usage["total_tokens"]), n(&usage["input_tokens"]) + n(&usage["output_tokens"]));
    Some([
        n(&usage["input_tokens"]),
        n(&usage["input_tokens_details"]["cached_tokens"]),
        n(&usage["output_tokens"]),
        n(&usage["output_tokens_details"]["reasoning_tokens"]),
    ])
}

fn head(body: &Value, status: &str) {
    assert_eq!(body["object"], "response");
    assert!(body["id"].as_str().unwrap().starts_with("resp_"));
    assert!(body["created_at"].is_u64());
    assert_eq!(body["status"], status);
    assert_eq!(body["model"], "client-model");
    let members = body.as_object().unwrap();
    for name in ["error", "incomplete_details", "output", "parallel_tool_calls", "tool_choice", "tools", "usage"] {
        assert!(members.contains_key(name), "{name}");
    }
}

fn item(item: &Value, said: &mut Said) {
    assert!(item["id"].as_str().is_some_and(|id| !id.is_empty()));
    match item["type"].as_str().unwrap() {
        "message" => {
            assert_eq!((&item["role"], &item["status"]), (&"assistant".into(), &"completed".into()));
            for part in item["content"].as_array().unwrap() {
                match part["type"].as_str().unwrap() {
                    "output_text" => {
                        assert!(part["annotations"].is_array());
                        said.text.push_str(part["text"].as_str().unwrap());
                    }
                    "refusal" => said.refusal.push_str(part["refusal"].as_str().unwrap()),
                    other => panic!("unknown part {other}"),
                }
            }
        }
        "reasoning" => {
            for part in item["summary"].as_array().unwrap() {
                assert_eq!(part["type"], "summary_text");
                said.thinking.push_str(part["text"].as_str().unwrap());
            }
        }
        kind @ ("function_call" | "custom_tool_call") => {
            let arguments = if kind == "function_call" { &item["arguments"] } else { &item["input"] };
            said.calls.push((
                item["call_id"].as_str().unwrap().into(),
                item["name"].as_str().unwrap().into(),
                arguments.as_str().unwrap().into(),
            ));
        }
        other => panic!("invented item {other}"),
    }
}

fn complete(body: &Value) -> Said {
    let mut said = Said::default();
    for entry in body["output"].as_array().unwrap() {
        item(entry, &mut said);
    }
    said.usage = usage(&body["usage"]);
    said.stop = match (body["status"].as_str().unwrap(), body["incomplete_details"]["reason"].as_str()) {
        ("completed", None) if said.calls.is_empty() => "end",
        ("completed", None) => "tool",
        ("incomplete", Some("max_output_tokens")) => "limit",
        ("incomplete", Some("content_filter")) => "filter",
        wrong => panic!("{wrong:?}"),
    };
    said
}

pub fn response(body: &Value) -> Said {
    head(body, body["status"].as_str().unwrap());
    complete(body)
}

pub fn stream(bytes: &[u8]) -> Said {
    let sent = sse::read(bytes);
    let mut items: Vec<Value> = Vec::new();
    let mut open: Option<(Value, String, String)> = None;
    let mut part_open = false;
    let mut said: Option<Said> = None;
    for (number, sent) in sent.iter().enumerate() {
        assert!(said.is_none(), "nothing after the last event");
        let data = sent.json();
        let kind = data["type"].as_str().unwrap();
        assert_eq!(sent.event.as_deref(), Some(kind), "event equals type");
        assert_eq!(data["sequence_number"], number, "counted from 0");
        match number {
            0 => assert_eq!(kind, "response.created"),
            1 => assert_eq!(kind, "response.in_progress"),
            _ => {}
        }
        if let (Some(id), Some((item, ..))) = (data.get("item_id"), &open) {
            assert_eq!(*id, item["id"]);
        }
        if let Some(at) = data.get("output_index") {
            assert_eq!(*at, items.len());
        }
        match kind {
            "response.created" | "response.in_progress" => {
                assert!(number < 2);
                head(&data["response"], "in_progress");
            }
            "response.output_item.added" => {
                assert!(open.is_none(), "one open item");
                open = Some((data["item"].clone(), String::new(), String::new()));
            }
            "response.content_part.added" | "response.reasoning_summary_part.added" => {
                assert!(open.is_some() && !std::mem::replace(&mut part_open, true));
            }
            "response.content_part.done" | "response.reasoning_summary_part.done" => {
                assert!(std::mem::take(&mut part_open));
                let part = &data["part"];
                let text = part["text"].as_str().or(part["refusal"].as_str()).unwrap();
                assert_eq!(text, open.as_ref().unwrap().1, "the part is what came in pieces");
            }
            "response.output_text.delta" | "response.refusal.delta" | "response.reasoning_summary_text.delta" => {
                assert!(part_open, "text is inside a part");
                assert!(kind != "response.output_text.delta" || data["logprobs"].is_array());
                open.as_mut().unwrap().1.push_str(data["delta"].as_str().unwrap());
            }
            "response.output_text.done" | "response.refusal.done" | "response.reasoning_summary_text.done" => {
                let whole = data["text"].as_str().or(data["refusal"].as_str()).unwrap();
                assert_eq!(whole, open.as_ref().unwrap().1);
            }
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                open.as_mut().unwrap().2.push_str(data["delta"].as_str().unwrap());
            }
            "response.function_call_arguments.done" => assert_eq!(data["arguments"], open.as_ref().unwrap().2),
            "response.custom_tool_call_input.done" => assert_eq!(data["input"], open.as_ref().unwrap().2),
            "response.output_item.done" => {
                let (added, _, _) = open.take().expect("an item that was added");
                assert!(!part_open);
                let item = &data["item"];
                assert_eq!((&item["id"], &item["type"]), (&added["id"], &added["type"]));
                items.push(item.clone());
            }
            "response.completed" | "response.incomplete" => {
                assert!(open.is_none());
                head(&data["response"], kind.trim_start_matches("response."));
                assert_eq!(data["response"]["output"], Value::Array(items.clone()), "the output is the items");
                said = Some(complete(&data["response"]));
            }
            "response.failed" => {
                head(&data["response"], "failed");
                let error = &data["response"]["error"];
                assert!(error["code"].is_string());
                let message = error["message"].as_str().unwrap();
                said = Some(Said { stop: "error", error: message.into(), ..Said::default() });
            }
            other => panic!("unknown event {other}"),
        }
    }
    said.expect("a last event")
}
