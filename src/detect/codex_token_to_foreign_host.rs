//! Codex that sends the login of a subscription to a host that is not its maker's.

use toml_edit::Document;

use super::look::host_of;
use super::{Detector, Finding, Look, Spot};
use crate::source::{Kind, Origin, Reader};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["codex-token-to-foreign-host"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    let own = look.scene.folder("CODEX_HOME", ".codex").join("config.toml");
    let here = look.nearest(".codex/config.toml").filter(|path| *path != own);
    for path in here.into_iter().chain([own]) {
        let Some(text) = look.read_text(&path) else { continue };
        let Ok(document) = Document::parse(text.as_str()) else { continue };
        let Some(providers) = document.get("model_providers").and_then(|item| item.as_table_like()) else { continue };
        for (name, item) in providers.iter() {
            let Some(table) = item.as_table_like() else { continue };
            let asks = table.get("requires_openai_auth").and_then(toml_edit::Item::as_bool) == Some(true);
            let url = table.get("base_url").and_then(|item| item.as_str()).unwrap_or_default();
            let Some(host) = host_of(url).filter(|_| asks) else { continue };
            let is_openai =
                ["openai.com", "chatgpt.com"].iter().any(|own| host == *own || host.ends_with(&format!(".{own}")));
            if is_openai {
                continue;
            }
            let start = table.get("requires_openai_auth").and_then(toml_edit::Item::span).map_or(0, |span| span.start);
            let line = text[..start].matches('\n').count() + 1;
            let origin = Origin::at(Kind::ToolConfig, Reader::Tool("codex"), &path, line, None)
                .part(format!("model_providers.{name}.requires_openai_auth"));
            let shown = crate::printable::text(&host);
            let what = format!(
                "Codex sends your ChatGPT login to {shown}, because the provider `{}` has requires_openai_auth = true",
                crate::printable::text(name)
            );
            let finding = Finding::error("codex-token-to-foreign-host", what).at(Spot::bare(origin)).data("host", host);
            found.push(
                finding.hint(
                    "write `env_key = \"NAME\"` there in its place, with the variable that has that host's own key",
                ),
            );
        }
    }
    found
}
