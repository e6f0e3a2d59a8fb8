//! The sections of `config.toml`, but for profiles.

use std::path::Path;

use url::Url;

use super::document::{Document, Entry, entries};
use super::{Config, Include, IncludeState, Network, Pattern, ProviderCheck, ProxySettings, Rule};
use super::{expand, profile_section};
use crate::error::Result;
use crate::profile::check_name;

const TOP_KEYS: &[&str] = &["default", "include", "profiles", "directory", "network", "proxy", "store", "quiet"];

/// What other files of this kind call the same thing.
const TOP_ALIASES: &[(&str, &str)] =
    &[("profile", "profiles"), ("directories", "directory"), ("rules", "directory"), ("includes", "include")];

pub(super) fn config(text: &str, file: &Path, home: &Path, provider: &dyn Fn(&str) -> ProviderCheck) -> Result<Config> {
    let mut doc = Document::new(file, text);
    let table = doc.parse()?;
    let mut config = Config { path: file.to_owned(), ..Config::default() };
    for entry in entries(table.get_ref()) {
        match entry.key {
            "default" => {
                config.default = profile_name(&mut doc, &entry);
                config.default_line = Some(doc.line(entry.key_at));
            }
            "include" => config.include = includes(&mut doc, &entry, home),
            "profiles" => {
                let sections = doc.table(&entry, "[profiles.work]").unwrap_or_default();
                for section in sections {
                    if let Some(profile) = profile_section::own(&mut doc, &section, home, provider) {
                        config.profiles.insert(profile.name.clone(), profile);
                    }
                }
            }
            "directory" => config.rules = rules(&mut doc, &entry, home),
            "network" => config.network = network(&mut doc, &entry, home),
            "proxy" => config.proxy = proxy(&mut doc, &entry),
            "store" => {
                config.store = doc.choice(&entry, &[("keyring", "keyring"), ("file", "file")]).map(str::to_owned);
            }
            "quiet" => config.quiet = doc.flag(&entry).unwrap_or_default(),
            _ => unknown_top_key(&mut doc, &entry),
        }
    }
    doc.finish(config)
}

fn unknown_top_key(doc: &mut Document, entry: &Entry) {
    if let Some((_, meant)) = TOP_ALIASES.iter().find(|(alias, _)| *alias == entry.key) {
        doc.problem(entry.key_at, format!("unknown key `{}`; did you mean `{meant}`?", entry.key));
    } else if profile_section::OWN_KEYS.contains(&entry.key) {
        doc.problem_with(
            entry.key_at,
            format!("`{}` belongs to a profile", entry.key),
            "put it below a line `[profiles.NAME]`",
        );
    } else if profile_section::names_a_secret(entry.key) {
        profile_section::secret_problem(doc, entry);
    } else {
        let _ = doc.unknown_key(entry, TOP_KEYS, "this file");
    }
}

/// The name of a profile, whether or not there is one.
pub(super) fn profile_name(doc: &mut Document, entry: &Entry) -> Option<String> {
    let name = doc.text(entry)?;
    match check_name(&name) {
        Ok(()) => Some(name),
        Err(error) => {
            doc.problem_from(entry.at, error);
            None
        }
    }
}

fn includes(doc: &mut Document, entry: &Entry, home: &Path) -> Vec<Include> {
    let mut includes: Vec<Include> = Vec::new();
    for (written, at) in doc.list(entry, "[\"~/team/llmenv.toml\"]").unwrap_or_default() {
        match expand(&written, home) {
            Ok(path) => {
                if includes.iter().any(|include| include.path == path) {
                    doc.problem(at, format!("`include` lists `{}` twice", crate::printable::text(&written)));
                }
                let line = doc.line(at);
                includes.push(Include { path, written, line, state: IncludeState::Missing });
            }
            Err(reason) => doc.problem(at, format!("`include` {reason}")),
        }
    }
    includes
}

fn rules(doc: &mut Document, entry: &Entry, home: &Path) -> Vec<Rule> {
    const EXAMPLE: &str = "path = \"~/work/**\"";
    let Some(array) = entry.value.as_array() else {
        doc.problem_with(
            entry.key_at,
            "`directory` is a list of tables",
            "write `[[directory]]`, with two brackets, above each rule",
        );
        return Vec::new();
    };
    let mut rules = Vec::new();
    for item in array {
        let at = item.span().start;
        let item = Entry { key: "directory", key_at: at, value: item.get_ref(), at };
        let Some(keys) = doc.table(&item, EXAMPLE) else { continue };
        let (mut pattern, mut profile) = (None, None);
        let (mut has_path, mut has_profile) = (false, false);
        for key in &keys {
            match key.key {
                "path" => {
                    has_path = true;
                    if let Some(written) = doc.text(key) {
                        match Pattern::parse(&written, home) {
                            Ok(parsed) => pattern = Some(parsed),
                            Err(reason) => doc.problem(key.at, reason),
                        }
                    }
                }
                "profile" => {
                    has_profile = true;
                    profile = profile_name(doc, key);
                }
                _ => match doc.unknown_key(key, &["path", "profile"], "a `[[directory]]`") {
                    Some("path") => has_path = true,
                    Some(_) => has_profile = true,
                    None => {}
                },
            }
        }
        if !has_path {
            doc.problem_with(at, "this `[[directory]]` has no `path`", format!("add a line such as `{EXAMPLE}`"));
        }
        if !has_profile {
            doc.problem_with(at, "this `[[directory]]` has no `profile`", "add a line such as `profile = \"work\"`");
        }
        if let (Some(pattern), Some(profile)) = (pattern, profile) {
            rules.push(Rule { pattern, profile, defined_at: (doc.file().to_owned(), doc.line(at)) });
        }
    }
    rules
}

fn network(doc: &mut Document, entry: &Entry, home: &Path) -> Network {
    let mut network = Network::default();
    for key in doc.table(entry, "[network]").unwrap_or_default() {
        match key.key {
            "https_proxy" => {
                // Never shown: a proxy's address may hold a password.
                network.https_proxy = doc.text(&key).filter(|text| {
                    let good = Url::parse(text)
                        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
                    if !good {
                        doc.problem(key.at, "`https_proxy` must be an address such as `http://proxy:3128`");
                    }
                    good
                });
            }
            "no_proxy" => {
                for (host, at) in doc.list(&key, "[\"10.0.0.0/8\", \".example.com\"]").unwrap_or_default() {
                    if host.contains(|c: char| c.is_whitespace() || c == ',') || host.contains("://") {
                        doc.problem(at, "each of `no_proxy` must be one host, domain or network, such as `10.0.0.0/8`");
                    } else {
                        network.no_proxy.push(host);
                    }
                }
            }
            "ca_file" => network.ca_file = path(doc, &key, home),
            _ => {
                let _ = doc.unknown_key(&key, &["https_proxy", "no_proxy", "ca_file"], "`[network]`");
            }
        }
    }
    network
}

/// A path to a file.
pub(super) fn path(doc: &mut Document, entry: &Entry, home: &Path) -> Option<std::path::PathBuf> {
    let written = doc.text(entry)?;
    match expand(&written, home) {
        Ok(path) => Some(path),
        Err(reason) => {
            doc.problem(entry.at, format!("`{}` {reason}", entry.key));
            None
        }
    }
}

fn proxy(doc: &mut Document, entry: &Entry) -> ProxySettings {
    let mut proxy = ProxySettings::default();
    if entry.value.is_bool() {
        doc.problem_with(
            entry.key_at,
            "`proxy` belongs to a profile",
            "put `proxy = true` below a line `[profiles.NAME]`; `[proxy]` holds `port` and `allow_origins`",
        );
        return proxy;
    }
    for key in doc.table(entry, "[proxy]").unwrap_or_default() {
        match key.key {
            "port" => {
                if let Some(number) = doc.integer(&key) {
                    match u16::try_from(number) {
                        Ok(port) if port >= 1024 => proxy.port = Some(port),
                        _ => doc.problem(key.at, "`port` must be between 1024 and 65535"),
                    }
                }
            }
            "allow_origins" => {
                for (origin, at) in doc.list(&key, "[\"http://localhost:5173\"]").unwrap_or_default() {
                    let exact = Url::parse(&origin).is_ok_and(|url| url.origin().ascii_serialization() == origin);
                    if exact {
                        proxy.allow_origins.push(origin);
                    } else {
                        doc.problem_with(
                            at,
                            "each of `allow_origins` must be an origin as a browser sends it",
                            "write scheme, host and port alone, such as `http://localhost:5173`",
                        );
                    }
                }
            }
            "connect_timeout" => proxy.connect_timeout = duration(doc, &key),
            "first_byte_timeout" => proxy.first_byte_timeout = duration(doc, &key),
            "idle_timeout" => proxy.idle_timeout = duration(doc, &key),
            "ping" => proxy.ping = duration(doc, &key),
            _ => {
                let known = ["port", "allow_origins", "connect_timeout", "first_byte_timeout", "idle_timeout", "ping"];
                let _ = doc.unknown_key(&key, &known, "`[proxy]`");
            }
        }
    }
    proxy
}

/// A duration such as `90s`.
fn duration(doc: &mut Document, entry: &Entry) -> Option<std::time::Duration> {
    let text = doc.text(entry)?;
    match crate::duration::parse_duration(&text) {
        Ok(duration) => Some(duration),
        Err(error) => {
            doc.problem_from(entry.at, error);
            None
        }
    }
}
