//! Places in words and as JSON, the same in every report.

use serde_json::{Value, json};

use super::render;
use crate::printable;
use crate::source::{Kind, Origin, Reader, When};

/// Words a place: `~/.zshrc:12, each zsh with a prompt`.
pub fn words(origin: &Origin) -> String {
    let at = origin.path.as_ref().map(|path| render::place_text(path, origin.line));
    let part = origin.part.as_deref().map(printable::text).unwrap_or_default();
    let at = at.unwrap_or_default();
    match origin.kind {
        Kind::Environment => "this shell".into(),
        Kind::Dotenv | Kind::Envrc => at,
        Kind::Direnv if part == "before" => format!("direnv, as it was before {at}"),
        Kind::Direnv => format!("direnv, by {at}"),
        Kind::Mise => format!("{at}, by mise"),
        Kind::Rc | Kind::System => format!("{at}, {}", shells(&origin.reader)),
        Kind::FishUniversal => format!("{at}, a universal variable of fish"),
        Kind::SystemdUser if at.is_empty() => "systemd's user manager".into(),
        Kind::SystemdUser => format!("{at}, systemd's user manager"),
        Kind::Tmux => format!("tmux server, {part}"),
        Kind::Screen => format!("screen server, {part}"),
        Kind::VsCode => format!("{at}, terminals of VS Code"),
        Kind::Container => match &origin.reader {
            Reader::Container(service) => format!("{at}, the container `{}`", printable::text(service)),
            _ => at,
        },
        Kind::ToolConfig => match &origin.reader {
            Reader::Tool(id) => {
                format!("{at}, {}", crate::source::tools::find(id).map_or(*id, |tool| tool.name))
            }
            _ => at,
        },
        Kind::WindowsUser => "the user's variables in the registry".into(),
        Kind::WindowsMachine => "the machine's variables in the registry".into(),
        Kind::Process => match &origin.reader {
            Reader::Process { pid, name, .. } => format!("{} {pid}", printable::text(name)),
            _ => "a running program".into(),
        },
    }
}

fn shells(reader: &Reader) -> String {
    match reader {
        Reader::Shell("login", _) => "each login session".into(),
        Reader::Shell(shell, When::Always) => format!("each {shell}"),
        Reader::Shell(shell, When::Login) => format!("each login {shell}"),
        Reader::Shell(shell, When::Interactive) => format!("each {shell} with a prompt"),
        Reader::Shell(shell, When::Called) => format!("in {shell} code that is not run at the start"),
        _ => "each shell".into(),
    }
}

/// A place as every report for programs has it.
pub fn json(origin: &Origin) -> Value {
    let mut place = json!({
        "kind": origin.kind.id(), "path": origin.path, "line": origin.line, "column": origin.column, "part": origin.part,
    });
    match &origin.reader {
        Reader::Loaders(loaders) => {
            place["loaders"] = loaders.iter().map(|loader| loader.id()).collect::<Vec<_>>().into();
        }
        Reader::Process { pid, name, running } => {
            place["pid"] = (*pid).into();
            place["name"] = name.as_str().into();
            place["running_seconds"] = running.as_secs().into();
        }
        _ => {}
    }
    place
}
