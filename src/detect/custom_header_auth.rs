//! A variable with headers of its own, one of which is another key.

use super::{Detector, Finding, Look};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["custom-header-auth"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for name in ["ANTHROPIC_CUSTOM_HEADERS", "OPENAI_CUSTOM_HEADERS"] {
        let Some(text) = look.text(name).filter(|_| !look.is_own(name)) else { continue };
        let lower = text.to_ascii_lowercase();
        let header = ["authorization", "x-api-key", "api-key", "x-goog-api-key"].into_iter().find(|header| {
            lower.split(['\n', ',', ';', '{', '"']).any(|line| {
                line.trim_start()
                    .strip_prefix(header)
                    .is_some_and(|rest| rest.trim_start().starts_with([':', '"']) || rest.is_empty())
            })
        });
        let Some(header) = header else { continue };
        let what = format!("{name} carries a header `{header}` of its own, which takes the place of the key");
        let finding = Finding::warning("custom-header-auth", what).variable(name).at(look.here(name));
        found.push(finding.data("header", header).hint(format!("take that header out of {name}")));
    }
    found
}
