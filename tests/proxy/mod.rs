//! The proxy on real sockets: the real daemon between a client that writes HTTP by hand and an upstream that is scripted.

mod client;
mod door;
mod endpoint;
mod gathered;
mod own_credential;
mod pass;
mod restart;
mod secrets;
mod streams;
mod tokens;
mod translated;
mod upstream;

use std::time::{Duration, Instant};

pub use client::Client;

use crate::support::upstream::{Reply, Seen, Upstream};
use crate::support::{DEADLINE, Home};

/// The key of every profile here; nobody has it, and nothing but the upstream may ever see it.
pub const KEY: &str = "lab-canary-0123456789abcdef0123456789";

/// A home with a profile `lab`, served through the proxy to an upstream of one dialect.
pub struct Lab {
    pub home: Home,
    pub upstream: Upstream,
}

/// A base URL and the token that goes with it.
#[derive(Clone, Debug)]
pub struct Pair {
    pub port: u16,
    pub token: String,
}

impl Lab {
    /// `extra`: lines of `[profiles.lab]`; `top`: lines before it.
    pub fn with(
        dialect: &str,
        extra: &str,
        top: &str,
        script: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let upstream = Upstream::plain(script);
        let home = Home::new();
        let base = if dialect.starts_with("openai") { upstream.at("/v1") } else { upstream.at("") };
        let args = ["add", "lab", "--provider", "custom", "--base-url", &base, "--dialect", dialect];
        let rest = ["--key-stdin", "--store", "file"];
        let got = home.llmenv_with(
            &[&args[..], &rest[..], if dialect == "anthropic-messages" { &["--serve", "anthropic"][..] } else { &[] }]
                .concat(),
            KEY,
        );
        assert_eq!(got.code, 0, "{got:?}");
        let file = home.path(".config/llmenv/config.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{top}\n{text}\n{extra}\n")).unwrap();
        let got = home.llmenv(&["proxy", "on", "lab", "--serve", "openai,anthropic"]);
        assert_eq!(got.code, 0, "{got:?}");
        Self { home, upstream }
    }

    pub fn new(dialect: &str, script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::with(dialect, "", "", script)
    }

    /// A token such as `llmenv env` gives.
    pub fn pair(&self) -> Pair {
        pair(&self.home, "lab")
    }

    pub fn client(&self) -> Client {
        Client::connect(&self.pair())
    }
}

/// The pair of a profile, as `llmenv env` prints it.
#[track_caller]
pub fn pair(home: &Home, profile: &str) -> Pair {
    let got = home.llmenv(&["env", profile, "--format", "json"]);
    assert_eq!(got.code, 0, "{got:?}");
    let vars: serde_json::Value = serde_json::from_str(&got.stdout).unwrap();
    let url = vars["OPENAI_BASE_URL"].as_str().expect("a base URL");
    let port = url.strip_prefix("http://127.0.0.1:").and_then(|rest| rest.split_once('/')).expect("a port").0;
    assert_eq!(url, format!("http://127.0.0.1:{port}/{profile}/v1"));
    Pair { port: port.parse().unwrap(), token: vars["OPENAI_API_KEY"].as_str().unwrap().to_owned() }
}

/// Waits for a condition.
#[track_caller]
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < DEADLINE, "waited {DEADLINE:?} until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A stream of an upstream, chunk by chunk, with the head that a provider sends.
pub fn events(pieces: &[&str]) -> Reply {
    let mut raw = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: req_77\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n".to_vec();
    for piece in pieces {
        raw.extend(format!("{:x}\r\n{piece}\r\n", piece.len()).into_bytes());
    }
    raw.extend(b"0\r\n\r\n");
    Reply::Raw(raw)
}
