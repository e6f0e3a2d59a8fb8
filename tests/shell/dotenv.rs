//! `--format dotenv`, read by every loader at hand: all of them have to read the same.

use super::{Env, Room, assert_received, env, find, left_out, run, values, written};

fn carries(value: &str) -> bool {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "_./:@+=%-".contains(c);
    !value.is_empty() && value.chars().all(is_safe) && !value.starts_with('=') && !value.contains(":=")
}

fn vars() -> Env {
    let mut values = values::awkward();
    values.extend(values::plain(0x0065_6e76, 400));
    super::numbered("dotenv", &values, carries)
}

fn room(vars: &Env) -> Room {
    let room = Room::new();
    room.write("text.env", &written("dotenv", vars, &["GONE", "ALSO_GONE"]).text);
    room
}

#[test]
fn t13_quote_dotenv_by_dotenvy() {
    let vars = vars();
    let text = written("dotenv", &vars, &["GONE"]).text;
    let read: Env = dotenvy::from_read_iter(text.as_bytes()).map(Result::unwrap).collect();
    assert_eq!(read.len(), vars.len());
    assert_received(&read, &vars);
}

#[test]
fn t13_quote_dotenv_by_the_shells() {
    let vars = vars();
    let room = room(&vars);
    for shell in ["bash", "zsh", "sh"] {
        let output = run(room.command(shell).args(["-c", "set -a; . ./text.env; env -0 >child"]));
        assert!(output.stderr.is_empty());
        assert_received(&room.dumped("child"), &vars);
        room.assert_nothing_ran();
    }
}

/// The habit of many scripts: no quotes, no `set -a`.
#[test]
fn t13_quote_dotenv_by_export_and_xargs() {
    let vars = vars();
    let room = room(&vars);
    run(room.command("bash").args(["-c", "export $(grep -v '^#' text.env | xargs); env -0 >child"]));
    assert_received(&room.dumped("child"), &vars);
}

#[test]
fn t13_quote_dotenv_by_direnv() {
    let vars = vars();
    let room = room(&vars);
    let output = run(room.command("direnv").args(["dotenv", "json", "text.env"]));
    assert_received(&serde_json::from_slice(&output.stdout).unwrap(), &vars);
}

#[test]
fn t13_quote_dotenv_by_python() {
    let python = find("LLMENV_TEST_PYTHON", "python3");
    let has_dotenv = |python: &std::path::PathBuf| {
        Room::new().command(python).args(["-c", "import dotenv"]).output().is_ok_and(|output| output.status.success())
    };
    let Some(python) = python.filter(has_dotenv) else {
        left_out("t13_quote_dotenv_by_python: python3 cannot import dotenv");
        return;
    };
    let vars = vars();
    let room = room(&vars);
    let script = "import dotenv, json; print(json.dumps(dotenv.dotenv_values('text.env')))";
    let output = run(room.command(python).args(["-c", script]));
    assert_received(&serde_json::from_slice(&output.stdout).unwrap(), &vars);
}

#[test]
fn t13_quote_dotenv_by_node() {
    let knows_it = |node: &std::path::PathBuf| {
        let output = Room::new()
            .command(node)
            .args(["-p", "process.allowedNodeEnvironmentFlags.size && process.version"])
            .output();
        let version = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        version
            .trim_start_matches('v')
            .split('.')
            .next()
            .and_then(|major| major.parse().ok())
            .is_some_and(|major: u32| major >= 20)
    };
    let Some(node) = find("LLMENV_TEST_NODE", "node").filter(knows_it) else {
        left_out("t13_quote_dotenv_by_node: no node of version 20 or later on PATH");
        return;
    };
    let vars = vars();
    let room = room(&vars);
    let output = run(room.command(node).args(["--env-file=text.env", "-p", "JSON.stringify(process.env)"]));
    assert_received(&serde_json::from_slice(&output.stdout).unwrap(), &vars);
}

#[test]
fn dotenv_says_in_a_comment_what_it_cannot_unset() {
    let out = written("dotenv", &env(&[("A_KEY", "k"), ("A_BASE_URL", "https://x/v1")]), &["B_KEY"]);
    assert_eq!(*out.text, "# llmenv: not to be set anywhere else: B_KEY\nA_BASE_URL=https://x/v1\nA_KEY=k\n");
    assert_eq!(out.not_unset, ["B_KEY"]);
}
