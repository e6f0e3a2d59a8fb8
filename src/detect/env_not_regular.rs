//! A `.env` that is no file: a pipe, a device, a folder, a link to nowhere, or far too large.

use super::finding::Spot;
use super::{Detector, Finding, Look};
use crate::source::{Kind, Origin, Reader};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["env-not-regular", "env-too-large", "env-is-dir"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for unread in look.unread.iter().filter(|unread| unread.kind == Kind::Dotenv) {
        let Some(path) = &unread.path else { continue };
        let spot =
            Spot::bare(Origin { path: Some(path.clone()), ..Origin::of(Kind::Dotenv, Reader::Loaders(Vec::new())) });
        let found_type = std::fs::metadata(path);
        let finding = match found_type {
            Ok(found) if found.is_dir() => {
                let what =
                    "there is a folder named so, as `python -m venv .env` makes one, and no `.env` file beside it";
                Finding::info("env-is-dir", what).hint("nothing, if it is a Python environment")
            }
            Ok(found) if found.is_file() && found.len() > 1024 * 1024 => {
                let what = format!(
                    "the file has {} MB and was not read: no `.env` file is that large",
                    found.len() / 1_000_000
                );
                Finding::warning("env-too-large", what).hint("look what it is; loaders read it whole")
            }
            Ok(_) => {
                let what = format!("a `.env` file was not read: {}", unread.reason);
                let hint = "programs that load it read what is at its other end; 1Password makes such pipes";
                Finding::warning("env-not-regular", what).hint(hint)
            }
            Err(_) => {
                let what = "a `.env` file was not read: it is a link to a file that is not there";
                Finding::warning("env-not-regular", what).hint("take the link out, or put the file back")
            }
        };
        found.push(finding.at(spot));
    }
    found
}
