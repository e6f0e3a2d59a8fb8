//! Keys in any text: source code, a shell's history. Only what certainly is somebody's whole key counts.

use crate::provider::{self, Provider};
use crate::secret::Secret;

/// A key in a text.
pub struct TextKey {
    /// Its line, from 1.
    pub line: usize,
    /// The column of its first character, from 1.
    pub column: usize,
    /// The key.
    pub key: Secret,
    /// Whose it is.
    pub owner: &'static Provider,
    /// The variable before it in an assignment, where there is one.
    pub variable: Option<String>,
}

/// The fewest bytes of a key.
const MIN_BYTES: usize = 24;

/// Finds the keys of a text, at most this many.
pub fn keys(text: &str, most: usize) -> Vec<TextKey> {
    let mut found = Vec::new();
    if !has_prefix(text) {
        return found;
    }
    for (at, line) in text.lines().enumerate() {
        if !has_prefix(line) {
            continue;
        }
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let mut start = 0;
        while let Some(next) = line[start..].find(is_part) {
            let from = start + next;
            let length = line[from..].find(|c| !is_part(c)).unwrap_or(line.len() - from);
            start = from + length;
            if length < MIN_BYTES {
                continue;
            }
            let key = Secret::new(&line[from..start]);
            let Some(owner) = provider::of_key(&key).into_iter().next() else { continue };
            let before = line[..from].trim_end_matches(['"', '\'', ' ', '\\']);
            let variable = before.strip_suffix('=').map(|rest| {
                let name = rest.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
                name.to_owned()
            });
            let column = line[..from].chars().count() + 1;
            found.push(TextKey {
                line: at + 1,
                column,
                key,
                owner,
                variable: variable.filter(|name| !name.is_empty()),
            });
            if found.len() >= most {
                return found;
            }
        }
    }
    found
}

/// Whether some provider's keys could be in a text; most lines have none.
fn has_prefix(text: &str) -> bool {
    const PREFIXES: [&str; 10] =
        ["sk-", "gsk_", "xai-", "AIza", "hf_", "pplx-", "nvapi-", "ghp_", "github_pat_", "r8_"];
    PREFIXES.iter().any(|prefix| text.contains(prefix))
}
