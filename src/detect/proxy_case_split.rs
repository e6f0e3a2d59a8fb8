//! A proxy variable in two cases with two values: some programs read one, some the other.

use super::{Detector, Finding, Look};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["proxy-case-split"], find };

fn find(look: &Look) -> Vec<Finding> {
    // Windows has one variable for both.
    if cfg!(windows) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        let upper = name.to_ascii_uppercase();
        if let (Some(low), Some(high)) = (look.scene.variables.get(name), look.scene.variables.get(&upper))
            && !low.same_as(high)
        {
            let what = format!("{name} and {upper} differ: some programs read one, some the other");
            let finding = Finding::warning("proxy-case-split", what).variable(&upper);
            found.push(finding.at(look.here(name)).at(look.here(&upper)).hint("set both to the same"));
        }
    }
    found
}
