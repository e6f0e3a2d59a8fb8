//! This process's own environment: what a program that is started here and loads no file gets.

use std::collections::BTreeMap;

use super::{Held, Kind, Origin, Reader, Search};
use crate::secret::Secret;

/// Longer values are no keys and no addresses; the system allows 128 KiB for one.
const MAX_VALUE_BYTES: usize = 128 * 1024;

/// The environment of this process. Names and values that are no text are left out: no tool takes a key from one.
pub fn variables() -> BTreeMap<String, Secret> {
    std::env::vars_os()
        .filter_map(|(name, value)| {
            let value = value.into_string().ok().filter(|value| value.len() <= MAX_VALUE_BYTES)?;
            Some((known_as(name.into_string().ok()?), Secret::new(value)))
        })
        .collect()
}

/// The name under which programs know a variable. Windows tells names apart by their letters, not by their case, and keeps the case
/// that whoever set one first had chosen; all names that count here are written large.
pub fn known_as(name: String) -> String {
    if cfg!(windows) { name.to_uppercase() } else { name }
}

/// The source.
pub(super) fn search(search: &mut Search<'_>) {
    let scene = search.scene;
    for (name, value) in &scene.variables {
        search.add_exported(name, Held::Text(value.clone()), Origin::of(Kind::Environment, Reader::Programs));
    }
}
