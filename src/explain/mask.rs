//! Keys that errors show in part: `sk-or-v1****lETQ`, `sk-...8aSP`, `****fcc2`, and `LiteLLM`'s hash of the whole.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::secret::Secret;

/// The most masks that are taken from one text.
const MAX_MASKS: usize = 16;
/// The fewest characters that a mask must show beside what all keys of a provider begin with.
const MIN_SHOWN: usize = 3;
/// A text of this length after `provided:` and the like is a key in full.
const MIN_WHOLE_BYTES: usize = 20;
/// What stands before a key that a provider shows, however it is masked.
const BEFORE: [&str; 4] = ["provided: ", "your api key: ", "received=", "received api key = "];

/// What an error shows of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyMask {
    /// What it begins with.
    pub start: String,
    /// What it ends with.
    pub end: String,
    /// The SHA-256 of the whole, as lower-case hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl KeyMask {
    /// How messages show it.
    pub fn shown(&self) -> String {
        match (&self.sha256, self.start.is_empty() && self.end.is_empty()) {
            (Some(hash), true) => format!("SHA-256 {}…", &hash[..8]),
            _ => format!("{}…{}", self.start, self.end),
        }
    }

    /// Whether it says enough to tell one key from another.
    pub fn is_telling(&self) -> bool {
        let start = self.start.len().saturating_sub(public_start(&self.start));
        self.sha256.is_some() || self.end.len() >= MIN_SHOWN || start >= MIN_SHOWN
    }

    /// Whether this may be the value that was sent.
    pub fn fits(&self, value: &Secret) -> bool {
        // Many clients take blanks and line ends off before they send.
        self.is_of(value.expose()) || self.is_of(crate::sanitize::clean(value.expose()).value.expose())
    }

    fn is_of(&self, text: &str) -> bool {
        if let Some(hash) = &self.sha256 {
            return crate::fingerprint::hex(&Sha256::digest(text.as_bytes())) == *hash;
        }
        self.is_telling()
            && text.len() > self.start.len() + self.end.len()
            && text.starts_with(&self.start)
            && text.ends_with(&self.end)
    }
}

/// How much of a key's start is the same for all keys of its provider.
fn public_start(start: &str) -> usize {
    let shapes = crate::provider::all().iter().flat_map(|row| &row.key_shapes).map(|shape| shape.prefix.as_str());
    shapes.filter(|prefix| start.starts_with(prefix) || prefix.starts_with(start)).map(str::len).max().unwrap_or(0)
}

/// Finds what a text shows of keys.
pub fn find(plain: &str) -> Vec<KeyMask> {
    let mut masks: Vec<KeyMask> = Vec::new();
    let mut add = |mask: KeyMask| {
        if masks.len() < MAX_MASKS && !masks.contains(&mask) {
            masks.push(mask);
        }
    };
    for word in plain.split(|c: char| c.is_whitespace() || "\"'`,;()<>{}[]=".contains(c)) {
        if let Some(mask) = masked(word, false) {
            add(mask);
        }
    }
    let lower = plain.to_ascii_lowercase();
    for before in BEFORE {
        for (at, _) in lower.match_indices(before) {
            let rest = &plain[at + before.len()..];
            let word = rest.split(|c: char| c.is_whitespace() || "\"'`,;()<>".contains(c)).next().unwrap_or_default();
            if let Some(mask) = masked(word, true) {
                add(mask);
            }
        }
    }
    for word in plain.split(|c: char| !c.is_ascii_alphanumeric()) {
        if word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) && lower.contains("key hash") {
            add(KeyMask { sha256: Some(word.to_ascii_lowercase()), ..KeyMask::default() });
        }
    }
    masks
}

/// Reads one word; `is_key` says that a key stands there for sure, so that one star is a mask and no star is a whole key.
fn masked(word: &str, is_key: bool) -> Option<KeyMask> {
    let word = word.trim_end_matches(['.', ':', '!', '?']);
    let is_gap = |c: char| c == '*' || c == '…' || c == '•';
    let dots = word.find("...");
    let first = [word.find(is_gap), dots].into_iter().flatten().min();
    let Some(first) = first else {
        // A key in full: whoever printed it masked nothing. Kept apart from both ends, as a mask of all but one character.
        let middle = word.len() / 2;
        return (is_key && word.len() >= MIN_WHOLE_BYTES && word.is_ascii()).then(|| KeyMask {
            start: word[..middle].to_owned(),
            end: word[middle + 1..].to_owned(),
            sha256: None,
        });
    };
    let last = word.rfind(|c| is_gap(c) || c == '.' && dots.is_some())?;
    let end = word[last..].chars().next().map_or(last, |c| last + c.len_utf8());
    let gap = &word[first..end];
    let is_mask = is_key || gap.contains("***") || gap.contains('…') || gap.contains('•') || gap == "...";
    let mask = KeyMask { start: word[..first].to_owned(), end: word[end..].to_owned(), sha256: None };
    let is_shaped = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:/+~".contains(c));
    (is_mask && !(mask.start.is_empty() && mask.end.is_empty()) && is_shaped(&mask.start) && is_shaped(&mask.end))
        .then_some(mask)
}
