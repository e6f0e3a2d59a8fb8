//! `.llmenv.toml`: data that names a profile, and perhaps a model, and nothing else.
//!
//! ```toml
//! profile = "work"
//! model = "openai/gpt-5"     # may be left out
//! ```

use std::path::{Path, PathBuf};

use crate::allow::AllowList;
use crate::atomic::{self, Expected};
use crate::bounded::{self, Links, NotRead};
use crate::config::document::{Document, decode, entries};
use crate::error::{Error, Result};
use crate::profile::check_name;

/// The name of a pin.
pub const FILE_NAME: &str = ".llmenv.toml";

/// The largest pin.
pub const MAX_PIN_BYTES: u64 = 64 << 10;

const KEYS: &[&str] = &["profile", "model"];

/// What a pin says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinFile {
    /// The profile it names.
    pub profile: String,
    /// The model it names.
    pub model: Option<String>,
    /// The line of the profile, from 1.
    pub line: usize,
}

/// Why a pin does not count.
pub(super) enum Unfit {
    /// It is as if it were not there, and a finding gives the reason.
    Ignored(String),
    /// It is ours and cannot be used.
    Wrong(Error),
}

/// Reads a pin's bytes if it is ours; `None`: there is none.
pub(super) fn look(path: &Path, euid: u32) -> Result<Option<Vec<u8>>, Unfit> {
    match bounded::read(path, MAX_PIN_BYTES, Links::Refuse) {
        Ok((bytes, meta)) => match owner(&meta) {
            Some(uid) if uid != euid => Err(Unfit::Ignored(format!("it belongs to user {uid}, not to you"))),
            _ => Ok(Some(bytes)),
        },
        Err(NotRead::Missing) => Ok(None),
        Err(reason) => match std::fs::symlink_metadata(path) {
            Ok(meta) => Err(unfit(path, reason, owner(&meta).filter(|&uid| uid != euid))),
            // Gone by now, or in a folder above that we may not look into.
            Err(_) => Ok(None),
        },
    }
}

/// Somebody else's file is ignored whatever else is wrong with it.
fn unfit(path: &Path, reason: NotRead, other_owner: Option<u32>) -> Unfit {
    match (reason, other_owner) {
        (_, Some(uid)) => Unfit::Ignored(format!("it belongs to user {uid}, not to you")),
        (NotRead::Link, None) => Unfit::Ignored("it is a symbolic link".into()),
        (NotRead::NotAFile(what), None) => Unfit::Ignored(format!("it is {what}, not a file")),
        (reason, None) => Unfit::Wrong(reason.into_error(path, MAX_PIN_BYTES)),
    }
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps)]
fn owner(meta: &std::fs::Metadata) -> Option<u32> {
    Some(std::os::unix::fs::MetadataExt::uid(meta))
}

/// Owners are not numbers there; that the content was allowed has to do.
#[cfg(windows)]
fn owner(_: &std::fs::Metadata) -> Option<u32> {
    None
}

/// Reads what a pin says. Anything but a profile and a model is an error with its line.
pub fn parse(path: &Path, bytes: &[u8]) -> Result<PinFile> {
    let text = decode(path, bytes.to_vec())?;
    let mut doc = Document::new(path, &text);
    let table = doc.parse()?;
    let mut pin = PinFile { profile: String::new(), model: None, line: 1 };
    let mut names_a_profile = false;
    for entry in entries(table.get_ref()) {
        match entry.key {
            "profile" => {
                names_a_profile = true;
                if let Some(name) = doc.text(&entry) {
                    if let Err(error) = check_name(&name) {
                        doc.problem_from(entry.at, error);
                    }
                    pin.line = doc.line(entry.key_at);
                    pin.profile = name;
                }
            }
            "model" => pin.model = doc.text(&entry),
            other => {
                const WHY: &str = "a pin can only name a profile";
                let shown = crate::printable::text(other);
                // Only what is clearly a slip of the pen is one: `models` is a key that profiles have.
                let belongs_elsewhere = crate::config::PROFILE_KEYS.contains(&other) || other == "profiles";
                match crate::suggest::nearest(other, KEYS.iter().copied()).filter(|_| !belongs_elsewhere) {
                    Some(meant) => {
                        names_a_profile |= meant == "profile";
                        doc.problem_with(
                            entry.key_at,
                            format!("unknown key `{shown}`; did you mean `{meant}`?"),
                            format!("{WHY} and a model"),
                        );
                    }
                    None => doc.problem_with(
                        entry.key_at,
                        format!("`{shown}` cannot be set here: {WHY}"),
                        "keep `profile` (and `model`) and remove the rest; everything else belongs in your own `config.toml`",
                    ),
                }
            }
        }
    }
    if !names_a_profile {
        doc.problem_with(0, "this pin names no profile", "write `profile = \"NAME\"`");
    }
    doc.finish(pin)
}

/// Reads the pin of a directory, wherever it came from, with its canonical path.
pub fn read(dir: &Path) -> Result<(PathBuf, PinFile)> {
    let (path, bytes) = read_to_allow(&dir.join(FILE_NAME))?;
    let pin = parse(&path, &bytes)?;
    Ok((path, pin))
}

/// Reads a pin for `llmenv allow`, checked, with the canonical path under which it is remembered.
pub fn read_to_allow(path: &Path) -> Result<(PathBuf, Vec<u8>)> {
    let name = path.file_name().filter(|name| *name == FILE_NAME).ok_or_else(|| {
        Error::usage(format!("`{}` is not a pin", crate::printable::path(path)))
            .hint(format!("a pin is called `{FILE_NAME}`"))
    })?;
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let path = std::fs::canonicalize(dir).map_err(|err| Error::io("find the folder", dir, &err))?.join(name);
    let (bytes, meta) =
        bounded::read(&path, MAX_PIN_BYTES, Links::Refuse).map_err(|reason| reason.into_error(&path, MAX_PIN_BYTES))?;
    #[cfg(unix)]
    if let Some(uid) = owner(&meta).filter(|&uid| uid != rustix::process::geteuid().as_raw()) {
        return Err(Error::new(format!("`{}` belongs to user {uid}, not to you", crate::printable::path(&path)))
            .hint("only pins of your own count; copy the file to make it yours"));
    }
    #[cfg(windows)]
    let _ = meta;
    parse(&path, &bytes)?;
    Ok((path, bytes))
}

/// The text of a new pin.
pub fn content(profile: &str, model: Option<&str>) -> Result<String> {
    edited("", profile, model)
}

/// Pins a directory and allows the pin: `llmenv use NAME --here`. Comments of a pin already there stay.
pub fn write(dir: &Path, home: &Path, profile: &str, model: Option<&str>, allow: &AllowList) -> Result<PathBuf> {
    check_name(profile)?;
    let dir = std::fs::canonicalize(dir).map_err(|err| Error::io("find the folder", dir, &err))?;
    if dir == crate::config::canonical(home) {
        return Err(Error::usage("a pin in the home directory would hold everywhere, so it is not looked at")
            .hint("use `llmenv use NAME --global` to make it the default"));
    }
    let path = dir.join(FILE_NAME);
    let old = match bounded::read(&path, MAX_PIN_BYTES, Links::Refuse) {
        Ok((bytes, _)) => Some(bytes),
        Err(NotRead::Missing) => None,
        Err(reason) => return Err(reason.into_error(&path, MAX_PIN_BYTES)),
    };
    let (text, expected) = match &old {
        Some(bytes) => {
            parse(&path, bytes)?;
            (edited(&decode(&path, bytes.clone())?, profile, model)?, Expected::Bytes(bytes))
        }
        None => (content(profile, model)?, Expected::Absent),
    };
    // Pins are shared with a team like any other file of a project.
    if !atomic::write_if(&path, expected, text.as_bytes(), 0o644)? {
        return Err(Error::new(format!("`{}` was changed by something else just now", crate::printable::path(&path)))
            .hint("run the command again"));
    }
    allow.allow(&path, text.as_bytes())?;
    Ok(path)
}

fn edited(text: &str, profile: &str, model: Option<&str>) -> Result<String> {
    let mut doc: toml_edit::DocumentMut = text.parse().map_err(|_| Error::new("the pin is not valid TOML"))?;
    crate::config::edit::set_value(doc.as_table_mut(), "profile", profile.into());
    match model {
        Some(model) => crate::config::edit::set_value(doc.as_table_mut(), "model", model.into()),
        None => {
            doc.remove("model");
        }
    }
    Ok(doc.to_string())
}
