//! What pins and rules say of a directory, in the words that `resolve` takes.

use std::path::Path;

use crate::allow::AllowList;
use crate::config::Config;
use crate::resolve::DirectoryChoice;

/// Looks from a directory upwards.
pub fn look(_cwd: &Path, _home: &Path, _config: &Config, _allow: &AllowList) -> DirectoryChoice {
    DirectoryChoice::default()
}
