//! What differs between the shells: how they start, where their start-up file is, how a prompt says that it is drawn,
//! how a value is written, and how one is read back.

use std::ffi::OsString;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::{left_out, powershell};

/// Stands in every prompt, followed by `PID:NUMBER>`. It is never typed, so the echo of a line cannot contain it, and a
/// traced assignment of the prompt has no digits after it.
pub const MARK: &str = "<pty:";

/// A shell that hooks are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// bash
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
    /// PowerShell 7
    Powershell,
}

impl Shell {
    /// Every shell; where there is no PowerShell, all others, and `what` is listed as left out.
    pub fn all(what: &str) -> Vec<Self> {
        let mut shells = vec![Self::Bash, Self::Zsh, Self::Fish];
        if powershell().is_some() {
            shells.push(Self::Powershell);
        } else {
            left_out(&format!("PowerShell: {what}"));
        }
        shells
    }

    /// The name used on llmenv's command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
        }
    }

    /// The program and arguments of an interactive shell.
    pub fn argv(self, rc: &Path) -> Vec<OsString> {
        match self {
            Self::Bash => vec!["bash".into(), "--noprofile".into(), "--rcfile".into(), rc.into(), "-i".into()],
            // Without the machine's own start-up files.
            Self::Zsh => vec!["zsh".into(), "-d".into(), "-i".into()],
            Self::Fish => vec!["fish".into(), "-i".into()],
            Self::Powershell => {
                let program = powershell().expect("a PowerShell: LLMENV_TEST_PWSH, or `pwsh` on PATH");
                vec![program.into(), "-NoLogo".into()]
            }
        }
    }

    /// The start-up file that the shell reads by itself, so that a nested shell reads it too.
    pub fn rc_file(self) -> PathBuf {
        PathBuf::from(match self {
            Self::Bash => ".bashrc",
            Self::Zsh => ".zshrc",
            Self::Fish => ".config/fish/config.fish",
            Self::Powershell => ".config/powershell/profile.ps1",
        })
    }

    /// The whole start-up file: the harness's prompt first, as a user's own prompt would be, then the test's text.
    pub fn rc_text(self, text: &str, rewritten: bool) -> String {
        let mark = match self {
            Self::Bash | Self::Zsh => format!("{MARK}$$:$((__pty_n+=1))>"),
            Self::Fish => format!("{MARK}$fish_pid:$__pty_n>"),
            Self::Powershell => format!("{MARK}${{PID}}:$($global:__pty_n)>"),
        };
        let (before, after) = match self {
            Self::Bash => (
                format!("__pty_n=0\nPS1='{mark}'\n"),
                format!(
                    "__pty_keep() {{ local s=$?; case $PS1 in *'{MARK}'*) ;; *) PS1=$PS1'{mark}' ;; esac; return $s; }}\n\
                     case $(declare -p PROMPT_COMMAND 2>/dev/null) in\n\
                     'declare -a'*) PROMPT_COMMAND+=(__pty_keep) ;;\n\
                     *) PROMPT_COMMAND=${{PROMPT_COMMAND:+$PROMPT_COMMAND$'\\n'}}__pty_keep ;;\nesac\n"
                ),
            ),
            Self::Zsh => (
                // `promptsp` fills a whole line with blanks before every prompt.
                format!("unsetopt promptsp\nsetopt promptsubst\n__pty_n=0\nPROMPT='{mark}'\n"),
                format!(
                    "__pty_keep() {{ [[ $PROMPT == *'{MARK}'* ]] || PROMPT+='{mark}' }}\nprecmd_functions+=(__pty_keep)\n"
                ),
            ),
            Self::Fish => (
                format!(
                    "set -g fish_greeting\nset -g __pty_n 0\n\
                     function __pty_mark; set -g __pty_n (math $__pty_n + 1); echo -n \"{mark}\"; end\n\
                     function fish_prompt; __pty_mark; end\n"
                ),
                "if not functions fish_prompt | string match -q '*__pty_mark*'\n\
                 functions -c fish_prompt __pty_prompt\nfunction fish_prompt; __pty_prompt; __pty_mark; end\nend\n"
                    .to_owned(),
            ),
            Self::Powershell => (
                format!("$global:__pty_n = 0\nfunction global:prompt {{ $global:__pty_n++; \"{mark}\" }}\n"),
                format!(
                    "if (\"$function:prompt\" -notlike '*__pty_n*') {{\n$global:__pty_prompt = $function:prompt\n\
                     function global:prompt {{ \"$(& $global:__pty_prompt)\" + $($global:__pty_n++; \"{mark}\") }}\n}}\n"
                ),
            ),
        };
        if rewritten { format!("{before}{text}\n{after}") } else { format!("{before}{text}\n") }
    }

    /// A value as one word of this shell, in printable ASCII that no line editor reacts to.
    pub fn quote(self, value: &str) -> String {
        let mut word = String::new();
        match self {
            Self::Bash | Self::Zsh => {
                word.push_str("$'");
                for byte in value.bytes() {
                    push(&mut word, byte, |word| write!(word, "\\{byte:03o}"));
                }
                word.push('\'');
            }
            Self::Fish if value.is_empty() => word.push_str("''"),
            Self::Fish => {
                for byte in value.bytes() {
                    push(&mut word, byte, |word| write!(word, "\\X{byte:02x}"));
                }
            }
            Self::Powershell if value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_./:- ".contains(&byte)) => {
                write!(word, "'{value}'").expect("writing to a string");
            }
            Self::Powershell => {
                let units: Vec<String> = value.encode_utf16().map(|unit| unit.to_string()).collect();
                write!(word, "(-join [char[]]({}))", units.join(",")).expect("writing to a string");
            }
        }
        word
    }

    /// The line that sets a variable and exports it.
    pub fn export_line(self, name: &str, value: &str) -> String {
        let word = self.quote(value);
        match self {
            Self::Bash | Self::Zsh => format!("export {name}={word}"),
            Self::Fish => format!("set -gx {name} {word}"),
            Self::Powershell => format!("$env:{name} = {word}"),
        }
    }

    /// The line that takes a variable away.
    pub fn unset_line(self, name: &str) -> String {
        match self {
            Self::Bash | Self::Zsh => format!("unset {name}"),
            Self::Fish => format!("set -e {name}"),
            Self::Powershell => format!("$env:{name} = $null"),
        }
    }

    /// The line that writes `s` and the variable's value, or `u` when it is not set, to a file. Builtins alone; a trace
    /// of it (`set -x`) stays out of the terminal, since it would show the value.
    pub fn read_line(self, name: &str, file: &Path) -> String {
        let file = file.display();
        match self {
            Self::Bash => format!(
                "{{ if [[ ${{{name}+x}} ]]; then builtin printf %s \"s${{{name}}}\"; else builtin printf u; fi; }} 2>/dev/null >|{file}"
            ),
            Self::Zsh => format!(
                "{{ if (( ${{+{name}}} )); then builtin print -rn -- \"s${{{name}}}\"; else builtin print -rn u; fi; }} 2>/dev/null >|{file}"
            ),
            Self::Fish => format!(
                "begin; if set -q {name}; builtin printf %s \"s${name}\"; else; builtin printf u; end; end 2>/dev/null >{file}"
            ),
            Self::Powershell => format!(
                "[IO.File]::WriteAllText('{file}', $(if ($null -eq [Environment]::GetEnvironmentVariable('{name}')) {{ 'u' }} \
                 else {{ 's' + [Environment]::GetEnvironmentVariable('{name}') }}))"
            ),
        }
    }

    /// The line by which a child process writes its environment to a file.
    pub fn child_line(self, file: &Path) -> String {
        let file = file.display();
        match self {
            Self::Bash | Self::Zsh => format!("/usr/bin/env -0 >|{file}"),
            Self::Fish => format!("/usr/bin/env -0 >{file}"),
            // PowerShell before 7.4 decodes what it redirects.
            Self::Powershell => format!("/bin/sh -c 'exec /usr/bin/env -0 >{file}'"),
        }
    }
}

fn push(word: &mut String, byte: u8, escape: impl Fn(&mut String) -> std::fmt::Result) {
    if byte.is_ascii_alphanumeric() {
        word.push(char::from(byte));
    } else {
        escape(word).expect("writing to a string");
    }
}
