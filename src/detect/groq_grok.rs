//! Groq and Grok (xAI) are two companies: a key of one at the other.

use super::pair;
use super::{Detector, Finding, Look};
use crate::provider::{self, Role};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["groq-grok"], find };

fn find(look: &Look) -> Vec<Finding> {
    let is_pair = |one: &str, other: &str| matches!((one, other), ("groq", "xai") | ("xai", "groq"));
    let mut found = Vec::new();
    for pair in look.pairs() {
        let Some(owner) = pair.owner() else { continue };
        let asked = pair.row().map(|row| row.id.as_str()).or_else(|| {
            let own = provider::of_variable(&pair.key).iter();
            own.filter(|(_, variable)| variable.role == Role::Key).map(|(row, _)| row.id.as_str()).next()
        });
        let Some(asked) = asked.filter(|asked| is_pair(&owner.id, asked)) else { continue };
        let (have, goes) =
            if owner.id == "groq" { ("Groq", "xAI, which makes Grok") } else { ("xAI, which makes Grok", "Groq") };
        let finding = Finding::error(
            "groq-grok",
            format!("{} holds a key of {have}, and goes to {goes}: they are different companies", pair.key),
        );
        let right = owner.default_endpoint().map(|endpoint| endpoint.base_url.as_str()).unwrap_or_default();
        found.push(
            pair::told(finding, pair)
                .data("key", owner.id.as_str())
                .data("goes_to", asked)
                .hint(format!("a key of {have} belongs to {right}")),
        );
    }
    found
}
