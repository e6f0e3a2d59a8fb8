//! What this machine remembers between runs, beside the configuration: the salt, rotated fingerprints, the lock.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::atomic;
use crate::error::{Error, Result};
use crate::fingerprint::{Fingerprint, Salt};
use crate::secret::Secret;

/// How many fingerprints of rotated keys are kept; the oldest go first.
const MAX_ROTATED: usize = 4_096;

/// The state folder's small files.
pub struct Memory {
    dir: PathBuf,
    salt: Salt,
    rotated: Vec<Fingerprint>,
    known: HashSet<Fingerprint>,
    locked: bool,
}

impl Memory {
    /// Reads the files, making the salt where there is none.
    pub fn load(dir: &Path) -> Result<Self> {
        let salt = load_salt(&dir.join("salt"))?;
        let rotated: Vec<_> = std::fs::read_to_string(dir.join("rotated"))
            .unwrap_or_default()
            .lines()
            .filter_map(Fingerprint::from_hex)
            .collect();
        let known = rotated.iter().copied().collect();
        // What cannot be looked at counts as locked: serving by mistake is the worse of the two.
        let locked = dir.join("locked").try_exists().unwrap_or(true);
        Ok(Self { salt, rotated, known, locked, dir: dir.to_owned() })
    }

    /// A memory that is written nowhere, where the state folder cannot be used.
    pub fn volatile() -> Result<Self> {
        let salt = fresh_salt()?;
        Ok(Self { dir: PathBuf::new(), salt, rotated: Vec::new(), known: HashSet::new(), locked: false })
    }

    /// The fingerprint of a value on this machine.
    pub fn fingerprint(&self, value: &Secret) -> Fingerprint {
        Fingerprint::of(&self.salt, value)
    }

    /// Says whether llmenv once served this value and no longer does.
    pub fn is_rotated_away(&self, value: &Secret) -> bool {
        self.known.contains(&self.fingerprint(value))
    }

    /// Remembers a value that is no longer served.
    pub fn remember_rotated(&mut self, value: &Secret) -> Result<()> {
        let fingerprint = self.fingerprint(value);
        if !self.known.insert(fingerprint) {
            return Ok(());
        }
        self.rotated.push(fingerprint);
        if self.rotated.len() > MAX_ROTATED {
            self.known.remove(&self.rotated.remove(0));
        }
        self.save_rotated()
    }

    /// Forgets that a value was rotated away: it is served again.
    pub fn forget_rotated(&mut self, value: &Secret) -> Result<()> {
        let fingerprint = self.fingerprint(value);
        if !self.known.remove(&fingerprint) {
            return Ok(());
        }
        self.rotated.retain(|known| *known != fingerprint);
        self.save_rotated()
    }

    fn save_rotated(&self) -> Result<()> {
        if self.dir.as_os_str().is_empty() {
            return Ok(());
        }
        let text: String = self.rotated.iter().map(|fingerprint| fingerprint.hex() + "\n").collect();
        atomic::write(&self.dir.join("rotated"), text.as_bytes(), 0o600)
    }

    /// Whether `llmenv lock` holds.
    pub fn is_locked(&self) -> bool {
        self.locked
    }

    /// Sets or lifts the lock, across restarts. The file is there before the answer is.
    pub fn set_locked(&mut self, locked: bool) -> Result<()> {
        self.locked = locked;
        let file = self.dir.join("locked");
        if locked {
            atomic::write(&file, b"locked\n", 0o600)
        } else {
            match std::fs::remove_file(&file) {
                Err(err) if err.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", &file, &err)),
                _ => Ok(()),
            }
        }
    }
}

fn load_salt(path: &Path) -> Result<Salt> {
    if let Some(salt) = read_salt(path) {
        return Ok(salt);
    }
    let salt = fresh_salt()?;
    // Of two that start at once one makes it and the other takes it over, or fingerprints would differ between them.
    if !path.exists() {
        let is_ours = atomic::write_if(path, atomic::Expected::Absent, &salt.0, 0o600)?;
        if let Some(theirs) = read_salt(path).filter(|_| !is_ours) {
            return Ok(theirs);
        }
        if is_ours {
            return Ok(salt);
        }
    }
    atomic::write(path, &salt.0, 0o600)?;
    Ok(salt)
}

fn read_salt(path: &Path) -> Option<Salt> {
    <[u8; 32]>::try_from(std::fs::read(path).ok()?).ok().map(Salt)
}

fn fresh_salt() -> Result<Salt> {
    let mut salt = [0; 32];
    getrandom::fill(&mut salt).map_err(|err| Error::new(format!("the system gives no random bytes: {err}")))?;
    Ok(Salt(salt))
}
