//! An organisation or project that is sent along with a key of another account, or to somebody else's host.

use super::look::host_of;
use super::{Detector, Finding, Look};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["stray-org-header", "org-header-to-foreign-host"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for name in ["OPENAI_ORG_ID", "OPENAI_ORGANIZATION", "OPENAI_PROJECT_ID", "OPENAI_PROJECT"] {
        let Some(value) = look.text(name).filter(|_| !look.is_own(name)) else { continue };
        let host = look.text("OPENAI_BASE_URL").and_then(host_of);
        let is_openai =
            |host: &str| host == "openai.com" || host.ends_with(".openai.com") || host.ends_with(".azure.com");
        let finding = if host.as_deref().is_some_and(|host| !is_openai(host)) {
            Finding::warning(
                "org-header-to-foreign-host",
                format!("{name} is sent along to a host that is not OpenAI's"),
            )
            .data("host", host)
        } else if look.pairs().iter().any(|pair| pair.is_here && pair.key == "OPENAI_API_KEY" && is_bound(look)) {
            Finding::warning(
                "stray-org-header",
                format!(
                    "{name} is sent along with a key that belongs to a project already: another account's gives 401 `mismatched_organization`"
                ),
            )
        } else if !value.starts_with("org-") && !value.starts_with("proj_") && look.variable("OPENAI_API_KEY").is_some()
        {
            Finding::warning(
                "stray-org-header",
                format!("{name} is set, and OpenAI's ids start with `org-` or `proj_`"),
            )
        } else {
            continue;
        };
        found.push(finding.variable(name).at(look.here(name)).hint(format!("`unset {name}`")));
    }
    found
}

/// Keys of projects name their organisation themselves.
fn is_bound(look: &Look) -> bool {
    look.text("OPENAI_API_KEY").is_some_and(|key| key.starts_with("sk-proj-") || key.starts_with("sk-svcacct-"))
}
