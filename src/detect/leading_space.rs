//! A blank after `=`: `source` runs the key as a command, and prints it.

use super::environment::{is_base_url, is_key};
use super::fix::Fix;
use super::{Detector, Finding, Look};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["leading-space"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in &look.files {
        for line in
            file.lines.iter().filter(|line| line.sign == b'=' && (is_key(&line.name) || is_base_url(&line.name)))
        {
            let raw = file.bytes.get(line.value.clone()).unwrap_or_default();
            let written = file.written(line);
            let is_blank = raw.first().is_some_and(|byte| matches!(byte, b' ' | b'\t'));
            if !is_blank || written.is_empty() || written.starts_with('#') {
                continue;
            }
            let what =
                format!("{} has a blank after `=`: `source` runs the value as a command and prints it", line.name);
            let mut finding = Finding::error("leading-space", what).variable(line.name.clone());
            finding = look.in_file(file, &line.name).into_iter().fold(finding, Finding::at);
            let is_quoted = written.starts_with(['"', '\'']);
            let clean = crate::sanitize::clean(&written).value;
            let change = file.rewrite(line, if is_quoted { clean.expose() } else { &written });
            found.push(finding.data("leaks_when_sourced", true).fix(match change {
                Some(change) => Fix::edit("take the blank out", &file.path, change).safe(),
                None => Fix::hint("take the blank out"),
            }));
        }
    }
    found
}
