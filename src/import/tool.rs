//! Settings of tools: Codex, Claude Code, aider and opencode. What each keeps a key under becomes the variable by which it could learn
//! the same from the environment.
//!
//! Where these are: Codex `$CODEX_HOME/auth.json` and `config.toml`; Claude Code `settings.json`, `settings.local.json` (`env`) and
//! `~/.claude.json` (`primaryApiKey`); aider `.aider.conf.yml`; opencode `auth.json` in its data folder and `opencode.json`.

use std::path::Path;

use super::dotenv::{is_of_interest, mark_overridden};
use super::json;
use super::section::{Cut, Format, Oddity, Reading, Section, Setting, is_blank, whole_lines};
use crate::provider::{self, Role};
use crate::secret::Secret;

/// Reads a settings file in JSON, with or without comments.
pub fn read_json(path: &Path, bytes: &[u8], format: Format) -> Reading {
    let mut reading = Reading::default();
    let Some(texts) = json::texts(bytes) else {
        if !bytes.trim_ascii().is_empty() {
            reading.oddities.push(Oddity {
                id: "file-unread",
                path: Some(path.to_owned()),
                line: None,
                message: "the file is not the JSON it should be, so nothing was read of it".into(),
                hint: None,
            });
        }
        return reading;
    };
    let has_url = |id: &str| {
        texts.iter().any(|text| text.path.iter().map(String::as_str).eq(["provider", id, "options", "baseURL"]))
    };
    // One section an account: of opencode each provider is one.
    let mut sections: Vec<(String, Vec<Setting>)> = Vec::new();
    for text in &texts {
        let parts: Vec<&str> = text.path.iter().map(String::as_str).collect();
        let found = match (format, &parts[..]) {
            (Format::Claude, ["env", name]) => Some((String::new(), (*name).to_owned())),
            (Format::Claude, ["primaryApiKey"]) => Some((String::new(), "ANTHROPIC_API_KEY".to_owned())),
            (Format::Claude, ["apiKeyHelper"]) => {
                reading.oddities.push(Oddity {
                    id: "read-differently",
                    path: Some(path.to_owned()),
                    line: Some(text.line),
                    message: "`apiKeyHelper` names a command that prints the key".into(),
                    hint: Some(
                        "`llmenv add NAME --key-ref 'command:PROGRAM ARGUMENTS'` keeps the command, not the key".into(),
                    ),
                });
                None
            }
            (Format::Codex, ["OPENAI_API_KEY"]) => Some((String::new(), "OPENAI_API_KEY".to_owned())),
            (Format::Opencode, [id, "key"]) => Some(((*id).to_owned(), key_variable(id, false))),
            (Format::Opencode, ["provider", id, "options", "apiKey"]) => {
                Some(((*id).to_owned(), key_variable(id, has_url(id))))
            }
            (Format::Opencode, ["provider", id, "options", "baseURL"]) => Some(((*id).to_owned(), url_variable(id))),
            _ => None,
        };
        let Some((account, variable)) = found else { continue };
        let value = text.value.clone();
        // `{env:NAME}` and `{file:PATH}` are opencode's references: no key stands there.
        if value.expose().starts_with("{env:")
            || value.expose().starts_with("{file:")
            || !is_of_interest(&variable, &value)
        {
            continue;
        }
        let setting = Setting {
            called: Some(text.path.join(".")).filter(|called| *called != variable),
            variable,
            value,
            line: Some(text.line),
            is_overridden: false,
            is_comment: false,
            cut: Cut::Member(text.path.clone()),
        };
        match sections.iter_mut().find(|(known, _)| *known == account) {
            Some((_, settings)) => settings.push(setting),
            None => sections.push((account, vec![setting])),
        }
    }
    for (_, settings) in sections {
        reading.sections.push(Section { format, path: Some(path.to_owned()), settings });
    }
    reading
}

/// The variable by which a provider of opencode would learn its key.
fn key_variable(id: &str, has_url: bool) -> String {
    let row = provider::find(id);
    let own = row.and_then(|row| row.variables.iter().find(|variable| variable.role == Role::Key && variable.own));
    match (id, own) {
        ("openai", _) => "OPENAI_API_KEY".to_owned(),
        (_, Some(variable)) => variable.name.clone(),
        // An endpoint of one's own.
        (_, None) if has_url => "OPENAI_API_KEY".to_owned(),
        (_, None) => format!("{}_API_KEY", id.to_ascii_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_")),
    }
}

/// The variable that carries the address beside it.
fn url_variable(id: &str) -> String {
    let key = key_variable(id, true);
    match key.as_str() {
        "ANTHROPIC_API_KEY" => "ANTHROPIC_BASE_URL".to_owned(),
        "OPENAI_API_KEY" => "OPENAI_BASE_URL".to_owned(),
        name => {
            let of_row = provider::of_variable(name).iter().find_map(|(row, _)| {
                row.variables
                    .iter()
                    .find(|variable| variable.role == Role::BaseUrl)
                    .map(|variable| variable.name.clone())
            });
            of_row.unwrap_or_else(|| "OPENAI_BASE_URL".to_owned())
        }
    }
}

/// Reads Codex' `config.toml`: `[model_providers.NAME]` with a token of its own.
pub fn read_codex_toml(path: &Path, bytes: &[u8]) -> Reading {
    let mut reading = Reading::default();
    let text = String::from_utf8_lossy(bytes);
    let raw: &str = &text;
    let Ok(document) = toml_edit::Document::parse(raw) else {
        reading.oddities.push(Oddity {
            id: "file-unread",
            path: Some(path.to_owned()),
            line: None,
            message: "the file is not the TOML it should be, so nothing was read of it".into(),
            hint: None,
        });
        return reading;
    };
    let providers = document.get("model_providers").and_then(|item| item.as_table_like());
    for (id, provider) in providers.into_iter().flat_map(|table| table.iter()) {
        let Some(table) = provider.as_table_like() else { continue };
        let setting = |key: &str, variable: &str| -> Option<Setting> {
            let item = table.get(key)?;
            let value = Secret::new(item.as_str()?);
            let span = item.span()?;
            if text.len() != bytes.len() || !is_of_interest(variable, &value) {
                return None;
            }
            let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
            let is_plain = text[start..span.start].trim_start().starts_with(key);
            let from = start + (text[start..span.start].len() - text[start..span.start].trim_start().len());
            let whole = whole_lines(bytes, from..span.end, is_blank, |rest| {
                let rest = rest.trim_ascii_start();
                rest.is_empty() || rest.starts_with(b"#")
            });
            Some(Setting {
                variable: variable.to_owned(),
                called: Some(format!("model_providers.{id}.{key}")),
                value,
                line: Some(1 + text[..span.start].matches('\n').count()),
                is_overridden: false,
                is_comment: false,
                cut: match whole.filter(|_| is_plain) {
                    Some(span) => Cut::Lines { span, instead: None },
                    None => Cut::Not("other text stands on its line"),
                },
            })
        };
        let Some(mut key) = setting("experimental_bearer_token", "OPENAI_API_KEY") else { continue };
        if let (Cut::Lines { instead, .. }, None) = (&mut key.cut, table.get("env_key")) {
            *instead = Some("env_key = \"OPENAI_API_KEY\"");
        }
        let mut settings = vec![key];
        if let Some(mut url) = setting("base_url", "OPENAI_BASE_URL") {
            // Codex needs it there whatever the key is.
            url.cut = Cut::Not("Codex needs its address there");
            settings.push(url);
        }
        reading.sections.push(Section { format: Format::Codex, path: Some(path.to_owned()), settings });
    }
    reading
}

/// Reads aider's `.aider.conf.yml`: plain `option: value` lines, and the lists `api-key` and `set-env`. Other YAML is passed over.
pub fn read_aider(path: &Path, bytes: &[u8]) -> Reading {
    let mut settings: Vec<Setting> = Vec::new();
    let mut list: Option<&'static str> = None;
    let mut start = 0;
    for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let begin = start;
        start += line.len();
        let Ok(text) = std::str::from_utf8(line) else { continue };
        let trimmed = text.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let mut found = Vec::new();
        if let Some(item) = trimmed.strip_prefix("- ") {
            found.extend(list.and_then(|option| aider_item(option, scalar(item))));
        } else if !text.starts_with([' ', '\t'])
            && let Some((option, value)) = trimmed.split_once(':')
        {
            list = ["api-key", "set-env"].into_iter().find(|known| *known == option);
            let value = value.trim();
            found.extend(match list {
                Some(known) => aider_item(known, scalar(value)),
                None => aider_option(option).map(|variable| (variable.to_owned(), scalar(value).to_owned())),
            });
        }
        for (variable, value) in found {
            let value = Secret::new(value);
            if is_of_interest(&variable, &value) {
                let from = begin + (text.len() - text.trim_start().len());
                settings.push(Setting {
                    called: trimmed.trim_start_matches("- ").split([':', '=']).next().map(str::to_owned),
                    variable,
                    value,
                    line: Some(number + 1),
                    is_overridden: false,
                    is_comment: false,
                    cut: match whole_lines(bytes, from..begin + text.trim_end().len(), is_blank, |_| true) {
                        Some(span) => Cut::Lines { span, instead: None },
                        None => Cut::Not("other text stands on its line"),
                    },
                });
            }
        }
    }
    mark_overridden(&mut settings);
    let mut reading = Reading::default();
    if !settings.is_empty() {
        reading.sections.push(Section { format: Format::Aider, path: Some(path.to_owned()), settings });
    }
    reading
}

fn aider_option(option: &str) -> Option<&'static str> {
    match option {
        "openai-api-key" => Some("OPENAI_API_KEY"),
        "openai-api-base" => Some("OPENAI_API_BASE"),
        "anthropic-api-key" => Some("ANTHROPIC_API_KEY"),
        _ => None,
    }
}

/// `provider=key` sets `PROVIDER_API_KEY`, `NAME=value` sets itself.
fn aider_item(option: &str, item: &str) -> Option<(String, String)> {
    let (name, value) = item.split_once('=')?;
    let name = name.trim();
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let variable = if option == "api-key" { format!("{}_API_KEY", name.to_ascii_uppercase()) } else { name.to_owned() };
    is_name.then(|| (variable, value.trim().to_owned()))
}

/// A scalar of YAML in its plain and quoted forms; a comment after a blank goes.
fn scalar(text: &str) -> &str {
    let text = text.trim();
    for quote in ['"', '\''] {
        if let Some(rest) = text.strip_prefix(quote) {
            return rest.split(quote).next().unwrap_or_default();
        }
    }
    text.split(" #").next().unwrap_or_default().trim()
}
