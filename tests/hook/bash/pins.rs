//! Pins by `cd`: files and rules, asked for once, deeper ones first; the default; a change elsewhere.

use super::{around, assert_holds, assert_nothing, held, home, key, pair, pin, start, wait_until};
use crate::support::{Shell, Terminal};

#[test]
fn a_pin_asks_once_and_again_when_it_changes() {
    let home = home();
    home.write("p/.llmenv.toml", "profile = \"fast\"\n");
    let mut terminal = start(&home);
    let text = terminal.run("cd p");
    assert!(text.contains("names the profile `fast`") && text.contains("llmenv allow"), "{text}");
    assert_nothing(&mut terminal);
    assert_eq!(terminal.run("echo"), "\n", "said once");
    terminal.run("llmenv allow");
    assert_holds(&mut terminal, "fast");
    terminal.run("cd ..");
    assert_nothing(&mut terminal);
    assert_eq!(terminal.run("cd p"), "");
    assert_holds(&mut terminal, "fast");
    // Changed by somebody: it asks again, and nothing of before stays.
    terminal.run("cd ..");
    home.write("p/.llmenv.toml", "profile = \"work\"\n");
    let text = terminal.run("cd p");
    assert!(text.contains("was changed since you allowed it"), "{text}");
    assert_nothing(&mut terminal);
    terminal.run("llmenv allow");
    assert_holds(&mut terminal, "work");
    terminal.run("llmenv deny");
    assert_nothing(&mut terminal);
    assert_eq!(terminal.run("cd .. && cd p"), "", "a denied pin is silent");
}

#[test]
fn a_pin_changed_under_a_shell_stops_counting() {
    let home = home();
    pin(&home, "p", "fast");
    let mut terminal = start(&home);
    terminal.run("cd p");
    assert_holds(&mut terminal, "fast");
    home.write("p/.llmenv.toml", "profile = \"work\"\n");
    wait_until("the change arrives", || terminal.child_var("OPENAI_API_KEY").is_none());
    assert_nothing(&mut terminal);
}

#[test]
fn deeper_pins_win_and_leaving_goes_back() {
    let home = home();
    pin(&home, "p", "fast");
    pin(&home, "p/q/r", "work");
    let mut terminal = start(&home);
    terminal.run("cd p/q");
    assert_holds(&mut terminal, "fast");
    terminal.run("cd r");
    assert_holds(&mut terminal, "work");
    terminal.run("mkdir -p deep/er; cd deep/er");
    assert_holds(&mut terminal, "work");
    terminal.run("cd ~/p");
    assert_holds(&mut terminal, "fast");
    terminal.run("cd");
    assert_nothing(&mut terminal);
}

#[test]
fn rules_and_the_default() {
    let home = home();
    std::fs::create_dir_all(home.path("acme/x")).unwrap();
    let mut terminal = start(&home);
    terminal.run("cd acme; llmenv use fast --here --rule");
    assert_holds(&mut terminal, "fast");
    terminal.run("cd x");
    assert_holds(&mut terminal, "fast");
    terminal.run("cd /");
    assert_nothing(&mut terminal);
    terminal.run("llmenv use home --global");
    assert_holds(&mut terminal, "home");
    terminal.run("cd ~/acme");
    assert_holds(&mut terminal, "fast");
    terminal.run("cd");
    assert_holds(&mut terminal, "home");
    let mut second = start(&home);
    assert_holds(&mut second, "home");
    terminal.run("mkdir here; cd here; llmenv use work --here");
    assert_holds(&mut terminal, "work");
    assert_eq!(std::fs::read_to_string(home.path("here/.llmenv.toml")).unwrap().trim(), "profile = \"work\"");
}

#[test]
fn a_global_change_elsewhere_waits_for_the_prompt() {
    let home = home();
    let mut terminal = start(&home);
    terminal.run("llmenv use fast --global");
    assert_holds(&mut terminal, "fast");
    terminal.run("mkfifo hold");
    terminal.type_line("read -r _ <hold; /usr/bin/env -0 >during; echo d''one");
    // The line waits for the FIFO: opening it for writing says that bash is there.
    let mut fifo = std::fs::OpenOptions::new().write(true).open(home.path("hold")).unwrap();
    let elsewhere = home.llmenv(&["use", "work", "--global"]);
    assert_eq!(elsewhere.code, 0, "{elsewhere:?}");
    // It was told: its file has another generation by now.
    std::io::Write::write_all(&mut fifo, b"go\n").unwrap();
    drop(fifo);
    terminal.wait_prompt();
    let during = std::fs::read_to_string(home.path("during")).unwrap();
    assert!(during.contains("LLMENV_PROFILE=fast\0") && during.contains(&super::groq_key()), "{during}");
    wait_until("the next prompt follows", || terminal.child_var("OPENAI_API_KEY") == Some(key(1)));
    assert_holds(&mut terminal, "work");
}

#[test]
fn the_first_command_after_a_rotation_has_the_new_key() {
    let home = home();
    let mut terminal = start(&home);
    terminal.run("llmenv use work");
    assert_holds(&mut terminal, "work");
    for n in 3..6 {
        let file = generation_file(&home);
        let before = std::fs::read_to_string(&file).unwrap();
        let rotated = home.llmenv_with(&["rotate", "work", "--key-stdin", "--no-check"], key(n));
        assert_eq!(rotated.code, 0, "{rotated:?}");
        // The file is written before the signal goes out; the daemon answers again only after both.
        wait_until("the shell is told", || std::fs::read_to_string(&file).is_ok_and(|text| text != before));
        assert_eq!(home.llmenv(&["daemon", "status"]).code, 0);
        terminal.run("/usr/bin/env -0 >first");
        let first = std::fs::read_to_string(home.path("first")).unwrap();
        assert!(first.contains(&format!("OPENAI_API_KEY={}\0", key(n))), "{n}: {first}");
        assert!(!first.contains(&key(n - 1)) && !first.contains(&key(1)), "{n}: {first}");
    }
}

/// The generation file of the only shell.
fn generation_file(home: &crate::support::Home) -> std::path::PathBuf {
    let machines = std::fs::read_dir(home.path(".local/state/llmenv")).unwrap().flatten();
    let mut files = machines.filter_map(|machine| std::fs::read_dir(machine.path().join("shells")).ok()).flatten();
    files.next().unwrap().unwrap().path()
}

#[test]
fn a_push_during_a_line_renews_the_applied_profile() {
    let home = home();
    let mut terminal = start(&home);
    terminal.run("llmenv use work; mkfifo hold");
    terminal.type_line("read -r _ <hold; /usr/bin/env -0 >during");
    let mut fifo = std::fs::OpenOptions::new().write(true).open(home.path("hold")).unwrap();
    assert_eq!(home.llmenv_with(&["rotate", "work", "--key-stdin", "--no-check"], key(3)).code, 0);
    assert_eq!(home.llmenv(&["daemon", "status"]).code, 0);
    std::io::Write::write_all(&mut fifo, b"go\n").unwrap();
    drop(fifo);
    terminal.wait_prompt();
    // Before or after the signal, one whole pair; at the prompt the new one.
    let during = std::fs::read_to_string(home.path("during")).unwrap();
    assert!(during.contains(&key(3)) || during.contains(&key(1)), "{during}");
    wait_until("the new key", || terminal.child_var("OPENAI_API_KEY") == Some(key(3)));
}

#[test]
fn wait_returns_early_at_a_push() {
    // The limit that README names: a trapped signal ends bash's `wait`.
    let home = home();
    let mut terminal = start(&home);
    terminal.run("llmenv use work; sleep 1000 & sleeper=$!");
    terminal.type_line("wait $sleeper; echo ended=$?");
    wait_until("bash waits", || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", terminal.pid())).unwrap();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('S'))
    });
    let mut n = 3;
    wait_until("the push arrives", || {
        n = if n < 200 { n + 1 } else { 3 };
        assert_eq!(home.llmenv_with(&["rotate", "work", "--key-stdin", "--no-check"], key(n)).code, 0);
        String::from_utf8_lossy(&terminal.raw_output()).contains("ended=151")
    });
    terminal.wait_prompt();
    wait_until("the new key", || terminal.child_var("OPENAI_API_KEY") == Some(key(n)));
    terminal.run("kill $sleeper");
}

#[test]
fn a_line_that_enters_a_pin_is_served_with_the_debug_trap() {
    let home = home();
    pin(&home, "p", "fast");
    let init = r#"trap 'echo "[$BASH_COMMAND]" >>~/trace' DEBUG
eval "$(llmenv init bash --debug-trap)""#;
    let mut terminal = Terminal::start(&home, Shell::Bash, init, "");
    let line = "cd p && /bin/sh -c 'echo now $LLMENV_PROFILE'; cd ..; /bin/sh -c 'echo then ${LLMENV_PROFILE-none}'";
    assert_eq!(terminal.run(line), "now fast\nthen none\n");
    let trace = std::fs::read_to_string(home.path("trace")).unwrap();
    assert!(trace.contains("[cd p]") && trace.contains("[cd ..]"), "the user's own trap goes on: {trace}");
    assert_eq!(terminal.run("false; echo $?; (exit 3); echo $?"), "1\n3\n");
    terminal.run("shopt -s extdebug");
    assert_eq!(terminal.run("cd p; echo on; cd ..; echo still on"), "on\nstill on\n");
    // The control: without it the line has what the prompt before it showed.
    let mut plain = start(&home);
    assert_eq!(plain.run(line), "now\nthen none\n");
}

#[test]
fn debug_trap_alone_skips_no_command() {
    let home = home();
    pin(&home, "p", "fast");
    let mut terminal = around(&home, "shopt -s extdebug", "").start();
    terminal.run(r#"exec bash --rcfile <(echo 'eval "$(llmenv init bash --debug-trap)"; shopt -s extdebug; PS1="<pty:$$:\$((n+=1))>"')"#);
    assert_eq!(terminal.run("false; echo one; cd p; echo $LLMENV_PROFILE; cd ..; echo two"), "one\nfast\ntwo\n");
}
