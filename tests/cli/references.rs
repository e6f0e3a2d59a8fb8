//! Keys that other programs keep, by the recipes of the README, with programs that behave like the real ones: they are strict about their
//! arguments, print a line end, are slow, ask on the terminal, and fail with the words and the status of the real ones.

use std::time::Instant;

use super::{alone, key};
use crate::readme::recipes;
use crate::support::home::{Output, finish};
use crate::support::{DEADLINE, Home, LLMENV, Shell, Terminal};

/// One program for all: its name says whose part it plays, `mode` beside it how.
const STAND_IN: &str = r#"#!/bin/sh
me=${0##*/}
here=${0%/*}
mode=$(cat "$here/mode")
echo "$me" >>"$here/runs"
fail() { printf '%b\n' "$2" >&2; exit "$1"; }
case "$me $*" in
  "op read op://Private/OpenAI/credential") status=1 said="[ERROR] 2026/11/28 10:00:00 could not read secret 'op://Private/OpenAI/credential': error initializing client: account is not signed in" ;;
  "pass show llm/openai") status=1 said='Error: llm/openai is not in the password store.' ;;
  "aws secretsmanager get-secret-value --secret-id openai --query SecretString --output text") status=254 said="\nAn error occurred (ResourceNotFoundException) when calling the GetSecretValue operation: Secrets Manager can't find the specified secret." ;;
  "gcloud secrets versions access latest --secret=openai") status=1 said='ERROR: (gcloud.secrets.versions.access) NOT_FOUND: Secret [projects/1/secrets/openai] not found or has no versions.' ;;
  "az keyvault secret show --vault-name acme --name openai --query value --output tsv") status=1 said="ERROR: Please run 'az login' to setup account." ;;
  "vault kv get -mount=secret -field=key openai") status=2 said='Error making API request.\n\nURL: GET https://vault.example:8200/v1/secret/data/openai\nCode: 403. Errors:\n\n* permission denied' ;;
  "kubectl get secret openai -o go-template={{.data.key|base64decode}}") status=1 said='Error from server (NotFound): secrets "openai" not found' ;;
  *) fail 2 "$me: unknown command or flag: $*" ;;
esac
case $mode in
  slow) sleep 1 ;;
  fail) fail "$status" "$said" ;;
  ask)
    (exec 3<>/dev/tty) 2>/dev/null || fail 1 "$me: cannot open the terminal to ask for the password"
    exec 3<>/dev/tty
    printf 'Password for %s: ' "$me" >&3
    read -r answer <&3
    [ "$answer" = "open sesame" ] || fail 1 "$me: wrong password"
    ;;
esac
# gcloud prints what is stored and nothing more; the others end the line.
if [ "$me" = gcloud ]; then printf %s "$(cat "$here/key")"; else cat "$here/key"; fi
"#;

/// The names of the programs that the recipes use.
const PROGRAMS: [&str; 7] = ["op", "pass", "aws", "gcloud", "az", "vault", "kubectl"];

/// A home with the README's recipes as its configuration, their programs being ours.
fn home_with_recipes(change: impl Fn(String) -> String) -> Home {
    let home = Home::new();
    for program in PROGRAMS {
        let path = home.write(format!("stand-in/{program}"), STAND_IN);
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    home.write("stand-in/key", format!("{}\n", key()));
    home.write("secrets/openai_api_key", format!("{}\n", key()));
    mode(&home, "print");
    let stand_ins = format!("\"{}/", home.path("stand-in").display());
    let secrets = home.path("secrets").display().to_string();
    let text = recipes().replace("\"/usr/bin/", &stand_ins).replace("/run/secrets", &secrets);
    // The key used here is one of OpenRouter.
    home.write(
        ".config/llmenv/config.toml",
        change(text.replace("provider = \"openai\"", "provider = \"openrouter\"")),
    );
    home
}

fn mode(home: &Home, mode: &str) {
    home.write("stand-in/mode", mode);
}

fn runs(home: &Home) -> usize {
    std::fs::read_to_string(home.path("stand-in/runs")).unwrap_or_default().lines().count()
}

fn names() -> Vec<String> {
    let text = recipes();
    text.lines().filter_map(|line| Some(line.strip_prefix("[profiles.")?.split(']').next()?.to_owned())).collect()
}

fn pair(home: &Home, name: &str, daemon: bool) -> Output {
    let mut command = home.cmd(LLMENV);
    command.args(["exec", name, "--", "sh", "-c", "echo $OPENAI_API_KEY $OPENAI_BASE_URL"]);
    if !daemon {
        command.env("LLMENV_DAEMON", "off");
    }
    finish(command, None)
}

fn wanted() -> String {
    format!("{} https://openrouter.ai/api/v1\n", key())
}

#[test]
fn every_recipe_gives_its_key() {
    let home = home_with_recipes(|text| text);
    let names = names();
    assert_eq!(names.len(), PROGRAMS.len() + 1, "{names:?}");
    for name in &names {
        let got = pair(&home, name, false);
        assert_eq!((got.stdout.as_str(), got.stderr.as_str(), got.code), (wanted().as_str(), "", 0), "{name}");
    }
    assert_eq!(runs(&home), PROGRAMS.len());
    mode(&home, "slow");
    for name in &names[..2] {
        assert_eq!(pair(&home, name, false).stdout, wanted(), "{name}");
    }
}

/// What the real program says is what a person reads, and no key is made of it.
#[test]
fn a_program_that_fails_says_why_itself() {
    for is_interactive in [true, false] {
        let home =
            home_with_recipes(
                |text| {
                    if is_interactive { text } else { text.replace("] }", "], interactive = false }") }
                },
            );
        mode(&home, "fail");
        for (name, said) in [
            ("op", "account is not signed in"),
            ("pass", "Error: llm/openai is not in the password store."),
            ("aws", "An error occurred (ResourceNotFoundException) when calling the GetSecretValue operation"),
            ("gcloud", "NOT_FOUND: Secret [projects/1/secrets/openai] not found or has no versions."),
            ("azure", "ERROR: Please run 'az login' to setup account."),
            ("vault", "Error making API request."),
            ("kubernetes", "Error from server (NotFound): secrets \"openai\" not found"),
        ] {
            let got = pair(&home, name, false);
            assert_eq!((got.stdout.as_str(), got.code), ("", 125), "{name}: {got:?}");
            assert!(got.stderr.contains(said) && got.stderr.contains("failed with exit status"), "{name}: {got:?}");
        }
    }
}

#[test]
fn a_program_asks_on_the_terminal_and_unlock_fetches_for_hooks() {
    let home = home_with_recipes(|text| text);
    mode(&home, "ask");
    let mut terminal = Terminal::start(&home, Shell::Bash, "", home.path(""));
    terminal.type_line("llmenv exec op -- sh -c 'echo got $OPENAI_API_KEY'");
    terminal.wait_for(|text| text.contains("Password for op: "));
    terminal.answer("open sesame");
    let seen = terminal.wait_prompt();
    assert!(seen.contains(&format!("got {}\n", key())), "{seen}");
    // Hooks and start-up lines run no program: what is not at hand is said, with the command that fetches it.
    let quiet = |name: &str| home.llmenv(&["env", name, "--quiet", "--format", "json"]);
    let got = quiet("pass");
    assert!(got.code == 1 && got.stderr.contains("llmenv unlock pass"), "{got:?}");
    terminal.type_line("llmenv unlock pass");
    terminal.wait_for(|text| text.contains("Password for pass: "));
    terminal.answer("open sesame");
    assert!(terminal.wait_prompt().contains("the key of pass is at hand"));
    let before = runs(&home);
    let got = quiet("pass");
    let json: serde_json::Value = serde_json::from_str(&got.stdout).unwrap();
    assert_eq!(json["OPENAI_API_KEY"], key());
    assert_eq!(runs(&home), before);
    // A wrong answer is the program's to tell.
    terminal.type_line("llmenv unlock vault");
    terminal.wait_for(|text| text.contains("Password for vault: "));
    terminal.answer("no");
    let seen = terminal.wait_prompt();
    assert!(seen.contains("vault: wrong password") && seen.contains("failed with exit status 1"), "{seen}");
}

/// Where there is nobody to ask, a program that asks is not waited for.
#[test]
fn without_a_terminal_a_program_that_asks_is_told() {
    let home = home_with_recipes(|text| text.replace("] }", "], interactive = false }"));
    mode(&home, "ask");
    let got = pair(&home, "pass", true);
    assert!(
        got.code == 125 && got.stderr.contains("pass: cannot open the terminal to ask for the password"),
        "{got:?}"
    );
    mode(&home, "print");
    assert_eq!(pair(&home, "pass", true).stdout, wanted());
}

#[test]
fn a_key_is_fetched_again_when_its_time_is_over() {
    let home = home_with_recipes(|text| text.replace("] }", "], ttl = \"4s\" }"));
    let begun = Instant::now();
    while runs(&home) < 2 {
        let got = pair(&home, "pass", true);
        assert_eq!(got.stdout, wanted(), "{got:?}");
        assert!(begun.elapsed() < DEADLINE, "{}", runs(&home));
    }
    // The control: without `ttl` it is asked once.
    let home = home_with_recipes(|text| text);
    for _ in 0..4 {
        assert_eq!(pair(&home, "pass", true).stdout, wanted());
    }
    assert_eq!(runs(&home), 1);
}

/// A daemon that was started from a poisoned shell runs a key's program with none of the poison.
#[test]
fn t20_a_key_s_program_sees_nothing_of_the_shell_that_started_the_daemon() {
    let home =
        home_with_recipes(|text| text.replace("] }", "], interactive = false, pass_env = [\"PASSWORD_STORE_DIR\"] }"));
    let path = home.write("stand-in/pass", "#!/bin/sh\nenv >\"${0%/*}/seen\"\ncat \"${0%/*}/key\"\n");
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = home.cmd(LLMENV);
    command.args(["exec", "pass", "--", "true"]).envs([
        ("BASH_ENV", "/tmp/poison"),
        ("ENV", "/tmp/poison"),
        ("LD_LIBRARY_PATH", "/tmp/poison"),
        ("HTTPS_PROXY", "http://poison.example"),
        ("SSL_CERT_FILE", "/tmp/poison"),
        ("OPENAI_BASE_URL", "https://poison.example"),
        ("GIT_SSH_COMMAND", "poison"),
    ]);
    assert_eq!(finish(command, None).code, 0);
    let seen = std::fs::read_to_string(home.path("stand-in/seen")).unwrap();
    assert!(!seen.contains("poison") && seen.contains(&format!("HOME={}", home.path("").display())), "{seen}");
}

#[test]
fn a_file_that_comes_later_is_taken_with_force() {
    let home = Home::new();
    let path = home.path("run/openai_api_key");
    let reference = format!("file:{}", path.display());
    let add = ["add", "mounted", "--provider", "openrouter", "--key-ref", &reference];
    assert_eq!(alone(&home, &add, "").code, 1);
    let forced: Vec<&str> = add.iter().copied().chain(["--force"]).collect();
    assert_eq!(alone(&home, &forced, "").code, 0);
    home.write("run/openai_api_key", format!("{}\r\n", key()));
    assert_eq!(pair(&home, "mounted", false).stdout, wanted());
    // A file that changes is noticed at the next use, without a daemon being told.
    let other = super::other_key();
    home.write("run/openai_api_key", format!("{other}\n"));
    assert_eq!(pair(&home, "mounted", false).stdout, format!("{other} https://openrouter.ai/api/v1\n"));
}
