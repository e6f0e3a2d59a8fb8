//! `import`: what is found, what is stored, and what nobody decides but a person.

use super::{alone, failed, home_with_work, key, other_key};
use crate::support::home::{Output, finish};
use crate::support::{Home, LLMENV};

fn in_dir(home: &Home, dir: &str, args: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = home.cmd(LLMENV);
    command.args(args).env("LLMENV_DAEMON", "off").envs(variables.iter().copied()).current_dir(home.path(dir));
    finish(command, Some(Vec::new()))
}

#[test]
fn finds_stores_and_says_where() {
    let home = home_with_work();
    home.write(
        "src/app/.env",
        format!("A=1\nOPENAI_API_KEY=\"{}\"\r\nOPENAI_BASE_URL=https://openrouter.ai/api/v1\n", other_key()),
    );
    home.write(".env", format!("OPENROUTER_API_KEY={}\n", key()));
    let variables = [("OPENROUTER_API_KEY", other_key())];
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let got = in_dir(&home, "src/app", &["import", "--dry-run"], &variables);
    let seen = "openrouter …3210, OpenRouter\n  this environment  OPENROUTER_API_KEY\n  ~/src/app/.env:2  OPENAI_API_KEY\n\
                openrouter …cdef, OpenRouter: it is in `work` already\n  ~/.env:1  OPENROUTER_API_KEY\n\
                \u{20} key               where\n  openrouter …3210  this environment\n  openrouter …cdef  ~/.env:1\n";
    assert_eq!(
        (got.stdout.as_str(), got.code),
        (format!("{seen}nothing was stored or changed (`--dry-run`)\n").as_str(), 0),
        "{got:?}"
    );
    assert_eq!(got.stderr, "warning: OPENROUTER_API_KEY is not the same everywhere:\n");
    assert!(!got.stdout.contains(&key()[12..40]) && !got.stdout.contains(&other_key()[12..40]));

    let got = in_dir(&home, "src/app", &["import", "--yes"], &variables);
    assert_eq!(got.code, 0, "{got:?}");
    assert!(got.stdout.ends_with("added openrouter: OpenRouter (openrouter), serves openai\n"), "{got:?}");
    let shown = alone(&home, &["show", "openrouter", "--reveal", "--force"], "");
    assert_eq!(shown.stdout, format!("{}\n", other_key()));
    // Nothing twice.
    let got = in_dir(&home, "src/app", &["import", "--yes", "--json"], &variables);
    let json: serde_json::Value = serde_json::from_str(&got.stdout).unwrap();
    let states: Vec<_> = json["keys"].as_array().unwrap().iter().map(|key| (&key["state"], &key["profile"])).collect();
    assert_eq!(states, [(&"held".into(), &"openrouter".into()), (&"held".into(), &"work".into())], "{json}");
    assert_eq!((json["schema"].clone(), json["keys"][1]["places"][0]["line"].clone()), (1.into(), 1.into()));
}

#[test]
fn names_and_formats() {
    let home = home_with_work();
    home.write("notes", format!("OPENROUTER_API_KEY={}\n", other_key()));
    let got = alone(&home, &["import", "notes", "--yes"], "");
    assert_eq!(
        got,
        failed(
            2,
            "error: what `~/notes` is cannot be told by its name\nhint: say it: `--format dotenv`, `bash`, `zsh`, `fish`, `powershell`, `claude`, `codex`, `aider`, `opencode`, `llm-env`\n"
        )
    );
    let got = alone(&home, &["import", "notes", "--format", "dotenv", "--yes", "--name", "work"], "");
    assert_eq!((got.code, got.stderr.starts_with("error: there is a profile `work` already\n")), (1, true), "{got:?}");
    let got = alone(&home, &["import", "notes", "-f", "dotenv", "--yes", "--name", "other"], "");
    assert!(got.code == 0 && got.stdout.ends_with("added other: OpenRouter (openrouter), serves openai\n"), "{got:?}");
    home.write(
        "both.env",
        format!("OPENROUTER_API_KEY=sk-or-v1-{}\nGROQ_API_KEY=gsk_{}\n", "ab12".repeat(16), "Ab12".repeat(13)),
    );
    let got = alone(&home, &["import", "both.env", "--yes", "--name", "one"], "");
    assert_eq!(got.code, 2);
    assert!(got.stderr.contains("`--name` is for one key, and 2 are to be stored"), "{got:?}");
    let got = alone(&home, &["import", "both.env", "--yes", "--provider", "groq", "--name", "one"], "");
    assert!(got.code == 0 && got.stdout.ends_with("added one: Groq (groq), serves openai\n"), "{got:?}");
}

#[test]
fn without_a_terminal_a_flag_is_needed() {
    let home = Home::new();
    let got = alone(&home, &["import"], "");
    assert_eq!(
        got,
        failed(
            2,
            "error: your word on what to store is needed, and there is no terminal to ask for it\n\
             hint: use `--yes`, or `--dry-run` to look and store nothing\n"
        )
    );
    let got = alone(&home, &["import", "--dry-run"], "");
    assert_eq!(
        got.stdout,
        "no key was found in this environment and 0 files\nnothing was stored or changed (`--dry-run`)\n"
    );
}

#[test]
fn files_that_are_none() {
    let home = Home::new();
    std::fs::create_dir(home.path("folder.env")).unwrap();
    std::os::unix::fs::symlink("gone", home.path(".env.local")).unwrap();
    let fifo = home.path(".env");
    assert_eq!(
        finish(
            {
                let mut c = home.cmd("mkfifo");
                c.arg(&fifo);
                c
            },
            None
        )
        .code,
        0
    );
    std::fs::File::create(home.path("big.env")).unwrap().set_len(10 << 30).unwrap();
    for (file, told) in [
        ("folder.env", "`~/folder.env` is a folder, not a file"),
        (".env", "`~/.env` is a pipe, not a file"),
        ("big.env", "`~/big.env` is larger than 1024 KiB"),
        ("gone.env", "there is no `~/gone.env`"),
    ] {
        let got = alone(&home, &["import", file, "--yes"], "");
        assert_eq!((got.code, got.stderr.lines().next()), (1, Some(format!("error: {told}").as_str())), "{got:?}");
    }
    // Those that nobody named are told and left out.
    let got = alone(&home, &["import", "--dry-run"], "");
    assert_eq!(got.code, 0);
    assert!(got.stdout.contains("`~/.env` is a pipe, not a file") && got.stdout.contains("`~/.env.local`"), "{got:?}");
}

/// A file that came with a repository brings a host of its own: nobody but a person takes it, whatever the flags are.
#[test]
fn t16_yes_takes_no_unknown_host() {
    let home = home_with_work();
    home.write(
        "repo/.env",
        "OPENAI_API_KEY=sk-0123456789abcdef0123456789abcdef\nOPENAI_BASE_URL=https://api.openai.com.evil.example/v1\n",
    );
    let got = in_dir(&home, "repo", &["import", "--yes"], &[]);
    assert_eq!(got.code, 1, "{got:?}");
    assert!(got.stderr.contains("which `--yes` does not decide about; without `--yes` you are asked"), "{got:?}");
    assert!(!std::fs::read_to_string(home.path(".config/llmenv/config.toml")).unwrap().contains("evil"));
    // On this machine it may be taken: nobody else is reached.
    home.write(
        "here/.env",
        "OPENAI_API_KEY=sk-0123456789abcdef0123456789abcdef\nOPENAI_BASE_URL=http://127.0.0.1:9/v1\n",
    );
    assert_eq!(in_dir(&home, "here", &["import", "--yes", "--name", "lab"], &[]).code, 0);
}

/// Names and file names of somebody else's reach the terminal as text.
#[test]
fn t12_names_are_escaped() {
    let home = home_with_work();
    let name = "\u{1b}]0;pwn\u{7}\u{202e}.env";
    home.write(name, format!("OPENROUTER_API_KEY={}\nA\u{1b}[2J=1\n", other_key()));
    let got = alone(&home, &["import", name, "--dry-run"], "");
    assert!(got.code == 0 && got.stdout.contains("\\u{202e}.env:1"), "{got:?}");
    let all = got.stdout + &got.stderr;
    assert!(!all.chars().any(|c| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{2069}').contains(&c)), "{all:?}");
}
