//! Options and variables of a shell that change what a script means.

use super::{around, assert_holds, assert_nothing, both, held, home, key, pair, pin, start};
use crate::support::{Home, Terminal};

/// A walk through everything that a shell does, under an option.
fn walk(home: &Home, before: &str, after: &str) {
    let mut terminal = around(home, before, after).start();
    let what = format!("{before} | {after}");
    let holds = |terminal: &mut Terminal, profile: &str| assert_eq!(held(terminal), pair(profile), "{what}: {profile}");
    terminal.run("llmenv use work");
    holds(&mut terminal, "work");
    terminal.run("llmenv off");
    assert_eq!(held(&mut terminal), super::NOTHING, "{what}");
    terminal.run("llmenv use --auto");
    terminal.run("cd ~/p");
    holds(&mut terminal, "fast");
    terminal.run("export OPENAI_ORG_ID=x");
    terminal.run("cd");
    assert_eq!(held(&mut terminal), super::NOTHING, "{what}");
    terminal.run("unset OPENAI_ORG_ID; llmenv use work");
    terminal.run("export OPENAI_BASE_URL=https://other.example");
    assert_eq!(both(&mut terminal, "OPENAI_API_KEY"), None, "{what}");
    terminal.run("llmenv use home");
    holds(&mut terminal, "home");
    assert_eq!(terminal.run("builtin echo still here"), "still here\n", "{what}");
    let seen = String::from_utf8_lossy(&terminal.raw_output()).into_owned();
    for wrong in ["unbound variable", "bad substitution", "no match", "syntax error", "invalid", "not found", "cannot"]
    {
        assert!(!seen.contains(wrong), "{what}: {seen}");
    }
}

#[test]
fn t14_option_sets_bash() {
    let home = home();
    pin(&home, "p", "fast");
    let options = [
        "set -u",
        "set -e",
        "set -eu -o pipefail",
        "set -o posix",
        "set -f",
        "set -a",
        "set -C",
        "set -T",
        "set -E",
        "shopt -s nocasematch extglob nullglob",
        "shopt -s failglob",
        "shopt -s localvar_inherit",
        "shopt -s extdebug",
        "IFS=",
        "IFS=/:=_",
        "export LANG=C LC_ALL=C",
        "GLOBIGNORE='*'",
        "unset SECONDS",
        "readonly LC_ALL",
    ];
    for option in options {
        walk(&home, "", option);
    }
    for option in
        ["set -u", "set -e", "set -o posix", "set -a", "shopt -s nocasematch extglob nullglob failglob", "IFS=:"]
    {
        walk(&home, option, "");
    }
}

#[test]
fn nocasematch_does_not_make_two_directories_one() {
    let home = home();
    pin(&home, "p", "fast");
    std::fs::create_dir(home.path("P")).unwrap();
    let mut terminal = around(&home, "shopt -s nocasematch", "").start();
    terminal.run("cd p");
    assert_holds(&mut terminal, "fast");
    terminal.run("cd ../P");
    assert_nothing(&mut terminal);
}

#[test]
fn set_e_with_a_failed_condition_goes_on() {
    let home = home();
    let mut terminal = around(&home, "", "set -e").start();
    terminal.run("! true");
    assert_eq!(terminal.run("echo alive"), "alive\n");
}

#[test]
fn tracing_shows_no_key() {
    let home = home();
    pin(&home, "p", "fast");
    let mut terminal = around(&home, "", "set -xv").start();
    for line in
        ["llmenv use work", "cd p", "llmenv use fast", "llmenv off", "llmenv use --auto", "cd", "bash -x -i -c true"]
    {
        terminal.run(line);
    }
    terminal.run("llmenv use work");
    assert_eq!(home.llmenv_with(&["rotate", "work", "--key-stdin", "--no-check"], key(3)).code, 0);
    super::wait_until("the new key", || terminal.child_var("OPENAI_API_KEY") == Some(key(3)));
    terminal.run("flags=$-");
    assert!(terminal.shell_var("flags").unwrap().contains('x'), "tracing stays on");
    let seen = String::from_utf8_lossy(&terminal.raw_output()).into_owned();
    assert!(!seen.contains("0123456789abcdef0123456789abcdef") && !seen.contains("a1B2a1B2"), "{seen}");
    // The control: a traced line shows it.
    assert!(terminal.run(": $OPENAI_API_KEY").contains("0123456789abcdef0123456789abcdef"));
}

#[test]
fn allexport_exports_only_what_is_served() {
    let home = home();
    pin(&home, "p", "fast");
    let mut terminal = around(&home, "set -a\nexport OPENAI_API_KEY=sk-mine-before", "").start();
    terminal.run("llmenv use work; llmenv use fast; llmenv use work; env -0 >with");
    let env = std::fs::read_to_string(home.path("with")).unwrap();
    let holding: Vec<&str> = env
        .split('\0')
        .filter(|entry| entry.contains(&key(1)) || entry.contains("gsk_") || entry.contains("sk-mine-before"))
        .filter_map(|entry| Some(entry.split_once('=')?.0))
        .collect();
    let mut sorted = holding.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["OPENAI_API_KEY", "OPENROUTER_API_KEY", "OR_API_KEY"]);
    // A nested shell that inherits everything has a hook of its own.
    terminal.run("bash");
    assert_holds(&mut terminal, "work");
    terminal.run("llmenv use fast");
    assert_holds(&mut terminal, "fast");
    terminal.run("exec bash");
    assert_holds(&mut terminal, "fast");
    terminal.run("cd p; llmenv use --auto");
    assert_holds(&mut terminal, "fast");
}

#[test]
fn locale_and_options_are_as_before() {
    let home = home();
    let mut terminal = start(&home);
    terminal.run("llmenv use work; word=näïve");
    assert_eq!(terminal.run("echo ${#word}; shopt -q expand_aliases && echo aliases"), "5\naliases\n");
    assert_eq!(terminal.run("declare -p LC_ALL 2>/dev/null || echo none"), "none\n");
}
