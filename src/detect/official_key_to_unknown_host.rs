//! A provider's own key on its way to a host that nobody knows: a relay, or a thief.

use super::{Detector, Finding, Look, is_private, is_this_machine};
use super::{look, pair};
use crate::printable;

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["official-key-to-unknown-host"], find };

fn find(look: &Look) -> Vec<Finding> {
    let bound = look.active.base_url.as_deref().and_then(look::host_of);
    let mut found = Vec::new();
    for pair in look.pairs() {
        let Some((base, _)) = &pair.base else { continue };
        let Some(host) = pair.host().filter(|host| !is_this_machine(host) && !is_private(host)) else { continue };
        if pair.row().is_some() || bound.as_ref() == Some(&host) {
            continue;
        }
        let shown = printable::text(&host);
        let finding = match pair.owner() {
            Some(owner) => Finding::error(
                "official-key-to-unknown-host",
                format!("{} holds a key of {}, and {base} sends it to {shown}, which is not {}", pair.key, owner.name, owner.name),
            )
            .data("key", owner.id.as_str())
            .hint(format!("only a host that gave out the key may have it; otherwise `unset {base}`, and make a new key if it was used")),
            None if pair.is_here => Finding::info(
                "official-key-to-unknown-host",
                format!("{base} sends {} to {shown}, which is in no catalogue: fine if that host gave out the key", pair.key),
            ),
            None => continue,
        };
        found.push(pair::told(finding, pair).data("host", host));
    }
    found
}
