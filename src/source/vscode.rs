//! VS Code and its relatives: `terminal.integrated.env.*` of the user's and the workspace's settings, which every new terminal gets.

use std::path::PathBuf;

use super::settings::{self, Format, Scalar};
use super::{Held, Kind, Origin, Reader, Scene, Search};

/// Folders of editors that are VS Code inside.
const EDITORS: [&str; 5] = ["Code", "Code - Insiders", "VSCodium", "Cursor", "Windsurf"];
/// The key before the platform's name.
const TERMINAL: &str = "terminal.integrated.env.";

/// The settings files, the strongest first.
pub fn files(scene: &Scene) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = scene.upwards().map(|dir| dir.join(".vscode/settings.json")).collect();
    let users = if cfg!(windows) {
        scene.folder("APPDATA", "AppData/Roaming")
    } else if cfg!(target_os = "macos") {
        scene.home.join("Library/Application Support")
    } else {
        scene.config_folder()
    };
    files.extend(EDITORS.map(|editor| users.join(editor).join("User/settings.json")));
    files.push(scene.home.join(".vscode-server/data/Machine/settings.json"));
    files
}

/// The source.
pub(super) fn search(search: &mut Search<'_>) {
    for path in files(search.scene) {
        let Some(text) = search.read_text(&path) else { continue };
        let leaves = match settings::leaves(&text, Format::Json) {
            Ok(leaves) => leaves,
            Err(line) => {
                search.note(Some(&path), format!("line {line} is not JSON"));
                continue;
            }
        };
        for leaf in leaves {
            let [section, name] = &leaf.path[..] else { continue };
            if !section.starts_with(TERMINAL) {
                continue;
            }
            let held = match &leaf.value {
                Scalar::Text(text) => {
                    match text.expose().strip_prefix("${env:").and_then(|rest| rest.strip_suffix('}')) {
                        Some(name) if !name.contains('$') => Held::Variable(name.to_owned()),
                        _ if text.expose().contains("${") => Held::Unknowable,
                        _ => Held::Text(text.clone()),
                    }
                }
                Scalar::Null => Held::Unset,
                Scalar::Bool(_) => Held::Unknowable,
            };
            let origin = Origin::at(Kind::VsCode, Reader::Children("vscode"), &path, leaf.line, Some(leaf.column));
            search.add_exported(name, held, origin.part(section.clone()));
        }
    }
}
