//! A key that is given to the build of an image: it stays in the image's history.

use super::environment::is_key;
use super::{Detector, Finding, Look, Spot};
use crate::source::{Kind, Origin, Reader};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["key-in-build-arg"], find };

/// The most files of a directory.
const MAX_FILES: usize = 10;

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    let is_image = |path: &std::path::PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| {
            name == "Containerfile" || name.starts_with("Dockerfile") || name.ends_with(".Dockerfile")
        })
    };
    let paths: Vec<_> = look.entries(&look.scene.cwd, 500).into_iter().filter(is_image).take(MAX_FILES).collect();
    for path in paths {
        let Some(text) = look.read_text(&path) else { continue };
        for (at, line) in text.lines().enumerate() {
            let mut words = line.split_ascii_whitespace();
            let is_arg = words.next().is_some_and(|word| word.eq_ignore_ascii_case("ARG"));
            let name = words.next().unwrap_or_default().split('=').next().unwrap_or_default();
            if is_arg && is_key(name) {
                let origin = Origin::at(Kind::Container, Reader::Container("build".into()), &path, at + 1, Some(1));
                found.push(told(name, Spot::bare(origin)));
            }
        }
    }
    let is_arg = |held: &&crate::source::Assignment| {
        held.origin.kind == Kind::Container
            && held.origin.part.as_deref().is_some_and(|part| part.contains("build.args"))
    };
    for held in look.assignments.iter().filter(is_arg).filter(|held| is_key(&held.name)) {
        found.push(told(&held.name, look.place(held)));
    }
    found
}

fn told(name: &str, spot: Spot) -> Finding {
    let what = format!(
        "{name} is an argument of an image's build, and `docker history` shows it to everybody who has the image"
    );
    let finding = Finding::warning("key-in-build-arg", what).variable(name).at(spot);
    finding.hint("give it when the container runs, or with `RUN --mount=type=secret` while it is built")
}
