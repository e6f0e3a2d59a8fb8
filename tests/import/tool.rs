//! Settings of tools: where each keeps its key, and the same file without it.

use std::path::Path;

use llmenv::import::section::{Cut, Format, Reading};
use llmenv::import::{find, json, llm_env, rewrite, tool};

fn key() -> String {
    format!("sk-or-v1-{}", "0123456789abcdef".repeat(4))
}

fn anthropic() -> String {
    format!("sk-ant-api03-{}AA", "Ab1".repeat(31))
}

/// `VARIABLE:line called` of each setting, sections parted by `|`.
fn settings(reading: &Reading) -> Vec<String> {
    let section = |section: &llmenv::import::section::Section| {
        let all = section.settings.iter();
        let all: Vec<String> = all.map(|s| format!("{}:{} {}", s.variable, s.line.unwrap(), s.shown())).collect();
        all.join(", ")
    };
    reading.sections.iter().map(section).collect()
}

fn without(text: &str, reading: &Reading) -> String {
    let all = reading.sections.iter().flat_map(|section| &section.settings);
    let members: Vec<Vec<String>> = all
        .filter_map(|setting| match &setting.cut {
            Cut::Member(path) => Some(path.clone()),
            _ => None,
        })
        .collect();
    String::from_utf8(rewrite::without_members(text.as_bytes(), &members)).unwrap()
}

#[test]
fn claude_code() {
    let text = format!(
        "{{\n  \"model\": \"opus\",\n  \"env\": {{\n    \"ANTHROPIC_AUTH_TOKEN\": \"{}\",\n    \"FOO\": \"bar\",\n    \"ANTHROPIC_BASE_URL\": \"https://openrouter.ai/api\"\n  }},\n  \"hooks\": {{}}\n}}\n",
        key()
    );
    let reading = tool::read_json(Path::new("/h/.claude/settings.json"), text.as_bytes(), Format::Claude);
    assert_eq!(
        settings(&reading),
        ["ANTHROPIC_AUTH_TOKEN:4 env.ANTHROPIC_AUTH_TOKEN, ANTHROPIC_BASE_URL:6 env.ANTHROPIC_BASE_URL"]
    );
    assert_eq!(
        without(&text, &reading),
        "{\n  \"model\": \"opus\",\n  \"env\": {\n    \"FOO\": \"bar\"\n  },\n  \"hooks\": {}\n}\n"
    );
    let text = format!("{{\"numStartups\":3,\"primaryApiKey\":\"{}\"}}", anthropic());
    let reading = tool::read_json(Path::new("/h/.claude.json"), text.as_bytes(), Format::Claude);
    assert_eq!(settings(&reading), ["ANTHROPIC_API_KEY:1 primaryApiKey"]);
    assert_eq!(without(&text, &reading), "{\"numStartups\":3}");
    let told = tool::read_json(Path::new("/h/s"), b"{\"apiKeyHelper\": \"/bin/x\"}", Format::Claude);
    assert_eq!((told.sections.len(), told.oddities[0].line), (0, Some(1)));
}

#[test]
fn codex() {
    let text = format!("{{\n  \"OPENAI_API_KEY\": \"{}\",\n  \"tokens\": null\n}}", key());
    let reading = tool::read_json(Path::new("/h/.codex/auth.json"), text.as_bytes(), Format::Codex);
    assert_eq!(settings(&reading), ["OPENAI_API_KEY:2 OPENAI_API_KEY"]);
    assert_eq!(without(&text, &reading), "{\n  \"tokens\": null\n}");
    let text = format!(
        "model = \"m\"\n[model_providers.or]\nbase_url = \"https://openrouter.ai/api/v1\"\nexperimental_bearer_token = \"{}\" # x\nwire_api = \"responses\"\n",
        key()
    );
    let reading = tool::read_codex_toml(Path::new("/h/.codex/config.toml"), text.as_bytes());
    let token = &reading.sections[0].settings[0];
    let Cut::Lines { span, instead } = &token.cut else { panic!("{token:?}") };
    assert!(text[span.clone()].starts_with("experimental_bearer_token") && text[span.clone()].ends_with("# x"));
    // Codex is told under which name the key comes now.
    assert_eq!(*instead, Some("env_key = \"OPENAI_API_KEY\""));
    assert_eq!(reading.sections[0].settings[1].variable, "OPENAI_BASE_URL");
}

#[test]
fn opencode() {
    let text = format!(
        "{{\n  // mine\n  \"provider\": {{\n    \"openrouter\": {{\"options\": {{\"apiKey\": \"{}\",}}}},\n    \"lab\": {{\"options\": {{\"baseURL\": \"http://127.0.0.1:9/v1\", \"apiKey\": \"{{env:LAB}}\"}}}},\n  }},\n}}\n",
        key()
    );
    let reading = tool::read_json(Path::new("/h/opencode.jsonc"), text.as_bytes(), Format::Opencode);
    assert_eq!(
        settings(&reading),
        ["OPENROUTER_API_KEY:4 provider.openrouter.options.apiKey", "OPENAI_BASE_URL:5 provider.lab.options.baseURL"]
    );
    let text = format!(
        "{{\"anthropic\":{{\"type\":\"api\",\"key\":\"{}\"}},\"x\":{{\"type\":\"oauth\",\"access\":\"t\"}}}}",
        anthropic()
    );
    let reading = tool::read_json(Path::new("/h/opencode/auth.json"), text.as_bytes(), Format::Opencode);
    assert_eq!(settings(&reading), ["ANTHROPIC_API_KEY:1 anthropic.key"]);
}

#[test]
fn aider() {
    let text = format!(
        "# conf\nopenai-api-key: {}\nopenai-api-base: \"https://openrouter.ai/api/v1\"\nmodel: x\napi-key:\n  - openrouter={}\n  - bad\nset-env:\n- GROQ_API_KEY=gsk_{}\n",
        key(),
        key(),
        "Ab12".repeat(13)
    );
    let reading = tool::read_aider(Path::new("/h/.aider.conf.yml"), text.as_bytes());
    assert_eq!(
        settings(&reading),
        [
            "OPENAI_API_KEY:2 openai-api-key, OPENAI_API_BASE:3 openai-api-base, OPENROUTER_API_KEY:6 openrouter, GROQ_API_KEY:9 GROQ_API_KEY"
        ]
    );
}

#[test]
fn llm_env_says_whose_a_variable_is() {
    let text = b"[group:x]\nproviders=a\n[cerebras]\nbase_url=https://api.cerebras.ai/v1\napi_key_var=LLM_CEREBRAS_API_KEY\ndefault_model=qwen\nenabled=true\n[off]\nbase_url=https://x\napi_key_var=Y\nenabled=false\n[claude]\nbase_url=https://api.anthropic.com/v1\nauth_token_var=LLM_T\nprotocol=anthropic\n";
    let accounts = llm_env::read(Path::new("/h/c"), text);
    let shown: Vec<_> =
        accounts.iter().map(|a| (a.name.as_str(), a.variable.as_str(), a.is_anthropic, a.at.1)).collect();
    assert_eq!(shown, [("cerebras", "LLM_CEREBRAS_API_KEY", false, 3), ("claude", "LLM_T", true, 12)]);
    assert_eq!(accounts[0].model.as_deref(), Some("qwen"));
}

#[test]
fn members_go_without_a_trace() {
    let gone = |text: &str, path: &[&str]| {
        let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
        json::without(text.as_bytes(), &path).map(|text| String::from_utf8(text).unwrap())
    };
    for (text, path, wanted) in [
        (r#"{"a":1,"b":2}"#, &["a"][..], r#"{"b":2}"#),
        (r#"{"a":1,"b":2}"#, &["b"], r#"{"a":1}"#),
        (r#"{"a":1}"#, &["a"], "{}"),
        (r#"{"a":{"b":[1,{"c":"x"}],"d":"e"}}"#, &["a", "d"], r#"{"a":{"b":[1,{"c":"x"}]}}"#),
        ("{\r\n  \"a\": 1,\r\n  \"b\": 2\r\n}\r\n", &["b"], "{\r\n  \"a\": 1\r\n}\r\n"),
        ("{\n  \"a\": 1,\n  \"b\": 2, // c\n}\n", &["a"], "{\n  \"b\": 2, // c\n}\n"),
        ("{ /* , */ \"a\" : \"\\\"}\" , \"b\":2 }", &["a"], "{ /* , */ \"b\":2 }"),
    ] {
        assert_eq!(gone(text, path).as_deref(), Some(wanted), "{text}");
    }
    assert_eq!(gone(r#"{"a":1}"#, &["b"]), None);
    assert_eq!(gone("[1", &["0"]), None);
    assert_eq!(gone(&"[".repeat(100_000), &["0"]), None);
    // What is left is read as before.
    let text = r#"{"a":{"k":"1","l":"2"},"k":"3"}"#;
    for path in [&["a", "k"][..], &["a", "l"], &["a"], &["k"]] {
        let left = gone(text, path).unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(&left).is_ok(), "{left}");
    }
}

#[test]
fn damaged_files_are_told() {
    for (bytes, format) in [(&b"{"[..], Format::Claude), (b"\xff\xfe{", Format::Opencode), (b"[]]", Format::Codex)] {
        let reading = tool::read_json(Path::new("/h/x"), bytes, format);
        assert_eq!((reading.sections.len(), reading.oddities.len()), (0, 1));
    }
    assert_eq!(tool::read_codex_toml(Path::new("/h/x"), b"a = [").oddities.len(), 1);
    let text = format!("{{\"env\":{{\"ANTHROPIC_API_KEY\":\"{}\"}}}}", anthropic());
    for end in 0..text.len() {
        assert!(tool::read_json(Path::new("/h/x"), &text.as_bytes()[..end], Format::Claude).sections.is_empty());
    }
}

#[test]
fn files_are_known_by_their_names() {
    for (path, wanted) in [
        ("/h/.env.local", Some(Format::Dotenv)),
        ("/h/x.env", Some(Format::Dotenv)),
        ("/h/.zshrc", Some(Format::Zsh)),
        ("/h/.profile", Some(Format::Bash)),
        ("/h/config.fish", Some(Format::Fish)),
        ("/h/p.ps1", Some(Format::Powershell)),
        ("/h/.claude/settings.json", Some(Format::Claude)),
        ("/h/.codex/config.toml", Some(Format::Codex)),
        ("/h/.config/llm-env/config.conf", Some(Format::LlmEnv)),
        ("/h/opencode/auth.json", Some(Format::Opencode)),
        ("/h/settings.json", None),
        ("/h/config.toml", None),
    ] {
        assert_eq!(find::format_of(Path::new(path)), wanted, "{path}");
    }
}
