//! Points of the conformance list about thinking, refusals, token probabilities and stop texts in what a client gets.

use super::pairs::{read_body, read_stream};
use super::points::{ANTHROPIC, CHAT, GEMINI, RESPONSES, delta, finish};
use super::said::{Said, replay, route, simple_request, translation};
use super::{sse, upstream};
use llmenv::dialect::{Dialect, Translation};
use serde_json::{Value, json};

fn events(inbound: Dialect, upstream: Dialect, stream: &[u8]) -> Vec<Value> {
    let out = replay(&translation(inbound, upstream, true), [stream]);
    read_stream(inbound, &out);
    sse::read(&out).iter().filter(|sent| sent.data != "[DONE]").map(super::sse::Sent::json).collect()
}

#[test]
fn m27_m28_signatures_and_redacted_thinking() {
    let said = Said::text("42").thinking("hm");
    for upstream_dialect in [CHAT, ANTHROPIC, RESPONSES] {
        let events = events(ANTHROPIC, upstream_dialect, &upstream::stream(upstream_dialect, &said, false));
        let at = events.iter().position(|event| event["delta"]["type"] == "signature_delta").expect("a signature");
        assert!(events[at]["delta"]["signature"].as_str().unwrap().starts_with("llmenv1:"));
        assert_eq!(events[at + 1]["type"], "content_block_stop");
    }
    let redacted = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\"}}\n\n\
        data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"redacted_thinking\",\"data\":\"OPAQUE\"}}\n\n\
        data: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
        data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":1}}\n\ndata: {\"type\":\"message_stop\"}\n\n";
    let blocks = events(ANTHROPIC, ANTHROPIC, redacted.as_bytes());
    assert!(blocks.iter().any(|event| event["content_block"]["type"] == "redacted_thinking"));
    let items = events(RESPONSES, ANTHROPIC, redacted.as_bytes());
    assert!(
        items.iter().any(|e| e["item"]["encrypted_content"].as_str().is_some_and(|state| state.ends_with(":OPAQUE")))
    );
}

#[test]
fn m37_the_reasoning_item_comes_before_its_call() {
    let said = Said::text("").thinking("hm").call("call_1", "get_time", "{}");
    for upstream_dialect in Dialect::ALL {
        let reply =
            translation(RESPONSES, upstream_dialect, false).reply(200, &[], &upstream::body(upstream_dialect, &said));
        let reply: Value = serde_json::from_slice(&reply.body).unwrap();
        let kinds: Vec<&str> =
            reply["output"].as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["reasoning", "function_call"], "{}", upstream_dialect.name());
        assert!(reply["output"][0]["encrypted_content"].as_str().unwrap().starts_with("llmenv1:"));
    }
}

#[test]
fn m24_an_empty_answer_stays_empty() {
    for stream in [finish("stop"), delta(r#"{"role":"assistant","content":null}"#) + &finish("stop")] {
        for inbound in Dialect::INBOUND {
            let said = read_stream(inbound, &replay(&translation(inbound, CHAT, true), [stream.as_bytes()]));
            assert_eq!((said.text.as_str(), said.stop), ("", "end"));
        }
    }
}

#[test]
fn a_refusal_in_words_is_one_in_every_dialect() {
    let stream = delta(r#"{"refusal":"I can't"}"#) + &delta(r#"{"refusal":" do that."}"#) + &finish("stop");
    let got = |inbound| read_stream(inbound, &replay(&translation(inbound, CHAT, true), [stream.as_bytes()]));
    assert_eq!((got(CHAT).refusal.as_str(), got(CHAT).stop), ("I can't do that.", "end"));
    assert_eq!(got(RESPONSES).refusal, "I can't do that.");
    assert_eq!((got(ANTHROPIC).text.as_str(), got(ANTHROPIC).stop), ("I can't do that.", "filter"));
}

#[test]
fn a_blocked_gemini_prompt_is_a_filter_and_a_malformed_call_an_error() {
    let blocked =
        br#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3}}"#;
    let broken = br#"{"candidates":[{"content":{},"finishReason":"MALFORMED_FUNCTION_CALL"}]}"#;
    for inbound in Dialect::INBOUND {
        let reply = translation(inbound, GEMINI, false).reply(200, &[], blocked);
        assert_eq!(read_body(inbound, &reply.body).stop, "filter");
        assert_eq!(translation(inbound, GEMINI, false).reply(200, &[], broken).status, 502);
    }
}

#[test]
fn token_probabilities_go_between_the_two_dialects_that_have_them() {
    let entry = json!({"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": []});
    let chat = format!(
        "data: {}\n\n",
        json!({"id": "c", "choices": [{"index": 0, "delta": {"content": "a"}, "logprobs": {"content": [entry]}}]})
    ) + &finish("stop");
    let found = events(RESPONSES, CHAT, chat.as_bytes());
    assert!(
        found.iter().any(|event| event["type"] == "response.output_text.delta" && event["logprobs"] == json!([entry]))
    );
    let mut body = simple_request(RESPONSES, false);
    (body["top_logprobs"], body["include"]) = (json!(2), json!(["message.output_text.logprobs"]));
    let ask = |upstream| {
        let translation = Translation::new(route(RESPONSES, upstream), body.to_string().as_bytes()).unwrap();
        (serde_json::from_slice::<Value>(&translation.request.body).unwrap(), translation.dropped.kinds().to_vec())
    };
    let (sent, dropped) = ask(CHAT);
    assert_eq!((&sent["logprobs"], &sent["top_logprobs"], dropped.len()), (&json!(true), &json!(2), 0));
    assert_eq!(ask(ANTHROPIC).1, ["logprobs"]);
    assert_eq!(ask(GEMINI).1, ["logprobs"]);
}

#[test]
fn m73_a_met_stop_text_is_named_where_the_dialect_can() {
    let body = json!({"id": "msg_1", "type": "message", "content": [{"type": "text", "text": "x"}], "stop_reason": "stop_sequence",
        "stop_sequence": "END", "usage": {"input_tokens": 1, "output_tokens": 1}}).to_string();
    let reply: Value =
        serde_json::from_slice(&translation(ANTHROPIC, ANTHROPIC, false).reply(200, &[], body.as_bytes()).body)
            .unwrap();
    assert_eq!((&reply["stop_reason"], &reply["stop_sequence"]), (&json!("stop_sequence"), &json!("END")));
    let reply: Value =
        serde_json::from_slice(&translation(CHAT, ANTHROPIC, false).reply(200, &[], body.as_bytes()).body).unwrap();
    assert_eq!(reply["choices"][0]["finish_reason"], "stop");
}

#[test]
fn m84_thinking_tokens_are_counted_once() {
    let said = Said::text("x").usage(Some([10, 4, 30, 25]));
    for inbound in Dialect::INBOUND {
        for upstream_dialect in Dialect::ALL {
            let reply =
                translation(inbound, upstream_dialect, false).reply(200, &[], &upstream::body(upstream_dialect, &said));
            assert_eq!(read_body(inbound, &reply.body).usage, Some([10, 4, 30, 25]));
            assert_eq!(reply.usage.unwrap().output, 30);
        }
    }
}
