//! What containers get: Compose files, Dockerfiles, `devcontainer.json`, nearest upwards.
//!
//! `environment:` is a map or a list of `NAME=value`; a bare name, or `${NAME}`, is the value of the shell that starts it
//! (Compose specification, services and interpolation).

use std::path::{Path, PathBuf};

use super::settings::{self, Format, Leaf, Scalar};
use super::{Held, Kind, Origin, Reader, Search};
use crate::dotenv::{self, Dialect, Environment, Value};
use crate::secret::Secret;

const COMPOSE: [&str; 8] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.override.yaml",
    "docker-compose.override.yml",
];
/// The most files of one sort.
const MAX_FILES: usize = 10;

/// The source.
pub(super) fn search(search: &mut Search<'_>) {
    let scene = search.scene;
    let has = |dir: &&Path, names: &[&str]| names.iter().any(|name| dir.join(name).is_file());
    if let Some(dir) = scene.upwards().find(|dir| has(dir, &COMPOSE)) {
        for path in COMPOSE.map(|name| dir.join(name)) {
            compose(&path, search);
        }
    }
    if let Some(dir) = scene.upwards().find(|dir| has(dir, &["Dockerfile", "Containerfile"])) {
        let is_image = |name: &str| name == "Containerfile" || name.starts_with("Dockerfile");
        for path in search.files_in(dir, MAX_FILES, &is_image) {
            image(&path, search);
        }
    }
    if let Some(dir) = scene.upwards().find(|dir| has(dir, &[".devcontainer/devcontainer.json"])) {
        devcontainer(&dir.join(".devcontainer/devcontainer.json"), search);
    }
}

fn compose(path: &Path, search: &mut Search<'_>) {
    let Some(text) = search.read_text(path) else { return };
    let leaves = match settings::leaves(&text, Format::Yaml) {
        Ok(leaves) => leaves,
        Err(line) => return search.note(Some(path), format!("line {line} is not YAML")),
    };
    let mut files: Vec<(PathBuf, String)> = Vec::new();
    for leaf in &leaves {
        let [services, service, rest @ ..] = &leaf.path[..] else { continue };
        if services != "services" {
            continue;
        }
        let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
        match rest[..] {
            ["environment", name] | ["build", "args", name] => {
                let origin = origin(leaf, path, service);
                if name.parse::<usize>().is_err() {
                    let held = match &leaf.value {
                        Scalar::Text(text) => interpolated(text),
                        Scalar::Null => Held::Variable(name.to_owned()),
                        Scalar::Bool(_) => Held::Unknowable,
                    };
                    search.add_exported(name, held, origin);
                } else if let Some(text) = leaf.text() {
                    match text.expose().split_once('=') {
                        Some((name, value)) => search.add_exported(name, interpolated(&Secret::new(value)), origin),
                        None => search.add_exported(text.expose(), Held::Variable(text.expose().to_owned()), origin),
                    }
                }
            }
            ["env_file"] | ["env_file", _] | ["env_file", _, "path"] => {
                if let (Some(name), Some(folder)) = (leaf.text(), path.parent()) {
                    files.push((folder.join(name.expose()), service.clone()));
                }
            }
            _ => {}
        }
    }
    for (file, service) in files.into_iter().take(MAX_FILES) {
        env_file(&file, &service, search);
    }
}

fn origin(leaf: &Leaf, path: &Path, service: &str) -> Origin {
    let reader = Reader::Container(service.to_owned());
    Origin::at(Kind::Container, reader, path, leaf.line, Some(leaf.column)).part(leaf.dotted())
}

fn interpolated(text: &Secret) -> Held {
    let value = text.expose();
    if !value.contains('$') {
        return Held::Text(text.clone());
    }
    let name = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).or_else(|| value.strip_prefix('$'));
    match name {
        // `${NAME:-other}` and the like have the variable's value first.
        Some(name) => {
            let name: String = name.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if name.is_empty() { Held::Unknowable } else { Held::Variable(name) }
        }
        None if value.replace("$$", "").contains('$') => Held::Unknowable,
        None => Held::Text(Secret::new(value.replace("$$", "$"))),
    }
}

fn env_file(path: &Path, service: &str, search: &mut Search<'_>) {
    let Some(bytes) = search.read(path) else { return };
    let scene = search.scene;
    let lookup = |name: &str| scene.variables.get(name).map(|value| value.expose().to_owned());
    let reading = dotenv::read(&bytes, Dialect::Compose, &Environment::new(&lookup));
    for assignment in reading.assignments {
        if let Value::Text(text) = assignment.value {
            let reader = Reader::Container(service.to_owned());
            let origin = Origin::at(Kind::Container, reader, path, assignment.place.line, None).part("env_file");
            search.add_exported(&assignment.key, Held::Text(text), origin);
        }
    }
}

/// `ENV NAME=value …`, the older `ENV NAME value`, and `ARG NAME=value` (Dockerfile reference).
fn image(path: &Path, search: &mut Search<'_>) {
    let Some(text) = search.read_text(path) else { return };
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let line = line.trim_start();
        let Some((word, rest)) = line.split_once([' ', '\t']) else { continue };
        if !word.eq_ignore_ascii_case("ENV") && !word.eq_ignore_ascii_case("ARG") {
            continue;
        }
        let mut whole = rest.trim().to_owned();
        while whole.ends_with('\\') {
            whole.pop();
            let Some((_, next)) = lines.next() else { break };
            whole.push_str(next.trim());
        }
        let first = whole.split([' ', '\t']).next().unwrap_or_default().to_owned();
        let part = if word.eq_ignore_ascii_case("ARG") { "ARG" } else { "ENV" };
        let origin = Origin::at(Kind::Container, Reader::Container("image".into()), path, at + 1, None).part(part);
        if first.contains('=') {
            let lookup = |_: &str| None;
            let statement = format!("export {whole}");
            for assignment in dotenv::read(statement.as_bytes(), Dialect::Bash, &Environment::new(&lookup)).assignments
            {
                let held = match assignment.value {
                    Value::Text(text) => Held::Text(text),
                    _ => Held::Unknowable,
                };
                search.add(&assignment.key, held, origin.clone(), part == "ENV");
            }
        } else if part == "ENV" {
            let value = whole[first.len()..].trim();
            search.add_exported(&first, Held::Text(Secret::new(value)), origin);
        } else {
            search.add(&first, Held::Variable(first.clone()), origin, false);
        }
    }
}

fn devcontainer(path: &Path, search: &mut Search<'_>) {
    let Some(text) = search.read_text(path) else { return };
    let leaves = match settings::leaves(&text, Format::Json) {
        Ok(leaves) => leaves,
        Err(line) => return search.note(Some(path), format!("line {line} is not JSON")),
    };
    for leaf in leaves.iter().filter(|leaf| leaf.is_at(&["containerEnv", "*"]) || leaf.is_at(&["remoteEnv", "*"])) {
        let held = match &leaf.value {
            Scalar::Text(text) => {
                match text.expose().strip_prefix("${localEnv:").and_then(|rest| rest.strip_suffix('}')) {
                    Some(name) => Held::Variable(name.split(':').next().unwrap_or_default().to_owned()),
                    None if text.expose().contains("${") => Held::Unknowable,
                    None => Held::Text(text.clone()),
                }
            }
            Scalar::Null => Held::Unset,
            Scalar::Bool(_) => Held::Unknowable,
        };
        search.add_exported(&leaf.path[1], held, origin(leaf, path, "devcontainer"));
    }
}
