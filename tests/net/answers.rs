//! Bodies: as they come, whole, too large, cut off, silent.

use std::time::Duration;

use http_body_util::BodyExt;
use llmenv::config::Network;
use llmenv::net::{Client, Kind, Lazy, Phase, Timeouts, collect};

use super::{CAP, PATIENT, block_on, client, fetch, get, post};
use crate::support::DEADLINE;
use crate::support::upstream::{Reply, Upstream};

const SHORT: Duration = Duration::from_millis(60);

#[test]
fn a_request_and_its_answer_arrive_as_they_were_sent() {
    let server =
        Upstream::plain(|seen| Reply::json(418, String::from_utf8(seen.body.clone()).unwrap()).with("x-own", "1"));
    // A path that a client which reads addresses as browsers do would change.
    let url = server.at("/v1/a/../b%2e%2e//c?x=%20&y");
    let (status, own, body) = block_on(async {
        let answer = client(&Network::default()).send(post(&url, "{\"a\":1}")).await.unwrap();
        let own = answer.headers()["x-own"].clone();
        (answer.status().as_u16(), own, collect(answer.into_body(), CAP).await.unwrap())
    });
    assert_eq!((status, own.to_str().unwrap(), &body[..]), (418, "1", &b"{\"a\":1}"[..]));
    let seen = server.seen();
    assert_eq!(seen[0].target, "/v1/a/../b%2e%2e//c?x=%20&y");
    let names: Vec<&str> = seen[0].headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["host", "content-length"], "nothing is added to a request but what HTTP needs");
}

#[test]
fn a_stream_is_passed_on_piece_by_piece() {
    let pieces: Vec<Vec<u8>> = (0..5).map(|n| format!("data: {n}\n\n").into_bytes()).collect();
    let expected = pieces.clone();
    let server = Upstream::plain(move |_| Reply::Pieces { pieces: pieces.clone(), pause: Duration::from_millis(20) });
    block_on(async {
        let mut body = client(&Network::default()).send(get(&server.at("/"))).await.unwrap().into_body();
        let mut came = Vec::new();
        while let Some(piece) = body.frame().await {
            came.push(piece.unwrap().into_data().unwrap().to_vec());
        }
        assert_eq!(came, expected);
    });
}

#[test]
fn connections_are_kept_and_shared_by_clones_alone() {
    let server = Upstream::plain(|_| Reply::json(200, "{}"));
    let url = server.at("/");
    block_on(async {
        let first = client(&Network::default());
        let ask = async |client: &Client| {
            collect(client.send(get(&url)).await.unwrap().into_body(), CAP).await.unwrap();
            // The connection goes back to the pool when the reader's task has run.
            tokio::task::yield_now().await;
        };
        ask(&first).await;
        ask(&first.clone()).await;
        assert_eq!(server.connections(), 1);
        ask(&first.apart(PATIENT)).await;
        assert_eq!(server.connections(), 2, "accounts that are kept apart share no connection");
    });
}

#[test]
fn a_lazy_client_is_made_anew_when_the_settings_change() {
    let server = Upstream::plain(|_| Reply::json(200, "{}"));
    let url = server.at("/");
    block_on(async {
        let lazy = Lazy::default();
        let changed = Network { no_proxy: vec!["example.com".to_owned()], ..Network::default() };
        for (network, connections) in [(Network::default(), 1), (Network::default(), 1), (changed, 2)] {
            let answer = lazy.client(&network, PATIENT).send(get(&url)).await.unwrap();
            collect(answer.into_body(), CAP).await.unwrap();
            tokio::task::yield_now().await;
            assert_eq!(server.connections(), connections);
        }
    });
}

#[test]
fn an_answer_that_is_too_large_is_not_read_to_its_end() {
    let whole = Upstream::plain(|_| Reply::CutOff { promised: 10_000_000_000, body: vec![b'x'; 1000] });
    let failure = fetch(&Network::default(), &whole.at("/")).unwrap_err();
    assert_eq!(failure.kind, Kind::TooLarge);
    assert_eq!(failure.message, format!("the answer of `{}` is larger than 64 KiB", whole.address));

    let pieces = vec![vec![b'x'; 30_000]; 4];
    let chunked = Upstream::plain(move |_| Reply::Pieces { pieces: pieces.clone(), pause: Duration::ZERO });
    assert_eq!(fetch(&Network::default(), &chunked.at("/")).unwrap_err().kind, Kind::TooLarge);
}

#[test]
fn an_answer_that_ends_early_or_is_no_http_is_said_so() {
    let cut = Upstream::plain(|_| Reply::CutOff { promised: 100, body: b"half".to_vec() });
    let failure = fetch(&Network::default(), &cut.at("/")).unwrap_err();
    assert_eq!(failure.kind, Kind::Cut);
    assert_eq!(failure.message, format!("`{}` closed the connection before its answer was complete", cut.address));

    let closes = Upstream::plain(|_| Reply::Raw(Vec::new()));
    assert_eq!(fetch(&Network::default(), &closes.at("/")).unwrap_err().kind, Kind::Cut);

    let other = Upstream::plain(|_| Reply::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()));
    let failure = fetch(&Network::default(), &other.at("/")).unwrap_err();
    assert_eq!(failure.kind, Kind::Protocol);
    assert_eq!(failure.message, format!("what `{}` answered is not HTTP", other.address));

    // A port that nobody listens on: bound a moment ago, and free again.
    let free = crate::support::quiet_address();
    let failure = fetch(&Network::default(), &format!("http://{free}/")).unwrap_err();
    assert_eq!(failure.kind, Kind::Connect);
    assert_eq!(failure.message, format!("cannot connect to `{free}`: connection refused"));
}

#[test]
fn each_part_that_takes_too_long_is_named() {
    let ask = |timeouts: Timeouts, url: String| {
        block_on(async {
            let answer = Client::new(&Network::default(), timeouts).send(get(&url)).await?;
            collect(answer.into_body(), CAP).await
        })
        .unwrap_err()
    };
    let silent = Upstream::plain(|_| Reply::Silent);
    // The system takes the connection, and nobody ever answers the handshake.
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = deaf.local_addr().unwrap();
    let failure = ask(Timeouts { connect: SHORT, ..PATIENT }, format!("https://{address}/"));
    assert_eq!(failure.kind, Kind::Timeout(Phase::Connect));
    assert_eq!(failure.message, format!("`{address}` was not reached within 60 ms"));

    let failure = ask(Timeouts { first_byte: SHORT, ..PATIENT }, silent.at("/"));
    assert_eq!(failure.kind, Kind::Timeout(Phase::FirstByte));
    assert_eq!(failure.message, format!("`{}` took the request and did not answer within 60 ms", silent.address));

    let stalls = Upstream::plain(|_| Reply::Stalls { body: b"{\"data\":".to_vec() });
    let failure = ask(Timeouts { idle: SHORT, ..PATIENT }, stalls.at("/"));
    assert_eq!(failure.kind, Kind::Timeout(Phase::Idle));
    assert_eq!(failure.message, format!("`{}` began to answer and then said nothing for 60 ms", stalls.address));
}

#[test]
fn a_stream_may_go_on_for_longer_than_any_limit_as_long_as_it_goes_on() {
    let pieces = vec![b"x".to_vec(); 12];
    let server = Upstream::plain(move |_| Reply::Pieces { pieces: pieces.clone(), pause: Duration::from_millis(200) });
    let timeouts = Timeouts { first_byte: Duration::from_secs(2), idle: Duration::from_secs(2), ..PATIENT };
    let body = block_on(async {
        let answer = Client::new(&Network::default(), timeouts).send(get(&server.at("/"))).await.unwrap();
        collect(answer.into_body(), CAP).await.unwrap()
    });
    assert_eq!(body.len(), 12);
}

#[test]
fn dropping_an_answer_ends_its_request() {
    let server = Upstream::plain(|_| Reply::Stalls { body: b"data: 1\n\n".to_vec() });
    block_on(async {
        let client = client(&Network::default());
        let mut body = client.send(get(&server.at("/"))).await.unwrap().into_body();
        body.frame().await.unwrap().unwrap();
        assert_eq!(server.open(), 1);
        drop(body);
        tokio::time::timeout(DEADLINE, async {
            while server.open() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .expect("the server still waits for a reader who has left");
    });
}
