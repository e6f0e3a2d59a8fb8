//! The way upstream: redirects, repetitions, deadlines, and clients that leave.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{KEY, Lab, wait_until};
use crate::support::upstream::{Reply, Upstream};

const CHAT: &str = r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;
const MESSAGES: &str = r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}],"stream":true}"#;

#[test]
fn t06_redirects_are_not_followed() {
    let other = Arc::new(Upstream::plain(|_| Reply::json(200, "{}")));
    let at = other.address;
    let lab = Lab::new("openai-chat", move |seen| {
        let status: u16 = seen.header("x-status").unwrap_or("307").parse().unwrap();
        Reply::redirect(status, &format!("http://localhost:{}/v1/chat/completions", at.port()))
    });
    let mut client = lab.client();
    for status in ["301", "302", "303", "307", "308"] {
        let answer = client.ask("POST", "/lab/v1/chat/completions", &[("x-status", status)], CHAT.as_bytes());
        assert_eq!(answer.status, 502, "{}", answer.text());
        assert!(answer.text().contains("redirect") && answer.header("location").is_none(), "{}", answer.text());
    }
    assert_eq!(client.post("/lab/v1/messages", MESSAGES).status, 502);
    assert_eq!(client.ask("GET", "/lab/v1/models", &[], b"").status, 502);
    assert_eq!(other.connections(), 0);
    assert_eq!(lab.upstream.seen().len(), 7);
}

#[test]
fn t06_the_environments_proxy_is_not_asked() {
    let spy = Upstream::plain(|_| Reply::json(200, "{}"));
    let upstream = Upstream::plain(|_| Reply::json(200, "{\"ok\":1}"));
    let home = crate::support::Home::new();
    let spied = format!("http://{}", spy.address);
    let run = |args: &[&str], stdin: &str| {
        let mut command = home.cmd(crate::support::LLMENV);
        for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
            command.env(name, &spied);
        }
        command.args(args);
        let got = crate::support::home::finish(command, Some(stdin.as_bytes().to_vec()));
        assert_eq!(got.code, 0, "{got:?}");
    };
    run(
        &[
            "add",
            "lab",
            "--provider",
            "custom",
            "--base-url",
            &upstream.at("/v1"),
            "--dialect",
            "openai-chat",
            "--key-stdin",
            "--store",
            "file",
        ],
        KEY,
    );
    run(&["proxy", "on", "lab", "--serve", "openai"], "");
    let mut client = super::Client::connect(&super::pair(&home, "lab"));
    assert_eq!(client.post("/lab/v1/chat/completions", CHAT).status, 200);
    assert_eq!((spy.connections(), upstream.seen().len()), (0, 1));
}

#[test]
fn a_short_wait_is_waited_out_and_a_started_stream_is_never_repeated() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let lab = Lab::new("openai-chat", move |seen| {
        let at = counted.fetch_add(1, Ordering::SeqCst);
        match String::from_utf8_lossy(&seen.body) {
            body if body.contains("never") => Reply::json(503, "{\"error\":{\"message\":\"busy\"}}")
                .with("retry-after", "1")
                .with("x-should-retry", "false"),
            body if body.contains("cut") => Reply::CutOff { promised: 500, body: b"{\"half\":".to_vec() },
            _ if at == 0 => Reply::json(503, "{\"error\":{\"message\":\"busy\"}}").with("retry-after", "1"),
            _ => Reply::json(200, "{\"ok\":1}"),
        }
    });
    let mut client = lab.client();
    assert_eq!(client.post("/lab/v1/chat/completions", CHAT).status, 200);
    assert_eq!(count.load(Ordering::SeqCst), 2);
    assert_eq!(client.post("/lab/v1/chat/completions", r#"{"model":"never"}"#).status, 503);
    assert_eq!(count.load(Ordering::SeqCst), 3);
    let answer = client.post("/lab/v1/chat/completions", r#"{"model":"cut"}"#);
    assert!(!answer.is_whole);
    assert_eq!(count.load(Ordering::SeqCst), 4);
}

#[test]
fn an_upstream_that_starts_again_is_found_again() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let home = crate::support::Home::new();
    let base = format!("http://127.0.0.1:{port}/v1");
    let got = home.llmenv_with(
        &[
            "add",
            "lab",
            "--provider",
            "custom",
            "--base-url",
            &base,
            "--dialect",
            "openai-chat",
            "--key-stdin",
            "--store",
            "file",
        ],
        KEY,
    );
    assert_eq!(got.code, 0, "{got:?}");
    assert_eq!(home.llmenv(&["proxy", "on", "lab", "--serve", "openai"]).code, 0);
    let mut client = super::Client::connect(&super::pair(&home, "lab"));
    let answer = client.post("/lab/v1/chat/completions", CHAT);
    assert_eq!(answer.status, 502);
    assert!(answer.text().contains("connect"), "{}", answer.text());
    for round in 0..3 {
        let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
        let serving = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut seen = Vec::new();
            let mut byte = [0];
            while !seen.ends_with(CHAT.as_bytes()) {
                std::io::Read::read_exact(&mut stream, &mut byte).unwrap();
                seen.push(byte[0]);
            }
            // Keeps the connection open for another request, and then goes away without a word.
            std::io::Write::write_all(&mut stream, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
        });
        assert_eq!(client.post("/lab/v1/chat/completions", CHAT).status, 200, "round {round}");
        serving.join().unwrap();
    }
}

#[test]
fn deadlines_are_told_in_the_clients_dialect() {
    let lab = Lab::with("openai-chat", "[proxy]\nfirst_byte_timeout = \"1s\"\nidle_timeout = \"1s\"", "", |seen| {
        if String::from_utf8_lossy(&seen.body).contains("stall") {
            Reply::Stalls { body: b"data: {\"choices\":[{\"delta\":{\"content\":\"one\"}}]}\n\n".to_vec() }
        } else {
            Reply::Silent
        }
    });
    let mut client = lab.client();
    let answer = client.post("/lab/v1/chat/completions", CHAT);
    assert_eq!(
        (answer.status, answer.json()["error"]["type"].as_str()),
        (504, Some("timeout_error")),
        "{}",
        answer.text()
    );
    let answer = client.post("/lab/v1/messages", MESSAGES.replace("\"hi\"", "\"stall\""));
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("\"one\"") && answer.text().contains("event: error"), "{}", answer.text());
    assert!(answer.text().contains("timeout_error") && !answer.text().contains("message_stop"), "{}", answer.text());
    wait_until("nothing is left open", || lab.upstream.open() == 0);
}

/// The client goes while the upstream has not answered, in the middle of a stream, and while a reply in one piece is read.
#[test]
fn a_client_that_leaves_ends_the_exchange_upstream() {
    let lab = Lab::new("openai-chat", |seen| {
        if String::from_utf8_lossy(&seen.body).contains("stall") {
            Reply::Stalls { body: b"data: {\"choices\":[{\"delta\":{\"content\":\"one\"}}]}\n\n".to_vec() }
        } else {
            Reply::Silent
        }
    });
    let pair = lab.pair();
    for (path, body) in [
        ("/lab/v1/chat/completions", CHAT.to_owned()),
        ("/lab/v1/messages", MESSAGES.to_owned()),
        ("/lab/v1/messages", MESSAGES.replace(",\"stream\":true", "")),
        ("/lab/v1/messages", MESSAGES.replace("\"hi\"", "\"stall\"")),
        ("/lab/v1/messages", MESSAGES.replace("\"hi\"", "\"stall\"").replace(",\"stream\":true", "")),
        ("/lab/v1/chat/completions", CHAT.replace("hi", "stall")),
    ] {
        let before = lab.upstream.seen().len();
        let mut client = super::Client::connect(&pair);
        client.send("POST", path, &[("content-type", "application/json")], body.as_bytes());
        wait_until("the upstream has the request", || lab.upstream.seen().len() == before + 1);
        assert_eq!(lab.upstream.open(), 1, "{path} {body}");
        if body.contains("stall") && (body.contains("stream") || path.ends_with("completions")) {
            assert_eq!(client.head().status, 200);
            assert!(client.chunk().is_some() || path.ends_with("completions"));
        }
        drop(client);
        wait_until("the upstream's connection ends too", || lab.upstream.open() == 0);
    }
    let log = lab.home.llmenv(&["proxy", "log", "--json"]).stdout;
    let log: serde_json::Value = serde_json::from_str(&log).unwrap();
    let gone = log["exchanges"].as_array().unwrap().iter().filter(|one| one["error"] == "client-gone").count();
    assert_eq!(gone, 6, "{log}");
}
