//! A key that was rotated away and is still what this shell gives to programs.

use super::{Detector, Finding, Look};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["rotated-key-in-env"], find };

/// What no key is shorter or longer than.
const MIN_BYTES: usize = 8;
const MAX_BYTES: usize = 1024;

fn find(look: &Look) -> Vec<Finding> {
    // A key may stand under any name.
    let stale = look
        .foreign()
        .filter(|(_, value)| (MIN_BYTES..=MAX_BYTES).contains(&value.len()) && look.marks.is_rotated(value));
    stale
        .map(|(name, _)| {
            let what = format!("{name} in this shell holds a key that was rotated away");
            let here = look.here(name);
            let fix = super::holder::fix(name, &here.origin);
            Finding::error("rotated-key-in-env", what).variable(name).at(here).fix(fix)
        })
        .collect()
}
