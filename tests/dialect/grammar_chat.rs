//! The grammar of chat streams and completions, after wire protocols section 3.

use super::said::Said;
use super::sse;
use serde_json::Value;

fn stop(reason: &str) -> &'static str {
    match reason {
        "stop" => "end",
        "length" => "limit",
        "tool_calls" => "tool",
        "content_filter" => "filter",
        other => panic!("unknown finish_reason {other}"),
    }
}

fn usage(usage: &Value) -> Option<[u64; 4]> {
    let n = |v: &Value| v.as_u64().expect("a whole number");
    assert_eq!(n(&usage["total_tokens"]), n(&usage["prompt_tokens"]) + n(&usage["completion_tokens"]));
    Some([
        n(&usage["prompt_tokens"]),
        n(&usage["prompt_tokens_details"]["cached_tokens"]),
        n(&usage["completion_tokens"]),
        n(&usage["completion_tokens_details"]["reasoning_tokens"]),
    ])
}

pub fn error(body: &Value) -> Said {
    let error = body["error"].as_object().expect("an error object");
    for name in ["message", "type", "param", "code"] {
        assert!(error.contains_key(name), "{name} in {body}");
    }
    Said { stop: "error", error: body["error"]["message"].as_str().unwrap().into(), ..Said::default() }
}

pub fn completion(body: &Value) -> Said {
    assert_eq!(body["object"], "chat.completion");
    assert_eq!(body["model"], "client-model");
    assert!(body["id"].is_string() && body["created"].is_u64());
    assert_eq!(body["choices"].as_array().unwrap().len(), 1);
    let choice = &body["choices"][0];
    let message = &choice["message"];
    assert_eq!(message["role"], "assistant");
    let object = message.as_object().unwrap();
    assert!(object.contains_key("content") && object.contains_key("refusal"));
    let mut said = Said {
        stop: stop(choice["finish_reason"].as_str().unwrap()),
        usage: usage(&body["usage"]),
        text: message["content"].as_str().unwrap_or_default().into(),
        refusal: message["refusal"].as_str().unwrap_or_default().into(),
        thinking: message["reasoning_content"].as_str().unwrap_or_default().into(),
        ..Said::default()
    };
    if let Some(calls) = object.get("tool_calls") {
        for call in calls.as_array().unwrap() {
            let kind = call["type"].as_str().unwrap();
            let body = &call[kind];
            let arguments = if kind == "function" { &body["arguments"] } else { &body["input"] };
            said.calls.push((
                call["id"].as_str().unwrap().into(),
                body["name"].as_str().unwrap().into(),
                arguments.as_str().expect("arguments are a string").into(),
            ));
        }
        assert!(!said.calls.is_empty(), "no empty tool_calls");
    }
    said
}

pub fn stream(bytes: &[u8], include_usage: bool) -> Said {
    let mut said = Said::default();
    let (mut finished, mut usage_seen, mut done, mut first) = (false, false, false, true);
    let mut id: Option<Value> = None;
    for sent in sse::read(bytes) {
        assert!(!done, "nothing after the last event");
        assert!(sent.event.is_none(), "chat names no events");
        if sent.data == "[DONE]" {
            assert!(finished, "a finish_reason before [DONE]");
            assert_eq!(usage_seen, include_usage);
            done = true;
            continue;
        }
        let data = sent.json();
        if data.get("error").is_some() {
            let failed = error(&data);
            (said.stop, said.error) = (failed.stop, failed.error);
            done = true;
            continue;
        }
        assert_eq!(data["object"], "chat.completion.chunk");
        assert_eq!(data["model"], "client-model");
        assert!(data["created"].is_u64());
        assert_eq!(*id.get_or_insert(data["id"].clone()), data["id"], "one id");
        assert!(!usage_seen, "usage is last");
        assert_eq!(data.as_object().unwrap().contains_key("usage"), include_usage);
        let choices = data["choices"].as_array().unwrap();
        if choices.is_empty() {
            assert!(finished, "usage after the finish_reason");
            said.usage = usage(&data["usage"]);
            usage_seen = true;
            continue;
        }
        assert!(!finished && data["usage"].is_null());
        let choice = &choices[0];
        assert_eq!((choices.len(), &choice["index"]), (1, &0.into()));
        let delta = choice["delta"].as_object().unwrap();
        assert_eq!(delta.contains_key("role"), std::mem::take(&mut first), "the role first and once");
        said.text.push_str(choice["delta"]["content"].as_str().unwrap_or_default());
        said.refusal.push_str(choice["delta"]["refusal"].as_str().unwrap_or_default());
        said.thinking.push_str(choice["delta"]["reasoning_content"].as_str().unwrap_or_default());
        for call in delta.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
            let index = usize::try_from(call["index"].as_u64().expect("an index")).unwrap();
            let kind = if call.get("custom").is_some() { "custom" } else { "function" };
            if index == said.calls.len() {
                assert_eq!(call["type"], kind);
                let (id, name) = (call["id"].as_str().unwrap(), call[kind]["name"].as_str().unwrap());
                said.calls.push((id.into(), name.into(), String::new()));
            } else {
                assert!(index < said.calls.len(), "indices without gaps");
                assert!(call.get("id").is_none() && call[kind].get("name").is_none(), "id and name once");
            }
            let piece = call[kind].get("arguments").or(call[kind].get("input")).unwrap().as_str().unwrap();
            said.calls[index].2.push_str(piece);
        }
        if let Some(reason) = choice["finish_reason"].as_str() {
            finished = true;
            said.stop = stop(reason);
        }
    }
    assert!(done, "a last event");
    said
}
