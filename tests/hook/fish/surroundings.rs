//! What else there is: scripts, completions, a trace, an older fish, a hook that is switched off.

use super::super::fake_daemon::{Answer, FakeDaemon};
use super::*;

/// Not interactive: nothing, unless asked to.
#[test]
fn scripts_are_left_alone_unless_they_ask() {
    let scene = Scene::new();
    scene.pin("work", &WORK);
    let show = "set -q OPENAI_API_KEY; and echo $OPENAI_API_KEY; or echo none";
    let script = format!("{}; cd work; {show}; cd /; {show}", init_line(FISH));
    for (hook, expected) in [
        (None, "none\nnone\n".to_owned()),
        (Some("0"), "none\nnone\n".to_owned()),
        (Some("1"), format!("{}\nnone\n", WORK.key)),
    ] {
        let run = || {
            let mut command = scene.home.cmd("fish");
            command.args(["-N", "-c", &script]);
            if let Some(hook) = hook {
                command.env("LLMENV_HOOK", hook);
            }
            home::finish(command, None)
        };
        let late = |output: &home::Output| output.stderr.contains("does not answer");
        let output = (0..10).map(|_| run()).find(|output| !late(output)).unwrap();
        assert_eq!((output.stdout, output.stderr), (expected, String::new()), "LLMENV_HOOK={hook:?}");
    }
    // A trace of such a script shows no key.
    let mut command = scene.home.cmd("fish");
    let script = format!("{}; cd ~/work; llmenv use fast; echo $LLMENV_PROFILE", init_line(FISH));
    command.args(["-N", "-c", &script]).env("LLMENV_HOOK", "1").env("fish_trace", "1");
    let output = home::finish(command, None);
    assert!(output.stdout.ends_with("fast\n") && output.stderr.contains("echo fast"), "the control: {output:?}");
    for secret in [WORK.key, FAST.key] {
        assert!(!output.stderr.contains(&secret[secret.len() - 16..]), "{output:?}");
    }
    // And an interactive one can be told to do without.
    let mut terminal = scene.builder(FISH).env("LLMENV_HOOK", "0").cwd("work").start();
    assert_nothing(&mut terminal);
    let text = terminal.run("llmenv use work; echo status $status");
    assert!(text.contains("llmenv exec work -- COMMAND") && text.contains("status 2"), "{text}");
    let mut terminal = scene.builder(FISH).cwd("work").start();
    assert_active(&mut terminal, &WORK);
    terminal.run("set -g LLMENV_HOOK 0");
    terminal.run("cd /");
    assert_active(&mut terminal, &WORK);
    terminal.run("set -e LLMENV_HOOK");
    assert_nothing(&mut terminal);
}

/// Completions know the function's words.
#[test]
fn completions_go_with_the_function() {
    let scene = Scene::new();
    let printed = scene.home.llmenv(&["completions", "fish"]).stdout;
    scene.home.write(".config/fish/completions/llmenv.fish", printed);
    let mut terminal = scene.shell(FISH);
    let words = terminal.run("complete -C 'llmenv us' | string split -f 1 \\t");
    assert_eq!(words, "use\n");
    let words = terminal.run("complete -C 'llmenv use w' | string split -f 1 \\t");
    assert_eq!(words, "work\n");
    let text = terminal.run("type -t llmenv");
    assert_eq!(text, "function\n");
}

/// What is piped to the function reaches the program, and its output and status come back.
#[test]
fn pipes_and_status_pass_through() {
    let scene = Scene::new();
    let mut terminal = scene.shell(FISH);
    let line = format!(
        "echo {} | llmenv add home --provider openrouter --key-stdin --no-check; echo status $status",
        WORK_NEXT
    );
    let text = terminal.run(&line);
    assert!(text.ends_with("status 0\n"), "{text}");
    assert_eq!(terminal.run("llmenv list | string match -q '*home*'; echo $status"), "0\n");
    assert_eq!(terminal.run("llmenv use home"), "llmenv: using `home` in this shell\n");
    assert_pair(&mut terminal, Some(WORK_NEXT), Some(WORK.url));
    let text = terminal.run("llmenv use nope; echo status $status");
    assert!(text.ends_with("status 1\n") || text.ends_with("status 2\n"), "{text}");
    assert_eq!(terminal.run("llmenv use work --help | string match -q '*Usage*'; echo $pipestatus"), "0 0\n");
    assert_pair(&mut terminal, Some(WORK_NEXT), Some(WORK.url));
}

/// Without fish 3.5's `path` a lease ends all the same.
#[test]
fn a_lease_ends_in_an_older_fish() {
    let scene = Scene::new();
    let rc = format!(
        "{}\nfunctions -c __llmenv_clock newer\nfunction __llmenv_clock; command date +%s; end",
        init_line(FISH)
    );
    let mut terminal = Terminal::builder(&scene.home, FISH).rc(&rc).start();
    let told = terminal.run("math (newer) - (command date +%s)");
    assert!(["-1\n", "0\n"].contains(&told.as_str()), "the two clocks differ by {told}");
    choose(&mut terminal, "llmenv use work --for 2s");
    scene.home.end_daemon();
    std::fs::remove_file(scene.home.path(".config/llmenv/config.toml")).unwrap();
    let begun = std::time::Instant::now();
    crate::hook::scene::wait_until("the time is over", || begun.elapsed().as_secs() >= 3);
    terminal.run("");
    terminal.run("");
    assert_pair(&mut terminal, None, None);
}

/// An answer with more in it than the grammar has is none, and what a daemon says is text.
#[test]
fn t02_fake_daemon_speaks_plainly_fish() {
    let scene = Scene::new();
    let fake = FakeDaemon::start(&scene);
    let mut terminal = scene.shell(FISH);
    let mut dirs = ["/usr", "/"].into_iter().cycle();
    let many: String = (0..120).map(|n| format!("set\tMANY_{n}\tx\n")).collect();
    for wild in ["say\t\u{1b}]0;evil\u{7}\n", "set\tA\ta\u{1b}b\n", "set\tA\ta\rb\n", "set\tfish_prompt_x\tb\n", &many]
    {
        fake.answers(Answer::lines(&format!("set\tOPENAI_BASE_URL\tx\n{wild}")));
        enter(&mut terminal, std::path::Path::new(dirs.next().unwrap()));
        assert_pair(&mut terminal, None, None);
    }
    fake.answers(Answer::lines("say\tplain $(touch pwn) (touch pwn) 鍵\nset\tOPENAI_ORG_ID\tspoken (touch pwn)\n"));
    let text = enter(&mut terminal, &scene.home.path("run"));
    assert_eq!(said(&text), ["llmenv: plain $(touch pwn) (touch pwn) 鍵"]);
    assert_both(&mut terminal, "OPENAI_ORG_ID", Some("spoken (touch pwn)"));
    assert!(!scene.home.path("run/pwn").exists());
}
