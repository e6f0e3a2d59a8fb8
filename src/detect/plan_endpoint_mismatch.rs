//! A coding plan's key at the address where one pays by use, or the other way round: same company, other counter.

use super::pair;
use super::{Detector, Finding, Look};
use crate::provider;

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["plan-endpoint-mismatch"], find };

/// Rows of one company: what begins a plan's keys, the plan's row, and the rows where one pays by use.
const PLANS: [(&str, &str, &[&str]); 2] =
    [("sk-kimi-", "kimi-coding", &["moonshot-intl", "moonshot-cn"]), ("sk-cp-", "minimax", &[])];

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for pair in look.pairs() {
        let (Some(row), Some((base, url))) = (pair.row(), &pair.base) else { continue };
        let value = look.scene.variables.get(&pair.key);
        let in_files = look.files.iter().filter_map(|file| Some(file.value(&pair.key)?.0));
        let begins = |start: &str| {
            value.into_iter().chain(in_files.clone()).any(|value| value.expose().trim().starts_with(start))
        };
        for (start, plan, metered) in PLANS {
            if metered.contains(&row.id.as_str()) && begins(start) {
                let Some(right) = provider::find(plan) else { continue };
                found.push(told(
                    pair,
                    base,
                    right.name.as_str(),
                    right.endpoints.last().map(|endpoint| endpoint.base_url.as_str()),
                ));
            }
        }
        // The plan's variable beside the address of the other counter.
        let is_plan_name =
            matches!(pair.key.as_str(), "ZAI_CODING_API_KEY" | "ZHIPU_CODING_API_KEY" | "KIMI_CODE_API_KEY");
        if is_plan_name && !url.contains("/coding") {
            found.push(told(pair, base, "a coding plan", None));
        }
    }
    found
}

fn told(pair: &pair::Pair, base: &str, plan: &str, right: Option<&str>) -> Finding {
    let finding = Finding::warning(
        "plan-endpoint-mismatch",
        format!(
            "{} holds a key of {plan}, and {base} is the address where one pays by use: it answers 401 or `insufficient balance`",
            pair.key
        ),
    );
    let hint = right.map_or_else(|| "take the plan's own address".to_owned(), |right| format!("set {base}={right}"));
    pair::told(finding, pair).data("suggestion", right).hint(hint)
}
