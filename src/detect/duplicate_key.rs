//! One variable twice in a file: most loaders take the last, Rust's the first.

use super::env_file::Line;
use super::environment::{is_base_url, is_key};
use super::fix::Fix;
use super::{Detector, Finding, Look, look};
use crate::dotenv::Dialect;
use crate::secret::Secret;

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["duplicate-key"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in &look.files {
        let wanted = |line: &&Line| line.sign == b'=' && (is_key(&line.name) || is_base_url(&line.name));
        let mut names: Vec<&str> = Vec::new();
        for line in file.lines.iter().filter(wanted) {
            let same: Vec<&Line> = file.lines.iter().filter(|other| wanted(other) && other.name == line.name).collect();
            if same.len() < 2 || names.contains(&line.name.as_str()) {
                continue;
            }
            names.push(&line.name);
            let (Some(first), Some(last)) = (same.first(), same.last()) else { continue };
            let text = |line: &Line| crate::sanitize::clean(&file.written(line)).value;
            let is_equal = same.iter().all(|line| text(line).same_as(&text(first)));
            let rust = file.reading(Dialect::Dotenvy).winner(&line.name).map(|winner| winner.place.line);
            let finding = if is_equal {
                Finding::info(
                    "duplicate-key",
                    format!("{} stands on {} lines with the same value", line.name, same.len()),
                )
            } else {
                let what = format!(
                    "{} has different values on lines {} and {}: most loaders take line {}, dotenvy and uv (Rust) line {}",
                    line.name,
                    first.number,
                    last.number,
                    last.number,
                    rust.unwrap_or(first.number)
                );
                Finding::warning("duplicate-key", what)
            };
            let mut finding = finding.variable(line.name.clone());
            for line in &same {
                let value: Secret = text(line);
                let spot = super::Spot {
                    shown: Some(look::shown(&line.name, &value)),
                    ..look.spot(file.origin(line.number, Some(file.column(line))), &line.name, &value)
                };
                finding = finding.at(spot);
            }
            let change = file.comment_out(first, &format!("see line {}", last.number));
            let edit =
                Fix::edit(format!("take line {} out, and keep line {}", first.number, last.number), &file.path, change);
            found.push(finding.fix(if is_equal { edit.safe() } else { edit }));
        }
    }
    found
}
