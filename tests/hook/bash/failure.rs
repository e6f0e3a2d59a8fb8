//! A daemon that is killed, stopped, gone, replaced or somebody else: nothing half applied, nothing executed.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{assert_holds, assert_nothing, held, home, pin, signal, start, wait_until};
use crate::support::{Home, LLMENV};

/// Ends a daemon at once and waits until its process is gone.
fn kill(home: &Home) {
    let pid = home.daemon_pid().unwrap();
    signal(pid, "-KILL");
    wait_until("the daemon is gone", || home.daemon_pid() != Some(pid));
}

#[test]
fn a_killed_daemon_is_not_felt() {
    let home = home();
    pin(&home, "p", "fast");
    let mut terminal = start(&home);
    terminal.run("llmenv use work");
    kill(&home);
    assert_eq!(terminal.run("echo fine"), "fine\n");
    assert_holds(&mut terminal, "work");
    terminal.run("llmenv use --auto");
    assert_nothing(&mut terminal);
    kill(&home);
    // A new one is started; on a busy machine it may be ready only after this prompt.
    terminal.run("cd p");
    wait_until("a new daemon answers", || terminal.child_var("LLMENV_PROFILE").is_some());
    wait_until("the key arrives", || terminal.child_var("OPENAI_API_KEY").is_some());
    assert_holds(&mut terminal, "fast");
    assert!(home.daemon_pid().is_some());
    kill(&home);
    terminal.run("cd");
    assert_nothing(&mut terminal);
}

#[test]
fn a_new_daemon_knows_the_shells_of_the_old_one() {
    let home = home();
    let mut terminal = start(&home);
    terminal.run("llmenv use work");
    kill(&home);
    assert_eq!(home.llmenv(&["list"]).code, 0);
    assert_eq!(home.llmenv_with(&["rotate", "work", "--key-stdin", "--no-check"], super::key(3)).code, 0);
    wait_until("the new key", || terminal.child_var("OPENAI_API_KEY") == Some(super::key(3)));
}

#[test]
fn t22_stopped_daemon_bash() {
    let home = home();
    pin(&home, "p", "fast");
    let mut terminal = start(&home);
    terminal.run("cd p");
    assert_holds(&mut terminal, "fast");
    let daemon = home.daemon_pid().unwrap();
    signal(daemon, "-STOP");
    // Same directory: nothing is asked, nothing changes.
    assert_eq!(terminal.run("echo fine"), "fine\n");
    assert_holds(&mut terminal, "fast");
    // A half changed by hand: one line, once.
    let text = terminal.run("export OPENAI_API_KEY=other");
    assert_eq!(text, "llmenv: the daemon does not answer; `llmenv daemon status` says more\n");
    assert_eq!(terminal.run("echo quiet"), "quiet\n");
    assert_eq!(super::both(&mut terminal, "GROQ_API_KEY"), Some(super::groq_key()));
    // Another directory: the last one's account goes, one line says so, and nothing is asked again.
    let text = terminal.run("cd");
    assert_eq!(
        text,
        "llmenv: the daemon does not answer, so `fast` was taken out of this shell on leaving its directory\n"
    );
    let own = Some("other".to_owned());
    assert_eq!(held(&mut terminal), [own, None, None], "the user's own stays");
    assert_eq!(super::both(&mut terminal, "GROQ_API_KEY"), None);
    assert_eq!(terminal.run("echo quiet"), "quiet\n");
    assert_eq!(terminal.run("cd /; echo quiet"), "quiet\n");
    signal(daemon, "-CONT");
    terminal.run("cd ~/p");
    assert_holds(&mut terminal, "fast");
    terminal.run("cd");
    assert_eq!(super::both(&mut terminal, "OPENAI_API_KEY").as_deref(), Some("other"));
}

#[test]
fn a_stopped_daemon_leaves_a_choice_alone() {
    let home = home();
    let mut terminal = start(&home);
    terminal.run("llmenv use work");
    let daemon = home.daemon_pid().unwrap();
    signal(daemon, "-STOP");
    terminal.run("cd /");
    assert_holds(&mut terminal, "work");
    terminal.run("bash");
    assert_holds(&mut terminal, "work");
    terminal.run("exit");
    signal(daemon, "-CONT");
    terminal.run("llmenv off");
    assert_nothing(&mut terminal);
}

#[test]
fn a_stopped_daemon_is_asked_once_a_directory() {
    let home = home();
    let mut terminal = start(&home);
    terminal.run("llmenv use work");
    let daemon = home.daemon_pid().unwrap();
    signal(daemon, "-STOP");
    terminal.run("cd /");
    // The control is in `surroundings`: strace sees the processes that a line starts.
    let count = super::surroundings::processes_while(&mut terminal, |terminal| {
        for _ in 0..5 {
            terminal.run("");
        }
    });
    signal(daemon, "-CONT");
    assert_eq!(count, 0);
}

#[test]
fn a_program_that_is_gone() {
    let home = home();
    pin(&home, "p", "fast");
    std::fs::create_dir(home.path("bin")).unwrap();
    std::fs::copy(LLMENV, home.path("bin/llmenv")).unwrap();
    let mut terminal = super::Terminal::builder(&home, super::Shell::Bash)
        .rc(&format!("PATH=$HOME/bin:$PATH\n{}", super::INIT))
        .start();
    terminal.run("cd p");
    assert_holds(&mut terminal, "fast");
    std::fs::rename(home.path("bin/llmenv"), home.path("bin/other")).unwrap();
    assert_eq!(terminal.run("echo fine"), "fine\n");
    // While the daemon is there nobody needs the program.
    assert_eq!(terminal.run("cd; cd p"), "");
    assert_holds(&mut terminal, "fast");
    home.end_daemon();
    let text = terminal.run("cd; PATH=/usr/bin:/bin");
    assert!(text.contains("is not at") && text.contains("`fast` was taken out"), "{text}");
    assert_nothing(&mut terminal);
    let text = terminal.run("llmenv use fast; echo status=$?");
    assert!(!text.contains("status=0"), "{text}");
    assert_nothing(&mut terminal);
    std::fs::rename(home.path("bin/other"), home.path("bin/llmenv")).unwrap();
    terminal.run("PATH=$HOME/bin:$PATH; cd p");
    assert_holds(&mut terminal, "fast");
}

#[test]
fn no_daemon_can_be_started() {
    let home = home();
    pin(&home, "p", "fast");
    home.end_daemon();
    let mut terminal = super::around(&home, "export LLMENV_DAEMON=off", "").start();
    assert_eq!(terminal.run("echo fine"), "fine\n");
    assert_nothing(&mut terminal);
    terminal.run("cd p");
    assert_nothing(&mut terminal);
    let seen = String::from_utf8_lossy(&terminal.raw_output()).into_owned();
    assert_eq!(seen.matches("no daemon runs and none could be started").count(), 1, "{seen}");
}

/// Somebody's program where the daemon's socket should be; answers every request with these bytes, then does as told.
struct Fake {
    asked: Arc<AtomicUsize>,
    socket: PathBuf,
}

/// What a fake does after its answer.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    Close,
    Hold,
    /// One byte after the other, for ever.
    Drip,
}

impl Fake {
    fn start(home: &Home, answer: &[u8], then: Then) -> Self {
        home.end_daemon();
        let socket = home.path("run/fake");
        let _ = std::fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket).unwrap();
        let machine = std::fs::read_dir(home.path(".local/state/llmenv")).unwrap().flatten().next().unwrap().path();
        let text = format!("llmenv 1\npid 1\nboot 0123456789abcdef\nversion 0.0.1\nsocket {}\n", socket.display());
        std::fs::write(machine.join("daemon"), text).unwrap();
        let (asked, answer) = (Arc::new(AtomicUsize::new(0)), answer.to_vec());
        let count = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                count.fetch_add(1, Ordering::SeqCst);
                let answer = answer.clone();
                std::thread::spawn(move || {
                    let _ = stream.read(&mut [0; 4096]);
                    let _ = stream.write_all(&answer);
                    while then == Then::Drip && stream.write_all(b"x").is_ok() {
                        std::thread::sleep(std::time::Duration::from_millis(10));
                    }
                    while then == Then::Hold && stream.read(&mut [0; 64]).is_ok_and(|len| len > 0) {}
                });
            }
        });
        Self { asked, socket }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.socket);
    }
}

#[test]
fn t02_fake_daemon_payload_bash() {
    let good = "state\tapply\tdefault\twork\t0\t-\nset\tOPENAI_BASE_URL\thttps://x.example\nset\tOPENAI_API_KEY\tfake";
    let huge = format!("{good}\nset\tBIG\t{}\nend\tx:1\n", "x".repeat(10 << 20));
    let long = format!("{good}\nset\tBIG\t{}\nend\tx:1\n", "x".repeat(1 << 19));
    let many = format!("{good}\n{}end\tx:1\n", "say\tx\n".repeat(100_000));
    let cases: Vec<(&str, Vec<u8>, Then)> = vec![
        ("garbage", b"\x00\xff\xfe garbage\n\n\t\t\n".to_vec(), Then::Close),
        ("shell code", b"export OPENAI_API_KEY=fake; touch pwn\nend\tx:1\n".to_vec(), Then::Close),
        ("half an answer", good.as_bytes().to_vec(), Then::Close),
        ("half an answer, held", format!("{good}\n").into_bytes(), Then::Hold),
        ("nothing, held", Vec::new(), Then::Hold),
        ("no end, for ever", format!("{good}\n").into_bytes(), Then::Drip),
        ("PATH", format!("{good}\nset\tPATH\t/pwn\nend\tx:1\n").into_bytes(), Then::Close),
        ("a name that is code", format!("{good}\nset\ta[$(touch pwn)]\tx\nend\tx:1\n").into_bytes(), Then::Close),
        ("another name that is code", format!("{good}\nset\tA;touch pwn\tx\nend\tx:1\n").into_bytes(), Then::Close),
        ("an unset that is code", format!("{good}\nunset\tx[$(touch pwn)]\nend\tx:1\n").into_bytes(), Then::Close),
        ("a lease that is code", good.replace("\t0\t", "\ta[$(touch pwn)]\t").into_bytes(), Then::Close),
        (
            "a whole lease that is code",
            format!("{}\nend\tx:1\n", good.replace("\t0\t", "\ta[$(touch\u{a0}pwn)]\t")).into(),
            Then::Close,
        ),
        ("NUL in a value", format!("{good}\nset\tOTHER\ta\0b\nend\tx:1\n").into_bytes(), Then::Close),
        ("escape in a line", format!("{good}\nsay\t\u{1b}]0;pwn\u{7}\nend\tx:1\n").into_bytes(), Then::Close),
        ("not UTF-8", [good.as_bytes(), b"\nset\tOTHER\t\xff\nend\tx:1\n"].concat(), Then::Close),
        ("no value", format!("{good}\nset\tOTHER\nend\tx:1\n").into_bytes(), Then::Close),
        ("no state", b"set\tOPENAI_API_KEY\tfake\nend\tx:1\n".to_vec(), Then::Close),
        ("10 MiB", huge.into_bytes(), Then::Close),
        ("half a MiB", long.into_bytes(), Then::Close),
        ("many lines", many.into_bytes(), Then::Close),
    ];
    let home = home();
    let before = |terminal: &mut super::Terminal| {
        terminal.run("env -0 | sort -z | grep -zv -e ^_= -e ^OLDPWD= -e ^PWD= | md5sum; shopt | md5sum")
    };
    std::fs::create_dir_all(home.path("d")).unwrap();
    let mut terminal = start(&home);
    let clean = before(&mut terminal);
    for (what, answer, then) in cases {
        let fake = Fake::start(&home, &answer, then);
        terminal.run("cd d; cd .; true");
        wait_until("the fake is asked", || fake.asked.load(Ordering::SeqCst) > 0);
        assert_eq!(before(&mut terminal), clean, "{what}");
        terminal.run("cd");
        let text = terminal.run("llmenv use work; echo status=$?");
        assert!(!text.contains("status=0"), "{what}: {text}");
        assert_eq!(before(&mut terminal), clean, "{what}");
        assert!(!home.path("pwn").exists() && !home.path("d/pwn").exists(), "{what}");
        assert!(!terminal.raw_output().windows(4).any(|bytes| bytes == b"\x1b]0;"), "{what}");
    }
    // The control: a whole answer of this fake is taken, and a value in it is a value.
    let evil = "'; touch pwn; '$(touch pwn)`touch pwn`\\";
    let answer = format!("{good}\nset\tOTHER\t{evil}\nend\tx:1\n");
    let _fake = Fake::start(&home, answer.as_bytes(), Then::Close);
    terminal.run("cd d");
    assert_eq!(super::both(&mut terminal, "OTHER").as_deref(), Some(evil));
    assert_eq!(super::both(&mut terminal, "OPENAI_API_KEY").as_deref(), Some("fake"));
    assert!(!home.path("pwn").exists() && !home.path("d/pwn").exists());
}

#[test]
fn an_address_file_of_another_version_starts_a_daemon() {
    let home = home();
    pin(&home, "p", "fast");
    let mut terminal = start(&home);
    home.end_daemon();
    let machine = std::fs::read_dir(home.path(".local/state/llmenv")).unwrap().flatten().next().unwrap().path();
    for text in ["llmenv 2\nnew things\n", "", "\0\0\0", "llmenv 1\npid 1\nboot x\nversion 9\nsocket /nowhere\n"] {
        home.end_daemon();
        std::fs::write(machine.join("daemon"), text).unwrap();
        terminal.run("cd p");
        assert_holds(&mut terminal, "fast");
        terminal.run("cd");
        assert_nothing(&mut terminal);
    }
}

/// Where these bytes were printed, at or after a place.
fn find(terminal: &super::Terminal, from: usize, bytes: &[u8]) -> Option<usize> {
    terminal.raw_output()[from..].windows(bytes.len()).position(|window| window == bytes).map(|at| from + at)
}

#[test]
fn ctrl_c_leaves_a_whole_pair_or_none() {
    let home = home();
    pin(&home, "p", "fast");
    pin(&home, "q", "work");
    let own = "export OPENAI_BASE_URL=http://own OPENAI_API_KEY=own";
    let mut terminal = super::around(&home, own, "").start();
    let own = [Some("own".to_owned()), Some("http://own".to_owned()), None];
    for n in 0..60_u64 {
        let dir = ["~/p", "~/q", "~"][usize::try_from(n % 3).unwrap()];
        let from = terminal.raw_output().len();
        terminal.type_line(&format!("cd {dir}"));
        wait_until("the line is taken", || find(&terminal, from, b"\x1b[?2004l").is_some());
        std::thread::sleep(std::time::Duration::from_micros(n * 350));
        terminal.interrupt();
        // However many prompts were drawn by then: an answer to one more line says that the shell is at its own.
        // It is typed again where the interrupt took it along; readline loses a character after one, here line ends.
        let mark = format!("<n{n}>");
        let mut typed = std::time::Instant::now();
        let line = format!("\r\recho '<'n{n}'>'\r");
        terminal.send_raw(&line);
        wait_until("the shell answers", || {
            if typed.elapsed() > std::time::Duration::from_secs(2) {
                typed = std::time::Instant::now();
                terminal.send_raw(&line);
            }
            find(&terminal, from, mark.as_bytes()).is_some_and(|at| find(&terminal, at, b"<pty:").is_some())
        });
        terminal.run("");
        let held = held(&mut terminal);
        let all = [super::pair("fast"), super::pair("work"), own.clone()];
        assert!(all.contains(&held), "{n}: {held:?}");
    }
    terminal.run("cd");
    assert_eq!(held(&mut terminal), own, "what was there before is not lost");
}
