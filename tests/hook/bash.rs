//! The hook for bash, in a real interactive bash on a pseudo-terminal.

mod choice;
mod failure;
mod options;
mod pins;
mod pipes;
mod restore;
mod rivals;
mod surroundings;
mod syntax;
mod values;
mod watching;

use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::terminal::Builder;
use crate::support::{DEADLINE, Home, Shell, Terminal};

/// The start-up line of the README.
const INIT: &str = r#"eval "$(llmenv init bash)""#;
const URL: &str = "https://openrouter.ai/api/v1";
const GROQ_URL: &str = "https://api.groq.com/openai/v1";

/// A key for `openrouter`; every number gives another one.
fn key(n: u8) -> String {
    format!("sk-or-v1-{}{n:04x}", "0123456789abcdef".repeat(4).split_at(60).0)
}

/// A key for Groq.
fn groq_key() -> String {
    format!("gsk_{}", "a1B2".repeat(13))
}

/// A home with the profiles `work`, `home` (both `openrouter`, keys 1 and 2) and `fast` (Groq), in a file vault.
fn home() -> Home {
    let home = Home::new();
    for (name, provider, key) in
        [("work", "openrouter", key(1)), ("home", "openrouter", key(2)), ("fast", "groq", groq_key())]
    {
        let added = home.llmenv_with(&["add", name, "--provider", provider, "--key-stdin", "--store", "file"], key);
        assert_eq!(added.code, 0, "{added:?}");
    }
    home
}

/// An interactive bash with the hook.
fn start(home: &Home) -> Terminal {
    Terminal::start(home, Shell::Bash, INIT, "")
}

/// A bash to be started with the hook, the text before it and the text after it.
fn around<'a>(home: &'a Home, before: &str, after: &str) -> Builder<'a> {
    Terminal::builder(home, Shell::Bash).rc(&format!("{before}\n{INIT}\n{after}"))
}

/// Reads a variable from the shell and from a child, and makes sure that both have the same.
#[track_caller]
fn both(terminal: &mut Terminal, name: &str) -> Option<String> {
    let own = terminal.shell_var(name);
    assert_eq!(terminal.child_var(name), own, "{name}: what a child sees, and the shell");
    own
}

/// The pair and the profile, as shell and child hold them.
#[track_caller]
fn held(terminal: &mut Terminal) -> [Option<String>; 3] {
    ["OPENAI_API_KEY", "OPENAI_BASE_URL", "LLMENV_PROFILE"].map(|name| both(terminal, name))
}

/// What [`held`] gives with this profile active.
fn pair(profile: &str) -> [Option<String>; 3] {
    let (key, url) = match profile {
        "work" => (key(1), URL),
        "home" => (key(2), URL),
        "fast" => (groq_key(), GROQ_URL),
        other => panic!("no profile `{other}` here"),
    };
    [Some(key), Some(url.into()), Some(profile.into())]
}

/// What [`held`] gives with nothing active.
const NOTHING: [Option<String>; 3] = [None, None, None];

/// Makes sure of the pair in shell and child.
#[track_caller]
fn assert_holds(terminal: &mut Terminal, profile: &str) {
    assert_eq!(held(terminal), pair(profile), "as with `{profile}`");
}

/// Makes sure that nothing of llmenv is left.
#[track_caller]
fn assert_nothing(terminal: &mut Terminal) {
    assert_eq!(held(terminal), NOTHING, "as with nothing active");
    assert_eq!(both(terminal, "OPENROUTER_API_KEY"), None);
}

/// Pins a directory of the home by a file the user has allowed.
fn pin(home: &Home, dir: &str, profile: &str) {
    home.write(Path::new(dir).join(".llmenv.toml"), format!("profile = \"{profile}\"\n"));
    let mut command = home.cmd(crate::support::LLMENV);
    command.arg("allow").current_dir(home.path(dir));
    let allowed = crate::support::home::finish(command, None);
    assert_eq!(allowed.code, 0, "{allowed:?}");
}

/// Waits until something holds.
#[track_caller]
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < DEADLINE, "not so within the deadline: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Sends a signal to a process of this test.
fn signal(pid: u32, name: &str) {
    let status = std::process::Command::new("kill").args([name, &pid.to_string()]).status();
    assert!(status.is_ok_and(|status| status.success()), "kill {name} {pid}");
}
