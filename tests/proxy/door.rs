//! Who is let in: hosts, origins, paths, and HTTP that two readers could read in two ways.

use super::{Client, Lab, Pair};
use crate::support::upstream::Reply;

fn lab() -> Lab {
    Lab::with("openai-chat", "[proxy]\nallow_origins = [\"http://localhost:5173\"]", "", |_| {
        Reply::json(200, "{\"ok\":true}")
    })
}

/// Sends a head as it stands, and gives the status; 0: the connection was closed without an answer.
fn raw(pair: &Pair, head: &str) -> u16 {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", pair.port)).unwrap();
    stream.set_read_timeout(Some(crate::support::DEADLINE)).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut got = [0; 12];
    let mut count = 0;
    while count < got.len() {
        match stream.read(&mut got[count..]) {
            Ok(0) | Err(_) => break,
            Ok(more) => count += more,
        }
    }
    std::str::from_utf8(&got[..count]).ok().and_then(|text| text.split(' ').nth(1)?.parse().ok()).unwrap_or(0)
}

#[test]
fn t05_pages_and_foreign_names_get_nothing() {
    let lab = lab();
    let pair = lab.pair();
    let auth = format!("Authorization: Bearer {}\r\n", pair.token);
    let port = pair.port;
    for host in [
        "evil.example",
        "127.0.0.1.nip.io",
        "",
        "127.0.0.1@evil.example",
        "0.0.0.0",
        "localhost.evil.example:80",
        "[::2]",
    ] {
        let head = format!("GET /lab/v1/models HTTP/1.1\r\nHost: {host}\r\n{auth}\r\n");
        assert!(matches!(raw(&pair, &head), 400 | 403), "{host}");
    }
    let two = format!("GET /lab/v1/models HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n{auth}\r\n");
    assert!(matches!(raw(&pair, &two), 400 | 403));
    assert!(matches!(raw(&pair, &format!("GET /lab/v1/models HTTP/1.1\r\n{auth}\r\n")), 400 | 403));
    let absolute = format!("GET http://evil.example/lab/v1/models HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{auth}\r\n");
    assert!(matches!(raw(&pair, &absolute), 400 | 403));
    for header in
        ["Origin: https://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"]
    {
        let head = format!("GET /lab/v1/models HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{auth}{header}\r\n\r\n");
        assert_eq!(raw(&pair, &head), 403, "{header}");
        let head = format!("GET /health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{header}\r\n\r\n");
        assert_eq!(raw(&pair, &head), 403, "{header}");
    }
    let preflight = |origin: &str| {
        let mut client = Client::connect(&pair);
        client.write(format!("OPTIONS /lab/v1/chat/completions HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: {origin}\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization\r\n\r\n"));
        client.answer()
    };
    let refused = preflight("https://evil.example");
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (403, None));
    let allowed = preflight("http://localhost:5173");
    assert_eq!(
        (allowed.status, allowed.header("access-control-allow-origin"), allowed.header("access-control-allow-headers")),
        (204, Some("http://localhost:5173"), Some("authorization"))
    );
    // A simple request of a page, without a token: no preflight asks for it, and it gets nothing.
    let simple = format!(
        "POST /lab/v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{{}}"
    );
    assert_eq!(raw(&pair, &simple), 401);
    assert!(lab.upstream.seen().is_empty());
    // The control: from a listed origin, with a token, it works.
    let answer = lab.client().ask("POST", "/lab/v1/chat/completions", &[("Origin", "http://localhost:5173")], b"{}");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("http://localhost:5173")));
    assert_eq!(lab.upstream.seen().len(), 1);
}

#[test]
fn t05_it_listens_on_loopback_alone() {
    let lab = lab();
    let pair = lab.pair();
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let listening: Vec<&str> =
        table.lines().filter(|line| line.contains(&format!(":{:04X} ", pair.port)) && line.contains(" 0A ")).collect();
    assert_eq!(listening.len(), 1);
    assert!(listening[0].contains(&format!("0100007F:{:04X}", pair.port)), "{listening:?}");
    assert!(!std::fs::read_to_string("/proc/net/tcp6").unwrap().contains(&format!(":{:04X} ", pair.port)));
}

#[test]
fn without_a_token_only_the_door_answers() {
    let lab = lab();
    let pair = lab.pair();
    for (head, status) in [
        ("HEAD / HTTP/1.1", 200),
        ("GET / HTTP/1.1", 200),
        ("GET /health HTTP/1.1", 200),
        ("GET /lab HTTP/1.1", 401),
        ("HEAD /lab HTTP/1.1", 401),
        ("GET /lab/v1/models HTTP/1.1", 401),
        ("GET /nobody/v1/models HTTP/1.1", 401),
        ("POST / HTTP/1.1", 405),
        ("OPTIONS / HTTP/1.1", 405),
        ("GET /health/x HTTP/1.1", 401),
        ("CONNECT evil.example:443 HTTP/1.1", 426),
    ] {
        let host = if head.starts_with("CONNECT") { "127.0.0.1" } else { "localhost" };
        assert_eq!(raw(&pair, &format!("{head}\r\nHost: {host}\r\n\r\n")), status, "{head}");
    }
    let mut client = Client::connect(&pair);
    client.write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.answer().text(), "{\"status\":\"ok\"}\n");
    // Codex asks for a WebSocket first and goes on at once when it is refused.
    let answer =
        lab.client().ask("GET", "/lab/v1/responses", &[("Connection", "Upgrade"), ("Upgrade", "websocket")], b"");
    assert_eq!((answer.status, answer.header("connection")), (426, Some("close")));
}

#[test]
fn t06_no_path_becomes_another_place() {
    let lab = lab();
    let pair = lab.pair();
    let hostile = [
        "//evil.example/lab/v1/models",
        "/lab//evil.example/v1",
        "/lab/v1/../../etc",
        "/lab/v1/%2e%2e/models",
        "/lab/v1/..%2fmodels",
        "/lab/v1/models/%0d%0ax",
        "/lab/v1/files/a@evil.example",
        "/lab/\\evil.example/v1",
        "/lab/v1/models/.",
        "/lab/v1/x;y",
        "/lab/v1/files/..",
        "/lab/v1/files/a%00b",
        "/lab/v1/files/a%2f..%2fb",
        "/lab/v1/files/a..b",
    ];
    for path in hostile {
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nx-api-key: {}\r\n\r\n", pair.token);
        let got = raw(&pair, &head);
        assert!(matches!(got, 400 | 401 | 403 | 404), "{path}: {got}");
    }
    assert!(lab.upstream.seen().is_empty(), "{:?}", lab.upstream.seen());
}

#[test]
fn t07_a_request_that_can_be_read_in_two_ways_is_not_read() {
    let lab = lab();
    let pair = lab.pair();
    let start = format!("POST /lab/v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nx-api-key: {}\r\n", pair.token);
    let smuggled = "GET /lab/v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for head in [
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "Content-Length: 4, 4\r\n\r\nhihi",
        "Content-Length: +4\r\n\r\nhihi",
        "Content-Length: 0x4\r\n\r\nhihi",
        "Content-Length: -1\r\n\r\n",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        "X: a\r\n b: c\r\nContent-Length: 0\r\n\r\n",
        "X\r\n\r\n",
        "X : y\r\nContent-Length: 0\r\n\r\n",
        "X\u{e9}: y\r\nContent-Length: 0\r\n\r\n",
    ] {
        let before = lab.upstream.seen().len();
        let got = raw(&pair, &format!("{start}{head}{smuggled}"));
        let after = lab.upstream.seen();
        assert!(got == 400 || got == 0 || got == 501 || after.len() <= before + 1, "{head:?}: {got}");
        // Whatever was read as one request went on as one, with a length of its own.
        for one in &after[before..] {
            assert_eq!(one.header("transfer-encoding"), None, "{head:?}");
            assert_eq!(one.header("content-length"), Some(one.body.len().to_string().as_str()), "{head:?}");
        }
    }
    // A length and chunks together: the chunks count, the length does not go on.
    let both = format!("{start}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n");
    let before = lab.upstream.seen().len();
    let got = raw(&pair, &both);
    let seen = lab.upstream.seen();
    assert!(got == 400 || seen[before..].iter().all(|one| one.body == b"{}"), "{got}: {seen:?}");
    let many: String = (0..300).map(|n| format!("x-{n}: y\r\n")).collect();
    assert_eq!(raw(&pair, &format!("{start}{many}\r\n")), 431);
    let before = lab.upstream.seen().len();
    assert_eq!(raw(&pair, &format!("{start}x-long: {}\r\n\r\n", "y".repeat(200_000))), 431);
    assert_eq!(lab.upstream.seen().len(), before);
}

#[test]
fn m97_a_body_over_the_limit_is_refused_before_it_is_read() {
    let lab = lab();
    let pair = lab.pair();
    let head = format!(
        "POST /lab/v1/messages HTTP/1.1\r\nHost: localhost\r\nx-api-key: {}\r\nContent-Length: 67108865\r\n\r\n",
        pair.token
    );
    assert_eq!(raw(&pair, &head), 413);
    // Compressed, to be translated: it cannot be read here, and the client is told so.
    let coded = [("content-type", "application/json"), ("content-encoding", "zstd")];
    let answer = lab.client().ask("POST", "/lab/v1/responses", &coded, b"(\xb5/\xfd");
    assert_eq!(answer.status, 415, "{}", answer.text());
    // In chunks, after the client was told to go on.
    let mut client = lab.client();
    client.write(format!(
        "POST /lab/v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nx-api-key: {}\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n",
        pair.token
    ));
    assert_eq!(client.head().status, 100);
    client.write("9\r\n{\"model\":\r\n4\r\n\"m\"}\r\n0\r\n\r\n");
    assert_eq!(client.answer().status, 200);
    assert_eq!(lab.upstream.seen().last().unwrap().body, br#"{"model":"m"}"#);
    // 40 MB go through.
    let body = vec![b'x'; 40 << 20];
    let answer = lab.client().ask("POST", "/lab/v1/audio/transcriptions", &[("content-type", "audio/wav")], &body);
    assert_eq!(answer.status, 200);
    assert!(lab.upstream.seen().last().unwrap().body == body);
}
