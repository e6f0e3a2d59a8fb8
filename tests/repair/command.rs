//! `llmenv doctor --fix`, as a person calls it.

use std::os::unix::fs::PermissionsExt;

use crate::support::home::finish;
use crate::support::{Home, LLMENV, Shell, Terminal};

fn key(n: u8) -> String {
    format!("sk-or-v1-{}{n:04x}", "5566778899aabbcc".repeat(4).split_at(60).0)
}

fn home() -> Home {
    let home = Home::new();
    let add = ["add", "work", "--provider", "openrouter", "--key-stdin", "--store", "file"];
    assert_eq!(home.llmenv_with(&add, key(1)).code, 0);
    home
}

fn doctor(home: &Home, args: &[&str]) -> crate::support::home::Output {
    let mut command = home.cmd(LLMENV);
    command.arg("doctor").args(args).current_dir(home.path("src"));
    finish(command, None)
}

#[test]
fn the_change_is_shown_asked_about_made_and_taken_back() {
    let home = home();
    let before = format!("# mine\r\nOPENROUTER_API_KEY = \"{}\"\r\nDEBUG=1\r\n", key(2));
    let file = home.write("src/.env", &before);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut terminal = Terminal::start(&home, Shell::Bash, "", "src");
    terminal.type_line("llmenv doctor --fix; echo done=$?");
    terminal.wait_for(|text| text.contains("change this file? [y/N]"));
    terminal.answer("");
    let printed = terminal.wait_prompt();
    assert!(
        printed.contains("fix: ~/src/.env:2 OPENROUTER_API_KEY: written the way all loaders read alike\n"),
        "{printed}"
    );
    assert!(printed.contains("2 + OPENROUTER_API_KEY=…0002"), "{printed}");
    assert!(printed.contains("nothing was changed\n") && !printed.contains(&key(2)[9..40]), "{printed}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before, "the answer is no unless somebody types yes");
    terminal.type_line("llmenv doctor --fix; echo done=$?");
    terminal.wait_for(|text| text.contains("change this file? [y/N]"));
    terminal.answer("y");
    let printed = terminal.wait_prompt();
    assert!(printed.contains("changed ~/src/.env\nhint: `llmenv undo "), "{printed}");
    assert!(printed.ends_with("done=0\n"), "{printed}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("# mine\nOPENROUTER_API_KEY={}\nDEBUG=1\n", key(2)));
    let again = doctor(&home, &["--fix", "--yes"]);
    assert!(again.stdout.starts_with("nothing here can be mended with certainty\n"), "{again:?}");
    assert_eq!(home.llmenv(&["undo", "--yes"]).code, 0);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
}

#[test]
fn without_a_terminal_it_needs_a_flag_and_json_alone_changes_nothing() {
    let home = home();
    let before = format!("OPENROUTER_API_KEY= {}\n", key(2));
    let file = home.write("src/.env", &before);
    let asked = doctor(&home, &["--fix"]);
    assert_eq!((asked.code, asked.stderr.contains("hint: use `--yes`")), (2, true), "{asked:?}");
    let dry = doctor(&home, &["--fix", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&dry.stdout).unwrap();
    assert_eq!((dry.code, &json["applied"], &json["fixes"][0]["line"]), (1, &serde_json::Value::Null, &1.into()));
    assert!(!dry.stdout.contains(&key(2)[9..40]), "{dry:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
    let done = doctor(&home, &["--fix", "--yes", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((done.code, json["applied"]["id"].is_string()), (0, true), "{done:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("OPENROUTER_API_KEY={}\n", key(2)));
    assert_eq!(doctor(&home, &["--yes"]).code, 2, "`--yes` alone means nothing");
}

#[test]
fn old_keys_tracked_files_and_links_are_told_apart() {
    let home = home();
    assert_eq!(home.llmenv_with(&["rotate", "work", "--key-stdin"], key(3)).code, 0);
    home.write("src/.env", format!("A=1\nOPENROUTER_API_KEY={}\n", key(1)));
    home.write("src/.env.tracked", format!("OPENAI_API_KEY={}\nGROQ_API_KEY= gsk_{}\n", key(3), "a1".repeat(26)));
    home.write("elsewhere", format!("OPENAI_API_KEY= {}\n", key(2)));
    std::os::unix::fs::symlink("../elsewhere", home.path("src/.env.link")).unwrap();
    for args in [&["init", "-q", "."][..], &["add", "-f", ".env.tracked"]] {
        let mut git = home.cmd("git");
        git.args(args).current_dir(home.path("src"));
        assert_eq!(finish(git, None).code, 0);
    }
    let done = doctor(&home, &["--fix", "--yes"]);
    let read = |name: &str| std::fs::read_to_string(home.path(name)).unwrap();
    assert_eq!(read("src/.env"), "A=1\n# OPENROUTER_API_KEY was an old key, rotated away in llmenv\n", "{done:?}");
    let tracked = read("src/.env.tracked");
    assert!(tracked.starts_with("# OPENAI_API_KEY is in the llmenv profile work: "), "{tracked}");
    assert!(tracked.ends_with(&format!("\nGROQ_API_KEY= gsk_{}\n", "a1".repeat(26))), "{tracked}");
    assert!(
        done.stdout.contains("left: ~/src/.env.tracked:2 GROQ_API_KEY: a key in a file that git tracks"),
        "{done:?}"
    );
    assert!(done.stdout.contains("left: `~/src/.env.link` is a symbolic link to `../elsewhere`"), "{done:?}");
    assert_eq!(read("elsewhere"), format!("OPENAI_API_KEY= {}\n", key(2)));
    assert_eq!(home.llmenv(&["undo", "--yes"]).code, 0);
    assert_eq!(read("src/.env"), format!("A=1\nOPENROUTER_API_KEY={}\n", key(1)));
}

/// T12: names and contents of files reach the terminal escaped.
#[test]
fn t12_what_a_fix_shows_is_escaped() {
    let home = home();
    let evil = format!("# \x1b]52;c;aGk=\x07 \u{202e}x\nOPENROUTER_API_KEY= {}\n", key(2));
    home.write("src/.env.\x1b]0;pwn\x07", evil);
    let done = doctor(&home, &["--fix", "--yes"]);
    let all = format!("{}{}", done.stdout, done.stderr);
    assert!(all.contains("\\u{1b}]52;c;aGk=\\u{7} \\u{202e}x"), "{all}");
    assert!(all.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{all:?}");
}
