//! A variable that is set and empty: loaders of `.env` files leave it so.

use super::environment::is_key;
use super::{Detector, Finding, Look};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["empty-shadows-file"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    let empty = look.foreign().filter(|(name, value)| is_key(name) && value.expose().trim().is_empty());
    for (name, _) in empty {
        let hidden =
            look.files.iter().find(|file| file.value(name).is_some_and(|(value, _)| !value.expose().trim().is_empty()));
        let what = match hidden {
            Some(_) => format!(
                "{name} is set and empty in this shell: python-dotenv, dotenv, Next.js and uv keep it so, and the key in the file is not used"
            ),
            None => format!("{name} is set and empty: a `.env` file does not fill it in, since it counts as set"),
        };
        let mut finding = Finding::warning("empty-shadows-file", what).variable(name).at(look.here(name));
        if let Some(spot) = hidden.and_then(|file| look.in_file(file, name)) {
            finding = finding.at(spot);
        }
        found.push(finding.fix(super::fix::Fix::command(format!("`unset {name}`"))));
    }
    found
}
