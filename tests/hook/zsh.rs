//! What only zsh has: options, `chpwd`, declared types, aliases of everything.

use super::fake_daemon::{Answer, FakeDaemon};
use super::places::every_place;
use super::scenario::{DIRECTORIES, every_scenario};
use super::scene::{
    FAST, Scene, WORK, WORK_NEXT, assert_active, assert_both, assert_nothing, assert_pair, cd_line, choose, draw_until,
    enter, init_line, said, var_in,
};
use crate::support::{Shell, Terminal, home};

every_scenario!(Shell::Zsh);
every_place!(Shell::Zsh);

const ZSH: Shell = Shell::Zsh;

/// `cd p && cmd`, and the same in a subshell, which leaves the shell above it alone.
#[test]
fn a_directory_counts_for_the_same_line() {
    let scene = Scene::new();
    let (work, fast) = (scene.pin("work", &WORK), scene.pin("fast", &FAST));
    let mut terminal = scene.shell(ZSH);
    let (one, two, three) = (scene.home.path("1"), scene.home.path("2"), scene.home.path("3"));
    terminal.run(&format!("{} && {}", cd_line(ZSH, &work), ZSH.child_line(&one)));
    assert_eq!(var_in(&one, "OPENAI_API_KEY").as_deref(), Some(WORK.key));
    assert_eq!(var_in(&one, "OPENAI_BASE_URL").as_deref(), Some(WORK.url));
    terminal.run(&format!("({} && {}); {}", cd_line(ZSH, &fast), ZSH.child_line(&two), ZSH.child_line(&three)));
    assert_eq!(var_in(&two, "OPENAI_API_KEY").as_deref(), Some(FAST.key));
    assert_eq!(var_in(&three, "OPENAI_API_KEY").as_deref(), Some(WORK.key));
    // The daemon still knows what the shell above holds.
    scene.until_told(&terminal, || scene.rotate_work());
    draw_until(&mut terminal, "OPENAI_API_KEY", Some(WORK_NEXT));
    assert_pair(&mut terminal, Some(WORK_NEXT), Some(WORK.url));
    let seen = terminal.run(&format!("print -r -- \"$({}; pwd)\"", cd_line(ZSH, &fast)));
    assert_eq!(seen.trim_end(), fast.to_str().unwrap(), "a substitution has the command's output alone");
}

/// Read-only, tied and the like: one line, and neither half changes.
#[test]
fn what_cannot_be_replaced_refuses_the_whole() {
    for (declaration, text, value) in [
        (
            "typeset -r OPENAI_API_KEY=mine",
            "OPENAI_API_KEY is read-only in this shell, so nothing was changed; start a new shell without `readonly OPENAI_API_KEY`",
            "mine",
        ),
        (
            "typeset -rx OPENAI_API_KEY=mine",
            "OPENAI_API_KEY is read-only in this shell, so nothing was changed; start a new shell without `readonly OPENAI_API_KEY`",
            "mine",
        ),
        (
            "typeset -T OPENAI_API_KEY key; key=(a b)",
            "OPENAI_API_KEY is declared as scalar-tied in this shell, so nothing was changed; `unset OPENAI_API_KEY` makes room for it",
            "a:b",
        ),
        (
            "typeset -a OPENAI_API_KEY; OPENAI_API_KEY=(a b)",
            "OPENAI_API_KEY is declared as array in this shell, so nothing was changed; `unset OPENAI_API_KEY` makes room for it",
            "a b",
        ),
        (
            "typeset -Z8 OPENAI_API_KEY=12",
            "OPENAI_API_KEY is declared as scalar-right_zeros in this shell, so nothing was changed; `unset OPENAI_API_KEY` makes room for it",
            "00000012",
        ),
    ] {
        let scene = Scene::new();
        let work = scene.pin("work", &WORK);
        let mut terminal = scene.shell(ZSH);
        terminal.run(declaration);
        terminal.export("OPENAI_BASE_URL", "http://127.0.0.1:1/mine");
        let line = format!("llmenv: {text}");
        let seen = enter(&mut terminal, &work);
        assert_eq!(said(&seen), [line.as_str()], "{declaration}");
        assert_eq!(terminal.run(""), "", "{declaration}: it is said once");
        let seen = terminal.run("llmenv use work; echo status $?");
        assert_eq!(said(&seen), [line.as_str()], "{declaration}");
        assert!(seen.ends_with("status 1\n"), "{declaration}: {seen}");
        assert_eq!(terminal.shell_var("OPENAI_API_KEY").as_deref(), Some(value), "{declaration}");
        assert_both(&mut terminal, "OPENAI_BASE_URL", Some("http://127.0.0.1:1/mine"));
        for name in ["OPENROUTER_API_KEY", "LLMENV_PROFILE", "LLMENV_STATE"] {
            assert_both(&mut terminal, name, None);
        }
    }
}

/// A pair that is applied when something of the next one is read-only: the last directory's account does not stay.
#[test]
fn a_refused_pair_does_not_keep_the_last_one() {
    let scene = Scene::new();
    let (work, fast) = (scene.pin("work", &WORK), scene.pin("fast", &FAST));
    let mut terminal = scene.shell(ZSH);
    enter(&mut terminal, &work);
    terminal.run("typeset -r GROQ_API_KEY=mine");
    let text = enter(&mut terminal, &fast);
    assert_eq!(
        said(&text),
        [
            "llmenv: GROQ_API_KEY is read-only in this shell, so `work` was taken out of this shell on leaving its directory"
        ]
    );
    assert_pair(&mut terminal, None, None);
    assert_both(&mut terminal, "LLMENV_PROFILE", None);
    enter(&mut terminal, &work);
    assert_active(&mut terminal, &WORK);
    // Our own key made read-only: nothing can be done, and that is said.
    terminal.run("typeset -r OPENAI_API_KEY");
    let text = enter(&mut terminal, &scene.home.path(""));
    assert_eq!(
        said(&text),
        [
            "llmenv: OPENAI_API_KEY is read-only in this shell, so nothing was changed; start a new shell without `readonly OPENAI_API_KEY`"
        ]
    );
    assert_pair(&mut terminal, Some(WORK.key), Some(WORK.url));
}

/// Attributes come back with the value.
#[test]
fn declared_types_come_back() {
    let scene = Scene::new();
    let work = scene.pin("work", &WORK);
    let mut terminal = scene.shell(ZSH);
    terminal.run("typeset -l OPENAI_API_KEY=MINE; typeset -ix OPENROUTER_API_KEY=6*7; typeset -ux OPENAI_ORG_ID=org");
    let types = "print -r -- ${(t)OPENAI_API_KEY} ${(t)OPENROUTER_API_KEY} ${(t)OPENAI_ORG_ID}";
    let before = terminal.run(types);
    assert_eq!(before, "scalar-lower integer-export scalar-upper-export\n");
    enter(&mut terminal, &work);
    assert_active(&mut terminal, &WORK);
    enter(&mut terminal, &scene.home.path(""));
    assert_eq!(terminal.run(types), before);
    assert_eq!(terminal.run("print -r -- $OPENAI_API_KEY $OPENROUTER_API_KEY $OPENAI_ORG_ID"), "mine 42 ORG\n");
    assert_eq!(terminal.child_var("OPENAI_API_KEY"), None);
}

/// From a function with locals of the same names: the locals are what changes, as with any assignment there.
#[test]
fn a_function_with_locals_may_choose() {
    let scene = Scene::new();
    let mut terminal = scene.shell(ZSH);
    let file = scene.home.path("inner");
    terminal.run(&format!("f() {{ local OPENAI_API_KEY=x name=y; llmenv use work; {} }}", ZSH.child_line(&file)));
    terminal.run("f");
    assert_eq!(var_in(&file, "OPENAI_API_KEY").as_deref(), Some(WORK.key));
    choose(&mut terminal, "llmenv off");
    assert_nothing(&mut terminal);
}

/// Twelve sets of options, set before the hook is loaded, each with every awkward directory.
#[test]
fn t14_option_sets_zsh() {
    for options in [
        "setopt ksharrays",
        "setopt shwordsplit globsubst",
        "setopt nounset",
        "setopt errexit",
        "setopt errreturn warncreateglobal warnnestedvar",
        "setopt extendedglob nullglob nomatch badpattern",
        "setopt cshjunkiequotes",
        "setopt rcquotes rcexpandparam",
        "setopt noglob noclobber",
        "setopt allexport typesetsilent kshtypeset",
        "setopt posixbuiltins posixidentifiers posixtraps posixargzero localtraps",
        "emulate sh; setopt promptsubst errexit nounset noequals",
        "emulate ksh; setopt promptsubst ignorebraces octalzeroes cbases",
    ] {
        let scene = Scene::new();
        let rc = format!("{options}\n{}", init_line(ZSH));
        let dirs: Vec<_> = DIRECTORIES.iter().map(|name| scene.pin(name, &WORK)).collect();
        let mut terminal = Terminal::builder(&scene.home, ZSH).rc(&rc).start();
        let started = terminal.raw_output();
        assert!(
            !String::from_utf8_lossy(&started).contains("llmenv"),
            "{options}: {}",
            String::from_utf8_lossy(&started)
        );
        terminal.export("OPENAI_API_KEY", "mine");
        for dir in &dirs {
            assert_eq!(enter(&mut terminal, dir), "", "{options}");
            assert_active(&mut terminal, &WORK);
        }
        assert_eq!(enter(&mut terminal, &scene.home.path("")), "", "{options}");
        assert_pair(&mut terminal, Some("mine"), None);
        choose(&mut terminal, "llmenv use fast");
        assert_active(&mut terminal, &FAST);
        choose(&mut terminal, "llmenv off");
        assert_pair(&mut terminal, Some("mine"), None);
        for dir in dirs.iter().chain([&scene.home.path("")]) {
            assert!(!dir.join("pwn").exists(), "{options}");
        }
        // No secret and no state of ours reaches a child, whatever is exported.
        let file = scene.home.path("environment");
        choose(&mut terminal, "llmenv use work");
        terminal.run(&ZSH.child_line(&file));
        let environment = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        let ours: Vec<_> = environment.split('\0').filter(|entry| entry.to_lowercase().contains("__llmenv")).collect();
        assert!(ours.is_empty(), "{options}: {ours:?}");
        assert_eq!(environment.split('\0').filter(|entry| entry.ends_with("=mine")).count(), 0, "{options}");
    }
}

/// Aliases and functions in the place of everything that a hook is made of.
#[test]
fn t14_shadowed_words_zsh() {
    let mut rc = String::from("alias -g set=BAD unset=BAD end=BAD state=BAD none=BAD prompt=BAD start=BAD\n");
    for word in [
        "builtin", "typeset", "local", "export", "unset", "print", "emulate", "setopt", "trap", "eval", "read", "case",
        "for", "if", "return", "continue", "break", "exec", "zmodload", "zsocket", "sysread", "syswrite", "command",
        "llmenv",
    ] {
        rc += &format!("alias {word}='echo BAD {word}'\n");
    }
    let rc = format!("setopt aliases\ninit=\"$(llmenv init zsh)\"\n{rc}'eval' \"$init\"\n\\unalias -m '*'\n");
    let scene = Scene::new();
    let work = scene.pin("work", &WORK);
    let mut terminal = Terminal::builder(&scene.home, ZSH).rc(&rc).start();
    terminal.run(
        "read() { echo BAD }; print() { echo BAD }; unset() { echo BAD }; export() { echo BAD }; printf() { echo BAD }",
    );
    assert_eq!(enter(&mut terminal, &work), "");
    assert_eq!(var_after(&scene, &mut terminal), Some(WORK.key.to_owned()));
    assert_eq!(enter(&mut terminal, &scene.home.path("")), "");
    assert_eq!(var_after(&scene, &mut terminal), None);
}

fn var_after(scene: &Scene, terminal: &mut Terminal) -> Option<String> {
    let file = scene.home.path("after");
    terminal.run(&ZSH.child_line(&file));
    var_in(&file, "OPENAI_API_KEY")
}

/// Not interactive: nothing, unless asked to.
#[test]
fn scripts_are_left_alone_unless_they_ask() {
    let scene = Scene::new();
    scene.pin("work", &WORK);
    let script = format!(
        "{}; cd work; print -r -- \"${{OPENAI_API_KEY-none}}\"; cd /; print -r -- ${{OPENAI_API_KEY-none}}",
        init_line(ZSH)
    );
    for (hook, expected) in [
        (None, "none\nnone\n".to_owned()),
        (Some("0"), "none\nnone\n".to_owned()),
        (Some("1"), format!("{}\nnone\n", WORK.key)),
    ] {
        let run = || {
            let mut command = scene.home.cmd("zsh");
            command.args(["-fc", &script]);
            if let Some(hook) = hook {
                command.env("LLMENV_HOOK", hook);
            }
            home::finish(command, None)
        };
        let late = |output: &home::Output| output.stderr.contains("does not answer");
        let output = (0..10).map(|_| run()).find(|output| !late(output)).unwrap();
        assert_eq!((output.stdout, output.stderr), (expected, String::new()), "LLMENV_HOOK={hook:?}");
    }
    // And an interactive one can be told to do without.
    let mut terminal = scene.builder(ZSH).env("LLMENV_HOOK", "0").cwd("work").start();
    assert_nothing(&mut terminal);
    let text = terminal.run("llmenv use work; echo status $?");
    assert!(text.contains("llmenv exec work -- COMMAND") && text.contains("status 2"), "{text}");
    let mut terminal = scene.builder(ZSH).cwd("work").start();
    assert_active(&mut terminal, &WORK);
    terminal.run("LLMENV_HOOK=0");
    terminal.run("cd /");
    assert_active(&mut terminal, &WORK);
    terminal.run("unset LLMENV_HOOK");
    assert_nothing(&mut terminal);
}

/// What a daemon says is text, and an answer with anything else in it is none.
#[test]
fn t02_fake_daemon_speaks_plainly_zsh() {
    let scene = Scene::new();
    let fake = FakeDaemon::start(&scene);
    let mut terminal = scene.shell(ZSH);
    let mut dirs = ["/usr", "/"].into_iter().cycle();
    for wild in ["say\t\u{1b}]0;evil\u{7}", "set\tA\ta\0b", "set\tA\ta\u{1b}b", "set\tA\ta\rb", "set\tA\ta\u{7f}b"] {
        fake.answers(Answer::lines(&format!("set\tOPENAI_BASE_URL\tx\n{wild}\n")));
        let text = enter(&mut terminal, std::path::Path::new(dirs.next().unwrap()));
        assert_eq!(
            said(&text),
            [
                "llmenv: the answer of the daemon holds control characters, so nothing was changed; run `llmenv daemon restart`"
            ],
            "{wild:?}"
        );
        assert_pair(&mut terminal, None, None);
    }
    fake.answers(Answer::lines("say\tplain $(touch pwn) `touch pwn` 鍵 \u{9b}31m\nset\tOPENAI_ORG_ID\tspoken\n"));
    let text = enter(&mut terminal, &scene.home.path("run"));
    assert_eq!(said(&text), ["llmenv: plain $(touch pwn) `touch pwn` 鍵 ?31m"]);
    assert_both(&mut terminal, "OPENAI_ORG_ID", Some("spoken"));
}

/// A socket, or its folder, that is not ours alone is not spoken to.
#[test]
fn t02_squatted_socket_zsh() {
    use std::os::unix::fs::{PermissionsExt, chown};
    let scene = Scene::new();
    let fake = FakeDaemon::start(&scene);
    fake.answers(Answer::lines("set\tOPENAI_API_KEY\tevil\n"));
    let (folder, socket) = (scene.home.path("run/llmenv"), scene.home.path("run/llmenv/daemon.sock"));
    let squat = |what: &str| match what {
        "open folder" => std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap(),
        "foreign folder" => chown(&folder, Some(65534), None).unwrap(),
        "foreign socket" => chown(&socket, Some(65534), None).unwrap(),
        _ => {}
    };
    for what in ["open folder", "foreign folder", "foreign socket", "none"] {
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
        chown(&folder, Some(0), None).unwrap();
        chown(&socket, Some(0), None).unwrap();
        squat(what);
        let mut terminal = scene.shell(ZSH);
        let before = fake.asked().len();
        enter(&mut terminal, std::path::Path::new("/"));
        let spoken = fake.asked().len() > before;
        // The control: the last of them is ours, and is spoken to.
        assert_eq!(spoken, what == "none", "{what}");
        assert_pair(&mut terminal, (what == "none").then_some("evil"), None);
    }
}

/// Without zsh's modules the program is asked instead.
#[test]
fn works_without_modules() {
    let scene = Scene::new();
    let (work, fast) = (scene.pin("work", &WORK), scene.pin("fast", &FAST));
    // The line editor's own come first.
    let rc = format!("zmodload zsh/zle zsh/parameter zsh/complete\nmodule_path=(/nowhere)\n{}", init_line(ZSH));
    let mut terminal = Terminal::builder(&scene.home, ZSH).rc(&rc).start();
    assert_eq!(terminal.run("print -r -- $__llmenv_direct"), "0\n");
    for (dir, account) in [(&work, &WORK), (&fast, &FAST)] {
        enter(&mut terminal, dir);
        assert_active(&mut terminal, account);
    }
    enter(&mut terminal, &scene.home.path(""));
    assert_nothing(&mut terminal);
    choose(&mut terminal, "llmenv use work");
    scene.until_told(&terminal, || scene.rotate_work());
    assert_pair(&mut terminal, Some(WORK_NEXT), Some(WORK.url));
}

/// A directory whose name is no text at all is still a directory.
#[test]
fn a_path_that_is_not_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let scene = Scene::new();
    let work = scene.pin("work", &WORK);
    let odd = work.join(std::ffi::OsStr::from_bytes(b"odd \xff\xfe"));
    std::fs::create_dir(&odd).unwrap();
    let mut terminal = scene.shell(ZSH);
    enter(&mut terminal, &work);
    terminal.run("cd odd*");
    assert_active(&mut terminal, &WORK);
    enter(&mut terminal, &scene.home.path(""));
    assert_nothing(&mut terminal);
}

/// SIGINT at any moment of a change of directory leaves both halves or neither. The shell looks at each of its prompts.
#[test]
fn an_interrupt_leaves_nothing_half_done() {
    let scene = Scene::new();
    scene.pin("work", &WORK);
    let look =
        "look() { case ${+OPENAI_API_KEY}${+OPENAI_BASE_URL} in (00) : >none ;; (11) : >both ;; (*) : >half ;; esac }";
    let rc = format!("cd() {{ builtin cd -- $HOME/$1 }}\n{look}\n{}\nprecmd_functions+=(look)", init_line(ZSH));
    let rc = rc.replace(">none", ">$HOME/none").replace(">both", ">$HOME/both").replace(">half", ">$HOME/half");
    let mut terminal = Terminal::builder(&scene.home, ZSH).rc(&rc).start();
    let shell = rustix::process::Pid::from_raw(i32::try_from(terminal.pid()).unwrap()).unwrap();
    for n in 0..300 {
        terminal.send_raw(if n % 2 == 0 { "cd work\r" } else { "cd\r" });
        for _ in 0..n % 7 {
            std::thread::sleep(std::time::Duration::from_micros(700));
            rustix::process::kill_process(shell, rustix::process::Signal::INT).unwrap();
        }
    }
    terminal.interrupt();
    terminal.wait_prompt();
    assert!(!scene.home.path("half").exists(), "half a pair at a prompt");
    terminal.run("unfunction cd");
    scene.enter_until_active(&mut terminal, &scene.home.path("work"), &WORK);
    // The control: the shell does look, and met both states.
    assert!(scene.home.path("both").exists() && scene.home.path("none").exists());
}
