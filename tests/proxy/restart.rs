//! The daemon goes and the next one comes, under clients in the middle of their answers.

use std::time::Duration;

use super::{Client, Lab, wait_until};
use crate::support::upstream::Reply;

const CHAT: &str = r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true}"#;

#[test]
fn streams_under_way_finish_while_the_next_daemon_serves() {
    let pieces = ["data: {\"n\":1}\n\n", "data: {\"n\":2}\n\n", "data: {\"n\":3}\n\n", "data: [DONE]\n\n"];
    let lab = Lab::new("openai-chat", move |seen| match seen.target.as_str() {
        "/v1/embeddings" => Reply::json(200, "{\"ok\":1}"),
        _ => Reply::Pieces {
            pieces: pieces.map(|piece| piece.as_bytes().to_vec()).to_vec(),
            pause: Duration::from_millis(1_500),
        },
    });
    let pair = lab.pair();
    let before = lab.home.daemon_pid().unwrap();
    let mut client = Client::connect(&pair);
    client.send("POST", "/lab/v1/chat/completions", &[("content-type", "application/json")], CHAT.as_bytes());
    assert_eq!(client.head().status, 200);
    let mut got = client.chunk().expect("the first piece");
    let restarted = lab.home.llmenv(&["daemon", "restart"]);
    assert_eq!(restarted.code, 0, "{restarted:?}");
    let after = lab.home.daemon_pid().unwrap();
    assert_ne!(before, after);
    wait_until("the next one listens", || std::net::TcpStream::connect(("127.0.0.1", pair.port)).is_ok());
    assert_eq!(Client::connect(&pair).post("/lab/v1/embeddings", "{}").status, 200);
    while let Some(chunk) = client.chunk().filter(|chunk| !chunk.is_empty()) {
        got.extend(chunk);
    }
    assert_eq!(String::from_utf8_lossy(&got), pieces.concat());
    wait_until("the old one is gone", || !std::fs::exists(format!("/proc/{before}/fd/0")).unwrap_or(false));
    // What both counted is added up.
    let usage = || lab.home.llmenv(&["status", "--usage", "--json"]).stdout;
    let requests = || {
        let usage: serde_json::Value = serde_json::from_str(&usage()).unwrap();
        let days = usage["days"].as_object().unwrap();
        days.values().map(|day| day["lab"]["requests"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(lab.home.llmenv(&["daemon", "restart"]).code, 0);
    assert_eq!(requests(), 2);
}
