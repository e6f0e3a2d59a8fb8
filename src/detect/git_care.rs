//! What git does with a file, read from the repository's own files: nothing of the repository is run, and git is not, either.

use std::path::{Path, PathBuf};

use super::Look;

/// What git does with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// It is in the index, and so in the repository or about to be.
    Tracked,
    /// It is left out.
    Ignored,
    /// The next `git add .` takes it.
    Untracked,
}

/// What git does with this file; none: it is in no repository, or the repository is one that cannot be read here.
pub fn care(look: &Look, file: &Path) -> Option<Care> {
    let root = file.ancestors().skip(1).find(|dir| dir.join(".git").symlink_metadata().is_ok())?;
    let folder = git_folder(look, root)?;
    let inside = file.strip_prefix(root).ok()?;
    let name = inside.to_str()?.replace('\\', "/");
    if let Some(index) = look.read(&folder.join("index"))
        && is_in_index(&index, name.as_bytes())?
    {
        return Some(Care::Tracked);
    }
    Some(if is_ignored(look, root, &folder, inside) { Care::Ignored } else { Care::Untracked })
}

/// `.git`, or where a file of that name points to (worktrees and submodules).
fn git_folder(look: &Look, root: &Path) -> Option<PathBuf> {
    let place = root.join(".git");
    if place.is_dir() {
        return Some(place);
    }
    let text = look.read_text(&place)?;
    Some(root.join(text.trim().strip_prefix("gitdir:")?.trim()))
}

/// Whether the index lists a path (gitformat-index(5), versions 2 to 4 with SHA-1); none: it is of another form.
fn is_in_index(index: &[u8], name: &[u8]) -> Option<bool> {
    const FIXED: usize = 62;
    let number = |at: usize| Some(u32::from_be_bytes(index.get(at..at + 4)?.try_into().ok()?));
    if index.get(..4)? != b"DIRC" {
        return None;
    }
    let (version, count) = (number(4)?, number(8)?);
    let mut at = 12;
    let mut before: Vec<u8> = Vec::new();
    for _ in 0..count {
        let flags = u16::from_be_bytes(index.get(at + 60..at + FIXED)?.try_into().ok()?);
        let start = at + FIXED + if flags & 0x4000 != 0 { 2 } else { 0 };
        let path: Vec<u8>;
        match version {
            2 | 3 => {
                let length = index.get(start..)?.iter().position(|byte| *byte == 0)?;
                path = index[start..start + length].to_vec();
                // Entries are padded with one to eight NUL bytes.
                at += (start - at + length) / 8 * 8 + 8;
            }
            4 => {
                let (cut, bytes) = offset(index.get(start..)?)?;
                let rest = index.get(start + bytes..)?;
                let length = rest.iter().position(|byte| *byte == 0)?;
                before.truncate(before.len().checked_sub(cut)?);
                before.extend_from_slice(&rest[..length]);
                path = before.clone();
                at = start + bytes + length + 1;
            }
            _ => return None,
        }
        if path == name {
            return Some(true);
        }
    }
    Some(false)
}

/// A number as packs write offsets: seven bits a byte, the highest bit says that another follows.
fn offset(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = usize::from(bytes.first()? & 0x7f);
    let mut at = 0;
    while bytes.get(at)? & 0x80 != 0 {
        at += 1;
        value = (value.checked_add(1)? << 7) | usize::from(bytes.get(at)? & 0x7f);
        if at > 4 {
            return None;
        }
    }
    Some((value, at + 1))
}

/// Whether the lists of what is left out have the file: the user's, the repository's, those on the way to it; the last match counts.
fn is_ignored(look: &Look, root: &Path, folder: &Path, inside: &Path) -> bool {
    let mut ignored = false;
    let mut apply = |list: Option<String>, base: &Path| {
        let Ok(rest) = inside.strip_prefix(base) else { return };
        for line in list.iter().flat_map(|text| text.lines()) {
            if let Some(is_out) = judge(line, rest) {
                ignored = is_out;
            }
        }
    };
    let text = |path: PathBuf| look.read_text(&path).map(|text| text.to_string());
    apply(text(users_list(look)), Path::new(""));
    apply(text(folder.join("info/exclude")), Path::new(""));
    let dirs: Vec<&Path> = inside.parent().into_iter().flat_map(Path::ancestors).collect();
    for dir in dirs.into_iter().rev() {
        apply(text(root.join(dir).join(".gitignore")), dir);
    }
    ignored
}

fn users_list(look: &Look) -> PathBuf {
    for file in [look.scene.home.join(".gitconfig"), look.scene.config_folder().join("git/config")] {
        let Some(text) = look.read_text(&file) else { continue };
        for line in text.lines() {
            let Some((name, value)) = line.split_once('=') else { continue };
            if name.trim().eq_ignore_ascii_case("excludesfile") {
                let value = value.trim().trim_matches('"');
                return value
                    .strip_prefix("~/")
                    .map_or_else(|| PathBuf::from(value), |rest| look.scene.home.join(rest));
            }
        }
    }
    look.scene.config_folder().join("git/ignore")
}

/// What one line says of a path: left out, taken back, or nothing (gitignore(5)).
fn judge(line: &str, path: &Path) -> Option<bool> {
    let line = line.trim_end();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (is_out, pattern) = line.strip_prefix('!').map_or((true, line), |rest| (false, rest));
    let is_folder = pattern.ends_with('/');
    let pattern = pattern.trim_end_matches('/');
    let is_anchored = pattern.trim_start_matches("**/").contains('/');
    let pattern = pattern.trim_start_matches('/').trim_start_matches("**/");
    // The path itself, and the folders it is in.
    let hit = path.ancestors().filter(|part| !part.as_os_str().is_empty()).any(|part| {
        if is_folder && part == path {
            return false;
        }
        let subject = if is_anchored { part.to_str() } else { part.file_name().and_then(|name| name.to_str()) };
        subject.is_some_and(|subject| glob(pattern.as_bytes(), subject.as_bytes()))
    });
    hit.then_some(is_out)
}

/// `*` and `?` within one part of a path, `**` over several.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.first(), text.first()) {
        (None, None) => true,
        (Some(b'*'), _) if pattern.starts_with(b"**") => {
            let rest = pattern[2..].strip_prefix(b"/").unwrap_or(&pattern[2..]);
            (0..=text.len()).any(|at| glob(rest, &text[at..]))
        }
        (Some(b'*'), _) => {
            let end = text.iter().position(|byte| *byte == b'/').unwrap_or(text.len());
            (0..=end).any(|at| glob(&pattern[1..], &text[at..]))
        }
        (Some(b'?'), Some(byte)) => *byte != b'/' && glob(&pattern[1..], &text[1..]),
        (Some(b'\\'), Some(byte)) => pattern.get(1) == Some(byte) && glob(&pattern[2..], &text[1..]),
        (Some(one), Some(other)) => one == other && glob(&pattern[1..], &text[1..]),
        _ => false,
    }
}
