//! `--format cmd`, in wine's `cmd.exe` where wine is installed.

use std::path::PathBuf;

use super::{Env, Room, assert_received, env, find, left_out, run, values, written};

fn carries(value: &str) -> bool {
    !value.is_empty() && value.is_ascii() && !value.contains(['%', '!', '"']) && value.len() < 7_990
}

fn all_values() -> Vec<String> {
    let mut values = values::awkward();
    values.extend(values::random(0x0063_6d64, 400));
    values.extend(values::plain(0x0063_6d64, 50));
    values
}

/// By the rules of `set "NAME=value"`: everything between the first `=` and the last quote of the line.
#[test]
fn t13_quote_cmd() {
    let vars = super::numbered("cmd", &all_values(), carries);
    let text = written("cmd", &vars, &["GONE"]).text;
    let mut read: std::collections::BTreeMap<String, Option<String>> = std::collections::BTreeMap::new();
    for line in text.split_terminator("\r\n") {
        let inner = line.strip_prefix("set \"").unwrap().strip_suffix('"').unwrap();
        assert!(!inner.contains('"') && line.len() < 8_191);
        let (name, value) = inner.split_once('=').unwrap();
        read.insert(name.to_owned(), (!value.is_empty()).then(|| value.to_owned()));
    }
    assert_eq!(read.remove("GONE"), Some(None));
    let read: Env = read.into_iter().map(|(name, value)| (name, value.unwrap())).collect();
    assert!(read == vars);
}

/// Lines, so a text may end early: then a key is never there with another account's address.
#[test]
fn t13_cmd_text_cut_off_mixes_no_pair() {
    let vars = env(&[("OPENAI_API_KEY", "new"), ("OPENAI_BASE_URL", "https://new")]);
    let text = written("cmd", &vars, &["OPENAI_API_BASE"]).text;
    assert_eq!(
        *text,
        "set \"OPENAI_API_BASE=\"\r\nset \"OPENAI_BASE_URL=\"\r\nset \"OPENAI_API_KEY=\"\r\n\
         set \"OPENAI_BASE_URL=https://new\"\r\nset \"OPENAI_API_KEY=new\"\r\n"
    );
}

fn wine(test: &str) -> Option<PathBuf> {
    let found = find("LLMENV_TEST_WINE", "wine");
    if found.is_none() {
        left_out(&format!("{test}: no wine on PATH and LLMENV_TEST_WINE is not set, so there is no cmd.exe"));
    }
    found
}

/// As a batch file that is called, with delayed expansion off and on. `for /f … do %i` runs on Windows alone: wine takes the
/// whole line for the name of a program.
#[test]
fn t13_quote_cmd_by_wine() {
    let Some(wine) = wine("t13_quote_cmd_by_wine") else { return };
    let room = Room::new();
    let vars = super::numbered("cmd", &all_values(), carries);
    room.write("text.cmd", &written("cmd", &vars, &["GONE"]).text);
    room.write("called.cmd", "@echo off\r\ncall text.cmd\r\nset >child\r\n");
    for delayed in ["/v:off", "/v:on"] {
        let _ = std::fs::remove_file(room.path("child"));
        let mut command = room.command(&wine);
        command.args(["cmd.exe", delayed, "/c", "called.cmd"]).env("GONE", "old");
        command.envs([("WINEDEBUG", "-all"), ("WINEDLLOVERRIDES", "mscoree,mshtml="), ("DISPLAY", "")]);
        run(&mut command);
        let dump = String::from_utf8(std::fs::read(room.path("child")).unwrap()).unwrap();
        let lines = dump.split_terminator("\r\n").filter_map(|line| line.split_once('='));
        let read: Env = lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        assert_received(&read, &vars);
        assert!(!read.contains_key("GONE"));
        room.assert_nothing_ran();
    }
}
