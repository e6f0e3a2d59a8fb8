//! `llmenv list`: the profiles, one a line.

use serde_json::json;

use super::args::Report;
use super::connect::Answerer;
use super::{add, edit, here, render, settings, show};
use crate::error::Result;
use crate::paths::Paths;

/// Lists the profiles; `*` marks the one that is active here.
pub fn run(args: Report) -> Result<()> {
    let paths = Paths::find()?;
    let config = settings::load(&paths)?;
    if config.profiles.is_empty() && !args.json {
        render::note("no profile yet");
        render::hint("`llmenv add` adds one, `llmenv setup` takes over the keys it finds");
        return Ok(());
    }
    let mut answerer = Answerer::connect(&paths)?;
    let keys = answerer.keys(config.profiles.keys().cloned().collect())?;
    let active = answerer.resolve(&here::resolve_request()?).ok().and_then(|resolved| resolved.profile);
    let mut rows = Vec::new();
    let mut items = Vec::new();
    for profile in config.profiles.values() {
        let key = keys.get(&profile.name).cloned().unwrap_or_default();
        let row = add::known_provider(&profile.provider)?;
        let families: Vec<_> = add::default_families(profile, row).iter().map(|family| family.name()).collect();
        let is_active = active.as_ref() == Some(&profile.name);
        items.push(json!({
            "profile": profile.name, "active": is_active, "default": config.default.as_ref() == Some(&profile.name),
            "provider": profile.provider, "base_url": edit::base_url(profile).ok(), "serve": families,
            "account": profile.account, "key": show::key_json(&key), "error": key.error,
        }));
        rows.push(vec![
            format!("{} {}", if is_active { "*" } else { " " }, profile.name),
            profile.provider.clone(),
            show::key_text(profile, &key).trim_start_matches("key ").to_owned(),
            families.join(","),
            profile.account.clone().unwrap_or_default(),
        ]);
    }
    if args.json {
        return render::json(&json!({"schema": 1, "profiles": items}));
    }
    render::table(&["  NAME", "PROVIDER", "KEY", "SERVES", "ACCOUNT"], &rows);
    for error in &config.problems {
        render::warning(crate::printable::line(&error.message));
    }
    Ok(())
}
