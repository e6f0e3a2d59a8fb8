//! A `.env` file of a directory above, outside of this project, that loaders take when there is none here.

use super::environment::is_key;
use super::{Detector, Finding, Look};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["parent-env"], find };

fn find(look: &Look) -> Vec<Finding> {
    let cwd = look.scene.cwd.as_path();
    let is_in = |dir: &std::path::Path| look.files.iter().any(|file| file.path.parent() == Some(dir));
    let root = look.repository().unwrap_or(cwd);
    // The root of a repository is where its own `.env` belongs.
    if cwd.ancestors().take_while(|dir| dir.starts_with(root)).any(is_in) {
        return Vec::new();
    }
    let Some(file) = look.files.iter().find(|file| file.path.file_name().is_some_and(|name| name == ".env")) else {
        return Vec::new();
    };
    let names: Vec<&str> = file.lines.iter().map(|line| line.name.as_str()).filter(|name| is_key(name)).collect();
    let Some(first) = names.first() else { return Vec::new() };
    let what = format!(
        "{first} comes from a `.env` file above this project: python-dotenv and dotenvy look upwards, Node does not"
    );
    let finding = Finding::info("parent-env", what).variable(*first);
    let finding = look.in_file(file, first).into_iter().fold(finding, Finding::at);
    vec![finding.data("variables", names).hint("a pin says which profile a directory has: `llmenv use NAME --here`")]
}
