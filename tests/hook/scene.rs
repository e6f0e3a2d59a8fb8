//! What a scenario happens in: a home with two accounts, directories pinned to them, and shells with the hook.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::support::terminal::Builder;
use crate::support::{DEADLINE, Home, LLMENV, Shell, Terminal, home};

/// An account, and what a shell holds while it is active.
pub struct Account {
    /// The profile's name.
    pub name: &'static str,
    /// Its provider.
    pub provider: &'static str,
    /// Its key.
    pub key: &'static str,
    /// Its address.
    pub url: &'static str,
    /// The provider's own name for the key.
    pub own: &'static str,
}

pub const WORK: Account = Account {
    name: "work",
    provider: "openrouter",
    key: "sk-or-v1-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    url: "https://openrouter.ai/api/v1",
    own: "OPENROUTER_API_KEY",
};

pub const FAST: Account = Account {
    name: "fast",
    provider: "groq",
    key: "gsk_abcdefghijklmabcdefghijklmabcdefghijklmabcdefghijklm",
    url: "https://api.groq.com/openai/v1",
    own: "GROQ_API_KEY",
};

/// What `work` is rotated to.
pub const WORK_NEXT: &str = "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";

/// A home with `work` and `fast`, kept in a vault.
pub struct Scene {
    pub home: Home,
}

impl Scene {
    /// Adds both accounts. The daemon runs.
    pub fn new() -> Self {
        let scene = Self { home: Home::new() };
        for account in [&WORK, &FAST] {
            let args =
                ["add", account.name, "--provider", account.provider, "--key-stdin", "--no-check", "--store", "file"];
            scene.must(&args, account.key);
        }
        scene
    }

    /// Runs `llmenv`, which must succeed. Where a machine is too busy to start a daemon in time it is run again.
    pub fn must(&self, args: &[&str], stdin: &str) {
        let mut output = self.home.llmenv_with(args, stdin);
        for _ in 0..20 {
            if !output.stderr.contains("did not answer within half a second") {
                break;
            }
            output = self.home.llmenv_with(args, stdin);
        }
        assert_eq!(output.code, 0, "llmenv {args:?}: {}", output.stderr);
    }

    /// Enters a directory until its account is active, after a daemon was away.
    pub fn enter_until_active(&self, terminal: &mut Terminal, dir: &Path, account: &Account) {
        for _ in 0..20 {
            self.must(&["list"], "");
            terminal.run(&cd_line(terminal.shell(), dir));
            if terminal.child_var("LLMENV_PROFILE").as_deref() == Some(account.name) {
                break;
            }
            terminal.run(&cd_line(terminal.shell(), Path::new("/")));
        }
        assert_active(terminal, account);
    }

    /// Makes a directory and pins it; gives its path.
    pub fn pin(&self, dir: impl AsRef<Path>, account: &Account) -> PathBuf {
        let path = self.home.path(dir);
        std::fs::create_dir_all(&path).unwrap();
        let mut command = self.home.cmd(LLMENV);
        command.args(["use", account.name, "--here"]).current_dir(&path);
        let output = home::finish(command, None);
        assert_eq!(output.code, 0, "{}", output.stderr);
        path
    }

    /// Gives `work` another key, as from another terminal.
    pub fn rotate_work(&self) {
        self.must(&["rotate", WORK.name, "--key-stdin", "--no-check"], WORK_NEXT);
    }

    /// A shell with the hook in its start-up file.
    pub fn shell(&self, shell: Shell) -> Terminal {
        self.builder(shell).start()
    }

    /// The same, to be changed before it starts.
    pub fn builder(&self, shell: Shell) -> Builder<'_> {
        Terminal::builder(&self.home, shell).rc(init_line(shell))
    }

    /// The folder with the daemon's address and the shells' files.
    pub fn state_dir(&self) -> PathBuf {
        let mut machines = std::fs::read_dir(self.home.path(".local/state/llmenv")).unwrap();
        machines.next().expect("a state folder").unwrap().path()
    }

    /// What a shell's generation file says.
    pub fn generation(&self, pid: u32) -> String {
        let start = format!("{pid}.");
        let shells = std::fs::read_dir(self.state_dir().join("shells")).unwrap();
        let file = shells.flatten().find(|file| file.file_name().to_string_lossy().starts_with(&start));
        std::fs::read_to_string(file.expect("the shell's generation file").path()).unwrap()
    }

    /// Does something that concerns the shell, and waits until the daemon has told it.
    pub fn until_told(&self, terminal: &Terminal, change: impl FnOnce()) {
        let before = self.generation(terminal.pid());
        change();
        wait_until("the shell was told", || {
            let now = self.generation(terminal.pid());
            now != before && !now.is_empty()
        });
    }
}

/// The line of the start-up file.
pub fn init_line(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => "eval \"$(llmenv init bash)\"",
        Shell::Zsh => "eval \"$(llmenv init zsh)\"",
        Shell::Fish => "llmenv init fish | source",
        Shell::Powershell => r#". ([scriptblock]::Create((& llmenv init powershell) -join "`n"))"#,
    }
}

/// The line that changes to a directory.
pub fn cd_line(shell: Shell, dir: &Path) -> String {
    let word = shell.quote(dir.to_str().unwrap());
    match shell {
        Shell::Powershell => format!("Set-Location -LiteralPath {word}"),
        _ => format!("cd -- {word}"),
    }
}

/// Changes to a directory and returns what was printed. On a machine that is busy beyond measure the daemon may miss the
/// 50 ms that a hook waits; then this goes there once more, as a person would.
pub fn enter(terminal: &mut Terminal, dir: &Path) -> String {
    let shell = terminal.shell();
    for _ in 0..10 {
        let text = terminal.run(&cd_line(shell, dir));
        if !text.contains("the daemon does not answer") {
            return text;
        }
        eprintln!("late: {text}");
        terminal.run(&cd_line(shell, Path::new("/")));
    }
    panic!("the daemon is late ten times running")
}

/// Draws a prompt after something changed, until a child sees this value; gives what was printed. A hook that was late asks
/// again when its directory changes.
pub fn draw_until(terminal: &mut Terminal, name: &str, value: Option<&str>) -> String {
    let mut text = terminal.run("");
    let here = match terminal.shell() {
        Shell::Powershell => terminal.run("\"$PWD\"").trim_end().to_owned(),
        _ => terminal.shell_var("PWD").expect("a directory"),
    };
    for _ in 0..10 {
        if terminal.child_var(name).as_deref() == value {
            break;
        }
        eprintln!("late: {name}");
        let shell = terminal.shell();
        text += &terminal.run(&cd_line(shell, Path::new("/")));
        text += &terminal.run(&cd_line(shell, Path::new(&here)));
    }
    text
}

/// Runs `llmenv use` and the like, which must succeed.
#[track_caller]
pub fn choose(terminal: &mut Terminal, line: &str) {
    let text = terminal.run(&format!("{line} && echo do''ne"));
    assert!(text.lines().any(|line| line == "done"), "{line}: {text}");
}

/// The lines that llmenv printed.
pub fn said(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.contains("llmenv:")).collect()
}

/// The shell and its children hold this account's pair.
#[track_caller]
pub fn assert_active(terminal: &mut Terminal, account: &Account) {
    assert_pair(terminal, Some(account.key), Some(account.url));
    assert_both(terminal, account.own, Some(account.key));
    assert_both(terminal, "LLMENV_PROFILE", Some(account.name));
}

/// Neither the shell nor its children hold anything of llmenv's.
#[track_caller]
pub fn assert_nothing(terminal: &mut Terminal) {
    assert_pair(terminal, None, None);
    assert_both(terminal, WORK.own, None);
    assert_both(terminal, FAST.own, None);
    assert_both(terminal, "LLMENV_PROFILE", None);
}

/// Key and base URL, in the shell and in a child.
#[track_caller]
pub fn assert_pair(terminal: &mut Terminal, key: Option<&str>, url: Option<&str>) {
    assert_both(terminal, "OPENAI_BASE_URL", url);
    assert_both(terminal, "OPENAI_API_KEY", key);
}

/// One variable, in the shell and in a child.
#[track_caller]
pub fn assert_both(terminal: &mut Terminal, name: &str, value: Option<&str>) {
    let shell = terminal.shell();
    assert_eq!(terminal.shell_var(name).as_deref(), value, "{name} in {shell:?}");
    assert_eq!(terminal.child_var(name).as_deref(), value, "{name} in a child of {shell:?}");
}

/// A variable of an environment that a child wrote with `env -0`.
pub fn var_in(file: &Path, name: &str) -> Option<String> {
    let bytes = std::fs::read(file).unwrap_or_else(|err| panic!("`{}`: {err}", file.display()));
    let start = format!("{name}=");
    let value = bytes.split(|byte| *byte == 0).find_map(|entry| entry.strip_prefix(start.as_bytes()))?;
    Some(String::from_utf8(value.to_vec()).unwrap())
}

/// Waits for a condition.
#[track_caller]
pub fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < DEADLINE, "not so within the deadline: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
