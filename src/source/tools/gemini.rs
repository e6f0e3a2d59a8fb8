//! gemini-cli: the first of `.gemini/.env` and `.env` upwards, then of the home; the environment goes before it.

use super::super::Search;
use super::dotenv_file;
use crate::dotenv::Dialect;

pub(super) fn search(search: &mut Search<'_>) {
    let scene = search.scene;
    if !scene.home.join(".gemini").is_dir() && !scene.upwards().any(|dir| dir.join(".gemini").is_dir()) {
        return;
    }
    for dir in scene.upwards().chain([scene.home.as_path()]) {
        for name in [".gemini/.env", ".env"] {
            if dotenv_file("gemini", &dir.join(name), Dialect::Npm, search) {
                return;
            }
        }
    }
}
