//! Clients of one dialect, an upstream of another, real sockets between them.

use llmenv::dialect::Dialect;

use super::{KEY, Lab, events};
use crate::dialect::pairs::{assert_same, read_body, read_stream};
use crate::dialect::said::{scenarios, simple_request};
use crate::dialect::upstream as scripted;
use crate::support::upstream::Reply;

fn path(inbound: Dialect) -> &'static str {
    match inbound {
        Dialect::AnthropicMessages => "/lab/v1/messages?beta=true",
        Dialect::OpenaiResponses => "/lab/v1/responses",
        _ => "/lab/v1/chat/completions",
    }
}

/// Which scenario is played is said by the prompt, as a real client would have it.
fn script(upstream: Dialect) -> impl Fn(&crate::support::upstream::Seen) -> Reply + Send + Sync + 'static {
    move |seen| {
        let body = String::from_utf8_lossy(&seen.body);
        let all = scenarios();
        let wanted = all.iter().find(|(name, _, _)| body.contains(&format!("[[{name}]]")));
        let Some((_, said, mixed)) = wanted else {
            return Reply::json(400, "{\"error\":{\"message\":\"no scenario\"}}");
        };
        let streams = body.contains("\"stream\":true") || seen.target.contains("streamGenerateContent");
        if streams {
            let bytes = scripted::stream(upstream, said, *mixed);
            let text = String::from_utf8(bytes).unwrap();
            events(&[text.as_str()])
        } else {
            Reply::json(200, String::from_utf8(scripted::body(upstream, said)).unwrap())
        }
    }
}

fn request(inbound: Dialect, name: &str, stream: bool) -> String {
    simple_request(inbound, stream).to_string().replace("\"hi\"", &format!("\"hi [[{name}]]\""))
}

#[test]
fn every_pair_of_dialects_over_real_sockets() {
    let (mut pairs, mut counted) = (0, 0);
    for upstream in Dialect::ALL {
        let lab = Lab::with(upstream.name(), "model = \"vendor/model-x\"", "", script(upstream));
        let mut client = lab.client();
        for inbound in Dialect::INBOUND.into_iter().filter(|inbound| *inbound != upstream) {
            pairs += 1;
            for (name, said, _) in scenarios() {
                let answer = client.post(path(inbound), request(inbound, name, true));
                assert_eq!(
                    (answer.status, answer.is_whole),
                    (200, true),
                    "{inbound:?} {upstream:?} {name}: {}",
                    answer.text()
                );
                assert!(answer.header("content-type").unwrap().starts_with("text/event-stream"));
                let what = format!("{inbound:?} to {upstream:?}: {name}");
                assert_same(&read_stream(inbound, &answer.body), &said, &what);
                let whole = client.post(path(inbound), request(inbound, name, false));
                assert_eq!(
                    (whole.status, whole.header("content-type")),
                    (200, Some("application/json")),
                    "{}",
                    whole.text()
                );
                assert_eq!(whole.json()["model"], "client-model", "{inbound:?} {upstream:?} {name}");
                assert_same(&read_body(inbound, &whole.body), &said, &what);
                counted += 2;
            }
        }
        for seen in lab.upstream.seen() {
            let sent = format!("{seen:?}");
            assert!(sent.contains(KEY) && !sent.contains("llmenv_"), "{sent}");
        }
    }
    // Where both sides speak one dialect, what is said comes back byte by byte.
    for dialect in Dialect::INBOUND {
        let lab = Lab::new(dialect.name(), script(dialect));
        let mut client = lab.client();
        pairs += 1;
        for (name, said, mixed) in scenarios() {
            for (stream, sent) in
                [(true, scripted::stream(dialect, &said, mixed)), (false, scripted::body(dialect, &said))]
            {
                let asked = request(dialect, name, stream);
                let answer = client.post(path(dialect), &asked);
                assert_eq!((answer.status, answer.is_whole), (200, true), "{dialect:?} {name}: {}", answer.text());
                assert_eq!(answer.body, sent, "{dialect:?} {name}");
                assert_eq!(lab.upstream.seen().last().unwrap().body, asked.as_bytes());
                counted += 1;
            }
        }
    }
    assert_eq!(pairs, 12);
    eprintln!("over real sockets: {pairs} pairs x {} scenarios, {counted} exchanges", scenarios().len());
}

/// A stream and a whole reply of a chat upstream that compresses them although it was asked not to.
#[test]
fn m10_an_answer_that_is_compressed_all_the_same_is_read() {
    use flate2::Compression;
    use std::io::Write;
    let packed = |coding: &str, bytes: &[u8]| match coding {
        "gzip" => {
            let mut out = flate2::write::GzEncoder::new(Vec::new(), Compression::default());
            out.write_all(bytes).unwrap();
            out.finish().unwrap()
        }
        "deflate" => {
            let mut out = flate2::write::ZlibEncoder::new(Vec::new(), Compression::default());
            out.write_all(bytes).unwrap();
            out.finish().unwrap()
        }
        _ => bytes.to_vec(),
    };
    let all = scenarios();
    let (name, said, mixed) = &all[0];
    let (stream, body) =
        (scripted::stream(Dialect::OpenaiChat, said, *mixed), scripted::body(Dialect::OpenaiChat, said));
    let lab = Lab::new("openai-chat", move |seen| {
        assert_eq!(seen.header("accept-encoding"), Some("identity"));
        let asked = String::from_utf8_lossy(&seen.body);
        let (kind, plain) = if asked.contains("\"stream\":true") {
            ("text/event-stream", &stream)
        } else {
            ("application/json", &body)
        };
        let coding = ["gzip", "deflate", "br", "short"].into_iter().find(|coding| asked.contains(coding)).unwrap();
        let (shown, mut bytes) = match coding {
            "short" => ("gzip", packed("gzip", plain)),
            coding => (coding, packed(coding, plain)),
        };
        if coding == "short" {
            bytes.truncate(bytes.len() / 2);
        }
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-encoding: {shown}\r\nconnection: close\r\n\r\n"
        );
        Reply::Raw([head.into_bytes(), bytes].concat())
    });
    let mut client = lab.client();
    for inbound in [Dialect::AnthropicMessages, Dialect::OpenaiResponses] {
        let mut ask = |coding: &str, stream: bool| client.post(path(inbound), request(inbound, coding, stream));
        for coding in ["gzip", "deflate"] {
            let answer = ask(coding, true);
            assert_eq!((answer.status, answer.header("content-encoding")), (200, None), "{}", answer.text());
            assert_same(&read_stream(inbound, &answer.body), said, name);
            let answer = ask(coding, false);
            assert_eq!((answer.status, answer.header("content-encoding")), (200, None), "{}", answer.text());
            assert_same(&read_body(inbound, &answer.body), said, name);
        }
        // One that is understood nowhere here is named; one that ends too early is no good end.
        let answer = ask("br", true);
        assert_eq!(answer.status, 502);
        assert!(answer.text().contains("compressed its answer (br) although asked not to"), "{}", answer.text());
        let answer = ask("short", true);
        assert_eq!(read_stream(inbound, &answer.body).stop, "error", "{}", answer.text());
        assert_eq!(ask("short", false).status, 502);
    }
}

#[test]
fn errors_come_in_the_clients_dialect_with_what_a_client_needs() {
    let lab = Lab::new("openai-chat", |_| {
        Reply::json(429, "{\"error\":{\"message\":\"slow down\",\"code\":\"rate_limit_exceeded\"}}")
            .with("retry-after", "17")
            .with("x-request-id", "req_9")
            .with("x-ratelimit-remaining-requests", "0")
    });
    let answer = lab.client().post("/lab/v1/messages", request(Dialect::AnthropicMessages, "text", true));
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("retry-after"), Some("17"));
    assert_eq!(answer.header("x-request-id"), Some("req_9"));
    assert_eq!(answer.header("x-ratelimit-remaining-requests"), Some("0"));
    let error = answer.json();
    assert_eq!((&error["type"], &error["error"]["type"]), (&"error".into(), &"rate_limit_error".into()), "{error}");
    assert_eq!(lab.upstream.seen().len(), 1, "a long wait is the client's");
}

#[test]
fn an_upstreams_401_is_told_apart_from_a_bad_token_and_its_cause_is_named() {
    let said = "{\"error\":{\"message\":\"User not found.\",\"code\":401}, \"user_id\" : null}";
    let lab = Lab::new("openai-chat", move |_| Reply::json(401, said));
    let mut client = lab.client();
    for (inbound, is_same) in
        [(Dialect::OpenaiChat, true), (Dialect::AnthropicMessages, false), (Dialect::OpenaiResponses, false)]
    {
        let answer = client.post(path(inbound), request(inbound, "text", false));
        assert_eq!((answer.status, answer.header("x-llmenv-error")), (401, None), "{}", answer.text());
        let error = answer.json();
        let message = error["error"]["message"].as_str().unwrap();
        for part in ["User not found.", "upstream refused the key of profile `lab`", "expired", "llmenv rotate lab"] {
            assert!(message.contains(part), "{inbound:?}: {message}");
        }
        assert!(!answer.text().contains(KEY));
        if is_same {
            assert!(
                answer.text().ends_with(",\"code\":401}, \"user_id\" : null}"),
                "the rest stays: {}",
                answer.text()
            );
        }
    }
}

#[test]
fn tokens_are_counted_upstream_or_estimated() {
    let lab = Lab::new("openai-chat", |_| Reply::json(500, "{}"));
    let body = r#"{"model":"claude-opus-4-8","system":"You are a helpful assistant.","messages":[{"role":"user","content":"Hello, world, how are you today?"}]}"#;
    let answer = lab.client().post("/lab/v1/messages/count_tokens?beta=true", body);
    let tokens = answer.json()["input_tokens"].as_u64().unwrap();
    assert!((10..60).contains(&tokens), "{tokens}");
    assert!(lab.upstream.seen().is_empty());
    let lab = Lab::new("anthropic-messages", |_| Reply::json(200, "{\"input_tokens\":77}"));
    let answer = lab.client().post("/lab/v1/messages/count_tokens?beta=true", body);
    assert_eq!(answer.json()["input_tokens"], 77);
    assert_eq!(lab.upstream.seen()[0].target, "/v1/messages/count_tokens?beta=true");
}

#[test]
fn a_silent_upstream_is_bridged_by_pings_before_and_after_its_first_byte() {
    let lab = Lab::with("openai-chat", "[proxy]\nping = \"1s\"", "", |seen| {
        let body = String::from_utf8_lossy(&seen.body);
        if body.contains("[[text]]") {
            Reply::Pieces {
                pieces: [": x\n\n", "data: {\"choices\":[{\"delta\":{\"content\":\"late\"}}]}\n\n", "data: [DONE]\n\n"]
                    .map(|p| p.as_bytes().to_vec())
                    .to_vec(),
                pause: std::time::Duration::from_millis(1_300),
            }
        } else {
            std::thread::sleep(std::time::Duration::from_millis(2_300));
            Reply::json(400, "{\"error\":{\"message\":\"too late for a status\"}}")
        }
    });
    let mut client = lab.client();
    let answer = client.post(path(Dialect::AnthropicMessages), request(Dialect::AnthropicMessages, "text", true));
    let text = answer.text();
    assert!(text.matches("event: ping").count() >= 2, "{text}");
    assert!(text.find("event: message_start").unwrap() < text.find("event: ping").unwrap(), "{text}");
    assert!(text.contains("\"late\"") && text.contains("event: message_stop"), "{text}");
    let answer = client.post(path(Dialect::AnthropicMessages), request(Dialect::AnthropicMessages, "none", true));
    assert_eq!(answer.status, 200);
    assert!(
        answer.text().contains("event: error") && answer.text().contains("too late for a status"),
        "{}",
        answer.text()
    );
    assert!(!answer.text().contains("message_stop"), "{}", answer.text());
}
