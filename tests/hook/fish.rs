//! What only fish has: universal variables, lists, events, words that anybody may redefine.

mod surroundings;
mod universal;

use super::places::every_place;
use super::scenario::{DIRECTORIES, every_scenario};
use super::scene::{
    FAST, Scene, WORK, WORK_NEXT, assert_active, assert_both, assert_nothing, assert_pair, cd_line, choose, draw_until,
    enter, init_line, said, var_in,
};
use crate::support::{Shell, Terminal, home};

every_scenario!(Shell::Fish);
every_place!(Shell::Fish);

const FISH: Shell = Shell::Fish;

/// `cd p && cmd`, in a function, a block and a command substitution, which is no shell of its own in fish.
#[test]
fn a_directory_counts_for_the_same_line() {
    let scene = Scene::new();
    let (work, fast) = (scene.pin("work", &WORK), scene.pin("fast", &FAST));
    let mut terminal = scene.shell(FISH);
    let started = String::from_utf8_lossy(&terminal.raw_output()).into_owned();
    assert!(!started.contains("llmenv"), "nothing is said at the start: {started}");
    let file = |n: u8| scene.home.path(n.to_string());
    terminal.run(&format!("{} && {}", cd_line(FISH, &work), FISH.child_line(&file(1))));
    assert_eq!(var_in(&file(1), "OPENAI_API_KEY").as_deref(), Some(WORK.key));
    assert_eq!(var_in(&file(1), "OPENAI_BASE_URL").as_deref(), Some(WORK.url));
    terminal.run(&format!(
        "begin; pushd {}; {}; popd; {}; end",
        FISH.quote(fast.to_str().unwrap()),
        FISH.child_line(&file(2)),
        FISH.child_line(&file(3))
    ));
    assert_eq!(var_in(&file(2), "OPENAI_API_KEY").as_deref(), Some(FAST.key));
    assert_eq!(var_in(&file(3), "OPENAI_API_KEY").as_deref(), Some(WORK.key));
    let seen = terminal.run(&format!("echo ({}; pwd)", cd_line(FISH, &fast)));
    assert_eq!(seen.trim_end(), fast.to_str().unwrap(), "a substitution has the command's output alone");
    assert_active(&mut terminal, &FAST);
    terminal.run("cd /nowhere");
    assert_active(&mut terminal, &FAST);
}

/// Lists, exported or not, and those that are paths.
#[test]
fn lists_and_their_kinds_come_back() {
    let scene = Scene::new();
    let work = scene.pin("work", &WORK);
    let mut terminal = scene.shell(FISH);
    terminal
        .run("set -g OPENAI_API_KEY one 'two three' ''; set -gx --path OPENROUTER_API_KEY a b; set -gx OPENAI_ORG_ID");
    let shown = "set -S OPENAI_API_KEY OPENROUTER_API_KEY OPENAI_ORG_ID | string match -v '*originally*'";
    let before = terminal.run(shown);
    assert!(
        before.contains("unexported, with 3 elements") && before.contains("a path variable"),
        "the control: {before}"
    );
    for _ in 0..2 {
        assert_eq!(enter(&mut terminal, &work), "");
        assert_active(&mut terminal, &WORK);
        assert_eq!(enter(&mut terminal, &scene.home.path("")), "");
        assert_eq!(terminal.run(shown), before);
    }
    assert_eq!(terminal.child_var("OPENAI_API_KEY"), None);
    assert_eq!(terminal.child_var("OPENROUTER_API_KEY").as_deref(), Some("a:b"));
}

/// A name that fish keeps for itself: one line, and neither half changes.
#[test]
fn what_cannot_be_replaced_refuses_the_whole() {
    let scene = Scene::new();
    let config = scene.home.path(".config/llmenv/config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let odd = "[profiles.odd]\nprovider = \"custom\"\nbase_url = \"http://127.0.0.1:9/v1\"\ndialect = \"openai-chat\"\n\
               auth = \"none\"\nenv = { version = \"1\" }\n";
    std::fs::write(&config, format!("{text}\n{odd}")).unwrap();
    scene.must(&["list"], "");
    let work = scene.pin("work", &WORK);
    let odd = scene.home.path("odd");
    std::fs::create_dir(&odd).unwrap();
    let mut command = scene.home.cmd(crate::support::LLMENV);
    command.args(["use", "odd", "--here"]).current_dir(&odd);
    assert_eq!(home::finish(command, None).code, 0);
    let mut terminal = scene.shell(FISH);
    let version = terminal.shell_var("version");
    terminal.export("OPENAI_BASE_URL", "http://127.0.0.1:1/mine");
    let line = "llmenv: version is a variable of fish itself, so nothing was changed; take it out of the profile, or use \
                `llmenv exec`";
    assert_eq!(said(&enter(&mut terminal, &odd)), [line]);
    assert_eq!(terminal.run(""), "", "it is said once");
    let text = terminal.run("llmenv use odd; echo status $status");
    assert_eq!(said(&text), [line]);
    assert!(text.ends_with("status 1\n"), "{text}");
    assert_pair(&mut terminal, None, Some("http://127.0.0.1:1/mine"));
    assert_both(&mut terminal, "LLMENV_PROFILE", None);
    // The last directory's account does not stay.
    enter(&mut terminal, &work);
    assert_active(&mut terminal, &WORK);
    assert_eq!(
        said(&enter(&mut terminal, &odd)),
        [
            "llmenv: version is a variable of fish itself, so `work` was taken out of this shell on leaving its directory"
        ]
    );
    assert_pair(&mut terminal, None, Some("http://127.0.0.1:1/mine"));
    assert_eq!(terminal.shell_var("version"), version);
}

/// From a function with locals of the same names: the globals change, the locals are the function's.
#[test]
fn a_function_with_locals_may_choose() {
    let scene = Scene::new();
    let mut terminal = scene.shell(FISH);
    terminal
        .run("function f; set -l OPENAI_API_KEY x; set -l __llmenv_name y; llmenv use work; echo $OPENAI_API_KEY; end");
    assert_eq!(terminal.run("f"), "llmenv: using `work` in this shell\nx\n");
    assert_active(&mut terminal, &WORK);
    choose(&mut terminal, "llmenv off");
    assert_nothing(&mut terminal);
}

/// Functions in the place of everything that fish lets anybody redefine, and every awkward directory with them.
#[test]
fn t14_shadowed_words_fish() {
    let scene = Scene::new();
    let words = "count path true type emit cd pwd date seq";
    let rc = format!(
        "{}\nfor word in {words}\nif test $word = cd; function cd; builtin cd $argv; end; else; \
         eval \"function $word; builtin echo BAD $word; return 1; end\"; end\nend",
        init_line(FISH)
    );
    let dirs: Vec<_> = DIRECTORIES.iter().map(|name| scene.pin(name, &WORK)).collect();
    let mut terminal = Terminal::builder(&scene.home, FISH).rc(&rc).start();
    terminal.export("OPENAI_API_KEY", "mine");
    assert_eq!(terminal.run("count"), "BAD count\n", "the control");
    for dir in &dirs {
        assert_eq!(enter(&mut terminal, dir), "");
        assert_active(&mut terminal, &WORK);
    }
    assert_eq!(enter(&mut terminal, &scene.home.path("")), "");
    assert_pair(&mut terminal, Some("mine"), None);
    assert_eq!(terminal.run("llmenv use fast"), "llmenv: using `fast` in this shell\n");
    assert_active(&mut terminal, &FAST);
    assert_eq!(terminal.run("llmenv use work --for 2h"), "llmenv: using `work` in this shell for 2h\n");
    terminal.run("");
    assert_active(&mut terminal, &WORK);
    // No secret and no state of ours reaches a child.
    let file = scene.home.path("environment");
    terminal.run(&FISH.child_line(&file));
    let environment = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
    assert!(!environment.to_lowercase().contains("__llmenv") && !environment.contains("=mine"), "{environment}");
    for dir in dirs.iter().chain([&scene.home.path("")]) {
        assert!(!dir.join("pwn").exists());
    }
}

/// A directory whose name is no text at all is still a directory.
#[test]
fn a_path_that_is_not_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let scene = Scene::new();
    let work = scene.pin("work", &WORK);
    let odd = work.join(std::ffi::OsStr::from_bytes(b"odd \xff\xfe"));
    std::fs::create_dir(&odd).unwrap();
    let mut terminal = scene.shell(FISH);
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
    let look = "function look --on-event fish_prompt\nset -qg OPENAI_API_KEY; set -l key $status\n\
                set -qg OPENAI_BASE_URL; set -l url $status\nswitch $key$url\ncase 00; echo >~/both\ncase 11; echo >~/none\n\
                case '*'; echo >~/half\nend\nend";
    let rc = format!("{}\n{look}", init_line(FISH));
    let mut terminal = Terminal::builder(&scene.home, FISH).rc(&rc).start();
    let shell = rustix::process::Pid::from_raw(i32::try_from(terminal.pid()).unwrap()).unwrap();
    let find = |terminal: &Terminal, from: usize, mark: &str| {
        let printed = terminal.raw_output();
        printed[from..].windows(mark.len()).any(|window| window == mark.as_bytes())
    };
    for n in 0..120 {
        let from = terminal.raw_output().len();
        terminal.send_raw(if n % 2 == 0 { "cd ~/work\r" } else { "cd ~\r" });
        super::scene::wait_until("the line is taken", || terminal.raw_output().len() > from);
        std::thread::sleep(std::time::Duration::from_micros(400 * (n % 17)));
        rustix::process::kill_process(shell, rustix::process::Signal::INT).unwrap();
        // An answer to one more line says that the prompt after the interrupt was drawn; it is typed again where the interrupt took
        // it along.
        let line = format!("\recho '<'n{n}'>'\r");
        let begun = std::time::Instant::now();
        let mut typed = None::<std::time::Instant>;
        while !find(&terminal, from, &format!("<n{n}>")) {
            assert!(begun.elapsed() < crate::support::DEADLINE, "{n}: the shell takes no line any more");
            if typed.is_none_or(|typed| typed.elapsed().as_secs() >= 2) {
                typed = Some(std::time::Instant::now());
                terminal.send_raw(&line);
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
    assert!(!scene.home.path("half").exists(), "half a pair at a prompt");
    // The last of them may be drawn twice, and a harness that waits for the next prompt would take that for its own.
    super::scene::wait_until("it is at its prompt", || {
        let len = terminal.raw_output().len();
        std::thread::sleep(std::time::Duration::from_millis(200));
        terminal.raw_output().len() == len
    });
    scene.enter_until_active(&mut terminal, &scene.home.path("work"), &WORK);
    // The control: the shell does look, and met both states.
    assert!(scene.home.path("both").exists() && scene.home.path("none").exists());
}

/// Whoever is told of each single change never sees one account's key with another's address.
#[test]
fn what_looks_in_between_meets_no_mixed_pair() {
    let scene = Scene::new();
    let (work, fast) = (scene.pin("work", &WORK), scene.pin("fast", &FAST));
    let seen = scene.home.path("seen");
    let watch = format!(
        "function watch --on-variable OPENAI_API_KEY --on-variable OPENAI_BASE_URL\n\
         echo \"$OPENAI_API_KEY $OPENAI_BASE_URL\" >>{}\nend",
        seen.display()
    );
    let mut terminal = Terminal::builder(&scene.home, FISH).rc(&format!("{}\n{watch}", init_line(FISH))).start();
    for dir in [&work, &fast, &work, &scene.home.path(""), &fast] {
        enter(&mut terminal, dir);
    }
    assert_active(&mut terminal, &FAST);
    let seen = std::fs::read_to_string(&seen).unwrap();
    for line in seen.lines() {
        let (key, url) = line.split_once(' ').unwrap();
        assert!(
            [("", ""), ("", WORK.url), ("", FAST.url), (WORK.key, WORK.url), (FAST.key, FAST.url)]
                .contains(&(key, url)),
            "{seen}"
        );
    }
    assert!(seen.contains(WORK.key) && seen.contains(FAST.key), "the control: {seen}");
}
