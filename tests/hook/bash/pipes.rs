//! The named pipes by which bash asks without a process: whole, late, foreign, cut off and absent answers.

use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::surroundings::processes_while;
use super::{assert_holds, assert_nothing, home, pin, signal, start, wait_until};
use crate::support::{Home, Terminal};

/// Where this shell has its pipes, without the last part of the name.
fn pipes(home: &Home, terminal: &Terminal) -> PathBuf {
    let start = format!("{}.", terminal.pid());
    let entries = std::fs::read_dir(home.path("run/llmenv/pipes")).expect("a folder of pipes");
    let names = entries.map(|entry| entry.unwrap().path());
    let of_shell = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(&start);
    names.filter(of_shell).find(|path| path.extension().unwrap() == "ask").unwrap().with_extension("")
}

fn end_of(pipes: &Path, end: &str) -> PathBuf {
    PathBuf::from(format!("{}.{end}", pipes.display()))
}

/// Plays the daemon at a shell's pipes for one request, which it gives: each `TAG` of the answers becomes the request's. What
/// the shell leaves of them is in the pipe as long as the file is open.
fn answer_once(pipes: &Path, answers: &[Vec<u8>]) -> (String, std::fs::File) {
    let both = |end: &str| std::fs::File::options().read(true).write(true).open(end_of(pipes, end)).unwrap();
    let (mut ask, mut answer) = (both("ask"), both("answer"));
    let mut request = Vec::new();
    while request.last() != Some(&b'\n') {
        let mut byte = [0];
        ask.read_exact(&mut byte).unwrap();
        request.push(byte[0]);
    }
    let request = String::from_utf8(request).unwrap();
    let tag = &request.as_bytes()[..6];
    for text in answers {
        let text = if text.starts_with(b"TAG") { [tag, &text[3..]].concat() } else { text.clone() };
        answer.write_all(&text).unwrap();
    }
    (request, answer)
}

fn framed(body: &str) -> Vec<u8> {
    format!("TAG\t{:06}\n{body}", body.len()).into_bytes()
}

#[test]
fn they_are_private_and_go_with_their_shell() {
    let home = home();
    let mut terminal = start(&home);
    terminal.run("cd /");
    let pipes = pipes(&home, &terminal);
    for end in ["ask", "answer"] {
        let found = std::fs::symlink_metadata(end_of(&pipes, end)).unwrap();
        assert!(found.file_type().is_fifo());
        assert_eq!(found.permissions().mode() & 0o7777, 0o600);
    }
    let folder = std::fs::metadata(pipes.parent().unwrap()).unwrap();
    assert_eq!(folder.permissions().mode() & 0o7777, 0o700);
    drop(terminal);
    assert_eq!(home.llmenv(&["daemon", "status"]).code, 0);
    wait_until("the pipes of a dead shell are gone", || {
        let _ = home.llmenv(&["daemon", "status"]);
        !end_of(&pipes, "ask").exists() && !end_of(&pipes, "answer").exists()
    });
    let mut terminal = start(&home);
    terminal.run("cd /");
    let pipes = super::pipes::pipes(&home, &terminal);
    assert_eq!(home.llmenv(&["daemon", "stop"]).code, 0);
    wait_until("a daemon that stops takes them along", || !end_of(&pipes, "ask").exists());
}

#[test]
fn other_pipes_come_when_these_are_gone() {
    let home = home();
    pin(&home, "p", "fast");
    let mut terminal = start(&home);
    let quiet = |terminal: &mut Terminal| {
        terminal.run("cd ~/p");
        assert_holds(terminal, "fast");
        terminal.run("cd");
        assert_nothing(terminal);
    };
    quiet(&mut terminal);
    for what in ["files", "folder", "daemon", "killed", "a file in its place"] {
        let pipes = pipes(&home, &terminal);
        match what {
            "files" => std::fs::remove_file(end_of(&pipes, "answer")).unwrap(),
            "folder" => std::fs::remove_dir_all(pipes.parent().unwrap()).unwrap(),
            "daemon" => home.end_daemon(),
            // The pipes stay, and nobody reads.
            "killed" => {
                let pid = home.daemon_pid().unwrap();
                signal(pid, "-KILL");
                wait_until("the daemon is gone", || !Path::new(&format!("/proc/{pid}/fd/0")).exists());
            }
            _ => {
                std::fs::remove_file(end_of(&pipes, "ask")).unwrap();
                std::fs::write(end_of(&pipes, "ask"), "").unwrap();
            }
        }
        quiet(&mut terminal);
        let there_and_back = |terminal: &mut Terminal| {
            terminal.run("cd ~/p");
            terminal.run("cd");
        };
        assert_eq!(processes_while(&mut terminal, there_and_back), 0, "after {what}");
    }
}

/// A daemon that stands still, and somebody else who answers in its place.
#[test]
fn t02_answers_in_pipes_bash() {
    let home = home();
    pin(&home, "p", "fast");
    let mut terminal = start(&home);
    let good = "state\tapply\tpin\tfast\t0\t-\nset\tOPENAI_API_KEY\tevil\nend\tx:1\n";
    let answers: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"TAG\t000000\n".to_vec(),
        b"TAG\t00000a\nxxxxxxxxxx".to_vec(),
        b"TAG 000010\nxxxxxxxxxx".to_vec(),
        format!("999999\t{:06}\n{good}", good.len()).into_bytes(),
        framed("state\tapply\tpin\tfast\t0\t-\nset\tOPENAI_API_KEY\tevil\n"),
        framed("set\tOPENAI_API_KEY\tevil\nend\tx:1\n"),
        framed("set\tOPENAI_API_KEY\tevil\nstate\tapply\tpin\tfast\t0\t-\nend\tx:1\n"),
        framed("state\tapply\tpin\tfast\t0\t-\nset\tPATH\t/tmp\nset\tOPENAI_API_KEY\tevil\nend\tx:1\n"),
        framed("state\tapply\tpin\tfast\t0\t-\nset\tOPENAI_API_KEY\tev\x1bil\nend\tx:1\n"),
        framed("state\tapply\tpin\tfast\ta[$(touch pwn)]\t-\nset\tOPENAI_API_KEY\tevil\nend\tx:1\n"),
        framed("state\tapply\tpin\tfast\t0\t-\nset\tx[$(touch pwn)]\tevil\nend\tx:1\n"),
        framed("state\tapply\tpin\tfast\t0\t-\nset\tOPENAI_API_KEY\tevil\nrun\ttouch pwn\nend\tx:1\n"),
    ];
    for (n, answer) in answers.iter().enumerate() {
        terminal.run("cd ~");
        let pipes = pipes(&home, &terminal);
        let daemon = home.daemon_pid().unwrap();
        signal(daemon, "-STOP");
        terminal.type_line("cd ~/p");
        let played = answer_once(&pipes, std::slice::from_ref(answer));
        terminal.wait_prompt();
        drop(played);
        assert_nothing(&mut terminal);
        signal(daemon, "-CONT");
        // The daemon has nothing of this shell's in its way.
        assert_eq!(home.llmenv(&["daemon", "status"]).code, 0);
        terminal.run("cd ~; cd ~/p");
        wait_until(&format!("the daemon's own answer counts again after {n}"), || {
            terminal.run("cd /");
            terminal.run("cd ~/p");
            terminal.child_var("LLMENV_PROFILE").is_some()
        });
        assert_holds(&mut terminal, "fast");
    }
    assert!(!home.path("pwn").exists() && !home.path("p/pwn").exists());
    // The control: a good answer counts, after a late one to another question, and what was asked is all there.
    terminal.run("cd ~");
    let pipes = pipes(&home, &terminal);
    signal(home.daemon_pid().unwrap(), "-STOP");
    std::fs::create_dir(home.path("100%\ttab")).unwrap();
    terminal.type_line("cd ~/100%?tab");
    let late = format!("999999\t{:06}\n{good}", good.len()).into_bytes();
    let (request, _) = answer_once(&pipes, &[late, framed(&good.replace("evil", "good"))]);
    terminal.wait_prompt();
    assert_eq!(super::both(&mut terminal, "OPENAI_API_KEY").as_deref(), Some("good"));
    signal(home.daemon_pid().unwrap(), "-CONT");
    let cwd = format!("\tcwd={}/100%25%09tab\n", home.path("").display().to_string().trim_end_matches('/'));
    assert!(request.ends_with(&cwd) && request[6..].starts_with("\thook 1\tshell=bash\tpid="), "{request}");
}

/// What a stranger to the grammar writes into the pipe is no request, and the shell's next one is answered.
#[test]
fn what_is_no_request_is_passed_over() {
    let home = home();
    pin(&home, "p", "fast");
    let mut terminal = start(&home);
    terminal.run("cd /");
    let pipes = pipes(&home, &terminal);
    let mut ask = std::fs::File::options()
        .write(true)
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
        .open(end_of(&pipes, "ask"))
        .unwrap();
    for text in
        [&b"\n\n"[..], b"123456\n", b"12345\thook 1\n", b"123456\thook 1\tpid=1\n", b"\xff\xfe\0\n", &[b'x'; 40_000]]
    {
        ask.write_all(text).unwrap();
    }
    ask.write_all(b"\n").unwrap();
    terminal.run("cd ~/p");
    assert_holds(&mut terminal, "fast");
    let around = |terminal: &mut Terminal| {
        terminal.run("cd");
        terminal.run("cd ~/p");
    };
    assert_eq!(processes_while(&mut terminal, around), 0);
    assert_holds(&mut terminal, "fast");
}

/// A subshell is a shell of its own: it does not speak for the one above it, nor through its pipes.
#[test]
fn a_subshell_asks_by_itself() {
    let home = home();
    pin(&home, "p", "fast");
    let mut terminal =
        Terminal::builder(&home, crate::support::Shell::Bash).rc(r#"eval "$(llmenv init bash --debug-trap)""#).start();
    terminal.run("cd");
    assert_eq!(
        terminal.run("(cd p; :; echo ${LLMENV_PROFILE-none}); echo ${LLMENV_PROFILE-none}").lines().last(),
        Some("none")
    );
    assert_nothing(&mut terminal);
    terminal.run("cd p");
    assert_holds(&mut terminal, "fast");
}
