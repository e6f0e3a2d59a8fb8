//! Questions at a real terminal: hidden input, answers, and standard output kept clean.

use super::{alone, home_with_work, key, other_key};
use crate::support::{Home, Shell, Terminal};

#[test]
fn a_first_add_asks_for_everything() {
    let home = Home::new();
    let mut terminal = Terminal::builder(&home, Shell::Bash).env("LLMENV_DAEMON", "off").start();
    terminal.type_line("llmenv add --store file >out; echo done=$?");
    terminal.wait_for(|text| text.contains("key (hidden; empty to choose the provider first): "));
    terminal.answer(&format!("Bearer {}", key()));
    terminal.wait_for(|text| text.contains("name of the profile [openrouter]: "));
    terminal.answer("");
    terminal.wait_for(|text| {
        text.contains("passphrase for the encrypted file (empty: a file of yours opens it instead): ")
    });
    terminal.answer("");
    let seen = terminal.wait_prompt();
    assert!(seen.ends_with("done=0\n"), "{seen}");
    assert!(!seen.contains("0123456789abcdef"), "{seen}");
    let out = std::fs::read_to_string(home.path("out")).unwrap();
    assert_eq!(out, "added openrouter: OpenRouter (openrouter), key openrouter …cdef, serves openai\n");
    let shown = alone(&home, &["show", "openrouter", "--reveal", "--force"], "");
    assert_eq!(shown.stdout, format!("{}\n", key()));
}

#[test]
fn a_slip_is_asked_about_again() {
    let home = Home::new();
    let mut terminal = Terminal::builder(&home, Shell::Bash).env("LLMENV_DAEMON", "off").start();
    assert!(terminal.run("llmenv").contains("hint: there are no profiles yet: `llmenv add` adds one\n"));
    terminal.type_line("llmenv add; echo done=$?");
    terminal.wait_for(|text| text.contains("keep keys in an encrypted file instead? [Y/n]: "));
    terminal.answer("");
    terminal.wait_for(|text| text.contains("(empty: a file of yours opens it instead): "));
    terminal.answer("");
    terminal.wait_for(|text| text.contains("key (hidden; empty to choose the provider first): "));
    terminal.answer("");
    terminal.wait_for(|text| text.ends_with("provider: "));
    terminal.answer("openruter");
    terminal.wait_for(|text| text.contains("there is no such line; did you mean `openrouter`?\n"));
    terminal.answer("openrouter");
    terminal.wait_for(|text| text.ends_with("name of the profile [openrouter]: "));
    terminal.answer("my work");
    terminal.wait_for(|text| text.contains("error: `my work` cannot be a profile name\n"));
    terminal.answer("work");
    terminal.wait_for(|text| text.contains("key for `work` (hidden): "));
    // Half a key: the next paste goes to the question, not to the shell.
    terminal.answer("hello");
    let asked = "error: that has 5 bytes, and a key of 8 to 512 is needed\n";
    terminal.wait_for(|text| text.contains(asked) && text.matches("key for `work` (hidden): ").count() == 2);
    terminal.answer(&key());
    let seen = terminal.wait_prompt();
    assert!(seen.ends_with("done=0\n"), "{seen}");
}

/// Without a keyring a person hears of it before the key is typed, and is asked.
#[test]
fn add_asks_where_to_keep_the_key_first() {
    let home = Home::new();
    let mut terminal = Terminal::builder(&home, Shell::Bash).env("LLMENV_DAEMON", "off").start();
    terminal.type_line("llmenv add work; echo done=$?");
    terminal.wait_for(|text| text.contains("keep keys in an encrypted file instead? [Y/n]: "));
    terminal.answer("n");
    let seen = terminal.wait_prompt();
    assert!(seen.contains("there is no keyring to keep the key in") && seen.ends_with("done=1\n"), "{seen}");
    assert!(!seen.contains("key (hidden"), "{seen}");
    terminal.type_line("llmenv add work; echo done=$?");
    terminal.wait_for(|text| text.contains("keep keys in an encrypted file instead? [Y/n]: "));
    terminal.answer("");
    terminal.wait_for(|text| text.contains("(empty: a file of yours opens it instead): "));
    terminal.answer("");
    terminal.wait_for(|text| text.contains("key (hidden; empty to choose the provider first): "));
    terminal.answer(&key());
    let seen = terminal.wait_prompt();
    assert!(seen.ends_with("done=0\n"), "{seen}");
    // Chosen once; and what needs no key asks for no store.
    let home = Home::new();
    let mut terminal = Terminal::builder(&home, Shell::Bash).env("LLMENV_DAEMON", "off").start();
    let seen = terminal.run("llmenv add local --provider ollama; echo done=$?");
    assert!(seen.ends_with("done=0\n") && !seen.contains("encrypted"), "{seen}");
}

#[test]
fn status_knows_a_shell_with_a_hook_and_one_without() {
    let home = home_with_work();
    let told = "this shell has no llmenv hook";
    let mut bare = Terminal::start(&home, Shell::Bash, "", home.path(""));
    assert!(bare.run("llmenv status").contains(told));
    let mut hooked = Terminal::start(&home, Shell::Bash, "eval \"$(llmenv init bash)\"", home.path(""));
    let seen = hooked.run("llmenv status");
    assert!(seen.contains("nothing active here") && !seen.contains(told), "{seen}");
    // A daemon that has just begun knows it too.
    assert_eq!(home.llmenv(&["daemon", "restart"]).code, 0);
    assert!(!hooked.run("llmenv status").contains(told));
}

#[test]
fn remove_asks_and_takes_no_for_an_answer() {
    let home = home_with_work();
    let mut terminal = Terminal::builder(&home, Shell::Bash).env("LLMENV_DAEMON", "off").start();
    for (answer, code) in [("", 1), ("n", 1), ("y", 0)] {
        terminal.type_line("llmenv remove work; echo done=$?");
        terminal.wait_for(|text| text.contains("remove `work` and its key? [y/N]: "));
        terminal.answer(answer);
        let seen = terminal.wait_prompt();
        assert!(seen.ends_with(&format!("done={code}\n")), "{seen}");
    }
}

#[test]
fn edit_opens_the_editor_on_a_copy() {
    let home = home_with_work();
    home.write("ed", "#!/bin/sh\nfor file; do :; done\ncase $ED in\n  bad) echo 'x = [' >>\"$file\" ;;\n  good) echo 'model = \"m\"' >>\"$file\" ;;\nesac\n");
    let mut terminal = Terminal::builder(&home, Shell::Bash)
        .env("LLMENV_DAEMON", "off")
        .env("VISUAL", format!("sh '{}'", home.path("ed").display()))
        .start();
    let before = std::fs::read(home.path(".config/llmenv/config.toml")).unwrap();
    terminal.type_line("ED=bad llmenv edit work; echo done=$?");
    terminal.wait_for(|text| text.contains("edit it again? [y/N]: "));
    terminal.answer("");
    let seen = terminal.wait_prompt();
    assert!(seen.contains("the configuration was left as it was") && seen.ends_with("done=1\n"), "{seen}");
    assert_eq!(std::fs::read(home.path(".config/llmenv/config.toml")).unwrap(), before);
    let seen = terminal.run("ED=good llmenv edit work; echo done=$?");
    assert!(seen.ends_with("done=0\n"), "{seen}");
    assert!(alone(&home, &["show", "work"], "").stdout.contains("model        m\n"));
    let seen = terminal.run("ED=none llmenv edit work; echo done=$?");
    assert_eq!(seen, "nothing was changed\ndone=0\n");
}

#[test]
fn another_host_is_typed() {
    let home = home_with_work();
    let mut terminal = Terminal::builder(&home, Shell::Bash).env("LLMENV_DAEMON", "off").start();
    for (answer, code) in [("", 1), ("y", 1), ("relay.example.com", 0)] {
        terminal.type_line("llmenv edit work --base-url https://relay.example.com/v1; echo done=$?");
        terminal.wait_for(|text| text.contains("type `relay.example.com` to let it go there, or nothing: "));
        terminal.answer(answer);
        let seen = terminal.wait_prompt();
        assert!(seen.ends_with(&format!("done={code}\n")), "{seen}");
    }
}

#[test]
fn rotate_hides_what_is_typed_and_reveal_shows_it_at_a_terminal() {
    let home = home_with_work();
    let mut terminal = Terminal::builder(&home, Shell::Bash).env("LLMENV_DAEMON", "off").start();
    terminal.type_line("llmenv rotate work");
    terminal.wait_for(|text| text.contains("new key for `work` (hidden): "));
    terminal.answer(&other_key());
    let seen = terminal.wait_prompt();
    assert!(seen.contains("work has a new key") && !seen.contains("fedcba98"), "{seen}");
    assert_eq!(terminal.run("llmenv show work --reveal"), format!("{}\n", other_key()));
}
