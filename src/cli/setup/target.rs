//! Which shell is set up, which file it reads, and the lines that go there.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::paths::Paths;
use crate::printable;

/// How far up the processes are looked through for a shell.
const MAX_ANCESTORS: usize = 16;
/// How long a shell may take to say where its start-up file is.
const ASK_TIMEOUT: Duration = Duration::from_secs(10);
/// The most that is read of its answer.
const MAX_ANSWER_BYTES: u64 = 16 * 1024;

/// A shell that can be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// bash
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
    /// PowerShell 7, and Windows PowerShell 5.1
    Powershell,
}

/// What a program's name says.
enum Seen {
    Target(Target),
    /// A shell without a hook.
    Other(String),
    NoShell,
}

impl Target {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Bash, Self::Zsh, Self::Fish, Self::Powershell];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
        }
    }

    /// Finds the shell: the one that was named, else the nearest above this process, else the user's own.
    pub fn find(named: Option<&str>) -> Result<Self> {
        if let Some(name) = named {
            return match seen(name) {
                Seen::Target(target) => Ok(target),
                Seen::Other(_) | Seen::NoShell => Err(no_hook(name)),
            };
        }
        let shell = std::env::var_os("SHELL").map(PathBuf::from);
        let own = shell.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        for name in ancestors().into_iter().chain(own) {
            match seen(&name) {
                Seen::Target(target) => return Ok(target),
                Seen::Other(name) => return Err(no_hook(&name)),
                Seen::NoShell => {}
            }
        }
        if cfg!(windows) {
            return Ok(Self::Powershell);
        }
        Err(Error::usage("cannot tell which shell this is")
            .hint("say it: `--shell bash`, `zsh`, `fish` or `powershell`"))
    }

    /// Finds the file that an interactive shell reads at its start.
    pub fn rc_path(self, paths: &Paths) -> PathBuf {
        match self {
            Self::Bash => paths.home.join(".bashrc"),
            Self::Zsh => zsh_folder(paths).join(".zshrc"),
            // Read after all of `conf.d`, where other tools put their hooks.
            Self::Fish => config_folder(paths).join("fish").join("config.fish"),
            Self::Powershell => powershell_profile(paths),
        }
    }

    /// Lists further files that a shell of this kind reads; `rc` is what [`Target::rc_path`] gave.
    pub fn other_files(self, paths: &Paths, rc: &Path) -> Vec<PathBuf> {
        let folder = rc.parent().unwrap_or(&paths.home);
        let mut files = vec![PathBuf::from("/etc/environment")];
        match self {
            Self::Bash => files.extend(
                [".bash_profile", ".bash_login", ".profile", ".bash_aliases"].map(|name| paths.home.join(name)),
            ),
            Self::Zsh => {
                // The first is looked for in the home directory as long as nothing set ZDOTDIR.
                files.extend([paths.home.join(".zshenv"), folder.join(".zshenv")]);
                files.extend([".zprofile", ".zlogin"].map(|name| folder.join(name)));
                files.dedup();
            }
            Self::Fish => {
                let found = std::fs::read_dir(folder.join("conf.d")).into_iter().flatten().flatten();
                let mut found: Vec<PathBuf> = found.map(|entry| entry.path()).collect();
                found.retain(|path| path.extension().is_some_and(|extension| extension == "fish"));
                found.sort();
                files.extend(found);
            }
            Self::Powershell => {
                files.push(folder.join("Microsoft.PowerShell_profile.ps1"));
            }
        }
        files
    }

    /// The lines that load the hook, and find the program where PATH does not: they work before it is installed for good,
    /// and do nothing once it is gone.
    pub fn lines(self, program: &Path, is_on_path: bool) -> Result<Vec<String>> {
        let text = |path: &Path| {
            path.to_str().filter(|text| crate::env_patch::is_servable(text)).map(str::to_owned).ok_or_else(|| {
                Error::new(format!("the path `{}` cannot be written into a script", printable::path(path)))
                    .hint("it is not plain text; install llmenv under another name")
            })
        };
        let quoted = crate::cli::init::quote_for(self.name(), &text(program)?);
        let folder = program.parent().filter(|_| !is_on_path).map(text).transpose()?;
        let folder = folder.filter(|folder| !folder.contains(if cfg!(windows) { ';' } else { ':' }));
        let mut lines = Vec::new();
        match self {
            Self::Bash | Self::Zsh => {
                if let Some(folder) = folder {
                    let word = crate::cli::init::quote_for(self.name(), &folder);
                    lines.push(format!("case \":$PATH:\" in *:{word}:*) ;; *) PATH=$PATH:{word} ;; esac"));
                }
                let name = self.name();
                lines.push(format!("if [ -x {quoted} ]; then eval \"$({quoted} init {name})\"; fi"));
            }
            Self::Fish => {
                if let Some(folder) = folder {
                    let word = crate::cli::init::quote_for(self.name(), &folder);
                    lines.push(format!("contains -- {word} $PATH; or set -gx PATH $PATH {word}"));
                }
                lines.push(format!("if test -x {quoted}; {quoted} init fish | source; end"));
            }
            Self::Powershell => {
                if let Some(folder) = folder {
                    let word = crate::cli::init::quote_for(self.name(), &folder);
                    lines.push(format!(
                        "if (($env:PATH -split [IO.Path]::PathSeparator) -notcontains {word}) \
                         {{ $env:PATH += [IO.Path]::PathSeparator + {word} }}"
                    ));
                }
                lines.push(format!(
                    "if ([IO.File]::Exists({quoted})) \
                     {{ . ([scriptblock]::Create((& {quoted} init powershell) -join \"`n\")) }}"
                ));
            }
        }
        Ok(lines)
    }
}

fn no_hook(name: &str) -> Error {
    Error::usage(format!("there is no hook for the shell `{}`", printable::text(name)))
        .hint("`--shell bash`, `zsh`, `fish` or `powershell` sets up another one")
        .hint("anywhere else: `llmenv exec NAME -- COMMAND`")
}

fn seen(name: &str) -> Seen {
    let name = name.strip_prefix('-').unwrap_or(name).to_ascii_lowercase();
    let name = name.strip_suffix(".exe").unwrap_or(&name);
    match name {
        "bash" => Seen::Target(Target::Bash),
        "zsh" => Seen::Target(Target::Zsh),
        "fish" => Seen::Target(Target::Fish),
        "pwsh" | "powershell" | "pwsh-preview" => Seen::Target(Target::Powershell),
        "nu" | "elvish" | "xonsh" | "tcsh" | "csh" | "ksh" | "ksh93" | "mksh" => Seen::Other(name.to_owned()),
        _ => Seen::NoShell,
    }
}

/// Names of the programs above this process, the nearest first. Empty where the system does not tell.
fn ancestors() -> Vec<String> {
    let mut names = Vec::new();
    let mut pid = std::process::id();
    for _ in 0..MAX_ANCESTORS {
        match crate::process::parent(pid) {
            Some(parent) if parent > 1 && parent != pid => pid = parent,
            _ => break,
        }
        names.extend(program_name(pid));
    }
    names
}

#[cfg(target_os = "linux")]
fn program_name(pid: u32) -> Option<String> {
    let exe = std::fs::read_link(format!("/proc/{pid}/exe")).ok();
    let name = exe.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    // A shell that was updated while it ran.
    let name = name.map(|name| name.trim_end_matches(" (deleted)").to_owned());
    name.or_else(|| std::fs::read_to_string(format!("/proc/{pid}/comm")).ok().map(|comm| comm.trim().to_owned()))
}

#[cfg(all(unix, not(target_os = "linux")))]
fn program_name(pid: u32) -> Option<String> {
    let told = Command::new("/bin/ps").args(["-o", "comm=", "-p", &pid.to_string()]).output().ok()?;
    let path = String::from_utf8_lossy(&told.stdout).trim().to_owned();
    Path::new(&path).file_name().map(|name| name.to_string_lossy().into_owned())
}

#[cfg(windows)]
fn program_name(_pid: u32) -> Option<String> {
    None
}

/// zsh's folder: `.zshenv` may set it without exporting it, so zsh itself is asked.
fn zsh_folder(paths: &Paths) -> PathBuf {
    let told = ask_shell("zsh", &["-c", "print -r -- ${ZDOTDIR:-$HOME}"]);
    let of_environment = || std::env::var_os("ZDOTDIR").map(PathBuf::from).filter(|dir| dir.is_absolute());
    told.or_else(of_environment).unwrap_or_else(|| paths.home.clone())
}

/// PowerShell's own word on where its profile is, else the place it has by default.
fn powershell_profile(paths: &Paths) -> PathBuf {
    let arguments = ["-NoLogo", "-NoProfile", "-NonInteractive", "-Command", "$PROFILE.CurrentUserAllHosts"];
    let told = ask_shell("pwsh", &arguments);
    let told = told.or_else(|| if cfg!(windows) { ask_shell("powershell", &arguments) } else { None });
    told.unwrap_or_else(|| {
        if cfg!(windows) {
            let documents = directories::UserDirs::new().and_then(|dirs| dirs.document_dir().map(Path::to_owned));
            return documents.unwrap_or_else(|| paths.home.join("Documents")).join("PowerShell").join("profile.ps1");
        }
        config_folder(paths).join("powershell").join("profile.ps1")
    })
}

/// Where fish, and PowerShell elsewhere than on Windows, keep their configuration, macOS included.
fn config_folder(paths: &Paths) -> PathBuf {
    let named = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    named.unwrap_or_else(|| paths.home.join(".config"))
}

/// Runs a shell and takes the last line it prints for an absolute path.
fn ask_shell(program: &str, arguments: &[&str]) -> Option<PathBuf> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let pipe = child.stdout.take()?;
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = pipe.take(MAX_ANSWER_BYTES).read_to_end(&mut bytes);
        let _ = send.send(read.map(|_| bytes));
    });
    let begun = Instant::now();
    let told = receive.recv_timeout(ASK_TIMEOUT);
    while begun.elapsed() < ASK_TIMEOUT && matches!(child.try_wait(), Ok(None)) {
        std::thread::sleep(Duration::from_millis(2));
    }
    let _ = child.kill();
    let status = child.wait().ok()?;
    let text = String::from_utf8(told.ok()?.ok()?).ok()?;
    let path = PathBuf::from(text.lines().last()?.trim_end_matches('\r'));
    (status.success() && path.is_absolute()).then_some(path)
}
