//! All items in one JSON object: the body of the vault, and the single item that the macOS keychain holds.
//!
//! ```json
//! {"v":1,"items":{"profile:NAME":{"v":1,"key":"…","origin":"https://host","more":{}}}}
//! ```

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeStruct, Serializer};
use zeroize::Zeroizing;

use super::StoreError;
use super::stored_key::{StoredKey, UniqueMap, decode_json, encode_json};
use crate::error::{Error, Result};

/// The version of the JSON.
const VERSION: u32 = 1;

/// Every item by its user part (`profile:NAME`).
#[derive(Default)]
pub(crate) struct Items(BTreeMap<String, StoredKey>);

impl Items {
    /// Reads the JSON, as strictly as that of one key.
    pub(crate) fn decode(json: &[u8]) -> Result<Self> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Wire {
            v: u32,
            items: UniqueMap<StoredKey>,
        }
        let wire: Wire = decode_json(json)?;
        if wire.v != VERSION {
            return Err(Error::new(format!("the store is of version {}, this program knows {VERSION}", wire.v)));
        }
        for key in wire.items.0.values() {
            key.check()?;
        }
        Ok(Self(wire.items.0))
    }

    /// Writes the JSON, which holds every key in clear.
    pub(crate) fn encode(&self) -> Result<Zeroizing<Vec<u8>>> {
        for key in self.0.values() {
            key.check()?;
        }
        let capacity: usize = self.0.iter().map(|(user, key)| user.len() * 6 + key.capacity()).sum();
        encode_json(self, capacity + 128)
    }

    /// Gives a copy of one key.
    pub(crate) fn get(&self, user: &str) -> Option<StoredKey> {
        self.0.get(user).cloned()
    }

    /// Adds or replaces one key.
    pub(crate) fn put(&mut self, user: String, key: StoredKey) {
        self.0.insert(user, key);
    }

    /// Takes one key out.
    pub(crate) fn remove(&mut self, user: &str) -> Result<(), StoreError> {
        self.0.remove(user).map(|_| ()).ok_or(StoreError::NotFound)
    }

    /// Gives one key another name.
    pub(crate) fn rename(&mut self, from: &str, to: String) -> Result<(), StoreError> {
        if self.0.contains_key(&to) {
            return Err(StoreError::Exists);
        }
        let key = self.0.remove(from).ok_or(StoreError::NotFound)?;
        self.0.insert(to, key);
        Ok(())
    }
}

impl Serialize for Items {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Items", 2)?;
        out.serialize_field("v", &VERSION)?;
        out.serialize_field("items", &self.0)?;
        out.end()
    }
}
