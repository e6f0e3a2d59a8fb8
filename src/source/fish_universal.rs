//! fish's universal variables: `fish_variables`, which every fish reads at its start and keeps to.
//!
//! ```text
//! SETUVAR --export OPENAI_API_KEY:sk\x2dor\x2dv1\x2d…
//! ```
//! Everything but letters, digits, `_` and `/` is `\xHH`, `\uHHHH` or `\UHHHHHHHH`; `\x1e` is between the members of a list
//! (fish 3, `src/env_universal_common.cpp`; a file written by fish 3.6).

use super::{Held, Kind, Origin, Reader, Search, When};
use crate::secret::Secret;

/// The source.
pub(super) fn search(search: &mut Search<'_>) {
    let path = search.scene.config_folder().join("fish/fish_variables");
    let Some(text) = search.read_text(&path) else { return };
    for (at, line) in text.lines().enumerate() {
        let mut rest = line.trim_start();
        let Some(after) = rest.strip_prefix("SETUVAR ") else { continue };
        rest = after;
        let mut exported = false;
        while let Some((flag, after)) = rest.strip_prefix("--").and_then(|rest| rest.split_once(' ')) {
            exported |= flag == "export";
            rest = after;
        }
        let Some((name, value)) = rest.split_once(':') else { continue };
        let column = line.len() - value.len() + 1;
        let reader = Reader::Shell("fish", When::Always);
        let origin = Origin::at(Kind::FishUniversal, reader, &path, at + 1, Some(column));
        match unescape(value) {
            Some(value) => search.add(name, Held::Text(Secret::new(value)), origin, exported),
            None => search.add(name, Held::Unknowable, origin, exported),
        }
    }
}

fn unescape(value: &str) -> Option<String> {
    let mut text = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        let digits = match chars.next()? {
            'x' | 'X' => 2,
            'u' => 4,
            'U' => 8,
            other => {
                text.push(other);
                continue;
            }
        };
        let hex: String = chars.by_ref().take(digits).collect();
        let code = u32::from_str_radix(&hex, 16).ok()?;
        // Exported, a list is one text with blanks between.
        text.push(if code == 0x1e { ' ' } else { char::from_u32(code)? });
    }
    Some(text)
}
