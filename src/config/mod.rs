//! The configuration: which profiles there are, which directory names which, and how this machine reaches the network. No secrets.
//!
//! [`load`] reads `config.toml` and the files it includes; the daemon keeps the last good result where a later one fails.
//! [`edit`] changes the file in place and keeps what people wrote around it. What each key means stands with the types here.

mod comments;
pub(crate) mod document;
pub mod edit;
mod include;
mod pattern;
mod profile_section;
mod read;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use include::{Include, IncludeState};
pub use pattern::Pattern;
pub(crate) use pattern::canonical;
pub(crate) use profile_section::OWN_KEYS as PROFILE_KEYS;

use crate::allow::AllowList;
use crate::bounded::{self, Links, NotRead};
use crate::error::{Error, Result};
use crate::profile::Profile;

/// The largest configuration or included file.
pub const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// The most problems that [`Config::problems`] lists for names without a profile.
const MAX_PROBLEMS: usize = 20;

/// Everything that `config.toml` says.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The file it was read from, whether or not there is one.
    pub path: PathBuf,
    /// The profile where nothing else decides.
    pub default: Option<String>,
    /// The line of `default`.
    pub default_line: Option<usize>,
    /// Files with profiles of others, in the order in which they are looked at.
    pub include: Vec<Include>,
    /// All profiles by name, own and included ones.
    pub profiles: BTreeMap<String, Profile>,
    /// Directories bound to profiles.
    pub rules: Vec<Rule>,
    /// How the daemon reaches the network.
    pub network: Network,
    /// The local proxy.
    pub proxy: ProxySettings,
    /// The store chosen: `keyring` or `file`; none: not chosen yet.
    pub store: Option<String>,
    /// Whether hooks say nothing about changes of profile.
    pub quiet: bool,
    /// What is wrong but stops nothing: a default or a rule that names no profile, an included name that is taken.
    pub problems: Vec<Error>,
}

/// A `[[directory]]` rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The folders it holds for.
    pub pattern: Pattern,
    /// The profile they are bound to.
    pub profile: String,
    /// The file and line that define it.
    pub defined_at: (PathBuf, usize),
}

/// `[network]`: the daemon's environment is never used for this.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// The HTTP proxy for HTTPS requests. May hold a password: not for messages.
    pub https_proxy: Option<String>,
    /// Hosts, domains and networks that are reached without it.
    pub no_proxy: Vec<String>,
    /// Certificates beside the system's.
    pub ca_file: Option<PathBuf>,
}

/// `[proxy]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxySettings {
    /// The port, where the user wants a certain one.
    pub port: Option<u16>,
    /// Web origins that may use it.
    pub allow_origins: Vec<String>,
    /// How long reaching an upstream may take.
    pub connect_timeout: Option<Duration>,
    /// How long an upstream may take to begin its answer.
    pub first_byte_timeout: Option<Duration>,
    /// How long an upstream may be silent in the middle of its answer.
    pub idle_timeout: Option<Duration>,
    /// After how much silence a client of another dialect is told that the upstream is only silent.
    pub ping: Option<Duration>,
}

/// What the catalogue says to a provider's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderCheck {
    /// There is such a provider.
    Known,
    /// There is none; perhaps this one was meant.
    Unknown {
        /// A similar id.
        nearest: Option<String>,
    },
}

impl ProviderCheck {
    /// Asks the catalogue that is compiled in.
    pub fn in_catalogue(id: &str) -> Self {
        match crate::provider::find(id) {
            Some(_) => Self::Known,
            None => Self::Unknown { nearest: crate::provider::nearest(id).map(str::to_owned) },
        }
    }
}

impl Config {
    /// All files that decide about it, for whoever watches them.
    pub fn files(&self) -> Vec<PathBuf> {
        std::iter::once(&self.path).chain(self.include.iter().map(|include| &include.path)).cloned().collect()
    }

    /// Finds a profile, or says which one was probably meant.
    pub fn profile(&self, name: &str) -> Result<&Profile> {
        self.profiles.get(name).ok_or_else(|| unknown_profile(name, self.profiles.keys().map(String::as_str)))
    }
}

/// The error for a name that no profile has.
pub fn unknown_profile<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Error {
    let shown = crate::printable::text(name);
    let mut known = known.into_iter().peekable();
    let is_first = known.peek().is_none();
    let message = match crate::suggest::nearest(name, known) {
        Some(meant) => format!("there is no profile `{shown}`; did you mean `{meant}`?"),
        None => format!("there is no profile `{shown}`"),
    };
    let error = Error::of(crate::error::ErrorKind::NotFound, message);
    let error = match crate::provider::find(name) {
        Some(row) => error.hint(format!("`llmenv add {name}` makes one for a key of {}", row.shown())),
        None => error,
    };
    if is_first && error.hints.is_empty() {
        return error.hint("there are no profiles yet: `llmenv add` adds one");
    }
    if is_first { error } else { error.hint("`llmenv list` shows the profiles there are") }
}

/// Reads the configuration and what it includes. No file is an empty configuration.
///
/// `home` stands for `~`, `provider` is the catalogue. Fails on the first file alone: an included file that is wrong, missing or
/// not allowed says so in its [`IncludeState`] and is left out, or serves what was allowed last.
pub fn load(path: &Path, home: &Path, provider: &dyn Fn(&str) -> ProviderCheck, allow: &AllowList) -> Result<Config> {
    let bytes = match bounded::read(path, MAX_CONFIG_BYTES, Links::Follow) {
        Ok((bytes, _)) => bytes,
        Err(NotRead::Missing) => return Ok(Config { path: path.to_owned(), ..Config::default() }),
        Err(reason) => return Err(reason.into_error(path, MAX_CONFIG_BYTES)),
    };
    let mut config = parse(&document::decode(path, bytes)?, path, home, provider)?;
    include::apply(&mut config, provider, allow);
    check_names(&mut config);
    Ok(config)
}

/// Reads the text of a configuration, without the files it includes.
pub fn parse(text: &str, path: &Path, home: &Path, provider: &dyn Fn(&str) -> ProviderCheck) -> Result<Config> {
    read::config(text, path, home, provider)
}

/// Checks a file as one to include, for `llmenv allow FILE`: gives its canonical path and its content.
pub fn read_include(path: &Path, provider: &dyn Fn(&str) -> ProviderCheck) -> Result<(PathBuf, Vec<u8>)> {
    include::read_to_allow(path, provider)
}

/// Names that no profile has are kept as problems: a profile may come with a file that is not allowed yet.
fn check_names(config: &mut Config) {
    let known = || config.profiles.keys().map(String::as_str);
    let named = config
        .default
        .iter()
        .map(|name| ("default", name, &config.path, config.default_line.unwrap_or(1)))
        .chain(config.rules.iter().map(|rule| ("profile", &rule.profile, &rule.defined_at.0, rule.defined_at.1)));
    let mut problems = Vec::new();
    for (key, name, file, line) in named {
        if problems.len() == MAX_PROBLEMS {
            break;
        }
        if !config.profiles.contains_key(name) {
            let mut error = unknown_profile(name, known()).at(place(file, line));
            error.message = format!("`{key}`: {}", error.message);
            problems.push(error);
        }
    }
    config.problems.extend(problems);
}

/// `file:line`.
fn place(file: &Path, line: usize) -> String {
    format!("{}:{line}", crate::printable::path(file))
}

/// Turns a written path into an absolute one; the error is the second half of a sentence about its key.
fn expand(written: &str, home: &Path) -> Result<PathBuf, String> {
    if written == "~" {
        return Ok(home.to_owned());
    }
    let below_home = written.strip_prefix("~/").or_else(|| {
        // The other separator is the usual one there.
        if cfg!(windows) { written.strip_prefix("~\\") } else { None }
    });
    let path = match below_home {
        Some(rest) => home.join(rest.trim_start_matches('/')),
        None => PathBuf::from(written),
    };
    if !path.is_absolute() {
        return Err("must be an absolute path or start with `~/`".into());
    }
    Ok(path)
}
