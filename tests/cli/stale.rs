//! Keys that were rotated away: every place that keeps one is named by `rotate` and by `doctor`.

use crate::support::home::{Output, finish};
use crate::support::{Home, LLMENV};

fn key(n: u8) -> String {
    format!("sk-or-v1-{}{n:04x}", "2f3e4d5c6b7a8998".repeat(4).split_at(60).0)
}

/// A tmux server with its own folder, ended with this.
struct Tmux(Home);

impl Tmux {
    fn run(&self, args: &[&str], variables: &[(&str, &str)]) {
        let mut command = self.0.cmd("tmux");
        command.args(args).env("TMUX_TMPDIR", self.0.path("tmux")).envs(variables.iter().copied());
        let got = finish(command, None);
        assert_eq!(got.code, 0, "{args:?}: {got:?}");
    }

    fn llmenv(&self, args: &[&str], input: Option<String>) -> Output {
        let mut command = self.0.cmd(LLMENV);
        command.args(args).env("TMUX_TMPDIR", self.0.path("tmux")).current_dir(self.0.path("src"));
        finish(command, input.map(String::into_bytes))
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let mut command = self.0.cmd("tmux");
        command.arg("kill-server").env("TMUX_TMPDIR", self.0.path("tmux"));
        let _ = command.output();
    }
}

#[test]
fn every_place_that_keeps_the_old_key_is_named() {
    let home = Home::new();
    let add = ["add", "work", "--provider", "openrouter", "--key-stdin", "--no-check", "--store", "file"];
    assert_eq!(home.llmenv_with(&add, key(1)).code, 0);
    home.write("src/.env", format!("A=1\nOPENROUTER_API_KEY=\"{}\"\n", key(1)));
    home.write("src/.envrc", format!("export MY_KEY={}\n", key(1)));
    home.write(".zshrc", format!("export OPENAI_API_KEY={}\n", key(1)));
    home.write(
        ".config/fish/fish_variables",
        format!("SETUVAR --export OPENAI_API_KEY:{}\n", key(1).replace('-', "\\x2d")),
    );
    home.write(
        ".config/Code/User/settings.json",
        format!("{{\n  \"terminal.integrated.env.linux\": {{\"OPENAI_API_KEY\": \"{}\"}}\n}}\n", key(1)),
    );
    home.write(".codex/auth.json", format!("{{\"OPENAI_API_KEY\": \"{}\"}}\n", key(1)));
    home.write(".config/environment.d/10-ai.conf", format!("OPENAI_API_KEY={}\n", key(1)));
    std::fs::create_dir(home.path("tmux")).unwrap();
    let tmux = Tmux(home);
    tmux.run(&["-f", "/dev/null", "new-session", "-d", "sleep 300"], &[("OPENAI_API_KEY", &key(1))]);
    let got = tmux.llmenv(&["rotate", "work", "--key-stdin", "--no-check"], Some(key(2)));
    assert_eq!(got.code, 0, "{got:?}");
    let line = "take the line out, or put the new key there";
    for told in [
        format!("  ~/src/.env:2 still has the old key in OPENROUTER_API_KEY: {line}\n"),
        format!("  ~/src/.envrc:1 still has the old key in MY_KEY: {line}\n"),
        format!("  ~/.zshrc:1, each zsh with a prompt still has the old key in OPENAI_API_KEY: {line}\n"),
        "  ~/.config/fish/fish_variables:1, a universal variable of fish still has the old key in OPENAI_API_KEY: `set -eU OPENAI_API_KEY` in fish\n".into(),
        format!("  ~/.config/Code/User/settings.json:2, terminals of VS Code still has the old key in OPENAI_API_KEY: {line}\n"),
        format!("  ~/.codex/auth.json:1, Codex still has the old key in OPENAI_API_KEY: {line}\n"),
        format!("  ~/.config/environment.d/10-ai.conf:1, systemd's user manager still has the old key in OPENAI_API_KEY: {line}\n"),
        "  tmux server, global still has the old key in OPENAI_API_KEY: `tmux set-environment -g -u OPENAI_API_KEY`; windows that are open keep it\n".into(),
    ] {
        assert!(got.stdout.contains(&told), "{told}{got:?}");
    }
    assert!(got.stdout.contains(", keeps the old key in OPENAI_API_KEY until it is started again\n"), "{got:?}");
    assert!(!got.stdout.contains(&key(1)) && !got.stderr.contains(&key(1)));

    let got = tmux.llmenv(&["doctor", "--json"], None);
    assert_eq!(got.code, 1, "{got:?}");
    let report: serde_json::Value = serde_json::from_str(&got.stdout).unwrap();
    let found: Vec<(String, String)> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|found| {
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            let id = text(&found["id"]);
            let kinds: Vec<String> =
                found["origins"].as_array().unwrap().iter().map(|origin| text(&origin["kind"])).collect();
            kinds.into_iter().map(move |kind| (id.clone(), kind))
        })
        .collect();
    for (id, kind) in [
        ("old-key-left", "dotenv"),
        ("old-key-left", "envrc"),
        ("old-key-left", "rc"),
        ("old-key-left", "vscode"),
        ("old-key-left", "tool"),
        ("fish-universal-stale", "fish-universal"),
        ("not-in-gui-session", "systemd-user"),
        ("tmux-global-stale", "tmux"),
        ("old-key-in-program", "process"),
    ] {
        assert!(found.contains(&(id.to_owned(), kind.to_owned())), "{id} {kind}: {found:?}");
    }
    assert!(!got.stdout.contains(&key(1)));
    // Healed, one by one, there is nothing left of it.
    for file in [
        "src/.env",
        "src/.envrc",
        ".zshrc",
        ".config/fish/fish_variables",
        ".config/Code/User/settings.json",
        ".codex/auth.json",
        ".config/environment.d/10-ai.conf",
    ] {
        std::fs::remove_file(tmux.0.path(file)).unwrap();
    }
    tmux.run(&["kill-server"], &[]);
    let got = tmux.llmenv(&["doctor"], None);
    assert!(!got.stdout.contains("rotated away"), "{got:?}");
}

#[test]
fn the_tree_below_is_looked_at_where_it_is_the_user_s_own() {
    let home = Home::new();
    for n in 0..60 {
        home.write(format!("src/service-{n}/deep/.env"), format!("OPENROUTER_API_KEY={}\n", key(3)));
    }
    home.write("src/.gitignore", "/dist/\n.env.local\n");
    let bad = "GROQ_API_KEY=your-api-key-here\n";
    home.write("src/service-7/deep/.env.local", bad);
    for name in ["dist/.env", "node_modules/x/.env", ".git/.env", "service-1/.venv/.env"] {
        home.write(format!("src/{name}"), bad);
    }
    std::os::unix::fs::symlink(home.path("src"), home.path("src/service-2/loop")).unwrap();
    let run = |args: &[&str]| {
        let mut command = home.cmd(LLMENV);
        command.args(args).current_dir(home.path("src"));
        finish(command, None)
    };
    let got = run(&["doctor", "--tree"]);
    assert_eq!(got.code, 1, "{got:?}");
    assert!(got.stdout.contains("  --> ~/src/service-7/deep/.env.local:1:14, 17 characters\n"), "{got:?}");
    assert_eq!(got.stdout.matches("placeholder").count(), 1, "{got:?}");
    assert!(got.stdout.contains(", 61 `.env` files"), "{got:?}");
    assert!(run(&["doctor"]).stdout.contains(", 0 `.env` files"));
}

/// More than is read, and no time: told, with what was found.
#[test]
fn t22_a_tree_without_end_ends() {
    use llmenv::source::{Scene, Sought, tree};
    let home = Home::new();
    for n in 0..30 {
        home.write(format!("src/{n}/.env"), "OPENAI_API_KEY=x\n");
    }
    let scene = Scene::here(&home.path("src"), &home.path(""));
    let sought = Sought::new(|_| true);
    let all = tree::below(&scene, &sought, tree::BUDGET);
    assert_eq!((all.assignments.len(), all.is_cut, all.unread.len()), (30, false, 0), "{all:?}");
    let cut = tree::below(&scene, &sought, std::time::Duration::ZERO);
    assert!(cut.is_cut && cut.unread.iter().any(|unread| unread.reason.starts_with("there was no time")), "{cut:?}");
}
