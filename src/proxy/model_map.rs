//! Which model a client's name means upstream. Pure.
//!
//! Tools name the models of their own maker whatever they talk to: Claude Code asks any endpoint for `claude-opus-…`, Codex
//! for `gpt-5`. Such a name is mapped by size (`models.big`, `.middle`, `.small`) or to `model`; a name that the endpoint may
//! well know is left as it is, and so is every name where the profile says nothing.

use crate::profile::Profile;
use crate::provider::Provider;

/// What Claude Code adds to a name to ask for the long window; no endpoint takes it.
const LONG_WINDOW: &str = "[1m]";

/// The model to ask for instead of the client's; `None`: the client's own.
pub fn map(profile: &Profile, provider: &Provider, asked: &str) -> Option<String> {
    let plain = asked.strip_suffix(LONG_WINDOW).unwrap_or(asked);
    let stripped = (plain != asked).then(|| plain.to_owned());
    let is_own = profile.model.as_deref() == Some(plain) || profile.models.values().any(|model| model == plain);
    if is_own || plain.is_empty() {
        return stripped;
    }
    let Some(maker) = maker(plain).filter(|maker| !is_at_home(plain, maker, provider)) else { return stripped };
    let default = profile.model.as_ref();
    let sized = (maker == "anthropic").then(|| size(plain)).and_then(|size| profile.models.get(size));
    let other = || profile.models.get("middle").or_else(|| profile.models.get("big"));
    sized.or(default).or_else(other).or_else(|| profile.models.get("small")).cloned().or(stripped)
}

/// The provider whose name a model bears, for the makers after whose models tools are built.
fn maker(model: &str) -> Option<&'static str> {
    let bare = model.rsplit('/').next().unwrap_or(model);
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| bare.starts_with(prefix));
    let is_o_series = bare.strip_prefix('o').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if begins(&["claude", "opus", "sonnet", "haiku"]) {
        Some("anthropic")
    } else if (begins(&["gpt-", "chatgpt-", "codex-"]) && !begins(&["gpt-oss"])) || is_o_series {
        Some("openai")
    } else if begins(&["gemini-"]) {
        Some("gemini")
    } else {
        None
    }
}

/// Says whether an endpoint may well know a name: its maker's own, and `vendor/model` where that is how models are called.
fn is_at_home(model: &str, maker: &str, provider: &Provider) -> bool {
    provider.id == maker || model.contains('/') || (maker == "openai" && provider.id == "azure-openai")
}

fn size(model: &str) -> &'static str {
    if model.contains("opus") {
        "big"
    } else if model.contains("haiku") {
        "small"
    } else {
        "middle"
    }
}
