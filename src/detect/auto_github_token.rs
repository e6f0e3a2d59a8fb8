//! The token that GitHub puts into workflows and codespaces is none for GitHub Models.

use super::look::host_of;
use super::{Detector, Finding, Look};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["auto-github-token"], find };

fn find(look: &Look) -> Vec<Finding> {
    let is_there = ["GITHUB_ACTIONS", "CODESPACES"].iter().any(|name| look.text(name) == Some("true"));
    let goes_to_models = ["OPENAI_BASE_URL", "OPENAI_API_BASE"]
        .iter()
        .filter_map(|name| host_of(look.text(name)?))
        .any(|host| matches!(host.as_str(), "models.github.ai" | "models.inference.ai.azure.com"));
    let is_automatic =
        look.text("GITHUB_TOKEN").is_some_and(|text| text.starts_with("ghs_") || text.starts_with("ghu_"));
    if !is_there || !goes_to_models || !is_automatic {
        return Vec::new();
    }
    let what =
        "GITHUB_TOKEN here is the one that GitHub makes for every run, and GitHub Models wants one with `models: read`";
    let finding = Finding::warning("auto-github-token", what).variable("GITHUB_TOKEN").at(look.here("GITHUB_TOKEN"));
    vec![
        finding.hint(
            "add `permissions: models: read` to the workflow, or keep a token with that right under another name",
        ),
    ]
}
