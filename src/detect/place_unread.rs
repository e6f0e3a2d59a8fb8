//! Places that could not be looked at: what they hold is not known, and nothing was found there.

use super::{Detector, Finding, Look, Spot};
use crate::source::{Kind, Origin, Reader};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["place-unread"], find };

fn find(look: &Look) -> Vec<Finding> {
    let others = look.unread.iter().filter(|unread| unread.kind != Kind::Dotenv || unread.path.is_none());
    others
        .map(|unread| {
            let what = format!("one place ({}) was not looked at: {}", unread.kind.id(), unread.reason);
            let origin = Origin { path: unread.path.clone(), ..Origin::of(unread.kind, Reader::Programs) };
            Finding::info("place-unread", what).at(Spot::bare(origin))
        })
        .collect()
}
