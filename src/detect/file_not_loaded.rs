//! A key in a `.env` file that nothing here seems to load.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::environment::is_key;
use super::look::owner;
use super::{Detector, Finding, Look};
use crate::source::Kind;

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["file-not-loaded"], find };

/// Files of projects, and a word in them that says that something loads `.env`.
const LOADING: [(&str, &[&str]); 16] = [
    ("package.json", &["dotenv", "\"next\"", "\"vite\"", "env-file", "nuxt", "astro", "remix", "react-scripts", "bun"]),
    ("requirements.txt", &["dotenv", "pydantic-settings", "pydantic_settings", "environs", "decouple", "litellm"]),
    ("pyproject.toml", &["dotenv", "pydantic-settings", "environs", "decouple", "litellm", "env-file"]),
    ("Pipfile", &["[packages]"]),
    ("setup.py", &["dotenv"]),
    ("Cargo.toml", &["dotenv"]),
    ("Gemfile", &["dotenv"]),
    ("composer.json", &["dotenv"]),
    ("go.mod", &["godotenv"]),
    ("Procfile", &[":"]),
    (".envrc", &["dotenv", ".env"]),
    ("mise.toml", &[".env"]),
    (".mise.toml", &[".env"]),
    ("Makefile", &[".env"]),
    ("justfile", &["dotenv"]),
    (".aider.conf.yml", &[""]),
];
/// Files that take `.env` by themselves.
const COMPOSE: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];
/// The most entries of a directory that are looked at.
const MAX_ENTRIES: usize = 500;
/// The most sources of a directory that are looked through.
const MAX_SOURCES: usize = 40;

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut known: HashMap<&Path, bool> = HashMap::new();
    let is_tool = |kind: Kind| matches!(kind, Kind::Mise | Kind::Container);
    let tools = look.assignments.iter().filter(|held| is_tool(held.origin.kind));
    let tools: Vec<&Path> = tools.filter_map(|held| held.origin.path.as_deref()).collect();
    for file in &look.files {
        let Some(dir) = file.path.parent() else { continue };
        let names: Vec<&str> = file
            .lines
            .iter()
            .map(|line| line.name.as_str())
            .filter(|name| is_key(name) && file.value(name).is_some_and(|(value, _)| owner(value).is_some()))
            .collect();
        let Some(first) = names.iter().find(|name| !look.scene.variables.contains_key(**name)) else { continue };
        if look.is_own(first) || *known.entry(dir).or_insert_with(|| is_loaded(look, dir, &tools)) {
            continue;
        }
        let what = format!(
            "{first} is in this file and not in this shell, and nothing in the directory loads the file; `source` alone does not export it"
        );
        let finding = Finding::info("file-not-loaded", what).variable(*first);
        let finding = look.in_file(file, first).into_iter().fold(finding, Finding::at);
        let shown = crate::printable::path(&file.path);
        found.push(finding.hint(format!(
            "`set -a; . {shown}; set +a` loads it once; `llmenv import` takes the key into the keyring"
        )));
    }
    found
}

fn is_loaded(look: &Look, dir: &Path, tools: &[&Path]) -> bool {
    if look.variable("DIRENV_DIR").is_some() || tools.iter().any(|path| path.starts_with(dir)) {
        return true;
    }
    let entries = look.entries(dir, MAX_ENTRIES);
    let has = |name: &str| entries.iter().any(|path| path.file_name().is_some_and(|own| own == name));
    let is_by_file = LOADING.iter().filter(|(name, _)| has(name)).any(|(name, words)| {
        look.read_text(&dir.join(name)).is_some_and(|text| words.iter().any(|word| text.contains(word)))
    });
    is_by_file || COMPOSE.iter().any(|name| has(name)) || is_by_source(look, &entries)
}

/// A script beside it that loads `.env` files by itself.
fn is_by_source(look: &Look, entries: &[PathBuf]) -> bool {
    let is_source = |path: &&PathBuf| {
        path.extension()
            .and_then(|end| end.to_str())
            .is_some_and(|end| matches!(end, "py" | "js" | "ts" | "mjs" | "rb" | "sh" | "rs" | "go"))
    };
    entries.iter().filter(is_source).take(MAX_SOURCES).any(|path| {
        look.read_text(path)
            .is_some_and(|text| ["load_dotenv", "dotenv", ".env", "godotenv"].iter().any(|word| text.contains(word)))
    })
}
