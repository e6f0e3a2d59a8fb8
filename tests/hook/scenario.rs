//! What is the same in every shell. Each function takes the shell; `every_scenario!` makes a test of each.

use std::io::Write;
use std::path::Path;

use super::scene::{
    Account, FAST, Scene, WORK, WORK_NEXT, assert_active, assert_both, assert_nothing, assert_pair, cd_line, choose,
    draw_until, enter, init_line, said, var_in, wait_until,
};
use crate::support::{Shell, Terminal};

/// One test a scenario.
macro_rules! every_scenario {
    ($shell:expr) => {
        crate::hook::scenario::every_scenario!($shell, crate::hook::scenario:
            use_holds_everywhere,
            use_counts_for_the_same_line,
            a_failed_use_changes_nothing,
            pins_come_and_go,
            off_holds_and_use_goes_back,
            earlier_values_come_back,
            what_is_changed_by_hand_stays,
            nested_and_replaced_shells_keep_the_choice,
            tmux_pane_starts_clean,
            t21_rotation_elsewhere_reaches_the_first_command,
            t21_another_default_waits_for_the_prompt,
            t21_removal_elsewhere_empties_the_shell,
            a_lease_ends,
            direnv_changes_the_address,
            a_foreign_key_takes_the_address_out,
            status_and_traps_are_kept,
            trace_shows_no_key,
            loaded_twice_is_loaded_once,
            beside_other_prompt_functions,
            awkward_values_arrive,
            t14_awkward_directories,
            the_function_alone_is_the_program,
            idle_prompt_starts_no_process,
        );
        crate::hook::scenario::every_scenario!($shell, crate::hook::failure:
            killed_daemon_comes_back,
            t22_stopped_daemon,
            absent_program_is_told_once,
            t02_fake_daemon_payload,
            t02_half_answers_apply_nothing,
            a_failure_in_place_changes_nothing,
        );
        crate::hook::scenario::every_scenario!($shell, crate::hook::watching:
            a_file_that_competes_is_told_once,
            the_shells_own_token_is_no_rival,
            whom_it_does_not_concern_is_not_told,
        );
    };
    ($shell:expr, $module:path: $($name:ident,)+) => { $( #[test] fn $name() { use $module as list; list::$name($shell); } )+ };
}
pub(super) use every_scenario;

/// `use` in a shell is seen by the shell and its children, in every directory, pinned or not.
pub fn use_holds_everywhere(shell: Shell) {
    let scene = Scene::new();
    let pinned = scene.pin("pinned", &FAST);
    let mut terminal = scene.shell(shell);
    assert_nothing(&mut terminal);
    choose(&mut terminal, "llmenv use work");
    assert_active(&mut terminal, &WORK);
    let text = enter(&mut terminal, &pinned);
    assert_eq!(
        said(&text),
        [
            "llmenv: this directory is pinned to `fast`, but `llmenv use work` holds in this shell; `llmenv use --auto` follows the pin"
        ]
    );
    assert_active(&mut terminal, &WORK);
    assert_eq!(said(&terminal.run("")), [""; 0], "it is said once");
    choose(&mut terminal, "llmenv use --auto");
    assert_active(&mut terminal, &FAST);
}

/// `llmenv use x && command`.
pub fn use_counts_for_the_same_line(shell: Shell) {
    let scene = Scene::new();
    let mut terminal = scene.shell(shell);
    let file = scene.home.path("same-line");
    terminal.run(&format!("llmenv use work && {}", shell.child_line(&file)));
    assert_eq!(var_in(&file, "OPENAI_API_KEY").as_deref(), Some(WORK.key));
    assert_eq!(var_in(&file, "OPENAI_BASE_URL").as_deref(), Some(WORK.url));
}

/// An unknown profile: status, one message, and the shell as it was.
pub fn a_failed_use_changes_nothing(shell: Shell) {
    let scene = Scene::new();
    let mut terminal = scene.shell(shell);
    choose(&mut terminal, "llmenv use work");
    let text = terminal.run("llmenv use wrok || echo failed");
    assert!(text.contains("wrok") && text.contains("`work`") && text.ends_with("failed\n"), "{text}");
    assert_active(&mut terminal, &WORK);
}

/// By `cd`: in, deeper, back out and away.
pub fn pins_come_and_go(shell: Shell) {
    let scene = Scene::new();
    let outer = scene.pin("outer", &WORK);
    let inner = scene.pin("outer/some/inner", &FAST);
    let mut terminal = scene.shell(shell);
    assert_nothing(&mut terminal);
    enter(&mut terminal, &outer);
    assert_active(&mut terminal, &WORK);
    enter(&mut terminal, &outer.join("some"));
    assert_active(&mut terminal, &WORK);
    enter(&mut terminal, &inner);
    assert_active(&mut terminal, &FAST);
    enter(&mut terminal, &outer);
    assert_active(&mut terminal, &WORK);
    enter(&mut terminal, &scene.home.path(""));
    assert_nothing(&mut terminal);
    assert_both(&mut terminal, "LLMENV_STATE", None);
    // A shell that starts there has it at its first prompt.
    let mut terminal = scene.builder(shell).cwd("outer").start();
    assert_active(&mut terminal, &WORK);
}

/// `off` in a pinned directory and beyond; `use -` returns.
pub fn off_holds_and_use_goes_back(shell: Shell) {
    let scene = Scene::new();
    let pinned = scene.pin("pinned", &FAST);
    let mut terminal = scene.shell(shell);
    choose(&mut terminal, "llmenv use work");
    choose(&mut terminal, "llmenv off");
    assert_nothing(&mut terminal);
    enter(&mut terminal, &pinned);
    assert_nothing(&mut terminal);
    choose(&mut terminal, "llmenv use -");
    assert_active(&mut terminal, &WORK);
    choose(&mut terminal, "llmenv use -");
    assert_nothing(&mut terminal);
    choose(&mut terminal, "llmenv use --auto");
    assert_active(&mut terminal, &FAST);
}

/// Unset, set, set without export, and empty, each as it was.
pub fn earlier_values_come_back(shell: Shell) {
    let scene = Scene::new();
    let pinned = scene.pin("pinned", &WORK);
    let mut terminal = scene.shell(shell);
    terminal.export("OPENAI_BASE_URL", "http://127.0.0.1:1/it's \"mine\" $HOME");
    terminal.export("OPENAI_ORG_ID", "org-mine");
    let has_unexported = shell != Shell::Powershell;
    if has_unexported {
        let set = if shell == Shell::Fish { "set -g OPENAI_API_KEY " } else { "OPENAI_API_KEY=" };
        terminal.run(&format!("{set}unexported-mine"));
        terminal.export("OPENROUTER_BASE_URL", "");
    }
    for _ in 0..2 {
        enter(&mut terminal, &pinned);
        assert_active(&mut terminal, &WORK);
        assert_both(&mut terminal, "OPENAI_ORG_ID", None);
        enter(&mut terminal, &scene.home.path(""));
        assert_both(&mut terminal, "OPENAI_BASE_URL", Some("http://127.0.0.1:1/it's \"mine\" $HOME"));
        assert_both(&mut terminal, "OPENAI_ORG_ID", Some("org-mine"));
        assert_both(&mut terminal, "OPENROUTER_API_KEY", None);
        if has_unexported {
            assert_eq!(terminal.shell_var("OPENAI_API_KEY").as_deref(), Some("unexported-mine"), "{shell:?}");
            assert_eq!(terminal.child_var("OPENAI_API_KEY"), None, "{shell:?}: it was not exported");
            assert_both(&mut terminal, "OPENROUTER_BASE_URL", Some(""));
        }
    }
}

/// What the user changes while a profile is active is the user's, on leaving too.
pub fn what_is_changed_by_hand_stays(shell: Shell) {
    let scene = Scene::new();
    let pinned = scene.pin("pinned", &WORK);
    let mut terminal = scene.shell(shell);
    enter(&mut terminal, &pinned);
    terminal.export("OPENROUTER_API_BASE", "http://127.0.0.1:2/mine");
    terminal.unset("OPENROUTER_BASE_URL");
    terminal.run("");
    scene.until_told(&terminal, || scene.rotate_work());
    draw_until(&mut terminal, "OPENAI_API_KEY", Some(WORK_NEXT));
    assert_pair(&mut terminal, Some(WORK_NEXT), Some(WORK.url));
    assert_both(&mut terminal, "OPENROUTER_API_BASE", Some("http://127.0.0.1:2/mine"));
    assert_both(&mut terminal, "OPENROUTER_BASE_URL", None);
    enter(&mut terminal, &scene.home.path(""));
    assert_nothing(&mut terminal);
    assert_both(&mut terminal, "OPENROUTER_API_BASE", Some("http://127.0.0.1:2/mine"));
    assert_both(&mut terminal, "OPENROUTER_BASE_URL", None);
}

/// A shell in a shell, and one that takes the place of another.
pub fn nested_and_replaced_shells_keep_the_choice(shell: Shell) {
    let scene = Scene::new();
    let pinned = scene.pin("pinned", &FAST);
    let mut terminal = scene.shell(shell);
    choose(&mut terminal, "llmenv use work");
    let outer = terminal.pid();
    let program = nested_line(&scene, shell);
    terminal.run(&program);
    assert_ne!(terminal.pid(), outer);
    assert_active(&mut terminal, &WORK);
    // It goes its own way, and the outer one does not notice.
    choose(&mut terminal, "llmenv use --auto");
    assert_nothing(&mut terminal);
    enter(&mut terminal, &pinned);
    assert_active(&mut terminal, &FAST);
    terminal.run("exit");
    assert_eq!(terminal.pid(), outer);
    assert_active(&mut terminal, &WORK);
    if shell == Shell::Powershell {
        return;
    }
    terminal.run(&format!("exec {program}"));
    assert_eq!(terminal.pid(), outer);
    assert_active(&mut terminal, &WORK);
    choose(&mut terminal, "llmenv use --auto");
    assert_nothing(&mut terminal);
}

/// The line that starts the same shell with the same start-up file.
pub fn nested_line(scene: &Scene, shell: Shell) -> String {
    let rc = scene.home.path(shell.rc_file());
    let words: Vec<_> = shell.argv(&rc).iter().map(|word| word.to_str().unwrap().to_owned()).collect();
    words.join(" ")
}

/// A server that was started from an active shell hands nothing of it to its panes.
pub fn tmux_pane_starts_clean(shell: Shell) {
    let scene = Scene::new();
    let mut terminal = scene.builder(shell).env("TMUX_TMPDIR", scene.home.path("run")).start();
    choose(&mut terminal, "llmenv use work");
    let program = nested_line(&scene, shell);
    let file = scene.home.path("pane");
    terminal.run(&format!("tmux -L hook -f /dev/null new-session -d -x 500 -y 50 '{program}'"));
    let inherited = terminal.run("tmux -L hook show-environment -g LLMENV_PROFILE");
    // The control: the server has it.
    assert_eq!(inherited, "LLMENV_PROFILE=work\n");
    let pane = || {
        let mut tmux = scene.home.cmd("tmux");
        tmux.env("TMUX_TMPDIR", scene.home.path("run")).args(["-L", "hook", "capture-pane", "-p"]);
        crate::support::home::finish(tmux, None).stdout
    };
    wait_until("the pane has a prompt", || pane().contains("<pty:"));
    terminal.run(&format!("tmux -L hook send-keys -l {}", shell.quote(&shell.child_line(&file))));
    terminal.run("tmux -L hook send-keys Enter");
    wait_until("the pane wrote its environment", || std::fs::read(&file).is_ok_and(|bytes| bytes.ends_with(b"\0")));
    terminal.run("tmux -L hook kill-server");
    for name in ["OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENROUTER_API_KEY", "LLMENV_PROFILE"] {
        assert_eq!(var_in(&file, name), None, "{shell:?}: {name} in the pane");
    }
    assert!(var_in(&file, "TMUX").is_some());
    assert_active(&mut terminal, &WORK);
}

/// The very next command after a rotation in another terminal has the new key.
pub fn t21_rotation_elsewhere_reaches_the_first_command(shell: Shell) {
    let scene = Scene::new();
    let mut terminal = scene.shell(shell);
    choose(&mut terminal, "llmenv use work");
    assert_active(&mut terminal, &WORK);
    scene.until_told(&terminal, || scene.rotate_work());
    let file = scene.home.path("first");
    terminal.run(&shell.child_line(&file));
    assert_eq!(var_in(&file, "OPENAI_API_KEY").as_deref(), Some(WORK_NEXT), "{shell:?}");
    assert_pair(&mut terminal, Some(WORK_NEXT), Some(WORK.url));
    choose(&mut terminal, "llmenv off");
    assert_nothing(&mut terminal);
}

/// A command that runs, and the one after it on the same line, keep the profile that the prompt showed.
pub fn t21_another_default_waits_for_the_prompt(shell: Shell) {
    let scene = Scene::new();
    scene.must(&["use", "work", "--global"], "");
    let mut terminal = scene.shell(shell);
    assert_active(&mut terminal, &WORK);
    let (fifo, file, first) = (scene.home.path("fifo"), scene.home.path("second"), scene.home.path("first"));
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    terminal.type_line(&format!("/bin/cat {}; {}", fifo.display(), shell.child_line(&file)));
    // Opens once the line runs.
    let mut held = std::fs::OpenOptions::new().write(true).open(&fifo).unwrap();
    scene.until_told(&terminal, || scene.must(&["use", "fast", "--global"], ""));
    held.write_all(b"go on\n").unwrap();
    drop(held);
    terminal.wait_prompt();
    assert_eq!(var_in(&file, "OPENAI_API_KEY").as_deref(), Some(WORK.key), "{shell:?}: in the middle of a line");
    assert_eq!(var_in(&file, "OPENAI_BASE_URL").as_deref(), Some(WORK.url));
    draw_until(&mut terminal, "OPENAI_API_KEY", Some(FAST.key));
    assert_active(&mut terminal, &FAST);
    // At a prompt that has been drawn it waits too: what the prompt shows is what the command gets.
    scene.until_told(&terminal, || scene.must(&["use", "work", "--global"], ""));
    terminal.run(&shell.child_line(&first));
    assert_eq!(var_in(&first, "OPENAI_API_KEY").as_deref(), Some(FAST.key), "{shell:?}: the prompt showed `fast`");
    draw_until(&mut terminal, "OPENAI_API_KEY", Some(WORK.key));
    assert_active(&mut terminal, &WORK);
}

/// A profile that is gone leaves every shell at its next prompt; so does `lock`.
pub fn t21_removal_elsewhere_empties_the_shell(shell: Shell) {
    let scene = Scene::new();
    let mut terminal = scene.shell(shell);
    choose(&mut terminal, "llmenv use work");
    scene.until_told(&terminal, || scene.must(&["lock"], ""));
    draw_until(&mut terminal, "OPENAI_API_KEY", None);
    assert_pair(&mut terminal, None, None);
    choose(&mut terminal, "llmenv off");
    assert_nothing(&mut terminal);
    assert_both(&mut terminal, "OPENAI_BASE_URL", None);
}

/// What direnv 2.33 and later do in PowerShell, for the older ones of distributions.
const DIRENV_POWERSHELL: &str = r"$global:direnv = [EventHandler[Management.Automation.LocationChangedEventArgs]] {
  foreach ($change in (direnv export json 2>$null | ConvertFrom-Json).PSObject.Properties) {
    if ($null -eq $change.Value) { Remove-Item -LiteralPath Env:$($change.Name) } else { Set-Item -LiteralPath Env:$($change.Name) $change.Value }
  }
}
$at = $ExecutionContext.SessionState.InvokeCommand
$at.LocationChangedAction = [Delegate]::Combine($at.LocationChangedAction, $global:direnv)";

/// `--for`, with the daemon there and without it.
pub fn a_lease_ends(shell: Shell) {
    let scene = Scene::new();
    let mut terminal = scene.shell(shell);
    for is_alive in [true, false] {
        choose(&mut terminal, "llmenv use work --for 2s");
        if !is_alive {
            scene.home.end_daemon();
            std::fs::remove_file(scene.home.path(".config/llmenv/config.toml")).unwrap();
        }
        let begun = std::time::Instant::now();
        wait_until("the time is over", || begun.elapsed().as_secs() >= 3);
        terminal.run("");
        terminal.run("");
        assert_pair(&mut terminal, None, None);
        assert_both(&mut terminal, "LLMENV_PROFILE", None);
    }
}

/// direnv's `.envrc` points the address elsewhere: the key goes, one line says so, direnv's value stays.
pub fn direnv_changes_the_address(shell: Shell) {
    for direnv_first in [true, false] {
        let scene = Scene::new();
        let dir = scene.home.path("direnv");
        scene.home.write("direnv/.envrc", "export OPENAI_BASE_URL=https://elsewhere.example/v1\n");
        let mut allow = scene.home.cmd("direnv");
        allow.arg("allow").arg(&dir);
        assert_eq!(crate::support::home::finish(allow, None).code, 0);
        let hook = match shell {
            Shell::Bash | Shell::Zsh => format!("eval \"$(direnv hook {})\"", shell.name()),
            Shell::Fish => "direnv hook fish | source".to_owned(),
            Shell::Powershell => DIRENV_POWERSHELL.to_owned(),
        };
        let rc = if direnv_first { [hook.as_str(), init_line(shell)] } else { [init_line(shell), hook.as_str()] };
        let mut terminal = Terminal::builder(&scene.home, shell).rc(&rc.join("\n")).start();
        choose(&mut terminal, "llmenv use work");
        assert_active(&mut terminal, &WORK);
        let mut text = enter(&mut terminal, &dir);
        text += &terminal.run("");
        assert_eq!(
            said(&text),
            ["llmenv: OPENAI_BASE_URL was changed to another host, so the key of `work` was taken out of this shell \
              (pair-mixed); `llmenv use work` sets both"],
            "{shell:?}, direnv first: {direnv_first}"
        );
        assert_pair(&mut terminal, None, Some("https://elsewhere.example/v1"));
        assert_both(&mut terminal, "LLMENV_PROFILE", None);
        // Released: the next prompts leave it alone, `use` sets both again.
        terminal.run("");
        assert_pair(&mut terminal, None, Some("https://elsewhere.example/v1"));
        choose(&mut terminal, "llmenv use work");
        assert_active(&mut terminal, &WORK);
    }
}

/// The other half: a key of another provider, typed by hand.
pub fn a_foreign_key_takes_the_address_out(shell: Shell) {
    let scene = Scene::new();
    let mut terminal = scene.shell(shell);
    choose(&mut terminal, "llmenv use work");
    let mut text = terminal.run(&shell.export_line("OPENAI_API_KEY", FAST.key));
    text += &draw_until(&mut terminal, "OPENAI_BASE_URL", None);
    assert_eq!(
        said(&text),
        [
            "llmenv: OPENAI_API_KEY was changed to a key that is not `work`'s, so its base URL was taken out of this shell \
          (pair-mixed); `llmenv use work` sets both"
        ]
    );
    assert_pair(&mut terminal, Some(FAST.key), None);
    choose(&mut terminal, "llmenv use work");
    assert_active(&mut terminal, &WORK);
}

/// `$?`, `PIPESTATUS` and an INT trap, with prompts at which the hook acts in between.
pub fn status_and_traps_are_kept(shell: Shell) {
    let scene = Scene::new();
    let pinned = scene.pin("pinned", &WORK);
    let cd = cd_line(shell, &pinned);
    let mut terminal = scene.shell(shell);
    if shell == Shell::Powershell {
        terminal.run(&format!("/bin/sh -c 'exit 3'; {cd}"));
        assert_eq!(terminal.run("$LASTEXITCODE"), "3\n");
        return;
    }
    let (status, pipe, own) = match shell {
        Shell::Fish => ("echo $status", "echo $pipestatus", "$fish_pid"),
        Shell::Zsh => ("echo $?", "echo $pipestatus", "$$"),
        _ => ("echo $?", "echo ${PIPESTATUS[@]}", "$$"),
    };
    let exit = |code| if shell == Shell::Fish { format!("sh -c 'exit {code}'") } else { format!("(exit {code})") };
    terminal.run("trap 'echo tr''apped' INT");
    terminal.run(&format!("{cd}; {}", exit(7)));
    assert_eq!(terminal.run(status), "7\n", "after a prompt at which something changed");
    terminal.run(&exit(8));
    assert_eq!(terminal.run(status), "8\n", "after an idle prompt");
    terminal.run(&format!("cd /; {} | {} | true", exit(3), exit(4)));
    assert_eq!(terminal.run(pipe), "3 4 0\n");
    terminal.run(&cd);
    assert_active(&mut terminal, &WORK);
    let text = terminal.run(&format!("kill -INT {own}"));
    assert!(text.contains("trapped"), "{text}");
    assert!(terminal.run("trap").contains("INT"), "the trap is listed");
}

/// Everything a hook does, under `set -x`.
pub fn trace_shows_no_key(shell: Shell) {
    let scene = Scene::new();
    let pinned = scene.pin("pinned", &WORK);
    let mut terminal = scene.shell(shell);
    terminal.export("OPENAI_API_KEY", "earlier-value-of-mine");
    let before = terminal.raw_output().len();
    terminal.run(match shell {
        Shell::Powershell => "Set-PSDebug -Trace 2",
        Shell::Fish => "set -g fish_trace 1",
        _ => "set -x",
    });
    enter(&mut terminal, &pinned);
    scene.until_told(&terminal, || scene.rotate_work());
    terminal.run("");
    terminal.run("echo x");
    choose(&mut terminal, "llmenv use fast");
    choose(&mut terminal, "llmenv off");
    terminal.run(&cd_line(shell, Path::new("/")));
    choose(&mut terminal, "llmenv use fast");
    assert_eq!(terminal.child_var("OPENAI_API_KEY").as_deref(), Some(FAST.key));
    let seen = String::from_utf8_lossy(&terminal.raw_output()[before..]).into_owned();
    for secret in [WORK.key, WORK_NEXT, FAST.key, "earlier-value-of-mine"] {
        assert!(!seen.contains(secret) && !seen.contains(&secret[secret.len() - 16..]), "{shell:?}: {seen}");
    }
    // The control: a traced line that has it shows it.
    let traced = if shell == Shell::Powershell { "$x = $env:OPENAI_API_KEY" } else { ": $OPENAI_API_KEY" };
    assert!(terminal.run(traced).contains(FAST.key));
}

/// Twice in the start-up file, and once more while a profile is active.
pub fn loaded_twice_is_loaded_once(shell: Shell) {
    let scene = Scene::new();
    let pinned = scene.pin("pinned", &WORK);
    let rc = [init_line(shell), init_line(shell)].join("\n");
    let mut terminal = Terminal::builder(&scene.home, shell).rc(&rc).start();
    terminal.export("OPENAI_API_KEY", "mine");
    enter(&mut terminal, &pinned);
    assert_active(&mut terminal, &WORK);
    terminal.run(init_line(shell));
    assert_active(&mut terminal, &WORK);
    let count = match shell {
        Shell::Bash => Some("printf '%s\\n' \"${PROMPT_COMMAND[@]}\" | /bin/grep -c __llmenv"),
        Shell::Zsh => Some(
            "print -l $precmd_functions $chpwd_functions $preexec_functions | /bin/grep __llmenv | sort | uniq -d | wc -l",
        ),
        _ => None,
    };
    if let Some(count) = count {
        assert_eq!(terminal.run(count).trim(), if shell == Shell::Bash { "1" } else { "0" });
    }
    enter(&mut terminal, &scene.home.path(""));
    assert_pair(&mut terminal, Some("mine"), None);
}

/// A prompt function that writes the prompt anew and looks at `$?`, before ours and after it.
pub fn beside_other_prompt_functions(shell: Shell) {
    let star = match shell {
        Shell::Bash => "star() { PS1=\"star $? \\w> \"; }\nPROMPT_COMMAND=${PROMPT_COMMAND:+$PROMPT_COMMAND;}star",
        Shell::Zsh => "star() { PROMPT=\"star $? %~> \" }\nprecmd_functions+=(star)",
        Shell::Fish => "function fish_prompt; echo -n \"star $status> \"; end",
        Shell::Powershell => "function global:prompt { \"star $LASTEXITCODE> \" }",
    };
    for star_first in [true, false] {
        let scene = Scene::new();
        let pinned = scene.pin("pinned", &WORK);
        let rc = if star_first { [star, init_line(shell)] } else { [init_line(shell), star] };
        let mut terminal = Terminal::builder(&scene.home, shell).rc(&rc.join("\n")).own_prompt().start();
        enter(&mut terminal, &pinned);
        assert_active(&mut terminal, &WORK);
        let text = terminal.run("/bin/sh -c 'exit 5'");
        assert!(text.contains("star 5"), "{shell:?}, first: {star_first}: {text:?}");
        enter(&mut terminal, &scene.home.path(""));
        assert_nothing(&mut terminal);
    }
}

/// Every kind of quote, and what shells expand.
pub fn awkward_values_arrive(shell: Shell) {
    const VALUES: &[&str] = &[
        "-n",
        "--",
        " two  blanks ",
        "a'b\"c`d$HOME$(touch pwn)%s%%n\\\\n\\",
        "!! !x ^a^b",
        "\u{2018}\u{2019}\u{201a}\u{201b}\u{201c}\u{201d}\u{201e}",
        "naïve 🔑 鍵 e\u{301}",
        "*?[a]{b,c}~ #;&|<>()=",
        "(a b)",
        "~/x:~root",
        "a[$(touch pwn)]",
        "=ls",
    ];
    let scene = Scene::new();
    let config = scene.home.path(".config/llmenv/config.toml");
    let mut text = std::fs::read_to_string(&config).unwrap();
    text += "\n[profiles.awkward]\nprovider = \"custom\"\nbase_url = \"http://127.0.0.1:9/v1\"\n\
             dialect = \"openai-chat\"\nauth = \"none\"\n[profiles.awkward.env]\n";
    for (n, value) in VALUES.iter().enumerate() {
        text += &format!("AWKWARD_{n} = {}\n", toml::Value::String((*value).to_owned()));
    }
    std::fs::write(&config, text).unwrap();
    scene.must(&["list"], "");
    let awkward = Account { name: "awkward", provider: "custom", key: "", url: "", own: "" };
    let dir = scene.pin("awkward dir", &awkward);
    let mut terminal = scene.shell(shell);
    terminal.export("AWKWARD_0", VALUES[3]);
    enter(&mut terminal, &dir);
    for (n, value) in VALUES.iter().enumerate() {
        assert_both(&mut terminal, &format!("AWKWARD_{n}"), Some(value));
    }
    enter(&mut terminal, &scene.home.path(""));
    assert_both(&mut terminal, "AWKWARD_0", Some(VALUES[3]));
    assert_both(&mut terminal, "AWKWARD_1", None);
    assert!(!scene.home.path("pwn").exists() && !dir.join("pwn").exists());
}

/// Directories whose names are commands, lines, options and quotes.
pub const DIRECTORIES: &[&str] = &["$(touch pwn)", "new\nline", "sp  ace ", "-dash", "qu'o\"te%0A`touch pwn`"];

/// Each of them pinned, entered and left.
pub fn t14_awkward_directories(shell: Shell) {
    let scene = Scene::new();
    let dirs: Vec<_> = DIRECTORIES.iter().map(|name| scene.pin(Path::new("dirs").join(name), &WORK)).collect();
    let mut terminal = scene.shell(shell);
    for dir in &dirs {
        enter(&mut terminal, dir);
        assert_active(&mut terminal, &WORK);
        enter(&mut terminal, &scene.home.path("dirs"));
        assert_nothing(&mut terminal);
    }
    for dir in
        dirs.iter().map(std::path::PathBuf::as_path).chain([scene.home.path("").as_path(), &scene.home.path("dirs")])
    {
        assert!(!dir.join("pwn").exists());
    }
}

/// An agent copies shell functions one by one: alone, ours is the program and explains itself.
pub fn the_function_alone_is_the_program(shell: Shell) {
    let scene = Scene::new();
    let mut terminal = scene.shell(shell);
    let line = match shell {
        Shell::Bash => {
            "declare -f llmenv >snap; bash --norc -c '. ./snap; llmenv use work; echo status $?; llmenv list'"
        }
        Shell::Zsh => "functions llmenv >snap; zsh -fc '. ./snap; llmenv use work; echo status $?; llmenv list'",
        Shell::Fish => {
            "functions llmenv >snap; fish -N -c 'source snap; llmenv use work; echo status $status; llmenv list'"
        }
        Shell::Powershell => {
            "\"function llmenv { $function:llmenv }\" > snap.ps1; & (Get-Process -Id $PID).Path -NoProfile -c '. ./snap.ps1; llmenv use work; \"status $LASTEXITCODE\"; llmenv list'"
        }
    };
    let text = terminal.run(line);
    assert!(text.contains("llmenv exec work -- COMMAND") && text.contains("status 2"), "{shell:?}: {text}");
    assert!(text.contains("openrouter"), "{shell:?}: {text}");
}

/// A hundred prompts at which nothing changed, watched from outside.
pub fn idle_prompt_starts_no_process(shell: Shell) {
    let scene = Scene::new();
    let pinned = scene.pin("pinned", &WORK);
    let mut terminal = scene.shell(shell);
    enter(&mut terminal, &pinned);
    assert_active(&mut terminal, &WORK);
    let log = scene.home.path("strace");
    let mut strace = scene.home.cmd("strace");
    strace.args(["-f", "-e", "trace=clone,clone3,fork,vfork,execve", "-o"]).arg(&log);
    strace.args(["-p", &terminal.pid().to_string()]).stderr(std::process::Stdio::null());
    let mut strace = strace.spawn().expect("strace");
    let status = format!("/proc/{}/status", terminal.pid());
    let traced = || std::fs::read_to_string(&status).is_ok_and(|text| !text.contains("TracerPid:\t0\n"));
    wait_until("the shell is watched", traced);
    for _ in 0..100 {
        terminal.run("");
    }
    let seen = || std::fs::read_to_string(&log).unwrap();
    let idle = seen();
    // The control: a process that is started is seen.
    terminal.run("/bin/true");
    let with_control = seen();
    rustix::process::kill_process(rustix::process::Pid::from_child(&strace), rustix::process::Signal::INT).unwrap();
    strace.wait().unwrap();
    let starts = |text: &str| {
        // A runtime's own threads come and go.
        let lines = text.lines().filter(|line| !line.contains("CLONE_THREAD"));
        lines.filter(|line| ["clone", "fork", "execve"].iter().any(|call| line.contains(call))).count()
    };
    assert_eq!(starts(&idle), 0, "{shell:?}: {idle}");
    assert!(starts(&with_control) >= 2, "{with_control}");
    assert_active(&mut terminal, &WORK);
}
