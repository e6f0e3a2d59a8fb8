//! A key of somebody else in a family's variable, and no base URL: the family's maker gets it.

use super::pair;
use super::{Detector, Finding, Look};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["base-url-missing"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for pair in look.pairs() {
        let (Some(owner), Some(family), None) = (pair.owner(), pair.family(), &pair.base) else { continue };
        let maker = pair::maker(family);
        if pair.may_belong_to(maker) || pair.key == "CLAUDE_CODE_OAUTH_TOKEN" || pair.key == "GOOGLE_API_KEY" {
            continue;
        }
        let base = family.base_url_variable();
        let finding = if pair.is_here {
            let what =
                format!("{base} is not set, so the key of {} in {} is sent to {}", owner.name, pair.key, maker.name);
            Finding::error("base-url-missing", what)
        } else {
            let what = format!(
                "{} holds a key of {}, and no {base} goes with it: a program that names no address itself sends it to {}",
                pair.key, owner.name, maker.name
            );
            Finding::info("base-url-missing", what)
        };
        let right = owner.family_endpoint(family).map(|endpoint| endpoint.base_url.clone());
        let hint = match &right {
            Some(right) => format!("set {base}={right}; a profile sets both, or neither"),
            None => format!("`unset {}`: {} has no address for such clients", pair.key, owner.name),
        };
        found.push(pair::told(finding, pair).data("key", owner.id.as_str()).data("suggestion", right).hint(hint));
    }
    found
}
