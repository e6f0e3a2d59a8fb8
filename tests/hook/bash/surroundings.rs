//! Everything else in a shell is as if llmenv were not there.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::{INIT, around, assert_holds, assert_nothing, held, home, key, pair, pin, start};
use crate::support::{Shell, Terminal, home as program};

/// Counts the processes that this shell starts meanwhile.
pub fn processes_while(terminal: &mut Terminal, act: impl FnOnce(&mut Terminal)) -> usize {
    let mut strace = std::process::Command::new("strace")
        .args([
            "-f",
            "-e",
            "trace=fork,vfork,clone,clone3,execve",
            "-e",
            "signal=none",
            "-p",
            &terminal.pid().to_string(),
        ])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("strace");
    let mut lines = BufReader::new(strace.stderr.take().unwrap()).lines();
    let attached = lines.next().unwrap().unwrap();
    assert!(attached.contains("attached"), "{attached}");
    act(terminal);
    super::signal(strace.id(), "-INT");
    let calls: Vec<String> =
        lines.map_while(Result::ok).filter(|line| line.contains('(') && line.contains('=')).collect();
    let _ = strace.wait();
    calls.len()
}

#[test]
fn idle_prompt_starts_no_process() {
    let home = home();
    pin(&home, "p", "fast");
    let mut terminal = start(&home);
    let hundred = |terminal: &mut Terminal| (0..100).for_each(|_| drop(terminal.run("")));
    assert_eq!(processes_while(&mut terminal, hundred), 0, "with nothing active");
    terminal.run("llmenv use work");
    assert_eq!(processes_while(&mut terminal, hundred), 0, "with a choice");
    terminal.run("llmenv use --auto; cd p");
    assert_holds(&mut terminal, "fast");
    assert_eq!(processes_while(&mut terminal, hundred), 0, "in a pinned directory");
    // Not even for another directory.
    let around = |terminal: &mut Terminal| {
        for _ in 0..10 {
            terminal.run("cd");
            assert!(terminal.run("echo ${LLMENV_PROFILE-none}").ends_with("none\n"));
            terminal.run("cd p");
            assert!(terminal.run("echo ${LLMENV_PROFILE-none}").ends_with("fast\n"));
        }
    };
    assert_eq!(processes_while(&mut terminal, around), 0, "in and out of a pinned directory");
    // The control.
    assert!(processes_while(&mut terminal, |terminal| drop(terminal.run("(:)"))) > 0);
}

#[test]
fn status_pipestatus_and_last_word_are_kept() {
    let home = home();
    pin(&home, "p", "fast");
    let mut terminal = start(&home);
    for _ in 0..2 {
        terminal.run("(exit 7)");
        assert_eq!(terminal.run("echo $?"), "7\n");
        terminal.run("(exit 3) | (exit 4) | true");
        assert_eq!(terminal.run("echo ${PIPESTATUS[*]}"), "3 4 0\n");
        terminal.run("cd p; (exit 3) | (exit 5)");
        assert_eq!(terminal.run("echo ${PIPESTATUS[*]}"), "3 5\n");
        terminal.run("cd; true last-word");
        assert_eq!(terminal.run("echo $_"), "last-word\n");
        terminal.run("llmenv use work");
    }
    // After a push too.
    assert_eq!(home.llmenv_with(&["rotate", "work", "--key-stdin", "--no-check"], key(3)).code, 0);
    assert_eq!(home.llmenv(&["daemon", "status"]).code, 0);
    terminal.type_line("(exit 3) | (exit 6)");
    terminal.wait_prompt();
    assert_eq!(home.llmenv_with(&["rotate", "work", "--key-stdin", "--no-check"], key(4)).code, 0);
    assert_eq!(home.llmenv(&["daemon", "status"]).code, 0);
    assert_eq!(terminal.run("echo $? ${PIPESTATUS[*]}"), "6 3 6\n");
    terminal.run("true last-word");
    assert_eq!(home.llmenv_with(&["rotate", "work", "--key-stdin", "--no-check"], key(5)).code, 0);
    assert_eq!(home.llmenv(&["daemon", "status"]).code, 0);
    assert_eq!(terminal.run("echo $_"), "last-word\n");
    super::wait_until("the last key", || terminal.child_var("OPENAI_API_KEY") == Some(key(5)));
}

#[test]
fn traps_of_the_user_are_kept() {
    let home = home();
    pin(&home, "p", "fast");
    let traps =
        "trap 'echo int-trap' INT; trap 'echo bye-trap' EXIT; trap 'debugged=1' DEBUG; trap 'echo err-trap' ERR";
    let mut terminal = around(&home, traps, "").start();
    terminal.run("trap >before; cd p");
    assert_holds(&mut terminal, "fast");
    terminal.run("llmenv use work; cd; trap >after; grep -v URG after >rest; grep -v URG before >first; cmp first rest && echo same");
    assert_eq!(terminal.run("cmp first rest && echo same"), "same\n");
    assert!(terminal.run("trap -p INT EXIT DEBUG ERR").contains("int-trap"));
    assert!(terminal.run("false").contains("err-trap"), "the control");
    assert_eq!(terminal.run("true; llmenv use fast 2>/dev/null"), "", "no ERR from within");
    terminal.type_line("exit 0");
    terminal.wait_for(|text| text.contains("bye-trap\n"));
    assert_eq!(terminal.wait_end(), 0);
}

#[test]
fn an_urg_trap_of_the_user_is_respected() {
    let home = home();
    let mut terminal = around(&home, "trap 'echo mine' URG", "").start();
    assert_eq!(terminal.run("trap -p URG"), "trap -- 'echo mine' SIGURG\n");
    terminal.run("llmenv use work");
    assert_eq!(home.llmenv_with(&["rotate", "work", "--key-stdin", "--no-check"], key(3)).code, 0);
    super::wait_until("the next prompts see it", || terminal.child_var("OPENAI_API_KEY") == Some(key(3)));
    let seen = String::from_utf8_lossy(&terminal.raw_output()).into_owned();
    assert!(!seen.contains("mine\r\n") || seen.matches("mine\r\n").count() == 0, "no signal was sent: {seen}");
    assert_eq!(terminal.run("kill -URG $$"), "mine\n");
}

#[test]
fn aliases_do_not_reach_into_the_hook() {
    let home = home();
    pin(&home, "p", "fast");
    let names = [
        "local", "builtin", "export", "unset", "printf", "read", "return", "set", "case", "command", "declare", "trap",
        "shopt",
    ];
    let aliases: Vec<String> = names.iter().map(|name| format!("alias {name}='echo aliased {name};'")).collect();
    let mut terminal = around(&home, &aliases.join("\n"), "").start();
    terminal.run("cd p");
    assert_holds_quietly(&mut terminal, "fast");
    terminal.run("llmenv use work");
    assert_holds_quietly(&mut terminal, "work");
    let seen = String::from_utf8_lossy(&terminal.raw_output()).into_owned();
    assert!(!seen.contains("aliased "), "{seen}");
    assert_eq!(terminal.run("alias local"), "alias local='echo aliased local;'\n", "they are still there");
}

/// The harness reads back with `builtin`, which may be an alias here: a child alone is asked.
fn assert_holds_quietly(terminal: &mut Terminal, profile: &str) {
    let [key, url, name] = pair(profile);
    let held = ["OPENAI_API_KEY", "OPENAI_BASE_URL", "LLMENV_PROFILE"].map(|name| terminal.child_var(name));
    assert_eq!(held, [key, url, name]);
}

#[test]
fn functions_named_like_builtins_are_not_called() {
    let home = home();
    pin(&home, "p", "fast");
    let names = ["export", "unset", "printf", "read", "set", "declare", "trap", "eval"];
    let functions: Vec<String> = names.iter().map(|name| format!("{name}() {{ echo shadowed {name}; }}")).collect();
    let mut terminal = around(&home, "", &functions.join("\n")).start();
    terminal.run("cd p");
    assert_holds(&mut terminal, "fast");
    terminal.run("llmenv use work");
    assert_holds(&mut terminal, "work");
    assert!(!String::from_utf8_lossy(&terminal.raw_output()).contains("shadowed"));
}

#[test]
fn loaded_twice_counts_once() {
    let home = home();
    let mut terminal = around(&home, "PROMPT_COMMAND=tick; tick() { :; }", INIT).start();
    assert_eq!(terminal.run("declare -p PROMPT_COMMAND | grep -o __llmenv_prompt"), "__llmenv_prompt\n");
    terminal.run("llmenv use work");
    terminal.run(". ~/.bashrc");
    assert_holds(&mut terminal, "work");
    // The start-up file wrote PROMPT_COMMAND anew; the hook is there again, once.
    assert_eq!(terminal.run("declare -p PROMPT_COMMAND | grep -o __llmenv_prompt"), "__llmenv_prompt\n");
    terminal.run("llmenv use --auto");
    assert_nothing(&mut terminal);
}

#[test]
fn every_form_of_prompt_command() {
    let home = home();
    pin(&home, "p", "fast");
    let tick = "tick() { local s=$?; ticks=$((${ticks-0}+1)); return $s; }; tock() { tocks=$((${tocks-0}+1)); }";
    let forms = [
        ("PROMPT_COMMAND=tick", ""),
        ("PROMPT_COMMAND='tick;'", ""),
        ("PROMPT_COMMAND='tick ; '", ""),
        ("PROMPT_COMMAND=$'tick\\ntock\\n'", ""),
        ("PROMPT_COMMAND='tick # a comment'", ""),
        ("PROMPT_COMMAND=(tick tock)", ""),
        ("PROMPT_COMMAND=([3]=tick [7]=tock)", ""),
        ("PROMPT_COMMAND=(tick)", ""),
        ("", "PROMPT_COMMAND=\"tick;$PROMPT_COMMAND\""),
        ("", "PROMPT_COMMAND=\"$PROMPT_COMMAND;tick\""),
        ("", "PROMPT_COMMAND+=(tick)"),
        ("export PROMPT_COMMAND=tick", ""),
        // starship and its like: what was there is kept and called by their own function.
        (
            "",
            "STARSHIP_PROMPT_COMMAND=$PROMPT_COMMAND; star() { local s=$?; tick; eval \"$STARSHIP_PROMPT_COMMAND\"; return $s; }; PROMPT_COMMAND=star",
        ),
        // VS Code and its like.
        (
            "",
            "__vsc_original_prompt_command=$PROMPT_COMMAND; vsc() { local s=$?; tick; builtin eval \"$__vsc_original_prompt_command\"; return $s; }; PROMPT_COMMAND=vsc",
        ),
    ];
    for (before, after) in forms {
        let mut terminal = around(&home, &format!("{tick}\n{before}"), &format!("{after}\n{INIT}")).start();
        let what = format!("{before} | {after}");
        terminal.run("cd p");
        assert_eq!(held(&mut terminal), pair("fast"), "{what}");
        let first: u32 = terminal.shell_var("ticks").unwrap_or_default().parse().expect(&what);
        terminal.run("");
        let second: u32 = terminal.shell_var("ticks").unwrap_or_default().parse().expect(&what);
        assert!(second > first, "{what}: the user's own runs on");
        terminal.run("(exit 9)");
        assert_eq!(terminal.run("echo $?"), "9\n", "{what}");
        terminal.run("cd");
        assert_eq!(held(&mut terminal), super::NOTHING, "{what}");
        let seen = String::from_utf8_lossy(&terminal.raw_output()).into_owned();
        assert!(!seen.contains("not found") && !seen.contains("syntax error"), "{what}: {seen}");
    }
}

#[test]
fn a_copied_function_is_the_program() {
    let home = home();
    let mut terminal = start(&home);
    terminal.run("llmenv use fast; declare -f llmenv >copy; declare -f >all; declare -p >vars 2>/dev/null");
    for copy in [". ./copy", ". ./all", ". ./vars 2>/dev/null; . ./all"] {
        let text = terminal.run(&format!("bash -c '{copy}; llmenv use work; echo status=$?'"));
        assert!(text.contains("status=2\n"), "{copy}: {text}");
        assert!(
            text.contains("llmenv exec work -- ") && text.contains("eval \"$(llmenv env work --format bash)\""),
            "{copy}: {text}"
        );
        let text = terminal.run(&format!("bash -c '{copy}; llmenv list >/dev/null; echo status=$?'"));
        assert!(text.ends_with("status=0\n"), "{copy}: {text}");
    }
}

#[test]
fn a_shell_without_prompts_is_left_alone() {
    let home = home();
    assert_eq!(home.llmenv(&["use", "fast", "--global"]).code, 0);
    let mut command = home.cmd("bash");
    let script = format!(
        "{INIT}\necho \"${{OPENAI_API_KEY-none}} ${{PROMPT_COMMAND-none}}\"; trap -p URG DEBUG RETURN EXIT INT; llmenv use work; echo $?"
    );
    command.args(["-c", &script]);
    let ran = program::finish(command, None);
    assert_eq!(ran.stdout, "none none\n2\n");
    assert!(ran.stderr.contains("llmenv exec work -- "), "{}", ran.stderr);
}

#[test]
fn the_hook_can_be_switched_off() {
    let home = home();
    assert_eq!(home.llmenv(&["use", "fast", "--global"]).code, 0);
    let mut terminal = Terminal::builder(&home, Shell::Bash).rc(INIT).env("LLMENV_HOOK", "0").start();
    assert_nothing(&mut terminal);
    assert_eq!(terminal.run("echo ${PROMPT_COMMAND-none}"), "none\n");
    assert!(terminal.run("llmenv use work; echo status=$?").contains("status=2\n"));
    // In the middle of a session too: nothing more happens.
    let mut terminal = start(&home);
    assert_holds(&mut terminal, "fast");
    terminal.run("LLMENV_HOOK=0");
    pin(&home, "p", "work");
    terminal.run("cd p");
    assert_holds(&mut terminal, "fast");
}
