//! What is wrong with values and environments: each finding where it belongs, and nothing on healthy set-ups.

mod command;

use std::collections::BTreeMap;

use llmenv::detect::{address, environment, value};
use llmenv::secret::Secret;

fn router() -> String {
    format!("sk-or-v1-{}", "0123456789abcdef".repeat(4))
}

fn env(variables: &[(&str, &str)]) -> Vec<&'static str> {
    let variables: BTreeMap<String, Secret> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect();
    environment::faults(&variables, &[]).into_iter().map(|fault| fault.id).collect()
}

#[test]
fn every_fault_of_a_value_has_its_id() {
    let key = router();
    let cases: Vec<(&str, String)> = vec![
        ("trailing-whitespace", format!("{key} ")),
        ("trailing-whitespace", format!("{key}\t")),
        ("leading-space", format!(" {key}")),
        ("newline-in-value", format!("{key}\n")),
        ("newline-in-value", format!("{key}\\n")),
        ("cr-in-env", format!("{key}\r")),
        ("bom", format!("\u{feff}{key}")),
        ("invisible-char", format!("{}\u{200b}{}", &key[..20], &key[20..])),
        ("invisible-char", format!("{key}\u{202e}")),
        ("unicode-space", format!("{key}\u{a0}")),
        ("smart-quotes", format!("“{key}”")),
        ("quotes-in-value", format!("\"{key}\"")),
        ("quotes-in-value", format!("'{key}'")),
        ("bearer-prefix", format!("Bearer {key}")),
        ("assignment-in-value", format!("export OPENROUTER_API_KEY={key}")),
        ("control-char", format!("\u{1b}[200~{key}\u{1b}[201~")),
        ("placeholder", "your-api-key-here".into()),
        ("key-masked", "sk-or-v1-0123****cdef".into()),
        ("key-doubled", format!("{key}{key}")),
        ("swapped-pair", "https://openrouter.ai/api/v1".into()),
        ("unresolved-reference", "${OPENROUTER_KEY}".into()),
        ("unresolved-reference", "op://Private/openrouter/key".into()),
        ("key-truncated", key[..40].to_owned()),
        ("bad-alphabet", format!("{}ä", &key[..72])),
    ];
    for (id, text) in &cases {
        let faults = value::faults("OPENROUTER_API_KEY", &Secret::new(text.as_str()), false);
        let ids: Vec<_> = faults.iter().map(|fault| fault.id).collect();
        assert!(ids.contains(id), "{id}: {text:?} gives {ids:?}");
        for fault in faults {
            assert!(!fault.message.contains(&key[9..30]) && !fault.fix.contains(&key[9..30]), "{fault:?}");
        }
    }
    assert_eq!(value::faults("OPENROUTER_API_KEY", &Secret::new(key), false), []);
    println!("{} values", cases.len());
}

#[test]
fn every_fault_of_an_address_has_its_id() {
    let cases = [
        ("empty-base-url", "OPENAI_BASE_URL", " "),
        ("url-quoted", "OPENAI_BASE_URL", "\"https://openrouter.ai/api/v1\""),
        ("url-whitespace", "OPENAI_BASE_URL", "https://openrouter.ai/api/v1\n"),
        ("url-whitespace", "OPENAI_BASE_URL", "https://openrouter.ai/api/v1\u{200b}"),
        ("url-no-scheme", "OPENAI_BASE_URL", "openrouter.ai/api/v1"),
        ("wildcard-host", "OPENAI_BASE_URL", "http://0.0.0.0:8000/v1"),
        ("plaintext-url", "OPENAI_BASE_URL", "http://relay.example.com/v1"),
        ("userinfo-in-url", "OPENAI_BASE_URL", "https://me:secret@relay.example.com/v1"),
        ("query-in-base", "OPENAI_BASE_URL", "https://relay.example.com/v1?key=1"),
        ("doubled-v1", "OPENAI_BASE_URL", "https://relay.example.com/v1/v1"),
        ("doubled-v1", "ANTHROPIC_BASE_URL", "https://api.anthropic.com/v1"),
        ("endpoint-as-base", "OPENAI_BASE_URL", "https://openrouter.ai/api/v1/chat/completions"),
        ("missing-version-path", "OPENAI_BASE_URL", "https://openrouter.ai"),
        ("missing-version-path", "OPENAI_BASE_URL", "https://openrouter.ai/api/"),
        ("trailing-slash", "OPENAI_BASE_URL", "https://relay.example.com/v1/"),
    ];
    for (id, name, url) in cases {
        let faults = address::faults(name, url);
        assert_eq!(faults.iter().map(|fault| fault.id).collect::<Vec<_>>(), [id], "{name}={url}");
        assert!(!faults[0].message.contains("secret") && !faults[0].fix.contains("secret"));
    }
    for (name, url) in [
        ("OPENAI_BASE_URL", "https://openrouter.ai/api/v1"),
        ("OPENAI_BASE_URL", "https://api.openai.com/v1"),
        ("OPENAI_BASE_URL", "http://localhost:11434/v1"),
        ("OPENAI_BASE_URL", "http://192.168.1.20:8000/v1"),
        ("OPENAI_BASE_URL", "http://gpu-box:8000/v1"),
        ("OPENAI_BASE_URL", "http://[::1]:8000/v1"),
        ("ANTHROPIC_BASE_URL", "https://api.anthropic.com"),
        ("ANTHROPIC_BASE_URL", "https://openrouter.ai/api"),
    ] {
        assert_eq!(address::faults(name, url), [], "{name}={url}");
    }
}

#[test]
fn what_contradicts_is_found() {
    let key = router();
    for (id, variables) in [
        ("empty-shadows-file", vec![("OPENAI_API_KEY", "")]),
        ("legacy-base-var", vec![("OPENAI_API_BASE", "https://openrouter.ai/api/v1"), ("OPENAI_API_KEY", &key)]),
        ("anthropic-auth-conflict", vec![("ANTHROPIC_API_KEY", &key), ("ANTHROPIC_AUTH_TOKEN", &key)]),
        (
            "gemini-dual-key",
            vec![
                ("GOOGLE_API_KEY", "AIzaSyA1bA1bA1bA1bA1bA1bA1bA1bA1bA1bA1b"),
                ("GEMINI_API_KEY", "AIzaSyA2bA2bA2bA2bA2bA2bA2bA2bA2bA2bA2b"),
            ],
        ),
        (
            "org-header-to-foreign-host",
            vec![("OPENAI_ORG_ID", "org-1"), ("OPENAI_BASE_URL", "https://openrouter.ai/api/v1")],
        ),
        ("proxy-case-split", vec![("https_proxy", "http://a:1"), ("HTTPS_PROXY", "http://b:1")]),
        ("socks-proxy", vec![("ALL_PROXY", "socks5://127.0.0.1:1080")]),
        (
            "no-proxy-missing",
            vec![("OPENAI_BASE_URL", "http://127.0.0.1:11434/v1"), ("http_proxy", "http://proxy:3128")],
        ),
        ("ca-file-missing", vec![("SSL_CERT_FILE", "/nowhere/ca.pem")]),
        ("tls-verification-off", vec![("NODE_TLS_REJECT_UNAUTHORIZED", "0")]),
    ] {
        assert!(env(&variables).contains(&id), "{id}: {:?}", env(&variables));
    }
}

/// Nothing is said of what is well.
#[test]
fn healthy_environments_are_silent() {
    let key = router();
    for variables in [
        vec![],
        vec![("PATH", "/usr/bin"), ("HOME", "/home/me"), ("EDITOR", "vi")],
        // A subscription of Claude, with its login in the keychain.
        vec![("CLAUDE_CODE_ENTRYPOINT", "cli"), ("CLAUDECODE", "1")],
        vec![("OPENROUTER_API_KEY", key.as_str())],
        vec![("OPENAI_API_KEY", key.as_str()), ("OPENAI_BASE_URL", "https://openrouter.ai/api/v1")],
        // A local server takes any text for a key.
        vec![("OPENAI_API_KEY", "ollama"), ("OPENAI_BASE_URL", "http://localhost:11434/v1")],
        vec![("OPENAI_API_KEY", "dummy"), ("OPENAI_BASE_URL", "http://127.0.0.1:8000/v1")],
        vec![("ANTHROPIC_API_KEY", "not-needed"), ("ANTHROPIC_BASE_URL", "http://127.0.0.1:4000")],
        // A company's proxy, set as it should be.
        vec![
            ("https_proxy", "http://proxy:3128"),
            ("HTTPS_PROXY", "http://proxy:3128"),
            ("NO_PROXY", "localhost,127.0.0.1"),
            ("no_proxy", "localhost,127.0.0.1"),
            ("OPENAI_BASE_URL", "http://localhost:11434/v1"),
            ("OPENAI_API_KEY", "ollama"),
        ],
        vec![("SSL_CERT_FILE", "/etc/passwd")],
    ] {
        assert_eq!(env(&variables), [""; 0], "{variables:?}");
    }
}
