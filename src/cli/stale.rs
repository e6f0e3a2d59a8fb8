//! The places where a key that is in hand stands still: in files, in servers, in running programs. `rotate` names them, `why` words them.

use super::places;
use crate::duration::show_duration;
use crate::secret::Secret;
use crate::source::{Assignment, Collected, Reader};

/// The most places that are listed one by one.
pub const MAX_SHOWN: usize = 10;

/// The places whose value is this key.
pub fn holding<'a>(found: &'a Collected, key: &Secret) -> Vec<&'a Assignment> {
    found.assignments.iter().filter(|found| found.held.text().is_some_and(|text| text.same_as(key))).collect()
}

/// What holds it, in a few words.
pub fn words(found: &Assignment) -> String {
    match &found.origin.reader {
        Reader::Process { running, .. } => {
            format!("{}, running for {}", places::words(&found.origin), show_duration(*running))
        }
        _ => places::words(&found.origin),
    }
}
