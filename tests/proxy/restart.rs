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

/// One request over a fresh connection: never refused, never cut.
#[cfg(unix)]
fn ask_anew(pair: &super::Pair) -> u16 {
    Client::connect(pair).post("/lab/v1/embeddings", "{}").status
}

/// As programs do: over one connection until it is told to go, or finds it closed; then over the next, once.
#[cfg(unix)]
fn ask_over(connection: &mut Option<std::net::TcpStream>, pair: &super::Pair) -> u16 {
    use std::io::{Read, Write};
    let request = format!(
        "POST /lab/v1/embeddings HTTP/1.1\r\nHost: localhost\r\nx-api-key: {}\r\ncontent-length: 2\r\n\r\n{{}}",
        pair.token
    );
    let mut is_fresh = connection.is_none();
    loop {
        let stream = connection.get_or_insert_with(|| {
            let stream = std::net::TcpStream::connect(("127.0.0.1", pair.port)).expect("nobody is refused");
            stream.set_read_timeout(Some(crate::support::DEADLINE)).unwrap();
            stream
        });
        let mut got = Vec::new();
        let mut byte = [0; 1];
        let is_whole = stream.write_all(request.as_bytes()).is_ok()
            && loop {
                match stream.read(&mut byte) {
                    Ok(1) => got.push(byte[0]),
                    _ => break false,
                }
                if got.ends_with(b"{\"ok\":1}") {
                    break true;
                }
            };
        let text = String::from_utf8_lossy(&got).to_ascii_lowercase();
        if is_whole {
            if text.contains("connection: close") {
                *connection = None;
            }
            return text[9..12].parse().unwrap();
        }
        assert!(!is_fresh && got.is_empty(), "cut off after {text:?}");
        (*connection, is_fresh) = (None, true);
    }
}

/// The port is never closed while one daemon follows the other, be it another program: nobody is refused, no token is unknown,
/// and a stream of before comes to its end.
#[cfg(unix)]
#[test]
fn nobody_is_refused_while_a_newer_program_takes_over() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    let pieces = ["data: {\"n\":1}\n\n", "data: {\"n\":2}\n\n", "data: [DONE]\n\n"];
    let lab = Lab::new("openai-chat", move |seen| match seen.target.as_str() {
        "/v1/embeddings" => Reply::json(200, "{\"ok\":1}"),
        _ => Reply::Pieces {
            pieces: pieces.map(|piece| piece.as_bytes().to_vec()).to_vec(),
            pause: Duration::from_secs(2),
        },
    });
    let pair = lab.pair();
    let mut stream = Client::connect(&pair);
    stream.send("POST", "/lab/v1/chat/completions", &[("content-type", "application/json")], CHAT.as_bytes());
    assert_eq!(stream.head().status, 200);
    let (is_over, counted) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let asking: Vec<_> = (0..4)
        .map(|number| {
            let (pair, is_over, counted) = (pair.clone(), Arc::clone(&is_over), Arc::clone(&counted));
            std::thread::spawn(move || {
                let mut connection = None;
                while !is_over.load(Ordering::Relaxed) {
                    let status = if number % 2 == 0 { ask_anew(&pair) } else { ask_over(&mut connection, &pair) };
                    assert_eq!(status, 200);
                    counted.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(Duration::from_millis(3));
                }
            })
        })
        .collect();
    // The same program from three places, as an upgrade puts another in its place.
    let mut daemons = vec![lab.home.daemon_pid().unwrap()];
    for number in 0..3 {
        let before = counted.load(Ordering::Relaxed);
        wait_until("requests are made", || counted.load(Ordering::Relaxed) > before + 20);
        let program = lab.home.path(format!("newer-{number}/llmenv"));
        std::fs::create_dir(program.parent().unwrap()).unwrap();
        std::fs::copy(crate::support::LLMENV, &program).unwrap();
        let mut command = lab.home.cmd(program.to_str().unwrap());
        command.args(["daemon", "restart"]);
        let restarted = crate::support::home::finish(command, None);
        assert_eq!(restarted.code, 0, "{restarted:?}");
        let status: serde_json::Value =
            serde_json::from_str(&lab.home.llmenv(&["daemon", "status", "--json"]).stdout).unwrap();
        assert_eq!(status["program"].as_str(), program.to_str(), "{status}");
        daemons.push(lab.home.daemon_pid().unwrap());
    }
    let before = counted.load(Ordering::Relaxed);
    wait_until("requests are made", || counted.load(Ordering::Relaxed) > before + 20);
    is_over.store(true, Ordering::Relaxed);
    for thread in asking {
        thread.join().unwrap();
    }
    daemons.dedup();
    assert_eq!(daemons.len(), 4);
    let mut got = Vec::new();
    while let Some(chunk) = stream.chunk().filter(|chunk| !chunk.is_empty()) {
        got.extend(chunk);
    }
    assert_eq!(String::from_utf8_lossy(&got), pieces.concat());
    assert_eq!(lab.pair().port, pair.port);
    let log = lab.home.llmenv(&["daemon", "log", "--lines", "100"]).stdout;
    assert_eq!(log.matches("the next daemon has what was open").count(), 3, "{log}");
    eprintln!("{} requests during 3 replacements of the daemon: all answered 200", counted.load(Ordering::Relaxed));
}

/// A daemon that only finishes its streams knows nothing of the tokens made since, and must not write its own list over them.
#[test]
fn a_token_made_meanwhile_is_not_forgotten() {
    let lab = Lab::new("openai-chat", move |seen| match seen.target.as_str() {
        "/v1/embeddings" => Reply::json(200, "{\"ok\":1}"),
        _ => Reply::Pieces { pieces: vec![b"data: 1\n\n".to_vec(); 3], pause: Duration::from_secs(1) },
    });
    let before = lab.home.daemon_pid().unwrap();
    // A program with a token of its own, which ends while the old daemon has still a stream to finish.
    let mut program = lab.home.cmd(crate::support::LLMENV);
    program.args(["exec", "lab", "--", if cfg!(windows) { "more" } else { "cat" }]);
    program.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::null());
    let mut program = program.spawn().unwrap();
    let tokens = || lab.home.llmenv(&["proxy", "status", "--json"]).stdout.matches("\"exec\"").count();
    wait_until("the program has its token", || tokens() == 1);
    let mut stream = lab.client();
    stream.send("POST", "/lab/v1/chat/completions", &[("content-type", "application/json")], CHAT.as_bytes());
    assert_eq!(stream.head().status, 200);
    assert_eq!(lab.home.llmenv(&["daemon", "restart"]).code, 0);
    assert_ne!(lab.home.daemon_pid(), Some(before));
    let since = lab.pair();
    drop(program.stdin.take());
    program.wait().unwrap();
    while stream.chunk().is_some_and(|chunk| !chunk.is_empty()) {}
    wait_until("the old one is gone", || !std::fs::exists(format!("/proc/{before}/fd/0")).unwrap_or(false));
    assert_eq!(lab.home.llmenv(&["daemon", "restart"]).code, 0);
    assert_eq!(Client::connect(&since).post("/lab/v1/embeddings", "{}").status, 200);
}
