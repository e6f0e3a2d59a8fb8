//! Many streams at once, and clients that read slowly.

use std::time::Duration;

use super::{Client, Lab};
use crate::support::upstream::Reply;

const MESSAGES: &str = r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}],"stream":true}"#;
const STREAMS: usize = 1_000;

fn memory_kb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A thousand translated streams are open at the same time before the first of them may end.
#[test]
fn a_thousand_streams_at_once_all_complete() {
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let wanted = 4 * STREAMS as u64;
    if files.maximum.is_some_and(|most| most < wanted) {
        crate::support::left_out("a thousand streams: the system allows too few open files");
        return;
    }
    let current = Some(files.current.map_or(wanted, |now| now.max(wanted)));
    rustix::process::setrlimit(
        rustix::process::Resource::Nofile,
        rustix::process::Rlimit { current, maximum: files.maximum },
    )
    .unwrap();
    let (open, opened) =
        (std::sync::Arc::new(std::sync::Mutex::new(false)), std::sync::Arc::new(std::sync::Condvar::new()));
    let (gate, wake) = (std::sync::Arc::clone(&open), std::sync::Arc::clone(&opened));
    let lab = Lab::new("openai-chat", move |_| {
        let mut is_open = gate.lock().unwrap();
        while !*is_open {
            is_open = wake.wait(is_open).unwrap();
        }
        super::events(&["data: {\"choices\":[{\"delta\":{\"content\":\"o", "ne\"}}]}\n\n", "data: [DONE]\n\n"])
    });
    let pair = lab.pair();
    let pid = lab.home.daemon_pid().unwrap();
    let before = memory_kb(pid);
    let mut clients: Vec<Client> = (0..STREAMS)
        .map(|_| {
            let mut client = Client::connect(&pair);
            client.send("POST", "/lab/v1/messages", &[("content-type", "application/json")], MESSAGES.as_bytes());
            client
        })
        .collect();
    // Four thousand ends of connections take their time where others are at work too.
    let begun = std::time::Instant::now();
    while lab.upstream.seen().len() < STREAMS {
        assert!(begun.elapsed() < Duration::from_secs(180), "{} of {STREAMS} are upstream", lab.upstream.seen().len());
        std::thread::sleep(Duration::from_millis(100));
    }
    let during = memory_kb(pid);
    // Meanwhile a shell is answered.
    assert_eq!(lab.home.llmenv(&["status", "--json"]).code, 0);
    *open.lock().unwrap() = true;
    opened.notify_all();
    for client in &mut clients {
        let answer = client.answer();
        assert!(
            answer.is_whole && answer.text().contains("\"one\"") && answer.text().contains("message_stop"),
            "{}",
            answer.text()
        );
    }
    let each = during.saturating_sub(before) / STREAMS as u64;
    eprintln!("{STREAMS} streams: {before} KB before, {during} KB with all of them open, {each} KB each");
    assert!(each <= 64, "{each} KB a stream");
}

/// A client that does not read stops the upstream instead of filling memory.
#[test]
fn a_slow_client_slows_the_upstream_down() {
    let piece =
        format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{}\"}}}}]}}\n\n", "x".repeat(60_000)).into_bytes();
    let lab =
        Lab::new("openai-chat", move |_| Reply::Pieces { pieces: vec![piece.clone(); 1_500], pause: Duration::ZERO });
    let pid = lab.home.daemon_pid().unwrap();
    for path in ["/lab/v1/messages", "/lab/v1/chat/completions"] {
        let mut client = lab.client();
        let before = memory_kb(pid);
        client.send("POST", path, &[("content-type", "application/json")], MESSAGES.as_bytes());
        assert_eq!(client.head().status, 200);
        // Long enough for 90 MB, had nobody stopped them.
        let mut most = before;
        for _ in 0..40 {
            std::thread::sleep(Duration::from_millis(25));
            most = most.max(memory_kb(pid));
        }
        let grown = most - before;
        eprintln!("{path}: {grown} KB more while nobody read");
        assert!(grown < 16 * 1024, "{path}: {grown} KB held for one client that does not read");
        let mut read = 0;
        while let Some(chunk) = client.chunk().filter(|chunk| !chunk.is_empty()) {
            read += chunk.len();
        }
        assert!(read > 1_500 * 60_000, "{path}: only {read} bytes came");
    }
}
