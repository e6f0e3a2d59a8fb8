//! In a CI run: a secret that is not there, or its mask in its place.

use super::environment::is_key;
use super::{Detector, Finding, Look};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["ci-empty-secret"], find };

fn find(look: &Look) -> Vec<Finding> {
    if !look.text("CI").is_some_and(|ci| ci != "false" && ci != "0") {
        return Vec::new();
    }
    let is_nothing = |value: &str| value.trim().is_empty() || value.trim().bytes().all(|byte| byte == b'*');
    let empty = look.foreign().filter(|(name, value)| is_key(name) && is_nothing(value.expose()));
    empty
        .map(|(name, _)| {
            let what =
                format!("{name} is empty in this CI run: the secret has another name, or a fork's run gets none");
            let finding = Finding::error("ci-empty-secret", what).variable(name).at(look.here(name));
            finding.hint("define the secret for this repository, or leave the step out for forks")
        })
        .collect()
}
