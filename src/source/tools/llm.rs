//! llm: `keys.json` holds keys by the name of their provider and goes before the environment.

use super::super::Search;
use super::super::settings::Format;
use super::{add, key_variable, leaves};

pub(super) fn search(search: &mut Search<'_>) {
    let folder = if cfg!(target_os = "macos") {
        search.scene.home.join("Library/Application Support/io.datasette.llm")
    } else if cfg!(windows) {
        search.scene.folder("APPDATA", "AppData/Roaming").join("io.datasette.llm")
    } else {
        search.scene.config_folder().join("io.datasette.llm")
    };
    let path = search.scene.folder("LLM_USER_PATH", "").join("keys.json");
    let path = if search.scene.variable("LLM_USER_PATH").is_some() { path } else { folder.join("keys.json") };
    for leaf in leaves(&path, Format::Json, search).iter().filter(|leaf| leaf.path.len() == 1) {
        if let Some(name) = key_variable(&leaf.path[0]) {
            add("llm", &path, leaf, &name, true, search);
        }
    }
}
