//! Cursor: an address and a key in its own menus; its servers send the requests, not this machine.

use super::{Account, Place, Setup, unspoken};
use crate::error::Result;
use crate::profile::Dialect;

pub(super) fn setup(account: &Account, _: &Place<'_>) -> Result<Setup> {
    let Some(speaks) = account.speaks(Dialect::OpenaiChat) else {
        return Err(unspoken(account, "Cursor", "Chat Completions (for keys of one's own)"));
    };
    let mut notes = vec!["Cursor's servers send the requests: the key goes to them, and no address on this machine or in your network works".to_owned()];
    if account.is_proxied {
        notes.push("so the local proxy cannot serve it: use a profile without `proxy`".into());
    }
    notes.push(format!("the key to paste: `llmenv show {} --reveal`", account.profile));
    Ok(Setup {
        tool: "cursor",
        place: "Cursor Settings, Models, API Keys".into(),
        file: None,
        text: format!(
            "OpenAI API Key            (paste it)\nOverride OpenAI Base URL  {}\nmodel                     {}\n",
            speaks.base_url,
            account.model.as_deref().unwrap_or("(add its name)")
        ),
        start: "cursor".into(),
        notes,
        edit: None,
    })
}
