//! One dialect on both sides: not a byte is changed, but for a mapped model's name.

use super::{KEY, Lab, events};
use crate::support::LLMENV;
use crate::support::home::finish;
use crate::support::upstream::Reply;

const CHAT: &str = r#"{ "model":"m-1",  "messages":[{"role":"user","content":"Grüße"}], "unknown":{"x":1.0e2} }"#;
const REPLY: &str = "{\"id\":\"c1\", \"model\":\"m-1\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hi\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":21,\"completion_tokens\":7}}\n";

#[test]
fn a_program_started_with_exec_gets_its_answer() {
    let lab = Lab::new("openai-chat", |_| Reply::json(200, REPLY));
    let script = r#"curl -sS -m 20 "$OPENAI_BASE_URL/chat/completions" -H "Authorization: Bearer $OPENAI_API_KEY" -H 'content-type: application/json' -d '{"model":"m-1"}'; printf %s "$OPENAI_API_KEY" >&2"#;
    let mut command = lab.home.cmd(LLMENV);
    command.args(["exec", "lab", "--", "sh", "-c", script]);
    let got = finish(command, None);
    assert_eq!((got.stdout.as_str(), got.code), (REPLY, 0), "{got:?}");
    assert!(got.stderr.starts_with("llmenv_") && got.stderr.len() == 71, "{got:?}");
    let seen = lab.upstream.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!(
        (seen[0].target.as_str(), seen[0].body.as_slice()),
        ("/v1/chat/completions", &br#"{"model":"m-1"}"#[..])
    );
}

#[test]
fn m98_bytes_go_through_untouched_and_what_is_the_clients_stays_here() {
    let pieces = [
        ": OPENROUTER PROCESSING\n\n",
        "data: {\"model\":\"m-1\",\"choices\":[{\"delta\":{\"content\":\"Gr",
        "üße\"}}]}\r\n\r\ndata:{\"odd\": 1 }\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n",
        "data: [DONE]\n\n",
    ];
    let lab = Lab::new("openai-chat", move |_| events(&pieces));
    let mut client = lab.client();
    let headers = [
        ("content-type", "application/json"),
        ("x-stainless-lang", "js"),
        ("Cookie", "a=b"),
        ("Connection", "x-hop"),
        ("x-hop", "1"),
        ("Accept-Encoding", "gzip"),
    ];
    let answer = client.ask("POST", "/lab/v1/chat/completions?beta=true", &headers, CHAT.as_bytes());
    assert_eq!((answer.status, answer.is_whole), (200, true));
    assert_eq!(answer.text(), pieces.concat());
    assert_eq!(answer.header("x-request-id"), Some("req_77"));
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    let seen = lab.upstream.seen();
    assert_eq!(seen[0].body, CHAT.as_bytes());
    assert_eq!(seen[0].target, "/v1/chat/completions?beta=true");
    assert_eq!(seen[0].header("x-stainless-lang"), Some("js"));
    for gone in ["cookie", "x-hop", "x-api-key"] {
        assert_eq!(seen[0].header(gone), None, "{gone}");
    }
    assert_eq!(seen[0].header("accept-encoding"), Some("identity"));
    let log = lab.home.llmenv(&["proxy", "log", "--json"]).stdout;
    let log: serde_json::Value = serde_json::from_str(&log).unwrap();
    let one = &log["exchanges"][0];
    assert_eq!(
        (&one["input_tokens"], &one["output_tokens"], &one["status"]),
        (&3.into(), &4.into(), &200.into()),
        "{log}"
    );
}

#[test]
fn each_chunk_arrives_as_it_was_sent() {
    let lab = Lab::new("anthropic-messages", |_| {
        let pieces =
            ["event: message_start\ndata: {}\n\n", "event: ping\ndata: {}\n\n", "event: message_stop\ndata: {}\n\n"];
        Reply::Pieces {
            pieces: pieces.map(|piece| piece.as_bytes().to_vec()).to_vec(),
            pause: std::time::Duration::from_millis(30),
        }
    });
    let mut client = lab.client();
    let answer = client.post("/lab/v1/messages", r#"{"model":"m","max_tokens":5,"messages":[]}"#);
    let texts: Vec<_> = answer.chunks.iter().map(|chunk| String::from_utf8_lossy(chunk).into_owned()).collect();
    assert_eq!(
        texts,
        ["event: message_start\ndata: {}\n\n", "event: ping\ndata: {}\n\n", "event: message_stop\ndata: {}\n\n"]
    );
    assert_eq!(lab.upstream.seen()[0].header("x-api-key"), Some(KEY));
    assert_eq!(lab.upstream.seen()[0].header("authorization"), None);
}

#[test]
fn a_mapped_model_is_replaced_there_and_back_and_nothing_else() {
    let stream = [
        "data: {\"id\":\"1\", \"model\":\"real/big\",\"choices\":[]}\r\n\r\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"model: real/big\"}}]}\n\n",
        "data: [DONE]\n\n",
    ];
    let lab = Lab::with("openai-chat", "model = \"real/big\"", "", move |seen| {
        if String::from_utf8_lossy(&seen.body).contains("stream") {
            events(&stream)
        } else {
            Reply::json(200, "{\"model\": \"real/big\" ,\"x\":1}")
        }
    });
    let mut client = lab.client();
    let answer = client.post("/lab/v1/chat/completions", r#"{ "messages":[], "model" : "gpt-5" }"#);
    assert_eq!(answer.text(), "{\"model\": \"gpt-5\" ,\"x\":1}");
    assert_eq!(lab.upstream.seen()[0].body, br#"{ "messages":[], "model" : "real/big" }"#);
    let mut client = lab.client();
    let answer = client.post("/lab/v1/chat/completions", r#"{"model":"gpt-5","stream":true}"#);
    assert_eq!(answer.text(), stream.concat().replacen("\"model\":\"real/big\"", "\"model\":\"gpt-5\"", 1));
    // A name that the endpoint may well know is left alone.
    let mut client = lab.client();
    client.post("/lab/v1/chat/completions", r#"{"model":"llama-3"}"#);
    assert_eq!(lab.upstream.seen()[2].body, br#"{"model":"llama-3"}"#);
}

#[test]
fn embeddings_audio_and_lists_are_passed_on() {
    let lab = Lab::new("openai-chat", |seen| match seen.target.as_str() {
        "/v1/models" => Reply::json(200, "{\"object\":\"list\",\"data\":[{\"id\":\"m-1\",\"object\":\"model\"}]}"),
        _ => Reply::json(200, "{\"ok\":true}"),
    });
    let mut client = lab.client();
    for path in ["embeddings", "completions", "audio/transcriptions", "files/file-1"] {
        let answer = client.post(&format!("/lab/v1/{path}"), "x");
        assert_eq!((answer.status, answer.text().as_str()), (200, "{\"ok\":true}"), "{path}");
    }
    let answer = client.ask("GET", "/lab/v1/models", &[], b"");
    assert_eq!(answer.json()["data"][0]["object"], "model");
    let answer = client.ask("GET", "/lab/v1/models?limit=1000", &[("anthropic-version", "2023-06-01")], b"");
    assert_eq!((&answer.json()["data"][0]["type"], &answer.json()["has_more"]), (&"model".into(), &false.into()));
    let answer = client.ask("POST", "/lab/v1/messages/batches", &[("anthropic-version", "2023-06-01")], b"{}");
    assert_eq!((answer.status, answer.json()["error"]["type"].as_str()), (404, Some("not_found_error")));
}
