//! What the store keeps for one profile, and the JSON in which it lies there.
//!
//! ```json
//! {"v":1,"key":"…","origin":"https://host","more":{"NAME":"…"}}
//! ```
//!
//! Decoding is strict: another version, an unknown or repeated field, a key that is not one line or an origin that is
//! more than scheme, host and port is an error, and no error repeats what it read.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::secret::Secret;

/// The version of the JSON.
const VERSION: u32 = 1;
/// No item is longer than this; a longer one is somebody else's.
const MAX_ITEM_BYTES: usize = 1024 * 1024;

/// A key, the host it was stored for, and the secrets that go with it.
#[derive(Clone, Debug, Default)]
pub struct StoredKey {
    /// The key itself.
    pub key: Secret,
    /// Scheme, host and port it was stored for (`https://host`); compared at every serve.
    pub origin: String,
    /// Secret variables that go with the key, by name.
    pub more: BTreeMap<String, Secret>,
}

impl StoredKey {
    /// Writes the JSON. It holds the key in clear and goes to a store only.
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>> {
        self.check()?;
        encode_json(self, self.capacity())
    }

    /// Reads the JSON.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > MAX_ITEM_BYTES {
            return Err(Error::new("the stored item is too long to be a key"));
        }
        let key: Self = decode_json(bytes)?;
        key.check()?;
        Ok(key)
    }

    /// Says whether two hold the same, without a hint in the time it takes.
    pub fn same_as(&self, other: &Self) -> bool {
        self.key.same_as(&other.key)
            && self.origin == other.origin
            && self.more.len() == other.more.len()
            && self.more.iter().zip(&other.more).all(|((a, x), (b, y))| a == b && x.same_as(y))
    }

    /// What must hold for every item, whoever wrote it.
    pub(crate) fn check(&self) -> Result<()> {
        if self.key.is_empty() {
            return Err(Error::new("the stored key is empty"));
        }
        let one_line = |secret: &Secret| !secret.expose().chars().any(char::is_control);
        if !one_line(&self.key) || !self.more.values().all(one_line) {
            return Err(Error::new("the stored key holds a line break or another control character"));
        }
        if !is_origin(&self.origin) {
            return Err(Error::new("the origin of the stored key is not of the form `https://host`"));
        }
        if self.more.keys().any(|name| name.is_empty() || name.contains(['=', '\0'])) {
            return Err(Error::new("a name beside the stored key cannot be that of a variable"));
        }
        Ok(())
    }

    /// Enough room for the JSON, so that growing leaves no copy of the key behind.
    pub(crate) fn capacity(&self) -> usize {
        let more: usize = self.more.iter().map(|(name, value)| (name.len() + value.len()) * 6 + 8).sum();
        self.key.len() * 6 + self.origin.len() * 2 + more + 128
    }
}

/// Says whether it is scheme, host and port as a URL library writes them, and nothing else.
fn is_origin(origin: &str) -> bool {
    url::Url::parse(origin)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == origin)
}

/// Writes JSON into one buffer that is wiped; `capacity` must be enough.
pub(crate) fn encode_json<T: Serialize>(value: &T, capacity: usize) -> Result<Zeroizing<Vec<u8>>> {
    let mut json = Zeroizing::new(Vec::with_capacity(capacity));
    serde_json::to_writer(&mut *json, value).map_err(|_| Error::new("the key cannot be written as JSON"))?;
    Ok(json)
}

/// Reads JSON without repeating any of it in the error.
pub(crate) fn decode_json<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|err| {
        let what = match err.classify() {
            serde_json::error::Category::Syntax => "is not JSON",
            serde_json::error::Category::Eof => "ends too early",
            _ => "has an unknown form",
        };
        Error::new(format!("the stored item {what} (column {})", err.column()))
    })
}

impl Serialize for StoredKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("StoredKey", 4)?;
        out.serialize_field("v", &VERSION)?;
        out.serialize_field("key", self.key.expose())?;
        out.serialize_field("origin", &self.origin)?;
        let more: BTreeMap<&str, &str> =
            self.more.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        out.serialize_field("more", &more)?;
        out.end()
    }
}

impl<'de> Deserialize<'de> for StoredKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Wire {
            v: u32,
            key: WireSecret,
            origin: String,
            #[serde(default)]
            more: UniqueMap<WireSecret>,
        }
        let wire = Wire::deserialize(deserializer)?;
        if wire.v != VERSION {
            return Err(de::Error::custom("another version"));
        }
        let more = wire.more.0.into_iter().map(|(name, value)| (name, value.0)).collect();
        Ok(Self { key: wire.key.0, origin: wire.origin, more })
    }
}

/// A secret on its way out of JSON.
struct WireSecret(Secret);

impl<'de> Deserialize<'de> for WireSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|value| Self(Secret::new(value)))
    }
}

/// A JSON object that names nothing twice.
pub(crate) struct UniqueMap<T>(pub(crate) BTreeMap<String, T>);

impl<T> Default for UniqueMap<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for UniqueMap<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Unique<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Unique<T> {
            type Value = UniqueMap<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
                let mut map = BTreeMap::new();
                while let Some((name, value)) = access.next_entry::<String, T>()? {
                    if map.insert(name, value).is_some() {
                        return Err(de::Error::custom("a name twice"));
                    }
                }
                Ok(UniqueMap(map))
            }
        }
        deserializer.deserialize_map(Unique(std::marker::PhantomData))
    }
}
