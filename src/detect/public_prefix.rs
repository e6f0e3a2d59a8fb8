//! A key under a name that build tools copy into what browsers load.

use super::environment::{EXPOSED, is_exposed};
use super::look::owner;
use super::{Detector, Finding, Look};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["public-prefix"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut tell = |name: &str, spot: super::Spot, whose: &str| {
        let start = EXPOSED.iter().find(|start| name.starts_with(**start)).copied().unwrap_or_default();
        let what = format!(
            "{name} holds a key of {whose}, and what begins with `{start}` is built into the page: everybody can read it"
        );
        let finding = Finding::error("public-prefix", what).variable(name).at(spot).data("prefix", start);
        found.push(finding.hint(format!(
            "make a new key, keep it under a name without `{start}`, and call the provider from the server"
        )));
    };
    for (name, value) in look.foreign().filter(|(name, _)| is_exposed(name)) {
        if let Some(owner) = owner(value) {
            tell(name, look.here(name), &owner.name);
        }
    }
    for file in &look.files {
        for line in file.lines.iter().filter(|line| is_exposed(&line.name)) {
            if let Some(owner) = file.value(&line.name).and_then(|(value, _)| owner(value))
                && let Some(spot) = look.in_file(file, &line.name)
            {
                tell(&line.name, spot, &owner.name);
            }
        }
    }
    found
}
