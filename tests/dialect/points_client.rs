//! Points of the conformance list about requests, from the client to the upstream.

use super::asked::read;
use super::points::{ANTHROPIC, CHAT, GEMINI, RESPONSES};
use super::said::{route, simple_request};
use llmenv::dialect::form::estimate;
use llmenv::dialect::{Dialect, Translation, decode_request};
use serde_json::{Value, json};

fn translate(inbound: Dialect, upstream: Dialect, body: &Value) -> Translation {
    Translation::new(route(inbound, upstream), body.to_string().as_bytes()).unwrap()
}

fn sent(translation: &Translation) -> Value {
    serde_json::from_slice(&translation.request.body).unwrap()
}

fn with_model(inbound: Dialect, upstream: Dialect, model: &str, more: Value) -> Value {
    let mut body = simple_request(inbound, false);
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let mut route = route(inbound, upstream);
    route.model = model.into();
    serde_json::from_slice(&Translation::new(route, body.to_string().as_bytes()).unwrap().request.body).unwrap()
}

fn use_block(id: &str) -> Value {
    json!({"type": "tool_use", "id": id, "name": "get_time", "input": {}})
}

#[test]
fn m48_results_come_right_after_their_calls_in_call_order() {
    let body = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [use_block("a"), use_block("b")]},
        {"role": "user", "content": [
            {"type": "text", "text": "by the way"},
            {"type": "tool_result", "tool_use_id": "b", "content": "2"},
            {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "1"}]},
        ]},
    ]});
    for upstream in Dialect::ALL {
        let lines = read(upstream, &translate(ANTHROPIC, upstream, &body).request.body);
        assert_eq!(lines[3..], ["result get_time 1", "result get_time 2", "user text by the way"]);
    }
}

#[test]
fn m49_single_items_become_one_turn() {
    let body = json!({"model": "m", "input": [
        {"role": "user", "content": "go"},
        {"type": "function_call", "call_id": "a", "name": "get_time", "arguments": "{}"},
        {"type": "function_call", "call_id": "b", "name": "get_time", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "1"},
        {"type": "function_call_output", "call_id": "b", "output": "2"},
    ]});
    let sent = sent(&translate(RESPONSES, ANTHROPIC, &body));
    assert_eq!(sent["messages"].as_array().unwrap().len(), 3);
    assert_eq!(sent["messages"][1]["content"].as_array().unwrap().len(), 2);
    assert_eq!(sent["messages"][2]["content"].as_array().unwrap().len(), 2);
}

#[test]
fn m50_m51_missing_orphaned_empty_and_failed_results() {
    let body = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "gone", "content": "old"}]},
        {"role": "assistant", "content": [use_block("a"), use_block("b"), use_block("c")]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "a"},
            {"type": "tool_result", "tool_use_id": "b", "content": "bad", "is_error": true},
        ]},
    ]});
    for upstream in Dialect::ALL {
        let lines = read(upstream, &translate(ANTHROPIC, upstream, &body).request.body);
        assert_eq!(lines[0], "user text [result of an earlier tool call gone]");
        assert_eq!(lines[5..], ["result get_time (no output)", "result! get_time bad", "result! get_time [no result]"]);
    }
}

#[test]
fn m52_an_image_in_a_result_reaches_every_upstream() {
    let image =
        json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}});
    let body = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [use_block("a"), use_block("b")]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "a", "content": [image]},
            {"type": "tool_result", "tool_use_id": "b", "content": "2"},
        ]},
    ]});
    let chat = sent(&translate(ANTHROPIC, CHAT, &body));
    let roles: Vec<&str> = chat["messages"].as_array().unwrap().iter().map(|m| m["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["user", "assistant", "tool", "tool", "user"], "the image after all results");
    assert_eq!(chat["messages"][2]["content"], "[image]");
    assert_eq!(chat["messages"][4]["content"][1]["image_url"]["url"], "data:image/png;base64,iVBORw0KGgo=");
    let responses = sent(&translate(ANTHROPIC, RESPONSES, &body));
    assert_eq!(responses["input"][3]["output"][0]["type"], "input_image");
    let gemini = sent(&translate(ANTHROPIC, GEMINI, &body));
    assert_eq!(gemini["contents"][2]["parts"][1]["inlineData"]["data"], "iVBORw0KGgo=");
}

#[test]
fn m53_documents_search_results_and_references() {
    let pdf =
        json!({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}});
    let body = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": [pdf, {"type": "document", "title": "T", "source": {"type": "text", "media_type": "text/plain", "data": "plain"}}]},
        {"role": "assistant", "content": [use_block("a")]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": [
            {"type": "search_result", "title": "Page", "source": "https://example.com", "content": [{"type": "text", "text": "found"}]},
            {"type": "tool_reference", "tool_name": "x"},
        ]}]},
    ]});
    for upstream in [CHAT, RESPONSES, GEMINI] {
        let lines = read(upstream, &translate(ANTHROPIC, upstream, &body).request.body);
        assert_eq!(lines[0], "user file JVBERi0=");
        assert_eq!(lines[1], "user text [document T]\nplain");
        assert_eq!(lines[3], "result get_time Page (https://example.com)\nfound\n[tool x]");
    }
}

#[test]
fn m54_schemas_are_clean() {
    let schemas = [
        Value::Null,
        json!({}),
        json!({"type": null}),
        json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"}),
    ];
    for schema in schemas {
        let body = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}], "tools": [{"name": "f", "input_schema": schema}]});
        let clean = json!({"type": "object", "properties": {}});
        assert_eq!(sent(&translate(ANTHROPIC, CHAT, &body))["tools"][0]["function"]["parameters"], clean);
        assert_eq!(sent(&translate(ANTHROPIC, RESPONSES, &body))["tools"][0]["parameters"], clean);
        assert_eq!(
            sent(&translate(ANTHROPIC, GEMINI, &body))["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"],
            clean
        );
    }
}

#[test]
fn m55_gemini_schemas_whole_or_reduced() {
    let schema = json!({"$schema": "x", "type": "object", "additionalProperties": false, "required": ["a", "ghost"], "$defs": {"c": {"type": "string", "const": "k"}},
    "properties": {
        "a": {"type": ["string", "null"], "minLength": 1, "uniqueItems": true},
        "b": {"anyOf": [{"type": "integer"}, {"type": "null"}], "propertyNames": {}},
        "c": {"$ref": "#/$defs/c"},
        "d": {"type": "array"},
        "e": {"type": "integer", "enum": [1, 2], "exclusiveMinimum": 0},
    }});
    let body = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}], "tools": [{"name": "f", "input_schema": schema}]});
    let whole = sent(&translate(ANTHROPIC, GEMINI, &body));
    assert_eq!(
        whole["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"]["properties"],
        schema["properties"]
    );
    let mut route = route(ANTHROPIC, GEMINI);
    route.quirks.json_schema = Some(false);
    let reduced: Value =
        serde_json::from_slice(&Translation::new(route, body.to_string().as_bytes()).unwrap().request.body).unwrap();
    assert_eq!(
        reduced["tools"][0]["functionDeclarations"][0]["parameters"],
        json!({"type": "object", "required": ["a"], "properties": {
            "a": {"nullable": true, "type": "string", "minLength": 1},
            "b": {"nullable": true, "type": "integer"},
            "c": {"type": "string", "enum": ["k"]},
            "d": {"type": "array", "items": {"type": "string"}},
            "e": {"type": "string", "enum": ["1", "2"], "minimum": 0},
        }})
    );
    let circle = json!({"type": "object", "properties": {"x": {"$ref": "#"}}});
    let body = json!({"model": "m", "messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function", "function": {"name": "f", "parameters": circle}}]});
    let mut route = super::said::route(CHAT, GEMINI);
    route.quirks.json_schema = Some(false);
    assert!(Translation::new(route, body.to_string().as_bytes()).is_ok(), "a schema that holds itself ends");
}

#[test]
fn m56_strict_is_not_turned_on() {
    let body = simple_request(ANTHROPIC, false);
    assert_eq!(sent(&translate(ANTHROPIC, RESPONSES, &body))["tools"][0]["strict"], false);
    assert!(sent(&translate(ANTHROPIC, CHAT, &body))["tools"][0]["function"].get("strict").is_none());
}

#[test]
fn m58_ids_are_legal_and_stay_together() {
    let id = format!("toolu/{}", "ü".repeat(60));
    let body = json!({"model": "m", "messages": [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": null, "tool_calls": [{"id": id, "type": "function", "function": {"name": "get_time", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": id, "content": "1"},
    ]});
    for upstream in Dialect::ALL {
        // The reader refuses a result whose id no call has.
        let lines = read(upstream, &translate(CHAT, upstream, &body).request.body);
        assert_eq!(lines[2], "result get_time 1");
    }
    let anthropic = sent(&translate(CHAT, ANTHROPIC, &body));
    let got = anthropic["messages"][1]["content"][0]["id"].as_str().unwrap();
    assert!(got.len() <= 64 && got.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{got}");
    let mut route = route(ANTHROPIC, CHAT);
    route.quirks.nine_character_ids = true;
    let body = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "go"}, {"role": "assistant", "content": [use_block("toolu_01A")]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_01A", "content": "1"}]}]});
    let mistral: Value =
        serde_json::from_slice(&Translation::new(route, body.to_string().as_bytes()).unwrap().request.body).unwrap();
    let got = mistral["messages"][1]["tool_calls"][0]["id"].as_str().unwrap();
    assert!(got.len() == 9 && got.bytes().all(|b| b.is_ascii_alphanumeric()), "{got}");
    assert_eq!(mistral["messages"][2]["tool_call_id"], got);
}

#[test]
fn m61_server_tools_are_left_out_and_named_once() {
    let body = json!({"model": "m", "max_tokens": 9, "tools": [
            {"type": "web_search_20260209", "name": "web_search"}, {"type": "web_search_20260209", "name": "web_search"},
            {"type": "code_execution_20250825", "name": "code_execution"}, {"name": "f", "input_schema": {"type": "object"}}],
        "messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": [
            {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "q"}}, {"type": "text", "text": "found"}]},
            {"role": "user", "content": "y"}]});
    for upstream in [CHAT, RESPONSES, GEMINI] {
        let translation = translate(ANTHROPIC, upstream, &body);
        let text = String::from_utf8(translation.request.body.clone()).unwrap();
        assert!(
            !text.contains("web_search_2026") && !text.contains("code_execution") && text.contains("found"),
            "{text}"
        );
        assert_eq!(
            translation.dropped.kinds(),
            ["tool web_search_20260209", "tool code_execution_20250825", "content server_tool_use"]
        );
    }
    let codex = json!({"model": "m", "input": "x", "tools": [{"type": "web_search"}, {"type": "tool_search", "execution": "client"}]});
    let translation = translate(RESPONSES, CHAT, &codex);
    assert_eq!(translation.dropped.kinds(), ["tool web_search", "tool tool_search"]);
    assert!(sent(&translation).get("tools").is_none());
}

#[test]
fn m64_system_messages_anywhere() {
    for content in [json!("note"), json!([{"type": "text", "text": "note"}])] {
        let body = json!({"model": "m", "max_tokens": 9, "system": "S", "messages": [
            {"role": "user", "content": "one"}, {"role": "system", "content": content}, {"role": "assistant", "content": "two"},
            {"role": "user", "content": "three"}, {"role": "system", "content": "last"}]});
        for upstream in Dialect::ALL {
            let lines = read(upstream, &translate(ANTHROPIC, upstream, &body).request.body);
            assert_eq!(
                lines,
                ["system S", "user text one", "system note", "assistant text two", "user text three", "system last"]
            );
        }
    }
}

#[test]
fn m65_the_billing_line_stays_with_anthropic() {
    let body = json!({"model": "m", "max_tokens": 9, "system": [
            {"type": "text", "text": "x-anthropic-billing-header: cc_version=2; cch=1a2b3;"}, {"type": "text", "text": "A"}, {"type": "text", "text": "B"}],
        "messages": [{"role": "user", "content": "x"}]});
    for upstream in [CHAT, RESPONSES, GEMINI] {
        assert_eq!(read(upstream, &translate(ANTHROPIC, upstream, &body).request.body)[0], "system A\n\nB");
    }
    assert_eq!(
        sent(&translate(ANTHROPIC, ANTHROPIC, &body))["system"][0]["text"],
        "x-anthropic-billing-header: cc_version=2; cch=1a2b3;"
    );
}

#[test]
fn m74_m75_limits_of_tokens_by_model() {
    for (model, name) in [
        ("gpt-5.5", "max_completion_tokens"),
        ("openai/o3-mini", "max_completion_tokens"),
        ("gpt-4o", "max_tokens"),
        ("qwen3", "max_tokens"),
        ("olmo", "max_tokens"),
    ] {
        let body = with_model(ANTHROPIC, CHAT, model, json!({"max_tokens": 64000}));
        assert_eq!(body[name], 64000, "{model}");
        let other = if name == "max_tokens" { "max_completion_tokens" } else { "max_tokens" };
        assert!(body.get(other).is_none());
    }
    assert_eq!(with_model(ANTHROPIC, RESPONSES, "gpt-5", json!({"max_tokens": 1}))["max_output_tokens"], 16);
    let mut route = route(ANTHROPIC, CHAT);
    route.quirks.max_tokens_cap = Some(16_384);
    let body: Value = serde_json::from_slice(
        &Translation::new(route, simple_request(ANTHROPIC, false).to_string().as_bytes()).unwrap().request.body,
    )
    .unwrap();
    assert_eq!(body["max_tokens"], 16_384);
    assert_eq!(with_model(CHAT, ANTHROPIC, "claude-3-5-haiku", json!({}))["max_tokens"], 8192, "the API demands one");
}

#[test]
fn m76_m77_thinking_by_model() {
    let ask = json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}, "temperature": 1});
    let chat = with_model(ANTHROPIC, CHAT, "gpt-5", ask.clone());
    assert_eq!(chat["reasoning_effort"], "high");
    assert!(chat.get("temperature").is_none());
    assert!(with_model(ANTHROPIC, CHAT, "gpt-4o", ask.clone()).get("reasoning_effort").is_none());
    assert_eq!(
        with_model(ANTHROPIC, GEMINI, "gemini-3-pro-preview", ask)["generationConfig"]["thinkingConfig"]["thinkingLevel"],
        "HIGH"
    );
    let claude = with_model(CHAT, ANTHROPIC, "claude-opus-4-8", json!({"reasoning_effort": "xhigh"}));
    assert_eq!(
        (&claude["thinking"]["type"], &claude["output_config"]["effort"]),
        (&json!("adaptive"), &json!("xhigh"))
    );
    let forced =
        with_model(CHAT, ANTHROPIC, "claude-opus-4-8", json!({"reasoning_effort": "high", "tool_choice": "required"}));
    assert!(forced.get("thinking").is_none(), "a forced tool and thinking exclude one another");
}

#[test]
fn m72_the_conversation_is_named_for_prompt_caches() {
    let user_id = json!({"device_id": "d", "account_uuid": "", "session_id": "0b1c-22"}).to_string();
    let ask = json!({"metadata": {"user_id": user_id}});
    assert_eq!(with_model(ANTHROPIC, CHAT, "gpt-5", ask.clone())["prompt_cache_key"], "0b1c-22");
    assert_eq!(with_model(ANTHROPIC, RESPONSES, "gpt-5", ask.clone())["prompt_cache_key"], "0b1c-22");
    assert!(with_model(ANTHROPIC, CHAT, "mistral-large", ask).get("prompt_cache_key").is_none());
    let person = with_model(ANTHROPIC, CHAT, "gpt-5", json!({"metadata": {"user_id": "someone@example.com"}}));
    let key = person["prompt_cache_key"].as_str().unwrap();
    assert!(key.len() == 24 && !key.contains("someone"), "a person is not named: {key}");
}

#[test]
fn m79_thinking_of_others_is_left_out() {
    let body = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "x"},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "secret plan", "signature": "abc"}, {"type": "redacted_thinking", "data": "zzz"}, {"type": "text", "text": "ok"}]},
        {"role": "user", "content": "y"}]});
    for upstream in Dialect::ALL {
        let translation = translate(ANTHROPIC, upstream, &body);
        let text = String::from_utf8(translation.request.body.clone()).unwrap();
        assert!(!text.contains("secret plan") && !text.contains("zzz"), "{text}");
        assert_eq!(translation.dropped.kinds(), ["foreign thinking"]);
    }
}

#[test]
fn m102_the_estimate_counts_system_tools_and_images() {
    let count = |body: &Value| estimate::tokens(&decode_request(ANTHROPIC, body.to_string().as_bytes()).unwrap());
    let plain =
        json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "four words stand here"}]});
    let mut more = plain.clone();
    more["system"] = json!("x".repeat(400));
    assert_eq!(count(&more), count(&plain) + 100 + 4);
    more["tools"] = json!([{"name": "f", "description": "y".repeat(400), "input_schema": {"type": "object"}}]);
    assert!(count(&more) > count(&plain) + 200);
    let before = count(&more);
    more["messages"][0]["content"] =
        json!([{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}]);
    assert!(count(&more) > before + 1000);
}

#[test]
fn what_would_change_the_meaning_is_refused_by_name() {
    let refused = |inbound: Dialect, upstream: Dialect, body: Value| {
        let failure = Translation::new(route(inbound, upstream), body.to_string().as_bytes()).unwrap_err();
        assert_eq!(failure.status, 400);
        failure.param.unwrap_or_default().into_string()
    };
    assert_eq!(refused(CHAT, ANTHROPIC, json!({"model": "m", "messages": [], "n": 2})), "n");
    assert_eq!(
        refused(RESPONSES, CHAT, json!({"model": "m", "input": "x", "previous_response_id": "resp_1"})),
        "previous_response_id"
    );
    assert_eq!(refused(RESPONSES, CHAT, json!({"model": "m", "input": "x", "background": true})), "background");
    let file = json!([{"role": "user", "content": [{"type": "input_image", "file_id": "file-1"}]}]);
    assert_eq!(refused(RESPONSES, ANTHROPIC, json!({"model": "m", "input": file})), "file_id");
    assert_eq!(refused(ANTHROPIC, CHAT, json!({"model": "m", "max_tokens": 1})), "messages");
    assert_eq!(refused(CHAT, GEMINI, json!([])), "");
}

#[test]
fn what_the_other_side_lacks_is_named_once() {
    let body = json!({"model": "m", "messages": [{"role": "user", "content": "x"}], "logit_bias": {"1": 2}, "seed": 7, "prediction": {"type": "content"},
        "frequency_penalty": 0.5, "store": true, "user": "u"});
    let translation = translate(CHAT, ANTHROPIC, &body);
    assert_eq!(translation.dropped.kinds(), ["logit_bias", "prediction", "frequency_penalty", "seed"]);
}
