//! How a value is taken out of the place that holds it: one way for each sort of place.

use super::fix::Fix;
use crate::printable;
use crate::source::{Kind, Origin};

/// What to do about a value that has to go, in words.
pub fn take_out(name: &str, origin: &Origin) -> String {
    let name = printable::text(name);
    match (origin.kind, origin.part.as_deref()) {
        (Kind::Environment, _) => {
            format!(
                "find out what sets it (`llmenv why {name}`), or `unset {name}`; `llmenv use NAME` sets the new one"
            )
        }
        (Kind::Process, _) => "start it again".into(),
        (Kind::Tmux, Some(part)) if part.starts_with("session ") => {
            let session = printable::text(&part["session ".len()..]);
            format!("`tmux set-environment -t '={session}' -u {name}`; windows that are open keep it")
        }
        (Kind::Tmux, _) => format!("`tmux set-environment -g -u {name}`; windows that are open keep it"),
        (Kind::Screen, _) => format!("`screen -X unsetenv {name}`; windows that are open keep it"),
        (Kind::FishUniversal, _) => format!("`set -eU {name}` in fish"),
        (Kind::SystemdUser, Some("manager")) => format!("`systemctl --user unset-environment {name}`"),
        (Kind::Direnv, _) => "change the `.envrc`, then `direnv allow`".into(),
        (Kind::WindowsUser | Kind::WindowsMachine, _) => {
            format!("take {name} out in the system's settings, under environment variables")
        }
        _ => "take the line out, or put the new key there".into(),
    }
}

/// The same as a fix; a command where there is one to type.
pub fn fix(name: &str, origin: &Origin) -> Fix {
    let words = take_out(name, origin);
    let is_command = matches!(origin.kind, Kind::Tmux | Kind::Screen | Kind::FishUniversal)
        || origin.kind == Kind::SystemdUser && origin.part.as_deref() == Some("manager");
    if is_command { Fix::command(words) } else { Fix::hint(words) }
}
