//! opencode: `provider.ID.options` of `opencode.json` upwards and of its global file, then `auth.json`.

use std::path::{Path, PathBuf};

use super::super::Search;
use super::super::settings::Format;
use super::{add, base_variable, key_variable, leaves, origin};
use crate::source::Held;

const ID: &str = "opencode";

pub(super) fn search(search: &mut Search<'_>) {
    let scene = search.scene;
    let names = ["opencode.json", "opencode.jsonc"];
    let mut paths: Vec<PathBuf> = scene.upwards().flat_map(|dir| names.map(|name| dir.join(name))).collect();
    paths.extend(names.map(|name| scene.config_folder().join("opencode").join(name)));
    for path in paths {
        for leaf in leaves(&path, Format::Json, search) {
            let [section, id, options, setting] = &leaf.path[..] else { continue };
            if section != "provider" || options != "options" {
                continue;
            }
            let name = match setting.as_str() {
                "apiKey" => key_variable(id).unwrap_or_else(|| "OPENAI_API_KEY".to_owned()),
                "baseURL" => base_variable(id).to_owned(),
                _ => continue,
            };
            let Some(text) = leaf.text() else { continue };
            let place = origin(ID, &path, &leaf);
            let inner = |start: &str| text.expose().strip_prefix(start).and_then(|rest| rest.strip_suffix('}'));
            if let Some(variable) = inner("{env:") {
                search.add_exported(&name, Held::Variable(variable.to_owned()), place);
            } else if let Some(file) = inner("{file:") {
                from_file(&name, &path, file, search);
            } else {
                search.add_exported(&name, Held::Text(text.clone()), place);
            }
        }
    }
    let path = scene.data_folder().join("opencode/auth.json");
    for leaf in leaves(&path, Format::Json, search).iter().filter(|leaf| leaf.is_at(&["*", "key"])) {
        if let Some(name) = key_variable(&leaf.path[0]) {
            add(ID, &path, leaf, &name, true, search);
        }
    }
}

/// `{file:PATH}`: the content of a file, below the home or beside the settings.
fn from_file(name: &str, settings: &Path, file: &str, search: &mut Search<'_>) {
    let file = match file.strip_prefix("~/") {
        Some(rest) => search.scene.home.join(rest),
        None => settings.parent().unwrap_or(settings).join(file),
    };
    if let Some(text) = search.read_text(&file) {
        let held = Held::Text(crate::secret::Secret::new(text.trim()));
        let origin = crate::source::Origin::at(
            crate::source::Kind::ToolConfig,
            crate::source::Reader::Tool(ID),
            &file,
            1,
            Some(1),
        );
        search.add_exported(name, held, origin);
    }
}
