//! Running programs that were started with a key that was rotated away: they go on using it until they are started again.

use super::{Detector, Finding, Look};
use crate::printable;
use crate::source::{Kind, Reader};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["old-key-in-program"], find };

/// The most programs that are named.
const MAX_SHOWN: usize = 10;

fn find(look: &Look) -> Vec<Finding> {
    if look.marks.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<Finding> = Vec::new();
    let mut told: Vec<u32> = Vec::new();
    for (held, _) in look.texts(&[Kind::Process]).filter(|(_, value)| look.marks.is_rotated(value)) {
        let Reader::Process { pid, name: program, running } = &held.origin.reader else { continue };
        if told.contains(pid) {
            continue;
        }
        told.push(*pid);
        if told.len() > MAX_SHOWN {
            continue;
        }
        let what = format!(
            "{} {pid}, running for {}, was started with a key in {} that was rotated away",
            printable::text(program),
            crate::duration::show_duration(*running),
            held.name
        );
        let finding = Finding::warning("old-key-in-program", what).variable(held.name.clone()).at(look.place(held));
        let finding = finding.data("pid", *pid).data("program", program.as_str());
        found
            .push(finding.data("running_seconds", running.as_secs()).fix(super::holder::fix(&held.name, &held.origin)));
    }
    if told.len() > MAX_SHOWN {
        let what = format!("{} more programs were started with such a key", told.len() - MAX_SHOWN);
        found.push(Finding::warning("old-key-in-program", what).hint("start them again"));
    }
    found
}
