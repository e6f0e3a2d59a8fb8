//! One test of this binary run again in a process of its own, where a test needs to be killed, limited or to have an
//! environment to itself. Such a test is named `child_…` and does nothing unless it is run so.

use std::path::PathBuf;
use std::process::Command;

const MARK: &str = "LLMENV_TEST_CHILD";

/// Says whether this process was started by [`arguments`], and with which word.
pub fn role() -> Option<String> {
    std::env::var(MARK).ok()
}

/// The program and arguments that run one test, and the variable that makes it act.
pub fn arguments(test: &str) -> (PathBuf, [&str; 5]) {
    let program = std::env::current_exe().unwrap();
    (program, ["--exact", test, "--nocapture", "--test-threads=1", "--include-ignored"])
}

/// A command that runs one test with a word that it reads through [`role`]. The environment is empty but for that.
pub fn command(test: &str, word: &str) -> Command {
    let (program, arguments) = arguments(test);
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env(MARK, word);
    command
}

/// Runs it to its end and fails with what it said unless exactly that test passed.
pub fn run(mut command: Command) {
    let output = command.output().unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}
