//! A client library so old that it reads other variables.

use super::{Detector, Finding, Look, Spot};
use crate::source::{Kind, Origin, Reader};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["old-sdk"], find };

fn find(look: &Look) -> Vec<Finding> {
    let named = look.text("VIRTUAL_ENV").map(std::path::PathBuf::from);
    let near = [".venv", "venv"].into_iter().filter_map(|name| look.nearest(name));
    for environment in named.into_iter().chain(near) {
        let pythons = look.entries(&environment.join("lib"), 20).into_iter().map(|path| path.join("site-packages"));
        for folder in pythons.chain([environment.join("Lib/site-packages")]) {
            for path in look.entries(&folder, 3_000) {
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                let version = name.strip_prefix("openai-").and_then(|rest| rest.strip_suffix(".dist-info"));
                let Some(version) = version.filter(|version| version.starts_with("0.")) else { continue };
                let version = crate::printable::text(version);
                let what =
                    format!("openai {version} is installed here: it reads OPENAI_API_BASE and not OPENAI_BASE_URL");
                let origin =
                    Origin { path: Some(path.clone()), ..Origin::of(Kind::ToolConfig, Reader::Tool("python")) };
                let finding = Finding::warning("old-sdk", what).at(Spot::bare(origin)).variable("OPENAI_API_BASE");
                return vec![
                    finding
                        .data("version", version)
                        .hint("`pip install -U openai`, or set OPENAI_API_BASE to the same address"),
                ];
            }
        }
    }
    Vec::new()
}
