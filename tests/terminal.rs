//! The harness itself: what every other test takes for granted about homes and interactive shells.

use std::time::{Duration, Instant};

use crate::support::{DEADLINE, Home, LLMENV, Shell, Terminal, home};

/// What breaks careless quoting, one value each.
const AWKWARD: &[&str] = &[
    "plain",
    "",
    "-n",
    "-",
    " two  blanks ",
    "a'b\"c`d$HOME$(id)%s%%n\\",
    "!! !x ^a^b",
    "‘’‚‛“”„",
    "naïve 🔑 鍵",
    "line\nbreak\ttab\r",
    "\u{1b}[31m",
    "*?[a]{b,c}~ #;&|<>()=",
];

#[test]
fn prompts_come_one_after_another() {
    for shell in Shell::all("prompts of the harness") {
        let home = Home::new();
        let mut terminal = Terminal::start(&home, shell, "", "");
        for n in 0..3 {
            assert_eq!(terminal.run(&format!("echo line{n}")), format!("line{n}\n"), "{shell:?}");
            assert_eq!(terminal.run(""), "", "{shell:?}: an empty line");
        }
        assert_eq!(terminal.exit(), 0, "{shell:?}");
    }
}

#[test]
fn values_are_read_back_as_they_are() {
    for shell in Shell::all("values read back by the harness") {
        let home = Home::new();
        let mut terminal = Terminal::start(&home, shell, "", "");
        for value in AWKWARD {
            terminal.export("PTY_VALUE", value);
            if shell == Shell::Powershell && value.is_empty() {
                // Before 7.5 an emptied variable is gone, later it stays, empty.
                assert_eq!(terminal.shell_var("PTY_VALUE"), terminal.child_var("PTY_VALUE"));
                continue;
            }
            assert_eq!(terminal.shell_var("PTY_VALUE").as_deref(), Some(*value), "{shell:?}");
            assert_eq!(terminal.child_var("PTY_VALUE").as_deref(), Some(*value), "{shell:?}");
        }
        terminal.unset("PTY_VALUE");
        assert_eq!(terminal.shell_var("PTY_VALUE"), None, "{shell:?}");
        assert_eq!(terminal.child_var("PTY_VALUE"), None, "{shell:?}");
    }
}

#[test]
fn unexported_is_neither_unset_nor_empty() {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let home = Home::new();
        let mut terminal = Terminal::start(&home, shell, "", "");
        terminal.run(if shell == Shell::Fish { "set -g PTY_OWN mine" } else { "PTY_OWN=mine" });
        terminal.export("PTY_EMPTY", "");
        assert_eq!(terminal.shell_var("PTY_OWN").as_deref(), Some("mine"), "{shell:?}");
        assert_eq!(terminal.child_var("PTY_OWN"), None, "{shell:?}");
        assert_eq!(terminal.shell_var("PTY_EMPTY").as_deref(), Some(""), "{shell:?}");
        assert_eq!(terminal.child_var("PTY_EMPTY").as_deref(), Some(""), "{shell:?}");
        assert_eq!(terminal.shell_var("PTY_NEVER"), None, "{shell:?}");
        assert_eq!(terminal.child_var("PTY_NEVER"), None, "{shell:?}");
    }
}

#[test]
fn reading_back_shows_nothing_in_a_trace_and_survives_strict_settings() {
    for shell in [Shell::Bash, Shell::Zsh] {
        let home = Home::new();
        let mut terminal = Terminal::start(&home, shell, "set -u\nset -x\nset -o noclobber", "");
        home.write("value", "traced-if-typed");
        terminal.run("set +x; export PTY_VALUE=$(<value); set -x");
        assert_eq!(terminal.shell_var("PTY_VALUE").as_deref(), Some("traced-if-typed"), "{shell:?}");
        let seen = String::from_utf8_lossy(&terminal.raw_output()).into_owned();
        assert!(!seen.contains("traced-if-typed"), "{shell:?}: {seen}");
        // The control: a line that is traced shows it.
        assert!(terminal.run(": $PTY_VALUE").contains("traced-if-typed"), "{shell:?}");
    }
}

#[test]
fn long_output_comes_back_whole() {
    for shell in Shell::all("long output in the harness") {
        let home = Home::new();
        let mut terminal = Terminal::start(&home, shell, "", "");
        let text = terminal.run("/usr/bin/seq 1 1000");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 1000, "{shell:?}: {text}");
        assert_eq!((lines[0], lines[999]), ("1", "1000"), "{shell:?}");
        assert_eq!(terminal.run("/usr/bin/printf unfinished"), "unfinished", "{shell:?}");
    }
}

#[test]
fn ctrl_c_ends_a_command_and_a_half_typed_line() {
    for shell in Shell::all("Ctrl-C in the harness") {
        let home = Home::new();
        let mut terminal = Terminal::start(&home, shell, "", "");
        terminal.type_line("/bin/sh -c 'echo run$((1+1))ning; exec sleep 1000'");
        terminal.wait_for(|text| text.contains("run2ning\n"));
        terminal.interrupt();
        terminal.wait_prompt();
        terminal.send_raw("half a li");
        terminal.wait_for(|text| text.contains("li"));
        terminal.interrupt();
        terminal.wait_prompt();
        terminal.export("PTY_AFTER", "works");
        assert_eq!(terminal.child_var("PTY_AFTER").as_deref(), Some("works"), "{shell:?}");
    }
}

#[test]
fn noise_in_the_background_is_not_a_prompt() {
    for shell in Shell::all("background noise in the harness") {
        let home = Home::new();
        let mut terminal = Terminal::start(&home, shell, "", "");
        let noise = home.write("noise", "#!/bin/sh\nwhile :; do echo noise; sleep 0.002; done\n");
        terminal.run(&match shell {
            Shell::Powershell => format!("$null = [Diagnostics.Process]::Start('/bin/sh', '{}')", noise.display()),
            _ => format!("/bin/sh {} &", noise.display()),
        });
        for n in 0..5 {
            terminal.export("PTY_N", &n.to_string());
            assert_eq!(terminal.shell_var("PTY_N"), Some(n.to_string()), "{shell:?}");
            assert_eq!(terminal.child_var("PTY_N"), Some(n.to_string()), "{shell:?}");
        }
        terminal.wait_for(|text| text.matches("noise\n").count() > 3);
    }
}

#[test]
fn prompt_functions_run_before_the_prompt_counts() {
    for shell in Shell::all("prompt functions in the harness") {
        let rc = match shell {
            Shell::Bash => "tick() { export PTY_TICK=$((${PTY_TICK:-0} + 1)); sleep 0.05; }\nPROMPT_COMMAND=tick",
            Shell::Zsh => "precmd() { export PTY_TICK=$((${PTY_TICK:-0} + 1)); sleep 0.05 }",
            Shell::Fish => {
                "function tick --on-event fish_prompt; set -gx PTY_TICK (math 0$PTY_TICK + 1); sleep 0.05; end"
            }
            Shell::Powershell => {
                "$global:saved = $function:prompt\n\
                 function global:prompt { $env:PTY_TICK = 1 + $env:PTY_TICK; Start-Sleep -Milliseconds 50; & $global:saved }"
            }
        };
        let home = Home::new();
        let mut terminal = Terminal::start(&home, shell, rc, "");
        let first: u32 = terminal.child_var("PTY_TICK").expect("a count").parse().expect("a number");
        terminal.run("");
        let second: u32 = terminal.child_var("PTY_TICK").expect("a count").parse().expect("a number");
        assert!(first >= 1 && second > first, "{shell:?}: {first}, then {second}");
    }
}

#[test]
fn a_prompt_written_anew_each_time_is_found() {
    for shell in Shell::all("rewritten prompts in the harness") {
        let rc = match shell {
            Shell::Bash => "star() { PS1='star \\w> '; }\nPROMPT_COMMAND=star",
            Shell::Zsh => "star() { PROMPT='star %~> ' }\nprecmd_functions+=(star)",
            Shell::Fish => "function fish_prompt; echo -n 'star> '; end",
            Shell::Powershell => "function global:prompt { 'star> ' }",
        };
        let home = Home::new();
        let mut terminal = Terminal::builder(&home, shell).rc(rc).own_prompt().start();
        for n in 0..3 {
            let text = terminal.run(&format!("echo '{n}'"));
            assert!(text.starts_with(&format!("{n}\n")) && text.contains("star"), "{shell:?}: {text:?}");
        }
    }
}

#[test]
fn nested_and_replaced_shells_have_prompts_too() {
    for (shell, nested) in [(Shell::Bash, "bash"), (Shell::Zsh, "zsh"), (Shell::Fish, "fish")] {
        let home = Home::new();
        let mut terminal = Terminal::start(&home, shell, "", "");
        let outer = terminal.pid();
        terminal.run(nested);
        let inner = terminal.pid();
        assert_ne!(inner, outer, "{shell:?}");
        terminal.run(&format!("exec {nested}"));
        assert_eq!(terminal.pid(), inner, "{shell:?}");
        terminal.run("exit");
        assert_eq!(terminal.pid(), outer, "{shell:?}");
        assert_eq!(terminal.exit(), 0, "{shell:?}");
    }
}

#[test]
fn a_start_has_its_own_directory_and_variables() {
    for shell in Shell::all("start of a shell in the harness") {
        let home = Home::new();
        home.write("some where/file", "");
        let mut terminal = Terminal::builder(&home, shell).cwd("some where").env("PTY_GIVEN", "it's").start();
        assert_eq!(terminal.child_var("PTY_GIVEN").as_deref(), Some("it's"), "{shell:?}");
        assert_eq!(
            terminal.child_var("HOME"),
            home.path("").to_str().map(|path| path.trim_end_matches('/').to_owned())
        );
        assert_eq!(terminal.run("/bin/ls"), "file\n", "{shell:?}");
        let shown = terminal.run("/bin/pwd");
        assert!(shown.ends_with("/some where\n"), "{shell:?}: {shown:?}");
    }
}

#[test]
fn nothing_outlives_a_terminal() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, Shell::Bash, "", "");
    terminal.run("sleep 1000 & set +m; sleep 1001 & echo $! >last; jobs -p >jobs; disown -a");
    let jobs = std::fs::read_to_string(home.path("jobs")).expect("the list of jobs");
    let pids: Vec<&str> = jobs.lines().collect();
    assert_eq!(pids.len(), 2, "{jobs}");
    let sleeps = |pid: &&str| std::fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe.ends_with("sleep"));
    // The control: they run.
    wait_until("both jobs run", || pids.iter().all(sleeps));
    drop(terminal);
    wait_until("no job runs", || !pids.iter().any(sleeps));
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < DEADLINE, "not so within the deadline: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn programs_end_with_their_output_and_status() {
    let home = Home::new();
    let mut command = home.cmd("sh");
    command.args(["-c", "cat; echo out; echo err >&2; exit 3"]);
    let output = home::finish(command, Some(b"in\n".to_vec()));
    assert_eq!(output, home::Output { stdout: "in\nout\n".into(), stderr: "err\n".into(), code: 3 });
    let mut command = home.cmd("sh");
    command.args(["-c", "kill -9 $$"]);
    assert_eq!(home::finish(command, None).code, 137);
    let mut command = home.cmd("env");
    command.arg("-0");
    let environment = home::finish(command, None).stdout;
    let mut names: Vec<&str> =
        environment.split_terminator('\0').filter_map(|entry| Some(entry.split_once('=')?.0)).collect();
    names.sort_unstable();
    assert_eq!(
        names.join(" "),
        "HOME LANG LLMENV_CHECK PATH TERM XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_RUNTIME_DIR XDG_STATE_HOME"
    );
    assert!(environment.contains(&format!("PATH={}:", LLMENV.rsplit_once('/').expect("a path").0)));
}

#[test]
fn a_home_takes_its_daemon_with_it() {
    let home = Home::new();
    let other = Home::new();
    let started = home.llmenv(&["daemon", "start"]);
    assert_eq!(started.code, 0, "{started:?}");
    let pid = home.daemon_pid().expect("a daemon");
    // The control: it runs, and belongs to this home alone.
    assert!(std::path::Path::new(&format!("/proc/{pid}/exe")).exists());
    let published = std::fs::read_dir(home.path(".local/state/llmenv")).expect("the state folder");
    let machine = published.flatten().find(|entry| entry.path().join("daemon").exists()).expect("the daemon's address");
    let address = std::fs::read(machine.path().join("daemon")).expect("the daemon's address");
    other.write(machine.path().strip_prefix(home.path("")).expect("inside the home").join("daemon"), address);
    assert_eq!(other.daemon_pid(), None, "the address of another home's daemon");
    let root = home.path("");
    drop(home);
    assert!(std::fs::read_link(format!("/proc/{pid}/exe")).is_err(), "the daemon {pid} still runs");
    assert!(!root.exists(), "the home is still there");
}
