//! `.envrc` and what direnv made of it: read, never run; whether direnv would run it; what it noted in this shell.
//!
//! - allowed: `XDG_DATA_HOME/direnv/allow/HASH`, with HASH the SHA-256 of the path, a line feed and the content; denied:
//!   `deny/HASH` of path and line feed; `[whitelist]` of `direnv.toml` (direnv 2.32.1, `internal/cmd/rc.go`).
//! - `DIRENV_DIFF`: base64 of zlib of JSON `{"p": {…before…}, "n": {…now…}}`, values in clear (`gzenv`, `env_diff.go`).

use std::path::{Path, PathBuf};

use base64ct::{Base64Url, Encoding};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::search::MAX_FILE_BYTES;
use super::settings::{self, Format};
use super::{Held, Kind, Origin, Reader, Scene, Search, When, rc};
use crate::bounded::{self, Links};
use crate::secret::Secret;

/// The most that `DIRENV_DIFF` may unfold to.
const MAX_DIFF_BYTES: usize = 1024 * 1024;
/// The most files in direnv's list that are looked through for an earlier version.
const MAX_ALLOWED: usize = 500;

/// What direnv does with a `.envrc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// It runs it.
    Allowed,
    /// Nobody has allowed it.
    Unknown,
    /// An earlier content was allowed, and this one is not.
    Changed,
    /// Somebody denied it.
    Denied,
}

/// The `.envrc` that counts in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envrc {
    /// The file.
    pub path: PathBuf,
    /// Whether direnv runs it.
    pub permission: Permission,
}

/// Finds the nearest one upwards; direnv looks up to the root.
pub fn nearest(scene: &Scene) -> Option<Envrc> {
    let path = scene.cwd.ancestors().map(|dir| dir.join(".envrc")).find(|path| path.symlink_metadata().is_ok())?;
    let permission = permission(scene, &path);
    Some(Envrc { path, permission })
}

fn permission(scene: &Scene, path: &Path) -> Permission {
    let Ok((content, _)) = bounded::read(path, MAX_FILE_BYTES, Links::Follow) else { return Permission::Unknown };
    let shown = path.display().to_string();
    let hash = |content: &[u8]| {
        let mut hash = Sha256::new();
        hash.update(shown.as_bytes());
        hash.update(b"\n");
        hash.update(content);
        crate::fingerprint::hex(&hash.finalize())
    };
    let folder = scene.data_folder().join("direnv");
    if folder.join("deny").join(hash(b"")).exists() {
        return Permission::Denied;
    }
    if folder.join("allow").join(hash(&content)).exists() || is_whitelisted(scene, path) {
        return Permission::Allowed;
    }
    let mut earlier = std::fs::read_dir(folder.join("allow")).into_iter().flatten().flatten().take(MAX_ALLOWED);
    let is_same = |entry: std::fs::DirEntry| {
        bounded::read(&entry.path(), 16 * 1024, Links::Refuse)
            .is_ok_and(|(content, _)| content.trim_ascii_end() == shown.as_bytes())
    };
    if earlier.any(is_same) { Permission::Changed } else { Permission::Unknown }
}

fn is_whitelisted(scene: &Scene, path: &Path) -> bool {
    let file = scene.config_folder().join("direnv/direnv.toml");
    let Ok((bytes, _)) = bounded::read(&file, MAX_FILE_BYTES, Links::Follow) else { return false };
    let Ok(text) = String::from_utf8(bytes) else { return false };
    settings::leaves(&text, Format::Toml).unwrap_or_default().iter().any(|leaf| {
        let Some(listed) = leaf.text().map(|text| text.expose().to_owned()) else { return false };
        let listed = match listed.strip_prefix("~/") {
            Some(rest) => scene.home.join(rest),
            None => PathBuf::from(listed),
        };
        (leaf.is_at(&["whitelist", "prefix", "*"]) && path.starts_with(&listed))
            || (leaf.is_at(&["whitelist", "exact", "*"]) && (path == listed || path == listed.join(".envrc")))
    })
}

/// The source: the file.
pub(super) fn search(search: &mut Search<'_>) {
    let Some(envrc) = nearest(search.scene) else { return };
    rc::search_files(&[envrc.path], "bash", When::Always, Kind::Envrc, search);
}

/// What direnv changed in this environment.
#[derive(Clone, Debug)]
pub struct State {
    /// The directory whose `.envrc` it ran.
    pub dir: PathBuf,
    /// Values before; none: not set.
    pub before: Vec<(String, Secret)>,
    /// Values that it set.
    pub now: Vec<(String, Secret)>,
}

/// Reads `DIRENV_DIR` and `DIRENV_DIFF`; the error says what is wrong with them.
pub fn state(scene: &Scene) -> Result<Option<State>, &'static str> {
    let Some(diff) = scene.variable("DIRENV_DIFF") else { return Ok(None) };
    let dir = scene.variable("DIRENV_DIR").unwrap_or_default();
    let dir = PathBuf::from(dir.strip_prefix('-').unwrap_or(dir));
    let packed = Zeroizing::new(Base64Url::decode_vec(diff).map_err(|_| "DIRENV_DIFF is not base64")?);
    let json = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(&packed, MAX_DIFF_BYTES)
        .map_err(|_| "DIRENV_DIFF cannot be unpacked, or is larger than 1 MiB unpacked")?;
    let json = Zeroizing::new(json);
    let text = std::str::from_utf8(&json).map_err(|_| "DIRENV_DIFF is not UTF-8")?;
    let leaves = settings::leaves(text, Format::Json).map_err(|_| "DIRENV_DIFF is not JSON")?;
    let of = |side: &str| -> Vec<(String, Secret)> {
        leaves
            .iter()
            .filter(|leaf| leaf.is_at(&[side, "*"]))
            .filter_map(|leaf| Some((leaf.path[1].clone(), leaf.text()?.clone())))
            .collect()
    };
    Ok(Some(State { dir, before: of("p"), now: of("n") }))
}

/// The source: what direnv noted.
pub(super) fn search_state(search: &mut Search<'_>) {
    let state = match state(search.scene) {
        Ok(Some(state)) => state,
        Ok(None) => return,
        Err(reason) => return search.note(None, reason),
    };
    let place = |reader: Reader, part: &str| {
        let mut origin = Origin::of(Kind::Direnv, reader).part(part);
        origin.path = Some(state.dir.join(".envrc"));
        origin
    };
    for (name, value) in &state.now {
        search.add_exported(name, Held::Text(value.clone()), place(Reader::Programs, "set"));
    }
    for (name, value) in &state.before {
        // Comes back when the directory is left.
        search.add(name, Held::Text(value.clone()), place(Reader::Tool("direnv"), "before"), false);
    }
}
