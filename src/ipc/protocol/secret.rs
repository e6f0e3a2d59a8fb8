//! How a secret crosses the socket.

use crate::secret::Secret;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A secret on its way through the socket. The only form in which one is serialised; nothing else may hold it.
#[derive(Clone, Debug)]
pub struct WireSecret(pub Secret);

impl Serialize for WireSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for WireSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}
