//! Profiles that pass the client's own credential on: said by `auth = "client"`, never guessed from a key.

use super::Client;
use crate::support::Home;
use crate::support::upstream::{Reply, Upstream};

#[test]
fn the_clients_own_login_goes_on_and_the_token_does_not() {
    let upstream = Upstream::plain(|_| {
        Reply::json(
            200,
            "{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[{\"type\":\"text\",\"text\":\"hi\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}",
        )
    });
    let home = Home::new();
    let base = upstream.at("");
    let args = ["add", "own", "--provider", "custom", "--base-url", &base, "--dialect", "anthropic-messages"];
    let rest = ["--auth", "client", "--serve", "anthropic", "--store", "file"];
    let got = home.llmenv(&[&args[..], &rest[..]].concat());
    assert_eq!(got.code, 0, "{got:?}");
    // Without the proxy there is nobody to pass anything on.
    let got = home.llmenv(&["env", "own", "--format", "json"]);
    assert!(got.code == 1 && got.stderr.contains("llmenv proxy on own"), "{got:?}");
    assert_eq!(home.llmenv(&["proxy", "on", "own", "--serve", "anthropic"]).code, 0);
    let got = home.llmenv(&["env", "own", "--format", "json"]);
    let vars: serde_json::Value = serde_json::from_str(&got.stdout).unwrap();
    let url = vars["ANTHROPIC_BASE_URL"].as_str().unwrap();
    let (port, path) = url.strip_prefix("http://127.0.0.1:").unwrap().split_once('/').unwrap();
    assert!(path.starts_with("own/llmenv_"), "{url}");
    for name in ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"] {
        assert!(vars.get(name).is_none(), "{name} is the client's own");
    }
    let ask = |path: &str, body: &str| {
        let pair = super::Pair { port: port.parse().unwrap(), token: "own-login-0123456789".into() };
        Client::connect(&pair).post(path, body).status
    };
    let body = r#"{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}"#;
    assert_eq!(ask(&format!("/{path}/v1/messages"), body), 200);
    assert_eq!(ask(&format!("/{path}/v1/chat/completions"), body), 200);
    let seen = upstream.seen();
    assert_eq!(seen[0].header("authorization"), Some("Bearer own-login-0123456789"));
    assert_eq!((seen[1].header("x-api-key"), seen[1].header("authorization")), (Some("own-login-0123456789"), None));
    assert!(!format!("{seen:?}").contains("llmenv_"), "{seen:?}");
    // The login alone is no token.
    assert_eq!(ask("/own/v1/messages", body), 401);
    assert_eq!(upstream.seen().len(), 2);
}
