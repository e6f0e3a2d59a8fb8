//! Points of the conformance list about streams: what comes from an upstream, and what goes to a client.

use super::pairs::{read_body, read_stream};
use super::said::{Said, replay, route, simple_request, translation};
use super::{grammar_anthropic, grammar_chat, sse, upstream};
use llmenv::dialect::form::{Failure, FailureKind};
use llmenv::dialect::{Dialect, Translation};
use serde_json::json;

pub const CHAT: Dialect = Dialect::OpenaiChat;
pub const ANTHROPIC: Dialect = Dialect::AnthropicMessages;
pub const RESPONSES: Dialect = Dialect::OpenaiResponses;
pub const GEMINI: Dialect = Dialect::Gemini;

/// One chat chunk with that delta.
pub fn delta(delta: &str) -> String {
    format!("data: {{\"id\":\"c1\",\"choices\":[{{\"index\":0,\"delta\":{delta}}}]}}\n\n")
}

pub fn finish(reason: &str) -> String {
    format!(
        "data: {{\"id\":\"c1\",\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"{reason}\"}}]}}\n\ndata: [DONE]\n\n"
    )
}

/// What a client of every dialect understands of a chat upstream's stream.
pub fn from_chat(stream: &str) -> Vec<Said> {
    Dialect::INBOUND
        .iter()
        .map(|inbound| read_stream(*inbound, &replay(&translation(*inbound, CHAT, true), [stream.as_bytes()])))
        .collect()
}

fn all(stream: &str, check: impl Fn(&Said)) {
    from_chat(stream).iter().for_each(check);
}

#[test]
fn m01_characters_cut_in_the_middle_survive() {
    let stream = delta(r#"{"content":"日本👩‍👩‍👧"}"#) + &finish("stop");
    for inbound in Dialect::INBOUND {
        let said = read_stream(inbound, &replay(&translation(inbound, CHAT, true), stream.as_bytes().chunks(1)));
        assert_eq!(said.text, "日本👩‍👩‍👧");
    }
}

#[test]
fn m02_any_line_end_and_no_blank_after_the_colon() {
    let stream = (delta(r#"{"content":"a"}"#) + &finish("stop")).replace("data: ", "data:");
    let mixed = stream.replacen("\n\n", "\r\n\n", 1);
    for stream in [stream.clone(), stream.replace('\n', "\r\n"), stream.replace('\n', "\r"), mixed] {
        all(&stream, |said| assert_eq!((said.text.as_str(), said.stop), ("a", "end")));
    }
}

#[test]
fn m03_comments_are_not_data() {
    let stream = format!(": OPENROUTER PROCESSING\n\n:\n{}: x\n\n{}", delta(r#"{"content":"a"}"#), finish("stop"));
    all(&stream, |said| assert_eq!((said.text.as_str(), said.stop), ("a", "end")));
}

#[test]
fn m04_several_data_lines_are_one() {
    let stream = delta(r#"{"content":"a b"}"#).replace("\"choices\"", "\ndata: \"choices\"") + &finish("stop");
    let crlf = stream.replace('\n', "\r\n");
    all(&crlf, |said| assert_eq!((said.text.as_str(), said.stop), ("a b", "end")));
    all(&stream, |said| assert_eq!((said.text.as_str(), said.stop), ("a b", "end")));
}

#[test]
fn m05_byte_order_mark_and_other_fields_are_ignored() {
    let stream = format!("\u{feff}id: 7\nretry: 10\nfoo\nevent: \n{}{}", delta(r#"{"content":"a"}"#), finish("stop"));
    for inbound in Dialect::INBOUND {
        let translation = translation(inbound, CHAT, true);
        for out in [replay(&translation, [stream.as_bytes()]), replay(&translation, stream.as_bytes().chunks(1))] {
            assert_eq!(read_stream(inbound, &out).text, "a");
        }
    }
}

#[test]
fn m06_done_is_optional_and_ignored_after_the_end() {
    let stream = (delta(r#"{"content":"a"}"#) + &finish("stop")).replace("data: [DONE]\n\n", "");
    all(&stream, |said| assert_eq!((said.text.as_str(), said.stop), ("a", "end")));
    let said = Said::text("x");
    let mut bytes = upstream::stream(RESPONSES, &said, false);
    bytes.extend_from_slice(b"data: [DONE]\n\n");
    for inbound in Dialect::INBOUND {
        assert_eq!(read_stream(inbound, &replay(&translation(inbound, RESPONSES, true), [bytes.as_slice()])).text, "x");
    }
}

#[test]
fn m07_glued_and_truncated_objects() {
    let (a, b) = (delta(r#"{"content":"a"}"#), delta(r#"{"content":"b"}"#));
    let glued = format!("{}{b}", a.trim_end());
    all(&(glued + &finish("stop")), |said| assert_eq!((said.text.as_str(), said.stop), ("ab", "end")));
    let cut = format!("{}{}{}", &a[..a.len() - 12], b.trim_start_matches("data: "), finish("stop"));
    all(&cut, |said| assert_eq!((said.text.as_str(), said.stop), ("b", "end")));
}

#[test]
fn m08_an_event_of_ten_megabytes() {
    let big = "x".repeat(10 << 20);
    let stream = delta(&format!(r#"{{"content":"{big}"}}"#)) + &finish("stop");
    let translation = translation(ANTHROPIC, CHAT, true);
    let out = replay(&translation, stream.as_bytes().chunks(16 << 10));
    assert_eq!(grammar_anthropic::stream(&out).text.len(), big.len());
}

#[test]
fn m09_a_whole_reply_where_a_stream_was_asked_and_the_other_way() {
    let said = Said::text("Sure.").call("call_1", "get_time", r#"{"a":1}"#);
    for inbound in Dialect::INBOUND {
        for upstream_dialect in Dialect::ALL {
            let body = upstream::body(upstream_dialect, &said);
            let out = replay(&translation(inbound, upstream_dialect, true), body.chunks(7));
            let got = read_stream(inbound, &out);
            assert_eq!((got.text.as_str(), got.calls.len(), got.stop), ("Sure.", 1, "tool"));
            let stream = upstream::stream(upstream_dialect, &said, false);
            let reply = translation(inbound, upstream_dialect, false).reply(200, &[], &stream);
            let got = read_body(inbound, &reply.body);
            assert_eq!((got.text.as_str(), got.calls.len(), got.stop), ("Sure.", 1, "tool"));
        }
    }
}

#[test]
fn m11_chunks_without_choices() {
    let azure =
        "data: {\"choices\":[],\"id\":\"\",\"model\":\"\",\"prompt_filter_results\":[]}\n\ndata: {\"id\":\"x\"}\n\n";
    let stream = azure.to_owned() + &delta(r#"{"content":"a"}"#) + &finish("stop");
    all(&stream, |said| assert_eq!((said.text.as_str(), said.stop), ("a", "end")));
}

#[test]
fn m12_an_error_in_the_middle_is_an_error() {
    let chat = delta(r#"{"content":"a"}"#) + "data: {\"error\":{\"message\":\"no capacity\",\"code\":502}}\n\n";
    all(&chat, |said| assert_eq!((said.stop, said.error.as_str()), ("error", "no capacity")));
    let anthropic = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}\n\nevent: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    let responses = "data: {\"type\":\"response.created\",\"response\":{}}\n\ndata: {\"type\":\"response.failed\",\"response\":{\"error\":{\"code\":\"server_error\",\"message\":\"broken\"}}}\n\n";
    let gemini = "data: [{\"error\":{\"code\":503,\"message\":\"busy\",\"status\":\"UNAVAILABLE\"}}]\n\n";
    for inbound in Dialect::INBOUND {
        for (upstream, stream, error) in
            [(ANTHROPIC, anthropic, "Overloaded"), (RESPONSES, responses, "broken"), (GEMINI, gemini, "busy")]
        {
            let said = read_stream(inbound, &replay(&translation(inbound, upstream, true), [stream.as_bytes()]));
            assert_eq!((said.stop, said.error.as_str()), ("error", error));
        }
    }
}

#[test]
fn m13_a_stream_that_ends_too_early_is_an_error() {
    all(&delta(r#"{"content":"a"}"#), |said| assert_eq!(said.stop, "error"));
    all("", |said| assert_eq!(said.stop, "error"));
    let out = replay(&translation(CHAT, CHAT, true), [delta(r#"{"content":"a"}"#).as_bytes()]);
    assert!(!String::from_utf8_lossy(&out).contains("[DONE]"));
}

#[test]
fn m14_an_error_stands_between_events() {
    for inbound in Dialect::INBOUND {
        let translation = translation(inbound, CHAT, true);
        let stream = delta(r#"{"content":"abc"}"#) + &delta(r#"{"content":"def"}"#);
        for cut in 0..stream.len() {
            let mut half = translation.stream();
            let mut out = half.push(&stream.as_bytes()[..cut]);
            out.extend(half.fail(Failure::new(FailureKind::Timeout, "too slow")));
            let said = read_stream(inbound, &out);
            assert_eq!((said.stop, said.error.as_str()), ("error", "too slow"));
        }
    }
}

#[test]
fn m16_m17_blocks_follow_one_another_and_no_delta_is_lost() {
    // The grammar checker refuses a gap, an overlap, or a delta in a block of another kind.
    let stream = delta(r#"{"reasoning_content":"t1"}"#)
        + &delta(r#"{"content":"a"}"#)
        + &delta(r#"{"tool_calls":[{"index":0,"id":"c1","function":{"name":"f","arguments":"{}"}}]}"#)
        + &delta(r#"{"content":"b"}"#)
        + &delta(r#"{"reasoning_content":"t2","content":"c"}"#)
        + &finish("tool_calls");
    all(&stream, |said| {
        assert_eq!((said.thinking.as_str(), said.text.as_str(), said.stop), ("t1t2", "abc", "tool"));
        assert_eq!(said.calls.len(), 1);
    });
}

#[test]
fn m18_no_empty_text_before_a_call() {
    let stream = delta(r#"{"role":"assistant","content":""}"#)
        + &delta(r#"{"content":"","tool_calls":[{"index":0,"id":"c1","function":{"name":"f","arguments":"{}"}}]}"#)
        + &finish("tool_calls");
    let out = replay(&translation(ANTHROPIC, CHAT, true), [stream.as_bytes()]);
    let first = sse::read(&out).into_iter().find(|sent| sent.event.as_deref() == Some("content_block_start")).unwrap();
    assert_eq!(first.json()["content_block"]["type"], "tool_use");
}

#[test]
fn m19_a_call_makes_it_a_stop_for_tools() {
    for reason in ["stop", "length", "eos"] {
        let call = delta(r#"{"tool_calls":[{"index":0,"id":"c1","function":{"name":"f","arguments":"{\"a\":1}"}}]}"#);
        all(&(call + &finish(reason)), |said| assert_eq!(said.stop, "tool"));
    }
    let cut = delta(r#"{"tool_calls":[{"index":0,"id":"c1","function":{"name":"f","arguments":"{\"a\":"}}]}"#);
    all(&(cut + &finish("length")), |said| assert_eq!(said.stop, "limit", "a call cut by the limit is not to be run"));
}

#[test]
fn m20_m21_m22_message_start_is_whole_and_counts() {
    let stream = delta(r#"{"content":"a"}"#) + &finish("stop");
    let out = replay(&translation(ANTHROPIC, CHAT, true), [stream.as_bytes()]);
    let events = sse::read(&out);
    let message = &events[0].json()["message"];
    for name in ["id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"] {
        assert!(message.as_object().unwrap().contains_key(name), "{name}");
    }
    assert!(message["usage"]["input_tokens"].as_u64().unwrap() > 20, "an estimate where the upstream said nothing");
    let last = events.iter().rev().find(|sent| sent.event.as_deref() == Some("message_delta")).unwrap().json();
    assert!(last["usage"]["output_tokens"].is_u64());
    let counted = upstream::stream(CHAT, &Said::text("a").usage(Some([1000, 900, 5, 0])), false);
    let out = replay(&translation(ANTHROPIC, CHAT, true), [counted.as_slice()]);
    let last =
        sse::read(&out).into_iter().rev().find(|sent| sent.event.as_deref() == Some("message_delta")).unwrap().json();
    assert_eq!((&last["usage"]["input_tokens"], &last["usage"]["cache_read_input_tokens"]), (&json!(100), &json!(900)));
}

#[test]
fn m23_a_ping_may_come_before_the_first_token() {
    for inbound in Dialect::INBOUND {
        let translation = translation(inbound, CHAT, true);
        let mut stream = translation.stream();
        let mut out = stream.ping();
        assert!(!out.is_empty());
        out.extend(stream.ping());
        out.extend(stream.push((delta(r#"{"content":"a"}"#) + &finish("stop")).as_bytes()));
        out.extend(stream.finish());
        assert_eq!(read_stream(inbound, &out).text, "a");
    }
}

#[test]
fn m26_the_client_sees_its_own_name_of_the_model() {
    // Every grammar checker refuses another name; here the upstream's is looked for in all bytes.
    for inbound in Dialect::INBOUND {
        for upstream_dialect in Dialect::ALL {
            let said = Said::text("x");
            let whole =
                translation(inbound, upstream_dialect, false).reply(200, &[], &upstream::body(upstream_dialect, &said));
            let stream = upstream::stream(upstream_dialect, &said, false);
            let out = replay(&translation(inbound, upstream_dialect, true), [stream.as_slice()]);
            for bytes in [&whole.body, &out] {
                let text = String::from_utf8_lossy(bytes);
                assert!(
                    text.contains("client-model") && !text.contains("real-model") && !text.contains("model-x"),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn m29_m30_m31_chat_usage_only_where_it_was_asked_for() {
    let bytes = upstream::stream(ANTHROPIC, &Said::text("a").call("call_1", "get_time", "{}"), false);
    for include in [true, false] {
        let mut body = simple_request(CHAT, true);
        body["stream_options"]["include_usage"] = json!(include);
        let translation = Translation::new(route(CHAT, ANTHROPIC), body.to_string().as_bytes()).unwrap();
        let mut stream = translation.stream();
        let mut out = stream.push(&bytes);
        out.extend(stream.finish());
        grammar_chat::stream(&out, include);
        assert_eq!(stream.usage().unwrap().output, 7, "counted for us in either case");
    }
    let body: serde_json::Value = serde_json::from_slice(&translation(ANTHROPIC, CHAT, true).request.body).unwrap();
    assert_eq!(body["stream_options"]["include_usage"], true);
}

#[test]
fn m33_m35_responses_ends_as_it_must() {
    // The order is the grammar checker's; here the three ends.
    let end = |stream: &str| {
        let out = replay(&translation(RESPONSES, CHAT, true), [stream.as_bytes()]);
        sse::read(&out).pop().unwrap()
    };
    let text = delta(r#"{"content":"a"}"#);
    assert_eq!(end(&(text.clone() + &finish("stop"))).event.unwrap(), "response.completed");
    let cut = end(&(text.clone() + &finish("length")));
    assert_eq!(cut.event.as_deref(), Some("response.incomplete"));
    assert_eq!(cut.json()["response"]["incomplete_details"]["reason"], "max_output_tokens");
    let full = end(
        "data: {\"error\":{\"message\":\"maximum context length is 10\",\"code\":\"context_length_exceeded\"}}\n\n",
    );
    assert_eq!(full.event.as_deref(), Some("response.failed"));
    assert_eq!(full.json()["response"]["error"]["code"], "context_length_exceeded");
}

#[test]
fn m36_arguments_only_at_the_end_of_a_responses_stream() {
    let item = r#"{"type":"function_call","id":"fc1","call_id":"c1","name":"get_time","arguments":"{\"a\":1}"}"#;
    let added = item.replace("{\\\"a\\\":1}", "");
    let created = "data: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\"}}\n\n";
    let completed = |output: &str| {
        format!(
            "data: {{\"type\":\"response.completed\",\"response\":{{\"status\":\"completed\",\"output\":[{output}]}}}}\n\n"
        )
    };
    let streams = [
        format!(
            "{created}data: {{\"type\":\"response.output_item.added\",\"output_index\":0,\"item\":{added}}}\n\ndata: {{\"type\":\"response.function_call_arguments.done\",\"output_index\":0,\"arguments\":\"{{\\\"a\\\":1}}\"}}\n\n{}",
            completed("")
        ),
        format!(
            "{created}data: {{\"type\":\"response.output_item.done\",\"output_index\":0,\"item\":{item}}}\n\n{}",
            completed("")
        ),
        format!("{created}{}", completed(item)),
    ];
    for stream in &streams {
        for inbound in Dialect::INBOUND {
            let said = read_stream(inbound, &replay(&translation(inbound, RESPONSES, true), [stream.as_bytes()]));
            assert_eq!(said.calls, [("c1".to_owned(), "get_time".to_owned(), "{\"a\":1}".to_owned())], "{stream}");
        }
    }
}

#[test]
fn m78_thinking_in_every_spelling() {
    for field in ["reasoning_content", "reasoning"] {
        let stream = delta(&format!(r#"{{"{field}":"hm"}}"#)) + &delta(r#"{"content":"a"}"#) + &finish("stop");
        all(&stream, |said| assert_eq!((said.thinking.as_str(), said.text.as_str()), ("hm", "a")));
    }
    let details = r#"{"reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm","index":0}]}"#;
    let only = r#"{"reasoning_details":[{"type":"reasoning.summary","summary":"hm","index":0}]}"#;
    for first in [details, only] {
        let stream = delta(first) + &delta(r#"{"content":"a"}"#) + &finish("stop");
        all(&stream, |said| assert_eq!((said.thinking.as_str(), said.text.as_str()), ("hm", "a")));
    }
    let tags = delta(r#"{"content":"<think>hm</think>\n\na < b"}"#) + &finish("stop");
    for inbound in Dialect::INBOUND {
        let mut route = route(inbound, CHAT);
        route.quirks.think_tags = true;
        let translation = Translation::new(route, simple_request(inbound, true).to_string().as_bytes()).unwrap();
        let split: String = "<think>hm</think>\n\na < b"
            .chars()
            .map(|c| delta(&json!({"content": c.to_string()}).to_string()))
            .collect();
        for stream in [tags.clone(), split + &finish("stop")] {
            let said = read_stream(inbound, &replay(&translation, [stream.as_bytes()]));
            assert_eq!((said.thinking.as_str(), said.text.as_str()), ("hm", "a < b"));
        }
    }
    // Without the quirk the text stays as it is.
    all(&tags, |said| assert!(said.text.starts_with("<think>")));
}

#[test]
fn m82_cached_tokens_never_go_below_zero() {
    let stream = delta(r#"{"content":"a"}"#)
        + "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1,\"total_tokens\":6,\"prompt_tokens_details\":{\"cached_tokens\":9}}}\n\n"
        + &finish("stop");
    let out = replay(&translation(ANTHROPIC, CHAT, true), [stream.as_bytes()]);
    let last =
        sse::read(&out).into_iter().rev().find(|sent| sent.event.as_deref() == Some("message_delta")).unwrap().json();
    assert_eq!(last["usage"]["input_tokens"], 0);
}
