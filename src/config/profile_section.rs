//! A `[profiles.NAME]` section, of the user's own file or of an included one.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use url::Url;

use super::ProviderCheck;
use super::document::{Document, Entry};
use super::read::path;
use crate::env_patch::is_allowed_name;
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
];

const FAMILIES: &[(&str, Family)] =
    &[("openai", Family::Openai), ("anthropic", Family::Anthropic), ("gemini", Family::Gemini)];

const BILLINGS: &[(&str, Billing)] =
    &[("metered", Billing::Metered), ("subscription", Billing::Subscription), ("local", Billing::Local)];

/// Headers that carry the key or frame the request: llmenv writes them itself.
const OWN_HEADERS: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "cookie",
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "trailer",
];

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
    if profile.auth == Some(Auth::None) {
        match places.get("key") {
            Some(&at) => doc.problem(at, format!("profile `{name}` has `auth = \"none\"` and takes no `key`")),
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

fn key_source(doc: &mut Document, key: &Entry, home: &Path) -> Option<KeySource> {
    const EXAMPLE: &str = "key = { file = \"/run/secrets/api_key\" }";
    const KEYS: &[&str] = &["file", "command", "ttl", "interactive", "pass_env"];
    if key.value.is_str() {
        doc.problem_with(
            key.at,
            "`key` says where the key is, it does not hold it",
            format!("remove the line and run `llmenv add NAME`, or write `{EXAMPLE}`"),
        );
        return None;
    }
    let entries = doc.table(key, EXAMPLE)?;
    let (mut file, mut argv, mut ttl, mut interactive, mut pass_env) = (None, None, None, true, Vec::new());
    let mut only_for_command = None;
    for entry in &entries {
        match entry.key {
            "file" => file = path(doc, entry, home),
            "command" => argv = command(doc, entry),
            "ttl" => ttl = duration(doc, entry),
            "interactive" => interactive = doc.flag(entry).unwrap_or(true),
            "pass_env" => pass_env = passed_names(doc, entry),
            _ => {
                let _ = doc.unknown_key(entry, KEYS, "`key`");
            }
        }
        if matches!(entry.key, "ttl" | "interactive" | "pass_env") {
            only_for_command.get_or_insert((entry.key, entry.key_at));
        }
    }
    let has = |name: &str| entries.iter().any(|entry| entry.key == name);
    match (has("file"), has("command")) {
        (true, true) => doc.problem(key.at, "`key` has both `file` and `command`"),
        (false, false) => {
            doc.problem_with(key.at, "`key` has neither `file` nor `command`", format!("write `{EXAMPLE}`"));
        }
        (true, false) => {
            if let Some((name, at)) = only_for_command {
                doc.problem(at, format!("`{name}` goes with `command`, not with `file`"));
            }
        }
        (false, true) => {}
    }
    match (file, argv) {
        (Some(file), None) => Some(KeySource::File(file)),
        (None, Some(argv)) => Some(KeySource::Command { argv, ttl, interactive, pass_env }),
        _ => None,
    }
}

fn command(doc: &mut Document, entry: &Entry) -> Option<Vec<String>> {
    let words = doc.list(entry, "[\"/usr/bin/op\", \"read\", \"op://…\"]")?;
    let Some((program, at)) = words.first() else {
        doc.problem(entry.at, "`command` is empty");
        return None;
    };
    if !Path::new(program).is_absolute() {
        doc.problem_with(
            *at,
            "`command` must start with the full path of a program",
            format!("`command -v {}` shows it", shell_word(program)),
        );
        return None;
    }
    Some(words.into_iter().map(|(word, _)| word).collect())
}

/// A program's name for a hint, or a stand-in for anything a shell would read otherwise.
fn shell_word(word: &str) -> &str {
    let plain = !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if plain { word } else { "PROGRAM" }
}

fn duration(doc: &mut Document, entry: &Entry) -> Option<Duration> {
    let text = doc.text(entry)?;
    match crate::duration::parse_duration(&text) {
        Ok(duration) => Some(duration),
        Err(error) => {
            doc.problem_from(entry.at, error);
            None
        }
    }
}

/// Names handed on to the user's own program: any name will do.
fn passed_names(doc: &mut Document, entry: &Entry) -> Vec<String> {
    let mut names = Vec::new();
    for (name, at) in doc.list(entry, "[\"OP_SERVICE_ACCOUNT_TOKEN\"]").unwrap_or_default() {
        if name.starts_with(|c: char| c.is_ascii_digit())
            || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        {
            doc.problem(at, format!("`{}` cannot be the name of a variable", printable::text(&name)));
        } else {
            names.push(name);
        }
    }
    names
}

fn headers(doc: &mut Document, key: &Entry) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::new();
    for header in doc.table(key, "{ \"X-Title\" = \"llmenv\" }").unwrap_or_default() {
        let shown = printable::text(header.key);
        // Token of RFC 9110 §5.6.2.
        let is_token = !header.key.is_empty()
            && header.key.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
        if !is_token {
            doc.problem(header.key_at, format!("`{shown}` cannot be the name of a header"));
        } else if OWN_HEADERS.contains(&header.key.to_ascii_lowercase().as_str()) {
            doc.problem_with(
                header.key_at,
                format!("`headers` may not set `{shown}`"),
                "llmenv sends it itself; a key belongs in the store",
            );
        } else if let Some(value) = doc.text(&header) {
            if value.bytes().all(|b| (0x20..0x7f).contains(&b)) && value.trim() == value {
                headers.insert(header.key.to_owned(), value);
            } else {
                doc.problem(header.at, format!("`{shown}` must be plain ASCII without blanks at its ends"));
            }
        }
    }
    headers
}

fn env(doc: &mut Document, key: &Entry) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    for variable in doc.table(key, "{ NAME = \"value\" }").unwrap_or_default() {
        if !is_allowed(doc, "env", variable.key, variable.key_at) {
            continue;
        }
        if let Some(value) = variable.value.as_str() {
            // Empty is a value of its own for somebody's tool.
            if doc.is_one_line(variable.key, value, variable.at) {
                env.insert(variable.key.to_owned(), value.to_owned());
            }
        } else {
            doc.text(&variable);
        }
    }
    env
}

fn variable_names(doc: &mut Document, key: &Entry, example: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, at) in doc.list(key, example).unwrap_or_default() {
        if is_allowed(doc, key.key, &name, at) {
            if names.contains(&name) {
                doc.problem(at, format!("`{}` names `{name}` twice", key.key));
            }
            names.push(name);
        }
    }
    names
}

/// The deny-list: names that steer shells, loaders and interpreters.
fn is_allowed(doc: &mut Document, key: &str, name: &str, at: usize) -> bool {
    if is_allowed_name(name) {
        return true;
    }
    let shown = printable::text(name);
    let well_formed = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.len() <= 128;
    if well_formed {
        doc.problem_with(
            at,
            format!("`{key}` may not set `{shown}`"),
            "it steers shells or programs; llmenv sets accounts alone",
        );
    } else {
        doc.problem_with(
            at,
            format!("`{shown}` cannot be the name of a variable"),
            "use letters, digits and `_`, not a digit first",
        );
    }
    false
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
