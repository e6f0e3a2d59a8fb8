//! A `#` glued to a value: half of the loaders take what follows for a comment.

use super::environment::{is_base_url, is_key};
use super::fix::Fix;
use super::value::names;
use super::{Detector, Finding, Look};
use crate::dotenv::Dialect;

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["hash-in-value"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in &look.files {
        for line in file.lines.iter().filter(|line| is_key(&line.name) || is_base_url(&line.name)) {
            let written = file.written(line);
            let Some(at) = written.find('#').filter(|at| *at > 0 && !written.starts_with(['"', '\'', '`'])) else {
                continue;
            };
            if written[..at].ends_with([' ', '\t']) {
                continue;
            }
            let readings = file.readings_of(&line.name);
            let holding = |with: bool| -> Vec<Dialect> {
                let wanted = readings.iter().filter(|(value, _)| value.expose().contains('#') == with);
                wanted.flat_map(|(_, loaders)| loaders.clone()).collect()
            };
            let (kept, cut) = (holding(true), holding(false));
            if kept.is_empty() || cut.is_empty() {
                continue;
            }
            let what = format!(
                "{} has a `#` glued to its value: {} read on behind it, {} stop there",
                line.name,
                names(&kept),
                names(&cut)
            );
            let mut finding = Finding::warning("hash-in-value", what).variable(line.name.clone());
            finding = look.in_file(file, &line.name).into_iter().fold(finding, Finding::at);
            finding = finding.data("kept_by", kept.iter().map(|loader| loader.id()).collect::<Vec<_>>());
            finding = finding.data("cut_by", cut.iter().map(|loader| loader.id()).collect::<Vec<_>>());
            let change = file.rewrite(line, &written[..at]);
            found.push(finding.fix(match change {
                Some(change) => Fix::edit("move the comment to a line of its own", &file.path, change),
                None => Fix::hint("move the comment to a line of its own"),
            }));
        }
    }
    found
}
