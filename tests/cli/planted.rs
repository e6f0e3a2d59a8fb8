//! Keys and terminal codes planted in every place that is looked at: no command prints one, whatever it says.

use std::process::Stdio;

use crate::support::home::{Output, finish};
use crate::support::{Home, LLMENV};

/// A key that is nobody's, another one for each place. The last four digits may be shown.
fn key(n: usize) -> String {
    format!("sk-or-v1-{}{n:04x}", format!("6b1d4e2f9a8c{n:04x}").repeat(4).split_at(60).0)
}

/// What moves a cursor, names a window, fills a clipboard, turns text around, or is not seen.
const EVIL: &str = "\u{1b}[2J\u{1b}]0;pwn\u{7}\u{1b}]52;c;cHdu\u{7}\u{9b}31m\u{202e}\u{2066}\u{200b}\u{feff}\r\u{8}";

/// The same without what ends a line or a value in its format.
fn evil() -> String {
    EVIL.replace('\r', "")
}

fn plant(home: &Home) {
    let evil = evil();
    let write = |path: &str, text: String| drop(home.write(path, text));
    write(
        "src/.env",
        format!(
            "# {EVIL}\nOPENROUTER_API_KEY={}{evil}\nOPENAI_BASE_URL=https://{evil}.example/v1\nX_API_KEY=$(touch {evil})\n{evil}_API_KEY={}\n",
            key(1),
            key(2)
        ),
    );
    write("src/.env.local", format!("OPENROUTER_API_KEY={}\nOPENAI_API_KEY=\"{}{EVIL}\n", key(3), key(4)));
    write(&format!("src/.env.{evil}"), format!("GROQ_API_KEY={}\n", key(5)));
    write(
        &format!("src/sub{evil}/.env"),
        format!("OPENAI_API_KEY= {}\nOPENAI_BASE_URL=http://u:{}@0.0.0.0/\n", key(6), key(7)),
    );
    write("src/.envrc", format!("# {EVIL}\nexport OPENAI_API_KEY={}{evil}\nsource ./{evil}\n", key(8)));
    write("src/mise.toml", format!("[env]\nOPENROUTER_API_KEY = \"{}\\u001b]0;x\\u0007\"\n", key(9)));
    write(
        "src/compose.yaml",
        format!("services:\n  \"a{}\":\n    environment:\n      OPENAI_API_KEY: \"{}\"\n", "\\e]0;x\\a", key(10)),
    );
    write(
        "src/Dockerfile",
        format!("FROM a\nARG OPENAI_API_KEY={}{evil}\nENV OPENROUTER_API_KEY={}\n", key(11), key(12)),
    );
    write(
        "src/secret.yaml",
        format!("kind: Secret\nmetadata:\n  name: \"{}\"\nstringData:\n  OPENAI_API_KEY: {}\n", "\\e[2J", key(13)),
    );
    write("src/app.py", format!("# {EVIL}\nclient = OpenAI(api_key=\"{}\")\n", key(14)));
    write("src/package.json", format!("{{\"name\": \"a\", \"scripts\": {{\"x\": \"{evil}\"}}}}\n"));
    write(
        "src/.vscode/settings.json",
        format!("{{\"terminal.integrated.env.linux\": {{\"OPENAI_API_KEY\": \"{}\\u001b[2J\"}}}}\n", key(15)),
    );
    write(
        "src/.claude/settings.json",
        format!(
            "{{\"env\": {{\"ANTHROPIC_BASE_URL\": \"https://{evil}.example\", \"ANTHROPIC_AUTH_TOKEN\": \"{}\"}}}}\n",
            key(16)
        ),
    );
    write(".bashrc", format!("# {EVIL}\nexport OPENROUTER_API_KEY='{}{evil}'\nalias x='{evil}'\n", key(17)));
    write(".zshrc", format!("export OPENAI_API_KEY={} # {evil}\n. ./{evil}\n", key(18)));
    write(".config/fish/config.fish", format!("set -gx OPENAI_API_KEY {}\n# {EVIL}\n", key(19)));
    write(
        ".config/fish/fish_variables",
        format!("SETUVAR --export OPENAI_API_KEY:{}\\x1b\\x5d0\\x3bx\n", key(20).replace('-', "\\x2d")),
    );
    write(".config/environment.d/10-ai.conf", format!("OPENAI_API_KEY=\"{}{evil}\"\n", key(21)));
    write(".codex/auth.json", format!("{{\"OPENAI_API_KEY\": \"{}\\u001b[2J\"}}\n", key(22)));
    write(
        ".codex/config.toml",
        format!(
            "[model_providers.\"a\\u001b\"]\nbase_url = \"https://{evil}.example\"\nenv_key = \"OPENAI_API_KEY\"\n"
        ),
    );
    write(".aider.conf.yml", format!("openai-api-key: {}\n# {EVIL}\n", key(23)));
    write(
        ".continue/config.yaml",
        format!("models:\n  - name: \"{}\"\n    provider: openai\n    apiKey: {}\n", "\\e[2J", key(24)),
    );
    write(
        ".local/share/opencode/auth.json",
        format!("{{\"openrouter\": {{\"type\": \"api\", \"key\": \"{}\\u001b\"}}}}\n", key(25)),
    );
    write(".netrc", format!("machine openrouter.ai login {evil} password {}\n", key(26)));
    write(".bash_history", format!("export OPENAI_API_KEY={} {EVIL}\n", key(27)));
    write(".config/direnv/direnv.toml", format!("# {evil}\n[whitelist]\nprefix = [\"/{}\"]\n", "x"));
}

/// Everything that looks at these places or is given a text.
const COMMANDS: [&[&str]; 29] = [
    &["doctor"],
    &["doctor", "--tree"],
    &["doctor", "--json"],
    &["doctor", "--tree", "--json"],
    &["doctor", "--fix"],
    &["doctor", "--fix", "--json"],
    &["status"],
    &["status", "--json"],
    &[],
    &["why"],
    &["why", "--json"],
    &["why", "OPENAI_API_KEY"],
    &["why", "OPENROUTER_API_KEY", "--json"],
    &["why", "OPENAI_BASE_URL"],
    &["why", "--tool", "codex"],
    &["why", "--tool", "aider"],
    &["why", "--tool", "claude"],
    &["why", "--tool", "direnv"],
    &["why", "--tool", "docker", "--json"],
    &["explain", "401 Unauthorized"],
    &["explain", "Incorrect API key provided: sk-or-v1-****0011."],
    &["explain", "--json", "Incorrect API key provided: sk-or-v1-****001b."],
    &["explain", "User not found. \u{1b}]0;pwn\u{7}\u{202e}"],
    &["import", "--json"],
    &["import", ".env"],
    &["import", ".env", "--rewrite"],
    &["list"],
    &["check"],
    &["doctor", "--fix", "--yes"],
];

/// What must not be in an output.
fn faults(got: &Output, args: &[&str]) -> Vec<String> {
    let all = format!("{}{}", got.stdout, got.stderr);
    let mut found = Vec::new();
    for n in 1..=40 {
        let secret = key(n);
        // What all keys begin with and the last four may be shown.
        let (start, end) = (&secret[9..25], &secret[secret.len() - 20..]);
        if all.contains(start) || all.contains(end) {
            let line = all.lines().find(|line| line.contains(start) || line.contains(end)).unwrap_or_default();
            let at = line.find(start).or_else(|| line.find(end)).unwrap_or_default();
            let from = (0..=at.saturating_sub(200)).rev().find(|from| line.is_char_boundary(*from)).unwrap_or_default();
            found.push(format!("{args:?} prints key {n}: …{}", &line[from..at]));
            break;
        }
    }
    let is_odd = |c: char| c != '\n' && llmenv::printable::is_unprintable(c);
    if let Some(odd) = all.chars().find(|c| is_odd(*c)) {
        let line = all.lines().find(|line| line.contains(odd)).unwrap_or_default();
        let around: String = line.chars().take_while(|c| *c != odd).collect();
        let around: String = around.chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect();
        found.push(format!("{args:?} prints U+{:04X} behind …{around}", u32::from(odd)));
    }
    if got.code > 2 {
        found.push(format!("{args:?} ends with {}: {got:?}", got.code));
    }
    found
}

#[test]
fn t12_nothing_planted_is_printed_by_any_command() {
    let home = Home::new();
    plant(&home);
    std::fs::create_dir(home.path("tmux")).unwrap();
    let tmux = |args: &[&str], value: &str| {
        let mut command = home.cmd("tmux");
        command.args(args).env("TMUX_TMPDIR", home.path("tmux")).env("OPENAI_API_KEY", value);
        command.output().unwrap()
    };
    let started = tmux(&["-f", "/dev/null", "new-session", "-d", "sleep 300"], &format!("{}{}", key(30), evil()));
    assert!(started.status.success(), "{started:?}");
    let mut sleeper = home.cmd("sleep");
    let mut sleeper = sleeper.arg("300").env("OPENAI_API_KEY", key(31)).stdin(Stdio::null()).spawn().unwrap();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for has_profile in [false, true] {
        if has_profile {
            let add = ["add", "work", "--provider", "openrouter", "--key-stdin", "--no-check", "--store", "file"];
            assert_eq!(home.llmenv_with(&add, key(17)).code, 0);
            assert_eq!(home.llmenv_with(&["rotate", "work", "--key-stdin", "--no-check"], key(32)).code, 0);
        }
        for dir in ["src".to_owned(), format!("src/sub{}", evil())] {
            for args in COMMANDS {
                // Nothing here may reach a network: there is no profile to check, or its provider is not asked.
                if args == ["check"] && has_profile {
                    continue;
                }
                let mut command = home.cmd(LLMENV);
                command.args(args).current_dir(home.path(&dir)).env("TMUX_TMPDIR", home.path("tmux"));
                command.env("OPENROUTER_API_KEY", format!("{}{}", key(33), evil())).env("OPENAI_BASE_URL", evil());
                command.env("DIRENV_DIR", format!("-/{}", evil())).env("CI", "1").env("TERM_PROGRAM", "vscode");
                wrong.extend(faults(&finish(command, Some(Vec::new())), args));
                count += 1;
            }
        }
    }
    let _ = tmux(&["kill-server"], "");
    let _ = sleeper.kill();
    let _ = sleeper.wait();
    println!("{count} commands print nothing of what was planted in {} places", 34);
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

/// T09: odd files at every name that is looked at: each command ends soon, and nothing is taken out of a pipe.
#[test]
fn t09_odd_files_everywhere_hold_nobody_up() {
    const NAMES: [&str; 22] = [
        "src/.env",
        "src/.envrc",
        "src/mise.toml",
        "src/compose.yaml",
        "src/Dockerfile",
        "src/secret.yaml",
        "src/app.py",
        "src/package.json",
        "src/.vscode/settings.json",
        "src/.claude/settings.json",
        ".bashrc",
        ".zshrc",
        ".profile",
        ".config/fish/config.fish",
        ".config/fish/fish_variables",
        ".codex/auth.json",
        ".codex/config.toml",
        ".aider.conf.yml",
        ".netrc",
        ".bash_history",
        ".config/git/ignore",
        ".claude/.credentials.json",
    ];
    type Make = fn(&std::path::Path);
    let makes: [(&str, Make); 5] = [
        ("a pipe", |path| assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success())),
        ("a device", |path| std::os::unix::fs::symlink("/dev/zero", path).unwrap()),
        ("ten gigabytes", |path| std::fs::File::create(path).unwrap().set_len(10 << 30).unwrap()),
        ("a folder", |path| std::fs::create_dir(path).unwrap()),
        ("a link to itself", |path| std::os::unix::fs::symlink(path, path).unwrap()),
    ];
    for (what, make) in makes {
        let home = Home::new();
        std::fs::create_dir_all(home.path("src/.git")).unwrap();
        for name in NAMES {
            let path = home.path(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            make(&path);
        }
        for args in [
            &["doctor"][..],
            &["doctor", "--tree", "--json"],
            &["status"],
            &["why"],
            &["explain", "401 Unauthorized"],
            &["doctor", "--fix"],
        ] {
            let mut command = home.cmd(LLMENV);
            command.args(args).current_dir(home.path("src")).env("LLMENV_DAEMON", "off");
            // `finish` waits its own limit and no longer.
            let got = finish(command, Some(Vec::new()));
            assert!(got.code <= 2 && !got.stderr.contains("panicked"), "{what} {args:?}: {got:?}");
        }
    }
}
