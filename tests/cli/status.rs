//! `status`: the JSON that scripts rely on, and the lines for people.

use super::{alone, home_with_work};
use crate::support::Home;

#[test]
fn nothing_active() {
    let home = Home::new();
    let got = alone(&home, &[], "");
    assert_eq!((got.stdout.as_str(), got.code), ("nothing active here\n", 0));
    assert_eq!(alone(&home, &["status"], ""), got);
}

#[test]
fn the_default_in_json_and_in_words() {
    let home = home_with_work();
    let config = std::fs::read_to_string(home.path(".config/llmenv/config.toml")).unwrap();
    home.write(
        ".config/llmenv/config.toml",
        format!("default = \"work\"\n{config}account = \"me@home\"\nbilling = \"metered\"\n"),
    );
    let got = alone(&home, &["status", "--json"], "");
    let mut status: serde_json::Value = serde_json::from_str(&got.stdout).unwrap();
    let fingerprint = status["key"]["fingerprint"].take();
    assert!(fingerprint.as_str().is_some_and(|hex| hex.len() == 8));
    status["key"].as_object_mut().unwrap().remove("fingerprint");
    let path = home.path(".config/llmenv/config.toml");
    assert_eq!(
        status,
        serde_json::json!({
            "schema": 1, "profile": "work", "reason": "default",
            "origin": {"kind": "config", "path": path, "line": 1},
            "provider": "openrouter", "account": "me@home", "base_url": "https://openrouter.ai/api/v1",
            "key": {"shown": "openrouter …cdef"}, "proxy": false, "store": "file", "findings": [],
        })
    );
    assert_eq!(
        alone(&home, &["status"], "").stdout,
        "profile   work (the default, ~/.config/llmenv/config.toml:1)\nprovider  OpenRouter (openrouter)\n\
         account   me@home, paid by use\nbase URL  https://openrouter.ai/api/v1\nkey       openrouter …cdef\n\
         kept in   file\nserves    openai\nroute     direct\n"
    );
}

#[test]
fn a_locked_store_and_a_wrong_file_are_findings() {
    let home = home_with_work();
    assert_eq!(alone(&home, &["lock"], "").code, 0);
    let got = alone(&home, &["status"], "");
    assert!(got.stdout.contains("warning: llmenv is locked: no key is served\nhint: run `llmenv unlock`\n"), "{got:?}");
    home.write(".config/llmenv/config.toml", "nonsense\n");
    let got = alone(&home, &["status", "--json"], "");
    let status: serde_json::Value = serde_json::from_str(&got.stdout).unwrap();
    assert!(status["findings"].as_array().unwrap().iter().any(|finding| finding["id"] == "config-invalid"), "{status}");
}
