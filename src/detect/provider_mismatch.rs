//! A key of one provider beside the address of another, or under another's name.

use super::pair::{self, Pair};
use super::{Detector, Finding, Look};
use crate::provider::{self, Role};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["provider-mismatch"], find };

fn find(look: &Look) -> Vec<Finding> {
    look.pairs().iter().filter_map(of_pair).collect()
}

fn of_pair(pair: &Pair) -> Option<Finding> {
    let owner = pair.owner()?;
    let severity = if pair.is_here { Finding::error } else { Finding::warning };
    if let Some((base, _)) = &pair.base {
        let row = pair.row().filter(|row| !pair.may_belong_to(row))?;
        let finding = severity(
            "provider-mismatch",
            format!(
                "{} holds a key of {}, and {base} sends it to {}: the answer will be 401",
                pair.key, owner.name, row.name
            ),
        );
        let hint = format!(
            "`llmenv add NAME` with that key and `llmenv use NAME` set both together; or set {base} to the address of {}",
            owner.name
        );
        return Some(
            pair::told(finding, pair).data("key", owner.id.as_str()).data("base_url", row.id.as_str()).hint(hint),
        );
    }
    if pair.family().is_some() {
        return None;
    }
    let rows = provider::of_variable(&pair.key);
    let mut owning = rows.iter().filter(|(_, variable)| variable.role == Role::Key && variable.own);
    let (first, _) = owning.next()?;
    if rows.iter().any(|(row, _)| pair.may_belong_to(row)) {
        return None;
    }
    let finding =
        severity("provider-mismatch", format!("{} holds a key of {}, not of {}", pair.key, owner.name, first.name));
    let name = owner.variables.iter().find(|variable| variable.role == Role::Key && variable.own);
    let hint = match name {
        Some(variable) => format!("move it to {}", variable.name),
        None => format!("`unset {}`", pair.key),
    };
    Some(pair::told(finding, pair).data("key", owner.id.as_str()).data("variable_of", first.id.as_str()).hint(hint))
}
