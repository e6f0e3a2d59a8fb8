//! Somebody else changes half of a pair: llmenv takes its half out, says so once, and lets go until chosen again.

use super::{around, assert_holds, both, home, pin, start};
use crate::support::{Home, Terminal};

/// Reads what must never be a mixed pair.
fn pair_of(terminal: &mut Terminal) -> [Option<String>; 2] {
    ["OPENAI_API_KEY", "OPENAI_BASE_URL"].map(|name| both(terminal, name))
}

fn state(terminal: &mut Terminal) -> String {
    terminal.child_var("LLMENV_STATE").unwrap_or_default()
}

#[test]
fn an_url_changed_by_hand_takes_our_key_out() {
    let home = home();
    let mut terminal = start(&home);
    for (change, left) in
        [("export OPENAI_BASE_URL=https://other.example/v1", Some("https://other.example/v1")), ("unset OPENAI_BASE_URL", None)]
    {
        terminal.run("llmenv use work");
        assert_holds(&mut terminal, "work");
        let text = terminal.run(change);
        assert_eq!(text.matches("pair-mixed").count(), 1, "{change}: {text}");
        assert_eq!(text.lines().count(), 1, "{change}: {text}");
        assert_eq!(pair_of(&mut terminal), [None, left.map(str::to_owned)], "{change}");
        assert_eq!(both(&mut terminal, "LLMENV_PROFILE"), None);
        assert!(state(&mut terminal).contains(":released:"), "{change}");
        // Released: nothing comes back by itself, and nothing is said again.
        assert_eq!(terminal.run("cd /; cd"), "");
        assert_eq!(terminal.run("export OPENAI_BASE_URL=https://third.example"), "");
        assert_eq!(pair_of(&mut terminal), [None, Some("https://third.example".to_owned())]);
        terminal.unset("OPENAI_BASE_URL");
    }
    terminal.run("llmenv use work");
    assert_holds(&mut terminal, "work");
}

#[test]
fn the_same_host_is_no_other_host() {
    let home = home();
    let mut terminal = start(&home);
    terminal.run("llmenv use work");
    assert_eq!(terminal.run("export OPENAI_BASE_URL=https://openrouter.ai/api/v1/"), "");
    assert_eq!(pair_of(&mut terminal), [Some(super::key(1)), Some("https://openrouter.ai/api/v1/".to_owned())]);
}

#[test]
fn a_key_of_another_provider_takes_our_url_out() {
    let home = home();
    let mut terminal = start(&home);
    terminal.run("llmenv use work");
    let other = super::groq_key();
    let text = terminal.run(&format!("export OPENAI_API_KEY={other}"));
    assert_eq!(text.matches("pair-mixed").count(), 1, "{text}");
    assert_eq!(pair_of(&mut terminal), [Some(other), None]);
    assert!(state(&mut terminal).contains(":released:"));
}

#[test]
fn a_released_shell_follows_the_next_pin() {
    let home = home();
    pin(&home, "p", "work");
    pin(&home, "p/q", "fast");
    let mut terminal = start(&home);
    terminal.run("cd p");
    terminal.run("export OPENAI_BASE_URL=https://other.example/v1");
    terminal.run("mkdir -p sub; cd sub");
    assert_eq!(pair_of(&mut terminal), [None, Some("https://other.example/v1".to_owned())]);
    terminal.run("cd ../q");
    assert_holds(&mut terminal, "fast");
    terminal.run("cd");
    assert_eq!(pair_of(&mut terminal), [None, Some("https://other.example/v1".to_owned())], "what the user set stays");
}

#[test]
fn nested_shells_stay_released() {
    let home = home();
    pin(&home, "p", "work");
    let mut terminal = start(&home);
    terminal.run("cd p");
    terminal.run("export OPENAI_BASE_URL=https://other.example/v1");
    terminal.run("bash");
    assert_eq!(pair_of(&mut terminal), [None, Some("https://other.example/v1".to_owned())]);
}

/// A home in which direnv may load `project/.envrc`.
fn with_direnv(envrc: &str) -> Home {
    let home = home();
    home.write("project/.envrc", envrc);
    let mut command = home.cmd("direnv");
    command.arg("allow").arg(home.path("project/.envrc"));
    assert_eq!(crate::support::home::finish(command, None).code, 0);
    home
}

#[test]
fn direnv_changes_the_url_and_our_key_goes() {
    for (before, after) in [("eval \"$(direnv hook bash)\"", ""), ("", "eval \"$(direnv hook bash)\"")] {
        let home = with_direnv("export OPENAI_BASE_URL=https://relay.example/v1\n");
        let mut terminal = around(&home, before, after).start();
        terminal.run("llmenv use work");
        assert_holds(&mut terminal, "work");
        let text = terminal.run("cd project");
        assert_eq!(text.matches("pair-mixed").count(), 1, "{text}");
        assert_eq!(pair_of(&mut terminal), [None, Some("https://relay.example/v1".to_owned())]);
        assert!(state(&mut terminal).contains(":released:"));
        terminal.run("");
        assert_eq!(pair_of(&mut terminal), [None, Some("https://relay.example/v1".to_owned())]);
        terminal.run("llmenv use work");
        assert_holds(&mut terminal, "work");
    }
}

#[test]
fn direnv_and_a_pin_share_a_directory() {
    for (before, after) in [("eval \"$(direnv hook bash)\"", ""), ("", "eval \"$(direnv hook bash)\"")] {
        let home = with_direnv("export DATABASE=here\n");
        pin(&home, "project", "fast");
        let mut terminal = around(&home, before, after).start();
        terminal.run("cd project");
        assert_holds(&mut terminal, "fast");
        assert_eq!(both(&mut terminal, "DATABASE").as_deref(), Some("here"));
        terminal.run("cd ..");
        super::assert_nothing(&mut terminal);
        assert_eq!(both(&mut terminal, "DATABASE"), None);
    }
}
