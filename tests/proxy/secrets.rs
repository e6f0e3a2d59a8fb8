//! Where the key and the token must never be, and who answers on the port.

use super::{Client, KEY, Lab, Pair, wait_until};
use crate::support::upstream::Reply;

const CHAT: &str = r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;

/// Whatever an upstream puts into its answers, and whatever fails, the key is in no answer of ours, no log and no file.
#[test]
fn t11_the_key_is_in_no_answer_no_log_and_no_file() {
    let lab = Lab::new("openai-chat", |seen| match String::from_utf8_lossy(&seen.body) {
        body if body.contains("w401") => {
            Reply::json(401, "{\"error\":{\"message\":\"Incorrect API key provided: lab-cana*****6789\"}}")
        }
        body if body.contains("w500") => Reply::text(500, "text/html", "<html><title>oops</title></html>"),
        body if body.contains("wcut") => Reply::CutOff { promised: 9_999, body: b"{".to_vec() },
        body if body.contains("wraw") => Reply::Raw(b"no http at all".to_vec()),
        _ => Reply::json(
            200,
            "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}",
        ),
    });
    let pair = lab.pair();
    let mut said = String::new();
    for what in ["w200", "w401", "w500", "wcut", "wraw"] {
        for path in
            ["/lab/v1/chat/completions", "/lab/v1/messages", "/lab/v1/responses", "/lab/v1/embeddings", "/nowhere/v1/x"]
        {
            let mut client = Client::connect(&pair);
            client.send(
                "POST",
                path,
                &[("content-type", "application/json")],
                CHAT.replace("\"hi\"", &format!("\"{what}\"")).as_bytes(),
            );
            let answer = client.answer();
            said.push_str(&format!("{:?}{}", answer.headers, answer.text()));
        }
    }
    for args in [
        &["proxy", "log"][..],
        &["proxy", "log", "--json"],
        &["proxy", "status"],
        &["proxy", "status", "--json"],
        &["status"],
        &["status", "--usage"],
        &["daemon", "log"],
        &["show", "lab", "--json"],
        &["list"],
    ] {
        let got = lab.home.llmenv(args);
        said.push_str(&format!("{args:?} {got:?}"));
    }
    assert!(said.contains("lab"), "something was said");
    assert!(!said.contains(KEY), "{said}");
    assert!(!said.contains(&pair.token), "{said}");
    let encoded = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let needles = [
        KEY.to_owned(),
        encoded(KEY),
        KEY.chars().rev().collect(),
        pair.token.clone(),
        pair.token["llmenv_".len()..].to_owned(),
    ];
    for file in files(&lab.home.path("")) {
        let bytes = std::fs::read(&file).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        for needle in &needles {
            assert!(!text.contains(needle.as_str()), "{} holds {needle}", file.display());
        }
    }
    // The control: the upstream did see it.
    assert!(lab.upstream.seen().iter().all(|seen| format!("{seen:?}").contains(KEY)));
}

fn files(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(&entry.path())),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found
}

/// Headers of a profile and names of models are data: none of them ends a line of what goes upstream.
#[test]
fn t08_nothing_in_a_name_or_a_header_ends_a_line() {
    let lab = Lab::with("openai-chat", "model = \"m-1\"\nheaders = { \"x-team\" = \"red\" }", "", |_| {
        Reply::json(200, "{\"choices\":[]}")
    });
    let mut client = lab.client();
    for model in [
        "claude-opus\\r\\nx-evil: 1",
        "claude\\u0000",
        "gpt-\\u2028",
        "../../v1/models",
        "claude-x\\\" , \\\"y\\\":\\\"",
    ] {
        client.post("/lab/v1/messages", format!("{{\"model\":\"{model}\",\"max_tokens\":1,\"messages\":[]}}"));
        client.post("/lab/v1/chat/completions", format!("{{\"model\":\"{model}\"}}"));
    }
    let seen = lab.upstream.seen();
    assert_eq!(seen.len(), 10);
    for one in &seen {
        assert_eq!(
            (one.target.as_str(), one.header("x-evil"), one.header("x-team")),
            ("/v1/chat/completions", None, Some("red"))
        );
        assert!(serde_json::from_slice::<serde_json::Value>(&one.body).is_ok(), "{one:?}");
    }
    // A key that no header can carry is refused, and never sent in part.
    for bad in ["key with blank-0123456789", "key\u{a0}nbsp-0123456789", "key\tTab-0123456789abc"] {
        let file = lab.home.write("key.txt", bad);
        let config = lab.home.path(".config/llmenv/config.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(
            &config,
            text.replace("[profiles.lab]", &format!("[profiles.lab]\nkey = {{ file = \"{}\" }}", file.display())),
        )
        .unwrap();
        assert_eq!(lab.home.llmenv(&["proxy", "on", "lab", "--serve", "openai"]).code, 0);
        let before = lab.upstream.seen().len();
        let answer = client.post("/lab/v1/chat/completions", "{}");
        assert!(!answer.text().contains(bad), "{bad:?}: {}", answer.text());
        let seen = lab.upstream.seen();
        match answer.status {
            502 => assert_eq!(seen.len(), before, "{bad:?}"),
            // What can be cleaned is, and then all of it is plain.
            status => {
                let sent = seen[before].header("authorization").unwrap().strip_prefix("Bearer ").unwrap();
                assert!(status == 200 && sent.bytes().all(|b| (0x21..=0x7e).contains(&b)), "{bad:?}: {sent:?}");
            }
        }
        std::fs::write(&config, text).unwrap();
    }
}

/// Another program on the kept port: llmenv moves, says so, and its own listener can be told from the other.
#[test]
fn t18_a_port_that_another_program_took_is_left_to_it_and_told() {
    let lab = Lab::new("openai-chat", |_| Reply::json(200, "{\"ok\":1}"));
    let before = lab.pair();
    let proof = |pair: &Pair| {
        let mut client = Client::connect(pair);
        client.write("GET /health?nonce=00ff HTTP/1.1\r\nHost: localhost\r\n\r\n");
        client.answer().json()["proof"].as_str().map(str::to_owned)
    };
    let ours = proof(&before).expect("a proof");
    let mut program = lab.home.cmd(crate::support::LLMENV);
    program.args(["exec", "lab", "--", "sleep", "100"]);
    program.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut program = program.spawn().unwrap();
    let name = format!("/proc/{}/comm", program.id());
    wait_until("the program runs", || std::fs::read_to_string(&name).is_ok_and(|name| name == "sleep\n"));
    assert_eq!(ours.len(), 64);
    lab.home.end_daemon();
    let mut squatter = None;
    // The daemon is gone when its lock is; its thread for the proxy lets go of the port a moment later.
    wait_until("the port is free", || {
        squatter = std::net::TcpListener::bind(("127.0.0.1", before.port)).ok();
        squatter.is_some()
    });
    let after = lab.pair();
    assert_ne!(after.port, before.port);
    assert!((20_000..32_768).contains(&after.port));
    assert_eq!(proof(&after), Some(ours));
    let config = lab.home.path(".config/llmenv/config.toml");
    assert_eq!(lab.home.llmenv(&["use", "lab", "--global"]).code, 0);
    let status = lab.home.llmenv(&["status", "--json"]).stdout;
    assert!(status.contains("proxy-port-moved") && status.contains(&before.port.to_string()), "{status}");
    // Whoever still asks there is named.
    let named = format!("started with the old one: sleep (process {}, ", program.id());
    assert!(status.contains(&named), "{status}");
    program.kill().unwrap();
    program.wait().unwrap();
    let status = lab.home.llmenv(&["status", "--json"]).stdout;
    assert!(status.contains("no running program has the old one"), "{status}");
    // The old token goes on at the new place.
    let mut client = Client::connect(&Pair { port: after.port, token: before.token.clone() });
    assert_eq!(client.post("/lab/v1/chat/completions", CHAT).status, 200);
    drop(squatter);
    // A port that the user named is never left.
    let port = { std::net::TcpListener::bind("127.0.0.1:0").unwrap() };
    let named = port.local_addr().unwrap().port();
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}\n[proxy]\nport = {named}\n")).unwrap();
    let got = lab.home.llmenv(&["daemon", "restart"]);
    assert_eq!(got.code, 0, "{got:?}");
    let got = lab.home.llmenv(&["env", "lab", "--format", "json"]);
    assert_eq!(got.code, 1, "{got:?}");
    assert!(got.stderr.contains(&format!("port {named}")), "{got:?}");
    drop(port);
    assert_eq!(super::pair(&lab.home, "lab").port, named);
}
