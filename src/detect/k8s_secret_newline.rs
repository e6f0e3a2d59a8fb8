//! A Kubernetes secret whose value ends with a line break, as `echo KEY | base64` makes it.

use super::value::base64;
use super::{Detector, Finding, Look, Spot, look};
use crate::secret::Secret;
use crate::source::{Kind, Origin, Reader};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["k8s-secret-newline"], find };

/// The most files that are read.
const MAX_FILES: usize = 60;

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    let is_yaml = |path: &std::path::PathBuf| path.extension().is_some_and(|end| end == "yaml" || end == "yml");
    let folders = ["", "k8s", "kubernetes", "deploy", "manifests"].map(|name| look.scene.cwd.join(name));
    let paths: Vec<_> =
        folders.iter().flat_map(|folder| look.entries(folder, 300)).filter(is_yaml).take(MAX_FILES).collect();
    for path in paths {
        let Some(text) = look.read_text(&path) else { continue };
        if !text.lines().any(|line| line.trim() == "kind: Secret") {
            continue;
        }
        for (at, line) in text.lines().enumerate() {
            let Some((name, value)) = line.trim().split_once(':') else { continue };
            let value = value.trim().trim_matches(['"', '\'']);
            let Some(decoded) = base64(value).and_then(|bytes| String::from_utf8(bytes).ok()) else { continue };
            let bare = Secret::new(decoded.trim_end_matches(['\n', '\r']));
            let is_secret = look::owner(&bare).is_some()
                || ["key", "token"].iter().any(|word| name.to_ascii_lowercase().contains(word));
            if bare.len() == decoded.len() || bare.is_empty() || !is_secret {
                continue;
            }
            let name = crate::printable::text(name);
            let column = line.find(value).map(|byte| line[..byte].chars().count() + 1);
            let origin = Origin::at(Kind::Container, Reader::Container("kubernetes".into()), &path, at + 1, column);
            let spot = Spot { shown: Some(look::shown(&name, &bare)), ..look.spot(origin, &name, &bare) };
            let what = format!(
                "the secret's `{name}` decodes to a value with a line break at the end, which no HTTP header can carry"
            );
            let finding = Finding::warning("k8s-secret-newline", what).at(spot).variable(name);
            found.push(
                finding.hint(
                    "encode it without: `printf %s KEY | base64`, or `kubectl create secret generic … --from-file`",
                ),
            );
        }
    }
    found
}
