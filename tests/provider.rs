//! The catalogue's rows, who a key or host belongs to, the families' variables, and base URLs.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use llmenv::env_patch::is_allowed_name;
use llmenv::profile::{Auth, Dialect, Family};
use llmenv::provider::base_url::{canonical, origin};
use llmenv::provider::{self, KeyKind, Role};
use llmenv::secret::Secret;
use regex_lite::Regex;

/// One synthetic key for every certain shape, with the provider it proves.
pub fn sample_keys() -> Vec<(&'static str, String)> {
    let b64 = |n: usize| "a1B_".repeat(n)[..n].to_owned();
    vec![
        ("openrouter", format!("sk-or-v1-{}", "0123456789abcdef".repeat(4))),
        ("openai", format!("sk-proj-{}T3BlbkFJ{}", "A".repeat(74), "B".repeat(74))),
        ("openai", format!("sk-svcacct-{}T3BlbkFJ{}", b64(74), b64(74))),
        ("openai", format!("sk-service-{}T3BlbkFJ{}", b64(58), b64(58))),
        ("openai", format!("sk-None-{}T3BlbkFJ{}", b64(20), b64(20))),
        ("openai", format!("sk-admin-{}T3BlbkFJ{}", b64(58), b64(58))),
        ("openai", format!("sk-{}T3BlbkFJ{}", "a1B2".repeat(5), "c3D4".repeat(5))),
        ("anthropic", format!("sk-ant-api03-{}AA", "a".repeat(93))),
        ("anthropic", format!("sk-ant-oat01-{}", "a1B".repeat(20))),
        ("anthropic", format!("sk-ant-admin01-{}", b64(93))),
        ("anthropic", format!("sk-ant-ort01-{}", b64(93))),
        ("anthropic", format!("sk-ant-sid01-{}", b64(93))),
        ("gemini", format!("AIzaSy{}", "A1b".repeat(11))),
        ("groq", format!("gsk_{}", "a1B2".repeat(13))),
        ("xai", format!("xai-{}", "a1B2".repeat(20))),
        ("perplexity", format!("pplx-{}", "a1B2".repeat(12))),
        ("nvidia", format!("nvapi-{}", b64(64))),
        ("huggingface", format!("hf_{}Zz", "aBcD".repeat(8))),
        ("huggingface", format!("api_org_{}Zz", "aBcD".repeat(8))),
        ("github-models", format!("github_pat_{}", "a1B2c3D4e5F_".repeat(7)[..82].to_owned())),
        ("github-models", format!("ghp_{}", "a1B2".repeat(9))),
        ("github-models", format!("gho_{}", "a1B2".repeat(9))),
        ("github-models", format!("ghu_{}", "a1B2".repeat(9))),
        ("github-models", format!("ghs_{}", "a1B2".repeat(9))),
        ("github-models", format!("ghr_{}", "a1B2".repeat(9))),
    ]
}

#[test]
fn every_row_holds_together() {
    assert!(provider::all().len() >= 45, "{} rows", provider::all().len());
    let mut ids = BTreeSet::new();
    let mut words = BTreeSet::new();
    for row in provider::all() {
        let id = &row.id;
        assert!(ids.insert(id.clone()), "{id} twice");
        assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{id}");
        assert!(!row.name.is_empty() && !row.endpoints.is_empty(), "{id}: no name or no endpoint");
        for alias in &row.aliases {
            assert_eq!(*alias, alias.to_lowercase(), "{id}");
            assert!(words.insert(alias.clone()), "{id}: alias {alias} twice");
        }
        let mut dialects = BTreeSet::new();
        for endpoint in &row.endpoints {
            assert!(dialects.insert(endpoint.dialect), "{id}: {} twice", endpoint.dialect.name());
            let last = endpoint.base_url.rsplit('/').next().unwrap();
            if endpoint.dialect.family() != Family::Openai {
                assert!(!last.starts_with("v1"), "{id}: {} ends in a version", endpoint.base_url);
            }
        }
        let urls = row.endpoints.iter().map(|endpoint| &endpoint.base_url).chain(&row.other_urls).chain(&row.check);
        for url in urls {
            let filled = Regex::new(r"\{[a-z_]+\}").unwrap().replace_all(url, "x");
            let parsed = url::Url::parse(&filled).unwrap_or_else(|err| panic!("{id}: {url}: {err}"));
            assert!(!url.ends_with('/') && parsed.query().is_none(), "{id}: {url}");
            assert_eq!(parsed.scheme(), if row.local { "http" } else { "https" }, "{id}: {url}");
            if !row.local {
                assert!(provider::of_host(parsed.host_str().unwrap()).is_some(), "{id}: nobody's host in {url}");
            }
        }
        for shape in &row.key_shapes {
            assert!(shape.regex.is_valid(), "{id}: {}", shape.regex.as_str());
            let literal = shape.prefix.replace('.', "\\.");
            assert!(shape.regex.as_str().starts_with(&format!("^{literal}")), "{id}: {shape:?}");
            assert!(shape.regex.as_str().ends_with('$'), "{id}: {shape:?}");
            assert!(!shape.has_certain_prefix() || shape.prefix.len() >= 3, "{id}: {shape:?}");
            assert!(shape.length.is_none_or(|[least, most]| shape.prefix.len() < least && least <= most), "{id}");
            let class = shape.alphabet.as_ref().map(|alphabet| Regex::new(&format!("^[{alphabet}]$")));
            assert!(class.is_none_or(|class| class.is_ok()), "{id}: {shape:?}");
        }
        for variable in &row.variables {
            assert!(is_allowed_name(&variable.name), "{id}: {}", variable.name);
            let of_family = Family::ALL.iter().any(|family| {
                let names = family.variables();
                names.key.contains(&&*variable.name) || names.base_url.contains(&&*variable.name)
            });
            assert!(!of_family, "{id}: {} is a family's", variable.name);
        }
        let has_key = row.variables.iter().any(|variable| variable.role == Role::Key);
        assert!(has_key || ["openai", "anthropic", "302ai", "ollama"].contains(&id.as_str()), "{id}: no key variable");
    }
    // A certain prefix belongs to one provider, and is not the beginning of anybody else's.
    let certain: Vec<_> = provider::all()
        .iter()
        .flat_map(|row| row.key_shapes.iter().filter(|s| s.has_certain_prefix()).map(move |s| (&row.id, &s.prefix)))
        .collect();
    for (id, prefix) in &certain {
        assert!(certain.iter().all(|(other, theirs)| other == id || !theirs.starts_with(*prefix)), "{id}: {prefix}");
    }
}

#[test]
fn relays_nobody_vouches_for_are_left_out() {
    for id in ["claude4u", "claudeapi", "claude-code-proxy", "gemini-openai", "gemini-native", "custom"] {
        assert!(provider::find(id).is_none(), "{id}");
    }
    assert!(provider::of_host("claude4u.com").is_none());
    assert!(provider::find("302ai").unwrap().variables.is_empty());
    assert_eq!(provider::custom().id, "custom");
}

#[test]
fn shared_names_are_marked_wherever_they_stand() {
    let shared: BTreeSet<_> = provider::all()
        .iter()
        .flat_map(|row| &row.variables)
        .filter(|variable| !variable.own)
        .map(|variable| variable.name.as_str())
        .collect();
    let expected = [
        "CLOUDFLARE_ACCOUNT_ID",
        "CLOUDFLARE_API_TOKEN",
        "GH_TOKEN",
        "GITHUB_TOKEN",
        "GOOGLE_API_KEY",
        "GOOGLE_CLOUD_LOCATION",
        "GOOGLE_CLOUD_PROJECT",
        "HF_TOKEN",
        "HUGGINGFACEHUB_API_TOKEN",
        "HUGGING_FACE_HUB_TOKEN",
        "NGC_API_KEY",
        "OLLAMA_HOST",
        "VERCEL_OIDC_TOKEN",
    ];
    assert_eq!(shared, expected.into_iter().collect());
    for variable in provider::all().iter().flat_map(|row| &row.variables).filter(|variable| variable.own) {
        assert!(!shared.contains(&*variable.name), "{} is own in one row and shared in another", variable.name);
    }
    let owners = |name| provider::of_variable(name).iter().map(|(row, _)| row.id.as_str()).collect::<Vec<_>>();
    assert_eq!(owners("LLAMA_API_KEY"), ["meta-llama", "llamacpp"]);
    assert_eq!(owners("KIMI_API_KEY"), ["moonshot-intl", "moonshot-cn", "kimi-coding"]);
    assert_eq!(owners("NO_SUCH_NAME"), Vec::<&str>::new());
}

#[test]
fn a_certain_key_names_exactly_its_provider() {
    let mut proven = BTreeSet::new();
    for (id, key) in sample_keys() {
        let key = Secret::new(key);
        let found: Vec<_> = provider::of_key(&key).iter().map(|row| row.id.as_str()).collect();
        assert_eq!(found, [id], "{}", key.ending().unwrap());
        let row = provider::find(id).unwrap();
        proven.extend(row.key_shapes.iter().filter(|s| !s.ambiguous && s.matches(&key)).map(|s| s.regex.as_str()));
    }
    let all: BTreeSet<_> = provider::all()
        .iter()
        .flat_map(|row| &row.key_shapes)
        .filter(|shape| !shape.ambiguous)
        .map(|shape| shape.regex.as_str())
        .collect();
    assert_eq!(proven, all, "a certain shape has no sample key");
}

#[test]
fn a_key_that_many_give_out_names_nobody() {
    let hex = "0123456789abcdef";
    for key in [
        format!("sk-{}", hex.repeat(2)),
        hex.repeat(2),
        hex.repeat(4),
        format!("sk-{}", "a1B2".repeat(12)),
        format!("fw_{}", "a1B2".repeat(6)),
        format!("{}.{}", hex.repeat(2), "a1B2".repeat(4)),
        String::new(),
    ] {
        assert_eq!(provider::of_key(&Secret::new(key)), Vec::<&provider::Provider>::new());
    }
}

#[test]
fn a_host_names_its_provider_and_a_look_alike_does_not() {
    let id = |host| provider::of_host(host).map(|row| row.id.as_str());
    assert_eq!(id("openrouter.ai"), Some("openrouter"));
    assert_eq!(id("OpenRouter.AI."), Some("openrouter"));
    assert_eq!(id("my-resource.openai.azure.com"), Some("azure-openai"));
    assert_eq!(id("api.together.xyz"), Some("together"));
    assert_eq!(id("api.z.ai"), Some("zai"));
    assert_eq!(id("eu.api.openai.com"), Some("openai"));
    for stranger in
        ["openrouter.ai.evil.example", "xopenrouter.ai", "openai.azure.com", ".openai.azure.com", "localhost", ""]
    {
        assert_eq!(id(stranger), None, "{stranger}");
    }
}

#[test]
fn the_nearest_id_is_suggested() {
    for (typed, id) in [
        ("openruter", "openrouter"),
        ("OpenAI", "openai"),
        ("antropic", "anthropic"),
        ("claude", "anthropic"),
        ("azure", "azure-openai"),
        ("gemini-native", "gemini"),
        ("google", "gemini"),
        ("grok", "xai"),
        ("kimi", "moonshot-intl"),
        ("moon", "moonshot-intl"),
        ("hf", "huggingface"),
        ("togther", "together"),
        ("Hugging Face", "huggingface"),
    ] {
        assert_eq!(provider::nearest(typed), Some(id), "{typed}");
    }
    for typed in ["", "qqqqqq", "\u{1b}[2J", &"a".repeat(5000)] {
        assert_eq!(provider::nearest(typed), None);
    }
}

#[test]
fn endpoints_follow_each_familys_convention() {
    let url = |id, family| provider::find(id).unwrap().family_endpoint(family).map(|e| e.base_url.as_str());
    assert_eq!(url("openrouter", Family::Openai), Some("https://openrouter.ai/api/v1"));
    assert_eq!(url("openrouter", Family::Anthropic), Some("https://openrouter.ai/api"));
    assert_eq!(url("anthropic", Family::Anthropic), Some("https://api.anthropic.com"));
    assert_eq!(url("gemini", Family::Gemini), Some("https://generativelanguage.googleapis.com"));
    assert_eq!(url("gemini", Family::Openai), Some("https://generativelanguage.googleapis.com/v1beta/openai"));
    assert_eq!(url("minimax", Family::Anthropic), Some("https://api.minimax.io/anthropic"));
    assert_eq!(url("groq", Family::Anthropic), None);
    let dialects =
        |id| provider::find(id).unwrap().endpoints.iter().map(|endpoint| endpoint.dialect.name()).collect::<Vec<_>>();
    assert_eq!(dialects("openai"), ["openai-chat", "openai-responses"]);
    assert_eq!(dialects("openrouter"), ["openai-chat", "openai-responses", "anthropic-messages"]);
    assert_eq!(dialects("anthropic"), ["anthropic-messages", "openai-chat"]);
    let openrouter = provider::find("openrouter").unwrap();
    assert_eq!(openrouter.default_endpoint().unwrap().dialect, Dialect::OpenaiChat);
    assert_eq!(openrouter.families(), [Family::Openai, Family::Anthropic]);
    assert_eq!(openrouter.endpoint(Dialect::Gemini), None);
    assert_eq!(openrouter.shown(), "OpenRouter (openrouter)");
    assert_eq!(openrouter.keys_shown(), "starts with `sk-or-v1-`, 73 characters");
    assert_eq!(provider::find("ollama").unwrap().keys_shown(), "none needed");
    assert_eq!(provider::find("poe").unwrap().keys_shown(), "not known");
}

#[test]
fn the_key_decides_how_it_goes_out() {
    let anthropic = provider::find("anthropic").unwrap();
    let key = |start: &str| Secret::new(format!("{start}{}AA", "a".repeat(93)));
    assert_eq!(anthropic.auth_for(&key("sk-ant-api03-")), Auth::XApiKey);
    assert_eq!(anthropic.auth_for(&key("sk-ant-oat01-")), Auth::Bearer);
    assert_eq!(anthropic.auth_at(anthropic.endpoint(Dialect::OpenaiChat), &key("sk-ant-api03-")), Auth::Bearer);
    let gemini = provider::find("gemini").unwrap();
    assert_eq!(gemini.auth_for(&key("AIza")), Auth::XGoogApiKey);
    assert_eq!(gemini.auth_at(gemini.endpoint(Dialect::OpenaiChat), &key("AIza")), Auth::Bearer);
    assert_eq!(provider::find("azure-openai").unwrap().auth_for(&key("")), Auth::ApiKey);
    assert_eq!(anthropic.shape_begun_by("sk-ant-ort01-x").unwrap().kind, KeyKind::Refresh);
    assert_eq!(Family::Anthropic.key_variable(Auth::XApiKey), "ANTHROPIC_API_KEY");
    assert_eq!(Family::Anthropic.key_variable(Auth::Bearer), "ANTHROPIC_AUTH_TOKEN");
    assert_eq!(Family::Anthropic.key_variable(Auth::None), "ANTHROPIC_AUTH_TOKEN");
    assert_eq!(Family::Openai.key_variable(Auth::ApiKey), "OPENAI_API_KEY");
}

#[test]
fn the_families_variables_are_legal_and_disjoint() {
    let mut seen = BTreeSet::new();
    for family in Family::ALL {
        let names = family.variables();
        assert!(names.key.contains(&family.key_variable(Auth::Bearer)));
        assert_eq!(names.base_url, [family.base_url_variable()]);
        let touched: BTreeSet<_> = names.touched().collect();
        for name in &touched {
            assert!(is_allowed_name(name), "{name}");
            assert!(seen.insert(*name), "{name} is of two families");
            assert_eq!(Family::of_variable(name), Some(family));
            assert!(provider::of_variable(name).iter().all(|(_, variable)| variable.own), "{name} is shared");
        }
        assert!(names.reported.iter().all(|name| !touched.contains(name)));
    }
    let rivals = |family: Family| family.variables().rivals;
    for name in ["OPENAI_API_BASE", "OPENAI_API_HOST", "OPENAI_ORG_ID", "OPENAI_ORGANIZATION", "OPENAI_API_TYPE"] {
        assert!(rivals(Family::Openai).contains(&name), "{name}");
    }
    for name in
        ["CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CODE_USE_BEDROCK", "ANTHROPIC_CUSTOM_HEADERS", "ANTHROPIC_AUTH_TOKEN"]
    {
        assert!(rivals(Family::Anthropic).contains(&name), "{name}");
    }
    assert_eq!(rivals(Family::Gemini), ["GOOGLE_GENAI_USE_VERTEXAI"]);
    assert!(!rivals(Family::Openai).contains(&"OPENAI_ADMIN_KEY"));
    assert_eq!(Family::of_variable("GOOGLE_API_KEY"), Some(Family::Gemini));
    assert_eq!(Family::of_variable("PATH"), None);
}

/// Canonical URL and changes of a typed one.
fn brought(id: &str, family: Family, typed: &str) -> (String, Vec<String>) {
    let row = (id != "custom").then(|| provider::find(id).unwrap());
    let first = canonical(row, family, typed).unwrap_or_else(|err| panic!("{typed}: {err}"));
    let again = canonical(row, family, &first.url).unwrap_or_else(|err| panic!("{}: {err}", first.url));
    assert_eq!(again.url, first.url, "not stable for {typed}");
    (first.url, first.changes)
}

#[test]
fn base_urls_take_their_providers_form() {
    use Family::{Anthropic, Gemini, Openai};
    for (id, family, typed, url) in [
        ("openrouter", Openai, "https://openrouter.ai", "https://openrouter.ai/api/v1"),
        ("openrouter", Openai, "openrouter.ai/api/v1", "https://openrouter.ai/api/v1"),
        ("openrouter", Openai, "https://openrouter.ai/api", "https://openrouter.ai/api/v1"),
        ("openrouter", Openai, "https://openrouter.ai/v1", "https://openrouter.ai/api/v1"),
        ("openrouter", Openai, "https://OpenRouter.ai:443/api/v1/", "https://openrouter.ai/api/v1"),
        ("openrouter", Anthropic, "https://openrouter.ai/api/v1", "https://openrouter.ai/api"),
        ("openrouter", Anthropic, "https://openrouter.ai", "https://openrouter.ai/api"),
        ("openrouter", Anthropic, "https://openrouter.ai/api/v1/messages", "https://openrouter.ai/api"),
        ("custom", Openai, "https://openrouter.ai", "https://openrouter.ai/api/v1"),
        ("anthropic", Anthropic, "https://api.anthropic.com/v1", "https://api.anthropic.com"),
        ("anthropic", Anthropic, "https://api.anthropic.com/v1/messages", "https://api.anthropic.com"),
        ("anthropic", Openai, "https://api.anthropic.com", "https://api.anthropic.com/v1"),
        ("openai", Openai, "https://api.openai.com/v1/responses", "https://api.openai.com/v1"),
        ("openai", Openai, "https://api.openai.com", "https://api.openai.com/v1"),
        ("openai", Openai, "https://api.openai.com/v1/v1", "https://api.openai.com/v1"),
        ("zai", Openai, "https://api.z.ai/api/paas/v4", "https://api.z.ai/api/paas/v4"),
        ("zai", Openai, "https://api.z.ai/v1", "https://api.z.ai/api/paas/v4"),
        ("zai", Openai, "https://api.z.ai/api/coding/paas/v4", "https://api.z.ai/api/coding/paas/v4"),
        ("zai-coding", Openai, "https://api.z.ai", "https://api.z.ai/api/coding/paas/v4"),
        ("zai-coding", Anthropic, "https://api.z.ai/api/coding/paas/v4", "https://api.z.ai/api/anthropic"),
        ("perplexity", Openai, "https://api.perplexity.ai", "https://api.perplexity.ai"),
        ("perplexity", Openai, "https://api.perplexity.ai/v1", "https://api.perplexity.ai"),
        ("deepinfra", Openai, "https://api.deepinfra.com/v1/openai", "https://api.deepinfra.com/v1/openai"),
        ("deepinfra", Openai, "https://api.deepinfra.com/v1", "https://api.deepinfra.com/v1/openai"),
        ("groq", Openai, "https://api.groq.com/v1", "https://api.groq.com/openai/v1"),
        ("groq", Openai, "https://api.groq.com/openai/v1/chat/completions", "https://api.groq.com/openai/v1"),
        ("fireworks", Openai, "https://api.fireworks.ai/v1", "https://api.fireworks.ai/inference/v1"),
        ("deepseek", Openai, "https://api.deepseek.com", "https://api.deepseek.com"),
        ("deepseek", Anthropic, "https://api.deepseek.com", "https://api.deepseek.com/anthropic"),
        ("together", Openai, "https://api.together.xyz", "https://api.together.xyz/v1"),
        (
            "gemini",
            Gemini,
            "https://generativelanguage.googleapis.com/v1beta",
            "https://generativelanguage.googleapis.com",
        ),
        (
            "gemini",
            Gemini,
            "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent",
            "https://generativelanguage.googleapis.com",
        ),
        (
            "gemini",
            Openai,
            "https://generativelanguage.googleapis.com/v1beta",
            "https://generativelanguage.googleapis.com/v1beta/openai",
        ),
        ("azure-openai", Openai, "https://res1.openai.azure.com", "https://res1.openai.azure.com/openai/v1"),
        ("azure-openai", Openai, "https://res1.openai.azure.com/openai", "https://res1.openai.azure.com/openai/v1"),
        (
            "azure-openai",
            Openai,
            "https://res1.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2024-10-21",
            "https://res1.openai.azure.com/openai/deployments/gpt",
        ),
        (
            "cloudflare-ai-gateway",
            Openai,
            "https://gateway.ai.cloudflare.com/v1/acc/gw",
            "https://gateway.ai.cloudflare.com/v1/acc/gw/compat",
        ),
        (
            "cloudflare-ai-gateway",
            Anthropic,
            "https://gateway.ai.cloudflare.com/v1/acc/gw/anthropic",
            "https://gateway.ai.cloudflare.com/v1/acc/gw/anthropic",
        ),
        ("ollama", Openai, "localhost:11434", "http://localhost:11434/v1"),
        ("ollama", Openai, "http://0.0.0.0:11434/v1", "http://127.0.0.1:11434/v1"),
        ("ollama", Anthropic, "http://127.0.0.1:11434/v1", "http://127.0.0.1:11434"),
        ("litellm-proxy", Openai, "http://localhost:4000", "http://localhost:4000"),
        ("litellm-proxy", Openai, "https://llm.acme.example", "https://llm.acme.example/v1"),
        ("custom", Openai, "127.0.0.1:8000", "http://127.0.0.1:8000/v1"),
        ("custom", Openai, "[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("custom", Openai, "http://192.168.1.5:8000/v1", "http://192.168.1.5:8000/v1"),
        ("custom", Openai, "llm.acme.example/openai", "https://llm.acme.example/openai"),
        ("custom", Openai, "https://llm.acme.example/models", "https://llm.acme.example/models"),
        ("custom", Openai, "https://llm.acme.example/v1/models", "https://llm.acme.example/v1"),
        ("custom", Openai, "https://llm.acme.example./v1", "https://llm.acme.example/v1"),
        ("custom", Openai, "https://llm.acme.example//v1//", "https://llm.acme.example/v1"),
        ("custom", Openai, "https://bücher.example/v1", "https://xn--bcher-kva.example/v1"),
        ("custom", Openai, "https:/llm.acme.example/v1", "https://llm.acme.example/v1"),
        ("custom", Openai, "https//llm.acme.example/v1", "https://llm.acme.example/v1"),
        ("custom", Openai, "https://https://llm.acme.example/v1", "https://llm.acme.example/v1"),
        ("custom", Openai, "https:\\\\llm.acme.example\\v1", "https://llm.acme.example/v1"),
        ("custom", Openai, "https.acme.example/v1", "https://https.acme.example/v1"),
        ("custom", Anthropic, "https://llm.acme.example/v1", "https://llm.acme.example"),
        ("custom", Anthropic, "https://llm.acme.example/v1/messages", "https://llm.acme.example"),
        ("custom", Openai, "export OPENAI_BASE_URL=\"https://llm.acme.example/v1\"", "https://llm.acme.example/v1"),
        ("custom", Openai, " “https://llm.acme.example/v1”\r\n", "https://llm.acme.example/v1"),
    ] {
        assert_eq!(brought(id, family, typed).0, url, "{id}: {typed}");
    }
}

#[test]
fn a_catalogue_url_stays_as_it_is() {
    for row in provider::all() {
        for endpoint in &row.endpoints {
            let filled = Regex::new(r"\{[a-z_]+\}").unwrap().replace_all(&endpoint.base_url, "mine");
            let (url, changes) = brought(&row.id, endpoint.dialect.family(), &filled);
            assert_eq!((url.as_str(), changes), (&*filled, Vec::<String>::new()), "{}", row.id);
        }
        for other in &row.other_urls {
            let filled = Regex::new(r"\{[a-z_]+\}").unwrap().replace_all(other, "mine");
            assert_eq!(brought(&row.id, Family::Openai, &filled), (filled.to_string(), vec![]), "{}", row.id);
        }
    }
}

#[test]
fn every_change_of_a_base_url_is_told() {
    for (id, family, typed, changes) in [
        (
            "openrouter",
            Family::Openai,
            "https://openrouter.ai",
            vec!["added `/api/v1` to the path, as OpenRouter wants it in `OPENAI_BASE_URL`"],
        ),
        (
            "anthropic",
            Family::Anthropic,
            "https://api.anthropic.com/v1",
            vec!["removed `/v1` from the path, as Anthropic wants it in `ANTHROPIC_BASE_URL`"],
        ),
        (
            "groq",
            Family::Openai,
            "https://api.groq.com/v1",
            vec!["replaced the path `/v1` by `/openai/v1`, as Groq wants it in `OPENAI_BASE_URL`"],
        ),
        ("custom", Family::Openai, "llm.acme.example/v1/", vec!["added `https://`", "removed the slash at the end"]),
        (
            "custom",
            Family::Openai,
            "HTTPS://LLM.acme.example:443/v1",
            vec!["removed the default port `:443`", "wrote the host in lower case: `llm.acme.example`"],
        ),
        (
            "custom",
            Family::Openai,
            "https://llm.acme.example/v1?x=1#top",
            vec!["removed the query: clients put their path after it", "removed the part after `#`"],
        ),
        (
            "custom",
            Family::Openai,
            "https://llm.acme.example/v1/chat/completions",
            vec!["removed `/chat/completions`, which clients append themselves"],
        ),
        (
            "custom",
            Family::Openai,
            "http://llm.acme.example/v1",
            vec!["kept `http://`: the key and every answer cross the network to `llm.acme.example` in clear"],
        ),
        (
            "custom",
            Family::Openai,
            "http://0.0.0.0:9/v1",
            vec!["replaced `0.0.0.0`, which only listens, by `127.0.0.1`"],
        ),
        (
            "custom",
            Family::Openai,
            "https://bücher.example/v1",
            vec!["wrote the host in the form in which it is looked up: `xn--bcher-kva.example`"],
        ),
        ("custom", Family::Openai, "\"https://llm.acme.example/v1\"", vec!["removed quotes around it (\" \")"]),
    ] {
        assert_eq!(brought(id, family, typed).1, changes, "{typed}");
    }
}

#[test]
fn base_urls_that_would_lose_the_key_are_refused() {
    let openrouter_key = &sample_keys()[0].1;
    for (id, typed, message) in [
        ("openai", "http://api.openai.com/v1", "plain http would send the key to `api.openai.com` in clear"),
        ("custom", "http://api.openai.com/v1", "plain http would send the key to `api.openai.com` in clear"),
        ("openai", "http://llm.acme.example/v1", "plain http would send the key to `llm.acme.example` in clear"),
        ("custom", "https://user:pass@llm.acme.example/v1", "the base URL holds a user name or a password"),
        ("custom", "https://user@llm.acme.example/v1", "the base URL holds a user name or a password"),
        ("custom", "https://llm.acme.example/v1?api_key=abc", "the base URL holds a key in its query (`api_key=`)"),
        ("custom", openrouter_key, "the base URL is a key"),
        ("custom", &format!("https://llm.acme.example/{openrouter_key}/v1"), "the base URL holds a key"),
        ("custom", &format!("https://llm.acme.example/v1?x={openrouter_key}"), "the base URL holds a key"),
        ("custom", &format!("https://{openrouter_key}@llm.acme.example/v1"), "the base URL holds a key"),
        ("custom", "ftp://llm.acme.example/v1", "`ftp` is no scheme for a base URL"),
        ("custom", "htps://llm.acme.example/v1", "`htps` is no scheme for a base URL"),
        ("custom", "file:///etc/passwd", "`file` is no scheme for a base URL"),
        ("custom", "", "the base URL is empty"),
        ("custom", "  \r\n", "the base URL is empty"),
        ("custom", "https://", "the base URL cannot be read: empty host"),
        ("custom", "https://llm.acme.example/v1\nX: y", "the base URL has a blank or control character at position 28"),
        (
            "custom",
            "https://llm.acme.example/\u{1b}[2J",
            "the base URL has a blank or control character at position 26",
        ),
        ("custom", "https://llm.acme example/v1", "the base URL has a blank or control character at position 17"),
        (
            "azure-openai",
            "https://{resource}.openai.azure.com/openai/v1",
            "the base URL still holds the placeholder `{resource}`",
        ),
        (
            "azure-openai",
            "https://your-resource.openai.azure.com/",
            "the base URL still holds the placeholder `your-resource`",
        ),
        ("custom", "https://<host>/v1", "the base URL still holds the placeholder `<host>`"),
        (
            "cloudflare-ai-gateway",
            "https://gateway.ai.cloudflare.com/v1/acc",
            "the base URL of Cloudflare AI Gateway lacks its `{gateway_id}`",
        ),
        (
            "custom",
            &format!("https://llm.acme.example/{}", "a".repeat(3000)),
            "the base URL has 3025 bytes, more than 2048",
        ),
        ("custom", "https://llm.acme.example:99999/v1", "the base URL cannot be read: invalid port number"),
    ] {
        let row = provider::find(id);
        let error = canonical(row, Family::Openai, typed).expect_err(typed);
        assert_eq!(error.message, message, "{typed}");
        let told = error.to_string();
        assert!(!told.contains(&openrouter_key[20..40]) && !told.contains("pass@"), "{told}");
    }
    let error = canonical(provider::find("openai"), Family::Openai, "http://api.openai.com/v1").unwrap_err();
    assert_eq!(error.hints, ["use https://api.openai.com/v1"]);
}

#[test]
fn the_origin_is_what_a_key_is_bound_to() {
    for (url, expected) in [
        ("https://OpenRouter.ai/api/v1", "https://openrouter.ai"),
        ("https://openrouter.ai.:443/x?y#z", "https://openrouter.ai"),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://host:443", "http://host:443"),
    ] {
        assert_eq!(origin(url).unwrap(), expected);
    }
    for url in ["", "openrouter.ai", "https://u:p@host", "file:///x", "data:x", "https://./"] {
        assert!(origin(url).is_err(), "{url}");
    }
}

#[test]
fn no_base_url_makes_it_panic() {
    let mut random = crate::sanitize::Random(7);
    let pieces = [
        "https",
        "http",
        ":",
        "//",
        "/",
        "\\",
        "@",
        "?",
        "#",
        "[",
        "]",
        "::1",
        "0.0.0.0",
        "localhost",
        ".",
        "v1",
        "api",
        "openai",
        "messages",
        "models",
        "chat/completions",
        "{x}",
        "%7b",
        "openrouter.ai",
        "api.z.ai",
        "x.openai.azure.com",
        ":443",
        ":80",
        "é",
        "\u{feff}",
        "“",
        " ",
        "\n",
        "gateway.ai.cloudflare.com",
        "http:",
        "https//",
        "=",
        "&",
        "your-",
        "$",
    ];
    for _ in 0..6_000 {
        let typed: String = (0..random.below(8)).map(|_| pieces[random.below(pieces.len())]).collect();
        for (row, family) in [
            (None, Family::Openai),
            (provider::find("openrouter"), Family::Anthropic),
            (provider::find("cloudflare-ai-gateway"), Family::Openai),
        ] {
            if let Ok(first) = canonical(row, family, &typed) {
                let again =
                    canonical(row, family, &first.url).unwrap_or_else(|err| panic!("{typed:?} {first:?}: {err}"));
                assert_eq!(again.url, first.url, "{typed:?}");
                assert!(llmenv::env_patch::is_servable(&first.url) && origin(&first.url).is_ok(), "{first:?}");
            }
        }
    }
}
