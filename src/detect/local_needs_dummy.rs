//! A server on this machine needs no key, but clients refuse to start without one.

use super::look::host_of;
use super::{Detector, Finding, Look, is_this_machine};
use crate::profile::Family;

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["local-needs-dummy"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for family in [Family::Openai, Family::Anthropic] {
        let base = family.base_url_variable();
        let is_local = look.text(base).and_then(host_of).is_some_and(|host| is_this_machine(&host));
        let has_key = family.variables().key.iter().any(|name| look.variable(name).is_some());
        if !is_local || has_key || look.is_own(base) {
            continue;
        }
        let key = family.variables().key.first().copied().unwrap_or_default();
        let what = format!(
            "{base} is on this machine and {key} is not set: the server needs none, but clients refuse to start"
        );
        let finding = Finding::warning("local-needs-dummy", what).variable(key).at(look.here(base));
        found.push(finding.hint(format!("set {key} to any word, such as `local`")));
    }
    found
}
