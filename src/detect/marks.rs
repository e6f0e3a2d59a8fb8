//! By what this machine recognises a value again: its salt, and the fingerprints of keys that were rotated away.

use std::collections::HashSet;
use std::path::Path;

use crate::bounded::{self, Links};
use crate::fingerprint::{Fingerprint, Salt};
use crate::secret::Secret;

/// 4,096 fingerprints of 64 digits, and some room.
const MAX_BYTES: u64 = 1024 * 1024;

/// The salt and the fingerprints.
#[derive(Clone)]
pub struct Marks {
    salt: Salt,
    rotated: HashSet<Fingerprint>,
}

impl Marks {
    /// Reads what the daemon keeps in the state folder, and changes nothing there. Where there is no salt yet the fingerprints of one
    /// report are comparable with each other alone.
    pub fn read(state_dir: &Path) -> Self {
        let file = |name| bounded::read(&state_dir.join(name), MAX_BYTES, Links::Refuse).ok().map(|(bytes, _)| bytes);
        let salt = file("salt").and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).unwrap_or_else(|| {
            let mut salt = [0; 32];
            // Without random bytes fingerprints still tell one value of this report from another.
            let _ = getrandom::fill(&mut salt);
            salt
        });
        let rotated = file("rotated").map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        Self { salt: Salt(salt), rotated: rotated.lines().filter_map(Fingerprint::from_hex).collect() }
    }

    /// With these fingerprints, for tests and for callers that know them.
    pub fn of(salt: Salt, rotated: &[&Secret]) -> Self {
        let rotated = rotated.iter().map(|value| Fingerprint::of(&salt, value)).collect();
        Self { salt, rotated }
    }

    /// The fingerprint as messages show it.
    pub fn short(&self, value: &Secret) -> String {
        Fingerprint::of(&self.salt, value).short()
    }

    /// Whether no key was ever rotated away here.
    pub fn is_empty(&self) -> bool {
        self.rotated.is_empty()
    }

    /// Whether this was a profile's key once and is no more; blanks and quotes around it are no difference.
    pub fn is_rotated(&self, value: &Secret) -> bool {
        !self.rotated.is_empty()
            && (self.rotated.contains(&Fingerprint::of(&self.salt, value))
                || self.rotated.contains(&Fingerprint::of(&self.salt, &crate::sanitize::clean(value.expose()).value)))
    }
}
