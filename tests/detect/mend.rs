//! `doctor --fix` does what findings say can be done safely: they are gone, a second run changes nothing, `undo` has every byte back.

use std::os::unix::fs::PermissionsExt;

use super::world::*;
use crate::support::home::{Output, finish};
use crate::support::{Home, LLMENV};

fn run(home: &Home, dir: &str, args: &[&str]) -> Output {
    let mut command = home.cmd(LLMENV);
    command.args(args).current_dir(home.path(dir));
    finish(command, None)
}

/// Ids of findings about a directory's files; those that say of themselves that a program may mend them, or all.
fn ids(home: &Home, dir: &str, only_safe: bool) -> Vec<String> {
    let got = run(home, dir, &["doctor", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&got.stdout).unwrap_or_else(|_| panic!("{got:?}"));
    let found = report["findings"].as_array().unwrap().iter();
    let found = found.filter(|found| !only_safe || found["fix"]["safe"] == true);
    found.map(|found| found["id"].as_str().unwrap().to_owned()).collect()
}

/// A file, and a finding that it gives.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let key = or();
    let wide = format!("OPENROUTER_API_KEY={key}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let text = |id: &'static str, text: String| (id, text.into_bytes());
    vec![
        text("trailing-whitespace", format!("OPENROUTER_API_KEY=\"{key} \"\n")),
        text("leading-space", format!("OPENROUTER_API_KEY= {key}\n")),
        text("newline-in-value", format!("OPENROUTER_API_KEY=\"{key}\n\"\n")),
        text("cr-in-env", format!("A=1\r\nOPENROUTER_API_KEY={key}\r\n")),
        text("bom", format!("\u{feff}OPENROUTER_API_KEY={key}\n")),
        ("utf16-file", [b"\xff\xfe".to_vec(), wide].concat()),
        text("invisible-char", format!("OPENROUTER_API_KEY={key}\u{200b}\n")),
        text("unicode-space", format!("OPENROUTER_API_KEY={key}\u{a0}\n")),
        text("smart-quotes", format!("OPENROUTER_API_KEY=\u{201c}{key}\u{201d}\n")),
        text("bearer-prefix", format!("OPENROUTER_API_KEY=\"Bearer {key}\"\n")),
        text("assignment-in-value", format!("OPENROUTER_API_KEY=export OPENROUTER_API_KEY={key}\n")),
        text("yaml-colon", format!("OPENROUTER_API_KEY: {key}\n")),
        text("unterminated-quote", format!("A=1\nOPENROUTER_API_KEY=\"{key}\nB=2\n")),
        text("duplicate-key", format!("OPENROUTER_API_KEY={key}\nA=1\nOPENROUTER_API_KEY={key}\n")),
        text("control-char", format!("OPENROUTER_API_KEY=\u{1b}[200~{key}\u{1b}[201~\n")),
        text("wildcard-host", "OPENAI_BASE_URL=http://0.0.0.0:11434/v1\nOPENAI_API_KEY=ollama\n".into()),
        text("doubled-v1", "ANTHROPIC_BASE_URL=https://api.anthropic.com/v1\n".into()),
        text("endpoint-as-base", "OPENAI_BASE_URL=https://api.groq.com/openai/v1/chat/completions\n".into()),
        text("missing-version-path", "# mine\nOPENAI_BASE_URL=https://openrouter.ai/api\n".into()),
        text("wrong-path", "OPENAI_BASE_URL=https://openrouter.ai/v1\n".into()),
        text("trailing-slash", "export OPENAI_BASE_URL=https://openrouter.ai/api/v1/\n".into()),
        text("url-quoted", "OPENAI_BASE_URL=\"'https://openrouter.ai/api/v1'\"\n".into()),
        text("url-whitespace", "OPENAI_BASE_URL=\"https://openrouter.ai/api/v1 \"\n".into()),
    ]
}

#[test]
fn every_safe_fix_is_carried_out_and_taken_back() {
    let home = Home::new();
    let add = ["add", "work", "--provider", "groq", "--key-stdin", "--no-check", "--store", "file"];
    assert_eq!(home.llmenv_with(&add, gq()).code, 0);
    let mut wrong = Vec::new();
    let files = files();
    let mut mended = 0;
    for (n, (id, before)) in files.iter().enumerate() {
        let dir = format!("src/{n}");
        let path = home.write(format!("{dir}/.env"), before);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let safe = ids(&home, &dir, true);
        if !safe.contains(&(*id).to_owned()) {
            wrong.push(format!("{id}: not told as safe: {safe:?}, all {:?}", ids(&home, &dir, false)));
            continue;
        }
        let done = run(&home, &dir, &["doctor", "--fix", "--yes"]);
        let after = std::fs::read(&path).unwrap();
        let left: Vec<String> = ids(&home, &dir, false).into_iter().filter(|id| safe.contains(id)).collect();
        if !left.is_empty() {
            wrong.push(format!("{id}: still there: {left:?} in {:?}\n{done:?}", String::from_utf8_lossy(&after)));
        }
        let again = run(&home, &dir, &["doctor", "--fix", "--yes"]);
        if !again.stdout.starts_with("nothing here can be mended with certainty\n")
            || std::fs::read(&path).unwrap() != after
        {
            wrong.push(format!("{id}: the second time: {again:?}"));
        }
        let undone = run(&home, &dir, &["undo", "--yes"]);
        if std::fs::read(&path).unwrap() != *before {
            wrong.push(format!("{id}: not taken back: {undone:?}"));
        }
        mended += 1;
        std::fs::remove_file(&path).unwrap();
    }
    println!("{mended} of {} findings are mended, stay so, and are taken back", files.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A file that others can read, an old key in a start-up file: what is not in a `.env` is done too.
#[test]
fn permissions_and_start_up_files_are_mended() {
    let home = Home::new();
    let add = ["add", "work", "--provider", "openrouter", "--key-stdin", "--no-check", "--store", "file"];
    assert_eq!(home.llmenv_with(&add, or1()).code, 0);
    assert_eq!(home.llmenv_with(&["rotate", "work", "--key-stdin", "--no-check"], or2()).code, 0);
    let rc = home.write(".bashrc", format!("alias ll='ls -l'\nexport OPENROUTER_API_KEY={}\n", or1()));
    let before = std::fs::read(&rc).unwrap();
    let env = home.write("src/.env", format!("OPENROUTER_API_KEY={}\n", or2()));
    let mode = |mode| std::fs::set_permissions(&env, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    std::fs::set_permissions(home.path(""), std::fs::Permissions::from_mode(0o755)).unwrap();
    let asked = run(&home, "src", &["doctor", "--fix"]);
    assert_eq!(asked.code, 2, "{asked:?}");
    assert!(asked.stdout.contains("fix: ~/src/.env: for you alone, mode 0600\n"), "{asked:?}");
    let done = run(&home, "src", &["doctor", "--fix", "--yes"]);
    assert_eq!(std::fs::metadata(&env).unwrap().permissions().mode() & 0o777, 0o600, "{done:?}");
    assert_eq!(
        std::fs::read_to_string(&rc).unwrap(),
        "alias ll='ls -l'\n# an old key stood here, rotated away in llmenv\n",
        "{done:?}"
    );
    assert!(done.stdout.contains("changed ~/.bashrc\n"), "{done:?}");
    assert!(!done.stdout.contains(&or1()) && !done.stdout.contains(&or2()));
    assert_eq!(run(&home, "src", &["undo", "--yes"]).code, 0);
    assert_eq!(std::fs::read(&rc).unwrap(), before);
}

/// The new key in a file beside the old one in the shell: the file is well, whatever a loader would hand on of what is set.
#[test]
fn a_new_key_beside_an_old_one_stays() {
    let home = Home::new();
    let add = ["add", "work", "--provider", "openrouter", "--key-stdin", "--no-check", "--store", "file"];
    assert_eq!(home.llmenv_with(&add, or1()).code, 0);
    assert_eq!(home.llmenv_with(&["rotate", "work", "--key-stdin", "--no-check"], or2()).code, 0);
    for text in [format!("OPENROUTER_API_KEY={}\n", or2()), format!("OPENROUTER_API_KEY=\"{}\" # new\n", or2())] {
        let path = home.write("src/.env", &text);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let mut command = home.cmd(LLMENV);
        command.args(["doctor", "--fix", "--yes"]).current_dir(home.path("src")).env("OPENROUTER_API_KEY", or1());
        let got = finish(command, None);
        assert!(!got.stdout.contains("still has a key that was rotated away"), "{got:?}");
        assert!(got.stdout.contains("OPENROUTER_API_KEY in this shell holds a key that was rotated away"), "{got:?}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "{got:?}");
    }
}

/// T16: whatever a file says, nothing that is written leads to a host that the file did not name.
#[test]
fn t16_a_look_alike_is_neither_mended_nor_suggested() {
    let home = Home::new();
    let text = "OPENAI_BASE_URL=https://openrouter.ai.evil.example/api/v1/ \n";
    let path = home.write("src/.env", text);
    let got = run(&home, "src", &["doctor", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&got.stdout).unwrap();
    for found in report["findings"].as_array().unwrap() {
        let advice = format!("{}{}", found["fix"]["description"], found["data"]["suggestion"]);
        assert!(!advice.contains("openrouter.ai/") || advice.contains("openrouter.ai.evil.example"), "{found}");
    }
    let _ = run(&home, "src", &["doctor", "--fix", "--yes"]);
    let after = std::fs::read_to_string(&path).unwrap();
    assert!(after.contains("openrouter.ai.evil.example") && after.matches("://").count() == 1, "{after}");
}
