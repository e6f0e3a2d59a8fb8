//! mise's settings: `[env]` of `mise.toml` upwards and of its global file, and the `.env` files that they name.
//!
//! A text sets, `false` takes away, `{{…}}` is a template that mise fills in; `_.file` names `.env` files, read as dotenvy does
//! (mise docs, Environments).

use std::path::{Path, PathBuf};

use super::settings::{self, Format, Leaf, Scalar};
use super::{Held, Kind, Origin, Reader, Search};
use crate::dotenv::{self, Dialect, Environment, Value};

/// Names in one directory, the strongest first.
const NAMES: [&str; 8] = [
    "mise.local.toml",
    "mise.toml",
    ".mise.local.toml",
    ".mise.toml",
    "mise/config.toml",
    ".mise/config.toml",
    ".config/mise.toml",
    ".config/mise/config.toml",
];
/// The most files.
const MAX_FILES: usize = 20;

/// The source.
pub(super) fn search(search: &mut Search<'_>) {
    let scene = search.scene;
    let mut paths: Vec<PathBuf> = scene.upwards().flat_map(|dir| NAMES.map(|name| dir.join(name))).collect();
    let global = scene.config_folder().join("mise/config.toml");
    if !paths.contains(&global) {
        paths.push(global);
    }
    let mut read = 0;
    for path in paths {
        if read >= MAX_FILES || search.is_over() {
            return;
        }
        let Some(text) = search.read_text(&path) else { continue };
        read += 1;
        match settings::leaves(&text, Format::Toml) {
            Ok(leaves) => leaves.iter().for_each(|leaf| add(leaf, &path, search)),
            Err(line) => search.note(Some(&path), format!("line {line} is not TOML")),
        }
    }
}

fn add(leaf: &Leaf, path: &Path, search: &mut Search<'_>) {
    let Some(("env", rest)) = leaf.path.split_first().map(|(first, rest)| (first.as_str(), rest)) else { return };
    // `[[env]]` is a list of such tables.
    let rest = match rest.split_first() {
        Some((first, rest)) if first.parse::<usize>().is_ok() => rest,
        _ => rest,
    };
    let held = |value: &Scalar| match value {
        Scalar::Text(text) if text.expose().contains("{{") || text.expose().contains("{%") => Held::Unknowable,
        Scalar::Text(text) => Held::Text(text.clone()),
        Scalar::Bool(false) => Held::Unset,
        Scalar::Bool(true) => Held::Text("true".to_owned().into()),
        Scalar::Null => Held::Unknowable,
    };
    let origin = Origin::at(Kind::Mise, Reader::Tool("mise"), path, leaf.line, Some(leaf.column)).part(leaf.dotted());
    match rest {
        [name] | [name, _] if name == "_" => {}
        [first, second, ..] if first == "_" && second == "file" => {}
        [name] => return search.add_exported(name, held(&leaf.value), origin),
        [name, key] if key == "value" => return search.add_exported(name, held(&leaf.value), origin),
        _ => return,
    }
    if rest.get(1).is_some_and(|key| key == "file")
        && let (Some(name), Some(folder)) = (leaf.text(), path.parent())
    {
        let file = folder.join(name.expose());
        dotenv_file(&file, search);
    }
}

fn dotenv_file(path: &Path, search: &mut Search<'_>) {
    let Some(bytes) = search.read(path) else { return };
    let scene = search.scene;
    let lookup = |name: &str| scene.variables.get(name).map(|value| value.expose().to_owned());
    for assignment in dotenv::read(&bytes, Dialect::Dotenvy, &Environment::new(&lookup)).assignments {
        if let Value::Text(text) = assignment.value {
            let origin = Origin::at(Kind::Mise, Reader::Tool("mise"), path, assignment.place.line, None);
            search.add_exported(&assignment.key, Held::Text(text), origin);
        }
    }
}
