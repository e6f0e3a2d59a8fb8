//! `KEY: value`, and the words of other shells (`set`, `setx`, `$env:`), in a file where `KEY=value` belongs.

use super::environment::{is_base_url, is_key};
use super::fix::Fix;
use super::{Detector, Finding, Look, Spot};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["yaml-colon", "assignment-in-value"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in &look.files {
        for line in file.lines.iter().filter(|line| is_key(&line.name) || is_base_url(&line.name)) {
            let written = file.written(line);
            let (id, what) = if line.sign == b':' {
                ("yaml-colon", format!("{} is followed by `:`, where most loaders want `=`", line.name))
            } else if matches!(line.before, "set" | "setx" | "$env:") {
                (
                    "assignment-in-value",
                    format!("`{}` stands before {}, which no loader of `.env` files reads", line.before, line.name),
                )
            } else {
                continue;
            };
            let finding = Finding::error(id, what)
                .variable(line.name.clone())
                .at(Spot::bare(file.origin(line.number, Some(file.column(line)))));
            let clean = crate::sanitize::clean(&written).value;
            let plain = super::env_file::Line { before: "", ..line.clone() };
            found.push(finding.fix(match file.rewrite(&plain, clean.expose()) {
                Some(change) => Fix::edit(format!("write `{}=…`", line.name), &file.path, change).safe(),
                None => Fix::hint(format!("write `{}=…`", line.name)),
            }));
        }
    }
    found
}
