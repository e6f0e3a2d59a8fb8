//! Keyed hashes by which a value is recognised again without being kept.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::Secret;

/// The per-machine salt: without it a fingerprint says nothing about a key.
#[derive(Clone)]
pub struct Salt(pub [u8; 32]);

/// HMAC-SHA256 of a value under this machine's salt.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Computes the fingerprint of a secret value.
    pub fn of(salt: &Salt, value: &Secret) -> Self {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&salt.0).expect("HMAC takes keys of any length");
        mac.update(value.expose().as_bytes());
        Self(mac.finalize().into_bytes().into())
    }

    /// The eight hex digits that messages show.
    pub fn short(&self) -> String {
        hex(&self.0[..4])
    }

    /// All 64 hex digits, for files of our own.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }

    /// Reads what [`Fingerprint::hex`] wrote.
    pub fn from_hex(hex: &str) -> Option<Self> {
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        let mut bytes = [0; 32];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
}

/// Bytes as lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
