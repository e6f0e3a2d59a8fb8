//! Tokens: for whom, how long, for what.

use super::{KEY, Lab, Pair, pair, wait_until};
use crate::support::LLMENV;
use crate::support::home::finish;
use crate::support::upstream::Reply;

const BODY: &str = r#"{"model":"m","messages":[]}"#;

fn lab() -> Lab {
    Lab::new("openai-chat", |_| Reply::json(200, "{\"ok\":true}"))
}

fn status(pair: &Pair) -> u16 {
    super::Client::connect(pair).post("/lab/v1/chat/completions", BODY).status
}

/// A token is worth nothing upstream, and nothing here once it has ended.
#[test]
fn t04_a_token_is_good_for_one_profile_at_one_place() {
    let lab = lab();
    let good = lab.pair();
    assert_eq!(status(&good), 200);
    let mut client = lab.client();
    // Another profile in the path, whether or not there is one.
    for path in ["/other/v1/chat/completions", "/lab2/v1/messages"] {
        let answer = client.post(path, BODY);
        assert_eq!(answer.status, 403, "{}", answer.text());
        assert!(!answer.text().contains("lab"), "it tells of no profile: {}", answer.text());
    }
    // Without a profile in the path the token says which.
    assert_eq!(client.post("/v1/chat/completions", BODY).status, 200);
    let made_up = Pair { token: format!("llmenv_{}", "0".repeat(64)), ..good.clone() };
    let answer = super::Client::connect(&made_up).post("/lab/v1/messages", BODY);
    assert_eq!((answer.status, answer.json()["error"]["type"].as_str()), (401, Some("authentication_error")));
    assert_eq!(answer.header("x-llmenv-error"), Some("authentication"));
    let seen = lab.upstream.seen();
    assert_eq!(seen.len(), 2);
    for one in seen {
        let sent = format!("{one:?}{}", String::from_utf8_lossy(&one.body));
        assert!(!sent.contains("llmenv_") && sent.contains(KEY), "{sent}");
    }
}

#[test]
fn every_header_in_which_a_key_is_shown_may_hold_it() {
    let lab = lab();
    let Pair { port, token } = lab.pair();
    for (name, value) in [
        ("Authorization", format!("Bearer {token}")),
        ("authorization", format!("bearer {token}")),
        ("x-api-key", token.clone()),
        ("api-key", token.clone()),
        ("x-goog-api-key", token.clone()),
    ] {
        let mut client = super::Client::connect(&Pair { port, token: "none".into() });
        client.write(format!("POST /lab/chat/completions/ HTTP/1.1\r\nHost: localhost\r\n{name}: {value}\r\nx-api-key: sk-other\r\ncontent-length: 2\r\n\r\n{{}}"));
        assert_eq!(client.answer().status, 200, "{name}");
        let seen = lab.upstream.seen().pop().unwrap();
        assert_eq!(
            (seen.target.as_str(), seen.header("authorization")),
            ("/v1/chat/completions", Some(format!("Bearer {KEY}").as_str()))
        );
        assert_eq!(
            (seen.header("x-api-key"), seen.header("api-key"), seen.header("x-goog-api-key")),
            (None, None, None)
        );
    }
}

#[test]
fn a_programs_token_ends_with_the_program() {
    let lab = lab();
    let script = "printf '%s %s' \"$OPENAI_BASE_URL\" \"$LLMENV_TOKEN\"; curl -s -o /dev/null -m 20 -w ' %{http_code}' \"$OPENAI_BASE_URL/models\" -H \"x-api-key: $LLMENV_TOKEN\"";
    let mut command = lab.home.cmd(LLMENV);
    command.args(["exec", "lab", "--", "sh", "-c", script]);
    let got = finish(command, None);
    let words: Vec<&str> = got.stdout.split(' ').collect();
    assert_eq!(words[2], "200", "{got:?}");
    let ended = Pair { port: lab.pair().port, token: words[1].to_owned() };
    let answer = super::Client::connect(&ended).post("/lab/v1/chat/completions", BODY);
    assert_eq!(answer.status, 401);
    assert!(answer.text().contains("has ended"), "{}", answer.text());
}

#[test]
fn tokens_outlive_the_daemon_and_the_port_stays() {
    let lab = lab();
    let before = lab.pair();
    assert_eq!(status(&before), 200);
    let got = lab.home.llmenv(&["daemon", "restart"]);
    assert_eq!(got.code, 0, "{got:?}");
    wait_until("the next daemon listens", || std::net::TcpStream::connect(("127.0.0.1", before.port)).is_ok());
    assert_eq!(status(&before), 200);
    assert_eq!(lab.pair().port, before.port);
    // Killed without a farewell, too.
    let pid = lab.home.daemon_pid().unwrap();
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
    wait_until("it is gone", || lab.home.daemon_pid().is_none());
    assert_eq!(lab.home.llmenv(&["daemon", "start"]).code, 0);
    wait_until("the next daemon listens", || std::net::TcpStream::connect(("127.0.0.1", before.port)).is_ok());
    assert_eq!(status(&before), 200);
}

#[test]
fn revoked_and_removed() {
    let lab = lab();
    let pair = lab.pair();
    let listed: serde_json::Value =
        serde_json::from_str(&lab.home.llmenv(&["proxy", "status", "--json"]).stdout).unwrap();
    let id = listed["tokens"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(listed["tokens"][0]["kind"], "env");
    let got = lab.home.llmenv(&["proxy", "revoke", &id]);
    assert_eq!((got.stdout.as_str(), got.code), (format!("revoked {id} (env, profile `lab`)\n").as_str(), 0));
    assert_eq!(status(&pair), 401);
    assert_eq!(lab.home.llmenv(&["proxy", "revoke", &id]).code, 1);
    let other = lab.pair();
    let got = lab.home.llmenv(&["remove", "lab", "--yes"]);
    assert_eq!(got.code, 0, "{got:?}");
    assert_eq!(status(&other), 401);
}

#[test]
fn a_text_that_leaves_this_machine_needs_the_real_pair() {
    let lab = lab();
    for format in ["docker", "systemd", "github"] {
        let got = lab.home.llmenv(&["env", "lab", "--format", format]);
        assert_eq!((got.code, got.stdout.as_str()), (2, ""), "{got:?}");
        assert!(got.stderr.contains("--direct"), "{got:?}");
    }
    let got = lab.home.llmenv(&["env", "lab", "--format", "docker", "--direct"]);
    assert!(got.stdout.contains(KEY) && got.code == 0, "{got:?}");
    let _ = pair(&lab.home, "lab");
}

#[test]
fn a_rotated_key_is_used_by_the_very_next_request() {
    let lab = lab();
    let mut client = lab.client();
    assert_eq!(client.post("/lab/v1/chat/completions", BODY).status, 200);
    let next = KEY.replace("canary", "rotate");
    let got = lab.home.llmenv_with(&["rotate", "lab", "--key-stdin", "--no-check"], &next);
    let got = if got.code == 2 { lab.home.llmenv_with(&["rotate", "lab", "--key-stdin"], &next) } else { got };
    assert_eq!(got.code, 0, "{got:?}");
    assert_eq!(client.post("/lab/v1/chat/completions", BODY).status, 200);
    let keys: Vec<_> =
        lab.upstream.seen().iter().map(|seen| seen.header("authorization").unwrap().to_owned()).collect();
    assert_eq!(keys, [format!("Bearer {KEY}"), format!("Bearer {next}")]);
}

#[test]
fn while_locked_every_client_is_told_so_in_its_dialect() {
    let lab = lab();
    let pair = lab.pair();
    let got = lab.home.llmenv(&["lock"]);
    assert_eq!(got.code, 0, "{got:?}");
    let answer = super::Client::connect(&pair).post("/lab/v1/messages", BODY);
    assert_eq!((answer.status, answer.json()["type"].as_str()), (503, Some("error")), "{}", answer.text());
    assert!(answer.text().contains("llmenv unlock"), "{}", answer.text());
    let answer = super::Client::connect(&pair).post("/lab/v1/chat/completions", BODY);
    assert_eq!((answer.status, answer.json()["error"]["type"].as_str()), (503, Some("overloaded_error")));
    assert!(lab.upstream.seen().is_empty());
}
