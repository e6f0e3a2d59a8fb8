//! Keyed hashes by which a value is recognised again without being kept.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

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
        unhex(hex).map(|bytes| Self(*bytes))
    }
}

/// Reads 32 bytes that [`hex`] wrote.
pub fn unhex(digits: &str) -> Option<Zeroizing<[u8; 32]>> {
    let digits = digits.as_bytes();
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = Zeroizing::new([0; 32]);
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    (digits.len() == 64).then_some(bytes)
}

/// Bytes as lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
