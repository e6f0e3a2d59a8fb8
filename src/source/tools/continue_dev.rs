//! Continue: `apiKey` and `apiBase` of each model in `config.yaml` or the older `config.json`. It reads nothing else.

use std::path::Path;

use super::super::Search;
use super::super::settings::{Format, Leaf};
use super::{base_variable, key_variable, leaves, origin};
use crate::source::Held;

const ID: &str = "continue";

pub(super) fn search(search: &mut Search<'_>) {
    let folder = search.scene.home.join(".continue");
    for (name, format) in [("config.yaml", Format::Yaml), ("config.json", Format::Json)] {
        let path = folder.join(name);
        let leaves = leaves(&path, format, search);
        for leaf in &leaves {
            model(leaf, &leaves, &path, search);
        }
    }
}

fn model(leaf: &Leaf, all: &[Leaf], path: &Path, search: &mut Search<'_>) {
    let [section, number, setting] = &leaf.path[..] else { return };
    if section != "models" {
        return;
    }
    let provider = all.iter().find(|other| other.is_at(&["models", number, "provider"])).and_then(Leaf::text);
    let provider = provider.map_or("openai", |provider| provider.expose());
    let name = match setting.as_str() {
        "apiKey" => key_variable(provider).unwrap_or_else(|| "OPENAI_API_KEY".to_owned()),
        "apiBase" => base_variable(provider).to_owned(),
        _ => return,
    };
    let Some(text) = leaf.text() else { return };
    let held = if text.expose().contains("${{") { Held::Unknowable } else { Held::Text(text.clone()) };
    search.add_exported(&name, held, origin(ID, path, leaf));
}
