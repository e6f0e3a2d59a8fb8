//! What was there before comes back; what the user changed stays theirs.

use super::{assert_holds, assert_nothing, around, both, held, home, key, pin, start, wait_until};

#[test]
fn earlier_values_come_back_each_in_its_way() {
    let home = home();
    pin(&home, "p", "work");
    let before = "export OPENAI_API_KEY=mine\nOPENAI_BASE_URL=http://unexported\nexport OPENAI_ORG_ID= OPENAI_API_BASE=http://rival";
    let mut terminal = around(&home, before, "").start();
    let control = |terminal: &mut crate::support::Terminal| {
        assert_eq!(both(terminal, "OPENAI_API_KEY").as_deref(), Some("mine"));
        assert_eq!(terminal.shell_var("OPENAI_BASE_URL").as_deref(), Some("http://unexported"));
        assert_eq!(terminal.child_var("OPENAI_BASE_URL"), None);
        assert_eq!(both(terminal, "OPENAI_ORG_ID").as_deref(), Some(""));
        assert_eq!(both(terminal, "OPENAI_API_BASE").as_deref(), Some("http://rival"));
        assert_eq!(both(terminal, "OPENROUTER_API_KEY"), None);
        assert_eq!(both(terminal, "LLMENV_PROFILE"), None);
    };
    control(&mut terminal);
    for (enter, leave) in [("llmenv use work", "llmenv off"), ("cd p; llmenv use --auto", "cd")] {
        terminal.run(enter);
        assert_holds(&mut terminal, "work");
        assert_eq!(both(&mut terminal, "OPENAI_API_BASE"), None, "a rival goes while the pair is active");
        assert_eq!(both(&mut terminal, "OPENAI_ORG_ID"), None);
        terminal.run("llmenv use fast && llmenv use --auto");
        terminal.run(leave);
        control(&mut terminal);
    }
    // And with `set -a`, which exports whatever is assigned.
    terminal.run("set -a; cd ~/p");
    assert_holds(&mut terminal, "work");
    terminal.run("cd; set +a");
    control(&mut terminal);
}

#[test]
fn a_hand_made_change_stays_on_leaving() {
    let home = home();
    pin(&home, "p", "work");
    let mut terminal = around(&home, "export OPENROUTER_API_KEY=first OPENAI_ORG_ID=org", "").start();
    terminal.run("cd p");
    assert_holds(&mut terminal, "work");
    terminal.run("export OPENROUTER_API_KEY=changed OPENAI_ORG_ID=other");
    assert_eq!(both(&mut terminal, "OPENROUTER_API_KEY").as_deref(), Some("changed"));
    terminal.run("");
    assert_holds(&mut terminal, "work");
    terminal.run("cd");
    assert_eq!(held(&mut terminal), super::NOTHING);
    assert_eq!(both(&mut terminal, "OPENROUTER_API_KEY").as_deref(), Some("changed"));
    assert_eq!(both(&mut terminal, "OPENAI_ORG_ID").as_deref(), Some("other"));
}

#[test]
fn a_hand_made_change_stays_on_rotation_and_other_commands() {
    let home = home();
    let mut terminal = start(&home);
    terminal.run("llmenv use work");
    terminal.run("export OPENROUTER_API_KEY=changed");
    assert_eq!(home.llmenv_with(&["rotate", "work", "--key-stdin", "--no-check"], key(3)).code, 0);
    wait_until("the new key", || terminal.child_var("OPENAI_API_KEY") == Some(key(3)));
    assert_eq!(both(&mut terminal, "OPENROUTER_API_KEY").as_deref(), Some("changed"));
    home.write("q/.llmenv.toml", "profile = \"fast\"\n");
    terminal.run("llmenv allow q; llmenv deny q");
    assert_eq!(both(&mut terminal, "OPENROUTER_API_KEY").as_deref(), Some("changed"));
    terminal.run("llmenv off");
    assert_nothing_but(&mut terminal, "changed");
    // A choice made anew takes it, and gives it back.
    terminal.run("llmenv use work");
    assert_eq!(both(&mut terminal, "OPENROUTER_API_KEY"), Some(key(3)));
    terminal.run("llmenv off");
    assert_nothing_but(&mut terminal, "changed");
}

#[track_caller]
fn assert_nothing_but(terminal: &mut crate::support::Terminal, own: &str) {
    assert_eq!(held(terminal), super::NOTHING);
    assert_eq!(both(terminal, "OPENROUTER_API_KEY").as_deref(), Some(own));
}

#[test]
fn an_unset_by_hand_stays_unset() {
    let home = home();
    let mut terminal = around(&home, "export OPENROUTER_API_KEY=first", "").start();
    terminal.run("llmenv use work");
    terminal.run("unset OPENROUTER_API_KEY");
    assert_holds(&mut terminal, "work");
    assert_eq!(both(&mut terminal, "OPENROUTER_API_KEY"), None);
    terminal.run("llmenv off");
    assert_nothing(&mut terminal);
}

#[test]
fn a_read_only_name_refuses_the_whole_pair() {
    let home = home();
    pin(&home, "p", "work");
    pin(&home, "f", "fast");
    let mut terminal = around(&home, "readonly OPENAI_API_KEY=mine", "").start();
    let text = terminal.run("llmenv use work; echo status=$?");
    assert!(text.contains("OPENAI_API_KEY is read-only") && text.ends_with("status=1\n"), "{text}");
    assert!(!text.contains("using `work`"), "{text}");
    let untouched = |terminal: &mut crate::support::Terminal| {
        assert_eq!(terminal.shell_var("OPENAI_API_KEY").as_deref(), Some("mine"));
        for name in ["OPENAI_BASE_URL", "OPENROUTER_API_KEY", "GROQ_API_KEY", "LLMENV_PROFILE"] {
            assert_eq!(both(terminal, name), None, "{name}");
        }
    };
    untouched(&mut terminal);
    let text = terminal.run("cd p");
    assert_eq!(text.matches("OPENAI_API_KEY is read-only").count(), 1, "{text}");
    assert!(!text.contains("does not answer"), "{text}");
    untouched(&mut terminal);
    assert_eq!(terminal.run("echo"), "\n", "said once");
    terminal.run("cd ../f");
    untouched(&mut terminal);
    assert_eq!(terminal.run("cd"), "");
    untouched(&mut terminal);
}

#[test]
fn a_key_made_read_only_while_active_stays_a_whole_pair() {
    let home = home();
    pin(&home, "p", "work");
    pin(&home, "f", "fast");
    let mut terminal = start(&home);
    terminal.run("cd p");
    terminal.run("readonly OPENAI_API_KEY");
    for line in ["cd ../f", "llmenv use fast", "llmenv off", "cd"] {
        let text = terminal.run(line);
        assert!(text.contains("OPENAI_API_KEY is read-only"), "{line}: {text}");
        let [key, url, _] = held(&mut terminal);
        assert_eq!([key, url], [Some(super::key(1)), Some(super::URL.to_owned())], "{line}");
    }
}

#[test]
fn a_read_only_key_in_the_start_up_file_of_a_nested_shell_takes_the_url_out() {
    let home = home();
    let rc = "if [[ -n ${OPENAI_BASE_URL-} ]]; then readonly OPENAI_API_KEY=mine; fi";
    let mut terminal = around(&home, rc, "").start();
    terminal.run("llmenv use work");
    assert_holds(&mut terminal, "work");
    terminal.run("bash");
    let [key, url, _] = held(&mut terminal);
    assert_eq!([key.as_deref(), url.as_deref()], [Some("mine"), None]);
}

#[test]
fn read_only_but_unset_is_seen_too() {
    let home = home();
    let mut terminal = around(&home, "readonly OPENAI_BASE_URL", "").start();
    let text = terminal.run("llmenv use work");
    assert!(text.contains("OPENAI_BASE_URL is read-only"), "{text}");
    assert_eq!(held(&mut terminal), super::NOTHING);
}
