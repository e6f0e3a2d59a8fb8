//! What stands in start-up files and on PATH that llmenv will meet: named by file and line, never with a value.

use std::path::{Path, PathBuf};

use super::rc_file::{self, RcFile};
use super::target::Target;
use crate::ipc::protocol::{Finding, PlaceFacts, Severity};
use crate::paths::Paths;
use crate::printable;
use crate::profile::Family;
use crate::provider::{self, Role};

/// A program of our name on PATH.
#[derive(Debug, PartialEq, Eq)]
pub enum OnPath {
    /// This program comes first.
    Ours,
    /// Another one comes first.
    Other(PathBuf),
    /// There is none.
    Absent,
}

/// Looks which program a shell starts by the name `llmenv`.
pub fn on_path(program: &Path) -> OnPath {
    let name = if cfg!(windows) { "llmenv.exe" } else { "llmenv" };
    let ours = program.canonicalize().ok();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let first = std::env::split_paths(&path).map(|dir| dir.join(name)).find(|path| is_program(path));
    match first {
        Some(first) if first.canonicalize().ok() == ours => OnPath::Ours,
        Some(first) => OnPath::Other(first),
        None => OnPath::Absent,
    }
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(windows)]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// Tells of another program called `llmenv`.
pub fn other_program(program: &Path, on_path: &OnPath) -> Option<Finding> {
    let OnPath::Other(other) = on_path else { return None };
    let folder = program.parent().map(printable::path).unwrap_or_default();
    Some(Finding {
        id: "other-program".into(),
        severity: Severity::Warning,
        message: format!("another program called `llmenv` comes first on PATH: {}", printable::path(other)),
        origin: None,
        hint: Some(format!(
            "put {folder} before {} in PATH, or remove the other one: scripts and most of its commands reach that one",
            other.parent().map(printable::path).unwrap_or_default()
        )),
    })
}

/// The line by which somebody loads the hook without our marks.
pub fn loading_line(file: &RcFile, target: Target) -> Option<usize> {
    let loads = |line: &str| {
        let line = line.trim_start();
        !line.starts_with('#')
            && line.match_indices("llmenv").any(|(at, word)| {
                let rest = line[at + word.len()..].trim_start_matches(".exe").trim_start_matches(['\'', '"']);
                let mut words = rest.split_whitespace();
                let shell = words.next().filter(|word| *word == "init").and(words.next()).unwrap_or_default();
                let shell = shell.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
                rest.starts_with(char::is_whitespace)
                    && (shell == target.name() || shell == "pwsh" && target == Target::Powershell)
            })
    };
    file.foreign_lines().into_iter().find(|(_, line)| loads(line)).map(|(number, _)| number)
}

/// Finds a line after this one that throws away what the hook registered.
pub fn undone_after(file: &RcFile, target: Target, after: usize) -> Option<Finding> {
    let lists: &[&str] = match target {
        Target::Bash => &["PROMPT_COMMAND"],
        Target::Zsh => &["precmd_functions", "chpwd_functions", "preexec_functions"],
        // Events are registered by name, each for itself.
        Target::Fish | Target::Powershell => &[],
    };
    let undoes = |line: &str| match target {
        Target::Powershell => {
            let lower = line.trim_start().to_ascii_lowercase();
            lower.strip_prefix("function ").is_some_and(|rest| {
                let name = rest.trim_start().trim_start_matches("global:");
                name.strip_prefix("prompt")
                    .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-'))
            })
        }
        _ => assignment(line).is_some_and(|(name, value)| {
            lists.contains(&name) && !value.contains(&format!("${name}")) && !value.contains(&format!("${{{name}"))
        }),
    };
    let (line, _) = file.foreign_lines().into_iter().find(|(number, line)| *number > after && undoes(line))?;
    Some(Finding {
        id: "hook-overwritten".into(),
        severity: Severity::Warning,
        message: "this line comes after llmenv's and throws its hook away".into(),
        origin: Some(place(&file.file.path, line)),
        hint: Some("put llmenv's line after it".into()),
    })
}

/// Lists lines that set half of a pair, or all of it, in every new shell.
pub fn overriding(target: Target, paths: &Paths, rc: &RcFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let files = target.other_files(paths, &rc.file.path);
    let others = files.iter().map(|path| (path.as_path(), rc_file::lines_of(path)));
    let all = std::iter::once((rc.file.path.as_path(), rc.foreign_lines())).chain(others);
    for (path, lines) in all {
        for (number, line) in lines {
            let of_fish = || fish_assignment(&line).filter(|_| target == Target::Fish);
            let Some((name, value)) = assignment(&line).or_else(of_fish) else { continue };
            if value.trim_matches(['"', '\'', ' ']).is_empty() || !is_of_a_pair(name) {
                continue;
            }
            findings.push(Finding {
                id: "rc-after-hook".into(),
                severity: Severity::Warning,
                message: format!(
                    "`{name}` is set here for every new shell and overrides llmenv in programs that read this file"
                ),
                origin: Some(place(path, number)),
                hint: Some("take the line out once its key is in a profile: `llmenv add` asks for it".into()),
            });
        }
    }
    findings
}

/// Tells where bash, started as a login shell (ssh, macOS' Terminal), does not read `~/.bashrc`.
pub fn login_shell(paths: &Paths) -> Option<Finding> {
    let names = [".bash_profile", ".bash_login", ".profile"];
    let read = names.iter().map(|name| paths.home.join(name)).find(|path| path.exists());
    let reads_bashrc = |path: &PathBuf| {
        rc_file::lines_of(path).iter().any(|(_, line)| !line.trim_start().starts_with('#') && line.contains("bashrc"))
    };
    if read.as_ref().is_some_and(reads_bashrc) {
        return None;
    }
    let file = read.clone().unwrap_or_else(|| paths.home.join(".bash_profile"));
    let shown = printable::path(&file);
    let what = if read.is_some() {
        format!("reads {shown}, which does not read ~/.bashrc")
    } else {
        "reads no file here".into()
    };
    Some(Finding {
        id: "not-read-by-this-shell".into(),
        severity: Severity::Info,
        message: format!("bash as a login shell (ssh, macOS' Terminal) {what}: there is no hook in it"),
        origin: None,
        hint: Some(format!("add this line to {shown}: `[ -f ~/.bashrc ] && . ~/.bashrc`")),
    })
}

fn place(path: &Path, line: usize) -> PlaceFacts {
    PlaceFacts { kind: "rc".into(), path: path.to_owned(), line: Some(line) }
}

/// Says whether a variable is one by which tools learn a key or where to send it.
fn is_of_a_pair(name: &str) -> bool {
    let in_family = Family::ALL.into_iter().any(|family| {
        let variables = family.variables();
        [variables.key, variables.base_url, variables.rivals].concat().contains(&name)
    });
    in_family
        || provider::of_variable(name)
            .iter()
            .any(|(_, variable)| variable.own && matches!(variable.role, Role::Key | Role::BaseUrl))
}

/// Reads `NAME=VALUE` of a line: after `export`, `declare -x` and the like, or as PowerShell's `$env:NAME = VALUE`.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let mut rest = line.trim();
    if let Some(after) = rest.get(..5).filter(|start| start.eq_ignore_ascii_case("$env:")).map(|_| &rest[5..]) {
        rest = after;
    } else {
        for word in ["builtin", "export", "declare", "typeset", "readonly", "local"] {
            if let Some(after) = rest.strip_prefix(word).filter(|after| after.starts_with([' ', '\t'])) {
                rest = after.trim_start();
            }
        }
        while rest.starts_with('-') {
            rest = rest.split_once([' ', '\t'])?.1.trim_start();
        }
    }
    let (name, value) = rest.split_once('=')?;
    let name = name.trim_end();
    let is_name = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    is_name.then_some((name, value.trim_start()))
}

/// Reads fish's `set -gx NAME VALUE`.
fn fish_assignment(line: &str) -> Option<(&str, &str)> {
    let mut rest = line.trim().strip_prefix("set").filter(|rest| rest.starts_with([' ', '\t']))?.trim_start();
    while rest.starts_with('-') {
        let (flag, after) = rest.split_once([' ', '\t'])?;
        let is_long = flag.starts_with("--");
        if ["--erase", "--query", "--show"].contains(&flag) || !is_long && flag.contains(['e', 'q', 'S']) {
            return None;
        }
        rest = after.trim_start();
    }
    rest.split_once([' ', '\t']).map(|(name, value)| (name, value.trim_start()))
}
