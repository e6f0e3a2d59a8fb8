//! The way upstream: redirects, repetitions, deadlines, and clients that leave.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

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
fn m94_a_short_wait_is_waited_out_and_a_started_stream_is_never_repeated() {
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

/// Reads one request with [`CHAT`] as its body.
fn read_chat(stream: &mut std::net::TcpStream) {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(CHAT.as_bytes()) {
        std::io::Read::read_exact(stream, &mut byte).unwrap();
        seen.push(byte[0]);
    }
}

const KEPT: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

/// A home whose profile `lab` asks the server at this address.
fn home_of(address: std::net::SocketAddr) -> crate::support::Home {
    let home = crate::support::Home::new();
    let base = format!("http://{address}/v1");
    let args = ["add", "lab", "--provider", "custom", "--base-url", &base, "--dialect", "openai-chat"];
    let got = home.llmenv_with(&[&args[..], &["--key-stdin", "--store", "file"]].concat(), KEY);
    assert_eq!(got.code, 0, "{got:?}");
    assert_eq!(home.llmenv(&["proxy", "on", "lab", "--serve", "openai"]).code, 0);
    home
}

/// Listens where something listened before. A program that another test is just starting holds the earlier socket until it runs.
fn listen_again(address: std::net::SocketAddr) -> std::net::TcpListener {
    let begun = std::time::Instant::now();
    loop {
        match std::net::TcpListener::bind(address) {
            Ok(listener) => return listener,
            Err(err) => assert!(begun.elapsed() < crate::support::DEADLINE, "{address}: {err}"),
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[test]
fn an_upstream_that_starts_again_is_found_again() {
    let address = crate::support::quiet_address();
    let home = home_of(address);
    let mut client = super::Client::connect(&super::pair(&home, "lab"));
    let answer = client.post("/lab/v1/chat/completions", CHAT);
    assert_eq!(answer.status, 502);
    assert!(answer.text().contains("connect"), "{}", answer.text());
    for round in 0..3 {
        let listener = listen_again(address);
        let serving = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            read_chat(&mut stream);
            // Keeps the connection open for another request, and then goes away without a word.
            std::io::Write::write_all(&mut stream, KEPT).unwrap();
        });
        assert_eq!(client.post("/lab/v1/chat/completions", CHAT).status, 200, "round {round}");
        serving.join().unwrap();
    }
}

/// What a server does with a request, by whether its connection has served one before.
#[derive(Clone, Copy)]
enum Ends {
    /// A kept connection ends under the request, before a byte of the answer.
    Kept,
    /// It ends after the answer's first byte.
    KeptLater,
    /// A fresh connection ends, before a byte.
    Fresh,
}

/// Serves one connection until it ends as told, and counts the requests and the ends.
fn serve_until(mut stream: std::net::TcpStream, how: &Mutex<Ends>, asked: &AtomicUsize, ended: &AtomicUsize) {
    use std::io::Write;
    let mut is_kept = false;
    loop {
        let mut seen = Vec::new();
        let mut byte = [0];
        while !seen.ends_with(CHAT.as_bytes()) {
            if std::io::Read::read_exact(&mut stream, &mut byte).is_err() {
                return;
            }
            seen.push(byte[0]);
        }
        asked.fetch_add(1, Ordering::SeqCst);
        let how = *how.lock().unwrap();
        if matches!((how, is_kept), (Ends::Kept | Ends::KeptLater, true) | (Ends::Fresh, false)) {
            ended.fetch_add(1, Ordering::SeqCst);
            if matches!(how, Ends::KeptLater) {
                stream.write_all(b"H").unwrap();
            }
            return;
        }
        stream.write_all(KEPT).unwrap();
        is_kept = true;
    }
}

/// A connection that is kept and ends under the next request: asked again over a fresh one, but only while no byte of an
/// answer has come, and never where the connection was fresh itself.
#[test]
fn m94_a_kept_connection_that_was_closed_is_no_error_of_the_clients() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let home = home_of(listener.local_addr().unwrap());
    let how = Arc::new(Mutex::new(Ends::Kept));
    let (asked, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let shared = (Arc::clone(&how), Arc::clone(&asked), Arc::clone(&ended));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (how, asked, ended) = shared.clone();
            std::thread::spawn(move || serve_until(stream, &how, &asked, &ended));
        }
    });
    let mut client = super::Client::connect(&super::pair(&home, "lab"));
    // Asks until connections have ended so under three requests; which connection a request goes over is the pool's to say.
    let mut ask_until_three_ends = |ends: Ends, expected: u16, asked_for_each: usize| {
        *how.lock().unwrap() = ends;
        let first = ended.load(Ordering::SeqCst);
        for _ in 0..1_000 {
            let before = (asked.load(Ordering::SeqCst), ended.load(Ordering::SeqCst));
            let answer = client.post("/lab/v1/chat/completions", CHAT);
            let now = (asked.load(Ordering::SeqCst), ended.load(Ordering::SeqCst));
            if now.1 > before.1 {
                assert_eq!(answer.status, expected, "{}", answer.text());
                assert_eq!((now.0 - before.0, now.1 - before.1), (asked_for_each, 1));
            } else {
                assert_eq!((answer.status, now.0 - before.0), (200, 1));
            }
            if now.1 - first == 3 {
                return;
            }
        }
        panic!("no connection was used twice in a thousand requests");
    };
    ask_until_three_ends(Ends::Kept, 200, 2);
    ask_until_three_ends(Ends::KeptLater, 502, 1);
    ask_until_three_ends(Ends::Fresh, 502, 1);
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
fn m93_a_client_that_leaves_ends_the_exchange_upstream() {
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
