//! Windows: the user's and the machine's variables, which each new program gets from the registry.
//!
//! `HKCU\Environment`, and `HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment` (Microsoft Learn, Environment
//! Variables). `REG_EXPAND_SZ` values with `%NAME%` in them are known only once they are expanded.

use super::{Held, Kind, Origin, Reader, Search};
use crate::secret::Secret;

/// The most variables; the registry allows more than anybody has.
const MAX_VARIABLES: usize = 2_000;
/// Where the machine's stand.
const MACHINE: &str = r"SYSTEM\CurrentControlSet\Control\Session Manager\Environment";

/// The source: the user's.
pub(super) fn search_user(search: &mut Search<'_>) {
    add(windows_registry::CURRENT_USER, "Environment", Kind::WindowsUser, search);
}

/// The source: the machine's.
pub(super) fn search_machine(search: &mut Search<'_>) {
    add(windows_registry::LOCAL_MACHINE, MACHINE, Kind::WindowsMachine, search);
}

fn add(root: &windows_registry::Key, path: &str, kind: Kind, search: &mut Search<'_>) {
    let Ok(key) = root.open(path) else { return search.note(None, "the registry key cannot be opened") };
    let Ok(values) = key.values() else { return search.note(None, "the registry key cannot be read") };
    for (name, value) in values.take(MAX_VARIABLES) {
        let Ok(text) = String::try_from(value) else { continue };
        let held = if text.contains('%') { Held::Unknowable } else { Held::Text(Secret::new(text)) };
        search.add_exported(&name, held, Origin::of(kind, Reader::Children("windows")));
    }
}
