//! Places that are neither `.env` files nor start-up files: direnv, mise, tmux, editors, containers, tools, git.

use std::path::Path;
use std::process::Command;

use llmenv::source::envrc::{self, Permission};
use llmenv::source::git::{self, Care};
use llmenv::source::{Collected, Kind, Reader, Scene};

use super::collect::{found, scene, told};

fn write(home: &Path, path: &str, text: &str) {
    let path = home.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn lines(all: &Collected, home: &Path) -> Vec<String> {
    all.assignments.iter().map(|found| told(found, home)).collect()
}

fn run(home: &Path, dir: &str, argv: &[&str]) -> String {
    let output = Command::new(argv[0])
        .args(&argv[1..])
        .current_dir(home.join(dir))
        .env_clear()
        .env("HOME", home)
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .output()
        .unwrap_or_else(|err| panic!("{argv:?}: {err}"));
    assert!(output.status.success(), "{argv:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn with(mut scene: Scene, variables: &[(&str, &str)]) -> Scene {
    for (name, value) in variables {
        scene.variables.insert((*name).to_owned(), (*value).to_owned().into());
    }
    scene
}

/// The real direnv allows, is denied, and writes its state.
#[test]
fn direnv_s_file_permission_and_state() {
    let dir = tempfile::tempdir().unwrap();
    let home = &dir.path().canonicalize().unwrap();
    write(home, "src/.envrc", "export OPENAI_API_KEY=one\ndotenv\nsource_env_if_exists more\n");
    write(home, "src/.env", "GROQ_API_KEY='two'\n");
    write(home, "src/more", "export A_API_KEY=three\n");
    let there = scene(home, "src", &[("PATH", "/usr/bin:/bin")]);
    let permission = || envrc::nearest(&there).unwrap().permission;
    assert_eq!(permission(), Permission::Unknown);
    run(home, "src", &["direnv", "allow"]);
    assert_eq!(permission(), Permission::Allowed);
    let all = found(&there, &[Kind::Envrc]);
    assert_eq!(
        lines(&all, home),
        ["OPENAI_API_KEY=one at src/.envrc:1", "GROQ_API_KEY=two at src/.env:1", "A_API_KEY=three at src/more:1"]
    );
    assert!(all.assignments.iter().all(|found| found.origin.reader == Reader::Tool("direnv")));
    // What it puts into a shell that had a key before.
    let output = Command::new("direnv")
        .args(["export", "json"])
        .current_dir(home.join("src"))
        .env_clear()
        .envs([("HOME", home.to_str().unwrap()), ("PATH", "/usr/bin:/bin"), ("OPENAI_API_KEY", "before")])
        .output()
        .unwrap();
    let exported: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |name: &str| exported[name].as_str().unwrap().to_owned();
    assert_eq!(text("OPENAI_API_KEY"), "one");
    let (diff, at) = (text("DIRENV_DIFF"), text("DIRENV_DIR"));
    let elsewhere = with(scene(home, "", &[]), &[("DIRENV_DIFF", &diff), ("DIRENV_DIR", &at)]);
    let state = envrc::state(&elsewhere).unwrap().unwrap();
    assert_eq!(state.dir, home.join("src"));
    let mut told = lines(&found(&elsewhere, &[Kind::Direnv]), home);
    told.sort();
    assert_eq!(
        told,
        [
            "A_API_KEY=three at src/.envrc",
            "GROQ_API_KEY=two at src/.envrc",
            "OPENAI_API_KEY=before at src/.envrc",
            "OPENAI_API_KEY=one at src/.envrc",
        ]
    );
    // Changed, then denied.
    write(home, "src/.envrc", "export OPENAI_API_KEY=other\n");
    assert_eq!(permission(), Permission::Changed);
    write(home, ".config/direnv/direnv.toml", "[whitelist]\nprefix = [\"~/src\"]\n");
    assert_eq!(permission(), Permission::Allowed);
}

/// State that somebody made up ends in a word.
#[test]
fn t12_direnv_state_of_any_bytes_is_refused_in_words() {
    use base64ct::Encoding;
    let dir = tempfile::tempdir().unwrap();
    // 64 MiB of zeros in 64 KiB: a bomb.
    let bomb =
        base64ct::Base64Url::encode_string(&miniz_oxide::deflate::compress_to_vec_zlib(&vec![b' '; 64 << 20], 6));
    let other = base64ct::Base64Url::encode_string(&miniz_oxide::deflate::compress_to_vec_zlib(b"{\"p\":[", 6));
    for diff in ["x", "AAAA", "äöü", &bomb, &other] {
        let all = found(&scene(dir.path(), "", &[("DIRENV_DIFF", diff), ("DIRENV_DIR", "-/x")]), &[Kind::Direnv]);
        assert_eq!((all.assignments.len(), all.unread.len()), (0, 1), "{all:?}");
        assert!(all.unread[0].reason.starts_with("DIRENV_DIFF"), "{all:?}");
    }
}

/// The real tmux, with a session of its own environment.
#[test]
fn tmux_servers_are_asked() {
    let dir = tempfile::Builder::new().prefix("le").tempdir_in("/tmp").unwrap();
    let home = dir.path();
    let folder = home.join("tmux");
    std::fs::create_dir(&folder).unwrap();
    let tmux = |args: &[&str]| {
        let mut command = Command::new("tmux");
        command.args(args).env_clear().env("PATH", "/usr/bin:/bin").env("TMUX_TMPDIR", &folder).env("TERM", "xterm");
        command.env("OPENAI_API_KEY", "old").env("LANG", "C.UTF-8");
        assert!(command.status().unwrap().success(), "{args:?}");
    };
    tmux(&["-f", "/dev/null", "new-session", "-d", "-s", "work", "sleep 300"]);
    tmux(&["set-environment", "-t", "=work", "GROQ_API_KEY", "two words"]);
    tmux(&["set-environment", "-g", "-r", "A_API_KEY"]);
    let there = scene(home, "", &[("PATH", "/usr/bin:/bin"), ("TMUX_TMPDIR", folder.to_str().unwrap())]);
    let all = found(&there, &[Kind::Tmux]);
    tmux(&["kill-server"]);
    let seen: Vec<String> = all
        .assignments
        .iter()
        .map(|found| {
            format!(
                "{} {:?} {}",
                found.name,
                found.held.text().map(|text| text.expose().to_owned()),
                found.origin.part.as_deref().unwrap()
            )
        })
        .collect();
    assert!(seen.contains(&"OPENAI_API_KEY Some(\"old\") global".into()), "{all:?}");
    assert!(seen.contains(&"GROQ_API_KEY Some(\"two words\") session work".into()), "{all:?}");
    assert!(seen.contains(&"A_API_KEY None global".into()), "{all:?}");
    // A socket that nobody answers at, and none at all: nothing, and no new server.
    assert_eq!(found(&there, &[Kind::Tmux]).assignments.len(), 0);
    let nobody = scene(home, "", &[("PATH", "/usr/bin:/bin"), ("TMUX", "/nowhere/x,1,0"), ("TMUX_TMPDIR", "/nowhere")]);
    assert_eq!(found(&nobody, &[Kind::Tmux]).assignments.len(), 0);
}

#[test]
fn mise_editors_and_containers() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    write(
        home,
        "src/mise.toml",
        "[env]\nOPENAI_API_KEY = \"one\"\nGROQ_API_KEY = false\nA_API_KEY = \"{{env.X}}\"\n_.file = \".env.mise\"\n",
    );
    write(home, "src/.env.mise", "B_API_KEY=two\n");
    write(home, ".config/mise/config.toml", "[env]\nOPENAI_API_KEY = { value = \"global\" }\n");
    assert_eq!(
        lines(&found(&scene(home, "src", &[]), &[Kind::Mise]), home),
        [
            "OPENAI_API_KEY=one at src/mise.toml:2:18",
            "GROQ_API_KEY=- at src/mise.toml:3:16",
            "A_API_KEY=? at src/mise.toml:4:13",
            "B_API_KEY=two at src/.env.mise:1",
            "OPENAI_API_KEY=global at .config/mise/config.toml:2:28",
        ]
    );
    write(
        home,
        ".config/Code/User/settings.json",
        "{ // mine\n  \"terminal.integrated.env.linux\": {\n    \"OPENAI_API_KEY\": \"one\", /* c */\n    \"GROQ_API_KEY\": null,\n    \
         \"A_API_KEY\": \"${env:B_API_KEY}\",\n  },\n  \"python.envFile\": \"x\",\n}\n",
    );
    assert_eq!(
        lines(&found(&scene(home, "src", &[]), &[Kind::VsCode]), home),
        [
            "OPENAI_API_KEY=one at .config/Code/User/settings.json:3:23",
            "GROQ_API_KEY=- at .config/Code/User/settings.json:4:21",
            "A_API_KEY=$B_API_KEY at .config/Code/User/settings.json:5:18",
        ]
    );
    write(
        home,
        "src/compose.yaml",
        "services:\n  api:\n    environment:\n      OPENAI_API_KEY: ${OPENAI_API_KEY}\n      GROQ_API_KEY: \"two\"\n      A_API_KEY:\n    env_file:\n      - .env.api\n  \
         web:\n    environment:\n      - OPENAI_API_KEY=three\n      - B_API_KEY\n",
    );
    write(home, "src/.env.api", "C_API_KEY=\"four\"\n");
    write(
        home,
        "src/Dockerfile",
        "FROM x\nARG OPENAI_API_KEY\nENV GROQ_API_KEY=\"five\" \\\n    A_API_KEY=six\nenv B_API_KEY seven\n",
    );
    assert_eq!(
        lines(&found(&scene(home, "src/deep", &[]), &[Kind::Container]), home),
        [
            "OPENAI_API_KEY=$OPENAI_API_KEY at src/compose.yaml:4:23",
            "GROQ_API_KEY=two at src/compose.yaml:5:21",
            "A_API_KEY=$A_API_KEY at src/compose.yaml:6:16",
            "OPENAI_API_KEY=three at src/compose.yaml:11:9",
            "B_API_KEY=$B_API_KEY at src/compose.yaml:12:9",
            "C_API_KEY=four at src/.env.api:1",
            "OPENAI_API_KEY=$OPENAI_API_KEY at src/Dockerfile:2",
            "GROQ_API_KEY=five at src/Dockerfile:3",
            "A_API_KEY=six at src/Dockerfile:3",
            "B_API_KEY=seven at src/Dockerfile:5",
        ]
    );
}

#[test]
fn tools_with_files_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    let at = |dir: &str| lines(&found(&scene(home, dir, &[]), &[Kind::ToolConfig]), home);
    assert_eq!(at(""), [""; 0]);
    write(home, ".codex/auth.json", "{\"OPENAI_API_KEY\": \"one\", \"tokens\": null}\n");
    write(
        home,
        ".codex/config.toml",
        "model_provider = \"relay\"\n[model_providers.relay]\nbase_url = \"https://relay.example/v1\"\nenv_key = \"RELAY_KEY\"\n[model_providers.other]\nbase_url = \"https://other.example/v1\"\n",
    );
    assert_eq!(
        at(""),
        [
            "OPENAI_BASE_URL=https://relay.example/v1 at .codex/config.toml:3:12",
            "OPENAI_API_KEY=$RELAY_KEY at .codex/config.toml:4:11",
            "OPENAI_BASE_URL=https://other.example/v1 at .codex/config.toml:6:12",
            "OPENAI_API_KEY=one at .codex/auth.json:1:20",
        ]
    );
    let used: Vec<bool> =
        found(&scene(home, "", &[]), &[Kind::ToolConfig]).assignments.iter().map(|found| found.exported).collect();
    assert_eq!(used, [true, true, false, false]);
    std::fs::remove_dir_all(home.join(".codex")).unwrap();

    write(home, ".claude/settings.json", "{\"env\": {\"ANTHROPIC_BASE_URL\": \"https://a.example\"}}");
    write(
        home,
        "src/.claude/settings.local.json",
        "{\"env\": {\"ANTHROPIC_AUTH_TOKEN\": \"two\"}, \"apiKeyHelper\": \"/bin/x\"}",
    );
    assert_eq!(
        at("src"),
        [
            "ANTHROPIC_AUTH_TOKEN=two at src/.claude/settings.local.json:1:34",
            "ANTHROPIC_API_KEY=? at src/.claude/settings.local.json:1:58",
            "ANTHROPIC_BASE_URL=https://a.example at .claude/settings.json:1:32",
        ]
    );
    std::fs::remove_dir_all(home.join(".claude")).unwrap();
    std::fs::remove_dir_all(home.join("src/.claude")).unwrap();

    write(
        home,
        ".aider.conf.yml",
        "openai-api-key: one # c\napi-key:\n  - openrouter=two\nset-env: [A_API_KEY=three]\n",
    );
    write(home, "src/.env", "OPENAI_API_KEY=four\n");
    assert_eq!(
        at("src"),
        [
            "OPENAI_API_KEY=one at .aider.conf.yml:1:17",
            "OPENROUTER_API_KEY=two at .aider.conf.yml:3:5",
            "A_API_KEY=three at .aider.conf.yml:4:11",
            "OPENAI_API_KEY=four at src/.env:1",
        ]
    );
    std::fs::remove_file(home.join(".aider.conf.yml")).unwrap();

    write(
        home,
        "src/opencode.json",
        "{\"provider\": {\"openrouter\": {\"options\": {\"apiKey\": \"{env:X_KEY}\", \"baseURL\": \"https://o.example\"}}}}",
    );
    write(
        home,
        ".local/share/opencode/auth.json",
        "{\"anthropic\": {\"type\": \"api\", \"key\": \"five\"}, \"openai\": {\"type\": \"oauth\"}}",
    );
    write(home, ".config/io.datasette.llm/keys.json", "{\"// Note\": \"x\", \"openai\": \"six\"}");
    write(
        home,
        ".continue/config.yaml",
        "models:\n  - name: a\n    provider: mistral\n    apiKey: seven\n  - provider: openai\n    apiKey: ${{ secrets.X }}\n",
    );
    write(home, ".gemini/.env", "GEMINI_API_KEY=eight\n");
    assert_eq!(
        at("src/app"),
        [
            "OPENROUTER_API_KEY=$X_KEY at src/opencode.json:1:52",
            "OPENAI_BASE_URL=https://o.example at src/opencode.json:1:78",
            "ANTHROPIC_API_KEY=five at .local/share/opencode/auth.json:1:38",
            "OPENAI_API_KEY=four at src/.env:1",
            "OPENAI_API_KEY=six at .config/io.datasette.llm/keys.json:1:28",
            "MISTRAL_API_KEY=seven at .continue/config.yaml:4:13",
            "OPENAI_API_KEY=? at .continue/config.yaml:6:13",
        ]
    );
    // Files that are no files of their format are named by line, and nothing of them is quoted.
    write(home, ".continue/config.yaml", "models:\n  - apiKey: [secret\n");
    write(home, "src/opencode.json", "{\n\"apiKey\": secret");
    let all = found(&scene(home, "src", &[]), &[Kind::ToolConfig]);
    assert_eq!(all.unread.len(), 2, "{all:?}");
    assert!(all.unread.iter().all(|unread| !unread.reason.contains("secret") && unread.reason.starts_with("line ")));
}

/// git itself, and a repository that would have it run something.
#[test]
fn t03_git_is_asked_and_runs_nothing_of_the_repository() {
    let dir = tempfile::tempdir().unwrap();
    let home = &dir.path().canonicalize().unwrap();
    std::fs::create_dir_all(home.join("src/app")).unwrap();
    run(home, "src", &["git", "init", "-q"]);
    write(home, "src/.gitignore", ".env.local\n");
    for name in [".env", ".env.local", ".env.new", "app/.env"] {
        write(home, &format!("src/{name}"), "A=1\n");
    }
    run(home, "src", &["git", "add", ".env", "app/.env"]);
    let pwn = home.join("pwn");
    let script = home.join("src/evil.sh");
    std::fs::write(&script, format!("#!/bin/sh\ntouch {}\n", pwn.display())).unwrap();
    run(home, "src", &["chmod", "+x", "evil.sh"]);
    run(home, "src", &["git", "config", "core.fsmonitor", script.to_str().unwrap()]);
    run(home, "src", &["git", "config", "core.hooksPath", "."]);
    let files: Vec<_> =
        [".env", ".env.local", ".env.new", "app/.env"].iter().map(|name| home.join("src").join(name)).collect();
    let outside = home.join(".env");
    let asked: Vec<_> = files.iter().cloned().chain([outside]).collect();
    let care = git::care(
        &scene(home, "src", &[("PATH", "/usr/local/bin:/usr/bin:/bin"), ("HOME", home.to_str().unwrap())]),
        &asked,
    );
    let of: Vec<_> = asked.iter().map(|file| care.get(file).copied()).collect();
    assert_eq!(of, [Some(Care::Tracked), Some(Care::Ignored), Some(Care::Untracked), Some(Care::Tracked), None]);
    assert!(!pwn.exists());
}

/// A server that never answers is left, and whoever is asked sees neither keys nor what steers a loader.
#[test]
fn t20_who_is_asked_sees_no_key_and_holds_nobody_up() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::Builder::new().prefix("le").tempdir_in("/tmp").unwrap();
    let home = dir.path();
    let socket = home.join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    write(home, "bin/tmux", "#!/bin/sh\nenv > \"$HOME/seen\"\nexec sleep 300\n");
    std::fs::set_permissions(home.join("bin/tmux"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let (path, tmux) =
        (format!("bin:{}:/usr/bin:/bin", home.join("bin").display()), format!("{},1,0", socket.display()));
    let there = scene(
        home,
        "",
        &[
            ("PATH", &path),
            ("HOME", home.to_str().unwrap()),
            ("TMUX", &tmux),
            ("TMUX_TMPDIR", "/nowhere"),
            ("OPENAI_API_KEY", "secret"),
            ("LD_PRELOAD", "/evil.so"),
            ("GIT_DIR", "/evil"),
        ],
    );
    let all = found(&there, &[Kind::Tmux]);
    assert_eq!(all.unread.len(), 1, "{all:?}");
    assert!(all.unread[0].reason.starts_with("the tmux server gave no answer within"), "{all:?}");
    let seen = std::fs::read_to_string(home.join("seen")).unwrap();
    assert!(seen.contains("HOME="), "{seen}");
    for name in ["OPENAI_API_KEY", "LD_PRELOAD", "GIT_DIR"] {
        assert!(!seen.contains(name), "{name}: {seen}");
    }
    // Without absolute folders on PATH nothing is started.
    std::fs::remove_file(home.join("seen")).unwrap();
    let nowhere = scene(home, "", &[("PATH", "bin:."), ("TMUX", &tmux), ("TMUX_TMPDIR", "/nowhere")]);
    assert!(found(&nowhere, &[Kind::Tmux]).unread[0].reason.contains("no `tmux` on PATH"));
    assert!(!home.join("seen").exists());
}
