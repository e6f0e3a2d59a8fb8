//! A key that was rotated away and is still what this shell gives to programs.

use super::{Detector, Finding, Look};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["rotated-key-in-env"], find };

fn find(look: &Look) -> Vec<Finding> {
    let stale = look.keys().filter(|(name, value)| !look.is_own(name) && look.marks.is_rotated(value));
    stale
        .map(|(name, _)| {
            let what = format!("{name} in this shell holds a key that was rotated away");
            let finding =
                Finding::error("rotated-key-in-env", what).variable(name).at(look.here(name)).data("rotated", true);
            finding.hint(format!("find out what sets it, or `unset {name}`; `llmenv use NAME` sets the new one"))
        })
        .collect()
}
