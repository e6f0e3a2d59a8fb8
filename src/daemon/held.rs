//! Keys in memory, by profile. Whoever changes them has the proxy forget what it put together with them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use crate::proxy::account::Known;
use crate::store::StoredKey;

/// A key in memory.
pub struct Held {
    /// The key, the host it is bound to, further secrets.
    pub stored: StoredKey,
    /// When it is to be forgotten.
    pub until: Option<Instant>,
}

/// All of them.
#[derive(Default)]
pub struct Keys {
    by_profile: HashMap<String, Held>,
    known: Arc<Known>,
}

impl Keys {
    /// None yet. `known`: what is to be forgotten with every change.
    pub fn new(known: Arc<Known>) -> Self {
        Self { by_profile: HashMap::new(), known }
    }

    /// Keeps the key of a profile, instead of the one that was kept.
    pub fn insert(&mut self, profile: String, held: Held) {
        self.by_profile.insert(profile, held);
        self.known.forget();
    }

    /// Forgets the key of a profile.
    pub fn remove(&mut self, profile: &str) {
        self.by_profile.remove(profile);
        self.known.forget();
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.by_profile.clear();
        self.known.forget();
    }

    /// The key of a profile, be its time over or not.
    pub fn get(&self, profile: &str) -> Option<&Held> {
        self.by_profile.get(profile)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Held)> {
        self.by_profile.iter()
    }
}
