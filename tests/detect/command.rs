//! `llmenv doctor`, as a person calls it.

use std::process::Stdio;

use crate::support::home::finish;
use crate::support::{Home, LLMENV};

fn key(n: u8) -> String {
    format!("sk-or-v1-{}{n:04x}", "5566778899aabbcc".repeat(4).split_at(60).0)
}

/// Runs it with these variables beside the home's own.
fn doctor(home: &Home, args: &[&str], variables: &[(&str, &str)]) -> crate::support::home::Output {
    let mut command = home.cmd(LLMENV);
    command.arg("doctor").args(args).envs(variables.iter().copied());
    finish(command, None)
}

#[test]
fn a_healthy_shell_is_told_so() {
    let home = Home::new();
    let got = doctor(&home, &[], &[("OPENROUTER_API_KEY", &key(1))]);
    assert_eq!((got.code, got.stderr.as_str()), (0, ""), "{got:?}");
    assert!(got.stdout.starts_with("nothing is wrong in this shell's environment"), "{got:?}");
    // Nothing is started where there is no profile.
    assert_eq!(home.daemon_pid(), None);
}

#[test]
fn what_is_wrong_is_listed_worst_first() {
    let home = Home::new();
    let dirty = format!("{}\r", key(1));
    let variables = [("OPENROUTER_API_KEY", dirty.as_str()), ("OPENAI_API_BASE", "https://openrouter.ai/api/v1/")];
    let got = doctor(&home, &[], &variables);
    assert_eq!((got.code, got.stderr.as_str()), (1, ""));
    let lines: Vec<&str> = got.stdout.lines().collect();
    assert_eq!(lines[0], "error: the value of OPENROUTER_API_KEY has a carriage return at the end");
    assert!(lines[1].starts_with("hint: take that out where OPENROUTER_API_KEY is set"), "{got:?}");
    assert!(lines.last().unwrap().starts_with("1 error, 2 warnings in this shell's environment"), "{got:?}");
    assert!(!got.stdout.contains(&key(1)[9..]));
    let got = doctor(&home, &["--json"], &variables);
    let report: serde_json::Value = serde_json::from_str(&got.stdout).unwrap();
    assert_eq!((got.code, &report["schema"]), (1, &serde_json::json!(1)));
    let first = &report["findings"][0];
    assert_eq!((&first["id"], &first["severity"]), (&"cr-in-env".into(), &"error".into()));
    assert_eq!(
        (&first["variable"], &first["origins"][0]["kind"]),
        (&"OPENROUTER_API_KEY".into(), &"environment".into())
    );
}

#[test]
fn keys_that_were_rotated_away_are_found_in_shells_and_programs() {
    let home = Home::new();
    let add = ["add", "work", "--provider", "openrouter", "--key-stdin", "--store", "file"];
    assert_eq!(home.llmenv_with(&add, key(2)).code, 0);
    assert_eq!(home.llmenv_with(&["rotate", "work", "--key-stdin"], key(3)).code, 0);
    let mut sleeper = home.cmd("sleep");
    sleeper.arg("300").env("GROQ_API_KEY", "x").env("OPENAI_API_KEY", key(2)).stdin(Stdio::null());
    let mut sleeper = sleeper.spawn().unwrap();
    let got = doctor(&home, &[], &[("OPENROUTER_API_KEY", &key(2))]);
    let _ = sleeper.kill();
    let _ = sleeper.wait();
    assert_eq!(got.code, 1);
    assert!(
        got.stdout.contains("error: OPENROUTER_API_KEY in this shell holds a key that was rotated away\n"),
        "{got:?}"
    );
    let told = format!("warning: sleep {}, running for ", sleeper.id());
    assert!(
        got.stdout.contains(&told)
            && got.stdout.contains(", was started with a key in OPENAI_API_KEY that was rotated away\n"),
        "{got:?}"
    );
    assert!(!got.stdout.contains(&key(2)) && !got.stdout.contains(&key(3)));
    // The new one is fine.
    let got = doctor(&home, &[], &[("OPENROUTER_API_KEY", &key(3))]);
    assert_eq!(got.code, 0, "{got:?}");
}
