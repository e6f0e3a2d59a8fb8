//! What an upstream of each dialect sends for a scenario: composed by hand from the grammar, not by the code under test.

use super::said::Said;
use llmenv::dialect::Dialect;
use serde_json::{Value, json};

/// Cuts a text into pieces of about eleven characters.
fn pieces(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(11).map(|piece| piece.iter().collect()).collect()
}

fn event(name: Option<&str>, data: &Value) -> String {
    match name {
        Some(name) => format!("event: {name}\ndata: {data}\n\n"),
        None => format!("data: {data}\n\n"),
    }
}

fn args(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

pub fn body(dialect: Dialect, said: &Said) -> Vec<u8> {
    let text = match dialect {
        Dialect::OpenaiChat => chat(said),
        Dialect::AnthropicMessages => anthropic(said),
        Dialect::OpenaiResponses => responses(said).to_string(),
        Dialect::Gemini => gemini(said).to_string(),
    };
    text.into_bytes()
}

pub fn stream(dialect: Dialect, said: &Said, mixed: bool) -> Vec<u8> {
    match dialect {
        Dialect::OpenaiChat => chat_stream(said, mixed),
        Dialect::AnthropicMessages => anthropic_stream(said),
        Dialect::OpenaiResponses => responses_stream(said, mixed),
        Dialect::Gemini => gemini_stream(said),
    }
    .into_bytes()
}

fn chat_usage(said: &Said) -> Value {
    said.usage.map_or(Value::Null, |[input, cached, output, reasoning]| {
        json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
            "prompt_tokens_details": {"cached_tokens": cached}, "completion_tokens_details": {"reasoning_tokens": reasoning}})
    })
}

fn chat_finish(said: &Said) -> &'static str {
    match said.stop {
        "limit" => "length",
        "tool" => "tool_calls",
        "filter" => "content_filter",
        _ => "stop",
    }
}

fn chat(said: &Said) -> String {
    let calls: Vec<Value> = said
        .calls
        .iter()
        .map(|(id, name, arguments)| json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}))
        .collect();
    let mut message = json!({"role": "assistant", "content": said.text, "refusal": null, "annotations": []});
    if !calls.is_empty() {
        message["tool_calls"] = json!(calls);
    }
    if !said.thinking.is_empty() {
        message["reasoning_content"] = json!(said.thinking);
    }
    json!({"id": "chatcmpl-77", "object": "chat.completion", "created": 1, "model": "real-model", "service_tier": "default",
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": chat_finish(said)}],
        "usage": chat_usage(said)})
    .to_string()
}

fn chat_stream(said: &Said, mixed: bool) -> String {
    let chunk = |delta: Value, finish: Option<&str>| {
        let choice = json!({"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish});
        event(
            None,
            &json!({"id": "chatcmpl-77", "object": "chat.completion.chunk", "created": 1, "model": "real-model",
            "choices": [choice], "usage": null, "obfuscation": "xx"}),
        )
    };
    let mut out = String::from(": keep-alive\n\n");
    out += &chunk(json!({"role": "assistant", "content": ""}), None);
    for piece in pieces(&said.thinking) {
        out += &chunk(json!({"reasoning_content": piece}), None);
    }
    for piece in pieces(&said.text) {
        out += &chunk(json!({"content": piece}), None);
    }
    let call = |at: usize, body: Value| chunk(json!({"tool_calls": [{"index": at, "function": body}]}), None);
    let head = |at: usize| {
        let (id, name, _) = &said.calls[at];
        chunk(
            json!({"tool_calls": [{"index": at, "id": id, "type": "function", "function": {"name": name, "arguments": ""}}]}),
            None,
        )
    };
    if mixed {
        (0..said.calls.len()).for_each(|at| out += &head(at));
        let mut queues: Vec<Vec<String>> = said.calls.iter().map(|(_, _, arguments)| pieces(arguments)).collect();
        while queues.iter().any(|queue| !queue.is_empty()) {
            for (at, queue) in queues.iter_mut().enumerate().filter(|(_, queue)| !queue.is_empty()) {
                out += &call(at, json!({"arguments": queue.remove(0)}));
            }
        }
    } else {
        for (at, (_, _, arguments)) in said.calls.iter().enumerate() {
            out += &head(at);
            for piece in pieces(arguments) {
                out += &call(at, json!({"arguments": piece}));
            }
        }
    }
    out += &chunk(json!({}), Some(chat_finish(said)));
    if said.usage.is_some() {
        out += &event(
            None,
            &json!({"id": "chatcmpl-77", "object": "chat.completion.chunk", "created": 1, "model": "real-model",
            "choices": [], "usage": chat_usage(said)}),
        );
    }
    out + "data: [DONE]\n\n"
}

fn anthropic_usage(said: &Said) -> Value {
    let [input, cached, output, reasoning] = said.usage.unwrap_or_default();
    json!({"input_tokens": input - cached, "cache_read_input_tokens": cached, "cache_creation_input_tokens": 0,
        "output_tokens": output, "output_tokens_details": {"thinking_tokens": reasoning}})
}

fn anthropic_stop(said: &Said) -> &'static str {
    match said.stop {
        "limit" => "max_tokens",
        "tool" => "tool_use",
        "filter" => "refusal",
        _ => "end_turn",
    }
}

pub const SIGNATURE: &str = "c2lnbmF0dXJl+/==";

/// Text, so that the spelling of numbers in `input` is the scenario's.
fn anthropic(said: &Said) -> String {
    let mut blocks = Vec::new();
    if !said.thinking.is_empty() {
        blocks.push(json!({"type": "thinking", "thinking": said.thinking, "signature": SIGNATURE}).to_string());
    }
    if !said.text.is_empty() {
        blocks.push(json!({"type": "text", "text": said.text, "citations": null}).to_string());
    }
    for (id, name, arguments) in &said.calls {
        blocks.push(format!(r#"{{"type":"tool_use","id":"{id}","name":"{name}","input":{arguments}}}"#));
    }
    let rest =
        json!({"stop_reason": anthropic_stop(said), "stop_sequence": null, "usage": anthropic_usage(said)}).to_string();
    let rest = if said.usage.is_none() { rest.replace(&anthropic_usage(said).to_string(), "null") } else { rest };
    format!(
        r#"{{"id":"msg_77","type":"message","role":"assistant","model":"real-model","content":[{}],{}"#,
        blocks.join(","),
        &rest[1..]
    )
}

fn anthropic_stream(said: &Said) -> String {
    let emit = |data: Value| event(data["type"].as_str(), &data);
    let mut start = json!({"type": "message_start", "message": {"id": "msg_77", "type": "message", "role": "assistant",
        "model": "real-model", "content": [], "stop_reason": null, "stop_sequence": null, "usage": anthropic_usage(said)}});
    start["message"]["usage"]["output_tokens"] = json!(1);
    if said.usage.is_none() {
        start["message"].as_object_mut().unwrap().remove("usage");
    }
    let mut out = emit(start) + &emit(json!({"type": "ping"}));
    let mut at = 0;
    let mut block = |begin: Value, deltas: Vec<Value>| {
        out += &emit(json!({"type": "content_block_start", "index": at, "content_block": begin}));
        for delta in deltas {
            out += &emit(json!({"type": "content_block_delta", "index": at, "delta": delta}));
        }
        out += &emit(json!({"type": "content_block_stop", "index": at}));
        at += 1;
    };
    if !said.thinking.is_empty() {
        let mut deltas: Vec<Value> =
            pieces(&said.thinking).into_iter().map(|p| json!({"type": "thinking_delta", "thinking": p})).collect();
        // The signature in two pieces: they are one.
        deltas.push(json!({"type": "signature_delta", "signature": &SIGNATURE[..4]}));
        deltas.push(json!({"type": "signature_delta", "signature": &SIGNATURE[4..]}));
        block(json!({"type": "thinking", "thinking": "", "signature": ""}), deltas);
    }
    if !said.text.is_empty() {
        let deltas = pieces(&said.text).into_iter().map(|p| json!({"type": "text_delta", "text": p})).collect();
        block(json!({"type": "text", "text": ""}), deltas);
    }
    for (id, name, arguments) in &said.calls {
        let mut deltas = vec![json!({"type": "input_json_delta", "partial_json": ""})];
        if arguments != "{}" {
            deltas
                .extend(pieces(arguments).into_iter().map(|p| json!({"type": "input_json_delta", "partial_json": p})));
        }
        block(json!({"type": "tool_use", "id": id, "name": name, "input": {}}), deltas);
    }
    let mut last =
        json!({"type": "message_delta", "delta": {"stop_reason": anthropic_stop(said), "stop_sequence": null}});
    if let Some([_, _, output, reasoning]) = said.usage {
        last["usage"] = json!({"output_tokens": output, "output_tokens_details": {"thinking_tokens": reasoning}});
    }
    out + &emit(last) + &emit(json!({"type": "message_stop"}))
}

fn responses_items(said: &Said) -> Vec<Value> {
    let mut items = Vec::new();
    if !said.thinking.is_empty() {
        items.push(
            json!({"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": said.thinking}],
            "encrypted_content": "ENC+rypted="}),
        );
    }
    if !said.text.is_empty() {
        items.push(json!({"id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": said.text, "annotations": [], "logprobs": []}]}));
    }
    for (id, name, arguments) in &said.calls {
        items.push(json!({"id": format!("fc_{id}"), "type": "function_call", "status": "completed", "call_id": id,
            "name": name, "arguments": arguments}));
    }
    items
}

fn responses(said: &Said) -> Value {
    let incomplete = match said.stop {
        "limit" => json!({"reason": "max_output_tokens"}),
        "filter" => json!({"reason": "content_filter"}),
        _ => Value::Null,
    };
    let usage = said.usage.map_or(Value::Null, |[input, cached, output, reasoning]| {
        json!({"input_tokens": input, "input_tokens_details": {"cached_tokens": cached}, "output_tokens": output,
            "output_tokens_details": {"reasoning_tokens": reasoning}, "total_tokens": input + output})
    });
    json!({"id": "resp_77", "object": "response", "created_at": 1, "model": "real-model", "error": null,
        "status": if incomplete.is_null() { "completed" } else { "incomplete" }, "incomplete_details": incomplete,
        "output": responses_items(said), "parallel_tool_calls": true, "tools": [], "tool_choice": "auto", "usage": usage})
}

fn responses_stream(said: &Said, mixed: bool) -> String {
    let mut number = 0;
    let mut out = String::new();
    let mut emit = |mut data: Value| {
        data["sequence_number"] = json!(number);
        number += 1;
        out += &event(data["type"].as_str(), &data);
    };
    let whole = responses(said);
    let mut begun = whole.clone();
    (begun["status"], begun["output"], begun["usage"]) = (json!("in_progress"), json!([]), Value::Null);
    emit(json!({"type": "response.created", "response": begun}));
    emit(json!({"type": "response.in_progress", "response": begun}));
    let items = responses_items(said);
    let calls = items.iter().filter(|item| item["type"] == "function_call").count();
    for (at, item) in items.iter().enumerate() {
        let id = &item["id"];
        let mut added = item.clone();
        match item["type"].as_str().unwrap() {
            "reasoning" => {
                added["summary"] = json!([]);
                added["encrypted_content"] = Value::Null;
                emit(json!({"type": "response.output_item.added", "output_index": at, "item": added}));
                let place = |kind: &str| json!({"type": kind, "item_id": id, "output_index": at, "summary_index": 0});
                let mut part = place("response.reasoning_summary_part.added");
                part["part"] = json!({"type": "summary_text", "text": ""});
                emit(part);
                for piece in pieces(&said.thinking) {
                    let mut delta = place("response.reasoning_summary_text.delta");
                    delta["delta"] = json!(piece);
                    emit(delta);
                }
                let mut done = place("response.reasoning_summary_text.done");
                done["text"] = json!(said.thinking);
                emit(done);
                emit(json!({"type": "response.output_item.done", "output_index": at, "item": item}));
            }
            "message" => {
                added["content"] = json!([]);
                emit(json!({"type": "response.output_item.added", "output_index": at, "item": added}));
                let part = json!({"type": "output_text", "text": "", "annotations": []});
                emit(
                    json!({"type": "response.content_part.added", "item_id": id, "output_index": at, "content_index": 0, "part": part}),
                );
                for piece in pieces(&said.text) {
                    emit(
                        json!({"type": "response.output_text.delta", "item_id": id, "output_index": at, "content_index": 0,
                        "delta": piece, "logprobs": []}),
                    );
                }
                emit(
                    json!({"type": "response.output_text.done", "item_id": id, "output_index": at, "content_index": 0, "text": said.text}),
                );
                emit(json!({"type": "response.output_item.done", "output_index": at, "item": item}));
            }
            _ => {
                added["arguments"] = json!("");
                emit(json!({"type": "response.output_item.added", "output_index": at, "item": added}));
                if !mixed {
                    for piece in pieces(item["arguments"].as_str().unwrap()) {
                        emit(
                            json!({"type": "response.function_call_arguments.delta", "item_id": id, "output_index": at, "delta": piece}),
                        );
                    }
                    emit(
                        json!({"type": "response.function_call_arguments.done", "item_id": id, "output_index": at, "arguments": item["arguments"]}),
                    );
                    emit(json!({"type": "response.output_item.done", "output_index": at, "item": item}));
                }
            }
        }
    }
    if mixed {
        let first = items.len() - calls;
        let mut queues: Vec<Vec<String>> =
            items[first..].iter().map(|i| pieces(i["arguments"].as_str().unwrap())).collect();
        while queues.iter().any(|queue| !queue.is_empty()) {
            for (at, queue) in queues.iter_mut().enumerate().filter(|(_, queue)| !queue.is_empty()) {
                emit(json!({"type": "response.function_call_arguments.delta", "item_id": items[first + at]["id"],
                    "output_index": first + at, "delta": queue.remove(0)}));
            }
        }
        for (at, item) in items.iter().enumerate().skip(first) {
            emit(json!({"type": "response.output_item.done", "output_index": at, "item": item}));
        }
    }
    let kind = if whole["status"] == "completed" { "response.completed" } else { "response.incomplete" };
    emit(json!({"type": kind, "response": whole}));
    out
}

fn gemini_parts(said: &Said) -> Vec<Value> {
    let mut parts = Vec::new();
    if !said.thinking.is_empty() {
        parts.push(json!({"text": said.thinking, "thought": true}));
    }
    if !said.text.is_empty() {
        parts.push(json!({"text": said.text}));
    }
    for (at, (id, name, arguments)) in said.calls.iter().enumerate() {
        let mut part = json!({"functionCall": {"id": id, "name": name, "args": args(arguments)}});
        if at == 0 && !said.thinking.is_empty() {
            part["thoughtSignature"] = json!("R0VNSU5J");
        }
        parts.push(part);
    }
    parts
}

fn gemini(said: &Said) -> Value {
    let reason = match said.stop {
        "limit" => "MAX_TOKENS",
        "filter" => "SAFETY",
        _ => "STOP",
    };
    let mut body = json!({"responseId": "g77", "modelVersion": "real-model", "candidates": [
        {"index": 0, "content": {"role": "model", "parts": gemini_parts(said)}, "finishReason": reason, "safetyRatings": []}]});
    if let Some([input, cached, output, reasoning]) = said.usage {
        body["usageMetadata"] = json!({"promptTokenCount": input, "cachedContentTokenCount": cached,
            "candidatesTokenCount": output - reasoning, "thoughtsTokenCount": reasoning, "totalTokenCount": input + output});
    }
    body
}

fn gemini_stream(said: &Said) -> String {
    let whole = gemini(said);
    let mut out = String::new();
    for part in gemini_parts(said) {
        let split: Vec<Value> = match part["text"].as_str() {
            Some(text) => pieces(text)
                .into_iter()
                .map(|piece| {
                    let mut part = part.clone();
                    part["text"] = json!(piece);
                    part
                })
                .collect(),
            None => vec![part],
        };
        for part in split {
            let mut chunk = whole.clone();
            chunk["candidates"][0]["content"]["parts"] = json!([part]);
            chunk["candidates"][0].as_object_mut().unwrap().remove("finishReason");
            out += &event(None, &chunk);
        }
    }
    let mut last = whole;
    last["candidates"][0]["content"]["parts"] = json!([{"text": ""}]);
    out + &event(None, &last)
}
