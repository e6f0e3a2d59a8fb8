//! A variable whose name ends with a blank, or is a whole assignment: what `set K = v` of cmd and `set X=y` of PowerShell make.

use super::environment::{is_base_url, is_key};
use super::{Detector, Finding, Look};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["cmd-set-space"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for name in look.scene.variables.keys() {
        let meant = name.trim();
        if meant == name || !(is_key(meant) || is_base_url(meant)) {
            continue;
        }
        let what = format!(
            "there is a variable named `{meant}` with a blank in its name: `set {meant} = …` of cmd makes that, and no program reads it"
        );
        let finding = Finding::warning("cmd-set-space", what).variable(meant).at(look.here(name));
        found.push(finding.hint(format!("write `set {meant}=…` without blanks around `=`")));
    }
    found
}
