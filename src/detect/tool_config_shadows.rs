//! A tool that takes its key from a file of its own, whatever the environment says.

use super::environment::is_key;
use super::{Detector, Finding, Look};
use crate::source::{Kind, Reader};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["tool-config-shadows"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for (held, value) in look.texts(&[Kind::ToolConfig]).filter(|(held, _)| is_key(&held.name)) {
        let Some(here) = look.variable(&held.name).filter(|here| !here.same_as(value)) else { continue };
        let Reader::Tool(tool) = held.origin.reader else { continue };
        // A placeholder in a settings file is told by itself.
        if here.expose().trim() == value.expose().trim() || super::look::owner(value).is_none() {
            continue;
        }
        let what =
            format!("{tool} takes {} from a file of its own, which holds another key than this shell", held.name);
        let finding = Finding::warning("tool-config-shadows", what)
            .variable(held.name.clone())
            .at(look.place(held))
            .at(look.here(&held.name));
        let hint = match tool {
            "codex" => "`codex login --with-api-key` puts the shell's key there",
            _ => "take the key out of that file, or put the new one there",
        };
        found.push(finding.data("tool", tool).data("winner", tool).hint(hint));
    }
    found
}
