//! Every format of `llmenv env --format`, evaluated by the program it is for and read back byte for byte.

mod bash;
mod cmd;
mod docker;
mod dotenv;
mod fish;
mod github;
mod json;
mod nu;
mod posix;
mod powershell;
mod systemd;
mod values;
mod zsh;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use llmenv::env_patch::EnvPatch;
use llmenv::secret::Secret;
use llmenv::shell::{Emitted, emit, format, names};

use crate::support::left_out;

/// Names and values as a program received them.
type Env = BTreeMap<String, String>;

/// Writes a patch that sets `vars` and unsets `gone`; the format is known and carries it.
fn written(name: &str, vars: &Env, gone: &[&str]) -> Emitted {
    emit(format(name).unwrap(), &patch(vars, gone)).unwrap_or_else(|err| panic!("{err}"))
}

fn patch(vars: &Env, gone: &[&str]) -> EnvPatch {
    let mut patch = EnvPatch::default();
    for (name, value) in vars {
        patch.set(name.clone(), value.clone());
    }
    for name in gone {
        patch.unset(*name);
    }
    patch
}

/// The message of the refusal, or nothing where the format carries the value.
fn refusal(name: &str, value: &str) -> Option<String> {
    emit(format(name).unwrap(), &patch(&env(&[("V_ONE", value)]), &[])).err().map(|err| err.message)
}

fn env(vars: &[(&str, &str)]) -> Env {
    vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Gives each value a name, and leaves out those that the format refuses; checks that it refuses exactly those that
/// `carries` says it cannot write, naming format and variable and nothing of the value.
fn numbered(name: &str, values: &[String], carries: impl Fn(&str) -> bool) -> Env {
    let mut vars = Env::new();
    for (at, value) in values.iter().enumerate() {
        match refusal(name, value) {
            None => assert!(carries(value), "{name} should refuse {value:?}"),
            Some(message) => {
                assert!(!carries(value), "{name} refuses {value:?}: {message}");
                assert!(message.starts_with(&format!("`V_ONE` cannot be written exactly in the format `{name}`: ")));
                assert!(value.chars().count() < 5 || !message.contains(value.as_str()), "{message}");
                continue;
            }
        }
        vars.insert(format!("V_{at:04}"), value.clone());
    }
    assert!(vars.len() > 20, "{name} carries next to nothing");
    vars
}

/// A private folder to run programs in.
struct Room {
    dir: tempfile::TempDir,
}

impl Room {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A program that finds nothing of ours: empty HOME, cleared environment, this folder as its own.
    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.env_clear().current_dir(self.dir.path()).stdin(std::process::Stdio::null());
        command.env("HOME", self.dir.path()).env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C.UTF-8");
        command
    }

    /// Reads what `env -0 > NAME` wrote.
    fn dumped(&self, name: &str) -> Env {
        let bytes = std::fs::read(self.path(name)).unwrap();
        let text = |bytes: &[u8]| OsString::from_vec(bytes.to_vec()).into_string().expect("UTF-8 came back broken");
        bytes
            .split(|b| *b == 0)
            .filter_map(|entry| entry.iter().position(|b| *b == b'=').map(|at| (entry, at)))
            .map(|(entry, at)| (text(&entry[..at]), text(&entry[at + 1..])))
            .collect()
    }

    /// No value may have run anything; every value that could tries to make this file.
    fn assert_nothing_ran(&self) {
        assert!(!self.path("pwn").exists(), "a value was run as code");
    }
}

/// Runs to the end; a failure shows what was said.
fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|err| panic!("{command:?}: {err}"));
    assert!(
        output.status.success(),
        "{}: {}\n{}{}",
        command.get_program().display(),
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Compares what a program received with what was sent, one variable at a time so that a failure can be read.
fn assert_received(received: &Env, sent: &Env) {
    for (name, value) in sent {
        let got = received.get(name);
        assert!(got == Some(value), "{name}: sent {value:?}, received {got:?}");
    }
}

/// Finds a program that the machine may lack: by the variable that names it, or on PATH.
fn find(variable: &str, program: &str) -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        assert!(path.is_file(), "{variable} names no file");
        return Some(path);
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|path| path.is_file())
}

#[test]
fn formats_are_found_by_name_and_alias() {
    let all: Vec<_> = names().collect();
    let listed = ["bash", "zsh", "fish", "powershell", "cmd", "nu", "dotenv", "json", "docker", "systemd", "github"];
    assert_eq!(all, listed);
    for name in all {
        assert_eq!(format(name).unwrap().name(), name);
    }
    assert_eq!(format("pwsh").unwrap().name(), "powershell");
    assert!(format("tcsh").is_none() && format("").is_none() && format("Bash").is_none());
}

#[test]
fn only_formats_that_leave_the_machine_need_the_real_pair() {
    let direct: Vec<_> = names().filter(|name| format(name).unwrap().needs_direct()).collect();
    assert_eq!(direct, ["docker", "systemd", "github"]);
}

#[test]
fn an_empty_patch_is_empty_text() {
    for name in names() {
        let out = emit(format(name).unwrap(), &EnvPatch::default()).unwrap();
        assert_eq!(*out.text, if name == "json" { "{}\n" } else { "" }, "{name}");
        assert!(out.log.is_empty() && out.not_unset.is_empty());
    }
}

/// Threat T13: names that steer a shell or are no names are refused by every format, whether to be set or unset.
#[test]
fn t13_names_that_steer_a_shell_are_refused() {
    for name in names() {
        for bad in
            ["PATH", "LD_PRELOAD", "BASH_ENV", "A;touch pwn", "A B", "", "1A", "Ä", "A\n", "LLMENV_STATE", "$(x)"]
        {
            for value in [Some(Secret::new("x")), None] {
                let mut patch = EnvPatch::default();
                patch.vars.insert(bad.to_owned(), value);
                let err = emit(format(name).unwrap(), &patch).err().unwrap_or_else(|| panic!("{name} took {bad:?}"));
                assert!(err.message.ends_with("` is not a variable that a profile may set"), "{err}");
                assert!(!err.message.contains('\n'), "{err:?}");
            }
        }
        for own in ["LLMENV_PROFILE", "LLMENV_TOKEN", "OPENAI_API_KEY"] {
            written(name, &env(&[(own, "work")]), &[]);
        }
    }
}

/// Threat T13: a control character, and a value that would keep every program from starting, reach no format.
#[test]
fn t13_control_characters_and_endless_values_are_refused() {
    for name in names() {
        for bad in ["a\nb", "a\r", "\ta", "a\0b", "\u{1b}[2J", "a\u{7f}", "a\u{85}b"] {
            let message = refusal(name, bad).unwrap_or_else(|| panic!("{name} took {bad:?}"));
            assert_eq!(
                message,
                format!("`V_ONE` cannot be written exactly in the format `{name}`: it has a control character")
            );
        }
        assert!(refusal(name, &"x".repeat(128 * 1024)).is_some(), "{name}");
    }
}

/// The refusal is for the whole patch: nothing of the good variables is handed out.
#[test]
fn one_bad_value_refuses_the_whole_patch() {
    let vars = env(&[("OPENAI_BASE_URL", "https://example.com/v1"), ("OPENAI_API_KEY", "50%")]);
    let err = emit(format("cmd").unwrap(), &patch(&vars, &[])).err().unwrap();
    assert_eq!(
        err.to_string(),
        "`OPENAI_API_KEY` cannot be written exactly in the format `cmd`: it has a `%`\n\
         hint: nothing was printed; take another format, or start the program with `llmenv exec`"
    );
    assert_eq!(err.exit_code(), 1);
}

/// Where names fold, two that differ in case would be one variable with an arbitrary value.
#[test]
fn names_that_differ_in_case_are_refused_where_they_are_one() {
    let vars = env(&[("My_Name", "a"), ("MY_NAME", "b")]);
    for name in names() {
        let refused = emit(format(name).unwrap(), &patch(&vars, &[])).is_err();
        assert_eq!(refused, matches!(name, "cmd" | "powershell"), "{name}");
    }
}
