//! Tools that take a key or an address from files of their own, whatever the environment says.
//!
//! Each tool has a file: which of its settings mean which variable. [`TOOLS`] says in which order a tool looks at its places, by
//! which `why --tool` names the winner.

mod aider;
mod claude;
mod codex;
mod continue_dev;
mod gemini;
mod llm;
mod opencode;

use std::path::{Path, PathBuf};

use super::settings::{self, Format, Leaf};
use super::{Held, Kind, Origin, Reader, Search};
use crate::dotenv::{self, Dialect, Environment, Value};
use crate::profile::Family;
use crate::provider::{self, Role};

/// Where a tool looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Its own files, those of [`Kind::ToolConfig`] in the order in which they were found.
    Own,
    /// The environment that it is started with.
    Environment,
}

/// A tool and the order of its places, the strongest first.
#[derive(Clone, Copy, Debug)]
pub struct Tool {
    /// Its id, for `--tool`.
    pub id: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// Its places.
    pub order: &'static [Look],
    source: fn(&mut Search<'_>),
}

/// The tools that are known.
///
/// - aider: `load_dotenv(override=True)` for home, git root, directory, then its settings put into the environment
///   (`aider/main.py`, 0.86).
/// - Claude Code: `env` of its settings replaces the environment (docs, settings).
/// - Codex: `auth.json`, or the variable that its `config.toml` names; `OPENAI_BASE_URL` is ignored (0.169, tried).
/// - llm: `keys.json` before the environment (`llm/__init__.py`, `get_key`).
/// - opencode: options of `opencode.json`, then `auth.json`, then the environment (1.18).
/// - gemini-cli: the environment, then the first of its `.env` files (`settings.ts`, `findEnvFile`).
pub const TOOLS: [Tool; 7] = [
    Tool { id: "aider", name: "aider", order: &[Look::Own, Look::Environment], source: aider::search },
    Tool { id: "claude", name: "Claude Code", order: &[Look::Own, Look::Environment], source: claude::search },
    Tool { id: "codex", name: "Codex", order: &[Look::Own], source: codex::search },
    Tool { id: "opencode", name: "opencode", order: &[Look::Own, Look::Environment], source: opencode::search },
    Tool { id: "gemini", name: "gemini-cli", order: &[Look::Environment, Look::Own], source: gemini::search },
    Tool { id: "llm", name: "llm", order: &[Look::Own, Look::Environment], source: llm::search },
    Tool { id: "continue", name: "Continue", order: &[Look::Own], source: continue_dev::search },
];

/// Finds a tool by its id.
pub fn find(id: &str) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.id == id)
}

/// The source.
pub(super) fn search(search: &mut Search<'_>) {
    for tool in &TOOLS {
        if search.is_over() {
            return;
        }
        (tool.source)(search);
    }
}

/// The leaves of a settings file; one that is not of its format is noted.
fn leaves(path: &Path, format: Format, search: &mut Search<'_>) -> Vec<Leaf> {
    let Some(text) = search.read_text(path) else { return Vec::new() };
    match settings::leaves(&text, format) {
        Ok(leaves) => leaves,
        Err(line) => {
            let name = match format {
                Format::Json => "JSON",
                Format::Yaml => "YAML",
                Format::Toml => "TOML",
            };
            search.note(Some(path), format!("line {line} is not {name}"));
            Vec::new()
        }
    }
}

fn origin(tool: &'static str, path: &Path, leaf: &Leaf) -> Origin {
    Origin::at(Kind::ToolConfig, Reader::Tool(tool), path, leaf.line, Some(leaf.column)).part(leaf.dotted())
}

/// Adds a leaf as the value of a variable.
fn add(tool: &'static str, path: &Path, leaf: &Leaf, name: &str, is_used: bool, search: &mut Search<'_>) {
    let held = match leaf.text() {
        Some(text) => Held::Text(text.clone()),
        None => return,
    };
    search.add(name, held, origin(tool, path, leaf), is_used);
}

/// The variable that carries a provider's key.
fn key_variable(id: &str) -> Option<String> {
    let id = match id {
        "google" => "gemini",
        id => id,
    };
    if let Some(family) = family(id) {
        return Some(family.key_variable(crate::profile::Auth::XApiKey).to_owned());
    }
    let row = provider::find(id)?;
    row.variables.iter().find(|variable| variable.role == Role::Key).map(|variable| variable.name.clone())
}

/// The variable that carries a provider's address.
fn base_variable(id: &str) -> &'static str {
    match id {
        "google" => Family::Gemini.base_url_variable(),
        id => family(id).unwrap_or(Family::Openai).base_url_variable(),
    }
}

fn family(id: &str) -> Option<Family> {
    match id {
        "openai" => Some(Family::Openai),
        "anthropic" => Some(Family::Anthropic),
        "gemini" => Some(Family::Gemini),
        _ => None,
    }
}

/// The directory with `.git` upwards, as tools look for it.
fn git_root(search: &Search<'_>) -> Option<PathBuf> {
    search.scene.upwards().find(|dir| dir.join(".git").exists()).map(Path::to_owned)
}

/// A `.env` file that only this tool is known to load.
fn dotenv_file(tool: &'static str, path: &Path, dialect: Dialect, search: &mut Search<'_>) -> bool {
    let Some(bytes) = search.read(path) else { return false };
    let scene = search.scene;
    let lookup = |name: &str| scene.variables.get(name).map(|value| value.expose().to_owned());
    let reading = dotenv::read(&bytes, dialect, &Environment::new(&lookup));
    let mut told: Vec<&str> = Vec::new();
    for assignment in &reading.assignments {
        if told.contains(&assignment.key.as_str()) {
            continue;
        }
        told.push(&assignment.key);
        // The one that counts, of several.
        if let Some(winner) = reading.winner(&assignment.key)
            && let Value::Text(text) = &winner.value
        {
            let origin = Origin::at(Kind::ToolConfig, Reader::Tool(tool), path, winner.place.line, None);
            search.add_exported(&assignment.key, Held::Text(text.clone()), origin);
        }
    }
    true
}
