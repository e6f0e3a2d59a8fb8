//! Profiles: made, changed, listed.

use super::{Report, StoreChoice};
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// Where a key comes from. At most one; none: asked at a terminal.
#[derive(Debug, Default, Args)]
pub struct KeyInput {
    /// Read the key from standard input
    #[arg(long, group = "key_input")]
    pub key_stdin: bool,
    /// Read the key from a file, once
    #[arg(long, group = "key_input", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub key_file: Option<PathBuf>,
    /// Take the key even if it does not look like one of this provider
    #[arg(long)]
    pub force: bool,
    /// Do not try the key at the provider
    #[arg(long)]
    pub no_check: bool,
}

/// What can be said about a profile.
#[derive(Debug, Default, Args)]
pub struct Fields {
    /// The base URL, where it differs from the provider's
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub base_url: Option<String>,
    /// The model to use by default
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Families of variables to set: openai, anthropic, gemini
    #[arg(long, value_name = "FAMILIES", value_delimiter = ',')]
    pub serve: Vec<String>,
    /// Whose account it is, for `status`
    #[arg(long, value_name = "TEXT")]
    pub account: Option<String>,
    /// Who pays: metered, subscription, local
    #[arg(long, value_name = "HOW", hide_possible_values = true, value_parser = ["metered", "subscription", "local"])]
    pub billing: Option<String>,
    /// For `custom`: what the endpoint speaks
    #[arg(long, value_name = "DIALECT", value_parser = ["anthropic-messages", "openai-chat", "openai-responses", "gemini"])]
    pub dialect: Option<String>,
    /// How the endpoint wants to see the key
    #[arg(long, value_name = "WAY", value_parser = ["bearer", "x-api-key", "api-key", "x-goog-api-key", "none", "client"])]
    pub auth: Option<String>,
    /// The provider's organization
    #[arg(long, value_name = "ID")]
    pub organization: Option<String>,
    /// The provider's project
    #[arg(long, value_name = "ID")]
    pub project: Option<String>,
    /// The API version
    #[arg(long, value_name = "VERSION")]
    pub api_version: Option<String>,
    /// The deployment
    #[arg(long, value_name = "NAME")]
    pub deployment: Option<String>,
}

/// `llmenv add`.
#[derive(Debug, Args)]
pub struct Add {
    /// The profile's name; without it, the provider's
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// The provider, as `llmenv providers` lists it, or `custom`
    #[arg(long, short = 'p', value_name = "ID")]
    pub provider: Option<String>,
    /// What else the profile says.
    #[command(flatten)]
    pub fields: Fields,
    /// Where its key comes from.
    #[command(flatten)]
    pub key: KeyInput,
    /// Keep a reference instead of a key: `file:PATH` or `command:PROGRAM ARGUMENTS`
    #[arg(long, group = "key_input", value_name = "REF")]
    pub key_ref: Option<String>,
    /// Where to keep keys, where nothing was chosen yet
    #[arg(long, value_enum, value_name = "STORE")]
    pub store: Option<StoreChoice>,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv rotate`.
#[derive(Debug, Args)]
pub struct Rotate {
    /// The profile
    #[arg(value_name = "NAME", value_hint = ValueHint::Username)]
    pub name: String,
    /// Where its key comes from.
    #[command(flatten)]
    pub key: KeyInput,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv edit`.
#[derive(Debug, Args)]
pub struct Edit {
    /// The profile
    #[arg(value_name = "NAME", value_hint = ValueHint::Username)]
    pub name: String,
    /// The provider, as `llmenv providers` lists it, or `custom`
    #[arg(long, short = 'p', value_name = "ID")]
    pub provider: Option<String>,
    /// What else the profile says.
    #[command(flatten)]
    pub fields: Fields,
    /// Take a field out
    #[arg(long, value_name = "FIELD")]
    pub unset: Vec<String>,
    /// Let the key, which is bound to another host, go to this one from now on
    #[arg(long, value_name = "HOST", value_hint = ValueHint::Hostname)]
    pub bind_to: Option<String>,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv rename`.
#[derive(Debug, Args)]
pub struct Rename {
    /// The profile
    #[arg(value_name = "NAME", value_hint = ValueHint::Username)]
    pub name: String,
    /// Its new name
    #[arg(value_name = "NEW_NAME")]
    pub new_name: String,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv remove`.
#[derive(Debug, Args)]
pub struct Remove {
    /// The profile
    #[arg(value_name = "NAME", value_hint = ValueHint::Username)]
    pub name: String,
    /// Do it without asking
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The profile
    #[arg(value_name = "NAME", value_hint = ValueHint::Username)]
    pub name: String,
    /// Print the key itself, and nothing else
    #[arg(long, conflicts_with = "json")]
    pub reveal: bool,
    /// Print it even where standard output is not a terminal
    #[arg(long, requires = "reveal")]
    pub force: bool,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv providers`.
#[derive(Debug, Args)]
pub struct Providers {
    /// One provider
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}
