//! Reading the file to edit and replacing it: under a lock, checked, as a whole, and through a link that its owner put there.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use toml_edit::DocumentMut;

use crate::atomic::{self, Expected};
use crate::bounded::{self, Links, NotRead};
use crate::config::document::decode;
use crate::config::{MAX_CONFIG_BYTES, ProviderCheck};
use crate::error::{Error, Result};

/// How long another command may hold the lock.
const LOCK_DEADLINE: Duration = Duration::from_secs(10);

/// How often an edit is applied again where something without the lock (an editor) saved in between.
const MAX_ATTEMPTS: usize = 8;

/// The mark that some Windows editors put first.
const BOM: &str = "\u{feff}";

/// The file as it is now.
pub(super) struct Current {
    /// What it holds, exactly.
    bytes: Vec<u8>,
    /// Its text without a byte order mark and with plain line ends.
    pub text: String,
    has_bom: bool,
    has_crlf: bool,
    /// Where it really is, with links resolved.
    target: PathBuf,
    meta: std::fs::Metadata,
}

/// Reads the file, following the links that lead to it; `None`: there is none.
pub(super) fn read(path: &Path) -> Result<Option<Current>> {
    let (bytes, meta) = match bounded::read(path, MAX_CONFIG_BYTES, Links::Follow) {
        Ok(read) => read,
        Err(NotRead::Missing) if path.is_symlink() => {
            let target = std::fs::read_link(path).unwrap_or_default();
            return Err(Error::new(format!(
                "`{}` is a symbolic link to `{}`, which does not exist",
                crate::printable::path(path),
                crate::printable::path(&target)
            ))
            .hint("create that file, or remove the link"));
        }
        Err(NotRead::Missing) => return Ok(None),
        Err(reason) => return Err(reason.into_error(path, MAX_CONFIG_BYTES)),
    };
    let target = std::fs::canonicalize(path).map_err(|err| Error::io("find", path, &err))?;
    let whole = decode(path, bytes.clone())?;
    let text = whole.strip_prefix(BOM).unwrap_or(&whole);
    let has_crlf = text.contains("\r\n");
    let text = text.replace("\r\n", "\n");
    Ok(Some(Current { text, has_bom: whole.starts_with(BOM), has_crlf, bytes, target, meta }))
}

/// Reads a text as a configuration, and as a document to edit. Providers are not looked up: an edit of something else must not
/// fail because the catalogue changed.
pub(super) fn checked(text: &str, path: &Path, home: &Path) -> Result<DocumentMut> {
    crate::config::parse(text, path, home, &|_| ProviderCheck::Known)?;
    text.parse().map_err(|_| Error::new("not valid TOML").at(crate::printable::path(path)))
}

/// Applies edits to what the file holds now and replaces it; gives the document saved.
pub(super) fn save(
    path: &Path,
    home: &Path,
    state_dir: &Path,
    edit: impl Fn(&mut DocumentMut) -> Result<()>,
) -> Result<DocumentMut> {
    let _lock = lock(state_dir)?;
    for _ in 0..MAX_ATTEMPTS {
        let current = read(path)?;
        let mut doc = checked(current.as_ref().map_or("", |current| &current.text), path, home)?;
        edit(&mut doc)?;
        let text = doc.to_string();
        let saved = checked(&text, path, home)?;
        let replaced = match &current {
            None => {
                if let Some(dir) = path.parent().filter(|dir| !dir.exists()) {
                    crate::paths::create_private_dir(dir)?;
                }
                atomic::write_if(path, Expected::Absent, text.as_bytes(), 0o600)?
            }
            Some(current) => {
                let bytes = current.encode(&text);
                bytes == current.bytes || {
                    check_writable(path, current)?;
                    atomic::write_if(&current.target, Expected::Bytes(&current.bytes), &bytes, current.mode())?
                }
            }
        };
        if replaced {
            return Ok(saved);
        }
    }
    Err(Error::new(format!("`{}` is being changed by something else all the time", crate::printable::path(path)))
        .hint("close it in other programs and try again"))
}

impl Current {
    /// The bytes of a text in the form the file has.
    fn encode(&self, text: &str) -> Vec<u8> {
        let text = if self.has_crlf { text.replace('\n', "\r\n") } else { text.to_owned() };
        if self.has_bom { format!("{BOM}{text}").into_bytes() } else { text.into_bytes() }
    }

    #[cfg(unix)]
    fn mode(&self) -> u32 {
        std::os::unix::fs::PermissionsExt::mode(&self.meta.permissions()) & 0o777
    }

    #[cfg(windows)]
    fn mode(&self) -> u32 {
        0o600
    }
}

/// Refuses what its owner protected: a rename would not ask.
fn check_writable(path: &Path, current: &Current) -> Result<()> {
    const HINT: &str = "change it where it is generated, or make it a file of your own that can be written";
    let shown = crate::printable::path(path);
    let through =
        if path.is_symlink() { format!(" (`{}`)", crate::printable::path(&current.target)) } else { String::new() };
    #[cfg(unix)]
    {
        let uid = std::os::unix::fs::MetadataExt::uid(&current.meta);
        if uid != rustix::process::geteuid().as_raw() {
            return Err(Error::new(format!("`{shown}`{through} belongs to user {uid}, not to you")).hint(HINT));
        }
        if current.mode() & 0o200 == 0 {
            return Err(Error::new(format!("`{shown}`{through} is read-only")).hint(HINT));
        }
    }
    #[cfg(windows)]
    if current.meta.permissions().readonly() {
        return Err(Error::new(format!("`{shown}`{through} is read-only")).hint(HINT));
    }
    Ok(())
}

/// Takes the lock that all commands take before they change the configuration. It ends with the handle, or with the process.
fn lock(state_dir: &Path) -> Result<File> {
    crate::paths::create_private_dir(state_dir)?;
    let path = state_dir.join("config.lock");
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path).map_err(|err| Error::io("open the lock", &path, &err))?;
    let deadline = Instant::now() + LOCK_DEADLINE;
    loop {
        match file.try_lock() {
            // Without locks on this file system, the check before the replacement has to do.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(Error::new("another llmenv is changing the configuration and does not finish")
                    .at(crate::printable::path(&path))
                    .hint("end it, then run the command again; nothing was changed"));
            }
        }
    }
}
