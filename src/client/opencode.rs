//! opencode: a provider block of its own in `opencode.json`, with the package that speaks the endpoint's grammar.

use std::path::PathBuf;

use super::json_file::{self, Value, list, object, set, text, within};
use super::{Account, Place, Setup, Speaks, unspoken};
use crate::error::Result;
use crate::profile::Dialect;

/// The name of the block, and of its models' prefix.
const BLOCK: &str = "llmenv";
/// Grammars, the best understood first, with the package for each.
const PACKAGES: [(Dialect, &str); 3] = [
    (Dialect::OpenaiChat, "@ai-sdk/openai-compatible"),
    (Dialect::AnthropicMessages, "@ai-sdk/anthropic"),
    (Dialect::OpenaiResponses, "@ai-sdk/openai"),
];

pub(super) fn setup(account: &Account, place: &Place<'_>) -> Result<Setup> {
    let found = PACKAGES.iter().find_map(|(dialect, package)| Some((account.speaks(*dialect)?, *package)));
    let Some((speaks, package)) = found else {
        return Err(unspoken(account, "opencode", "Chat Completions, Messages and Responses"));
    };
    let model = account.needed_model("opencode")?.to_owned();
    let small = account.models.get("small").cloned().unwrap_or_else(|| model.clone());
    let file = file(place);
    let variable = account.variable(speaks)?;
    let key = match &account.token {
        Some(token) => token.expose().to_owned(),
        None => format!("{{env:{variable}}}"),
    };
    let (base_url, name) = (base_url(speaks), format!("llmenv: {}", account.profile));
    let edit = move |now: Option<&[u8]>| {
        json_file::edit(now, |settings| {
            let block = within(&within(settings, "provider")?, BLOCK)?;
            set(&block, "npm", text(package));
            set(&block, "name", text(name.as_str()));
            let options = within(&block, "options")?;
            set(&options, "baseURL", text(base_url.as_str()));
            set(&options, "apiKey", text(key.as_str()));
            let models = within(&block, "models")?;
            for model in [&model, &small] {
                if models.get(model).is_none() {
                    // It sends no picture to a model of which it does not know that it can see; the provider says no in words.
                    let sees = object([("input", list(["text", "image"])), ("output", list(["text"]))]);
                    models.append(model, object([("attachment", Value::Bool(true)), ("modalities", sees)]));
                }
            }
            set(settings, "model", text(format!("{BLOCK}/{model}")));
            set(settings, "small_model", text(format!("{BLOCK}/{small}")));
            Ok(())
        })
    };
    let shown = Account { token: None, ..account.clone() };
    let shown_text =
        if account.token.is_some() { setup(&shown, place)?.text } else { String::from_utf8_lossy(&edit(None)?).into() };
    let start = if account.token.is_some() {
        "opencode".into()
    } else {
        format!("llmenv exec {} -- opencode", account.profile)
    };
    Ok(Setup {
        tool: "opencode",
        place: crate::printable::path(&file),
        file: Some(file),
        text: shown_text,
        start,
        notes: vec![account.credential_note(&account.variable(speaks)?)],
        edit: Some(Box::new(edit)),
    })
}

/// Its packages want `/v1` in every grammar.
fn base_url(speaks: &Speaks) -> String {
    let url = speaks.base_url.trim_end_matches('/');
    if speaks.dialect == Dialect::AnthropicMessages && !url.ends_with("/v1") {
        format!("{url}/v1")
    } else {
        url.to_owned()
    }
}

fn file(place: &Place<'_>) -> PathBuf {
    if let Some(named) = (place.variable)("OPENCODE_CONFIG").map(PathBuf::from).filter(|path| path.is_absolute()) {
        return named;
    }
    let dir = place.config("opencode");
    let with_comments = dir.join("opencode.jsonc");
    if with_comments.exists() { with_comments } else { dir.join("opencode.json") }
}
