//! aider: `.aider.conf.yml` and `.env` of the directory, the git root and the home; both go before the environment.

use super::super::Search;
use super::super::settings::Format;
use super::{add, dotenv_file, git_root, key_variable, leaves, origin};
use crate::dotenv::Dialect;
use crate::secret::Secret;
use crate::source::Held;

const ID: &str = "aider";
/// Its own names of settings.
const SETTINGS: [(&str, &str); 4] = [
    ("openai-api-key", "OPENAI_API_KEY"),
    ("anthropic-api-key", "ANTHROPIC_API_KEY"),
    ("openai-api-base", "OPENAI_API_BASE"),
    ("openai-organization-id", "OPENAI_ORGANIZATION"),
];

pub(super) fn search(search: &mut Search<'_>) {
    let mut dirs = vec![search.scene.cwd.clone()];
    for dir in git_root(search).into_iter().chain([search.scene.home.clone()]) {
        if !dirs.contains(&dir) {
            dirs.push(dir);
        }
    }
    let mut uses_aider = false;
    for dir in &dirs {
        let path = dir.join(".aider.conf.yml");
        for leaf in leaves(&path, Format::Yaml, search) {
            uses_aider = true;
            let [setting, rest @ ..] = &leaf.path[..] else { continue };
            if let Some((_, name)) = SETTINGS.iter().find(|(known, _)| known == setting) {
                add(ID, &path, &leaf, name, true, search);
            }
            // `api-key: [openrouter=…]`, `set-env: [NAME=…]`; one text or a list of them.
            let pair = leaf.text().and_then(|text| text.expose().split_once('='));
            let Some((name, value)) = pair.filter(|_| rest.len() <= 1) else { continue };
            let name = match setting.as_str() {
                "api-key" => key_variable(name).unwrap_or_else(|| format!("{}_API_KEY", name.to_ascii_uppercase())),
                "set-env" => name.to_owned(),
                _ => continue,
            };
            search.add_exported(&name, Held::Text(Secret::new(value)), origin(ID, &path, &leaf));
        }
    }
    // Without a sign of aider the same files are listed as `.env` files alone.
    if uses_aider
        || search.scene.home.join(".aider").exists()
        || dirs.iter().any(|dir| dir.join(".aider.chat.history.md").exists())
    {
        for dir in &dirs {
            dotenv_file(ID, &dir.join(".env"), Dialect::Python, search);
        }
    }
}
