//! Continue: models in `config.yaml`, secrets in a `.env` file of its own folder or in the environment of the editor.

use super::{Account, Place, Setup, unspoken};
use crate::error::Result;
use crate::profile::Dialect;

pub(super) fn setup(account: &Account, place: &Place<'_>) -> Result<Setup> {
    let found = [(Dialect::OpenaiChat, "openai"), (Dialect::AnthropicMessages, "anthropic")]
        .into_iter()
        .find_map(|(dialect, provider)| Some((account.speaks(dialect)?, provider)));
    let Some((speaks, provider)) = found else {
        return Err(unspoken(account, "Continue", "Chat Completions and Messages"));
    };
    let variable = account.variable(speaks)?;
    let file = place.home.join(".continue/config.yaml");
    let base = speaks.base_url.trim_end_matches('/');
    let base = if provider == "anthropic" && !base.ends_with("/v1") { format!("{base}/v1") } else { base.to_owned() };
    Ok(Setup {
        tool: "continue",
        place: crate::printable::path(&file),
        file: Some(file),
        text: format!(
            "models:\n  - name: {}\n    provider: {provider}\n    model: {}\n    apiBase: {base}\n    apiKey: ${{{{ secrets.{variable} }}}}\n",
            account.profile,
            account.model.as_deref().unwrap_or("MODEL"),
        ),
        start: format!("llmenv exec {} -- code .", account.profile),
        notes: vec![account.credential_note(&variable)],
        edit: None,
    })
}
