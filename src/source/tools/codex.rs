//! Codex: `auth.json` holds its key, `config.toml` the address and which variable a provider of one's own reads.

use super::super::Search;
use super::super::settings::{Format, Leaf};
use super::{add, dotenv_file, leaves, origin};
use crate::dotenv::Dialect;
use crate::source::Held;

const ID: &str = "codex";

pub(super) fn search(search: &mut Search<'_>) {
    let folder = search.scene.folder("CODEX_HOME", ".codex");
    let path = folder.join("config.toml");
    let settings = leaves(&path, Format::Toml, search);
    let text = |leaf: &Leaf| leaf.text().map(|text| text.expose().to_owned());
    let chosen = settings.iter().find(|leaf| leaf.is_at(&["model_provider"])).and_then(text);
    for leaf in &settings {
        match &leaf.path[..] {
            [base] if base == "openai_base_url" => {
                add(ID, &path, leaf, "OPENAI_BASE_URL", chosen.as_deref().is_none_or(|id| id == "openai"), search);
            }
            [section, id, setting] if section == "model_providers" => {
                let is_used = chosen.as_ref() == Some(id);
                match setting.as_str() {
                    "base_url" => add(ID, &path, leaf, "OPENAI_BASE_URL", is_used, search),
                    "env_key" => {
                        if let Some(name) = text(leaf) {
                            let held = Held::Variable(name);
                            search.add("OPENAI_API_KEY", held, origin(ID, &path, leaf), is_used);
                        }
                    }
                    "experimental_bearer_token" => add(ID, &path, leaf, "OPENAI_API_KEY", is_used, search),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    let path = folder.join("auth.json");
    for leaf in leaves(&path, Format::Json, search).iter().filter(|leaf| leaf.is_at(&["OPENAI_API_KEY"])) {
        // A provider of one's own has its own key.
        add(ID, &path, leaf, "OPENAI_API_KEY", chosen.as_deref().is_none_or(|id| id == "openai"), search);
    }
    dotenv_file(ID, &folder.join(".env"), Dialect::Dotenvy, search);
}
