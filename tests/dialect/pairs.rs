//! Every inbound dialect with every upstream dialect, in every scenario, in one piece and as a stream, cut everywhere.

use super::said::{MAKER, Said, replay, route, scenarios, simple_request, translation};
use super::{grammar_anthropic, grammar_chat, grammar_responses, upstream};
use llmenv::dialect::form::Event;
use llmenv::dialect::stream::Decoder;
use llmenv::dialect::{Dialect, Translation};
use serde_json::Value;

pub fn read_stream(inbound: Dialect, bytes: &[u8]) -> Said {
    match inbound {
        Dialect::OpenaiChat => grammar_chat::stream(bytes, true),
        Dialect::AnthropicMessages => grammar_anthropic::stream(bytes),
        _ => grammar_responses::stream(bytes),
    }
}

pub fn read_body(inbound: Dialect, body: &[u8]) -> Said {
    let body: Value = serde_json::from_slice(body).unwrap();
    match inbound {
        Dialect::OpenaiChat => grammar_chat::completion(&body),
        Dialect::AnthropicMessages => grammar_anthropic::message(&body),
        _ => grammar_responses::response(&body),
    }
}

/// Compares what the client understood with what was said.
pub fn assert_same(got: &Said, said: &Said, what: &str) {
    assert_eq!(got.error, "", "{what}");
    assert_eq!(got.text, said.text, "{what}");
    assert_eq!(got.thinking, said.thinking, "{what}");
    assert_eq!(got.arguments(), said.arguments(), "{what}");
    let names = |said: &Said| said.calls.iter().map(|(id, name, _)| (id.clone(), name.clone())).collect::<Vec<_>>();
    assert_eq!(names(got), names(said), "{what}");
    assert_eq!(got.stop, said.stop, "{what}");
    match (got.usage, said.usage) {
        (Some(got), Some(said)) => assert_eq!(got, said, "{what}"),
        (None, Some(said)) => panic!("{what}: no usage instead of {said:?}"),
        // An upstream that says nothing leaves zeros or nothing, never invented figures.
        (got, None) => assert_eq!(got.unwrap_or_default()[2], 0, "{what}"),
    }
}

#[test]
fn every_pair_in_every_scenario() {
    let (mut pairs, mut streams) = (0, 0);
    let scenarios = scenarios();
    let is_thorough = std::env::var_os("LLMENV_TEST_EVERY_CUT").is_some_and(|value| !value.is_empty());
    for inbound in Dialect::INBOUND {
        for upstream_dialect in Dialect::ALL {
            pairs += 1;
            for (name, said, mixed) in &scenarios {
                let what = format!("{} to {}: {name}", inbound.name(), upstream_dialect.name());
                let whole = translation(inbound, upstream_dialect, false);
                let reply = whole.reply(200, &[], &upstream::body(upstream_dialect, said));
                assert_eq!((reply.status, &reply.failure), (200, &None), "{what}");
                assert_same(&read_body(inbound, &reply.body), said, &what);

                let translation = translation(inbound, upstream_dialect, true);
                let bytes = upstream::stream(upstream_dialect, said, *mixed);
                let expected = replay(&translation, [bytes.as_slice()]);
                assert_same(&read_stream(inbound, &expected), said, &what);
                // Every cut of one scenario through the whole way, and some of the others; through the decoder all, below.
                let stride = if is_thorough || *name == "tool-interleaved" { 1 } else { 29 };
                for cut in (1 + (pairs + streams) % stride..bytes.len()).step_by(stride) {
                    let (first, rest) = bytes.split_at(cut);
                    assert_eq!(replay(&translation, [first, rest]), expected, "{what}, cut at {cut}");
                    streams += 1;
                }
                assert_eq!(replay(&translation, bytes.chunks(1)), expected, "{what}, byte by byte");
                for end in ["\r\n", "\r"] {
                    let other = String::from_utf8(bytes.clone()).unwrap().replace('\n', end);
                    assert_eq!(replay(&translation, [other.as_bytes()]), expected, "{what}, {end:?}");
                    assert_eq!(replay(&translation, other.as_bytes().chunks(1)), expected, "{what}, {end:?}");
                    streams += 3;
                }
            }
        }
    }
    assert_eq!(pairs, 12);
    println!("{pairs} pairs x {} scenarios, {streams} streams replayed", scenarios.len());
}

/// Where a stream is cut makes no difference, for any upstream, in any scenario, at any byte.
#[test]
fn every_cut_gives_the_same_events() {
    let mut streams = 0;
    for upstream_dialect in Dialect::ALL {
        let route = route(Dialect::OpenaiChat, upstream_dialect);
        let events = |pieces: &[&[u8]]| {
            let mut decoder = Decoder::new(&route);
            let mut events: Vec<Event> = pieces.iter().flat_map(|piece| decoder.push(piece)).collect();
            events.extend(decoder.finish());
            events
        };
        for (name, said, mixed) in scenarios() {
            let bytes = upstream::stream(upstream_dialect, &said, mixed);
            let expected = events(&[&bytes]);
            assert!(matches!(expected.last(), Some(Event::End { .. })), "{name}");
            for cut in 1..bytes.len() {
                let (first, rest) = bytes.split_at(cut);
                assert_eq!(events(&[first, rest]), expected, "{}: {name}, cut at {cut}", upstream_dialect.name());
                streams += 1;
            }
        }
    }
    println!("{streams} streams cut");
}

/// A stream that is cut ends in an error of the client's dialect, or, where everything had come, in a good end.
#[test]
fn every_truncated_stream_ends_well_formed() {
    for inbound in Dialect::INBOUND {
        for upstream_dialect in Dialect::ALL {
            let translation = translation(inbound, upstream_dialect, true);
            for (name, said, mixed) in scenarios() {
                let bytes = upstream::stream(upstream_dialect, &said, mixed);
                let mut errors = 0;
                for cut in (0..bytes.len()).step_by(23) {
                    let got = read_stream(inbound, &replay(&translation, [&bytes[..cut]]));
                    if got.stop == "error" {
                        errors += 1;
                        assert!(got.error.contains("closed the stream"), "{name}: {}", got.error);
                    } else {
                        assert_eq!(got.text, said.text, "{name}: a good end only when everything came");
                        assert_eq!(got.arguments(), said.arguments(), "{name}");
                    }
                }
                assert!(errors > 0, "{name}");
            }
        }
    }
}

/// What the upstream kept for itself comes back to it, and to no other.
#[test]
fn reasoning_state_returns_to_its_maker_alone() {
    let said = Said::text("").thinking("I need it").call("call_a1", "get_weather", r#"{"city":"Bern"}"#);
    let marks = |dialect| match dialect {
        Dialect::OpenaiChat => "reasoning_content",
        Dialect::AnthropicMessages => upstream::SIGNATURE,
        Dialect::OpenaiResponses => "ENC+rypted=",
        Dialect::Gemini => "R0VNSU5J",
    };
    for inbound in Dialect::INBOUND {
        for upstream_dialect in Dialect::ALL {
            let what = format!("{} to {}", inbound.name(), upstream_dialect.name());
            let first = translation(inbound, upstream_dialect, false);
            let reply: Value =
                serde_json::from_slice(&first.reply(200, &[], &upstream::body(upstream_dialect, &said)).body).unwrap();
            let mut next = simple_request(inbound, false);
            match inbound {
                Dialect::OpenaiChat => {
                    let list = next["messages"].as_array_mut().unwrap();
                    list.push(reply["choices"][0]["message"].clone());
                    list.push(serde_json::json!({"role": "tool", "tool_call_id": "call_a1", "content": "sunny"}));
                }
                Dialect::AnthropicMessages => {
                    next["thinking"] = serde_json::json!({"type": "enabled", "budget_tokens": 2000});
                    let list = next["messages"].as_array_mut().unwrap();
                    list.push(serde_json::json!({"role": "assistant", "content": reply["content"]}));
                    let result =
                        serde_json::json!({"type": "tool_result", "tool_use_id": "call_a1", "content": "sunny"});
                    list.push(serde_json::json!({"role": "user", "content": [result]}));
                }
                _ => {
                    let mut list = vec![serde_json::json!({"role": "user", "content": "hi"})];
                    list.extend(reply["output"].as_array().unwrap().clone());
                    list.push(
                        serde_json::json!({"type": "function_call_output", "call_id": "call_a1", "output": "sunny"}),
                    );
                    next["input"] = serde_json::json!(list);
                }
            }
            let send = |maker: &str| {
                let mut route = route(inbound, upstream_dialect);
                route.maker = maker.into();
                String::from_utf8(Translation::new(route, next.to_string().as_bytes()).unwrap().request.body).unwrap()
            };
            let own = send(MAKER);
            assert!(own.contains(marks(upstream_dialect)), "{what}: {own}");
            assert!(!own.contains("llmenv1:"), "{what}: {own}");
            let foreign = send("another.example");
            assert!(!foreign.contains(marks(upstream_dialect)), "{what}: {foreign}");
            assert!(!foreign.contains("llmenv1:"), "{what}: {foreign}");
        }
    }
}
