//! `kill -9` at any moment: no profile that was reported as added is lost, and the next command works.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::{Seeded, add, key, kill, wait_until};
use crate::support::{Home, LLMENV};

/// How many kills have to meet a command at work, and within how many tries.
const MOMENTS: usize = 50;
const MAX_ROUNDS: usize = 500;

/// What a command was to do.
#[derive(Clone, Debug)]
enum Act {
    Add(String, usize),
    Rotate(String, usize),
    Rename(String, String),
    Remove(String),
    Else(Vec<String>),
}

impl Act {
    fn args(&self) -> (Vec<String>, Option<usize>) {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        match self {
            Self::Add(name, number) => {
                (words(&["add", name, "--provider", "openrouter", "--key-stdin"]), Some(*number))
            }
            Self::Rotate(name, number) => (words(&["rotate", name, "--key-stdin"]), Some(*number)),
            Self::Rename(from, to) => (words(&["rename", from, to]), None),
            Self::Remove(name) => (words(&["remove", name, "--yes"]), None),
            Self::Else(args) => (args.clone(), None),
        }
    }
}

/// What is known to be stored: profile and number of its key.
type Model = BTreeMap<String, usize>;

/// The key of a profile as the program has it now; `None`: there is no such profile.
fn revealed(home: &Home, name: &str) -> Option<String> {
    let got = home.llmenv(&["show", name, "--reveal", "--force"]);
    match got.code {
        0 => Some(got.stdout.trim_end().to_owned()),
        _ if got.stderr.starts_with(&format!("error: there is no profile `{name}`")) => None,
        // It is there and has no key: only a removal that was cut off leaves that.
        _ if got.stderr.starts_with(&format!("error: the store has no key for `{name}`")) => Some(String::new()),
        _ => panic!("{name}: {got:?}"),
    }
}

#[track_caller]
fn assert_all(home: &Home, model: &Model, when: &str) {
    let got = home.llmenv(&["list", "--json"]);
    assert_eq!(got.code, 0, "{when}: {got:?}");
    let listed: serde_json::Value = serde_json::from_str(&got.stdout).unwrap();
    let names: Vec<_> =
        listed["profiles"].as_array().unwrap().iter().map(|item| item["profile"].as_str().unwrap()).collect();
    assert_eq!(names, model.keys().collect::<Vec<_>>(), "{when}");
    for (name, number) in model {
        assert_eq!(revealed(home, name).as_deref(), Some(key(*number).as_str()), "{when}: {name}");
    }
}

/// Brings the model to what a command that did not report success may have left, or fails.
fn settle(home: &Home, model: &mut Model, act: &Act, when: &str) {
    match act {
        Act::Add(name, number) => match revealed(home, name) {
            None => {}
            Some(found) => {
                assert_eq!(found, key(*number), "{when}");
                model.insert(name.clone(), *number);
            }
        },
        Act::Rotate(name, number) => {
            let found = revealed(home, name).unwrap_or_else(|| panic!("{when}: `{name}` is gone"));
            if found != key(model[name]) {
                assert_eq!(found, key(*number), "{when}");
                model.insert(name.clone(), *number);
            }
        }
        Act::Rename(from, to) => {
            let number = model[from];
            match (revealed(home, from), revealed(home, to)) {
                (Some(found), None) => assert_eq!(found, key(number), "{when}"),
                (None, Some(found)) => {
                    assert_eq!(found, key(number), "{when}");
                    model.remove(from);
                    model.insert(to.clone(), number);
                }
                other => panic!("{when}: {other:?}"),
            }
        }
        Act::Remove(name) => {
            let number = model[name];
            match revealed(home, name) {
                Some(found) if found == key(number) => {}
                Some(found) => {
                    assert_eq!(found, "", "{when}");
                    assert_eq!(home.llmenv(&["remove", name, "--yes"]).code, 0, "{when}");
                    model.remove(name);
                }
                None => drop(model.remove(name)),
            }
        }
        Act::Else(_) => {}
    }
}

fn choose(seeded: &mut Seeded, model: &Model, round: usize) -> Act {
    let names: Vec<&String> = model.keys().collect();
    let some = names[seeded.below(names.len())].clone();
    let fresh = format!("p{round}");
    match seeded.below(8) {
        0 | 1 => Act::Add(fresh, 1_000 + round),
        2 => Act::Rotate(some, 1_000 + round),
        3 => Act::Rename(some, fresh),
        4 if names.len() > 3 => Act::Remove(some),
        5 => Act::Else(vec!["use".into(), some, "--global".into()]),
        6 => Act::Else(vec!["use".into(), some, "--here".into()]),
        7 => Act::Else(vec!["edit".into(), some, "--model".into(), format!("m{round}")]),
        _ => Act::Else(vec!["list".into()]),
    }
}

/// A scripted session in which the daemon or the command itself is killed at fifty moments of its work.
fn session(seed: u64, kills_command: bool) {
    let home = Home::new();
    let mut model = Model::new();
    std::fs::create_dir(home.path("src")).unwrap();
    let mut typical = Duration::ZERO;
    for number in 0..3 {
        let begun = Instant::now();
        add(&home, &format!("start{number}"), number);
        // The last of them starts no daemon and makes no vault.
        typical = begun.elapsed();
        model.insert(format!("start{number}"), number);
    }
    let mut seeded = Seeded(seed);
    let (mut hits, mut failures) = (0, 0);
    let mut slowest = (Duration::ZERO, String::new());
    for round in 0..MAX_ROUNDS {
        if hits == MOMENTS {
            break;
        }
        let act = choose(&mut seeded, &model, round);
        let when = format!("round {round} of seed {seed}: {act:?}");
        let begun = Instant::now();
        let (args, number) = act.args();
        let daemon = home.daemon_pid();
        let mut command = home.cmd(LLMENV);
        command
            .args(&args)
            .current_dir(home.path("src"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        if let Some(number) = number {
            let _ = child.stdin.take().unwrap().write_all(key(number).as_bytes());
        }
        drop(child.stdin.take());
        // The moment is the point of this test: somewhere within the command's life.
        std::thread::sleep(typical * u32::try_from(seeded.below(1_000)).unwrap() / 1_000);
        if kills_command {
            hits += usize::from(child.try_wait().unwrap().is_none());
            let _ = child.kill();
        } else if let Some(daemon) = daemon.or_else(|| home.daemon_pid()) {
            hits += usize::from(child.try_wait().unwrap().is_none());
            let pid = Pid::from_raw(daemon.try_into().unwrap()).unwrap();
            let _ = kill_process(pid, Signal::KILL);
        }
        let output = child.wait_with_output().unwrap();
        if output.status.success() {
            match act {
                Act::Add(name, number) | Act::Rotate(name, number) => drop(model.insert(name, number)),
                Act::Rename(from, to) => {
                    let number = model.remove(&from).unwrap();
                    model.insert(to, number);
                }
                Act::Remove(name) => drop(model.remove(&name)),
                Act::Else(_) => {}
            }
        } else {
            failures += 1;
            if kills_command {
                // What the command had asked for is still being done; a daemon that is asked to stop finishes it.
                assert_eq!(home.llmenv(&["daemon", "stop"]).code, 0);
            } else {
                println!("{when}: {}", String::from_utf8_lossy(&output.stderr));
            }
            settle(&home, &mut model, &act, &when);
        }
        assert_all(&home, &model, &when);
        slowest = slowest.max((begun.elapsed(), when));
    }
    println!("seed {seed}: {failures} commands failed, {} profiles at the end; slowest: {slowest:?}", model.len());
    // A control: a kill that comes too late shows nothing and is not counted.
    assert_eq!(hits, MOMENTS);
    assert_eq!(home.llmenv(&["edit", model.keys().next().unwrap(), "--account", "me"]).code, 0);
    for folder in [".config/llmenv", ".local/share/llmenv"] {
        for entry in std::fs::read_dir(home.path(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(!name.contains(".llmenv-"), "left behind: {folder}/{name}");
        }
    }
}

#[test]
fn the_daemon_at_fifty_moments() {
    session(7, false);
}

#[test]
fn the_command_at_fifty_moments() {
    session(11, true);
}

#[test]
fn stale_files_of_a_killed_daemon_stop_nobody() {
    let (home, pid) = super::home_with_daemon();
    let socket = super::socket(&home);
    kill(pid);
    assert!(socket.exists() && super::state_dir(&home).join("daemon").exists());
    assert_eq!(super::served(&home, "work"), key(0));
    let new = home.daemon_pid().unwrap();
    assert_ne!(new, pid);
    // Terminated, it leaves nothing of the kind.
    super::signal(new, Signal::TERM);
    wait_until("the socket is gone", || !socket.exists() && !super::state_dir(&home).join("daemon").exists());
}
