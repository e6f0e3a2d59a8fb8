//! A daemon that is dead, asleep, gone, or somebody else: nothing is applied, one line says so, the prompt comes back.

use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

use super::fake_daemon::{Answer, FakeDaemon};
use super::scene::{
    FAST, Scene, WORK, assert_active, assert_nothing, assert_pair, cd_line, choose, enter, init_line, said, wait_until,
};
use crate::support::{LLMENV, Shell, Terminal};

/// Signals the scene's daemon.
pub fn signal(scene: &Scene, signal: Signal) -> u32 {
    let pid = scene.home.daemon_pid().expect("a daemon");
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal).unwrap();
    pid
}

/// Kills the scene's daemon, and waits until it is gone.
pub fn kill(scene: &Scene) {
    signal(scene, Signal::KILL);
    // A dying process takes connections until its last thread is gone.
    let socket = scene.home.path("run/llmenv/daemon.sock");
    wait_until("nobody listens", || std::os::unix::net::UnixStream::connect(&socket).is_err());
    wait_until("the daemon is dead", || scene.home.daemon_pid().is_none());
}

/// `kill -9`: the shell keeps what it has, and the next change of directory starts a daemon that knows everything.
pub fn killed_daemon_comes_back(shell: Shell) {
    let scene = Scene::new();
    let (work, fast) = (scene.pin("work", &WORK), scene.pin("fast", &FAST));
    let mut terminal = scene.shell(shell);
    enter(&mut terminal, &work);
    kill(&scene);
    assert_eq!(terminal.run(""), "");
    assert_active(&mut terminal, &WORK);
    assert_eq!(scene.home.daemon_pid(), None, "an idle prompt starts nothing");
    let text = enter(&mut terminal, &fast);
    if text.contains("none could be started") {
        // Too busy a machine to start one in half a second: it is there in a moment.
        scene.enter_until_active(&mut terminal, &fast, &FAST);
    }
    assert_active(&mut terminal, &FAST);
    kill(&scene);
    choose(&mut terminal, "llmenv use work");
    assert_active(&mut terminal, &WORK);
    kill(&scene);
    choose(&mut terminal, "llmenv off");
    assert_nothing(&mut terminal);
}

/// SIGSTOP: on leaving, the earlier values come back from the shell's own state.
pub fn t22_stopped_daemon(shell: Shell) {
    let scene = Scene::new();
    let (work, fast) = (scene.pin("work", &WORK), scene.pin("fast", &FAST));
    let mut terminal = scene.shell(shell);
    terminal.export("OPENAI_API_KEY", "mine");
    enter(&mut terminal, &work);
    assert_active(&mut terminal, &WORK);
    signal(&scene, Signal::STOP);
    assert_eq!(terminal.run(""), "");
    assert_active(&mut terminal, &WORK);
    let text = terminal.run(&cd_line(shell, &fast));
    assert_eq!(
        said(&text),
        ["llmenv: the daemon does not answer, so `work` was taken out of this shell on leaving its directory"]
    );
    assert_pair(&mut terminal, Some("mine"), None);
    assert_eq!(terminal.run(""), "", "it is said once");
    terminal.run(&cd_line(shell, Path::new("/")));
    assert_pair(&mut terminal, Some("mine"), None);
    // A shell that starts now has a prompt too.
    let mut second = scene.builder(shell).cwd("fast").start();
    assert_pair(&mut second, None, None);
    signal(&scene, Signal::CONT);
    scene.enter_until_active(&mut terminal, &work, &WORK);
    // What was chosen stays through it all.
    choose(&mut terminal, "llmenv use fast");
    signal(&scene, Signal::STOP);
    terminal.run(&cd_line(shell, Path::new("/")));
    assert_active(&mut terminal, &FAST);
    signal(&scene, Signal::CONT);
}

/// The program was uninstalled and the daemon ended.
pub fn absent_program_is_told_once(shell: Shell) {
    let scene = Scene::new();
    let work = scene.pin("work", &WORK);
    let program = scene.home.path("bin/llmenv");
    std::fs::create_dir(scene.home.path("bin")).unwrap();
    std::os::unix::fs::symlink(LLMENV, &program).unwrap();
    let path = format!("{}:/usr/bin:/bin", scene.home.path("bin").display());
    let mut terminal = Terminal::builder(&scene.home, shell).rc(init_line(shell)).env("PATH", path).start();
    enter(&mut terminal, &work);
    assert_active(&mut terminal, &WORK);
    std::fs::remove_file(&program).unwrap();
    kill(&scene);
    let mut said_in_all = Vec::new();
    for dir in ["", "work", "", "work"] {
        let text = terminal.run(&cd_line(shell, &scene.home.path(dir)));
        said_in_all.extend(said(&text).into_iter().map(str::to_owned));
        assert_nothing(&mut terminal);
    }
    assert_eq!(
        said_in_all,
        [format!(
            "llmenv: the program is not at {} any more, so `work` was taken out of this shell on leaving its directory",
            program.display()
        )]
    );
}

/// Whatever a stranger of the same user sends: no code runs, no half is applied.
pub fn t02_fake_daemon_payload(shell: Shell) {
    let scene = Scene::new();
    let (one, two) = (scene.home.path("one"), scene.home.path("two"));
    for dir in [&one, &two] {
        std::fs::create_dir(dir).unwrap();
    }
    let fake = FakeDaemon::start(&scene);
    let mut terminal = scene.shell(shell);
    let path = terminal.shell_var("PATH");
    let whole = |line: &str| Answer::lines(&format!("set\tOPENAI_API_KEY\tevil\n{line}\nset\tOPENAI_BASE_URL\tevil\n"));
    let long = format!("set\tOPENAI_ORG_ID\t{}", "x".repeat(10 * 1024 * 1024));
    for answer in [
        whole("set\tPATH\t/evil"),
        whole("unset\tPATH"),
        whole("set\tA;id\tx"),
        whole("set\t$(touch pwn)\tx"),
        whole("set\tA[$(touch pwn)]\tx"),
        whole("set\tLD_PRELOAD\t/evil.so"),
        whole("set\tPS1\t$(touch pwn)"),
        whole("set\tPROMPT_COMMAND\ttouch pwn"),
        whole("set\t__llmenv_program\t/evil"),
        whole("set\tLLMENV_STATE\t1"),
        whole("set\t"),
        whole(&long),
        Answer::Bytes(b"state\tapply\nset\tOPENAI_API_KEY\tevil\nend\tfake:1\n".to_vec()),
        Answer::Bytes(b"set\tOPENAI_API_KEY\tevil\nend\tfake:1\n".to_vec()),
        Answer::state("pin\twork\ta[$(touch pwn)]\t-"),
        Answer::state("pin\t$(touch pwn)\t0\t-"),
        Answer::state("x;touch pwn\twork\t0\t-"),
        Answer::state("pin\twork\t0\t`touch pwn`"),
    ] {
        fake.answers(answer.clone());
        for dir in [&one, &two] {
            let before = fake.asked().len();
            let text = terminal.run(&cd_line(shell, dir));
            assert!(said(&text).len() <= 1 && text.lines().count() <= 1, "{shell:?}: {text}");
            assert_pair(&mut terminal, None, None);
            terminal.run("");
            assert_eq!(fake.asked().len(), before + 1, "{shell:?}: asked once for each change");
            assert!(!dir.join("pwn").exists());
        }
        assert_eq!(terminal.shell_var("PATH"), path);
    }
    // The control: a good answer is applied, and a value is a value whatever is in it.
    let value = "'; touch pwn; '$(touch pwn)`touch pwn`\"";
    fake.answers(Answer::lines(&format!("set\tOPENAI_API_KEY\t{value}\n")));
    enter(&mut terminal, &one);
    assert_pair(&mut terminal, Some(value), None);
    assert!(!one.join("pwn").exists() && !scene.home.path("pwn").exists());
}

/// Answers that end too early, never, or in the middle of a line. (One that closes without a word is a daemon that has just
/// died, and a new one takes its place.)
pub fn t02_half_answers_apply_nothing(shell: Shell) {
    let scene = Scene::new();
    let (one, two) = (scene.home.path("one"), scene.home.path("two"));
    for dir in [&one, &two] {
        std::fs::create_dir(dir).unwrap();
    }
    let fake = FakeDaemon::start(&scene);
    let mut terminal = scene.shell(shell);
    let half = b"shell\tSHELL\nstate\tapply\tpin\twork\t0\t-\nset\tOPENAI_API_KEY\tevil\n";
    for (n, answer) in [
        Answer::Bytes(half.to_vec()),
        Answer::Held(half.to_vec()),
        Answer::Bytes([half.as_slice(), b"end"].concat()),
        Answer::Held([half.as_slice(), b"set\tOPENAI_BASE"].concat()),
        Answer::Held(Vec::new()),
        Answer::Bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
        Answer::Bytes(b"{\"done\":{}}\n".to_vec()),
        Answer::Bytes(b"fail\t{\"message\":\"no\"}\nend\t-\n".to_vec()),
        Answer::Bytes((0..=255).cycle().take(5000).collect()),
        Answer::Drip,
    ]
    .into_iter()
    .enumerate()
    {
        fake.answers(answer);
        let before = fake.asked().len();
        let text = terminal.run(&cd_line(shell, if n % 2 == 0 { &one } else { &two }));
        assert!(said(&text).len() <= 1 && text.lines().count() <= 1, "{shell:?}, answer {n}: {text}");
        assert_pair(&mut terminal, None, None);
        let asked = fake.asked().len();
        assert!(asked > before, "{shell:?}: answer {n} was asked for");
        terminal.run("");
        assert_eq!(fake.asked().len(), asked, "{shell:?}: answer {n} is not asked for again");
    }
    fake.answers(Answer::lines("set\tOPENAI_API_KEY\tgood\n"));
    enter(&mut terminal, &scene.home.path(""));
    assert_pair(&mut terminal, Some("good"), None);
}

/// In the same directory a failure leaves the environment alone.
pub fn a_failure_in_place_changes_nothing(shell: Shell) {
    let scene = Scene::new();
    let work = scene.pin("work", &WORK);
    let mut terminal = scene.shell(shell);
    enter(&mut terminal, &work);
    let pid = terminal.pid();
    let file = std::fs::read_dir(scene.state_dir().join("shells")).unwrap().flatten();
    let file = file.map(|file| file.path()).find(|path| path.to_string_lossy().contains(&format!("/{pid}."))).unwrap();
    signal(&scene, Signal::STOP);
    std::fs::write(&file, "somebody:1\n").unwrap();
    terminal.run("");
    assert_active(&mut terminal, &WORK);
    terminal.export("OPENROUTER_API_KEY", "mine");
    terminal.run("");
    assert_pair(&mut terminal, Some(WORK.key), Some(WORK.url));
    signal(&scene, Signal::CONT);
    enter(&mut terminal, &scene.home.path(""));
    assert_pair(&mut terminal, None, None);
}
