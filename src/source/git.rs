//! What git does with a file: follows it, ignores it, or would take it with the next `git add .`.
//!
//! The repository's own files are read, its index once for all that is asked: git is never run, for a repository can have it run
//! something (threat T03). Layout of the index: git's `Documentation/gitformat-index.txt`, versions 2 to 4.

mod index;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::Scene;
use crate::bounded::{self, Links, NotRead};

/// No index that is read is larger.
const MAX_INDEX_BYTES: u64 = 256 * 1024 * 1024;
/// The largest list of what is left out.
const MAX_LIST_BYTES: u64 = 1024 * 1024;

/// What git does with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// It is in the repository, or about to be, and so is what stands in it.
    Tracked,
    /// It is left out.
    Ignored,
    /// It is neither: the next `git add .` takes it.
    Untracked,
}

/// Answers for each of these files. Those outside a repository, or of one whose index is of a form that is not known, are left out.
pub fn care(scene: &Scene, files: &[PathBuf]) -> BTreeMap<PathBuf, Care> {
    let mut repositories: HashMap<PathBuf, Option<Repository>> = HashMap::new();
    let mut roots: HashMap<&Path, Option<PathBuf>> = HashMap::new();
    let mut care = BTreeMap::new();
    for file in files {
        let Some(dir) = file.parent() else { continue };
        let root = roots.entry(dir).or_insert_with(|| Some(find(dir)?.0.to_owned())).clone();
        let Some(root) = root else { continue };
        let repository = repositories.entry(root.clone()).or_insert_with(|| Repository::open(scene, &root, files));
        if let Some(found) = repository.as_mut().and_then(|repository| repository.care(file)) {
            care.insert(file.clone(), found);
        }
    }
    care
}

/// Says whether git tracks this file, as far as can be told: where its index cannot be understood, yes.
pub fn is_tracked(path: &Path) -> bool {
    let Ok(path) = std::path::absolute(path) else { return true };
    let Some((root, folder)) = path.parent().and_then(find) else { return false };
    let Some(name) = name_in(root, &path) else { return true };
    match bounded::read(&folder.join("index"), MAX_INDEX_BYTES, Links::Follow) {
        Ok((bytes, _)) => {
            index::names(&bytes, hash_bytes(&folder), &|known| known == name).is_none_or(|names| !names.is_empty())
        }
        Err(NotRead::Missing) => false,
        Err(_) => true,
    }
}

/// The root of the repository that a directory is in, and the folder that git keeps for it.
fn find(dir: &Path) -> Option<(&Path, PathBuf)> {
    dir.ancestors().find_map(|dir| Some((dir, folder_of(dir)?)))
}

/// The repository's own folder: `.git`, or where a file of that name leads (worktrees, submodules).
fn folder_of(dir: &Path) -> Option<PathBuf> {
    let git = dir.join(".git");
    let meta = std::fs::metadata(&git).ok()?;
    if meta.is_dir() {
        return Some(git);
    }
    let (text, _) = bounded::read(&git, 4096, Links::Follow).ok()?;
    let text = String::from_utf8(text).ok()?;
    Some(dir.join(text.strip_prefix("gitdir:")?.trim()))
}

/// What is the same for all worktrees of a repository.
fn common(folder: &Path) -> PathBuf {
    let named = bounded::read(&folder.join("commondir"), 4096, Links::Follow).ok();
    let named = named.and_then(|(text, _)| String::from_utf8(text).ok());
    named.map_or_else(|| folder.to_owned(), |text| folder.join(text.trim()))
}

/// How long the names of objects are: SHA-1's, unless the repository says otherwise.
fn hash_bytes(folder: &Path) -> usize {
    let text = text(&common(folder).join("config")).unwrap_or_default().to_ascii_lowercase();
    let is_long = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .any(|(name, value)| name.trim() == "objectformat" && value.trim().trim_matches('"') == "sha256");
    if is_long { 32 } else { 20 }
}

fn name_in(root: &Path, file: &Path) -> Option<Vec<u8>> {
    let inside = file.strip_prefix(root).ok()?.to_str()?;
    Some(if cfg!(windows) { inside.replace('\\', "/") } else { inside.to_owned() }.into_bytes())
}

fn text(path: &Path) -> Option<String> {
    let (bytes, _) = bounded::read(path, MAX_LIST_BYTES, Links::Follow).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// A repository as far as these questions need it.
struct Repository {
    root: PathBuf,
    tracked: HashSet<Vec<u8>>,
    /// The user's list and the repository's, which every `.gitignore` overrules.
    lists: [Gitignore; 2],
    /// The `.gitignore` of folders.
    folders: HashMap<PathBuf, Gitignore>,
}

impl Repository {
    fn open(scene: &Scene, root: &Path, files: &[PathBuf]) -> Option<Self> {
        let folder = folder_of(root)?;
        let wanted: HashSet<Vec<u8>> = files.iter().filter_map(|file| name_in(root, file)).collect();
        let tracked = match bounded::read(&folder.join("index"), MAX_INDEX_BYTES, Links::Follow) {
            Ok((bytes, _)) => index::names(&bytes, hash_bytes(&folder), &|known| wanted.contains(known))?,
            Err(NotRead::Missing) => HashSet::new(),
            Err(_) => return None,
        };
        let exclude = common(&folder).join("info/exclude");
        let lists = [list(root, &users_list(scene)), list(root, &exclude)];
        Some(Self { root: root.to_owned(), tracked, lists, folders: HashMap::new() })
    }

    fn care(&mut self, file: &Path) -> Option<Care> {
        let name = name_in(&self.root, file)?;
        if self.tracked.contains(&name) {
            return Some(Care::Tracked);
        }
        // What is in a folder that is left out cannot be taken back in.
        let inside: Vec<&Path> = file.ancestors().take_while(|path| *path != self.root).collect();
        let is_out = inside.iter().rev().any(|path| self.is_left_out(path, *path != file));
        Some(if is_out { Care::Ignored } else { Care::Untracked })
    }

    /// Whether the lists leave a path out by itself: the nearest one with an opinion counts.
    fn is_left_out(&mut self, path: &Path, is_dir: bool) -> bool {
        for dir in path.ancestors().skip(1) {
            if !dir.starts_with(&self.root) {
                break;
            }
            let list = self.folders.entry(dir.to_owned()).or_insert_with(|| list(dir, &dir.join(".gitignore")));
            let found = list.matched(path, is_dir);
            if !found.is_none() {
                return found.is_ignore();
            }
        }
        let found = self.lists.iter().rev().map(|list| list.matched(path, is_dir)).find(|found| !found.is_none());
        found.is_some_and(|found| found.is_ignore())
    }
}

/// A list of what is left out; lines that are no pattern are left, as git does.
fn list(base: &Path, path: &Path) -> Gitignore {
    let mut builder = GitignoreBuilder::new(base);
    for line in text(path).iter().flat_map(|text| text.lines()) {
        let _ = builder.add_line(None, line);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

/// The user's own list.
fn users_list(scene: &Scene) -> PathBuf {
    for file in [scene.home.join(".gitconfig"), scene.config_folder().join("git/config")] {
        let text = text(&file).unwrap_or_default();
        let named = text.lines().filter_map(|line| line.split_once('=')).find_map(|(name, value)| {
            name.trim().eq_ignore_ascii_case("excludesfile").then(|| value.trim().trim_matches('"').to_owned())
        });
        if let Some(named) = named {
            return named.strip_prefix("~/").map_or_else(|| PathBuf::from(&named), |rest| scene.home.join(rest));
        }
    }
    scene.config_folder().join("git/ignore")
}
