//! Running programs that were started with a key that was rotated away: they go on using it until they are started again.

use super::environment::is_key;
use super::{Detector, Finding, Look};
use crate::printable;
use crate::source::{Kind, Origin, Reader, processes};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["old-key-in-program"], find };

/// The most programs that are named.
const MAX_SHOWN: usize = 10;

fn find(look: &Look) -> Vec<Finding> {
    if look.marks.is_empty() {
        return Vec::new();
    }
    let search = processes::holding(&|name, value| is_key(name) && look.marks.is_rotated(value));
    let mut found = Vec::new();
    for holder in search.holders.iter().take(MAX_SHOWN) {
        let Some((name, value)) = holder.settings.first() else { continue };
        let what = format!(
            "{} {}, running for {}, was started with a key in {name} that was rotated away",
            printable::text(&holder.name),
            holder.pid,
            crate::duration::show_duration(holder.running)
        );
        let origin = Origin::of(
            Kind::Process,
            Reader::Process { pid: holder.pid, name: holder.name.clone(), running: holder.running },
        );
        let finding = Finding::warning("old-key-in-program", what).variable(name.clone());
        let finding = finding
            .at(look.spot(origin, name, value))
            .data("rotated", true)
            .data("pid", holder.pid)
            .data("program", holder.name.as_str());
        found.push(finding.data("running_seconds", holder.running.as_secs()).hint("start it again"));
    }
    if search.holders.len() > MAX_SHOWN {
        let what = format!("{} more programs were started with such a key", search.holders.len() - MAX_SHOWN);
        found.push(Finding::warning("old-key-in-program", what).data("rotated", true).hint("start them again"));
    }
    found
}
