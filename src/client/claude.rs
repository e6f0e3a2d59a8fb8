//! Claude Code: speaks Anthropic Messages, takes the variables, and keeps settings whose `env` reaches every start.

use super::json_file::{self, remove, set, text, within};
use super::{Account, Place, Setup, unspoken};
use crate::error::Result;
use crate::profile::Dialect;

/// Sizes of models and the variables of Claude Code that name them.
const SIZES: [(&str, &str); 3] = [
    ("big", "ANTHROPIC_DEFAULT_OPUS_MODEL"),
    ("middle", "ANTHROPIC_DEFAULT_SONNET_MODEL"),
    ("small", "ANTHROPIC_DEFAULT_HAIKU_MODEL"),
];

pub(super) fn setup(account: &Account, place: &Place<'_>) -> Result<Setup> {
    let Some(speaks) = account.speaks(Dialect::AnthropicMessages) else {
        return Err(unspoken(account, "Claude Code", "Anthropic Messages alone"));
    };
    let file = place.folder("CLAUDE_CONFIG_DIR", ".claude").join("settings.json");
    let mut variables: Vec<(&'static str, String)> = vec![("ANTHROPIC_BASE_URL", speaks.base_url.clone())];
    if let Some(model) = &account.model {
        variables.push(("ANTHROPIC_MODEL", model.clone()));
    }
    variables.extend(SIZES.iter().filter_map(|(size, name)| Some((*name, account.models.get(*size)?.clone()))));
    let helper = format!("llmenv show {} --reveal --force", account.profile);
    let (token, is_direct) = (account.token.clone(), !account.is_proxied && !account.is_open);
    let edit = move |now: Option<&[u8]>| {
        json_file::edit(now, |settings| {
            let env = within(settings, "env")?;
            for (name, value) in &variables {
                set(&env, name, text(value.as_str()));
            }
            // Both credentials in one environment are both sent.
            remove(&env, "ANTHROPIC_API_KEY");
            match &token {
                Some(token) => set(&env, "ANTHROPIC_AUTH_TOKEN", text(token.expose())),
                None => remove(&env, "ANTHROPIC_AUTH_TOKEN"),
            }
            if is_direct {
                set(settings, "apiKeyHelper", text(helper.as_str()));
            } else {
                remove(settings, "apiKeyHelper");
            }
            Ok(())
        })
    };
    let note = if account.token.is_some() {
        account.credential_note("")
    } else if account.is_proxied {
        "`--write` puts a token for the local proxy there, which is worth nothing elsewhere".to_owned()
    } else if account.is_open {
        "the endpoint takes no key; Claude Code wants one all the same: start it with `llmenv exec`".to_owned()
    } else {
        "no key is put into the file: Claude Code runs `apiKeyHelper` and takes what it prints".to_owned()
    };
    let shown = Account { token: None, ..account.clone() };
    let shown_text =
        if account.token.is_some() { setup(&shown, place)?.text } else { String::from_utf8_lossy(&edit(None)?).into() };
    Ok(Setup {
        tool: "claude",
        place: crate::printable::path(&file),
        file: Some(file),
        text: shown_text,
        start: format!("llmenv exec {} -- claude", account.profile),
        notes: vec![note, "in a shell where the profile serves `anthropic` the variables are enough".into()],
        edit: Some(Box::new(edit)),
    })
}
