//! A team's profiles: included, allowed, given a key by everyone for themselves; and what a file may not do.

use super::{alone, failed, key, other_key};
use crate::support::Home;

const TEAM: &str = "[profiles.acme]\nprovider = \"openrouter\"\naccount = \"team@acme\"\n";

fn home_with_team(text: &str) -> Home {
    let home = Home::new();
    home.write("team.toml", text);
    home.write(".config/llmenv/config.toml", "include = [\"~/team.toml\"]\n");
    // The store is chosen beforehand, as `setup` does.
    let added =
        alone(&home, &["add", "first", "--provider", "openrouter", "--key-stdin", "--store", "file"], other_key());
    assert_eq!(added.code, 0, "{added:?}");
    home
}

#[test]
fn only_the_key_is_asked_for() {
    let home = home_with_team(TEAM);
    let add = ["add", "acme", "--key-stdin"];
    let got = alone(&home, &add, key());
    assert_eq!(
        got,
        failed(
            1,
            "error: `acme` is in an included file that waits to be allowed\n  --> ~/team.toml:1\n\
             hint: read it, then run `llmenv allow ~/team.toml`, then this again\n"
        )
    );
    let status = alone(&home, &["status"], "");
    assert!(
        status.stdout.contains("the included `~/team.toml` waits to be allowed")
            && status.stdout.contains("hint: read it, then run `llmenv allow ~/team.toml`"),
        "{status:?}"
    );
    assert_eq!(alone(&home, &["allow", "team.toml"], "").code, 0);
    let got = alone(&home, &["exec", "acme", "--", "true"], "");
    assert_eq!(got.code, 125);
    assert!(got.stderr.contains("`llmenv add acme`") || got.stderr.contains("llmenv rotate acme"), "{got:?}");

    for (flags, told) in
        [(&["--base-url", "https://x.example"][..], "--base-url"), (&["--serve", "anthropic"], "--serve")]
    {
        let args: Vec<&str> = add.iter().chain(flags).copied().collect();
        let got = alone(&home, &args, key());
        assert_eq!(
            got.stderr.lines().next().unwrap(),
            format!("error: `acme` is defined in an included file, so `{told}` cannot be given for it")
        );
        assert_eq!(got.code, 2);
    }
    let got = alone(&home, &add, key());
    assert_eq!(
        (got.stdout.as_str(), got.code),
        ("added acme: OpenRouter (openrouter), key openrouter …cdef, serves openai\n", 0),
        "{got:?}"
    );
    assert!(
        got.stderr
            .starts_with("acme is defined in ~/team.toml:1: OpenRouter (openrouter), https://openrouter.ai/api/v1\n")
    );
    assert_eq!(alone(&home, &["exec", "acme", "--", "printenv", "OPENAI_API_KEY"], "").stdout, format!("{}\n", key()));
    // The file is the team's: nothing was written into either.
    assert_eq!(std::fs::read_to_string(home.path("team.toml")).unwrap(), TEAM);
    assert!(!std::fs::read_to_string(home.path(".config/llmenv/config.toml")).unwrap().contains("acme"));
    let got = alone(&home, &add, other_key());
    assert_eq!(
        got,
        failed(1, "error: `acme` has a key already\n  --> ~/team.toml:1\nhint: `llmenv rotate acme` replaces it\n")
    );
    assert_eq!(alone(&home, &["rotate", "acme", "--key-stdin"], other_key()).code, 0);
    assert_eq!(
        alone(&home, &["exec", "acme", "--", "printenv", "OPENAI_API_KEY"], "").stdout,
        format!("{}\n", other_key())
    );
}

#[test]
fn status_says_where_a_profile_comes_from() {
    let home = home_with_team(TEAM);
    assert_eq!(alone(&home, &["allow", "team.toml"], "").code, 0);
    assert_eq!(alone(&home, &["add", "acme", "--key-stdin"], key()).code, 0);
    assert_eq!(alone(&home, &["use", "acme", "--global"], "").code, 0);
    let got = alone(&home, &["status"], "");
    assert!(got.stdout.contains("\ndefined in  ~/team.toml:1, which your configuration includes\n"), "{got:?}");
    assert_eq!(alone(&home, &["use", "first", "--global"], "").code, 0);
    let got = alone(&home, &["status"], "");
    assert!(!got.stdout.contains("defined in"), "{got:?}");
}

#[test]
fn taking_over_anthropic_needs_a_word() {
    let team = "[profiles.gate]\nprovider = \"custom\"\nbase_url = \"https://llm.acme.example\"\ndialect = \"anthropic-messages\"\n";
    let home = home_with_team(team);
    assert_eq!(alone(&home, &["allow", "team.toml"], "").code, 0);
    let key = "acme-0123456789abcdef0123";
    let got = alone(&home, &["add", "gate", "--key-stdin"], key);
    assert!(got.code == 2 && got.stderr.contains("may take over `ANTHROPIC_*`"), "{got:?}");
    let got = alone(&home, &["add", "gate", "--key-stdin", "--serve", "anthropic"], key);
    assert_eq!(got.code, 0, "{got:?}");
}

/// Every key an included file may not have is an error with its line, and what was allowed last goes on serving, here and in a daemon
/// that runs.
#[test]
fn t03_a_file_that_changes_after_allow_serves_what_was_allowed() {
    let home = home_with_team(TEAM);
    assert_eq!(home.llmenv(&["allow", "team.toml"]).code, 0);
    assert_eq!(home.llmenv_with(&["add", "acme", "--key-stdin"], key()).code, 0);
    let pair = || home.llmenv(&["exec", "acme", "--", "sh", "-c", "echo $OPENAI_BASE_URL $OPENAI_API_KEY"]).stdout;
    let wanted = format!("https://openrouter.ai/api/v1 {}\n", key());
    assert_eq!(pair(), wanted);
    let evil = "base_url = \"https://evil.example/v1\"\n";
    for line in [
        "key = { command = [\"/bin/sh\", \"-c\", \"touch pwn\"] }",
        "key = { file = \"/etc/passwd\" }",
        "env = { LD_PRELOAD = \"/tmp/x.so\" }",
        "secrets = [\"A\"]",
        "also = [\"GITHUB_TOKEN\"]",
        "headers = { X = \"y\" }",
        "serve = [\"anthropic\"]",
        "proxy = true",
        "upstream = \"gemini\"",
        "api_version = \"1\"",
        "deployment = \"d\"",
    ] {
        home.write("team.toml", format!("{TEAM}{evil}{line}\n"));
        let name = line.split(' ').next().unwrap();
        let status = home.llmenv(&["status"]);
        let told = format!("error: an included file may not set `{name}` (~/team.toml:5)\n");
        assert!(status.stdout.contains(&told), "{line}: {status:?}");
        let allowed = home.llmenv(&["allow", "team.toml"]);
        assert!(
            allowed.code == 1
                && allowed
                    .stderr
                    .starts_with(&format!("error: an included file may not set `{name}`\n  --> ~/team.toml:5\n")),
            "{allowed:?}"
        );
        assert_eq!(pair(), wanted, "{line}");
    }
    assert!(!home.path("pwn").exists());
    // A change that it may make waits to be allowed; the address that was allowed serves meanwhile.
    home.write("team.toml", format!("{TEAM}{evil}"));
    assert!(home.llmenv(&["status"]).stdout.contains("the included `~/team.toml` was changed and waits to be allowed"));
    assert_eq!(pair(), wanted);
    // Allowed, the profile points elsewhere: the key that was stored for another host stays at home.
    assert_eq!(home.llmenv(&["allow", "team.toml"]).code, 0);
    let got = home.llmenv(&["exec", "acme", "--", "env"]);
    assert_eq!(got.code, 125, "{got:?}");
    assert!(got.stderr.contains("was stored for") && !got.stdout.contains(&key()), "{got:?}");
}
