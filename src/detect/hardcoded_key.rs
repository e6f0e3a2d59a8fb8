//! A key in the source code of this repository.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::text_keys::keys;
use super::{Detector, Finding, Look};
use crate::source::{Kind, Origin, Reader};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["hardcoded-key"], find };

/// Sources and settings that are written by hand.
const ENDS: [&str; 22] = [
    "py", "js", "ts", "tsx", "jsx", "mjs", "cjs", "go", "rs", "rb", "java", "kt", "cs", "php", "swift", "sh", "ps1",
    "ipynb", "c", "cpp", "vue", "svelte",
];
/// Folders of other people's code, of results, and of keys that are made up.
const SKIPPED: [&str; 20] = [
    "node_modules",
    "target",
    "dist",
    "build",
    "vendor",
    "venv",
    "__pycache__",
    "site-packages",
    "out",
    "coverage",
    "test",
    "tests",
    "__tests__",
    "spec",
    "fixtures",
    "testdata",
    "examples",
    "example",
    "docs",
    "third_party",
];
/// The most files that are read, and how long that may take: somebody waits.
const MAX_FILES: usize = 600;
const PATIENCE: Duration = Duration::from_millis(40);
const MAX_DEPTH: usize = 6;
const MAX_BYTES: u64 = 256 * 1024;

fn find(look: &Look) -> Vec<Finding> {
    let Some(root) = look.repository().filter(|root| *root != look.scene.home) else { return Vec::new() };
    let begun = Instant::now();
    let mut found = Vec::new();
    let mut waiting: Vec<(PathBuf, usize)> = vec![(root.to_owned(), 0)];
    let mut count = 0;
    while let Some((dir, depth)) = waiting.pop() {
        for path in look.entries(&dir, 500) {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            // Links lead out of the repository.
            let Ok(meta) = path.symlink_metadata() else { continue };
            if meta.is_dir() && depth < MAX_DEPTH && !name.starts_with('.') && !SKIPPED.contains(&name) {
                waiting.push((path, depth + 1));
            } else if meta.is_file() && meta.len() <= MAX_BYTES && is_source(&path) {
                count += 1;
                if count > MAX_FILES || begun.elapsed() > PATIENCE || look.is_over() {
                    return found;
                }
                found.extend(of_file(look, &path));
            }
        }
    }
    found
}

fn is_source(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_test =
        name.starts_with("test_") || name.contains(".test.") || name.contains("_test.") || name.contains(".spec.");
    !is_test && path.extension().and_then(|end| end.to_str()).is_some_and(|end| ENDS.contains(&end))
}

fn of_file(look: &Look, path: &Path) -> Option<Finding> {
    let text = look.read_text(path)?;
    let key = keys(&text, 1).into_iter().next()?;
    let origin = Origin::at(Kind::ToolConfig, Reader::Programs, path, key.line, Some(key.column));
    let spot = look.spot(origin, key.variable.as_deref().unwrap_or_default(), &key.key);
    let what = format!("a key of {} stands in the source code: whoever has the code has the key", key.owner.name);
    let finding = Finding::warning("hardcoded-key", what).at(spot).data("provider", key.owner.id.as_str());
    Some(finding.hint("read it from the environment there, and make a new key if the code was ever shared"))
}
