//! What tools need: printed, and written into their settings without touching anything else.

use llmenv::client::{Account, Place, TOOLS, find};
use llmenv::profile::Dialect;
use llmenv::secret::Secret;

use crate::support::{Home, Shell, Terminal};

fn key() -> String {
    format!("sk-or-v1-{}", "0123456789abcdef".repeat(4))
}

/// A home with a profile of a provider that speaks all of it.
fn home(serve: &str) -> Home {
    let home = Home::new();
    let add = [
        "add",
        "work",
        "--provider",
        "openrouter",
        "--model",
        "openai/gpt-5",
        "--serve",
        serve,
        "--key-stdin",
        "--store",
        "file",
    ];
    let added = home.llmenv_with(&add, key());
    assert_eq!(added.code, 0, "{added:?}");
    home
}

/// A profile of a provider that speaks less, and a token, as the proxy serves them.
fn proxied(token: Option<&str>) -> Account {
    let text = "[profiles.work]\nprovider = \"groq\"\nmodel = \"m1\"\nmodels = { big = \"b1\", small = \"s1\" }\n";
    let path = std::path::Path::new("/home/u/.config/llmenv/config.toml");
    let check = |_: &str| llmenv::config::ProviderCheck::Known;
    let config = llmenv::config::parse(text, path, std::path::Path::new("/home/u"), &check).unwrap();
    let row = llmenv::provider::find("groq").unwrap();
    Account::proxied(&config.profiles["work"], row, "http://127.0.0.1:23456/work/v1", token.map(Secret::new))
}

fn edit(account: &Account, tool: &str, now: Option<&str>) -> String {
    let nothing = |_: &str| None;
    let place = Place { home: "/home/u".into(), variable: &nothing };
    let setup = (find(tool).unwrap().setup)(account, &place).unwrap();
    String::from_utf8(setup.edit.unwrap()(now.map(str::as_bytes)).unwrap()).unwrap()
}

#[test]
fn through_the_proxy_files_hold_the_token_and_nothing_else() {
    let account = proxied(Some("llmenv_token"));
    assert_eq!(
        edit(&account, "codex", None),
        "model = \"m1\"\nmodel_provider = \"llmenv\"\n\n[model_providers.llmenv]\nname = \"llmenv: work\"\nbase_url = \
         \"http://127.0.0.1:23456/work/v1\"\nwire_api = \"responses\"\nexperimental_bearer_token = \"llmenv_token\"\n"
    );
    let claude: serde_json::Value = serde_json::from_str(&edit(&account, "claude", None)).unwrap();
    assert_eq!(
        claude,
        serde_json::json!({"env": {
            "ANTHROPIC_BASE_URL": "http://127.0.0.1:23456/work", "ANTHROPIC_MODEL": "m1", "ANTHROPIC_AUTH_TOKEN": "llmenv_token",
            "ANTHROPIC_DEFAULT_OPUS_MODEL": "b1", "ANTHROPIC_DEFAULT_HAIKU_MODEL": "s1",
        }})
    );
    let opencode: serde_json::Value = serde_json::from_str(&edit(&account, "opencode", None)).unwrap();
    assert_eq!(opencode["provider"]["llmenv"]["options"]["apiKey"], "llmenv_token");
    assert_eq!(opencode["provider"]["llmenv"]["models"]["m1"]["modalities"]["input"][1], "image");
    assert_eq!((&opencode["model"], &opencode["small_model"]), (&"llmenv/m1".into(), &"llmenv/s1".into()));
    // What is shown holds no token.
    for tool in TOOLS.iter() {
        let nothing = |_: &str| None;
        let place = Place { home: "/home/u".into(), variable: &nothing };
        let Ok(setup) = (tool.setup)(&account, &place) else { continue };
        assert!(!setup.text.contains("llmenv_token"), "{}", tool.id);
        // Written twice is written once.
        if let Some(edit) = setup.edit {
            let once = edit(None).unwrap();
            assert_eq!(edit(Some(&once)).unwrap(), once, "{}", tool.id);
        }
    }
    assert!(account.speaks(Dialect::OpenaiResponses).is_some(), "whatever groq speaks");
}

#[test]
fn settings_keep_their_comments_order_and_layout() {
    let account = proxied(Some("llmenv_token"));
    let codex = "# mine\r\nmodel = \"gpt-5\" # the big one\r\napproval_policy = \"never\"\r\n\r\n[model_providers.other]\r\nname = \"x\"\r\n\
                 \r\n[tui]\r\ntheme = \"dark\"\r\n";
    let written = edit(&account, "codex", Some(codex));
    for kept in [
        "# mine\r\n",
        "model = \"m1\" # the big one\r\n",
        "approval_policy = \"never\"\r\n",
        "[model_providers.other]\r\nname = \"x\"\r\n",
        "[tui]\r\ntheme = \"dark\"\r\n",
    ] {
        assert!(written.contains(kept), "{kept:?}\n{written}");
    }
    assert!(!written.replace("\r\n", "").contains('\n'), "one line end for all");
    assert!(written.parse::<toml_edit::DocumentMut>().unwrap()["model_providers"]["llmenv"]["base_url"].is_str());

    let claude = "\u{feff}{\n    // why\n    \"permissions\": { \"allow\": [ \"Bash(ls)\" ] }, /* odd */\n    \"env\": {\n        \
                  \"ANTHROPIC_API_KEY\": \"sk-ant-old\",\n        \"EDITOR\": \"vi\"\n    },\n    \"apiKeyHelper\": \"/bin/x\",\n}\n";
    let written = edit(&account, "claude", Some(claude));
    assert!(
        written.starts_with(
            "\u{feff}{\n    // why\n    \"permissions\": { \"allow\": [ \"Bash(ls)\" ] }, /* odd */\n    \"env\": {\n"
        ),
        "{written}"
    );
    assert!(written.contains("        \"EDITOR\": \"vi\",\n        \"ANTHROPIC_BASE_URL\": "), "{written}");
    assert!(
        !written.contains("sk-ant-old") && !written.contains("apiKeyHelper"),
        "two credentials are both sent: {written}"
    );
}

#[test]
fn settings_that_cannot_be_understood_are_refused_whole() {
    let account = proxied(Some("llmenv_token"));
    let nothing = |_: &str| None;
    let place = Place { home: "/home/u".into(), variable: &nothing };
    for (tool, now) in [
        ("codex", &b"model = "[..]),
        ("codex", b"model_providers = 3"),
        ("codex", b"\xff"),
        ("claude", b"{\"env\": 3}"),
        ("claude", b"[1]"),
        ("claude", b"{\"a\": "),
        ("opencode", b"\xff\xfe{"),
    ] {
        let setup = (find(tool).unwrap().setup)(&account, &place).unwrap();
        assert!(setup.edit.unwrap()(Some(now)).is_err(), "{tool}: {now:?}");
    }
}

#[test]
fn codex_is_written_without_a_key_and_taken_back() {
    let home = home("openai");
    let before = "# mine\napproval_policy = \"never\"\n";
    let file = home.write(".codex/config.toml", before);
    let printed = home.llmenv(&["client", "codex", "work"]);
    assert_eq!((printed.code, printed.stderr.lines().count()), (0, 1), "{printed:?}");
    assert!(printed.stdout.starts_with("Codex CLI with work (OpenRouter), directly\n"), "{printed:?}");
    assert!(printed.stdout.contains("    env_key = \"OPENAI_API_KEY\"\n"), "{printed:?}");
    assert!(printed.stdout.contains("- no key is put into the file: it is read from OPENAI_API_KEY"), "{printed:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before, "printing writes nothing");
    let mut terminal = Terminal::start(&home, Shell::Bash, "", "");
    terminal.type_line("llmenv client codex work --write");
    terminal.wait_for(|text| text.contains("change this file? [y/N]"));
    terminal.answer("y");
    let printed = terminal.wait_prompt();
    assert!(printed.contains("+ base_url = \"https://openrouter.ai/api/v1\"\n"), "{printed}");
    assert!(printed.contains("start Codex CLI with `llmenv exec work -- codex`\n"), "{printed}");
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written.starts_with(before) && !written.contains("sk-or"), "{written}");
    let again = home.llmenv(&["client", "codex", "work", "--write", "--yes"]);
    assert!(again.stdout.starts_with("~/.codex/config.toml has all of it already\n"), "{again:?}");
    assert_eq!(home.llmenv(&["undo", "--yes"]).code, 0);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
}

#[test]
fn claude_and_opencode_are_written_where_there_was_nothing() {
    let home = home("openai,anthropic");
    for (tool, path) in [("claude", ".claude/settings.json"), ("opencode", ".config/opencode/opencode.json")] {
        let done = home.llmenv(&["client", tool, "work", "--write", "--yes", "--json"]);
        let json: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
        assert_eq!((done.code, &json["written"]), (0, &true.into()), "{done:?}");
        let text = std::fs::read_to_string(home.path(path)).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
        assert!(text.contains("https://openrouter.ai/api") && !text.contains("sk-or"), "{text}");
        assert_eq!(home.llmenv(&["undo", "--yes"]).code, 0);
        assert!(!home.path(path).exists());
    }
    assert!(!home.path(".claude").exists(), "the folder goes with its file");
}

#[test]
fn mistakes_are_told() {
    let home = home("openai");
    for (args, code, told) in [
        (&["client", "codx", "work"][..], 2, "did you mean `codex`?"),
        (&["client", "aider", "work", "--write"], 2, "llmenv does not write the settings of aider"),
        (&["client", "codex"], 1, "no profile is active here"),
        (&["client", "codex", "nobody"], 1, "nobody"),
        (&["client", "gemini", "work"], 1, "Gemini CLI speaks Gemini's own API alone"),
        (&["client", "codex", "work", "--write"], 2, "use `--yes`"),
        (&["client", "--write"], 2, "TOOL"),
    ] {
        let got = home.llmenv(args);
        assert_eq!(got.code, code, "{args:?}: {got:?}");
        assert!(got.stderr.contains(told), "{args:?}: {got:?}");
    }
    let listed = home.llmenv(&["client"]);
    assert!(TOOLS.iter().all(|tool| listed.stdout.contains(tool.id)), "{listed:?}");
    for tool in TOOLS.iter().filter(|tool| tool.id != "gemini" && tool.id != "claude") {
        let got = home.llmenv(&["client", tool.id, "work"]);
        assert_eq!(got.code, 0, "{}: {got:?}", tool.id);
        let json = home.llmenv(&["client", tool.id, "work", "--json"]);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json.stdout).unwrap()["tool"], tool.id);
    }
}

/// A profile behind the proxy: its tools' files hold a named token of the proxy, made only after a yes, and never the key.
#[test]
fn t11_a_proxied_profiles_settings_hold_a_token_and_no_key() {
    let home = home("openai");
    let on = home.llmenv(&["proxy", "on", "work", "--serve", "openai,anthropic"]);
    assert_eq!(on.code, 0, "{on:?}");
    let printed = home.llmenv(&["client", "codex", "work"]);
    assert!(printed.stdout.starts_with("Codex CLI with work (OpenRouter), through the local proxy\n"), "{printed:?}");
    assert!(printed.stdout.contains("    base_url = \"http://127.0.0.1:"), "{printed:?}");
    let tokens = || {
        let status = home.llmenv(&["proxy", "status", "--json"]);
        let json: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
        json["tokens"].as_array().unwrap().iter().filter(|token| token["kind"] == "client").count()
    };
    assert_eq!(home.llmenv(&["client", "codex", "work", "--write"]).code, 2);
    assert_eq!(tokens(), 0, "none is made before a yes");
    for (count, (tool, path)) in [
        ("codex", ".codex/config.toml"),
        ("claude", ".claude/settings.json"),
        ("opencode", ".config/opencode/opencode.json"),
    ]
    .into_iter()
    .enumerate()
    {
        let done = home.llmenv(&["client", tool, "work", "--write", "--yes"]);
        assert_eq!(done.code, 0, "{done:?}");
        let text = std::fs::read_to_string(home.path(path)).unwrap();
        assert!(text.contains("llmenv_") && text.contains("http://127.0.0.1:") && !text.contains("sk-or"), "{text}");
        let token = text.split('"').find(|word| word.starts_with("llmenv_")).unwrap();
        assert!(token.len() > 40 && !format!("{done:?}").contains(token), "{done:?}");
        assert_eq!(tokens(), count + 1);
        // Written again: the token before it ends, nothing piles up.
        assert_eq!(home.llmenv(&["client", tool, "work", "--write", "--yes"]).code, 0);
        assert_eq!(tokens(), count + 1);
        assert_ne!(std::fs::read_to_string(home.path(path)).unwrap(), text);
    }
    // Taken back: the token that stood in the file goes with it; the one before it has ended already.
    let last = std::fs::read_to_string(home.path(".config/opencode/opencode.json")).unwrap();
    let token = last.split('"').find(|word| word.starts_with("llmenv_")).unwrap();
    let listed: serde_json::Value = serde_json::from_str(&home.llmenv(&["undo", "--list", "--json"]).stdout).unwrap();
    let ids: Vec<&str> = listed["backups"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|backup| backup["what"] == "client opencode --write")
        .map(|backup| backup["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 2, "{listed}");
    // Made within one second, so either may be listed first; only the last one's file is as it was left.
    let undo = |id: &str| home.llmenv(&["undo", id, "--yes"]);
    let (undone, before) = match undo(ids[0]) {
        undone if undone.code == 0 => (undone, ids[1]),
        _ => (undo(ids[1]), ids[0]),
    };
    assert_eq!((undone.code, tokens()), (0, 2), "{undone:?}");
    assert!(undone.stdout.contains("ended the proxy's token ") && !undone.stdout.contains(token), "{undone:?}");
    let undone = home.llmenv(&["undo", before, "--yes", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&undone.stdout).unwrap();
    assert_eq!((undone.code, tokens(), &json["tokens_ended"]), (0, 2, &serde_json::json!([])), "{undone:?}");
    assert!(!home.path(".config/opencode/opencode.json").exists());
}
