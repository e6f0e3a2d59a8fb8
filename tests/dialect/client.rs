//! Conversations in each client's dialect, and what of them reaches each upstream.

use super::asked::read;
use super::conversations::{In, Turn, conversations};
use super::said::{route, simple_request};
use llmenv::dialect::{Dialect, Translation};
use serde_json::{Value, json};

fn chat_parts(parts: &[In]) -> Value {
    json!(
        parts
            .iter()
            .map(|part| match part {
                In::Text(text) => json!({"type": "text", "text": text}),
                In::Png(data) => json!({"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{data}")}}),
                In::ImageUrl(url) => json!({"type": "image_url", "image_url": {"url": url, "detail": "high"}}),
                In::Pdf(data) => json!({"type": "file", "file": {"filename": "a.pdf", "file_data": format!("data:application/pdf;base64,{data}")}}),
            })
            .collect::<Vec<_>>()
    )
}

fn anthropic_parts(parts: &[In]) -> Value {
    json!(
        parts
            .iter()
            .map(|part| match part {
                In::Text(text) => json!({"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}),
                In::Png(data) => json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}),
                In::ImageUrl(url) => json!({"type": "image", "source": {"type": "url", "url": url}}),
                In::Pdf(data) => json!({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": data}}),
            })
            .collect::<Vec<_>>()
    )
}

fn responses_parts(parts: &[In]) -> Value {
    json!(
        parts
            .iter()
            .map(|part| match part {
                In::Text(text) => json!({"type": "input_text", "text": text}),
                In::Png(data) => json!({"type": "input_image", "image_url": format!("data:image/png;base64,{data}"), "detail": "auto"}),
                In::ImageUrl(url) => json!({"type": "input_image", "image_url": url}),
                In::Pdf(data) => json!({"type": "input_file", "filename": "a.pdf", "file_data": format!("data:application/pdf;base64,{data}")}),
            })
            .collect::<Vec<_>>()
    )
}

/// The body a client of that dialect sends. Text, because the arguments of Anthropic calls keep their spelling.
pub fn body(inbound: Dialect, turns: &[Turn]) -> String {
    let mut body = simple_request(inbound, false);
    let mut list: Vec<Value> = Vec::new();
    let mut inputs: Vec<(String, &str)> = Vec::new();
    for (at, turn) in turns.iter().enumerate() {
        match (inbound, turn) {
            (Dialect::OpenaiChat, Turn::System(text)) => {
                list.push(json!({"role": if at == 0 { "system" } else { "developer" }, "content": text}))
            }
            (Dialect::OpenaiChat, Turn::User(parts)) => {
                list.push(json!({"role": "user", "content": chat_parts(parts)}))
            }
            (Dialect::OpenaiChat, Turn::Assistant(text, calls)) => {
                let mut message = json!({"role": "assistant", "content": text});
                if !calls.is_empty() {
                    message["tool_calls"] = json!(
                        calls
                            .iter()
                            .map(|(id, name, arguments)| json!({"id": id, "type": "function",
                        "function": {"name": name, "arguments": arguments}}))
                            .collect::<Vec<_>>()
                    );
                }
                list.push(message);
            }
            (Dialect::OpenaiChat, Turn::Results(results)) => {
                for (id, parts, failed) in results {
                    let mut content = chat_parts(parts);
                    if *failed {
                        content[0]["text"] = json!(format!("Error: {}", content[0]["text"].as_str().unwrap()));
                    }
                    list.push(json!({"role": "tool", "tool_call_id": id, "content": content}));
                }
            }
            (Dialect::AnthropicMessages, Turn::System(text)) if at == 0 => {
                let billing = "x-anthropic-billing-header: cc_version=1; cch=abc;";
                body["system"] = json!([{"type": "text", "text": billing}, {"type": "text", "text": text}]);
            }
            (Dialect::AnthropicMessages, Turn::System(text)) => list.push(json!({"role": "system", "content": text})),
            (Dialect::AnthropicMessages, Turn::User(parts)) => {
                list.push(json!({"role": "user", "content": anthropic_parts(parts)}))
            }
            (Dialect::AnthropicMessages, Turn::Assistant(text, calls)) => {
                let mut blocks = vec![json!({"type": "text", "text": text})];
                for (id, name, arguments) in calls {
                    let mark = format!("@{id}@");
                    blocks.push(json!({"type": "tool_use", "id": id, "name": name, "input": mark}));
                    inputs.push((format!("\"{mark}\""), arguments));
                }
                list.push(json!({"role": "assistant", "content": blocks}));
            }
            (Dialect::AnthropicMessages, Turn::Results(results)) => {
                let blocks: Vec<Value> = results
                    .iter()
                    .map(|(id, parts, failed)| json!({"type": "tool_result", "tool_use_id": id, "content": anthropic_parts(parts), "is_error": failed}))
                    .collect();
                list.push(json!({"role": "user", "content": blocks}));
            }
            (_, Turn::System(text)) => list.push(
                json!({"type": "message", "role": "developer", "content": [{"type": "input_text", "text": text}]}),
            ),
            (_, Turn::User(parts)) => list.push(json!({"role": "user", "content": responses_parts(parts)})),
            (_, Turn::Assistant(text, calls)) => {
                if !text.is_empty() {
                    list.push(json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}));
                }
                for (id, name, arguments) in calls {
                    list.push(json!({"type": "function_call", "call_id": id, "name": name, "arguments": arguments}));
                }
            }
            (_, Turn::Results(results)) => {
                for (id, parts, failed) in results {
                    let mut output = responses_parts(parts);
                    if *failed {
                        output[0]["text"] = json!(format!("Error: {}", output[0]["text"].as_str().unwrap()));
                    }
                    list.push(json!({"type": "function_call_output", "call_id": id, "output": output}));
                }
            }
        }
    }
    body[if inbound == Dialect::OpenaiResponses { "input" } else { "messages" }] = json!(list);
    inputs.iter().fold(body.to_string(), |text, (mark, arguments)| text.replace(mark, arguments))
}

#[test]
fn every_conversation_reaches_every_upstream() {
    let (mut pairs, conversations) = (0, conversations());
    for inbound in Dialect::INBOUND {
        for upstream in Dialect::ALL {
            pairs += 1;
            for (name, turns, lines) in &conversations {
                let what = format!("{} to {}: {name}", inbound.name(), upstream.name());
                let body = body(inbound, turns);
                let translation = Translation::new(route(inbound, upstream), body.as_bytes())
                    .unwrap_or_else(|f| panic!("{what}: {f:?}"));
                let mut got = read(upstream, &translation.request.body);
                if upstream == Dialect::AnthropicMessages && inbound == Dialect::AnthropicMessages {
                    // Among Anthropic's own the billing line stays.
                    got.retain(|line| !line.starts_with("system x-anthropic-billing-header"));
                }
                assert_eq!(got, *lines, "{what}\n{}", String::from_utf8_lossy(&translation.request.body));
            }
        }
    }
    println!("{pairs} pairs x {} conversations", conversations.len());
}

fn send(inbound: Dialect, upstream: Dialect, more: &Value) -> (Value, Vec<String>) {
    send_to(inbound, upstream, None, more)
}

fn send_to(inbound: Dialect, upstream: Dialect, model: Option<&str>, more: &Value) -> (Value, Vec<String>) {
    let mut body = simple_request(inbound, false);
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let mut route = route(inbound, upstream);
    route.model = model.map_or(route.model, str::to_owned);
    let translation = Translation::new(route, body.to_string().as_bytes()).unwrap();
    (serde_json::from_slice(&translation.request.body).unwrap(), translation.dropped.kinds().to_vec())
}

/// Settings of a request, in three spellings; what each upstream must get of them.
#[test]
fn every_setting_reaches_every_upstream() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"], "additionalProperties": false});
    let asks = [
        (
            Dialect::OpenaiChat,
            json!({"max_completion_tokens": 500, "temperature": 0.25, "top_p": 0.5, "stop": ["END"], "parallel_tool_calls": false,
                "tool_choice": {"type": "function", "function": {"name": "get_time"}},
                "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": true}}}),
        ),
        (
            Dialect::AnthropicMessages,
            json!({"max_tokens": 500, "temperature": 0.25, "top_p": 0.5, "stop_sequences": ["END"],
                "tool_choice": {"type": "tool", "name": "get_time", "disable_parallel_tool_use": true},
                "output_config": {"format": {"type": "json_schema", "schema": schema}}}),
        ),
        (
            Dialect::OpenaiResponses,
            json!({"max_output_tokens": 500, "temperature": 0.25, "top_p": 0.5, "parallel_tool_calls": false,
                "tool_choice": {"type": "function", "name": "get_time"},
                "text": {"format": {"type": "json_schema", "name": "answer", "schema": schema, "strict": true}}}),
        ),
    ];
    for (inbound, ask) in &asks {
        let has_stop = *inbound != Dialect::OpenaiResponses;
        let (chat, dropped) = send(*inbound, Dialect::OpenaiChat, ask);
        assert_eq!((&chat["model"], &chat["max_tokens"]), (&json!("vendor/model-x"), &json!(500)));
        assert_eq!((&chat["temperature"], &chat["top_p"]), (&json!(0.25), &json!(0.5)));
        assert_eq!(chat["stop"], if has_stop { json!(["END"]) } else { Value::Null });
        assert_eq!(chat["tool_choice"], json!({"type": "function", "function": {"name": "get_time"}}));
        assert_eq!(chat["parallel_tool_calls"], false);
        assert_eq!(chat["response_format"]["json_schema"]["schema"], schema);
        assert_eq!(dropped, Vec::<String>::new());

        let (anthropic, dropped) = send(*inbound, Dialect::AnthropicMessages, ask);
        assert_eq!((&anthropic["max_tokens"], &anthropic["temperature"]), (&json!(500), &json!(0.25)));
        assert_eq!(
            anthropic["tool_choice"],
            json!({"type": "tool", "name": "get_time", "disable_parallel_tool_use": true})
        );
        assert_eq!(anthropic["output_config"]["format"], json!({"type": "json_schema", "schema": schema}));
        assert_eq!(anthropic["tools"][0]["input_schema"]["type"], "object");
        assert_eq!(dropped, Vec::<String>::new());

        let (responses, dropped) = send(*inbound, Dialect::OpenaiResponses, ask);
        assert_eq!(responses["max_output_tokens"], 500);
        assert_eq!(responses["tool_choice"], json!({"type": "function", "name": "get_time"}));
        assert_eq!(responses["text"]["format"]["schema"], schema);
        assert_eq!(responses["tools"][0]["strict"], false);
        let mut expected = vec!["temperature", "top_p"];
        expected.extend(has_stop.then_some("stop"));
        assert_eq!(dropped, expected, "a model that thinks takes no sampling");

        let (gemini, dropped) = send(*inbound, Dialect::Gemini, ask);
        let config = &gemini["generationConfig"];
        assert_eq!((&config["maxOutputTokens"], &config["temperature"]), (&json!(500), &json!(0.25)));
        assert_eq!((&config["responseMimeType"], &config["responseJsonSchema"]), (&json!("application/json"), &schema));
        assert_eq!(
            gemini["toolConfig"]["functionCallingConfig"],
            json!({"mode": "ANY", "allowedFunctionNames": ["get_time"]})
        );
        assert_eq!(dropped, ["parallel_tool_calls"]);
    }
}

#[test]
fn thinking_is_asked_for_in_every_dialect() {
    let asks = [
        (Dialect::OpenaiChat, json!({"reasoning_effort": "high"})),
        (Dialect::AnthropicMessages, json!({"thinking": {"type": "enabled", "budget_tokens": 16384}})),
        (Dialect::OpenaiResponses, json!({"reasoning": {"effort": "high", "summary": "auto"}})),
    ];
    for (inbound, ask) in asks {
        let mut ask = ask;
        ask[if inbound == Dialect::OpenaiChat { "max_tokens" } else { "max_output_tokens" }] = json!(32000);
        let effort = |model| send_to(inbound, Dialect::OpenaiChat, Some(model), &ask);
        assert_eq!(effort("gpt-5").0["reasoning_effort"], "high");
        assert_eq!(effort("openai/gpt-oss-120b").0["reasoning_effort"], "high");
        let (unknown, dropped) = effort("llama3");
        assert!(unknown.get("reasoning_effort").is_none(), "a server whose model cannot think would refuse");
        assert!(dropped.contains(&"reasoning effort".to_owned()));
        let thinking = &send(inbound, Dialect::AnthropicMessages, &ask).0["thinking"];
        assert_eq!(*thinking, json!({"type": "enabled", "budget_tokens": 16384}));
        assert_eq!(
            send(inbound, Dialect::OpenaiResponses, &ask).0["reasoning"],
            json!({"effort": "high", "summary": "auto"})
        );
        let thinking = &send(inbound, Dialect::Gemini, &ask).0["generationConfig"]["thinkingConfig"];
        assert_eq!(*thinking, json!({"includeThoughts": true, "thinkingBudget": 16384}));
    }
}
