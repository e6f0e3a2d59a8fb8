//! What a check may do: one request with the key, to the host that the key is for, and never with what it would use up.

use std::time::Duration;

use llmenv::net::Timeouts;
use llmenv::probe::Verdict;
use llmenv::provider;

use super::{World, target};
use crate::support::upstream::play::{self, Sort};
use crate::support::upstream::{Reply, Upstream};

const KEY: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn t17_no_provider_of_the_catalogue_has_its_key_sent_elsewhere_or_twice() {
    let world = World::new(|_| Reply::json(200, r#"{"object":"list","data":[{"id":"a-model"}]}"#));
    let mut asked = 0;
    for row in provider::all() {
        let base = &row.default_endpoint().unwrap().base_url;
        if base.contains('{') || base.starts_with("http://") {
            continue;
        }
        let before = world.proxy.seen().len();
        world.probe(&target(&row.id, None, KEY));
        let host = base.trim_start_matches("https://").split('/').next().unwrap();
        let seen = world.proxy.seen().split_off(before);
        assert!(!seen.is_empty(), "{}: nobody was asked", row.id);
        assert!(seen.iter().all(|seen| seen.host == host), "{}: {:?}", row.id, world.lines());
        let with_key = seen.iter().filter(|seen| format!("{:?}", seen.headers).contains(KEY)).count();
        assert_eq!((with_key, seen.len() <= 2), (1, true), "{}: {seen:?}", row.id);
        assert!(seen.iter().all(|seen| seen.method == "GET" && seen.body.is_empty()), "{}: no model is called", row.id);
        asked += 1;
    }
    assert!(asked > 30, "only {asked} providers were tried");
}

#[test]
fn t17_a_list_that_is_open_to_everybody_proves_no_key() {
    let world = World::new(play::providers);
    let report = world.probe(&target("nvidia", None, KEY));
    assert_eq!(report.verdict, Verdict::Unproven);
    assert_eq!(
        report.message,
        "`integrate.api.nvidia.com` answers anybody: whether it takes this key only a request to a model shows"
    );
    let seen = world.proxy.seen();
    assert_eq!(world.lines(), ["GET integrate.api.nvidia.com/v1/models"; 2]);
    assert_eq!([seen[0].header("authorization").is_some(), seen[1].header("authorization").is_some()], [true, false]);

    // One that refuses those without a key does.
    let closed = World::new(|seen| match seen.header("authorization") {
        Some(_) => Reply::json(200, r#"{"data":[]}"#),
        None => Reply::json(401, r#"{"error":"Unauthorized"}"#),
    });
    assert_eq!(closed.probe(&target("nvidia", None, KEY)).verdict, Verdict::Works);
}

#[test]
fn t17_tokens_that_a_request_uses_up_are_never_sent() {
    let world = World::new(play::providers);
    for (key, says) in [
        (format!("sk-ant-ort01-{}", "a1B2c3D4".repeat(12)), "refresh token"),
        (format!("sk-ant-admin01-{}", "a1B2c3D4".repeat(12)), "manages an organization"),
        (format!("sk-ant-sid01-{}", "a1B2c3D4".repeat(12)), "browser's session"),
    ] {
        let report = world.probe(&target("anthropic", None, &key));
        assert_eq!(report.verdict, Verdict::Refused);
        assert!(report.message.contains(says) && report.message.ends_with("so it was not sent"), "{report:?}");
    }
    assert_eq!(world.proxy.connections(), 0);
}

#[test]
fn t06_a_redirect_is_said_and_not_followed() {
    let elsewhere = Upstream::plain(|_| Reply::json(200, r#"{"data":{}}"#));
    let to = elsewhere.at("/api/v1/key");
    let world = World::new(move |_| Reply::redirect(307, &to));
    let report = world.probe(&target("openrouter", None, &play::openrouter_key(Sort::Good)));
    assert_eq!((report.verdict, report.id.as_deref()), (Verdict::Unclear, Some("base-redirects")));
    assert_eq!(
        report.message,
        "`openrouter.ai` sends on to `127.0.0.1` (status 307), which is not followed: a key stays with its host"
    );
    assert_eq!((elsewhere.connections(), world.proxy.seen().len()), (0, 1));
}

#[test]
fn t12_what_a_server_says_reaches_no_terminal_as_it_is() {
    let world = World::new(|_| {
        Reply::json(
            401,
            "{\"error\":{\"message\":\"\\u001b[2Jgone \\u202e sk-or-v1-0123456789abcdef0123456789abcdef\"}}",
        )
    });
    let report = world.probe(&target("groq", None, KEY));
    assert_eq!(report.verdict, Verdict::Unclear, "a status alone makes no key bad");
    let told = format!("{} {:?}", report.message, report.fix);
    assert!(told.contains("\\x1b[2Jgone") || told.contains("\\u{1b}[2Jgone"), "{told}");
    assert!(!told.contains(['\u{1b}', '\u{202e}']) && !told.contains("0123456789abcdef"), "{told}");
}

#[test]
fn what_does_not_come_in_time_or_whole_is_said_so() {
    let key = play::openrouter_key(Sort::Good);
    let patient = Timeouts { first_byte: Duration::from_secs(20), ..Timeouts::PROBE };
    for (reply, says) in [
        (Reply::Silent, "`openrouter.ai` took the request and did not answer within 400 ms"),
        (
            Reply::Stalls { body: b"{\"data\":".to_vec() },
            "`openrouter.ai` began to answer and then said nothing for 60 ms",
        ),
        (
            Reply::CutOff { promised: 100, body: b"{".to_vec() },
            "`openrouter.ai` closed the connection before its answer was complete",
        ),
        (
            Reply::CutOff { promised: 5_000_000, body: b"{".to_vec() },
            "the answer of `openrouter.ai` is larger than 4096 KiB",
        ),
    ] {
        // Each limit only where it is the one that is met: a busy machine takes its time over TLS.
        let timeouts = match reply {
            Reply::Silent => Timeouts { first_byte: Duration::from_millis(400), ..patient },
            Reply::Stalls { .. } => Timeouts { idle: Duration::from_millis(60), ..patient },
            _ => patient,
        };
        let world = World::new(move |_| reply.clone());
        let report = world.probe_within(&target("openrouter", None, &key), timeouts);
        assert_eq!((report.verdict, report.message.as_str()), (Verdict::Unreachable, says));
    }
}
