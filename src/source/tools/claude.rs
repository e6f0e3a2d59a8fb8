//! Claude Code: `env` and `apiKeyHelper` of its settings; what stands there replaces the environment.

use super::super::Search;
use super::super::settings::Format;
use super::{add, leaves, origin};
use crate::source::Held;

const ID: &str = "claude";

pub(super) fn search(search: &mut Search<'_>) {
    let scene = search.scene;
    let own = scene.folder("CLAUDE_CONFIG_DIR", ".claude");
    let mut paths = vec![if cfg!(target_os = "macos") {
        scene.root.join("Library/Application Support/ClaudeCode/managed-settings.json")
    } else {
        scene.root.join("etc/claude-code/managed-settings.json")
    }];
    if let Some(project) = scene.upwards().find(|dir| *dir != scene.home && dir.join(".claude").is_dir()) {
        paths.push(project.join(".claude/settings.local.json"));
        paths.push(project.join(".claude/settings.json"));
    }
    paths.push(own.join("settings.json"));
    for path in paths {
        for leaf in leaves(&path, Format::Json, search) {
            match &leaf.path[..] {
                [env, name] if env == "env" => add(ID, &path, &leaf, name, true, search),
                [helper] if helper == "apiKeyHelper" => {
                    search.add_exported("ANTHROPIC_API_KEY", Held::Unknowable, origin(ID, &path, &leaf));
                }
                _ => {}
            }
        }
    }
    let path = scene.home.join(".claude.json");
    for leaf in leaves(&path, Format::Json, search) {
        if leaf.is_at(&["primaryApiKey"]) {
            // Used where the environment gives none; with `claude login` not at all.
            add(ID, &path, &leaf, "ANTHROPIC_API_KEY", false, search);
        }
    }
}
