//! Several credentials for Anthropic at once: which one goes out depends on the program.

use super::finding::Spot;
use super::{Detector, Finding, Look};
use crate::source::{Kind, Origin, Reader};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["anthropic-auth-conflict"], find };

fn find(look: &Look) -> Vec<Finding> {
    const VARIABLES: [&str; 3] = ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"];
    // A profile that is active sets one and takes the others away, login or not: the user chose that.
    let set: Vec<&str> =
        VARIABLES.into_iter().filter(|name| look.variable(name).is_some() && !look.is_own(name)).collect();
    let login = login(look);
    let Some(first) = set.first().filter(|_| set.len() + usize::from(login.is_some()) > 1) else { return Vec::new() };
    let named = |name: &str| set.contains(&name);
    let what = match (&set[..], &login) {
        ([one], Some(_)) => {
            let dummy = look.text(one).is_some_and(|text| text.len() < 20);
            let more = if dummy { ", so that every prompt answers 401" } else { "" };
            format!("{one} takes the place of your Claude login in Claude Code{more}")
        }
        _ => {
            let names = set.join(" and ");
            let winner = if named("ANTHROPIC_API_KEY") && named("ANTHROPIC_AUTH_TOKEN") {
                ": SDKs send the first alone, Claude Code sends the second"
            } else {
                ": which one is sent depends on the program"
            };
            format!("{names} are set{winner}")
        }
    };
    let mut finding = Finding::warning("anthropic-auth-conflict", what).variable(*first);
    for name in &set {
        finding = finding.at(look.here(name));
    }
    finding = login.into_iter().fold(finding, Finding::at);
    let winners = serde_json::json!({
        "sdk": if named("ANTHROPIC_API_KEY") { "ANTHROPIC_API_KEY" } else { "ANTHROPIC_AUTH_TOKEN" },
        "claude-code": if named("ANTHROPIC_AUTH_TOKEN") { "ANTHROPIC_AUTH_TOKEN" } else { first },
    });
    vec![finding.data("winners", winners).hint(format!("`unset {}` to keep the other", set.last().unwrap_or(first)))]
}

/// A login of Claude Code on this machine, or a helper that gives it keys.
fn login(look: &Look) -> Option<Spot> {
    let folder = look.scene.folder("CLAUDE_CONFIG_DIR", ".claude");
    let at = |path| Spot::bare(Origin { path: Some(path), ..Origin::of(Kind::ToolConfig, Reader::Tool("claude")) });
    let file = folder.join(".credentials.json");
    let text = look.read_text(&file);
    let is_login = text.is_some_and(|text| text.contains("\"claudeAiOauth\"") && text.contains("sk-ant-oat"));
    if is_login {
        return Some(at(file));
    }
    let settings = folder.join("settings.json");
    let has_helper = look.read_text(&settings).is_some_and(|text| text.contains("\"apiKeyHelper\""));
    has_helper.then(|| at(settings))
}
