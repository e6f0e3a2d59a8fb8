//! What else there is in a session: strict settings, other tools' functions, providers, hosts that are not interactive.

use rustix::process::Signal;

use super::super::failure::{kill, signal};
use super::super::fake_daemon::{Answer, FakeDaemon};
use super::super::scene::{
    FAST, Scene, WORK, WORK_NEXT, assert_active, assert_both, assert_nothing, assert_pair, cd_line, choose, enter,
    said, var_in,
};
use super::{LOAD, PWSH, around, assert_no_errors, pwsh_or_leave_out, shown};
use crate::support::{LLMENV, Shell, Terminal, home, powershell};

const STRICT: &str = "Set-StrictMode -Version Latest; $ErrorActionPreference = 'Stop'\n\
                      $PSNativeCommandUseErrorActionPreference = $true; $WhatIfPreference = $true; $OFS = '#'\n\
                      $PSDefaultParameterValues = @{ '*:ErrorAction' = 'Stop'; '*:Verbose' = $true }";

/// A directory entered counts for the rest of its line, by whatever command and from wherever.
#[test]
fn a_directory_counts_for_the_same_line() {
    pwsh_or_leave_out!();
    let scene = Scene::new();
    let (work, fast) = (scene.pin("work", &WORK), scene.pin("fast", &FAST));
    let mut terminal = scene.shell(PWSH);
    let file = |n: u8| scene.home.path(n.to_string());
    terminal.run(&format!("{}; {}", cd_line(PWSH, &work), PWSH.child_line(&file(1))));
    assert_eq!(var_in(&file(1), "OPENAI_API_KEY").as_deref(), Some(WORK.key));
    assert_eq!(var_in(&file(1), "OPENAI_BASE_URL").as_deref(), Some(WORK.url));
    terminal.run(&format!(
        "& {{ Push-Location ../fast; {}; Pop-Location; {} }}",
        PWSH.child_line(&file(2)),
        PWSH.child_line(&file(3))
    ));
    assert_eq!(var_in(&file(2), "OPENAI_API_KEY").as_deref(), Some(FAST.key));
    assert_eq!(var_in(&file(3), "OPENAI_API_KEY").as_deref(), Some(WORK.key));
    // Programs start in the last folder of the file system, so that is the one that counts.
    terminal.run(&format!("{}; cd Env:", cd_line(PWSH, &fast)));
    assert_active(&mut terminal, &FAST);
    terminal.run("cd Variable:");
    assert_active(&mut terminal, &FAST);
    // A drive of the user's own is the folder that it stands for.
    terminal.run(&format!("$null = New-PSDrive w FileSystem {}; cd w:/", PWSH.quote(work.to_str().unwrap())));
    assert_active(&mut terminal, &WORK);
    // A change that failed is none.
    terminal.run("try { cd /nowhere -ErrorAction Stop } catch {}");
    assert_active(&mut terminal, &WORK);
    enter(&mut terminal, &scene.home.path(""));
    assert_nothing(&mut terminal);
}

/// `StrictMode`, Stop, native errors, `WhatIf`, default parameters: nothing is noticed, and `$Error` is the user's.
#[test]
fn strict_settings_are_kept_and_met() {
    pwsh_or_leave_out!();
    let scene = Scene::new();
    let work = scene.pin("work", &WORK);
    let mut terminal = around(&scene, STRICT, "").start();
    assert!(!String::from_utf8_lossy(&terminal.raw_output()).contains("llmenv"));
    assert_eq!(enter(&mut terminal, &work), "");
    assert_active(&mut terminal, &WORK);
    scene.until_told(&terminal, || scene.rotate_work());
    assert_pair(&mut terminal, Some(WORK_NEXT), Some(WORK.url));
    choose(&mut terminal, "llmenv use fast");
    assert_active(&mut terminal, &FAST);
    choose(&mut terminal, "llmenv off");
    assert_nothing(&mut terminal);
    // The control: the settings are on.
    let text = terminal.run("try { $nope } catch { 'str' + 'ict' }; try { /bin/false } catch { 'na' + 'tive' }");
    assert_eq!(text, "strict\nnative\n");
    terminal.run("$Error.Clear(); cd /");
    terminal.run("");
    assert_no_errors(&mut terminal);
}

/// `$?`, `$LASTEXITCODE`, `$^`, `$$` and `$Error` at prompts where the hook does nothing, something, and fails.
#[test]
fn automatic_variables_are_the_users() {
    pwsh_or_leave_out!();
    let scene = Scene::new();
    let work = scene.pin("work", &WORK);
    // A prompt of the user's that looks at both.
    let before = "function global:prompt { $ok = $?; $global:seen = \"$ok $LASTEXITCODE\"; $global:__pty_n++; \
                  \"<pty:${PID}:$($global:__pty_n)>\" }";
    let mut terminal = around(&scene, before, "").start();
    let cd = cd_line(PWSH, &work);
    for line in ["/bin/sh -c 'exit 3'", &format!("{cd}; /bin/sh -c 'exit 3'"), "cd /; /bin/sh -c 'exit 3'"] {
        terminal.run(line);
        assert_eq!(shown(&mut terminal, "\"$? $LASTEXITCODE $seen\""), "False 3 False 3", "{line}");
        assert_eq!(shown(&mut terminal, "\"$? $LASTEXITCODE $seen\""), "True 3 True 3", "{line}");
    }
    terminal.run("echo one two");
    assert_eq!(shown(&mut terminal, "\"$^ $$\""), "echo two");
    terminal.run("Get-Item /nowhere");
    assert_eq!(shown(&mut terminal, "\"$? $($Error.Count)\""), "False 1");
    scene.home.end_daemon();
    terminal.run(&format!("$Error.Clear(); {cd}"));
    assert_active(&mut terminal, &WORK);
    assert_no_errors(&mut terminal);
    assert_eq!(shown(&mut terminal, "$LASTEXITCODE"), "0", "of the child that wrote its environment");
}

/// Prompts and read-line functions of others, before ours, between two loads and after; `PSReadLine` imported again.
#[test]
fn other_tools_wrap_and_are_wrapped() {
    pwsh_or_leave_out!();
    let wrap = |n: u8| {
        format!(
            "$global:p{n} = $function:prompt; function global:prompt {{ $global:drawn{n}++; & $global:p{n} }}\n\
             $global:r{n} = $function:PSConsoleHostReadLine\n\
             function global:PSConsoleHostReadLine {{ $global:read{n}++; & $global:r{n} }}\n"
        )
    };
    let scene = Scene::new();
    let work = scene.pin("work", &WORK);
    let before = format!("{}\n{LOAD}\n{LOAD}\n{}\n{LOAD}\n{}", wrap(1), wrap(2), wrap(3));
    let mut terminal = around(&scene, &before, &wrap(4)).start();
    let layers = shown(&mut terminal, "$__llmenv.Wrapped.Count");
    for _ in 0..3 {
        terminal.run(LOAD);
    }
    assert_eq!(enter(&mut terminal, &work), "");
    assert_active(&mut terminal, &WORK);
    scene.until_told(&terminal, || scene.rotate_work());
    assert_pair(&mut terminal, Some(WORK_NEXT), Some(WORK.url));
    assert_eq!(shown(&mut terminal, "$drawn1 -gt 5 -and $drawn4 -gt 5 -and $read1 -gt 5 -and $read4 -gt 5"), "True");
    assert!(layers.parse::<u32>().unwrap() <= 8, "{layers}");
    assert_no_errors(&mut terminal);
    // PSReadLine puts its own function back; the next prompt wraps it again.
    let mut terminal = scene.shell(PWSH);
    terminal.run("Import-Module PSReadLine -Force");
    terminal.run("");
    terminal.run("");
    choose(&mut terminal, "llmenv use fast");
    let text = terminal.run("export A_NAME=b");
    assert!(text.contains("PowerShell has no `export`"), "{text}");
    terminal.run("Remove-Module PSReadLine");
    assert_active(&mut terminal, &FAST);
    assert_no_errors(&mut terminal);
}

/// A prompt that replaces ours: the read-line function does its work.
#[test]
fn a_replaced_prompt_is_made_up_for() {
    pwsh_or_leave_out!();
    let scene = Scene::new();
    let work = scene.pin("work", &WORK);
    let after = "function global:prompt { $global:__pty_n++; \"<pty:${PID}:$($global:__pty_n)>\" }";
    let mut terminal = around(&scene, "", after).start();
    enter(&mut terminal, &work);
    assert_active(&mut terminal, &WORK);
    terminal.run("$env:OPENAI_BASE_URL = 'https://elsewhere.example/v1'");
    assert_pair(&mut terminal, None, Some("https://elsewhere.example/v1"));
    assert_no_errors(&mut terminal);
}

/// Only in shells where somebody types, unless asked to.
#[test]
fn scripts_are_left_alone_unless_they_ask() {
    pwsh_or_leave_out!();
    let scene = Scene::new();
    scene.pin("work", &WORK);
    scene.home.write(Shell::Powershell.rc_file(), LOAD);
    let line = "\"$(Test-Path variable:global:__llmenv) $((Get-Command llmenv).CommandType)\"; cd work; \
                \"$env:OPENAI_API_KEY\"; cd /; \"<$env:OPENAI_API_KEY>\"";
    scene.home.write("script.ps1", line);
    let active = format!("True Function\n{}\n<>\n", WORK.key);
    let left_alone = "False Application\n\n<>\n";
    for (args, stdin, hook, expected) in [
        (vec!["-c", line], None, None, left_alone),
        (vec!["-File", "script.ps1"], None, None, left_alone),
        (vec!["-NonInteractive", "-c", line], None, None, left_alone),
        (vec!["-c", "-"], Some(line), None, left_alone),
        (vec!["-c", line], None, Some("1"), active.as_str()),
        (vec!["-c", line], None, Some("0"), left_alone),
    ] {
        let mut command = scene.home.cmd(powershell().unwrap());
        command.args(&args).env("NO_COLOR", "1");
        if let Some(hook) = hook {
            command.env("LLMENV_HOOK", hook);
        }
        let output = home::finish(command, stdin.map(|line| format!("{line}\n").into_bytes()));
        assert_eq!((output.stdout.as_str(), output.stderr.as_str()), (expected, ""), "{args:?} {hook:?}");
    }
    // And an interactive one can be told to do without, at its start or later.
    let mut terminal = scene.builder(PWSH).env("LLMENV_HOOK", "0").cwd("work").start();
    assert_nothing(&mut terminal);
    let text = terminal.run("llmenv use work; \"status $LASTEXITCODE\"");
    assert!(text.contains("llmenv exec work -- COMMAND") && text.contains("status 2"), "{text}");
    let mut terminal = scene.builder(PWSH).cwd("work").start();
    assert_active(&mut terminal, &WORK);
    terminal.run("$env:LLMENV_HOOK = '0'");
    terminal.run("cd /");
    assert_active(&mut terminal, &WORK);
    terminal.run("$env:LLMENV_HOOK = $null");
    assert_nothing(&mut terminal);
}

/// A function or alias of the user's by our name is not touched, and that is said.
#[test]
fn a_constant_function_is_left_in_place() {
    pwsh_or_leave_out!();
    let scene = Scene::new();
    let work = scene.pin("work", &WORK);
    let rc = "$null = New-Item -Path function:global:llmenv -Options Constant -Value { 'mine' }\n\
              & (Get-Command llmenv -CommandType Application) init powershell | Out-String | Invoke-Expression";
    let mut terminal = Terminal::builder(&scene.home, PWSH).rc(rc).start();
    let started = String::from_utf8_lossy(&terminal.raw_output()).into_owned();
    assert!(started.contains("llmenv: a read-only function `llmenv` is in the way"), "{started}");
    assert_eq!(shown(&mut terminal, "llmenv use work"), "mine");
    enter(&mut terminal, &work);
    assert_active(&mut terminal, &WORK);
    assert_no_errors(&mut terminal);
}

/// Threat T15: the program's path may hold what PowerShell takes for a quote, and what 5.1 cannot read.
#[test]
fn t15_an_awkward_path_of_the_program() {
    pwsh_or_leave_out!();
    let scene = Scene::new();
    let dir = scene.home.path("it's \u{2019}; touch pwn; \u{2018} $(touch pwn) \u{e4}\u{1f511}");
    std::fs::create_dir(&dir).unwrap();
    std::fs::copy(LLMENV, dir.join("llmenv")).unwrap();
    let path = format!("{}:/usr/bin:/bin", dir.display());
    let mut init = scene.home.cmd(dir.join("llmenv"));
    init.args(["init", "powershell"]);
    let script = home::finish(init, None).stdout;
    assert!(script.is_ascii() && script.contains("[char]8217"));
    let mut terminal = scene.builder(PWSH).env("PATH", path).start();
    assert_eq!(terminal.run("$__llmenv.Program -ceq (Get-Command llmenv -CommandType Application).Source"), "True\n");
    choose(&mut terminal, "llmenv use work");
    assert_active(&mut terminal, &WORK);
    assert!(!scene.home.path("pwn").exists() && !dir.join("pwn").exists());
    assert_no_errors(&mut terminal);
}

/// A terminal narrower than the hook's lines.
#[test]
fn a_narrow_terminal_breaks_no_line() {
    pwsh_or_leave_out!();
    let scene = Scene::new();
    let mut terminal = scene.builder(PWSH).columns(24).start();
    terminal.run("llmenv use work");
    assert_active(&mut terminal, &WORK);
    assert_no_errors(&mut terminal);
}

/// Twenty prompts at which nothing changed: no program, no connection.
#[test]
fn idle_prompts_connect_to_nothing() {
    pwsh_or_leave_out!();
    let scene = Scene::new();
    let work = scene.pin("work", &WORK);
    let mut terminal = scene.shell(PWSH);
    let log = scene.home.path("strace");
    terminal.run(&format!(
        "strace -f --seccomp-bpf -qq -e trace=connect,execve,fork,vfork,clone,clone3 -o {} {} -NoLogo",
        log.display(),
        powershell().unwrap().display()
    ));
    enter(&mut terminal, &work);
    assert_active(&mut terminal, &WORK);
    // Threads of the runtime come and go.
    let acts = || {
        let text = std::fs::read_to_string(&log).unwrap();
        let starts = |line: &&str| {
            ["connect(", "execve(", "fork(", "clone"].iter().any(|call| line.contains(call))
                && !line.contains("CLONE_THREAD")
                && !line.contains("resumed>")
        };
        text.lines().filter(starts).map(str::to_owned).collect::<Vec<_>>()
    };
    terminal.run("");
    let before = acts().len();
    for _ in 0..20 {
        assert_eq!(terminal.run(""), "");
    }
    assert_eq!(acts()[before..], [""; 0]);
    // The controls: both are seen.
    terminal.run("/bin/true");
    assert!(acts()[before..].iter().any(|line| line.contains("execve(\"/bin/true\"")));
    let before = acts().len();
    terminal.run("cd /");
    let asked = acts();
    assert!(asked[before..].iter().any(|line| line.contains("connect(")), "{asked:?}");
    assert!(!asked[before..].iter().any(|line| line.contains("execve(")), "{asked:?}");
    terminal.run("exit");
}

/// Threat T02: a socket in a folder that is not ours alone is not spoken to.
#[test]
fn t02_squatted_socket_powershell() {
    use std::os::unix::fs::{PermissionsExt, chown};
    pwsh_or_leave_out!();
    let scene = Scene::new();
    let fake = FakeDaemon::start(&scene);
    fake.answers(Answer::lines("set\tOPENAI_API_KEY\tevil\n"));
    let folder = scene.home.path("run/llmenv");
    for what in ["open folder", "foreign folder", "ours"] {
        let mode = if what == "open folder" { 0o777 } else { 0o700 };
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).unwrap();
        if what == "foreign folder" && chown(&folder, Some(65534), None).is_err() {
            continue;
        }
        let mut terminal = scene.shell(PWSH);
        let before = fake.asked().len();
        let text = enter(&mut terminal, std::path::Path::new("/"));
        // The control: the last of them is ours, and is spoken to.
        assert_eq!(fake.asked().len() > before, what == "ours", "{what}");
        assert_pair(&mut terminal, (what == "ours").then_some("evil"), None);
        assert!(said(&text).is_empty(), "{what}: it was said at the first prompt: {text}");
        let _ = chown(&folder, Some(rustix::process::geteuid().as_raw()), None);
    }
}

/// What a daemon says is text, whoever it is; a value that is not one line is refused with its pair.
#[test]
fn t02_fake_daemon_speaks_plainly_powershell() {
    pwsh_or_leave_out!();
    let scene = Scene::new();
    let fake = FakeDaemon::start(&scene);
    let mut terminal = scene.shell(PWSH);
    fake.answers(Answer::lines("say\t\u{1b}]0;evil\u{7}\u{1b}[31mred\u{9b}31m $(touch pwn)\n"));
    let before = terminal.raw_output().len();
    enter(&mut terminal, std::path::Path::new("/"));
    let seen = String::from_utf8_lossy(&terminal.raw_output()[before..]).into_owned();
    assert!(seen.contains("llmenv: ?]0;evil??[31mred?31m $(touch pwn)"), "{seen}");
    for (n, value) in ["a\0b", "a\u{1b}b", "a\rb", "a\u{7f}b", "a\u{85}b", "a\tb", ""].iter().enumerate() {
        fake.answers(Answer::lines(&format!("set\tOPENAI_BASE_URL\tx\nset\tOPENAI_API_KEY\t{value}\n")));
        terminal.run(if n % 2 == 0 { "cd /usr" } else { "cd /" });
        assert_pair(&mut terminal, None, None);
    }
    assert_no_errors(&mut terminal);
}

/// An address changed by hand while the daemon does not answer: the key does not wait for it.
#[test]
fn a_changed_address_takes_the_key_out_without_a_daemon() {
    pwsh_or_leave_out!();
    let scene = Scene::new();
    let mut terminal = scene.shell(PWSH);
    choose(&mut terminal, "llmenv use work");
    signal(&scene, Signal::STOP);
    let text = terminal.run("$env:OPENAI_BASE_URL = 'https://elsewhere.example/v1'");
    assert_eq!(
        said(&text),
        [
            "llmenv: OPENAI_BASE_URL was changed and the daemon does not answer, so the key of `work` was taken out of this \
          shell (pair-mixed)"
        ]
    );
    assert_pair(&mut terminal, None, Some("https://elsewhere.example/v1"));
    assert_eq!(terminal.run(""), "");
    signal(&scene, Signal::CONT);
    choose(&mut terminal, "llmenv use work");
    assert_active(&mut terminal, &WORK);
    assert_no_errors(&mut terminal);
}

/// The way taken on Windows, as far as it can go here: .NET's pipes are sockets on other systems.
#[test]
fn the_pipe_client_speaks_the_same() {
    pwsh_or_leave_out!();
    let scene = Scene::new();
    let (work, fast) = (scene.pin("work", &WORK), scene.pin("fast", &FAST));
    let mut terminal = scene.shell(PWSH);
    let socket = scene.home.path("run/llmenv/daemon.sock");
    terminal.run(&format!("$__llmenv.Pipe = '{}'", socket.display()));
    enter(&mut terminal, &work);
    assert_active(&mut terminal, &WORK);
    assert_eq!(shown(&mut terminal, "$__llmenv.Pipe"), socket.display().to_string(), "it was used");
    signal(&scene, Signal::STOP);
    let text = terminal.run("cd /");
    assert_eq!(
        said(&text),
        ["llmenv: the daemon does not answer, so `work` was taken out of this shell on leaving its directory"]
    );
    kill(&scene);
    enter(&mut terminal, &fast);
    assert_active(&mut terminal, &FAST);
    assert_both(&mut terminal, "LLMENV_PROFILE", Some("fast"));
    assert_no_errors(&mut terminal);
}
