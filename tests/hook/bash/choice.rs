//! `use`, `off` and the way back; nested, replaced and detached shells.

use super::{assert_holds, assert_nothing, both, held, home, key, pair, pin, start, wait_until};
use crate::support::{Shell, Terminal};

#[test]
fn use_sets_the_pair_in_shell_and_child() {
    let home = home();
    let mut terminal = start(&home);
    assert_nothing(&mut terminal);
    assert_eq!(terminal.run("llmenv use work"), "llmenv: using `work` in this shell\n");
    assert_holds(&mut terminal, "work");
    assert_eq!(both(&mut terminal, "OPENROUTER_API_KEY"), Some(key(1)));
    terminal.run("llmenv use fast");
    assert_holds(&mut terminal, "fast");
    assert_eq!(both(&mut terminal, "OPENROUTER_API_KEY"), None);
}

#[test]
fn use_acts_within_the_line() {
    let home = home();
    let mut terminal = start(&home);
    let text = terminal
        .run("llmenv use work && /bin/sh -c 'echo \"$LLMENV_PROFILE ${OPENAI_API_KEY#sk-or-v1-} $OPENAI_BASE_URL\"'");
    let want = format!("work {} {}\n", &key(1)["sk-or-v1-".len()..], super::URL);
    assert!(text.ends_with(&want), "{text}");
    let text = terminal.run("llmenv use nowhere && echo reached; echo status=$?");
    assert!(text.contains("status=1\n") && !text.contains("reached"), "{text}");
}

#[test]
fn a_failed_use_leaves_everything() {
    let home = home();
    let mut terminal = start(&home);
    terminal.run("llmenv use work");
    let before = terminal.child_var("LLMENV_STATE");
    let text = terminal.run("llmenv use hom");
    assert!(text.contains("`hom`") && text.contains("`home`"), "{text}");
    assert_holds(&mut terminal, "work");
    assert_eq!(terminal.child_var("LLMENV_STATE"), before);
    let text = terminal.run("llmenv use; echo status=$?");
    assert!(text.contains("status=2\n"), "{text}");
    let text = terminal.run("llmenv use work --for never; echo status=$?");
    assert!(!text.contains("status=0\n"), "{text}");
    assert_holds(&mut terminal, "work");
}

#[test]
fn use_dash_goes_back() {
    let home = home();
    let mut terminal = start(&home);
    terminal.run("llmenv use work");
    terminal.run("llmenv use fast");
    terminal.run("llmenv use -");
    assert_holds(&mut terminal, "work");
    terminal.run("llmenv use -");
    assert_holds(&mut terminal, "fast");
    // What changes nothing in this shell is not a step to go back over.
    terminal.run("llmenv use home --global");
    terminal.run("llmenv use -");
    assert_holds(&mut terminal, "work");
    terminal.run("llmenv off");
    assert_nothing(&mut terminal);
    terminal.run("llmenv use -");
    assert_holds(&mut terminal, "work");
}

#[test]
fn use_auto_lets_pins_decide() {
    let home = home();
    pin(&home, "p", "fast");
    let mut terminal = start(&home);
    terminal.run("llmenv use work");
    let text = terminal.run("cd p");
    assert!(text.contains("pinned to `fast`") && text.contains("llmenv use --auto"), "{text}");
    assert_holds(&mut terminal, "work");
    assert_eq!(terminal.run("cd .. && cd p"), "", "said once");
    terminal.run("llmenv use --auto");
    assert_holds(&mut terminal, "fast");
    terminal.run("cd ..");
    assert_nothing(&mut terminal);
}

#[test]
fn a_lease_ends() {
    let home = home();
    let mut terminal = start(&home);
    let text = terminal.run("llmenv use work --for 2s");
    assert!(text.contains("using `work` in this shell for "), "{text}");
    assert_holds(&mut terminal, "work");
    wait_until("the lease ends", || terminal.child_var("OPENAI_API_KEY").is_none());
    assert_nothing(&mut terminal);
    let seen = String::from_utf8_lossy(&terminal.raw_output()).into_owned();
    assert_eq!(seen.matches("the lease of `work` has ended").count(), 1, "{seen}");
}

#[test]
fn a_lease_ends_without_a_daemon_too() {
    let home = home();
    let mut terminal = start(&home);
    terminal.run("llmenv use work --for 3s");
    assert_holds(&mut terminal, "work");
    let daemon = home.daemon_pid().unwrap();
    super::signal(daemon, "-STOP");
    wait_until("the lease ends", || terminal.child_var("OPENAI_API_KEY").is_none());
    assert_nothing(&mut terminal);
    super::signal(daemon, "-CONT");
}

#[test]
fn nested_shells_inherit_the_choice() {
    let home = home();
    pin(&home, "p", "fast");
    let mut terminal = start(&home);
    terminal.run("llmenv use work");
    terminal.run("bash");
    assert_holds(&mut terminal, "work");
    terminal.run("cd p");
    assert_holds(&mut terminal, "work");
    terminal.run("llmenv off");
    terminal.run("bash");
    assert_nothing(&mut terminal);
    assert!(terminal.child_var("LLMENV_STATE").is_some_and(|state| state.contains(":off:")));
    terminal.run("exit");
    terminal.run("exit");
    assert_holds(&mut terminal, "work");
    // Leaving in the nested shell has nothing to give back: what it inherited was llmenv's.
    terminal.run("bash");
    terminal.run("llmenv use --auto");
    assert_nothing(&mut terminal);
    terminal.run("exit");
    // Through another program.
    terminal.run("/bin/sh -c 'exec sh -c \"bash; true\"'");
    assert_holds(&mut terminal, "work");
}

#[test]
fn nested_shells_decide_pins_anew() {
    let home = home();
    pin(&home, "p", "fast");
    pin(&home, "q", "home");
    let mut terminal = start(&home);
    terminal.run("cd p");
    assert_holds(&mut terminal, "fast");
    terminal.run("(cd ../q && exec bash)");
    assert_holds(&mut terminal, "home");
    assert_eq!(both(&mut terminal, "GROQ_API_KEY"), None);
    terminal.run("cd ../");
    assert_nothing(&mut terminal);
    terminal.run("exit");
    assert_holds(&mut terminal, "fast");
    terminal.run("(cd .. && exec bash)");
    assert_nothing(&mut terminal);
}

#[test]
fn children_of_bash_c_have_the_pair() {
    let home = home();
    let mut terminal = start(&home);
    terminal.run("llmenv use work");
    let text = terminal.run("bash -c 'cd / && bash -c \"echo \\$LLMENV_PROFILE \\$OPENAI_BASE_URL\"'");
    assert_eq!(text, format!("work {}\n", super::URL));
}

#[test]
fn exec_keeps_the_choice_and_what_the_user_changed() {
    let home = home();
    let mut terminal = start(&home);
    terminal.run("llmenv use work");
    let pid = terminal.pid();
    terminal.run("exec bash");
    assert_eq!(terminal.pid(), pid);
    assert_holds(&mut terminal, "work");
    terminal.run("export OPENROUTER_API_KEY=mine; exec bash");
    assert_holds(&mut terminal, "work");
    assert_eq!(both(&mut terminal, "OPENROUTER_API_KEY"), Some(key(1)));
    terminal.run("llmenv off");
    assert_eq!(held(&mut terminal), super::NOTHING);
    assert_eq!(both(&mut terminal, "OPENROUTER_API_KEY").as_deref(), Some("mine"));
}

#[test]
fn a_tmux_pane_takes_no_choice_along() {
    let home = home();
    pin(&home, "p", "home");
    let mut terminal = start(&home);
    terminal.run("llmenv use fast");
    let socket = home.path("tmux");
    let tmux = format!("tmux -f /dev/null -S {}", socket.display());
    home.write("report", "#!/bin/bash\nenv -0 >\"$1.part\" && mv \"$1.part\" \"$1\"\n");
    for (dir, report) in [("p", "in-pin"), (".", "outside")] {
        let dir = home.path(dir);
        terminal.run(&format!("{tmux} new-session -d -c {0} -s {1} 'cd {0}; exec bash'", dir.display(), report));
        terminal.run(&format!("{tmux} send-keys -t {report} 'bash ~/report ~/{report}' Enter"));
        let file = home.path(report);
        wait_until("the pane reports", || file.exists());
        let env = std::fs::read_to_string(&file).unwrap();
        let has = |wanted: &str| env.split('\0').any(|entry| entry.starts_with(wanted));
        assert!(!has("GROQ_API_KEY=") && !env.contains(&super::groq_key()), "{report}: {env}");
        if report == "in-pin" {
            let [key, url, profile] = pair("home").map(Option::unwrap);
            for want in
                [format!("OPENAI_API_KEY={key}"), format!("OPENAI_BASE_URL={url}"), format!("LLMENV_PROFILE={profile}")]
            {
                assert!(has(&want), "{report}: {env}");
            }
        } else {
            assert!(!has("OPENAI_") && !has("LLMENV_PROFILE") && !has("LLMENV_STATE"), "{report}: {env}");
        }
    }
    terminal.run(&format!("{tmux} kill-server"));
    assert_holds(&mut terminal, "fast");
}

#[test]
fn off_holds_across_directories() {
    let home = home();
    pin(&home, "p", "fast");
    let mut terminal = start(&home);
    terminal.run("cd p");
    assert_holds(&mut terminal, "fast");
    let text = terminal.run("llmenv off");
    assert!(text.contains("off: nothing is active in this shell"), "{text}");
    assert_nothing(&mut terminal);
    terminal.run("cd .. && cd p");
    assert_nothing(&mut terminal);
    terminal.run("llmenv use --auto");
    assert_holds(&mut terminal, "fast");
}

#[test]
fn t21_life_switch_bash() {
    let home = home();
    let mut terminal = start(&home);
    for profile in ["work", "fast", "home", "fast", "work"] {
        terminal.run(&format!("llmenv use {profile}"));
        assert_holds(&mut terminal, profile);
        let own = both(&mut terminal, "OPENROUTER_API_KEY").is_some();
        assert_eq!(own, profile != "fast", "{profile}");
        assert_eq!(both(&mut terminal, "GROQ_API_KEY").is_some(), profile == "fast", "{profile}");
    }
}

#[test]
fn t21_life_off_bash() {
    let home = home();
    let mut terminal = Terminal::start(&home, Shell::Bash, super::INIT, "");
    terminal.run("env -0 | sort -z | grep -zv ^_= >before");
    terminal.run("llmenv use work; llmenv use fast; llmenv off; llmenv use --auto");
    terminal.run("env -0 | sort -z | grep -zv ^_= >after");
    let [before, after] = ["before", "after"].map(|file| std::fs::read_to_string(home.path(file)).unwrap());
    assert_eq!(after.replace('\0', "\n"), before.replace('\0', "\n"));
    let state = terminal.run("set | grep -a -c -e 'sk-or-v1-' -e 'gsk_' || :");
    assert_eq!(state, "0\n", "no key stays in the shell");
}
