//! A `[profiles.NAME]` section, of the user's own file or of an included one.

mod key;
mod variables;

use std::collections::BTreeMap;
use std::path::Path;

use url::Url;

use self::key::key_source;
use self::variables::{env, headers, variable_names};
use super::ProviderCheck;
use super::document::{Document, Entry};
use crate::printable;
use crate::profile::{Auth, Billing, Dialect, Family, KeySource, Profile, check_name};

/// Every key of a profile.
pub(crate) const OWN_KEYS: &[&str] = &[
    "provider",
    "base_url",
    "dialect",
    "auth",
    "model",
    "models",
    "serve",
    "upstream",
    "account",
    "billing",
    "proxy",
    "key",
    "headers",
    "organization",
    "project",
    "api_version",
    "deployment",
    "env",
    "secrets",
    "also",
];

/// What somebody else's file may say: nothing that runs, names a variable, or decides what a shell gets.
pub(super) const INCLUDED_KEYS: &[&str] =
    &["provider", "base_url", "dialect", "auth", "model", "models", "organization", "project", "account", "billing"];

/// What other tools call the same thing.
const ALIASES: &[(&str, &str)] = &[
    ("url", "base_url"),
    ("api_base", "base_url"),
    ("api_url", "base_url"),
    ("endpoint", "base_url"),
    ("host", "base_url"),
    ("type", "provider"),
    ("org", "organization"),
    ("organisation", "organization"),
    ("environment", "env"),
    ("variables", "env"),
    ("family", "serve"),
    ("families", "serve"),
    ("wire_api", "dialect"),
];

/// The words of `dialect` and `upstream`.
pub(super) const DIALECTS: &[(&str, Dialect)] = &[
    ("anthropic-messages", Dialect::AnthropicMessages),
    ("openai-chat", Dialect::OpenaiChat),
    ("openai-responses", Dialect::OpenaiResponses),
    ("gemini", Dialect::Gemini),
];

const AUTHS: &[(&str, Auth)] = &[
    ("bearer", Auth::Bearer),
    ("x-api-key", Auth::XApiKey),
    ("api-key", Auth::ApiKey),
    ("x-goog-api-key", Auth::XGoogApiKey),
    ("none", Auth::None),
    ("client", Auth::Client),
];

const FAMILIES: &[(&str, Family)] =
    &[("openai", Family::Openai), ("anthropic", Family::Anthropic), ("gemini", Family::Gemini)];

const BILLINGS: &[(&str, Billing)] =
    &[("metered", Billing::Metered), ("subscription", Billing::Subscription), ("local", Billing::Local)];

/// Reads a section of the user's own file.
pub(super) fn own(
    doc: &mut Document,
    section: &Entry,
    home: &Path,
    provider: &dyn Fn(&str) -> ProviderCheck,
) -> Option<Profile> {
    profile(doc, section, Some(home), provider)
}

/// Reads a section of an included file.
pub(super) fn included(
    doc: &mut Document,
    section: &Entry,
    provider: &dyn Fn(&str) -> ProviderCheck,
) -> Option<Profile> {
    profile(doc, section, None, provider)
}

/// `home` is there for own files alone: nothing in an included one is a path.
fn profile(
    doc: &mut Document,
    section: &Entry,
    home: Option<&Path>,
    provider: &dyn Fn(&str) -> ProviderCheck,
) -> Option<Profile> {
    if let Err(error) = check_name(section.key) {
        doc.problem_from(section.key_at, error);
        return None;
    }
    let keys = doc.table(section, "[profiles.work]")?;
    let mut profile = Profile {
        name: section.key.to_owned(),
        defined_at: Some((doc.file().to_owned(), doc.line(section.key_at))),
        ..Profile::default()
    };
    let mut places = BTreeMap::new();
    for key in &keys {
        places.insert(key.key, key.at);
        match (key.key, home) {
            ("provider", _) => {
                if let Some(id) = doc.text(key) {
                    check_provider(doc, key, &id, provider);
                    profile.provider = id;
                }
            }
            ("base_url", _) => profile.base_url = base_url(doc, key),
            ("dialect", _) => profile.dialect = doc.choice(key, DIALECTS),
            ("auth", _) => profile.auth = doc.choice(key, AUTHS),
            ("model", _) => profile.model = doc.text(key),
            ("models", _) => profile.models = models(doc, key),
            ("organization", _) => profile.organization = doc.text(key),
            ("project", _) => profile.project = doc.text(key),
            ("account", _) => profile.account = doc.text(key),
            ("billing", _) => profile.billing = doc.choice(key, BILLINGS),
            ("serve", Some(_)) => profile.serve = serve(doc, key),
            ("upstream", Some(_)) => profile.upstream = doc.choice(key, DIALECTS),
            ("proxy", Some(_)) => profile.proxy = doc.flag(key).unwrap_or_default(),
            ("key", Some(home)) => profile.key = key_source(doc, key, home).unwrap_or_default(),
            ("headers", Some(_)) => profile.headers = headers(doc, key),
            ("api_version", Some(_)) => profile.api_version = doc.text(key),
            ("deployment", Some(_)) => profile.deployment = doc.text(key),
            ("env", Some(_)) => profile.env = env(doc, key),
            ("secrets", Some(_)) => profile.secrets = variable_names(doc, key, "[\"MY_TOOL_TOKEN\"]"),
            ("also", Some(_)) => profile.also = variable_names(doc, key, "[\"GITHUB_TOKEN\"]"),
            (name, None) if OWN_KEYS.contains(&name) => forbidden_in_include(doc, key),
            (name, _) if names_a_secret(name) => secret_problem(doc, key),
            _ => {
                // What was meant is there, if under a wrong name.
                let meant = unknown_key(doc, key, home.is_some());
                places.extend(meant.map(|meant| (meant, key.at)));
            }
        }
    }
    check_whole(doc, &mut profile, section, &places);
    Some(profile)
}

/// What can only be seen with the whole section read.
fn check_whole(doc: &mut Document, profile: &mut Profile, section: &Entry, places: &BTreeMap<&str, usize>) {
    let name = &profile.name;
    if !places.contains_key("provider") {
        doc.problem_with(
            section.key_at,
            format!("profile `{name}` names no provider"),
            "add a line such as `provider = \"openrouter\"`, or `provider = \"custom\"` with `base_url` and `dialect`",
        );
    }
    if profile.provider == "custom" {
        for (key, example) in [("base_url", "http://127.0.0.1:8000/v1"), ("dialect", "openai-chat")] {
            if !places.contains_key(key) {
                doc.problem_with(
                    section.key_at,
                    format!("profile `{name}` is `custom` and needs `{key}`"),
                    format!("add a line such as `{key} = \"{example}\"`"),
                );
            }
        }
        if !places.contains_key("auth") {
            profile.auth = profile.dialect.map(Dialect::usual_auth);
        }
    }
    if let Some(auth @ (Auth::None | Auth::Client)) = profile.auth {
        match places.get("key") {
            Some(&at) => {
                doc.problem(at, format!("profile `{name}` has `auth = \"{}\"` and takes no `key`", auth.name()));
            }
            None => profile.key = KeySource::Absent,
        }
    }
    for variable in &profile.secrets {
        if profile.env.contains_key(variable) {
            let at = places.get("secrets").copied().unwrap_or(section.key_at);
            doc.problem(at, format!("`{variable}` is in `env` and in `secrets`"));
        }
    }
}

fn check_provider(doc: &mut Document, key: &Entry, id: &str, provider: &dyn Fn(&str) -> ProviderCheck) {
    const HINT: &str = "`llmenv providers` lists them; `custom` takes any `base_url`";
    if id == "custom" {
        return;
    }
    let shown = printable::text(id);
    match provider(id) {
        ProviderCheck::Known => {}
        ProviderCheck::Unknown { nearest: Some(meant) } => {
            doc.problem_with(key.at, format!("unknown provider `{shown}`; did you mean `{meant}`?"), HINT);
        }
        ProviderCheck::Unknown { nearest: None } => {
            doc.problem_with(key.at, format!("unknown provider `{shown}`"), HINT);
        }
    }
}

fn base_url(doc: &mut Document, key: &Entry) -> Option<String> {
    let text = doc.text(key)?;
    let problem = match Url::parse(&text) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            "`base_url` must not hold a user or a password; keys are stored with `llmenv add`"
        }
        Ok(url) if !matches!(url.scheme(), "http" | "https") || url.host().is_none() => {
            "`base_url` must start with `https://` (or `http://` for this machine)"
        }
        Ok(url) if url.fragment().is_some() => "`base_url` must not hold `#`",
        Ok(_) if text.contains(|c: char| c.is_whitespace() || printable::is_unprintable(c)) => {
            "`base_url` must not hold blanks or invisible characters"
        }
        Ok(_) => return Some(text),
        Err(_) => "`base_url` must be an address such as `https://api.example.com/v1`",
    };
    doc.problem(key.at, problem);
    None
}

fn models(doc: &mut Document, key: &Entry) -> BTreeMap<String, String> {
    const SIZES: &[&str] = &["big", "middle", "small"];
    let mut models = BTreeMap::new();
    for size in doc.table(key, "{ big = \"…\", small = \"…\" }").unwrap_or_default() {
        if SIZES.contains(&size.key) {
            models.extend(doc.text(&size).map(|model| (size.key.to_owned(), model)));
        } else {
            let meant = match size.key {
                "large" | "opus" => Some("big"),
                "medium" | "default" | "sonnet" => Some("middle"),
                "fast" | "mini" | "haiku" => Some("small"),
                _ => None,
            };
            match meant {
                Some(meant) => {
                    doc.problem(size.key_at, format!("unknown key `{}`; did you mean `{meant}`?", size.key));
                }
                None => {
                    let _ = doc.unknown_key(&size, SIZES, "`models`");
                }
            }
        }
    }
    models
}

fn serve(doc: &mut Document, key: &Entry) -> Vec<Family> {
    let Some(words) = doc.list(key, "[\"openai\"]") else { return Vec::new() };
    if words.is_empty() && key.value.as_array().is_some_and(|array| array.is_empty()) {
        doc.problem_with(
            key.at,
            "`serve` is empty",
            "name the families to set, or remove the line for the provider's own",
        );
    }
    let mut families = Vec::new();
    for (word, at) in words {
        if let Some(family) = doc.word("serve", &word, at, FAMILIES) {
            if families.contains(&family) {
                doc.problem(at, format!("`serve` names `{word}` twice"));
            }
            families.push(family);
        }
    }
    families
}

/// Says whether a key's name promises a secret.
pub(super) fn names_a_secret(key: &str) -> bool {
    let plain: String = key.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect();
    matches!(plain.as_str(), "apikey" | "token" | "secret" | "password" | "accesstoken" | "authtoken" | "secretkey")
        || plain.ends_with("apikey")
}

/// Keeps that a key was written where none belongs.
pub(super) fn secret_problem(doc: &mut Document, entry: &Entry) {
    doc.problem_with(
        entry.key_at,
        format!("`{}`: keys are not kept in this file", printable::text(entry.key)),
        "remove the line, then store the key with `llmenv add NAME` or `llmenv rotate NAME`",
    );
}

fn forbidden_in_include(doc: &mut Document, key: &Entry) {
    doc.problem_with(
        key.key_at,
        format!("an included file may not set `{}`", key.key),
        "put it into a profile of your own `config.toml`",
    );
}

fn unknown_key(doc: &mut Document, key: &Entry, own: bool) -> Option<&'static str> {
    let known = if own { OWN_KEYS } else { INCLUDED_KEYS };
    match ALIASES.iter().find(|(alias, meant)| *alias == key.key && known.contains(meant)) {
        Some((_, meant)) => {
            doc.problem(key.key_at, format!("unknown key `{}`; did you mean `{meant}`?", key.key));
            Some(meant)
        }
        None => doc.unknown_key(key, known, "a profile"),
    }
}
