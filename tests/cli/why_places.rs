//! `llmenv why` over places that are no `.env` files, and for single tools.

use crate::support::home::{Output, finish};
use crate::support::{Home, LLMENV};

fn key(n: u8) -> String {
    format!("sk-or-v1-{}{n:04x}", "1f2e3d4c5b6a7988".repeat(4).split_at(60).0)
}

fn why(home: &Home, dir: &str, args: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = home.cmd(LLMENV);
    command.arg("why").args(args).current_dir(home.path(dir)).envs(variables.iter().copied());
    finish(command, None)
}

/// A row of the table, with single blanks between its cells.
fn has(output: &Output, row: &str) -> bool {
    output.stdout.lines().any(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") == row)
}

#[test]
fn a_start_up_file_is_named_as_where_the_shell_has_it_from() {
    let home = Home::new();
    home.write(".zshrc", format!("# keys\nexport OPENAI_API_KEY={}\n", key(1)));
    home.write(".bashrc", format!("export OPENAI_API_KEY={}\n", key(2)));
    let got = why(&home, "", &["OPENAI_API_KEY"], &[("OPENAI_API_KEY", &key(1))]);
    assert!(has(&got, "set in this shell, as ~/.zshrc:2, each zsh with a prompt has it openrouter …0001"), "{got:?}");
    assert!(has(&got, "read by a new bash openrouter …0002, from ~/.bashrc:1"), "{got:?}");
    assert!(has(&got, "read by a new zsh openrouter …0001, from ~/.zshrc:2"), "{got:?}");
    let got = why(&home, "", &["OPENAI_API_KEY", "--json"], &[("OPENAI_API_KEY", &key(1))]);
    let report: serde_json::Value = serde_json::from_str(&got.stdout).unwrap();
    let given = &report["variables"][0]["given_by"];
    assert_eq!((&given["kind"], &given["line"]), (&"rc".into(), &2.into()));
    assert!(!got.stdout.contains(&key(1)));
}

/// The same variable, and each tool's own order of places.
#[test]
fn each_tool_by_its_own_order() {
    let home = Home::new();
    home.write(".aider.conf.yml", "dark-mode: true\n");
    home.write("src/.env", format!("OPENAI_API_KEY={}\n", key(3)));
    home.write(".codex/auth.json", format!("{{\"OPENAI_API_KEY\": \"{}\"}}\n", key(4)));
    home.write(".config/io.datasette.llm/keys.json", format!("{{\"openai\": \"{}\"}}\n", key(5)));
    let shell = [("OPENAI_API_KEY", key(6))];
    let shell: Vec<(&str, &str)> = shell.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for (tool, row) in [
        ("aider", "read by aider openrouter …0003, from ~/src/.env:1"),
        ("codex", "read by Codex openrouter …0004, from ~/.codex/auth.json:1"),
        ("llm", "read by llm openrouter …0005, from ~/.config/io.datasette.llm/keys.json:1"),
        ("claude", "read by Claude Code openrouter …0006, from this shell"),
        ("python-dotenv", "read by python-dotenv openrouter …0006, from this shell"),
        ("bash", "read by bash `set -a; . ./.env` openrouter …0003, from ~/src/.env:1"),
    ] {
        let got = why(&home, "src", &["OPENAI_API_KEY", "--tool", tool], &shell);
        assert!(has(&got, row), "{tool}: {got:?}");
        assert_eq!(got.stdout.matches("read by").count(), 1, "{got:?}");
    }
    // Codex reads no variable where it has no file.
    std::fs::remove_dir_all(home.path(".codex")).unwrap();
    let got = why(&home, "src", &["OPENAI_API_KEY", "--tool", "codex"], &shell);
    assert!(has(&got, "read by Codex not set"), "{got:?}");
    let got = why(&home, "src", &["--tool", "adier"], &shell);
    assert_eq!(got.code, 2);
    assert!(
        got.stderr.contains("`adier` is no tool whose places llmenv knows")
            && got.stderr.contains("did you mean `aider`?"),
        "{got:?}"
    );
}

#[test]
fn direnv_and_next_and_containers() {
    let home = Home::new();
    home.write("src/.envrc", format!("export OPENAI_API_KEY={}\n", key(7)));
    home.write("src/.env", format!("OPENAI_API_KEY={}\n", key(8)));
    home.write("src/.env.local", format!("OPENAI_API_KEY={}\n", key(9)));
    home.write("src/compose.yaml", "services:\n  api:\n    environment:\n      OPENAI_API_KEY: ${OPENAI_API_KEY}\n");
    let got = why(&home, "src", &["OPENAI_API_KEY"], &[]);
    assert!(has(&got, "read by direnv not set (direnv does not run this `.envrc` before `direnv allow`)"), "{got:?}");
    assert!(has(&got, "read by Next.js openrouter …0009, from ~/src/.env.local:1"), "{got:?}");
    assert!(
        has(&got, "read by the container `api` not set, from ~/src/compose.yaml:4 (the value of another variable)"),
        "{got:?}"
    );
    let mut allow = home.cmd("direnv");
    allow.arg("allow").current_dir(home.path("src"));
    assert_eq!(finish(allow, None).code, 0);
    let got = why(&home, "src", &["OPENAI_API_KEY"], &[("NODE_ENV", "test")]);
    assert!(has(&got, "read by direnv openrouter …0007, from ~/src/.envrc:1"), "{got:?}");
    // In tests Next.js leaves `.env.local` alone, and with one file left it is as npm's loader.
    assert!(!has(&got, "read by Next.js openrouter …0009, from ~/src/.env.local:1"), "{got:?}");
}

/// Names of sessions, services, files and programs are somebody else's text.
#[test]
fn t12_names_of_places_are_escaped() {
    let home = Home::new();
    home.write("src/compose.yaml", "services:\n  \"a\\e]0;x\\a\":\n    environment:\n      OPENAI_API_KEY: x\n");
    home.write("src/\u{202e}dir/.env", "OPENAI_API_KEY=x\n");
    for dir in ["src", "src/\u{202e}dir"] {
        let got = why(&home, dir, &[], &[]);
        assert!(got.stdout.contains("OPENAI_API_KEY"), "{got:?}");
        assert!(!got.stdout.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{got:?}");
    }
}
