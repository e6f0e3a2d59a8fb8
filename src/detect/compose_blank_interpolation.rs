//! `${NAME}` in a Compose file, of a variable that neither this shell nor the project's `.env` has: the container gets nothing.

use super::environment::{is_base_url, is_key};
use super::{Detector, Finding, Look};
use crate::dotenv::Dialect;
use crate::source::{Held, Kind};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["compose-blank-interpolation"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for held in &look.assignments {
        let Held::Variable(source) = &held.held else { continue };
        if held.origin.kind != Kind::Container || !(is_key(&held.name) || is_base_url(&held.name)) {
            continue;
        }
        let Some(path) = &held.origin.path else { continue };
        let project = look.files.iter().find(|file| {
            file.path.parent() == path.parent() && file.path.file_name().is_some_and(|name| name == ".env")
        });
        let is_given = look.variable(source).is_some()
            || project.and_then(|file| file.text(Dialect::Compose, source)).is_some_and(|text| !text.is_empty());
        // `${NAME:-other}` and `${NAME:?…}` say themselves what is to be then.
        let line = look
            .read_text(path)
            .and_then(|text| text.lines().nth(held.origin.line?.checked_sub(1)?).map(str::to_owned));
        let has_other = line.is_some_and(|line| {
            line.contains(&format!("{source}:-"))
                || line.contains(&format!("{source}-"))
                || line.contains(&format!("{source}:?"))
                || line.contains(&format!("{source}?"))
        });
        if is_given || has_other {
            continue;
        }
        let source = crate::printable::text(source);
        let in_other = look.files.iter().any(|file| file.value(&held.name).is_some());
        let more = if in_other { ", although a `.env` file above has one" } else { "" };
        let what = format!(
            "Compose takes {} from {source} of the shell that starts it, where it is not set: the container gets an empty value{more}",
            held.name
        );
        let finding =
            Finding::warning("compose-blank-interpolation", what).variable(held.name.clone()).at(look.place(held));
        found.push(finding.data("source", source).hint(
            "start it with `llmenv exec NAME -- docker compose up --force-recreate`, or name the file in `env_file:`",
        ));
    }
    found
}
