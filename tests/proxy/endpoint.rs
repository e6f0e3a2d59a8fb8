//! Addresses, credentials and models, without a socket: what the configuration and the catalogue make of a request.

use llmenv::dialect::Dialect;
use llmenv::profile::{Auth, Profile};
use llmenv::provider;
use llmenv::proxy::endpoint::{Endpoint, quirks, upstream_dialect};
use llmenv::proxy::model_map::map;
use llmenv::proxy::path::{self, Operation, Path};
use llmenv::secret::Secret;

fn profile(provider: &str) -> Profile {
    Profile { name: "p".into(), provider: provider.into(), proxy: true, ..Profile::default() }
}

/// The URL of an answer's request, and the header that shows the key.
#[track_caller]
fn asked(profile: &Profile, inbound: Dialect, key: &str) -> (String, String) {
    let row = provider::find(&profile.provider).unwrap_or_else(provider::custom);
    let key = Secret::new(key);
    let spoken = upstream_dialect(profile, row, inbound);
    let endpoint = Endpoint::of(profile, row, &key, spoken).unwrap();
    let operation = match spoken {
        Dialect::AnthropicMessages => "messages",
        Dialect::OpenaiResponses => "responses",
        Dialect::OpenaiChat => "chat/completions",
        Dialect::Gemini => "models/m:generateContent",
    };
    let shown = endpoint.credential(&key).unwrap();
    let shown = shown.map_or_else(String::new, |(name, value)| format!("{name}: {}", value.to_str().unwrap()));
    (endpoint.url(operation, Some("beta=true")), shown)
}

#[test]
fn each_provider_is_asked_at_its_own_address_in_its_own_way() {
    let (chat, messages, responses) = (Dialect::OpenaiChat, Dialect::AnthropicMessages, Dialect::OpenaiResponses);
    for (id, inbound, url, shown) in [
        ("openai", chat, "https://api.openai.com/v1/chat/completions", "authorization: Bearer k-123"),
        ("openai", responses, "https://api.openai.com/v1/responses", "authorization: Bearer k-123"),
        ("openai", messages, "https://api.openai.com/v1/chat/completions", "authorization: Bearer k-123"),
        ("anthropic", messages, "https://api.anthropic.com/v1/messages", "x-api-key: k-123"),
        ("anthropic", responses, "https://api.anthropic.com/v1/messages", "x-api-key: k-123"),
        ("openrouter", messages, "https://openrouter.ai/api/v1/messages", "authorization: Bearer k-123"),
        ("openrouter", chat, "https://openrouter.ai/api/v1/chat/completions", "authorization: Bearer k-123"),
        (
            "gemini",
            messages,
            "https://generativelanguage.googleapis.com/v1beta/models/m:generateContent",
            "x-goog-api-key: k-123",
        ),
        (
            "gemini",
            chat,
            "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
            "authorization: Bearer k-123",
        ),
        ("ollama", responses, "http://127.0.0.1:11434/v1/chat/completions", ""),
        ("ollama", messages, "http://127.0.0.1:11434/v1/messages", ""),
        ("groq", messages, "https://api.groq.com/openai/v1/chat/completions", "authorization: Bearer k-123"),
    ] {
        let got = asked(&profile(id), inbound, "k-123");
        assert_eq!(got, (format!("{url}?beta=true"), shown.to_owned()), "{id} {inbound:?}");
    }
    let forced = Profile { upstream: Some(llmenv::profile::Dialect::OpenaiChat), ..profile("openrouter") };
    assert!(asked(&forced, messages, "k").0.contains("/chat/completions"));
    let login = asked(&profile("anthropic"), messages, "sk-ant-oat01-0123456789abcdef");
    assert!(login.1.starts_with("authorization: Bearer sk-ant-oat"), "{login:?}");
}

#[test]
fn azure_is_asked_at_its_classic_and_its_v1_addresses() {
    let v1 = Profile { base_url: Some("https://r.openai.azure.com/openai/v1".into()), ..profile("azure-openai") };
    let (chat, responses) = (Dialect::OpenaiChat, Dialect::OpenaiResponses);
    assert_eq!(
        asked(&v1, chat, "k"),
        ("https://r.openai.azure.com/openai/v1/chat/completions?beta=true".into(), "api-key: k".into())
    );
    let preview = Profile { api_version: Some("preview".into()), ..v1.clone() };
    assert!(asked(&preview, responses, "k").0.ends_with("/openai/v1/responses?beta=true&api-version=preview"));
    let dated = Profile { api_version: Some("2024-10-21".into()), deployment: Some("my gpt".into()), ..v1.clone() };
    assert_eq!(
        asked(&dated, chat, "k").0,
        "https://r.openai.azure.com/openai/deployments/my+gpt/chat/completions?beta=true&api-version=2024-10-21"
    );
    assert_eq!(
        asked(&dated, responses, "k").0,
        "https://r.openai.azure.com/openai/responses?beta=true&api-version=2024-10-21"
    );
    let row = provider::find("azure-openai").unwrap();
    assert_eq!(quirks(&dated, row).stream_options, None);
    let old = Profile { api_version: Some("2023-05-15".into()), ..dated.clone() };
    assert_eq!(quirks(&old, row).stream_options, Some(false));
    let nameless = Profile { deployment: None, ..dated };
    let err = Endpoint::of(&nameless, row, &Secret::new("k"), chat).unwrap_err();
    assert!(err.message.contains("deployment"), "{err}");
}

/// What is served through the proxy is not the provider's to say, and leaves its address alone.
#[test]
fn edit_serves_through_the_proxy_what_the_provider_does_not_speak() {
    let lab = super::Lab::new("openai-chat", |_| crate::support::upstream::Reply::json(200, "{}"));
    let edit = |family: &str| lab.home.llmenv(&["edit", "lab", "--serve", family]);
    for family in ["anthropic", "openai"] {
        assert_eq!(edit(family).code, 0, "{:?}", edit(family));
        let shown = lab.home.llmenv(&["env", "lab", "--format", "json"]).stdout;
        assert_eq!(shown.contains("ANTHROPIC_BASE_URL"), family == "anthropic", "{shown}");
    }
    let config = std::fs::read_to_string(lab.home.path(".config/llmenv/config.toml")).unwrap();
    assert!(config.contains(&format!("\"{}\"", lab.upstream.at("/v1"))), "{config}");
    let refused = edit("gemini");
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("error: the proxy cannot serve the family `gemini`"), "{refused:?}");
    assert_eq!(lab.home.llmenv(&["proxy", "off", "lab"]).code, 0);
    let refused = edit("anthropic");
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("hint: it can serve `openai`"), "{refused:?}");
    assert!(refused.stderr.contains("`llmenv proxy on lab --serve anthropic`"), "{refused:?}");
}

#[test]
fn a_custom_endpoint_speaks_its_one_dialect() {
    for (dialect, base, auth, url, shown) in [
        (
            llmenv::profile::Dialect::OpenaiChat,
            "http://127.0.0.1:8000/v1",
            None,
            "http://127.0.0.1:8000/v1/chat/completions",
            "authorization: Bearer k",
        ),
        (
            llmenv::profile::Dialect::AnthropicMessages,
            "http://127.0.0.1:8000",
            Some(Auth::Bearer),
            "http://127.0.0.1:8000/v1/messages",
            "authorization: Bearer k",
        ),
        (
            llmenv::profile::Dialect::OpenaiResponses,
            "http://127.0.0.1:8000/v1",
            Some(Auth::ApiKey),
            "http://127.0.0.1:8000/v1/responses",
            "api-key: k",
        ),
        (
            llmenv::profile::Dialect::Gemini,
            "http://127.0.0.1:8000",
            Some(Auth::None),
            "http://127.0.0.1:8000/v1beta/models/m:generateContent",
            "",
        ),
    ] {
        let profile = Profile { dialect: Some(dialect), base_url: Some(base.into()), auth, ..profile("custom") };
        for inbound in Dialect::INBOUND {
            assert_eq!(asked(&profile, inbound, "k"), (format!("{url}?beta=true"), shown.to_owned()), "{dialect:?}");
        }
    }
}

#[test]
fn names_of_other_makers_are_mapped_and_no_others() {
    let mut lab = profile("custom");
    let custom = provider::custom();
    assert_eq!(map(&lab, custom, "claude-opus-4-8"), None, "the profile says nothing");
    assert_eq!(map(&lab, custom, "claude-opus-4-8[1m]").as_deref(), Some("claude-opus-4-8"));
    lab.model = Some("real".into());
    lab.models = [("big", "real-big"), ("small", "real-small")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    for (asked, wanted) in [
        ("claude-opus-4-8", Some("real-big")),
        ("claude-opus-4-1-20250805[1m]", Some("real-big")),
        ("claude-haiku-4-5-20251001", Some("real-small")),
        ("claude-sonnet-4-5", Some("real")),
        ("sonnet", Some("real")),
        ("gpt-5-codex", Some("real")),
        ("o4-mini", Some("real")),
        ("gemini-2.5-flash", Some("real")),
        ("real", None),
        ("real-big[1m]", Some("real-big")),
        ("llama-3.3-70b", None),
        ("gpt-oss-120b", None),
        ("vendor/claude-opus", None),
        ("", None),
    ] {
        assert_eq!(map(&lab, custom, asked).as_deref(), wanted, "{asked}");
    }
    let own = Profile { models: lab.models.clone(), ..profile("anthropic") };
    assert_eq!(map(&own, provider::find("anthropic").unwrap(), "claude-opus-4-1"), None, "at home there");
    let router = Profile { models: lab.models.clone(), ..profile("openrouter") };
    let row = provider::find("openrouter").unwrap();
    assert_eq!(map(&router, row, "claude-opus-4-1").as_deref(), Some("real-big"));
    assert_eq!(map(&router, row, "anthropic/claude-opus-4.1"), None);
}

#[test]
fn paths_with_and_without_a_version_mean_the_same() {
    let generate = |dialect| Some(Operation::Generate(dialect));
    for path in ["/p/v1/messages", "/p/messages", "/p/v1/v1/messages", "/p/v1/messages/"] {
        let wanted =
            Path::Profile { name: Some("p".into()), token: None, operation: generate(Dialect::AnthropicMessages) };
        assert_eq!(path::parse(path), wanted, "{path}");
    }
    let wanted = Path::Profile { name: None, token: None, operation: generate(Dialect::OpenaiChat) };
    assert_eq!(path::parse("/v1/chat/completions"), wanted);
    let wanted =
        Path::Profile { name: Some("p".into()), token: None, operation: Some(Operation::Model("a/b-1.5:free".into())) };
    assert_eq!(path::parse("/p/v1/models/a/b-1.5:free"), wanted);
    for path in ["/p/../v1", "//p", "/p/v1/a%2e", "/p/a b", "/p/\u{e9}", "p", "/p/v1//models"] {
        assert_eq!(path::parse(path), Path::Hostile, "{path}");
    }
}
