//! The hot path: ask the daemon what a shell is to hold and print its answer as lines of data.
//!
//! `main` comes here when the first argument is `hook`. Standard library, `ipc::client` and the shell lines only: no
//! argument parser, no runtime. On any failure nothing is printed and the status says which (see [`Outcome`]).
//!
//! ```text
//! llmenv hook prompt shell=bash pid=4242 start=987654 why=prompt reason=pin profile=work names=A,B changed=B
//! ```
//! `cwd` comes from `PWD`, values of changed variables from the environment: neither belongs on a command line.

pub mod fish_fields;
pub mod state;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use crate::ipc::client::{self, Client, HOOK_TIMEOUT, START_TIMEOUT, Unreachable};
use crate::ipc::shell_lines::{Reason, ShellRequest, Why, is_well_formed};
use crate::paths::Paths;
use crate::process;
use crate::secret::Secret;

/// How a hook ends, as its exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The answer was printed.
    Answered = 0,
    /// The request itself is wrong: an old hook, or a home that is not ours.
    Refused = 2,
    /// No daemon runs and none could be started.
    Absent = 3,
    /// A daemon accepted and did not answer in time.
    Silent = 4,
}

/// Runs `llmenv hook prompt …`.
pub fn run(args: &[String]) -> Outcome {
    let Some(call) = Call::read(args) else { return Outcome::Refused };
    let Ok(paths) = Paths::find() else { return Outcome::Refused };
    if paths.check_owner().is_err() {
        return Outcome::Refused;
    }
    match ask(&paths, &call) {
        Ok(answer) if answer.starts_with("fail\t") => Outcome::Refused,
        // Somebody else's program may sit there: what is not of the grammar is no answer.
        Ok(answer) if !is_well_formed(&answer) => Outcome::Silent,
        Ok(answer) => {
            let answer = without_idle_unsets(&answer, &call.request);
            let printed = for_shell(answer, &call.request)
                .is_some_and(|answer| std::io::stdout().write_all(answer.as_bytes()).is_ok());
            if printed { Outcome::Answered } else { Outcome::Silent }
        }
        Err(Unreachable::Absent) => Outcome::Absent,
        Err(Unreachable::Silent(_) | Unreachable::Stranger(_)) => Outcome::Silent,
    }
}

fn ask(paths: &Paths, call: &Call) -> Result<zeroize::Zeroizing<String>, Unreachable> {
    let timeout = if call.request.why == Why::Start { START_TIMEOUT } else { HOOK_TIMEOUT };
    match ask_once(paths, call, timeout) {
        Err(err) if call.may_start && is_nobody(&err) && client::start(paths).is_ok() => {
            // It has just begun to read the store: what it cannot say yet it pushes later.
            ask_once(paths, call, START_TIMEOUT.max(timeout))
        }
        Err(err) if is_nobody(&err) => Err(Unreachable::Absent),
        answer => answer,
    }
}

fn ask_once(paths: &Paths, call: &Call, timeout: Duration) -> Result<zeroize::Zeroizing<String>, Unreachable> {
    let answer =
        Client::connect(paths, timeout)?.ask_lines(&call.request.encode(), timeout + Duration::from_millis(20));
    answer.map(zeroize::Zeroizing::new)
}

/// Nothing listens, or what did closed without a word: a daemon that is being killed takes connections until the very end.
fn is_nobody(err: &Unreachable) -> bool {
    use std::io::ErrorKind;
    match err {
        Unreachable::Absent => true,
        Unreachable::Silent(err) => {
            matches!(err.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
        }
        Unreachable::Stranger(_) => false,
    }
}

/// Leaves out `unset NAME` for names that this environment does not have and llmenv did not set: each line costs a shell
/// time, and a variable that no child can see is no rival.
pub fn without_idle_unsets(answer: &str, request: &ShellRequest) -> zeroize::Zeroizing<String> {
    let mut kept = zeroize::Zeroizing::new(String::with_capacity(answer.len()));
    for line in answer.split_inclusive('\n') {
        let is_idle = line
            .strip_prefix("unset\t")
            .map(str::trim_end)
            .is_some_and(|name| std::env::var_os(name).is_none() && !request.names.iter().any(|known| known == name));
        if !is_idle {
            kept.push_str(line);
        }
    }
    kept
}

/// Brings an answer to the form that the shell takes. `None`: it cannot.
pub fn for_shell(answer: zeroize::Zeroizing<String>, request: &ShellRequest) -> Option<zeroize::Zeroizing<String>> {
    if request.shell == "fish" { fish_fields::encode(&answer) } else { Some(answer) }
}

/// What the arguments say.
pub struct Call {
    /// The request to send.
    pub request: ShellRequest,
    /// Whether a daemon may be started for it.
    pub may_start: bool,
    /// What `use -` goes back to: `use NAME`, `off` or `auto`.
    pub previous: Option<String>,
}

impl Call {
    /// Reads `name=value` arguments; `None` for one that this version does not know.
    pub fn read(args: &[String]) -> Option<Self> {
        let mut call = Self { request: ShellRequest::default(), may_start: false, previous: None };
        let request = &mut call.request;
        let mut present: Vec<&str> = Vec::new();
        for arg in args {
            let (name, value) = arg.split_once('=')?;
            let some = || (!value.is_empty() && value != "-").then(|| value.to_owned());
            match name {
                "shell" => value.clone_into(&mut request.shell),
                "pid" => request.id.pid = value.parse().ok()?,
                "start" => request.id.start = value.parse().unwrap_or(0),
                "why" => {
                    request.why = match value {
                        "start" => Why::Start,
                        "prompt" => Why::Prompt,
                        "push" => Why::Push,
                        "changed" => Why::Changed,
                        "choose" => Why::Choose,
                        _ => return None,
                    }
                }
                "reason" => request.reason = Reason::from_word(value).unwrap_or_default(),
                "profile" => request.profile = some(),
                "lease" => request.lease_end = value.parse().unwrap_or(0),
                "mark" => request.mark = some().unwrap_or_default(),
                "from" => request.from = value.parse().ok(),
                "signals" => request.signals = value == "1",
                "pipes" => request.pipes = value == "1",
                "names" => request.names = list(value).map(str::to_owned).collect(),
                "changed" => present = list(value).collect(),
                "spawn" => call.may_start = value == "1",
                "previous" => call.previous = some(),
                _ => return None,
            }
        }
        if request.id.pid == 0 {
            return None;
        }
        if request.id.start == 0 {
            request.id.start = process::start_time(request.id.pid).unwrap_or(0);
        }
        request.cwd = working_dir();
        if request.why == Why::Start {
            present = request.names.iter().map(String::as_str).collect();
        }
        request.values =
            present.iter().map(|name| ((*name).to_owned(), std::env::var(name).ok().map(Secret::new))).collect();
        Some(call)
    }
}

fn list(value: &str) -> impl Iterator<Item = &str> {
    // fish joins a list with blanks.
    value.split([',', ' ']).filter(|name| !name.is_empty())
}

/// The shell's own idea of where it is: a link that was followed keeps its name, as the person sees it.
fn working_dir() -> PathBuf {
    let logical = std::env::var_os("PWD").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let actual = std::env::current_dir();
    match (logical, actual) {
        (Some(logical), Ok(actual)) if logical == actual || same_file(&logical, &actual) => logical,
        (_, Ok(actual)) => actual,
        (Some(logical), Err(_)) => logical,
        (None, Err(_)) => PathBuf::from("/"),
    }
}

#[cfg(unix)]
fn same_file(a: &std::path::Path, b: &std::path::Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (std::fs::metadata(a), std::fs::metadata(b)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

#[cfg(windows)]
fn same_file(a: &std::path::Path, b: &std::path::Path) -> bool {
    a.canonicalize().ok() == b.canonicalize().ok()
}
