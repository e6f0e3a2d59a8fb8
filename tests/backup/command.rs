//! `llmenv undo`, as a person calls it.

use llmenv::backup::{Action, Backups, Key};
use llmenv::bounded::Links;
use llmenv::paths::Paths;

use crate::support::{Home, Shell, Terminal};

/// A home with the encrypted file as its store, and the paths that a program in it finds.
fn home() -> (Home, Paths) {
    let home = Home::new();
    let add = ["add", "work", "--provider", "openrouter", "--key-stdin", "--store", "file"];
    assert_eq!(home.llmenv_with(&add, format!("sk-or-v1-{}", "0123456789abcdef".repeat(4))).code, 0);
    let state = std::fs::read_dir(home.path(".local/state/llmenv")).unwrap().next().unwrap().unwrap().path();
    let paths = Paths {
        home: home.path(""),
        config_dir: home.path(".config/llmenv"),
        data_dir: home.path(".local/share/llmenv"),
        state_dir: state,
        runtime_dir: None,
    };
    (home, paths)
}

/// Asks the daemon for the key as a command does.
fn key(home: &Home, paths: &Paths) -> Key {
    assert!(home.daemon_pid().is_some());
    let mut client = llmenv::ipc::client::Client::connect(paths, std::time::Duration::from_secs(5)).unwrap();
    match client.ask(&llmenv::ipc::protocol::Request::BackupKey).unwrap() {
        llmenv::ipc::protocol::Response::BackupKey(digits) => Key::from_hex(&digits.0).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn change(home: &Home, paths: &Paths, name: &str) -> String {
    let file = home.write(name, "earlier\n");
    let mut action = Action::new("a test");
    action.edit(&file, Links::Refuse, |_| Ok(b"later\n".to_vec())).unwrap();
    action.apply(&Backups::of(paths), &key(home, paths)).unwrap().id
}

#[test]
fn the_last_change_is_undone_after_a_yes() {
    let (home, paths) = home();
    let first = change(&home, &paths, "one");
    let mut terminal = Terminal::start(&home, Shell::Bash, "", "");
    terminal.type_line("llmenv undo; echo done=$?");
    terminal.wait_for(|text| text.contains("[y/N]"));
    terminal.answer("");
    let printed = terminal.wait_prompt();
    assert!(printed.contains("~/one\n1 - later\n1 + earlier\n"), "{printed}");
    assert!(printed.ends_with("nothing was changed\ndone=0\n"), "{printed}");
    assert_eq!(std::fs::read(home.path("one")).unwrap(), b"later\n");
    terminal.type_line("llmenv undo; echo done=$?");
    terminal.wait_for(|text| text.contains("[y/N]"));
    terminal.answer("y");
    let printed = terminal.wait_prompt();
    assert!(printed.ends_with("restored ~/one\ndone=0\n"), "{printed}");
    assert_eq!(std::fs::read(home.path("one")).unwrap(), b"earlier\n");
    let again = home.llmenv(&["undo", &first, "--yes"]);
    assert_eq!(again.code, 1);
    assert!(again.stderr.starts_with(&format!("error: there is no backup `{first}`\n")), "{again:?}");
    let nothing = home.llmenv(&["undo", "--yes"]);
    assert!(nothing.stderr.starts_with("error: there is nothing to undo\nhint: "), "{nothing:?}");
}

#[test]
fn without_a_terminal_it_needs_a_flag_and_lists_as_text_and_json() {
    let (home, paths) = home();
    let (one, two) = (change(&home, &paths, "one"), change(&home, &paths, "two"));
    let listed = home.llmenv(&["undo", "--list"]);
    assert_eq!(listed.code, 0);
    assert!(listed.stdout.starts_with("id    when"), "{listed:?}");
    assert!(
        listed.stdout.contains(&one) && listed.stdout.contains(&two) && listed.stdout.contains("a test"),
        "{listed:?}"
    );
    let json: serde_json::Value = serde_json::from_str(&home.llmenv(&["undo", "--list", "--json"]).stdout).unwrap();
    assert_eq!((&json["schema"], json["backups"].as_array().unwrap().len()), (&1.into(), 2));
    let asked = home.llmenv(&["undo", &one]);
    assert_eq!(asked.code, 2, "{asked:?}");
    assert!(asked.stderr.contains("hint: use `--yes`"), "{asked:?}");
    assert_eq!(std::fs::read(home.path("one")).unwrap(), b"later\n");
    let shown = home.llmenv(&["undo", &one, "--show"]);
    assert_eq!(shown.stdout, "~/one\n1 - later\n1 + earlier\n~/one: would be restored\n");
    let done = home.llmenv(&["undo", &one, "--yes", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((done.code, &json["undone"]), (0, &one.as_str().into()));
    assert_eq!(std::fs::read(home.path("one")).unwrap(), b"earlier\n");
    std::fs::write(home.path("two"), "mine\n").unwrap();
    let refused = home.llmenv(&["undo", &two, "--yes"]);
    assert_eq!(refused.code, 1);
    assert_eq!(
        refused.stderr,
        format!(
            "error: not every file is as llmenv left it, so none was restored\n  --> ~/two was edited since\nhint: `llmenv undo \
             {two} --show` shows what would change\nhint: `llmenv undo {two} --force` restores all the same, and keeps what they hold now\n"
        )
    );
    assert_eq!(home.llmenv(&["undo", &two, "--yes", "--force"]).code, 0);
    assert_eq!(std::fs::read(home.path("two")).unwrap(), b"earlier\n");
}

#[test]
fn the_key_is_the_same_for_everybody_and_lasts() {
    let (home, paths) = home();
    let id = change(&home, &paths, "one");
    assert_eq!(home.llmenv(&["daemon", "stop"]).code, 0);
    let mut alone = home.cmd(crate::support::LLMENV);
    alone.args(["undo", &id, "--yes"]).env("LLMENV_DAEMON", "off");
    let done = crate::support::home::finish(alone, None);
    assert_eq!((done.code, std::fs::read(home.path("one")).unwrap()), (0, b"earlier\n".to_vec()), "{done:?}");
    // It is no profile: nobody lists it.
    assert!(!home.llmenv(&["list"]).stdout.contains("internal"));
    let id = {
        home.llmenv(&["daemon", "start"]);
        change(&home, &paths, "one")
    };
    assert_eq!(home.llmenv(&["lock"]).code, 0);
    let locked = home.llmenv(&["undo", &id, "--yes"]);
    assert!(locked.stderr.starts_with("error: llmenv is locked\nhint: run `llmenv unlock`"), "{locked:?}");
    assert_eq!(home.llmenv(&["undo", "--list"]).code, 0, "what there is can be seen all the same");
}
