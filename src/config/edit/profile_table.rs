//! A profile as TOML: what `add` writes and `edit` changes.

use std::collections::BTreeMap;

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::{set_value, taken};
use crate::config::profile_section::OWN_KEYS;
use crate::duration::show_duration;
use crate::error::{Error, Result};
use crate::printable;
use crate::profile::{Dialect, Family, KeySource, Profile};

/// What a field of a profile is set to.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldValue {
    /// A text or one of a few words.
    Text(String),
    /// `true` or `false`.
    Flag(bool),
    /// Several texts.
    List(Vec<String>),
    /// Names and texts: `models`, `env`, `headers`.
    Map(BTreeMap<String, String>),
    /// Where the key is.
    Key(KeySource),
    /// Nothing: the line goes.
    Unset,
}

/// Adds a profile below the last one.
pub(super) fn add(doc: &mut DocumentMut, profile: &Profile) -> Result<()> {
    let is_first = doc.is_empty();
    if !doc.contains_key("profiles") {
        let mut profiles = Table::new();
        profiles.set_implicit(true);
        doc.insert("profiles", Item::Table(profiles));
    }
    let profiles = super::profiles_mut(doc).ok_or_else(|| Error::new("`profiles` is not a table"))?;
    if profiles.contains_key(&profile.name) {
        return Err(taken(&profile.name));
    }
    let mut table = Table::new();
    if !is_first {
        table.decor_mut().set_prefix("\n");
    }
    for (key, value) in fields(profile) {
        table.insert(key, Item::Value(value));
    }
    profiles.insert(&profile.name, Item::Table(table));
    Ok(())
}

/// Sets a field of a profile.
pub(super) fn set(profile: &mut dyn TableLike, field: &str, value: &FieldValue) -> Result<()> {
    if !OWN_KEYS.contains(&field) {
        let shown = printable::text(field);
        return Err(Error::usage(match crate::suggest::nearest(field, OWN_KEYS.iter().copied()) {
            Some(meant) => format!("a profile has no `{shown}`; did you mean `{meant}`?"),
            None => format!("a profile has no `{shown}`"),
        }));
    }
    // A section of its own (`[profiles.work.models]`) stays one, with the comments in it.
    if let (FieldValue::Map(map), Some(Item::Table(section))) = (value, profile.get_mut(field)) {
        section.retain(|key, _| map.contains_key(key));
        for (key, text) in map {
            set_value(section, key, text.into());
        }
        return Ok(());
    }
    let value = match value {
        FieldValue::Text(text) => Some(text.into()),
        FieldValue::Flag(flag) => Some((*flag).into()),
        FieldValue::List(texts) => Some(list(texts)),
        FieldValue::Map(map) if map.is_empty() => None,
        FieldValue::Map(map) => Some(inline(map)),
        FieldValue::Key(source) => key(source),
        FieldValue::Unset => None,
    };
    match value {
        Some(value) => set_value(profile, field, value),
        None => {
            profile.remove(field);
        }
    }
    Ok(())
}

/// What is worth writing, in the order in which people read it.
fn fields(profile: &Profile) -> Vec<(&'static str, Value)> {
    let mut fields: Vec<(&str, Value)> = vec![("provider", profile.provider.as_str().into())];
    let mut text = |key, value: Option<&str>| fields.extend(value.map(|text| (key, Value::from(text))));
    text("base_url", profile.base_url.as_deref());
    text("dialect", profile.dialect.map(Dialect::name));
    text("auth", profile.auth.map(crate::profile::Auth::name));
    text("organization", profile.organization.as_deref());
    text("project", profile.project.as_deref());
    text("api_version", profile.api_version.as_deref());
    text("deployment", profile.deployment.as_deref());
    text("model", profile.model.as_deref());
    if !profile.models.is_empty() {
        let order = ["big", "middle", "small"];
        let mut models = InlineTable::new();
        for size in order {
            if let Some(model) = profile.models.get(size) {
                models.insert(size, model.into());
            }
        }
        fields.push(("models", models.into()));
    }
    if !profile.serve.is_empty() {
        let names: Vec<String> = profile.serve.iter().map(|family: &Family| family.name().to_owned()).collect();
        fields.push(("serve", list(&names)));
    }
    fields.extend(profile.upstream.map(|dialect| ("upstream", dialect.name().into())));
    fields.extend(profile.account.as_deref().map(|account| ("account", account.into())));
    fields.extend(profile.billing.map(|billing| ("billing", billing.name().into())));
    if profile.proxy {
        fields.push(("proxy", true.into()));
    }
    fields.extend(key(&profile.key).map(|key| ("key", key)));
    for (name, map) in [("headers", &profile.headers), ("env", &profile.env)] {
        if !map.is_empty() {
            fields.push((name, inline(map)));
        }
    }
    for (name, names) in [("secrets", &profile.secrets), ("also", &profile.also)] {
        if !names.is_empty() {
            fields.push((name, list(names)));
        }
    }
    fields
}

/// Where a key is, unless it is in the store, which goes without saying.
fn key(source: &KeySource) -> Option<Value> {
    let mut table = InlineTable::new();
    match source {
        KeySource::Stored | KeySource::Absent => return None,
        KeySource::File(path) => {
            table.insert("file", path.to_string_lossy().as_ref().into());
        }
        KeySource::Command { argv, ttl, interactive, pass_env } => {
            table.insert("command", list(argv));
            if let Some(ttl) = ttl {
                table.insert("ttl", exact_duration(*ttl).into());
            }
            if !interactive {
                table.insert("interactive", false.into());
            }
            if !pass_env.is_empty() {
                table.insert("pass_env", list(pass_env));
            }
        }
    }
    Some(table.into())
}

/// A duration that reads back as it was: the usual form keeps two units alone.
fn exact_duration(duration: std::time::Duration) -> String {
    let shown = show_duration(duration);
    match crate::duration::parse_duration(&shown) {
        Ok(read) if read == duration => shown,
        _ => format!("{}s", duration.as_secs()),
    }
}

fn list(texts: &[String]) -> Value {
    texts.iter().collect::<Array>().into()
}

fn inline(map: &BTreeMap<String, String>) -> Value {
    map.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect::<InlineTable>().into()
}
