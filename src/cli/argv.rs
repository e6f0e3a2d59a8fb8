//! A key typed as an argument: refused before anything else looks at the arguments, and never repeated.

use std::ffi::OsString;

use crate::error::{Error, Result};
use crate::provider;
use crate::sanitize;

/// Keys are at least this long; a shorter word that starts like one is a name.
const LEAST_KEY_BYTES: usize = 20;

/// Fails if one of the arguments is a key. Those after `--` belong to another program.
pub fn refuse_keys(arguments: &[OsString]) -> Result<()> {
    for argument in arguments.iter().skip(1).take_while(|argument| *argument != "--") {
        let text = argument.to_string_lossy();
        let value = match text.split_once('=') {
            Some((flag, value)) if flag.starts_with('-') => value,
            _ => &text,
        };
        let Some(row) = owner_of(value) else { continue };
        let mut error = Error::usage(format!("a key of {} stands on the command line", row.name))
            .hint("it is in the shell's history now, and every process here could read it: replace it with a new one");
        if let Some(url) = &row.console_url {
            error = error.hint(format!("new keys are given out at {url}"));
        }
        return Err(error.hint("type the new one when asked, or pipe it: `printf %s \"$KEY\" | llmenv … --key-stdin`"));
    }
    Ok(())
}

/// The provider that a word is certainly a key of.
fn owner_of(word: &str) -> Option<&'static provider::Provider> {
    if word.len() < LEAST_KEY_BYTES || word.len() > 4096 {
        return None;
    }
    let cleaned = sanitize::clean(word).value;
    let key = cleaned.expose();
    if key.len() < LEAST_KEY_BYTES || key.contains(char::is_whitespace) || key.contains("://") {
        return None;
    }
    let begun = provider::all().iter().find(|row| row.shape_begun_by(key).is_some());
    provider::of_key(&cleaned).into_iter().find(|_| key.contains(['-', '_', '.'])).or(begun)
}
