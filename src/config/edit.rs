//! Changing `config.toml` in place: comments, order and spelling of everything else stay as people wrote them.
//!
//! A change is a list of small edits. [`ConfigFile::save`] takes a lock, reads the file again and applies them to what is there *then*, so
//! that two commands at the same time both count; the result is read like any configuration before it replaces the file.

mod profile_table;
mod save;

use std::path::{Path, PathBuf};

use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value};

pub use profile_table::FieldValue;

use super::comments;
use crate::error::{Error, ErrorKind, Result};
use crate::printable;
use crate::profile::{Profile, check_name};

/// The configuration file with edits that are not saved yet.
pub struct ConfigFile {
    path: PathBuf,
    home: PathBuf,
    state_dir: PathBuf,
    doc: DocumentMut,
    edits: Vec<Edit>,
}

/// One edit, kept so that it can be applied again to a newer file.
#[derive(Clone, Debug)]
enum Edit {
    AddProfile(Box<Profile>),
    SetField { profile: String, field: String, value: FieldValue },
    RemoveProfile(String),
    RenameProfile { from: String, to: String },
    SetDefault(Option<String>),
    AddRule { path: String, profile: String },
    RemoveRule(String),
    SetStore(String),
}

/// What went, or changed, together with a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlsoChanged {
    /// The profile was the default.
    pub default: bool,
    /// The `path`s of the rules that named it.
    pub rules: Vec<String>,
}

impl ConfigFile {
    /// Opens the file for editing; none yet is an empty one. Fails where it is wrong already, with the line.
    pub fn open(path: &Path, home: &Path, state_dir: &Path) -> Result<Self> {
        let text = save::read(path)?.map(|file| file.text).unwrap_or_default();
        Ok(Self {
            doc: save::checked(&text, path, home)?,
            path: path.to_owned(),
            home: home.to_owned(),
            state_dir: state_dir.to_owned(),
            edits: Vec::new(),
        })
    }

    /// Adds a profile. Fails where the name is taken.
    pub fn add_profile(&mut self, profile: &Profile) -> Result<()> {
        check_name(&profile.name)?;
        self.edit(Edit::AddProfile(Box::new(profile.clone()))).map(|_| ())
    }

    /// Sets a field of a profile, or takes it away with [`FieldValue::Unset`].
    pub fn set(&mut self, profile: &str, field: &str, value: FieldValue) -> Result<()> {
        self.edit(Edit::SetField { profile: profile.into(), field: field.into(), value }).map(|_| ())
    }

    /// Removes a profile, and the default and the rules that name it.
    pub fn remove_profile(&mut self, name: &str) -> Result<AlsoChanged> {
        self.edit(Edit::RemoveProfile(name.into()))
    }

    /// Renames a profile, in the default and in the rules that name it, too.
    pub fn rename_profile(&mut self, from: &str, to: &str) -> Result<AlsoChanged> {
        check_name(to)?;
        self.edit(Edit::RenameProfile { from: from.into(), to: to.into() })
    }

    /// Sets the default, or takes it away. Whether there is such a profile is the caller's to see: it may be an included one.
    pub fn set_default(&mut self, name: Option<&str>) -> Result<()> {
        if let Some(name) = name {
            check_name(name)?;
        }
        self.edit(Edit::SetDefault(name.map(str::to_owned))).map(|_| ())
    }

    /// Binds a folder and everything below it to a profile; a rule for the same folder is changed.
    pub fn add_rule(&mut self, dir: &Path, profile: &str) -> Result<()> {
        check_name(profile)?;
        let path = format!("{}/**", self.rule_path(dir)?.trim_end_matches('/'));
        self.edit(Edit::AddRule { path, profile: profile.into() }).map(|_| ())
    }

    /// Takes away the rules for a folder; `false`: there was none.
    pub fn remove_rule(&mut self, dir: &Path) -> Result<bool> {
        let path = self.rule_path(dir)?;
        self.edit(Edit::RemoveRule(path)).map(|changed| !changed.rules.is_empty())
    }

    /// Chooses the store: `keyring` or `file`.
    pub fn set_store(&mut self, word: &str) -> Result<()> {
        self.edit(Edit::SetStore(word.into())).map(|_| ())
    }

    /// The text as it would be saved.
    pub fn text(&self) -> String {
        self.doc.to_string()
    }

    /// Saves all edits on top of what the file holds now. Where it fails, the file is as it was.
    pub fn save(&mut self) -> Result<()> {
        self.doc = save::save(&self.path, &self.home, &self.state_dir, |doc| {
            self.edits.iter().try_for_each(|edit| apply(doc, edit).map(|_| ()))
        })?;
        self.edits.clear();
        Ok(())
    }

    fn edit(&mut self, edit: Edit) -> Result<AlsoChanged> {
        // On a copy: an edit that fails leaves nothing half done.
        let mut doc = self.doc.clone();
        let changed = apply(&mut doc, &edit)?;
        save::checked(&doc.to_string(), &self.path, &self.home)?;
        self.doc = doc;
        self.edits.push(edit);
        Ok(changed)
    }

    /// How a folder is written in a rule: below HOME with `~/`.
    fn rule_path(&self, dir: &Path) -> Result<String> {
        let shown = printable::path(dir);
        let written = match dir.strip_prefix(&self.home) {
            Ok(rest) => Path::new("~").join(rest),
            Err(_) => dir.to_owned(),
        };
        if !dir.is_absolute() {
            return Err(Error::usage(format!("`{shown}` is not an absolute path")));
        }
        match written.to_str() {
            Some(text) if text.contains('*') => {
                Err(Error::usage(format!("`{shown}` holds a star, which a rule reads as a pattern"))
                    .hint("use `llmenv use NAME --here` without `--rule`"))
            }
            Some(text) if crate::env_patch::is_servable(text) => Ok(text.trim_end_matches('/').to_owned()),
            _ => Err(Error::usage(format!("`{shown}` cannot be written into a rule: its name is not plain text"))
                .hint("use `llmenv use NAME --here` without `--rule`")),
        }
    }
}

fn apply(doc: &mut DocumentMut, edit: &Edit) -> Result<AlsoChanged> {
    let nothing = AlsoChanged::default();
    match edit {
        Edit::AddProfile(profile) => profile_table::add(doc, profile).map(|()| nothing),
        Edit::SetField { profile, field, value } => {
            profile_table::set(profile_mut(doc, profile)?, field, value).map(|()| nothing)
        }
        Edit::RemoveProfile(name) => remove_profile(doc, name),
        Edit::RenameProfile { from, to } => rename_profile(doc, from, to),
        Edit::SetDefault(Some(name)) => {
            set_root(doc, "default", name);
            Ok(nothing)
        }
        Edit::SetDefault(None) => {
            remove_root(doc, "default");
            Ok(nothing)
        }
        Edit::AddRule { path, profile } => {
            add_rule(doc, path, profile);
            Ok(nothing)
        }
        Edit::RemoveRule(path) => {
            let rules = remove_rules(doc, |rule, _| same_folder(rule, path));
            Ok(AlsoChanged { default: false, rules })
        }
        Edit::SetStore(word) => {
            set_root(doc, "store", word);
            Ok(nothing)
        }
    }
}

/// Sets a value and keeps what stands around the one before, a comment at the end of the line above all.
pub(crate) fn set_value(table: &mut dyn TableLike, key: &str, mut value: Value) {
    match table.get_mut(key) {
        Some(Item::Value(old)) => {
            value.decor_mut().clone_from(old.decor());
            *old = value;
        }
        Some(other) => *other = Item::Value(value),
        None => {
            table.insert(key, Item::Value(value));
        }
    }
}

fn profiles_mut(doc: &mut DocumentMut) -> Option<&mut dyn TableLike> {
    doc.get_mut("profiles").and_then(Item::as_table_like_mut)
}

fn profile_mut<'d>(doc: &'d mut DocumentMut, name: &str) -> Result<&'d mut dyn TableLike> {
    check_exists(doc, name)?;
    profiles_mut(doc)
        .and_then(|profiles| profiles.get_mut(name))
        .and_then(Item::as_table_like_mut)
        .ok_or_else(|| Error::of(ErrorKind::NotFound, format!("`{name}` is not a profile")))
}

fn check_exists(doc: &DocumentMut, name: &str) -> Result<()> {
    let profiles = doc.get("profiles").and_then(Item::as_table_like);
    if profiles.is_some_and(|profiles| profiles.contains_key(name)) {
        return Ok(());
    }
    let known: Vec<&str> = profiles.into_iter().flat_map(TableLike::iter).map(|(known, _)| known).collect();
    Err(super::unknown_profile(name, known))
}

fn remove_profile(doc: &mut DocumentMut, name: &str) -> Result<AlsoChanged> {
    check_exists(doc, name)?;
    let removed = profiles_mut(doc).and_then(|profiles| profiles.remove(name));
    if let Some(Item::Table(table)) = removed {
        comments::hand_on(doc, &comments::above_table(&table), table.position());
    }
    let was_default = doc.get("default").and_then(Item::as_str) == Some(name);
    if was_default {
        remove_root(doc, "default");
    }
    Ok(AlsoChanged { default: was_default, rules: remove_rules(doc, |_, profile| profile == name) })
}

fn rename_profile(doc: &mut DocumentMut, from: &str, to: &str) -> Result<AlsoChanged> {
    check_exists(doc, from)?;
    if from == to {
        return Ok(AlsoChanged::default());
    }
    if check_exists(doc, to).is_ok() {
        return Err(taken(to));
    }
    match doc.get_mut("profiles") {
        Some(Item::Table(profiles)) => {
            if let Some((key, item)) = profiles.remove_entry(from) {
                let renamed = toml_edit::Key::new(to)
                    .with_leaf_decor(key.leaf_decor().clone())
                    .with_dotted_decor(key.dotted_decor().clone());
                profiles.insert_formatted(&renamed, item);
            }
        }
        Some(other) => {
            if let Some(profiles) = other.as_table_like_mut()
                && let Some(item) = profiles.remove(from)
            {
                profiles.insert(to, item);
            }
        }
        None => {}
    }
    let was_default = doc.get("default").and_then(Item::as_str) == Some(from);
    if was_default {
        set_root(doc, "default", to);
    }
    let mut rules = Vec::new();
    each_rule(doc, &mut |rule| {
        if text_of(rule, "profile") == from {
            rules.push(text_of(rule, "path").to_owned());
            set_value(rule, "profile", to.into());
        }
    });
    Ok(AlsoChanged { default: was_default, rules })
}

/// The error where a name is taken.
fn taken(name: &str) -> Error {
    Error::new(format!("there is a profile `{name}` already"))
        .hint(format!("`llmenv rotate {name}` gives it a new key, `llmenv edit {name}` changes the rest"))
}

/// Sets a key of the root. The first one goes above all sections, below the head of the file.
fn set_root(doc: &mut DocumentMut, key: &str, value: &str) {
    let is_first = !doc.contains_key(key) && doc.iter().all(|(_, item)| !item.is_value());
    let head = if is_first { comments::take_head(doc) } else { String::new() };
    set_value(doc.as_table_mut(), key, value.into());
    if is_first && let Some(mut key) = doc.as_table_mut().key_mut(key) {
        key.leaf_decor_mut().set_prefix(head);
    }
}

fn remove_root(doc: &mut DocumentMut, key: &str) {
    let above = comments::above_key(doc, key);
    let (kept, _) = comments::split(&above);
    let mut keys = doc.iter().filter(|(_, item)| item.is_value()).map(|(name, _)| name.to_owned());
    let next = keys.by_ref().find(|name| name == key).and_then(|_| keys.next());
    drop(keys);
    doc.remove(key);
    match next.and_then(|next| {
        let own = comments::above_key(doc, &next);
        doc.as_table_mut().key_mut(&next).map(|key| (key, own))
    }) {
        Some((mut key, own)) => {
            if !kept.is_empty() {
                key.leaf_decor_mut().set_prefix(format!("{kept}{}", own.trim_start_matches('\n')));
            }
        }
        None => comments::hand_on(doc, &above, None),
    }
}

fn text_of<'t>(table: &'t dyn TableLike, key: &str) -> &'t str {
    table.get(key).and_then(Item::as_str).unwrap_or_default()
}

/// Says whether two rule paths mean a folder with everything below it.
fn same_folder(a: &str, b: &str) -> bool {
    let plain = |path: &str| path.trim_end_matches("/**").trim_end_matches('/').to_owned();
    plain(a) == plain(b)
}

/// Calls for every rule, whether written as sections or in a list.
fn each_rule(doc: &mut DocumentMut, call: &mut dyn FnMut(&mut dyn TableLike)) {
    match doc.get_mut("directory") {
        Some(Item::ArrayOfTables(rules)) => rules.iter_mut().for_each(|rule| call(rule)),
        Some(Item::Value(Value::Array(rules))) => {
            rules.iter_mut().filter_map(Value::as_inline_table_mut).for_each(|rule| call(rule));
        }
        _ => {}
    }
}

fn add_rule(doc: &mut DocumentMut, path: &str, profile: &str) {
    let mut known = false;
    each_rule(doc, &mut |rule| {
        if same_folder(text_of(rule, "path"), path) {
            set_value(rule, "profile", profile.into());
            known = true;
        }
    });
    if known {
        return;
    }
    if let Some(Item::Value(Value::Array(rules))) = doc.get_mut("directory") {
        let mut rule = InlineTable::new();
        rule.insert("path", path.into());
        rule.insert("profile", profile.into());
        rules.push(rule);
        return;
    }
    let mut rule = Table::new();
    rule.insert("path", toml_edit::value(path));
    rule.insert("profile", toml_edit::value(profile));
    if !doc.is_empty() {
        rule.decor_mut().set_prefix("\n");
    }
    let rules = doc.entry("directory").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    if let Some(rules) = rules.as_array_of_tables_mut() {
        rules.push(rule);
    }
}

/// Removes rules by path and profile; gives the paths of those removed.
fn remove_rules(doc: &mut DocumentMut, is_meant: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let (mut removed, mut comments_above) = (Vec::new(), Vec::new());
    let left = match doc.get_mut("directory") {
        Some(Item::ArrayOfTables(rules)) => {
            rules.retain(|rule| {
                let meant = is_meant(text_of(rule, "path"), text_of(rule, "profile"));
                if meant {
                    removed.push(text_of(rule, "path").to_owned());
                    comments_above.push((comments::above_table(rule), rule.position()));
                }
                !meant
            });
            rules.len()
        }
        Some(Item::Value(Value::Array(rules))) => {
            rules.retain(|rule| {
                let Some(rule) = rule.as_inline_table() else { return true };
                let meant = is_meant(text_of(rule, "path"), text_of(rule, "profile"));
                if meant {
                    removed.push(text_of(rule, "path").to_owned());
                }
                !meant
            });
            rules.len()
        }
        _ => return removed,
    };
    if left == 0 && !removed.is_empty() {
        doc.remove("directory");
    }
    for (above, position) in comments_above.into_iter().rev() {
        comments::hand_on(doc, &above, position);
    }
    removed
}
