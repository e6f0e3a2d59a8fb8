//! A key on its way in: from a hidden question, standard input or a file; cleaned, told about, judged.

use std::io::Read;

use zeroize::Zeroizing;

use super::args::KeyInput;
use super::{ask, render};
use crate::error::{Error, Result};
use crate::profile::Profile;
use crate::provider::{self, Provider};
use crate::sanitize::{self, MAX_KEY_BYTES, MIN_KEY_BYTES};
use crate::secret::Secret;

/// The most that is read of standard input or a file.
const MAX_INPUT_BYTES: usize = 64 * 1024;

/// How often a person is asked for one key.
const MAX_QUESTIONS: usize = 5;

/// A cleaned key and what was taken off it.
pub struct Given {
    /// The key.
    pub key: Secret,
    /// What was removed, in words.
    pub removed: Vec<String>,
}

/// Says whether a flag tells where the key is.
pub fn is_given(input: &KeyInput) -> bool {
    input.key_stdin || input.key_file.is_some()
}

/// Gets a key the way the flags say, else from a hidden question, and tells what was cleaned off.
pub fn read(input: &KeyInput, question: &str) -> Result<Given> {
    let raw = if let Some(path) = &input.key_file {
        let (bytes, _) = crate::bounded::read(path, MAX_INPUT_BYTES as u64, crate::bounded::Links::Follow)
            .map_err(|why| why.into_error(path, MAX_INPUT_BYTES as u64))?;
        decoded(&Zeroizing::new(bytes), &format!("`{}`", crate::printable::path(path)))?
    } else if input.key_stdin && !ask::is_possible() {
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_INPUT_BYTES + 1));
        std::io::stdin()
            .lock()
            .take(MAX_INPUT_BYTES as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|err| Error::new(format!("cannot read standard input: {err}")))?;
        if bytes.len() > MAX_INPUT_BYTES {
            return Err(Error::new("standard input is longer than 64 KiB, no key is"));
        }
        decoded(&bytes, "standard input")?
    } else {
        ask::require("a key", "`--key-stdin`, `--key-file FILE` or `--key-ref REF`")?;
        typed(question)?
    };
    let cleaned = sanitize::clean(raw.expose());
    let removed: Vec<String> = cleaned.removed.iter().map(ToString::to_string).collect();
    if !removed.is_empty() {
        render::note(format_args!("removed: {}", crate::printable::line(&removed.join(", "))));
    }
    Ok(Given { key: cleaned.value, removed })
}

/// Asks until what is typed could be a key by its length; an empty line is an answer, too. Who pastes again after a slip pastes
/// into the question and not into the shell, whose history would keep it.
fn typed(question: &str) -> Result<Secret> {
    for _ in 1..MAX_QUESTIONS {
        let raw = ask::secret(question)?;
        let length = sanitize::clean(raw.expose()).value.len();
        if length == 0 || (MIN_KEY_BYTES..=MAX_KEY_BYTES).contains(&length) {
            return Ok(raw);
        }
        let error =
            Error::new(format!("that has {length} bytes, and a key of {MIN_KEY_BYTES} to {MAX_KEY_BYTES} is needed"));
        render::error(&error.hint("copy the key again, then paste it here"));
    }
    ask::secret(question)
}

/// Reads text as UTF-8, or as UTF-16 where it says so: Windows PowerShell writes that with `>`.
fn decoded(bytes: &[u8], what: &str) -> Result<Secret> {
    let units = |of: fn([u8; 2]) -> u16| -> Zeroizing<Vec<u16>> {
        Zeroizing::new(bytes[2..].chunks_exact(2).map(|pair| of([pair[0], pair[1]])).collect())
    };
    let text = match bytes.get(..2) {
        Some([0xff, 0xfe]) => String::from_utf16(&units(u16::from_le_bytes)).ok(),
        Some([0xfe, 0xff]) => String::from_utf16(&units(u16::from_be_bytes)).ok(),
        _ => std::str::from_utf8(bytes).ok().map(str::to_owned),
    };
    text.map(Secret::new).ok_or_else(|| Error::new(format!("what {what} holds is not text in UTF-8")))
}

/// Refuses what cannot be a key of this profile's provider; `--force` turns what is merely odd into a warning.
pub fn vet(profile: &Profile, base_url: Option<&str>, key: &Secret, is_forced: bool) -> Result<()> {
    let Err(refusal) = sanitize::vet(row_for(profile, base_url), key) else { return Ok(()) };
    if is_forced && refusal.is_forcible() {
        render::warning(crate::printable::line(&format!("{refusal}; taken because of `--force`")));
        return Ok(());
    }
    Err(refusal.into_error())
}

/// The row whose keys a profile takes: a custom endpoint on a known host takes that provider's.
fn row_for(profile: &Profile, base_url: Option<&str>) -> &'static Provider {
    if let Some(row) = provider::find(&profile.provider) {
        return row;
    }
    base_url
        .and_then(|text| url::Url::parse(text).ok())
        .and_then(|url| url.host_str().and_then(provider::of_host))
        .unwrap_or_else(provider::custom)
}
