//! A key that was typed: it stands in the shell's history.

use super::text_keys::keys;
use super::{Detector, Finding, Look};
use crate::source::{Kind, Origin, Reader};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["key-in-history"], find };

/// Histories below the home, with the shell that keeps each.
const FILES: [(&str, &str); 7] = [
    (".bash_history", "bash"),
    (".zsh_history", "zsh"),
    (".histfile", "zsh"),
    (".local/share/fish/fish_history", "fish"),
    (".local/share/powershell/PSReadLine/ConsoleHost_history.txt", "powershell"),
    ("AppData/Roaming/Microsoft/Windows/PowerShell/PSReadLine/ConsoleHost_history.txt", "powershell"),
    (".python_history", "python"),
];
/// The most places that are named of one file.
const MAX_SHOWN: usize = 5;

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    let named = look.text("HISTFILE").map(|path| (std::path::PathBuf::from(path), "sh"));
    let known = FILES.map(|(path, shell)| (look.scene.home.join(path), shell));
    let moved = (look.scene.data_folder().join("fish/fish_history"), "fish");
    let mut seen: Vec<std::path::PathBuf> = Vec::new();
    for (path, shell) in named.into_iter().chain(known).chain([moved]) {
        if seen.contains(&path) {
            continue;
        }
        seen.push(path.clone());
        let Some(text) = look.read_text(&path) else { continue };
        let keys = keys(&text, 1_000);
        let Some(first) = keys.first() else { continue };
        let count = keys.len();
        let what = match count {
            1 => format!("a key of {} was typed, and stands in the history of {shell}", first.owner.name),
            more => format!("{more} keys were typed, and stand in the history of {shell}"),
        };
        let mut finding = Finding::warning("key-in-history", what).data("count", count).data("shell", shell);
        for key in keys.iter().take(MAX_SHOWN) {
            let origin = Origin::at(Kind::Rc, Reader::Tool(shell), &path, key.line, Some(key.column));
            finding = finding.at(look.spot(origin, key.variable.as_deref().unwrap_or_default(), &key.key));
        }
        finding.variable.clone_from(&first.variable);
        found.push(finding.hint(
            "take those lines out with an editor, and give keys to `llmenv add`, which asks without showing them",
        ));
    }
    found
}
