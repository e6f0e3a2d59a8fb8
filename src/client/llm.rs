//! `llm`: takes the variables for models it knows; others are listed in a file of its own.

use super::{Account, Place, Setup, unspoken};
use crate::error::Result;
use crate::profile::Dialect;

pub(super) fn setup(account: &Account, place: &Place<'_>) -> Result<Setup> {
    let Some(speaks) = account.speaks(Dialect::OpenaiChat) else {
        return Err(unspoken(account, "llm", "Chat Completions (without a plugin)"));
    };
    let dir = place.folder("LLM_USER_PATH", ".config/io.datasette.llm");
    let file = dir.join("extra-openai-models.yaml");
    let model = account.model.as_deref().unwrap_or("MODEL");
    Ok(Setup {
        tool: "llm",
        place: crate::printable::path(&file),
        file: Some(file),
        text: format!(
            "- model_id: {}\n  model_name: {model}\n  api_base: {}\n  api_key_name: {}\n  supports_tools: true\n",
            account.profile, speaks.base_url, account.profile
        ),
        start: format!(
            "llmenv exec {0} -- sh -c 'llm -m {0} --key \"${1}\" hello'",
            account.profile,
            account.variable(speaks)?
        ),
        notes: vec![
            "without `api_key_name` llm sends a made-up key".into(),
            format!(
                "models that llm knows need no file: `llmenv exec {} -- llm -m gpt-4o-mini hello`",
                account.profile
            ),
        ],
        edit: None,
    })
}
