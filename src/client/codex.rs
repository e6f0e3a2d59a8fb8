//! Codex CLI: speaks Responses alone and ignores `OPENAI_BASE_URL` (0.169), so it needs a provider block of its own.

use toml_edit::{Item, Table, value};

use super::{Account, Place, Setup, toml_file, unspoken};
use crate::error::{Error, Result};
use crate::profile::Dialect;

/// The name of the block.
const BLOCK: &str = "llmenv";

pub(super) fn setup(account: &Account, place: &Place<'_>) -> Result<Setup> {
    let Some(speaks) = account.speaks(Dialect::OpenaiResponses) else {
        return Err(unspoken(account, "Codex", "the Responses API alone"));
    };
    let file = place.folder("CODEX_HOME", ".codex").join("config.toml");
    let variable = account.variable(speaks)?;
    let base_url = speaks.base_url.clone();
    let (model, name) = (account.model.clone(), format!("llmenv: {}", account.profile));
    let token = account.token.clone();
    let edit = move |now: Option<&[u8]>| {
        toml_file::edit(now, |document| {
            if let Some(model) = &model {
                put(document.as_table_mut(), "model", model);
            }
            put(document.as_table_mut(), "model_provider", BLOCK);
            let providers = document.entry("model_providers").or_insert_with(|| {
                let mut table = Table::new();
                table.set_implicit(true);
                Item::Table(table)
            });
            let providers = providers.as_table_like_mut().ok_or_else(not_a_table)?;
            if providers.get(BLOCK).is_none() {
                providers.insert(BLOCK, Item::Table(Table::new()));
            }
            let block = providers.get_mut(BLOCK).and_then(Item::as_table_like_mut).ok_or_else(not_a_table)?;
            for (key, text) in [("name", name.as_str()), ("base_url", &base_url), ("wire_api", "responses")] {
                put(block, key, text);
            }
            // One of the two, never both: Codex refuses to guess.
            if let Some(token) = &token {
                block.remove("env_key");
                put(block, "experimental_bearer_token", token.expose());
            } else {
                block.remove("experimental_bearer_token");
                put(block, "env_key", &variable);
            }
            Ok(())
        })
    };
    let shown = Account { token: None, ..account.clone() };
    let text = if account.token.is_some() { setup(&shown, place)?.text } else { text_of(&edit)? };
    Ok(Setup {
        tool: "codex",
        place: crate::printable::path(&file),
        file: Some(file),
        text,
        start: start(account),
        notes: vec![account.credential_note(speaks.variable.as_deref().unwrap_or_default())],
        edit: Some(Box::new(edit)),
    })
}

fn start(account: &Account) -> String {
    if account.token.is_some() { "codex".into() } else { format!("llmenv exec {} -- codex", account.profile) }
}

/// What the edit makes of no file.
fn text_of(edit: &impl Fn(Option<&[u8]>) -> Result<Vec<u8>>) -> Result<String> {
    Ok(String::from_utf8_lossy(&edit(None)?).into_owned())
}

fn not_a_table() -> Error {
    Error::new("`model_providers` in it is not a table").hint("nothing was changed")
}

/// Sets a text, keeping what stands around the earlier one; the same text is not touched.
fn put(table: &mut dyn toml_edit::TableLike, key: &str, text: &str) {
    match table.get_mut(key) {
        Some(item) if item.as_str() == Some(text) => {}
        Some(item) => {
            let decor = item.as_value().map(|value| value.decor().clone());
            *item = value(text);
            if let (Some(decor), Some(value)) = (decor, item.as_value_mut()) {
                *value.decor_mut() = decor;
            }
        }
        None => {
            table.insert(key, value(text));
        }
    }
}
