//! `llmenv init`: a shell's hook, with this program and this user's state folder written into it.

use super::args::Init;
use super::render;
use crate::error::{Error, Result};
use crate::ipc::client;
use crate::paths::Paths;

/// What stands for the program's path in a script, where a quoted word may stand.
const PROGRAM: &str = "__LLMENV_PROGRAM__";
/// What stands for the program where fish is to run it.
const COMMAND: &str = "__LLMENV_COMMAND__";
/// What stands for the configuration.
const CONFIG: &str = "__LLMENV_CONFIG__";
/// What stands for the state folder.
const STATE_DIR: &str = "__LLMENV_STATE_DIR__";

/// What stands for `--debug-trap`: `1` or `0`.
const DEBUG_TRAP: &str = "__LLMENV_DEBUG_TRAP__";

/// A shell with a hook.
struct Hook {
    name: &'static str,
    aliases: &'static [&'static str],
    script: &'static str,
    quote: fn(&str) -> String,
    /// Makes the whole text what is evaluated.
    finish: fn(&str) -> String,
}

const HOOKS: &[Hook] = &[
    Hook {
        name: "bash",
        aliases: &[],
        script: include_str!("../../shell/hook.bash"),
        quote: quote_posix,
        finish: str::to_owned,
    },
    Hook {
        name: "zsh",
        aliases: &[],
        script: include_str!("../../shell/hook.zsh"),
        quote: quote_posix,
        finish: without_aliases,
    },
    Hook {
        name: "fish",
        aliases: &[],
        script: include_str!("../../shell/hook.fish"),
        quote: quote_fish,
        finish: str::to_owned,
    },
    Hook {
        name: "powershell",
        aliases: &["pwsh"],
        script: include_str!("../../shell/hook.ps1"),
        quote: quote_powershell,
        finish: str::to_owned,
    },
    Hook {
        name: "direnv",
        aliases: &[],
        script: include_str!("../../shell/direnvrc"),
        quote: quote_posix,
        finish: str::to_owned,
    },
];

/// Prints the hook.
pub fn run(args: &Init) -> Result<()> {
    render::raw(&script(&args.shell, args.debug_trap)?);
    Ok(())
}

/// Gives the text to evaluate.
pub fn script(shell: &str, debug_trap: bool) -> Result<String> {
    let hook = HOOKS.iter().find(|hook| hook.name == shell || hook.aliases.contains(&shell)).ok_or_else(|| {
        let error = Error::usage(format!("there is no hook for the shell `{}`", crate::printable::text(shell)));
        error.hint(
            "there is one for `bash`, `zsh`, `fish` and `powershell`; anywhere else: `llmenv exec NAME -- COMMAND`",
        )
    })?;
    if debug_trap && hook.name != "bash" {
        return Err(Error::usage("`--debug-trap` is for bash alone").hint(format!("{} needs none", hook.name)));
    }
    let paths = Paths::find()?;
    let program = client::program()?;
    let quoted = |path: &std::path::Path| {
        let text = path.to_str().filter(|text| crate::env_patch::is_servable(text));
        text.map(hook.quote).ok_or_else(|| {
            Error::new(format!("the path `{}` cannot be written into a script", crate::printable::path(path)))
                .hint("it is not plain text; install llmenv, and keep its state, under another name")
        })
    };
    // The paths last: one that holds a token's text stays as it is.
    let text = hook.script.replace(DEBUG_TRAP, if debug_trap { "1" } else { "0" });
    Ok((hook.finish)(
        &text
            .replace(COMMAND, &fish_command(&quoted(&program)?))
            .replace(PROGRAM, &quoted(&program)?)
            .replace(STATE_DIR, &quoted(&paths.state_dir)?)
            .replace(CONFIG, &quoted(&paths.config_file())?),
    ))
}

/// One command of quoted words on one line. zsh reads an evaluated text as a whole before it runs any of it, so an alias
/// (also a global one) would change every word of it, and under `cshjunkiequotes` no quote may span lines. The functions
/// defined in it run with these options whatever is set where they are called; `set -x` shows nothing of them.
fn without_aliases(script: &str) -> String {
    let script = zsh_word(script);
    format!("'builtin' 'emulate' 'zsh' '-o' 'no_aliases' '-o' 'no_xtrace' '-o' 'no_multibyte' '-c' {script}\n")
}

/// Within `$'…'` only `\` and `'` mean anything (zshmisc(1), QUOTING).
fn zsh_word(text: &str) -> String {
    format!("$'{}'", text.replace('\\', r"\\").replace('\'', r"\'").replace('\n', r"\n"))
}

/// Quotes a text as one word of a shell that has a hook.
pub fn quote_for(shell: &str, text: &str) -> String {
    HOOKS.iter().find(|hook| hook.name == shell).map_or_else(|| quote_posix(text), |hook| (hook.quote)(text))
}

/// Within `'…'` only `'` means anything (POSIX.1-2024, Shell Command Language, 2.2.2).
fn quote_posix(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Within `'…'` only `\` and `'` mean anything (fish manual, "Quotes").
fn quote_fish(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

/// The program as a word that fish need not expand, from its quoted path: bare, or as an argument of `env`. fish 3.6 asserts that
/// the expansion of a command's name succeeds (`parse_execution.cpp`, `expand_command`), and Ctrl-C makes it fail; words without
/// any of `$*?\"'({})`, and no `~` or `%` at the start, are not expanded (`expand.cpp`, `expand_is_clean`).
fn fish_command(quoted: &str) -> String {
    let path = quoted.trim_matches('\'');
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+@,:=".contains(c);
    if path.starts_with('/') && path.chars().all(is_plain) {
        return path.to_owned();
    }
    // For `env` a word with this sign is a variable; what is left then is a Ctrl-C at one moment in thousands.
    if path.contains('=') { quoted.to_owned() } else { format!("env {quoted}") }
}

/// Within `'…'` a doubled quote is one. Everything beyond ASCII is written by its number: PowerShell takes U+2018 to U+201B
/// for quotes as well, and Windows PowerShell 5.1 decodes what a program prints with another code page than it was written in.
fn quote_powershell(text: &str) -> String {
    let mut quoted = String::from("'");
    for c in text.chars() {
        match c {
            '\'' => quoted.push_str("''"),
            c if c.is_ascii() => quoted.push(c),
            c => quoted.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("' + [char]{unit} + '"))),
        }
    }
    quoted.push('\'');
    if text.is_ascii() { quoted } else { format!("({quoted})") }
}
