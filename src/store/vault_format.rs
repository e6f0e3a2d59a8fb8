//! The bytes of the vault file. Pure: bytes and a key in, bytes out; [`super::vault`] calls it.
//!
//! All numbers are little-endian. The file is a header of 64 bytes, then the sealed body to the end of the file.
//!
//! ```text
//! offset  size  what
//!      0     8  magic: 89 4C 4C 4D 45 4E 56 0A  ("\x89LLMENV\n"; a text-mode copy breaks it)
//!      8     1  version: 1
//!      9     1  how the key is come by: 1 passphrase, 2 identity file
//!     10     2  reserved, zero
//!     12     4  argon2id memory in KiB    (u32; zero with an identity file)
//!     16     4  argon2id passes           (u32; zero with an identity file)
//!     20     4  argon2id lanes            (u32; zero with an identity file)
//!     24    16  argon2id salt             (random; zero with an identity file)
//!     40    24  XChaCha20 nonce           (random, new at every write)
//!     64     n  XChaCha20-Poly1305 of the body; its last 16 bytes are the Poly1305 tag
//! ```
//!
//! - Key: 32 bytes. Passphrase: argon2id (RFC 9106, version 0x13, no secret, no associated data, 32 bytes of output) over
//!   the passphrase's UTF-8 bytes. Identity file: its 32 bytes themselves.
//! - Associated data of the AEAD: bytes 0 to 63 of the file, so that no byte of the header can be changed unnoticed.
//!   The construction is draft-irtf-cfrg-xchacha-03 (`HChaCha20`, then RFC 8439).
//! - Body: UTF-8 JSON, `{"v":1,"items":{"profile:NAME":{"v":1,"key":…,"origin":…,"more":{…}}}}`.
//!
//! Costs beyond [`MAX_MEMORY_KIB`], [`MAX_PASSES`] or [`MAX_LANES`] are refused before anything is computed: a changed
//! header must not be able to eat the machine's memory or hold the thread for hours.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::StoreError;
use crate::secret::Secret;

/// What a vault begins with.
pub const MAGIC: [u8; 8] = *b"\x89LLMENV\n";
/// The version this program reads and writes.
pub const VERSION: u8 = 1;
/// The bytes before the sealed body.
pub const HEADER_BYTES: usize = 64;
/// The bytes of the tag at the end.
pub const TAG_BYTES: usize = 16;
/// The most memory a header may ask for.
pub const MAX_MEMORY_KIB: u32 = 256 * 1024;
/// The most passes a header may ask for.
pub const MAX_PASSES: u32 = 16;
/// The most lanes a header may ask for.
pub const MAX_LANES: u32 = 4;

const KIND_PASSPHRASE: u8 = 1;
const KIND_IDENTITY: u8 = 2;

/// The 32 bytes that open a vault, wiped when dropped.
pub type Key = Zeroizing<[u8; 32]>;

/// What argon2id is to cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Cost {
    /// What new vaults get: RFC 9106's second recommendation with one lane, since the code runs them one by one anyway.
    pub const DEFAULT: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

    fn check(self) -> Result<(), StoreError> {
        let sane = (1..=MAX_LANES).contains(&self.lanes)
            && (1..=MAX_PASSES).contains(&self.passes)
            && (8 * self.lanes..=MAX_MEMORY_KIB).contains(&self.memory_kib);
        if sane { Ok(()) } else { Err(StoreError::broken("the vault's header asks for an absurd amount of work")) }
    }
}

/// How the key of a vault is come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kdf {
    /// From a passphrase.
    Passphrase {
        /// What that costs.
        cost: Cost,
        /// Random, so that equal passphrases give different keys.
        salt: [u8; 16],
    },
    /// It is the content of an identity file.
    Identity,
}

impl Kdf {
    /// A passphrase with a new salt.
    pub fn new_passphrase(cost: Cost) -> Result<Self, StoreError> {
        cost.check()?;
        Ok(Self::Passphrase { cost, salt: random()? })
    }

    /// Computes the key from a passphrase; `Broken` where the vault has none.
    pub fn derive(&self, passphrase: &Secret) -> Result<Key, StoreError> {
        let Self::Passphrase { cost, salt } = self else {
            return Err(StoreError::broken("the vault opens with its identity file, not with a passphrase"));
        };
        cost.check()?;
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32))
            .map_err(|err| StoreError::broken(format!("the vault's header cannot be used: {err}")))?;
        let mut key = Key::default();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.expose().as_bytes(), salt, &mut *key)
            .map_err(|err| StoreError::broken(format!("the vault's key cannot be computed: {err}")))?;
        Ok(key)
    }
}

/// The header of a vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// How its key is come by.
    pub kdf: Kdf,
    /// The nonce of its body.
    pub nonce: [u8; 24],
}

impl Header {
    /// Writes the 64 bytes.
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8] = VERSION;
        match self.kdf {
            Kdf::Passphrase { cost, salt } => {
                bytes[9] = KIND_PASSPHRASE;
                bytes[12..16].copy_from_slice(&cost.memory_kib.to_le_bytes());
                bytes[16..20].copy_from_slice(&cost.passes.to_le_bytes());
                bytes[20..24].copy_from_slice(&cost.lanes.to_le_bytes());
                bytes[24..40].copy_from_slice(&salt);
            }
            Kdf::Identity => bytes[9] = KIND_IDENTITY,
        }
        bytes[40..64].copy_from_slice(&self.nonce);
        bytes
    }

    /// Reads the header of a whole vault file; the costs in it are within bounds afterwards.
    pub fn decode(file: &[u8]) -> Result<Self, StoreError> {
        if !file.starts_with(&MAGIC) {
            return Err(StoreError::broken("the vault file does not begin like a vault"));
        }
        if file.len() < HEADER_BYTES + TAG_BYTES {
            return Err(StoreError::broken("the vault file is cut off"));
        }
        if file[8] != VERSION {
            return Err(StoreError::broken(format!(
                "the vault file is of version {}, this program knows {VERSION}",
                file[8]
            )));
        }
        if file[10..12] != [0, 0] {
            return Err(StoreError::broken("the vault's header has something where nothing may be"));
        }
        let number = |at: usize| u32::from_le_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]]);
        let kdf = match file[9] {
            KIND_PASSPHRASE => {
                let cost = Cost { memory_kib: number(12), passes: number(16), lanes: number(20) };
                cost.check()?;
                Kdf::Passphrase { cost, salt: array(&file[24..40]) }
            }
            KIND_IDENTITY if file[12..40].iter().all(|byte| *byte == 0) => Kdf::Identity,
            _ => return Err(StoreError::broken("the vault's header names no known kind of key")),
        };
        Ok(Self { kdf, nonce: array(&file[40..64]) })
    }
}

/// Seals a body under a new nonce and gives the whole file.
pub fn seal(kdf: Kdf, key: &Key, body: &[u8]) -> Result<Vec<u8>, StoreError> {
    let header = Header { kdf, nonce: random()? };
    let head = header.encode();
    let mut sealed = Zeroizing::new(Vec::with_capacity(body.len() + TAG_BYTES));
    sealed.extend_from_slice(body);
    XChaCha20Poly1305::new((&**key).into())
        .encrypt_in_place(&XNonce::from(header.nonce), &head, &mut *sealed)
        .map_err(|_| StoreError::broken("the vault is too large to seal"))?;
    Ok([head.as_slice(), &sealed].concat())
}

/// Opens a whole file with its key and gives the body; `None` where the key does not fit or a byte was changed.
pub fn open(file: &[u8], key: &Key) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let header = Header::decode(file)?;
    let mut body = Zeroizing::new(file[HEADER_BYTES..].to_vec());
    let opened = XChaCha20Poly1305::new((&**key).into())
        .decrypt_in_place(&XNonce::from(header.nonce), &file[..HEADER_BYTES], &mut *body)
        .is_ok();
    Ok(opened.then_some(body))
}

/// Reads the content of an identity file: 32 raw bytes, or 64 hex digits on one line.
pub fn decode_identity(content: &[u8]) -> Option<Key> {
    let mut key = Key::default();
    if content.len() == 32 {
        key.copy_from_slice(content);
        return Some(key);
    }
    let digits = content.strip_suffix(b"\n").unwrap_or(content);
    let digits = digits.strip_suffix(b"\r").unwrap_or(digits);
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(key)
}

/// Random bytes from the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|err| StoreError::broken(format!("the system gives no random bytes: {err}")))?;
    Ok(bytes)
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(bytes);
    array
}
