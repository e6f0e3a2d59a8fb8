//! `exec` and `env`: the pair and nothing else, the child's own status.

use super::{alone, failed, home_with_work, key};
use crate::support::LLMENV;
use crate::support::home::finish;

#[test]
fn exec_gives_the_pair_and_takes_the_rivals() {
    let home = home_with_work();
    let mut command = home.cmd(LLMENV);
    command.args(["exec", "work", "--", "env"]).envs([
        ("LLMENV_DAEMON", "off"),
        ("OPENAI_API_BASE", "https://stale.example.com"),
        ("OPENAI_API_KEY", "stale"),
        ("ANTHROPIC_API_KEY", "somebody's own"),
        ("LLMENV_STATE", "1:1.1:shell:0:-:X"),
    ]);
    let got = finish(command, None);
    let lines: Vec<&str> = got.stdout.lines().collect();
    assert_eq!((got.stderr.as_str(), got.code), ("", 0));
    assert!(lines.contains(&format!("OPENAI_API_KEY={}", key()).as_str()), "{got:?}");
    for line in
        ["OPENAI_BASE_URL=https://openrouter.ai/api/v1", "ANTHROPIC_API_KEY=somebody's own", "LLMENV_PROFILE=work"]
    {
        assert!(lines.contains(&line), "{line}: {got:?}");
    }
    assert!(!got.stdout.contains("stale") && !got.stdout.contains("LLMENV_STATE"), "{got:?}");
}

#[test]
fn exec_passes_status_input_and_signals() {
    let home = home_with_work();
    assert_eq!(alone(&home, &["exec", "work", "--", "sh", "-c", "exit 42"], "").code, 42);
    assert_eq!(alone(&home, &["exec", "work", "--", "cat"], "through\n").stdout, "through\n");
    #[cfg(unix)]
    assert_eq!(alone(&home, &["exec", "work", "--", "sh", "-c", "kill -TERM $$"], "").code, 128 + 15);
    assert_eq!(
        alone(&home, &["exec", "work", "--", "no-such-program"], ""),
        failed(
            127,
            "error: there is no command `no-such-program`\nhint: what stands after `--` is a program and its arguments; \
             aliases and functions of a shell are none\n"
        )
    );
    #[cfg(unix)]
    assert_eq!(
        alone(&home, &["exec", "work", "--", "/etc/passwd"], ""),
        failed(126, "error: cannot execute `/etc/passwd`: Permission denied (os error 13)\n")
    );
    assert_eq!(
        alone(&home, &["exec", "--", "true"], ""),
        failed(125, "error: no profile is active here\nhint: name one, as in `llmenv exec NAME -- COMMAND`\n")
    );
    assert_eq!(alone(&home, &["exec", "work"], "").code, 2);
}

#[test]
fn exec_without_a_name_takes_what_holds_here() {
    let home = home_with_work();
    let config = std::fs::read_to_string(home.path(".config/llmenv/config.toml")).unwrap();
    home.write(".config/llmenv/config.toml", format!("default = \"work\"\n{config}"));
    let got = alone(&home, &["exec", "--", "printenv", "LLMENV_PROFILE"], "");
    assert_eq!((got.stdout.as_str(), got.code), ("work\n", 0), "{got:?}");
}

#[test]
fn env_is_evaluated_by_its_shell() {
    let home = home_with_work();
    let script = "eval \"$(llmenv env work --format bash)\" && printf %s \"$OPENAI_API_KEY $OPENAI_BASE_URL\"";
    let mut command = home.cmd("bash");
    command.args(["-c", script]).env("LLMENV_DAEMON", "off");
    assert_eq!(finish(command, None).stdout, format!("{} https://openrouter.ai/api/v1", key()));
    let got = alone(&home, &["env", "work", "--format", "json"], "");
    let vars: serde_json::Value = serde_json::from_str(&got.stdout).unwrap();
    assert_eq!((&vars["OPENAI_API_KEY"], &vars["OPENAI_API_BASE"]), (&key().into(), &serde_json::Value::Null));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = home_with_work();
    let mut command = home.cmd("bash");
    command.args(["-c", "set -o pipefail; llmenv providers | head -1"]).env("LLMENV_DAEMON", "off");
    let got = finish(command, None);
    assert_eq!((got.stderr.as_str(), got.code), ("", 0), "{got:?}");
    #[cfg(target_os = "linux")]
    {
        let mut command = home.cmd("bash");
        command.args(["-c", "llmenv providers >/dev/full"]);
        let got = finish(command, None);
        assert_eq!(
            (got.code, got.stderr.starts_with("error: cannot write to standard output: ")),
            (1, true),
            "{got:?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_program_gives_the_key_to_the_command_at_the_terminal() {
    let home = home_with_work();
    home.write("give", format!("echo asked >>'{}'\necho '{}'\n", home.path("asked").display(), key()));
    let reference = format!("command:/bin/sh '{}'", home.path("give").display());
    let add = ["add", "given", "--provider", "openrouter", "--key-ref", &reference];
    assert_eq!(alone(&home, &add, "").code, 0);
    assert!(!home.path("asked").exists(), "adding runs nothing");
    let exec = ["exec", "given", "--", "printenv", "OPENAI_API_KEY"];
    assert_eq!(alone(&home, &exec, "").stdout, format!("{}\n", key()));
    // A daemon keeps it: the second command asks nobody.
    for _ in 0..2 {
        assert_eq!(home.llmenv(&exec).stdout, format!("{}\n", key()));
    }
    assert_eq!(std::fs::read_to_string(home.path("asked")).unwrap(), "asked\nasked\n");
}
