//! The key that seals backups: 32 random bytes that the store in use keeps as `internal:backups`.
//!
//! The daemon makes it when it is first needed (`daemon::backup_key`); commands ask for it and hold it while they seal or open.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::fingerprint::{hex, unhex};
use crate::secret::Secret;

/// Seals and opens backups; wiped when dropped.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    /// Makes a new one.
    pub fn random() -> crate::error::Result<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes)
            .map_err(|err| crate::error::Error::new(format!("the system gives no random bytes: {err}")))?;
        Ok(Self(bytes))
    }

    /// Reads the 64 hex digits that the store keeps.
    pub fn from_hex(digits: &Secret) -> Option<Self> {
        unhex(digits.expose()).map(Self)
    }

    /// Writes the 64 hex digits for the store.
    pub fn to_hex(&self) -> Secret {
        Secret::new(hex(&*self.0))
    }

    /// Tells keys apart without saying anything about them.
    pub(super) fn id(&self) -> [u8; 8] {
        let digest = Sha256::new().chain_update(b"llmenv backup key").chain_update(*self.0).finalize();
        let mut id = [0; 8];
        id.copy_from_slice(&digest[..8]);
        id
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}
