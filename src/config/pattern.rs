//! The path of a `[[directory]]` rule: a folder, with `*` for a part of one name and `**` for any folders between.
//!
//! A rule holds for the folders that match and for everything below them, as a pin does. Its depth is that of its literal part,
//! the names before the first one with a star.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

/// More than these are never needed and would only cost time.
const MAX_PARTS: usize = 64;

/// A pattern of folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    written: String,
    prefix: PathBuf,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// `**`: any number of folders, none included.
    Any,
    /// One name, which may hold `*`.
    Name(String),
}

impl Pattern {
    /// Reads a pattern; `~/` stands for the home directory. The error is a message without a place.
    pub fn parse(written: &str, home: &Path) -> Result<Self, String> {
        let expanded = super::expand(written, home).map_err(|reason| format!("`path` {reason}"))?;
        let (mut prefix, mut parts) = (PathBuf::new(), Vec::new());
        for component in expanded.components() {
            let name = match component {
                Component::ParentDir => return Err("`path` must not hold `..`".into()),
                // The expanded path is made of what was written and of a home directory: only the latter may be no text, and
                // a home directory is taken literally.
                other => other.as_os_str(),
            };
            let star = name.to_str().filter(|name| name.contains('*'));
            match star {
                Some("**") => {
                    if parts.last() != Some(&Part::Any) {
                        parts.push(Part::Any);
                    }
                }
                Some(name) if name.contains("**") => {
                    return Err("`path` may hold `**` only as a whole name, as in `~/work/**`".into());
                }
                Some(name) => parts.push(Part::Name(name.to_owned())),
                None if parts.is_empty() => prefix.push(component),
                None => parts.push(Part::Name(name.to_str().unwrap_or_default().to_owned())),
            }
        }
        if parts.len() > MAX_PARTS {
            return Err(format!("`path` has more than {MAX_PARTS} names after the first star"));
        }
        // Everything below is meant anyway.
        if parts.last() == Some(&Part::Any) {
            parts.pop();
        }
        Ok(Self { written: written.to_owned(), prefix, parts })
    }

    /// The pattern as the file has it.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Gives the depth of the literal part if the pattern holds for this canonical folder.
    ///
    /// The literal part is compared as written and, where that does not fit, with its symbolic links resolved.
    pub fn depth_in(&self, dir: &Path) -> Option<usize> {
        self.depth_with(&self.prefix, dir).or_else(|| {
            let resolved = canonical(&self.prefix);
            (resolved != self.prefix).then(|| self.depth_with(&resolved, dir)).flatten()
        })
    }

    /// How exact the pattern is beyond its literal part, to order rules of the same depth.
    pub fn exactness(&self) -> usize {
        self.parts.iter().filter(|part| **part != Part::Any).count()
    }

    fn depth_with(&self, prefix: &Path, dir: &Path) -> Option<usize> {
        let rest: Vec<&OsStr> = strip_prefix(dir, prefix)?.iter().collect();
        self.matches(&rest).then(|| prefix.components().count())
    }

    /// Says whether the parts match these names or the first few of them.
    fn matches(&self, names: &[&OsStr]) -> bool {
        // `reached[i]`: the parts so far can have used up the first `i` names.
        let mut reached = vec![false; names.len() + 1];
        reached[0] = true;
        for part in &self.parts {
            match part {
                Part::Any => {
                    let first = reached.iter().position(|&is| is).unwrap_or(reached.len());
                    reached[first..].fill(true);
                }
                Part::Name(glob) => {
                    for i in (0..names.len()).rev() {
                        reached[i + 1] = reached[i] && name_matches(glob, names[i]);
                    }
                    reached[0] = false;
                }
            }
        }
        reached.contains(&true)
    }
}

/// Resolves the links of as much of a path as exists.
pub(crate) fn canonical(path: &Path) -> PathBuf {
    for ancestor in path.ancestors() {
        if let Ok(resolved) = std::fs::canonicalize(ancestor) {
            return match path.strip_prefix(ancestor) {
                Ok(rest) if !rest.as_os_str().is_empty() => resolved.join(rest),
                _ => resolved,
            };
        }
    }
    path.to_owned()
}

#[cfg(not(windows))]
fn strip_prefix<'a>(dir: &'a Path, prefix: &Path) -> Option<&'a Path> {
    dir.strip_prefix(prefix).ok()
}

/// Names differ in case there without being different.
#[cfg(windows)]
fn strip_prefix<'a>(dir: &'a Path, prefix: &Path) -> Option<&'a Path> {
    let mut rest = dir.components();
    for wanted in prefix.components() {
        let have = rest.next()?;
        if have.as_os_str().to_string_lossy().to_lowercase() != wanted.as_os_str().to_string_lossy().to_lowercase() {
            return None;
        }
    }
    Some(rest.as_path())
}

#[cfg(not(windows))]
fn name_matches(glob: &str, name: &OsStr) -> bool {
    glob_matches(glob.as_bytes(), name.as_encoded_bytes())
}

#[cfg(windows)]
fn name_matches(glob: &str, name: &OsStr) -> bool {
    glob_matches(glob.to_lowercase().as_bytes(), name.to_string_lossy().to_lowercase().as_bytes())
}

/// Matches `*` against any bytes; goes back to the last star only, so that it stays quadratic at worst.
fn glob_matches(glob: &[u8], name: &[u8]) -> bool {
    let (mut g, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if g < glob.len() && glob[g] == b'*' {
            star = Some((g, n));
            g += 1;
        } else if g < glob.len() && glob[g] == name[n] {
            g += 1;
            n += 1;
        } else if let Some((star_at, used)) = star {
            star = Some((star_at, used + 1));
            g = star_at + 1;
            n = used + 1;
        } else {
            return false;
        }
    }
    glob[g..].iter().all(|&b| b == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(pattern: &str, dir: &str) -> Option<usize> {
        Pattern::parse(pattern, Path::new("/h/me")).expect("a pattern").depth_in(Path::new(dir))
    }

    #[test]
    fn patterns_hold_for_folders_and_what_is_below() {
        for (pattern, dir, depth) in [
            ("~/work", "/h/me/work", Some(4)),
            ("~/work/", "/h/me/work/x/y", Some(4)),
            ("~/work", "/h/me/workshop", None),
            ("~/work", "/h/me", None),
            ("~", "/h/me/x", Some(3)),
            ("~/work/**", "/h/me/work", Some(4)),
            ("~/work/**", "/h/me/work/a/b", Some(4)),
            ("~/work/*", "/h/me/work", None),
            ("~/work/*", "/h/me/work/a", Some(4)),
            ("~/work/*", "/h/me/work/a/b", Some(4)),
            ("~/work/acme-*", "/h/me/work/acme-1/src", Some(4)),
            ("~/work/acme-*", "/h/me/work/bacme-1", None),
            ("~/work/**/secret", "/h/me/work/secret", Some(4)),
            ("~/work/**/secret", "/h/me/work/a/b/secret/c", Some(4)),
            ("~/work/**/secret", "/h/me/work/a/b", None),
            ("~/**/a/**/b", "/h/me/x/a/y/z/b", Some(3)),
            ("~/**/a/**/b", "/h/me/x/b/y/z/a", None),
            ("/**", "/anywhere", Some(1)),
            ("/srv/[x]?", "/srv/[x]?/y", Some(3)),
            ("/srv/[x]?", "/srv/xa", None),
        ] {
            assert_eq!(holds(pattern, dir), depth, "{pattern} in {dir}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = format!("/{}", "**/a*a*a*a*b/".repeat(30));
        let dir = format!("/{}", format!("{}/", "a".repeat(200)).repeat(60));
        assert_eq!(holds(&pattern, &dir), None);
    }
}
