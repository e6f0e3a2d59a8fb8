//! The hook for PowerShell: its text on every machine, its behaviour wherever there is a PowerShell 7.

mod pasted;
mod surroundings;
mod syntax;
mod words;

use super::scenario::every_scenario;
use super::scene::Scene;
use crate::support::terminal::Builder;
use crate::support::{Shell, Terminal, left_out, powershell};

const PWSH: Shell = Shell::Powershell;
const LOAD: &str = r#". ([scriptblock]::Create((& llmenv init powershell) -join "`n"))"#;

/// PowerShell, or the end of the test with its name in the list of what was left out.
macro_rules! pwsh_or_leave_out {
    () => {
        if !crate::hook::powershell::is_there() {
            return;
        }
    };
}
use pwsh_or_leave_out;

every_scenario!({
    pwsh_or_leave_out!();
    Shell::Powershell
});

fn is_there() -> bool {
    if powershell().is_none() {
        left_out(&format!("PowerShell: {}", std::thread::current().name().unwrap_or("a test without a name")));
    }
    powershell().is_some()
}

/// A shell with the hook between two other texts.
fn around<'a>(scene: &'a Scene, before: &str, after: &str) -> Builder<'a> {
    Terminal::builder(&scene.home, PWSH).rc(&format!("{before}\n{LOAD}\n{after}"))
}

/// What a line prints, without the blank line that PowerShell adds after some of it.
fn shown(terminal: &mut Terminal, line: &str) -> String {
    terminal.run(line).trim_end().to_owned()
}

/// Nothing that was caught on the way may be left.
#[track_caller]
fn assert_no_errors(terminal: &mut Terminal) {
    assert_eq!(shown(terminal, "\"$($Error.Count) errors $Error\""), "0 errors");
}
