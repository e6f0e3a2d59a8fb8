//! Other names of the base URL: some tools read them, today's own clients do not.

use super::environment::LEGACY_BASES;
use super::{Detector, Finding, Look, pair};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["legacy-base-var"], find };

fn find(look: &Look) -> Vec<Finding> {
    let main = look.text("OPENAI_BASE_URL");
    let same = |one: &str, other: &str| one.trim_end_matches('/') == other.trim_end_matches('/');
    let mut found = Vec::new();
    for name in LEGACY_BASES.into_iter().filter(|name| !look.is_own(name)) {
        let Some(text) = look.text(name) else { continue };
        let finding = match main {
            Some(main) if same(main, text) => continue,
            Some(_) => Finding::warning(
                "legacy-base-var",
                format!(
                    "{name} and OPENAI_BASE_URL differ: aider and LiteLLM read the one, OpenAI's clients the other"
                ),
            )
            .at(look.here("OPENAI_BASE_URL"))
            .hint(format!("`unset {name}`, or set both to the same")),
            None => {
                let what = format!(
                    "{name} is set and OPENAI_BASE_URL is not: today's OpenAI clients read the latter alone, and go to api.openai.com"
                );
                let pairs = look.pairs();
                let key =
                    pairs.iter().find(|pair| pair.is_here && pair.key == "OPENAI_API_KEY").and_then(pair::Pair::owner);
                // Somebody else's key goes to OpenAI.
                let finding =
                    if key.is_some_and(|owner| owner.id != "openai") { Finding::error } else { Finding::warning };
                finding("legacy-base-var", what).hint("set OPENAI_BASE_URL to the same address")
            }
        };
        found.push(finding.variable(name).at(look.here(name)));
    }
    found
}
