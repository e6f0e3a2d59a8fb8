//! A `$` in a key that loaders take for a variable, and replace by nothing.

use super::environment::is_key;
use super::fix::{Change, Fix};
use super::value::names;
use super::{Detector, Finding, Look};
use crate::dotenv::Dialect;

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["dollar-expansion"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in &look.files {
        for line in file.lines.iter().filter(|line| is_key(&line.name)) {
            let written = file.written(line);
            let Some(at) = written.find('$') else { continue };
            let name: String = written[at + 1..]
                .trim_start_matches('{')
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            // `NAME=${OTHER}` is meant, where the other is there; `$(…)` runs something and is told as that.
            let is_there =
                look.scene.variables.contains_key(&name) || file.lines.iter().any(|other| other.name == name);
            let is_whole = written.trim_matches(['"', '\'']).starts_with('$');
            if name.is_empty() || is_there || is_whole || written[at..].starts_with("$(") {
                continue;
            }
            let readings = file.readings_of(&line.name);
            let kept = |value: &str| value.contains('$');
            let cut: Vec<Dialect> = readings
                .iter()
                .filter(|(value, _)| !kept(value.expose()))
                .flat_map(|(_, loaders)| loaders.clone())
                .collect();
            if cut.is_empty() {
                continue;
            }
            let what = format!(
                "{} has a `$` in it, and {} put a variable that is not set in the place of what follows",
                line.name,
                names(&cut)
            );
            let mut finding = Finding::warning("dollar-expansion", what).variable(line.name.clone());
            finding = look.in_file(file, &line.name).into_iter().fold(finding, Finding::at);
            let ids: Vec<&str> = cut.iter().map(|loader| loader.id()).collect();
            let bare = written.trim_matches('"');
            let quoted = (!bare.contains('\'')).then(|| format!("{}='{bare}'", line.name));
            found.push(finding.data("loaders", ids).fix(match quoted {
                Some(quoted) => Fix::edit(
                    "put it in single quotes, and keep it out of Next.js, which expands even there",
                    &file.path,
                    Change::replace(&file.bytes, line.span.clone(), quoted),
                ),
                None => Fix::hint("copy the key again: providers' keys have no `$`"),
            }));
        }
    }
    found
}
