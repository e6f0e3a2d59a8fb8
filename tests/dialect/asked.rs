//! A strict reader of the bodies that reach an upstream.

use llmenv::dialect::Dialect;
use serde_json::{Value, json};
use std::collections::HashMap;

#[derive(Default)]
struct Told {
    lines: Vec<String>,
    names: HashMap<String, String>,
    /// Files of results, told after all results, where dialects differ in place.
    later: Vec<String>,
}

impl Told {
    fn text(&mut self, role: &str, text: &str) {
        assert!(!text.is_empty(), "no empty text");
        if let Some(inner) = text.strip_prefix("<system-reminder>\n") {
            self.lines.push(format!("system {}", inner.strip_suffix("\n</system-reminder>").unwrap()));
        } else if !(text.starts_with("[image] of tool call ") && text.ends_with(':')) {
            self.lines.push(format!("{role} text {text}"));
        }
    }

    fn call(&mut self, id: &str, name: &str, arguments: &str) {
        assert!(!name.is_empty() && name.len() <= 64);
        self.names.insert(id.into(), name.into());
        self.lines.push(format!("assistant call {name} {arguments}"));
    }

    fn result(&mut self, id: &str, text: &str, failed: bool) {
        assert!(!text.is_empty(), "no empty result");
        let name = self.names.get(id).unwrap_or_else(|| panic!("a result without call: {id}"));
        let (text, failed) = text.strip_prefix("Error: ").map_or((text, failed), |text| (text, true));
        let text = text.strip_suffix("\n[image]").unwrap_or(text);
        self.lines.push(format!("result{} {name} {text}", if failed { "!" } else { "" }));
    }

    fn flush(&mut self) {
        self.lines.append(&mut self.later);
    }
}

/// Tells a body in lines, and checks the order its dialect demands.
pub fn read(upstream: Dialect, body: &[u8]) -> Vec<String> {
    // Numbers of arguments are compared as they are spelled, so objects are taken from the text.
    let text = std::str::from_utf8(body).unwrap();
    let body: Value = serde_json::from_str(text).unwrap();
    let mut told = Told::default();
    match upstream {
        Dialect::OpenaiChat => chat(&body, &mut told),
        Dialect::AnthropicMessages => anthropic(&body, text, &mut told),
        Dialect::OpenaiResponses => responses(&body, &mut told),
        Dialect::Gemini => gemini(&body, text, &mut told),
    }
    told.flush();
    told.lines
}

/// The text of the n-th object after a member of that name.
fn raw_object(text: &str, member: &str, n: usize) -> String {
    let at = text.match_indices(&format!("\"{member}\":{{")).nth(n).unwrap().0 + member.len() + 3;
    let mut depth = 0;
    let end = text[at..].char_indices().find(|(_, c)| {
        depth += i32::from(*c == '{') - i32::from(*c == '}');
        depth == 0
    });
    text[at..=at + end.unwrap().0].to_owned()
}

fn chat(body: &Value, told: &mut Told) {
    let mut waiting: Vec<String> = Vec::new();
    for message in body["messages"].as_array().unwrap() {
        let role = message["role"].as_str().unwrap();
        assert!(waiting.is_empty() || role == "tool", "results come first");
        match role {
            "system" => told.lines.push(format!("system {}", message["content"].as_str().unwrap())),
            "user" => match &message["content"] {
                Value::String(text) => told.text("user", text),
                parts => {
                    for part in parts.as_array().unwrap() {
                        match part["type"].as_str().unwrap() {
                            "text" => told.text("user", part["text"].as_str().unwrap()),
                            "image_url" => image(part["image_url"]["url"].as_str().unwrap(), &mut told.lines),
                            "file" => {
                                assert!(part["file"]["filename"].is_string());
                                let data = part["file"]["file_data"].as_str().unwrap();
                                told.lines.push(format!(
                                    "user file {}",
                                    data.strip_prefix("data:application/pdf;base64,").unwrap()
                                ));
                            }
                            other => panic!("{other}"),
                        }
                    }
                }
            },
            "assistant" => {
                assert!(message["content"].is_string() || message["tool_calls"].is_array());
                if let Some(text) = message["content"].as_str() {
                    told.text("assistant", text);
                }
                for call in message["tool_calls"].as_array().into_iter().flatten() {
                    assert_eq!(call["type"], "function");
                    let id = call["id"].as_str().unwrap();
                    told.call(
                        id,
                        call["function"]["name"].as_str().unwrap(),
                        call["function"]["arguments"].as_str().unwrap(),
                    );
                    waiting.push(id.into());
                }
            }
            "tool" => {
                let id = message["tool_call_id"].as_str().unwrap();
                assert_eq!(waiting.remove(0), id, "one result for each call, in call order");
                told.result(id, message["content"].as_str().expect("text only"), false);
            }
            other => panic!("{other}"),
        }
    }
}

fn image(url: &str, lines: &mut Vec<String>) {
    match url.strip_prefix("data:") {
        Some(rest) => lines.push(format!("user image {}", rest.replace(";base64,", " "))),
        None => lines.push(format!("user image {url}")),
    }
}

fn source(source: &Value, kind: &str, lines: &mut Vec<String>) {
    let line = match (kind, source["type"].as_str().unwrap()) {
        ("image", "base64") => {
            format!("user image {} {}", source["media_type"].as_str().unwrap(), source["data"].as_str().unwrap())
        }
        ("image", "url") => format!("user image {}", source["url"].as_str().unwrap()),
        ("document", "base64") => format!("user file {}", source["data"].as_str().unwrap()),
        other => panic!("{other:?}"),
    };
    lines.push(line);
}

fn anthropic(body: &Value, text: &str, told: &mut Told) {
    assert!(body["max_tokens"].is_u64(), "max_tokens is required");
    for block in body["system"].as_array().into_iter().flatten() {
        told.lines.push(format!("system {}", block["text"].as_str().unwrap()));
    }
    let mut waiting: Vec<String> = Vec::new();
    let (mut last, mut inputs) = ("assistant", 0);
    for message in body["messages"].as_array().unwrap() {
        let role = message["role"].as_str().unwrap();
        assert_ne!(role, last, "turns alternate, the user begins");
        last = if role == "user" { "user" } else { "assistant" };
        for block in message["content"].as_array().unwrap() {
            let kind = block["type"].as_str().unwrap();
            assert!(waiting.is_empty() || kind == "tool_result" || role == "assistant", "results come first");
            match kind {
                "text" => {
                    told.flush();
                    told.text(role, block["text"].as_str().unwrap());
                }
                "image" | "document" => source(&block["source"], kind, &mut told.lines),
                "tool_use" => {
                    let id = block["id"].as_str().unwrap();
                    told.call(id, block["name"].as_str().unwrap(), &raw_object(text, "input", inputs));
                    inputs += 1;
                    waiting.push(id.into());
                }
                "tool_result" => {
                    let id = block["tool_use_id"].as_str().unwrap();
                    assert_eq!(waiting.remove(0), id);
                    let failed = block.get("is_error") == Some(&json!(true));
                    match &block["content"] {
                        Value::String(text) => told.result(id, text, failed),
                        blocks => {
                            let blocks = blocks.as_array().unwrap();
                            let texts: Vec<&str> = blocks.iter().filter_map(|b| b["text"].as_str()).collect();
                            told.result(id, &texts.join("\n"), failed);
                            for block in blocks.iter().filter(|block| block["type"] == "image") {
                                source(&block["source"], "image", &mut told.later);
                            }
                        }
                    }
                }
                other => panic!("{other}"),
            }
        }
        assert!(role == "assistant" || waiting.is_empty(), "every call is answered in the next message");
    }
}

fn responses(body: &Value, told: &mut Told) {
    assert_eq!(body["store"], false);
    if let Some(text) = body["instructions"].as_str() {
        told.lines.push(format!("system {text}"));
    }
    for item in body["input"].as_array().unwrap() {
        match item["type"].as_str().unwrap() {
            "message" => {
                let role = item["role"].as_str().unwrap();
                told.flush();
                for part in item["content"].as_array().unwrap() {
                    let kind = part["type"].as_str().unwrap();
                    match (role, kind) {
                        ("developer", "input_text") => {
                            told.lines.push(format!("system {}", part["text"].as_str().unwrap()))
                        }
                        ("user", "input_text") | ("assistant", "output_text") => {
                            told.text(role, part["text"].as_str().unwrap())
                        }
                        ("user", "input_image") => {
                            assert!(part["detail"].is_string());
                            image(part["image_url"].as_str().unwrap(), &mut told.lines);
                        }
                        ("user", "input_file") => {
                            let data = part["file_data"].as_str().unwrap();
                            told.lines.push(format!(
                                "user file {}",
                                data.strip_prefix("data:application/pdf;base64,").unwrap()
                            ));
                        }
                        other => panic!("{other:?}"),
                    }
                }
            }
            "function_call" => {
                let (id, name) = (item["call_id"].as_str().unwrap(), item["name"].as_str().unwrap());
                told.call(id, name, item["arguments"].as_str().unwrap());
            }
            "function_call_output" => {
                let id = item["call_id"].as_str().unwrap();
                match &item["output"] {
                    Value::String(text) => told.result(id, text, false),
                    parts => {
                        let parts = parts.as_array().unwrap();
                        let texts: Vec<&str> = parts.iter().filter_map(|p| p["text"].as_str()).collect();
                        told.result(id, &texts.join("\n"), false);
                        for part in parts.iter().filter(|part| part["type"] == "input_image") {
                            image(part["image_url"].as_str().unwrap(), &mut told.later);
                        }
                    }
                }
            }
            other => panic!("{other}"),
        }
    }
}

fn gemini(body: &Value, text: &str, told: &mut Told) {
    for part in body["systemInstruction"]["parts"].as_array().into_iter().flatten() {
        told.lines.push(format!("system {}", part["text"].as_str().unwrap()));
    }
    let (mut last, mut calls) = ("model", 0);
    for content in body["contents"].as_array().unwrap() {
        let role = content["role"].as_str().unwrap();
        assert!(role != last && (role == "user" || role == "model"), "turns alternate, the user begins");
        last = if role == "user" { "user" } else { "model" };
        let told_role = if role == "user" { "user" } else { "assistant" };
        let mut had_result = false;
        for part in content["parts"].as_array().unwrap() {
            if let Some(text) = part["text"].as_str() {
                told.flush();
                told.text(told_role, text);
            } else if let Some(data) = part.get("inlineData") {
                let (mime, data) = (data["mimeType"].as_str().unwrap(), data["data"].as_str().unwrap());
                let line = if mime == "application/pdf" {
                    format!("user file {data}")
                } else {
                    format!("user image {mime} {data}")
                };
                if had_result { told.later.push(line) } else { told.lines.push(line) }
            } else if let Some(file) = part.get("fileData") {
                assert!(file["mimeType"].is_string());
                told.lines.push(format!("user image {}", file["fileUri"].as_str().unwrap()));
            } else if let Some(call) = part.get("functionCall") {
                let name = call["name"].as_str().unwrap();
                told.call(name, name, &raw_object(text, "args", calls));
                calls += 1;
            } else if let Some(response) = part.get("functionResponse") {
                assert_eq!(role, "user");
                had_result = true;
                let (name, answer) = (response["name"].as_str().unwrap(), response["response"].as_object().unwrap());
                let failed = answer.contains_key("error");
                let text = answer.get("output").or(answer.get("error")).unwrap().as_str().unwrap();
                told.result(name, text, failed);
            } else {
                panic!("{part}");
            }
        }
    }
}
