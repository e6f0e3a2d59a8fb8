//! Where values of variables stand.

use std::process::{Child, Command, Stdio};

use llmenv::secret::Secret;
use llmenv::source::processes;

use crate::support::Home;

mod collect;
mod others;
mod rc;

/// A program that was started with some variables and ends with this.
struct Program(Child);

impl Program {
    fn start(variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new("sleep");
        command.arg("300").env_clear().envs(variables.iter().copied()).env("PATH", "/usr/bin:/bin");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Until then it is a copy of this process.
        let is_sleep =
            || std::fs::read_to_string(format!("/proc/{}/comm", child.id())).is_ok_and(|name| name == "sleep\n");
        while !is_sleep() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        Self(child)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn key(n: u8) -> String {
    format!("sk-or-v1-{}{n:04x}", "89abcdef01234567".repeat(4).split_at(60).0)
}

#[test]
fn programs_are_found_by_the_value_they_were_started_with() {
    let (sought, other) = (key(1), key(2));
    let one = Program::start(&[("OPENAI_API_KEY", &sought), ("OTHER", "x"), ("COPY", &sought)]);
    let _two = Program::start(&[("OPENAI_API_KEY", &other), ("NOT_ALL", &format!("{sought}x"))]);
    let _none = Program::start(&[]);
    let sought = Secret::new(sought);
    let found = processes::holding(&|_, value| value.same_as(&sought));
    assert!(!found.is_cut);
    let [holder] = &found.holders[..] else { panic!("{found:?}") };
    assert_eq!((holder.pid, holder.name.as_str()), (one.0.id(), "sleep"));
    let mut variables: Vec<&str> = holder.settings.iter().map(|(name, _)| name.as_str()).collect();
    variables.sort_unstable();
    assert_eq!(variables, ["COPY", "OPENAI_API_KEY"]);
    assert!(holder.running.as_secs() < 600, "{found:?}");
    drop(one);
    assert!(processes::holding(&|_, value| value.same_as(&sought)).holders.is_empty());
}

#[test]
fn rotate_names_the_programs_that_keep_the_old_key() {
    let home = Home::new();
    let add = ["add", "work", "--provider", "openrouter", "--key-stdin", "--store", "file"];
    assert_eq!(home.llmenv_with(&add, key(3)).code, 0);
    let old = Program::start(&[("OPENAI_API_KEY", &key(3))]);
    let new = Program::start(&[("OPENAI_API_KEY", &key(4))]);
    let got = home.llmenv_with(&["rotate", "work", "--key-stdin"], key(4));
    assert_eq!(got.code, 0, "{got:?}");
    let line = got.stdout.lines().nth(1).unwrap_or_default();
    assert!(line.starts_with(&format!("  sleep {}, running for ", old.0.id())), "{got:?}");
    assert!(line.ends_with(", keeps the old key in OPENAI_API_KEY until it is started again"), "{got:?}");
    assert_eq!(got.stdout.lines().count(), 2, "{got:?}");
    assert!(!got.stdout.contains(&key(3)) && !got.stderr.contains(&key(3)));
    let got = home.llmenv_with(&["rotate", "work", "--key-stdin", "--json"], key(5));
    let report: serde_json::Value = serde_json::from_str(&got.stdout).unwrap();
    assert_eq!(report["programs"][0]["pid"], new.0.id());
    assert_eq!(report["programs"][0]["variables"][0], "OPENAI_API_KEY");
}
