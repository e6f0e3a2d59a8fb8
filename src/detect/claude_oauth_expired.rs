//! The login of Claude Code: expired, or a file that is broken.

use super::{Detector, Finding, Look, Spot};
use crate::source::{Kind, Origin, Reader};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["claude-oauth-expired", "claude-credentials-corrupt"], find };

/// Claude Code renews its token by itself while the login lives; one that nobody used this long has to be made anew.
const RENEWED_WITHIN_SECONDS: u64 = 30 * 86_400;

fn find(look: &Look) -> Vec<Finding> {
    let path = look.scene.folder("CLAUDE_CONFIG_DIR", ".claude").join(".credentials.json");
    let Some(text) = look.read_text(&path) else { return Vec::new() };
    let spot = Spot::bare(Origin { path: Some(path), ..Origin::of(Kind::ToolConfig, Reader::Tool("claude")) });
    let Ok(json) = serde_json::from_str::<serde_json::Value>(&text) else {
        let what = "the file with the login of Claude Code is broken: it is no JSON";
        let finding = Finding::warning("claude-credentials-corrupt", what).at(spot);
        return vec![finding.hint("run `claude`, then `/login`, which writes it anew")];
    };
    let Some(login) = json.get("claudeAiOauth") else { return Vec::new() };
    let Some(end) = login.get("expiresAt").and_then(serde_json::Value::as_u64).map(|millis| millis / 1000) else {
        return Vec::new();
    };
    let can_renew =
        login.get("refreshToken").and_then(serde_json::Value::as_str).is_some_and(|token| !token.is_empty());
    let grace = if can_renew { RENEWED_WITHIN_SECONDS } else { 0 };
    let Some(since) = look.now.checked_sub(end).filter(|since| *since > grace) else { return Vec::new() };
    let ago = crate::duration::show_duration(std::time::Duration::from_secs(since));
    let what = format!("the login of Claude Code expired {ago} ago");
    let finding = Finding::warning("claude-oauth-expired", what).at(spot).data("expired_seconds_ago", since);
    vec![finding.hint("run `claude`, then `/login`")]
}
