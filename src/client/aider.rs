//! aider: takes the key from its variable; the address under the older name, so it is given as an option.

use super::{Account, Place, Setup, unspoken};
use crate::error::Result;
use crate::profile::Dialect;

pub(super) fn setup(account: &Account, place: &Place<'_>) -> Result<Setup> {
    let file = place.home.join(".aider.conf.yml");
    let (lines, variable) = if let Some(speaks) = account.speaks(Dialect::OpenaiChat) {
        let model = account.model.as_deref().unwrap_or("MODEL");
        let lines = format!("openai-api-base: {}\nmodel: openai/{model}\n", speaks.base_url);
        (lines, speaks.variable.clone())
    } else if let Some(speaks) = account.speaks(Dialect::AnthropicMessages) {
        let model = account.model.as_deref().unwrap_or("MODEL");
        (format!("model: anthropic/{model}\n"), speaks.variable.clone())
    } else {
        return Err(unspoken(account, "aider", "Chat Completions and Messages"));
    };
    Ok(Setup {
        tool: "aider",
        place: crate::printable::path(&file),
        file: Some(file),
        text: lines,
        start: format!("llmenv exec {} -- aider", account.profile),
        notes: vec![
            account.credential_note(variable.as_deref().unwrap_or_default()),
            "aider's `.env` wins over the shell: `llmenv doctor` says whether one stands in the way".into(),
        ],
        edit: None,
    })
}
