//! Which keys an environment holds, whose they are, and what does not belong together.

use llmenv::import::environment::{Found, Variables, look};
use llmenv::profile::{Dialect, Family};
use llmenv::secret::Secret;

fn openrouter() -> String {
    format!("sk-or-v1-{}", "0123456789abcdef".repeat(4))
}

fn unknown() -> String {
    "sk-0123456789abcdef0123456789abcdef".to_owned()
}

fn found(variables: &[(&str, &str)]) -> Found {
    let variables: Variables =
        variables.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect();
    look(&variables)
}

/// Variables, and what is to come of them.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);

/// `provider: variables [url] (families)` of each key.
fn keys(found: &Found) -> Vec<String> {
    let line = |key: &llmenv::import::environment::FoundKey| {
        let ids: Vec<_> = key.providers.iter().map(|row| row.id.as_str()).collect();
        let families: Vec<_> = key.serve.iter().map(|family| family.name()).collect();
        let url = key.base_url.as_ref().map(|url| format!(" {url}")).unwrap_or_default();
        format!("{}: {}{url} ({})", ids.join("|"), key.variables.join(" "), families.join(" "))
    };
    found.keys.iter().map(line).collect()
}

fn ids(found: &Found) -> Vec<&str> {
    found.explained.iter().map(|explained| explained.id).collect()
}

#[test]
fn pairs_that_fit() {
    let or = openrouter();
    let sk = unknown();
    let cases: &[Case] = &[
        (
            &[("OPENAI_API_KEY", &or), ("OPENAI_BASE_URL", "https://openrouter.ai/api/v1/")],
            &["openrouter: OPENAI_API_KEY (openai)"],
        ),
        (
            &[
                ("OPENAI_API_KEY", &or),
                ("OPENAI_BASE_URL", "https://openrouter.ai/api/v1"),
                ("OPENROUTER_API_KEY", &or),
            ],
            &["openrouter: OPENAI_API_KEY OPENROUTER_API_KEY (openai)"],
        ),
        (
            &[("OPENAI_API_KEY", &sk), ("OPENAI_API_BASE", "https://api.deepseek.com")],
            &["deepseek: OPENAI_API_KEY https://api.deepseek.com (openai)"],
        ),
        (
            &[("ANTHROPIC_AUTH_TOKEN", &sk), ("ANTHROPIC_BASE_URL", "https://api.deepseek.com/anthropic")],
            &["deepseek: ANTHROPIC_AUTH_TOKEN (anthropic)"],
        ),
        (
            &[("OPENAI_API_KEY", "my-relay-key-1"), ("OPENAI_BASE_URL", "https://relay.example.com/v1")],
            &["custom: OPENAI_API_KEY https://relay.example.com/v1 (openai)"],
        ),
        (&[("DEEPSEEK_API_KEY", &sk)], &["deepseek: DEEPSEEK_API_KEY ()"]),
        (&[("KIMI_API_KEY", &sk)], &["moonshot-intl|moonshot-cn|kimi-coding: KIMI_API_KEY ()"]),
    ];
    for (variables, wanted) in cases {
        let found = found(variables);
        assert_eq!(keys(&found), *wanted, "{:?}", found.explained);
        assert!(found.explained.is_empty(), "{:?}", found.explained);
    }
}

#[test]
fn a_custom_endpoint_speaks_what_its_variables_say() {
    let found = found(&[("ANTHROPIC_API_KEY", "relay-key-1234"), ("ANTHROPIC_BASE_URL", "https://relay.example.com")]);
    assert_eq!(found.keys[0].dialect, Some(Dialect::AnthropicMessages));
    assert_eq!(found.keys[0].serve, [Family::Anthropic]);
}

#[test]
fn a_key_beside_another_providers_url_is_no_pair() {
    let or = openrouter();
    for (url, id, words) in [
        ("https://api.deepseek.com", "provider-mismatch", "is DeepSeek's: the two are no pair"),
        (
            "https://relay.example.com/v1",
            "official-key-to-unknown-host",
            "is nobody's llmenv knows: the two are no pair",
        ),
    ] {
        let found = found(&[("OPENAI_API_KEY", &or), ("OPENAI_BASE_URL", url)]);
        assert_eq!(ids(&found), [id]);
        assert!(found.explained[0].message.ends_with(words), "{:?}", found.explained);
        assert_eq!(keys(&found), ["openrouter: OPENAI_API_KEY (openai)"]);
    }
    let without_url = found(&[("OPENAI_API_KEY", &or)]);
    assert_eq!(ids(&without_url), ["base-url-missing"]);
    assert_eq!(keys(&without_url), ["openrouter: OPENAI_API_KEY (openai)"]);
    let under_another_name = found(&[("DEEPSEEK_API_KEY", &or)]);
    assert_eq!(ids(&under_another_name), ["provider-mismatch"]);
    assert_eq!(keys(&under_another_name), ["openrouter: DEEPSEEK_API_KEY ()"]);
}

#[test]
fn what_is_no_key_is_not_offered() {
    let sk = unknown();
    let token = format!("llmenv_{}", "a".repeat(43));
    let cases: &[Case] = &[
        (&[("DEEPSEEK_API_KEY", "your-api-key-here")], &["key-refused"]),
        (&[("OPENAI_API_KEY", "sk-proj-abc...xyz")], &["key-refused"]),
        (&[("OPENAI_API_KEY", &sk), ("OPENAI_BASE_URL", "not an address")], &["url-no-scheme"]),
        (&[("AZURE_OPENAI_API_KEY", "0123456789abcdef0123456789abcdef")], &["base-url-missing"]),
        // What llmenv hands out itself, a local server's word, and names that other tools live on.
        (&[("OPENAI_API_KEY", &token), ("OPENAI_BASE_URL", "http://127.0.0.1:20001/work/v1")], &[]),
        (&[("OPENAI_API_KEY", "llmenv-no-key"), ("OPENAI_BASE_URL", "http://127.0.0.1:8000/v1")], &[]),
        (&[("OPENAI_API_KEY", "ollama"), ("OPENAI_BASE_URL", "http://localhost:11434/v1")], &[]),
        (&[("GITHUB_TOKEN", "ghp_0123456789abcdef0123456789abcdef0123")], &[]),
        (&[("OPENAI_BASE_URL", "https://openrouter.ai/api/v1")], &[]),
    ];
    for (variables, wanted) in cases {
        let found = found(variables);
        assert_eq!(keys(&found), Vec::<String>::new(), "{variables:?}");
        assert_eq!(ids(&found), *wanted, "{:?}", found.explained);
        assert!(!format!("{found:?}").contains(&sk), "{found:?}");
    }
}

#[test]
fn an_azure_key_comes_with_its_resource() {
    let found = found(&[
        ("AZURE_OPENAI_API_KEY", "0123456789abcdef0123456789abcdef"),
        ("AZURE_OPENAI_ENDPOINT", "https://my-resource.openai.azure.com/"),
    ]);
    assert_eq!(keys(&found), ["azure-openai: AZURE_OPENAI_API_KEY https://my-resource.openai.azure.com/openai/v1 ()"]);
}

#[test]
fn values_are_cleaned_and_that_is_told() {
    let or = openrouter();
    let found = found(&[("OPENROUTER_API_KEY", &format!("\"Bearer {or}\"\r"))]);
    assert_eq!(found.keys[0].key.expose(), or);
    assert!(!found.keys[0].removed.is_empty());
}
