//! `llmenv completions`: generated from the command line's definition, with profile names looked up when they are asked for.
//!
//! The generator has no way to name a function for an argument, so arguments that are profiles carry the hint for user names,
//! which nothing else uses, and the scripts' word for user names is replaced by ours.

use clap::CommandFactory;
use clap_complete::Shell;

use super::args::{Cli, Completions};
use super::render;
use crate::error::{Error, Result};

const BASH_PROFILES: &str = include_str!("../../shell/complete.bash");
const ZSH_PROFILES: &str = include_str!("../../shell/complete.zsh");
const FISH_PROFILES: &str = include_str!("../../shell/complete.fish");
const POWERSHELL_PROFILES: &str = include_str!("../../shell/complete.ps1");

/// Prints a shell's completions.
pub fn run(args: &Completions) -> Result<()> {
    render::raw(&script(&args.shell)?);
    Ok(())
}

/// Gives a shell's script.
pub fn script(shell: &str) -> Result<String> {
    match shell {
        "bash" => Ok(generated(Shell::Bash) + "\n" + BASH_PROFILES),
        "zsh" => Ok(zsh(&generated(Shell::Zsh))),
        "fish" => Ok(generated(Shell::Fish) + "\n" + FISH_PROFILES),
        "powershell" | "pwsh" => Ok(powershell(&generated(Shell::PowerShell))),
        _ => Err(Error::usage(format!("there are no completions for the shell `{}`", crate::printable::text(shell)))
            .hint("there are some for `bash`, `zsh`, `fish` and `powershell`")),
    }
}

/// Into memory first: the generator would panic where standard output has no reader.
fn generated(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "llmenv", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The functions go before the last lines, which call the completion or register it.
fn zsh(script: &str) -> String {
    let script = script.replace(":_users", ":_llmenv_profiles");
    match script.rfind("\nif [ \"$funcstack[1]\"") {
        Some(at) => format!("{}\n{ZSH_PROFILES}{}", &script[..at], &script[at..]),
        None => format!("{script}\n{ZSH_PROFILES}"),
    }
}

/// Names are offered before the generated list is looked at. `.Where{…}` is right, but the published grammar, by which a test
/// reads every script, does not know it.
fn powershell(script: &str) -> String {
    let script = script.replace("$completions.Where{ ", "$completions | Where-Object { ");
    let marker = "$commandElements = $commandAst.CommandElements\n";
    match script.find(marker) {
        Some(at) => {
            let end = at + marker.len();
            format!("{}{POWERSHELL_PROFILES}{}", &script[..end], &script[end..])
        }
        None => script,
    }
}
