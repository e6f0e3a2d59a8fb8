//! `llmenv explain`, as a person calls it.

use crate::support::{Home, Shell, Terminal};

fn key(n: u8) -> String {
    format!("sk-or-v1-{}{n:04x}", "0123456789abcdef".repeat(4).split_at(60).0)
}

fn home() -> Home {
    let home = Home::new();
    let args = ["add", "work", "--provider", "openrouter", "--key-stdin", "--store", "file"];
    assert_eq!(home.llmenv_with(&args, key(1)).code, 0);
    home
}

const USER_NOT_FOUND: &str = r#"{"error":{"message":"User not found.","code":401}}"#;

#[test]
fn an_expired_key_is_named() {
    let home = Home::new();
    let got = home.llmenv(&["explain", USER_NOT_FOUND]);
    assert_eq!(
        (got.code, got.stdout.as_str(), got.stderr.as_str()),
        (
            0,
            "from   OpenRouter, status 401\n\
             means  The words mislead: this is about the key, not about a user. It has expired, was deleted, or OpenRouter never had it.\n\
             key    expired, deleted, or never theirs\n\
             fix    Make a new key at openrouter.ai/keys and `llmenv rotate NAME`; if the key is new, an older value was sent in its place.\n",
            ""
        )
    );
    // Nothing was started for it: there is no profile.
    assert_eq!(home.daemon_pid(), None);
}

#[test]
fn the_key_that_was_sent_is_found() {
    let home = home();
    // Keys that no program of another test holds.
    let own = |end: &str| format!("sk-or-v1-{}0000{end}", "0badcafe".repeat(7));
    assert_eq!(home.llmenv_with(&["rotate", "work", "--key-stdin", "--no-check"], own("7a32")).code, 0);
    let masked = "Incorrect API key provided: sk-or-v1*********************7a32. You can find your API key at https://platform.openai.com/account/api-keys.";
    let got = home.llmenv_with(&["explain"], masked);
    assert_eq!(got.code, 0, "{got:?}");
    assert!(got.stdout.starts_with("from   OpenAI\nmeans  An OpenRouter key went to OpenAI: "), "{got:?}");
    assert!(
        got.stdout.contains("\nsent   `sk-or-v1…7a32` is the key of `work`, and not in this shell's environment\n"),
        "{got:?}"
    );
    // What a shell holds beside it, another key than any profile's.
    let mut terminal = Terminal::start(&home, Shell::Bash, "", home.path(""));
    let own = own("7a31");
    terminal.run(&format!("export OPENAI_API_KEY={own}"));
    let seen = terminal.run("llmenv explain 'Incorrect API key provided: sk-or-v1****7a31.'");
    assert!(seen.contains("`sk-or-v1…7a31` is in `OPENAI_API_KEY` of this shell, and no profile's key"), "{seen}");
    assert!(!seen.contains(&own), "{seen}");
    let seen = terminal.run("llmenv explain 'Incorrect API key provided: sk-or-v1****ffff.'");
    assert!(
        seen.contains("is none of your profiles' keys and in no variable here and no other place that llmenv knows"),
        "{seen}"
    );
}

#[test]
fn a_rotated_key_in_the_environment_is_told() {
    let home = home();
    assert_eq!(home.llmenv_with(&["rotate", "work", "--key-stdin", "--no-check"], key(3)).code, 0);
    let mut terminal = Terminal::start(&home, Shell::Bash, "", home.path(""));
    terminal.run(&format!("export OPENROUTER_API_KEY={}", key(1)));
    let seen = terminal.run("llmenv explain 'User not found. (401)'");
    assert!(seen.contains("error: OPENROUTER_API_KEY in this shell holds a key that was rotated away\n"), "{seen}");
    let json = terminal.run("llmenv explain --json 'User not found. (401)'");
    let report: serde_json::Value = serde_json::from_str(json.trim()).unwrap();
    assert_eq!(report["schema"], 1);
    assert_eq!(report["error"]["id"], "or-user-not-found");
    assert_eq!(report["error"]["key"], "invalid-or-expired");
    assert_eq!(report["findings"][0]["id"], "rotated-key-in-env");
    assert!(!json.contains(&key(1)) && !json.contains(&key(3)));
}

#[test]
fn a_key_that_never_arrived() {
    let home = Home::new();
    let got = home.llmenv(&["explain", "You didn't provide an API key."]);
    assert!(got.stdout.contains("sent   no variable with a key is exported in this shell"), "{got:?}");
    let mut terminal = Terminal::start(&home, Shell::Bash, "", home.path(""));
    terminal.run(&format!("export OPENROUTER_API_KEY={}", key(1)));
    let seen = terminal.run("llmenv explain Missing Authentication header 401");
    assert!(
        seen.contains("`OPENROUTER_API_KEY` is set in this shell, so the program reads another variable"),
        "{seen}"
    );
}

#[test]
fn what_is_not_known_says_so() {
    let home = Home::new();
    let got = home.llmenv(&["explain", "HTTP 429 from the gateway"]);
    assert_eq!(got.code, 1);
    assert_eq!(got.stdout, "means  429: too many requests, or no quota left\n");
    assert!(got.stderr.starts_with("error: this error is none that llmenv knows\n"), "{got:?}");
    let got = home.llmenv_with(&["explain"], " \n");
    assert_eq!((got.code, got.stdout.as_str()), (2, ""));
    assert!(got.stderr.starts_with("error: there is nothing to explain\nhint: "), "{got:?}");
}

/// Terminal codes in a pasted error do not reach the terminal again.
#[test]
fn t12_a_pasted_escape_is_not_obeyed() {
    let home = Home::new();
    let got = home.llmenv_with(
        &["explain"],
        "Your api key: ****\u{1b}]0;x\u{7}evil is invalid\u{202e}. Incorrect API key provided: a\u{1b}[2Jb***cdef.",
    );
    assert!(
        !got.stdout.contains('\u{1b}') && !got.stdout.contains('\u{202e}') && !got.stderr.contains('\u{1b}'),
        "{got:?}"
    );
}

/// The file whose key was really sent, wherever it is.
#[test]
fn a_mask_finds_its_key_in_start_up_files_and_tools() {
    let home = Home::new();
    home.write(".zshrc", format!("export OPENAI_API_KEY={}\n", key(21)));
    home.write(".codex/auth.json", format!("{{\"OPENAI_API_KEY\": \"{}\"}}\n", key(22)));
    home.write(".env", format!("OPENAI_API_KEY={}\n", key(23)));
    for (n, told) in [
        (21, "is in ~/.zshrc:1, each zsh with a prompt, as `OPENAI_API_KEY`, and no profile's key"),
        (22, "is in ~/.codex/auth.json:1, Codex, as `OPENAI_API_KEY`, and no profile's key"),
        (23, "is in ~/.env:1, as `OPENAI_API_KEY`, and no profile's key"),
    ] {
        let got = home.llmenv(&["explain", &format!("Incorrect API key provided: sk-or-v1-****{n:04x}.")]);
        assert!(got.stdout.contains(told), "{told}: {got:?}");
        assert!(!got.stdout.contains(&key(n)));
    }
}
