//! A `.env` file's bytes: a mark at its start, UTF-16, lines that end as on Windows.

use super::env_file::EnvFile;
use super::environment::{is_base_url, is_key};
use super::fix::{Change, Fix};
use super::{Detector, Finding, Look, Spot};
use crate::dotenv::{Dialect, Problem};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["bom", "utf16-file", "cr-in-env"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found: Vec<Finding> = look.files.iter().filter_map(of_file).collect();
    // A mark at the start of a file becomes a part of the first name.
    for name in look.scene.variables.keys().filter(|name| name.starts_with('\u{feff}')) {
        let meant = name.trim_start_matches('\u{feff}');
        let what = format!(
            "there is a variable named {meant} with an invisible byte-order mark in front, which no program reads"
        );
        let finding = Finding::warning("bom", what).variable(meant).at(look.here(name));
        found.push(finding.hint("take the mark off the start of the file it comes from"));
    }
    found
}

fn of_file(file: &EnvFile) -> Option<Finding> {
    let reading = file.reading(Dialect::Python);
    let at = |finding: Finding| finding.at(Spot::bare(file.whole()));
    if reading.has(Problem::WideEncoding) {
        let what = "the file is UTF-16, as `>` of Windows PowerShell writes it: no loader can read it";
        let mut edit = Fix::edit("write it as UTF-8", &file.path, Change::Utf8).safe();
        edit.edits.push(super::fix::Edit { path: file.path.clone(), change: Change::LineFeeds });
        return Some(at(Finding::error("utf16-file", what)).fix(edit));
    }
    let matters = |name: &str| is_key(name) || is_base_url(name);
    if reading.has(Problem::ByteOrderMark) {
        let first = file.lines.first()?;
        let blind: Vec<&str> = Dialect::ALL
            .into_iter()
            .filter(|loader| file.reading(*loader).winner(&first.name).is_none())
            .map(Dialect::name)
            .collect();
        let what = if blind.is_empty() {
            "the file starts with a byte-order mark, an invisible character".to_owned()
        } else {
            format!(
                "the file starts with a byte-order mark, so {} of {} loaders do not see {}, among them {}",
                blind.len(),
                Dialect::ALL.len(),
                first.name,
                blind[..blind.len().min(3)].join(", ")
            )
        };
        let finding = if matters(&first.name) { Finding::error("bom", what) } else { Finding::warning("bom", what) };
        let edit = Fix::edit("take the mark off", &file.path, Change::Utf8).safe();
        return Some(at(finding).variable(first.name.clone()).data("loaders", blind).fix(edit));
    }
    let is_windows = reading.has(Problem::CarriageReturn);
    let line = file.lines.iter().find(|line| matters(&line.name)).filter(|_| is_windows && cfg!(unix))?;
    let what = "the file has Windows line ends: `source` gives its program values that end in an invisible carriage return, most loaders do not";
    let edit = Fix::edit("end its lines with a line feed alone", &file.path, Change::LineFeeds).safe();
    Some(at(Finding::warning("cr-in-env", what)).variable(line.name.clone()).data("file", true).fix(edit))
}
