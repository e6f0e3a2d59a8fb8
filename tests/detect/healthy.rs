//! Healthy set-ups, on the real command: nothing is said of them.

use crate::support::home::{Output, finish};
use crate::support::{Home, LLMENV};

fn doctor(home: &Home, dir: &str, variables: &[(&str, &str)]) -> (i32, serde_json::Value) {
    std::fs::create_dir_all(home.path(dir)).unwrap();
    let mut command = home.cmd(LLMENV);
    command.args(["doctor", "--json"]).current_dir(home.path(dir)).envs(variables.iter().copied());
    let got: Output = finish(command, None);
    assert_eq!(got.stderr, "", "{got:?}");
    let report: serde_json::Value = serde_json::from_str(&got.stdout).unwrap();
    (got.code, report["findings"].clone())
}

fn nothing(home: &Home, dir: &str, variables: &[(&str, &str)]) {
    assert_eq!(doctor(home, dir, variables), (0, serde_json::json!([])));
}

#[test]
fn a_subscription_of_claude() {
    let home = Home::new();
    home.write(".claude/.credentials.json", r#"{"claudeAiOauth":{"accessToken":"sk-ant-oat01-x","refreshToken":"sk-ant-ort01-x","expiresAt":9999999999999,"subscriptionType":"max"}}"#);
    home.write(".claude/settings.json", r#"{"model":"opus","permissions":{"allow":["Bash(ls:*)"]}}"#);
    home.write(".claude.json", r#"{"numStartups":12}"#);
    nothing(&home, "src/app", &[]);
    nothing(&home, "src/app", &[("CLAUDECODE", "1"), ("CLAUDE_CODE_ENTRYPOINT", "cli")]);
    // Without a file: the login is in the keychain.
    std::fs::remove_file(home.path(".claude/.credentials.json")).unwrap();
    nothing(&home, "src/app", &[]);
}

#[test]
fn ollama_on_this_machine() {
    let home = Home::new();
    nothing(&home, "src", &[("OPENAI_API_KEY", "ollama"), ("OPENAI_BASE_URL", "http://localhost:11434/v1")]);
    nothing(&home, "src", &[("OLLAMA_HOST", "127.0.0.1:11434")]);
    nothing(&home, "src", &[("ANTHROPIC_AUTH_TOKEN", "ollama"), ("ANTHROPIC_BASE_URL", "http://localhost:11434")]);
    home.write("src/.env", "OPENAI_API_KEY=ollama\nOPENAI_BASE_URL=http://localhost:11434/v1\n");
    home.write("src/requirements.txt", "openai\npython-dotenv\n");
    nothing(&home, "src", &[]);
}

#[test]
fn a_repository_with_ten_examples() {
    let home = Home::new();
    home.write("mono/.git/HEAD", "ref: refs/heads/main\n");
    for n in 0..10 {
        home.write(
            format!("mono/packages/p{n}/.env.example"),
            "OPENAI_API_KEY=your-api-key-here\nOPENAI_BASE_URL=https://your-resource.openai.azure.com\n",
        );
    }
    nothing(&home, "mono", &[]);
    nothing(&home, "mono/packages/p3", &[]);
    nothing(&home, "mono/packages", &[]);
}

#[test]
fn variables_of_a_profile_and_of_a_company_proxy() {
    let home = Home::new();
    let key = super::world::or();
    nothing(&home, "src", &[("OPENAI_API_KEY", key.as_str()), ("OPENAI_BASE_URL", "https://openrouter.ai/api/v1")]);
    nothing(&home, "src", &[("OPENROUTER_API_KEY", key.as_str())]);
    nothing(
        &home,
        "src",
        &[
            ("https_proxy", "http://proxy.example:3128"),
            ("HTTPS_PROXY", "http://proxy.example:3128"),
            ("NO_PROXY", "localhost,127.0.0.1"),
            ("no_proxy", "localhost,127.0.0.1"),
            ("OPENAI_BASE_URL", "http://localhost:11434/v1"),
            ("OPENAI_API_KEY", "ollama"),
        ],
    );
}

/// The real direnv, allowed, with the state that it leaves in a shell; mise's settings beside it; a tmux server without keys.
#[test]
fn direnv_and_mise_as_they_should_be() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let private = |path: std::path::PathBuf| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    let key = super::world::or1();
    private(home.write("src/.env", format!("OPENROUTER_API_KEY={key}\n")));
    home.write("src/.envrc", "dotenv\nexport EDITOR=vi\n");
    home.write("src/mise.toml", "[tools]\nnode = \"22\"\n[env]\nNODE_ENV = \"development\"\n_.file = \".env\"\n");
    home.write(".config/mise/config.toml", "[settings]\nexperimental = true\n");
    home.write(
        ".bashrc",
        "eval \"$(direnv hook bash)\"\neval \"$(mise activate bash)\"\neval \"$(llmenv init bash)\"\n",
    );
    let direnv = |args: &[&str]| {
        let mut command = home.cmd("direnv");
        command.args(args).current_dir(home.path("src"));
        let got = finish(command, None);
        assert_eq!(got.code, 0, "{got:?}");
        got
    };
    direnv(&["allow"]);
    let changes: serde_json::Value = serde_json::from_str(&direnv(&["export", "json"]).stdout).unwrap();
    let state: Vec<(String, String)> = changes
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect();
    assert!(state.iter().any(|(name, value)| name == "OPENROUTER_API_KEY" && *value == key), "{changes}");
    let variables: Vec<(&str, &str)> = state.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    nothing(&home, "src", &variables);
    // Left, with the state still there: that is no more well.
    let (code, found) = doctor(&home, "elsewhere", &variables);
    assert_eq!((code, found[0]["id"].as_str()), (1, Some("direnv-foreign-dir")), "{found}");
    // Changed since: direnv takes it away, and says so with the command.
    home.write("src/.envrc", "dotenv\nexport EDITOR=nano\n");
    let (_, found) = doctor(&home, "src", &[]);
    assert_eq!(found[0]["id"], "direnv-changed-not-allowed", "{found}");
}
