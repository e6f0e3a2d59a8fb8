//! Gemini CLI: speaks Gemini alone; its settings must say that a key is used.

use super::{Account, Place, Setup, unspoken};
use crate::error::Result;
use crate::profile::Dialect;

pub(super) fn setup(account: &Account, place: &Place<'_>) -> Result<Setup> {
    if account.speaks(Dialect::Gemini).is_none() {
        return Err(unspoken(account, "Gemini CLI", "Gemini's own API alone"));
    }
    let file = place.home.join(".gemini/settings.json");
    Ok(Setup {
        tool: "gemini",
        place: crate::printable::path(&file),
        file: Some(file),
        text: "{\n  \"security\": { \"auth\": { \"selectedType\": \"gemini-api-key\" } }\n}\n".into(),
        start: format!("llmenv exec {} -- gemini", account.profile),
        notes: vec![
            "without it Gemini CLI says `Invalid auth method selected.`".into(),
            account.credential_note("GEMINI_API_KEY"),
        ],
        edit: None,
    })
}
