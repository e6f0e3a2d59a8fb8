//! Two different keys for Gemini, or a key beside the switch to Vertex AI, which takes none.

use super::{Detector, Finding, Look};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["gemini-dual-key"], find };

fn find(look: &Look) -> Vec<Finding> {
    let (google, gemini) = (look.variable("GOOGLE_API_KEY"), look.variable("GEMINI_API_KEY"));
    if let (Some(google), Some(gemini)) = (google, gemini)
        && !google.same_as(gemini)
    {
        let what = "GOOGLE_API_KEY and GEMINI_API_KEY hold different keys, and Google's SDK takes GOOGLE_API_KEY";
        let finding = Finding::warning("gemini-dual-key", what).variable("GOOGLE_API_KEY");
        let finding = finding.at(look.here("GOOGLE_API_KEY")).at(look.here("GEMINI_API_KEY"));
        return vec![finding.data("winner", "GOOGLE_API_KEY").hint("`unset` the one that is not meant for Gemini")];
    }
    let is_vertex =
        look.text("GOOGLE_GENAI_USE_VERTEXAI").is_some_and(|text| matches!(text, "1" | "true" | "True" | "TRUE"));
    let is_studio = |name: &&str| look.text(name).is_some_and(|text| text.starts_with("AIza"));
    match ["GEMINI_API_KEY", "GOOGLE_API_KEY"].iter().find(|name| is_studio(name)) {
        Some(name) if is_vertex && !look.is_own("GOOGLE_GENAI_USE_VERTEXAI") => {
            let what = format!(
                "GOOGLE_GENAI_USE_VERTEXAI turns Google's SDK to Vertex AI, which does not take the AI Studio key in {name}"
            );
            let finding = Finding::warning("gemini-dual-key", what).variable(*name).at(look.here(name));
            vec![finding.data("winner", "vertex").hint("`unset GOOGLE_GENAI_USE_VERTEXAI` to use the key")]
        }
        _ => Vec::new(),
    }
}
