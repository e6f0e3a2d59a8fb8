//! What detectors look at: one directory, one home, one environment, gathered once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use url::Url;
use zeroize::Zeroizing;

use super::env_file::EnvFile;
use super::environment::{is_base_url, is_key};
use super::finding::Spot;
use super::pair::{self, Pair};
use super::{Marks, is_this_machine};
use crate::bounded::{self, Links};
use crate::profile::Family;
use crate::provider::{self, Provider};
use crate::secret::Secret;
use crate::source::collect::Unread;
use crate::source::git::{self, Care};
use crate::source::{Assignment, Collected, Held, Kind, Origin, Reader, Scene, Sought, collect};
use crate::{printable, sanitize};

/// The largest file that a detector reads.
const MAX_FILE_BYTES: u64 = 2 * 1024 * 1024;

/// What is active here, as llmenv set it.
#[derive(Clone, Debug, Default)]
pub struct Active {
    /// The profile.
    pub profile: Option<String>,
    /// Its base URL.
    pub base_url: Option<String>,
    /// Variables that llmenv set or unset in this shell.
    pub own: Vec<String>,
    /// The profiles there are.
    pub profiles: Vec<String>,
    /// Whether `llmenv off` holds here: nothing is to be active.
    pub is_off: bool,
}

/// Everything that is looked at.
pub struct Look {
    /// From where.
    pub scene: Scene,
    /// What llmenv does here.
    pub active: Active,
    /// The `.env` files from here up to the home, nearest first.
    pub files: Vec<EnvFile>,
    /// Variables at every place.
    pub assignments: Vec<Assignment>,
    /// Places that could not be read.
    pub unread: Vec<Unread>,
    /// Whether the time was over before everything was read.
    pub is_cut: bool,
    /// What this machine recognises.
    pub marks: Marks,
    /// When this is, in seconds since 1970.
    pub now: u64,
    deadline: Instant,
    care: BTreeMap<PathBuf, Care>,
    pairs: OnceLock<Vec<Pair>>,
}

impl Look {
    /// Gathers everything, for at most this long.
    pub fn gather(scene: Scene, active: Active, marks: Marks, kinds: &[Kind], budget: Duration) -> Self {
        let deadline = Instant::now() + budget;
        let sought = Sought::new(is_sought);
        let collected = collect(&scene, &sought, kinds, budget);
        Self::of(scene, active, marks, collected, deadline)
    }

    /// The same with what was collected already.
    pub fn of(scene: Scene, active: Active, marks: Marks, collected: Collected, deadline: Instant) -> Self {
        let Collected { assignments, contents, unread, is_cut, .. } = collected;
        let mut files = take_apart(&scene, contents);
        let holds_key =
            |file: &&EnvFile| file.lines.iter().any(|line| is_key(&line.name) || line.name.ends_with("_KEY"));
        let holding: Vec<PathBuf> = files.iter().filter(holds_key).map(|file| file.path.clone()).collect();
        let care = git::care(&scene, &holding);
        for file in &mut files {
            file.is_tracked = care.get(&file.path) == Some(&Care::Tracked);
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self { scene, active, files, assignments, unread, is_cut, marks, now, deadline, care, pairs: OnceLock::new() }
    }

    /// What git does with a `.env` file that holds a key.
    pub fn care(&self, file: &EnvFile) -> Option<Care> {
        self.care.get(&file.path).copied()
    }

    /// Keys with the address that goes with each. Worked out once.
    pub fn pairs(&self) -> &[Pair] {
        self.pairs.get_or_init(|| pair::pairs(self))
    }

    /// Whether there is no time left.
    pub fn is_over(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// A variable of this environment that is set and holds more than blanks.
    pub fn variable(&self, name: &str) -> Option<&Secret> {
        self.scene.variables.get(name).filter(|value| !value.expose().trim().is_empty())
    }

    /// The same as text without blanks around it.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.variable(name).map(|value| value.expose().trim())
    }

    /// Whether llmenv set or unset a variable here.
    pub fn is_own(&self, name: &str) -> bool {
        self.active.own.iter().any(|own| own == name)
    }

    /// Variables of this environment that somebody else than llmenv set.
    pub fn foreign(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.scene.variables.iter().filter(|(name, _)| !self.is_own(name)).map(|(name, value)| (name.as_str(), value))
    }

    /// The variables for keys in this environment that hold something.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.scene
            .variables
            .iter()
            .filter(|(name, value)| is_key(name) && !value.expose().trim().is_empty())
            .map(|(name, value)| (name.as_str(), value))
    }

    /// A variable of this environment as a place.
    pub fn here(&self, name: &str) -> Spot {
        let origin = Origin::of(Kind::Environment, Reader::Programs);
        match self.scene.variables.get(name) {
            Some(value) => self.spot(origin, name, value),
            None => Spot::bare(origin),
        }
    }

    /// A place with a value, masked.
    pub fn spot(&self, origin: Origin, name: &str, value: &Secret) -> Spot {
        Spot { origin, shown: Some(shown(name, value)), fingerprint: self.fingerprint(name, value) }
    }

    /// By which a value is recognised elsewhere; addresses and empty values have none.
    pub fn fingerprint(&self, name: &str, value: &Secret) -> Option<String> {
        (!value.is_empty() && !is_base_url(name)).then(|| self.marks.short(value))
    }

    /// An assignment as a place.
    pub fn place(&self, assignment: &Assignment) -> Spot {
        match &assignment.held {
            Held::Text(value) => self.spot(assignment.origin.clone(), &assignment.name, value),
            _ => Spot::bare(assignment.origin.clone()),
        }
    }

    /// The value of a variable in a `.env` file, as a place.
    pub fn in_file(&self, file: &EnvFile, name: &str) -> Option<Spot> {
        let (value, number) = file.value(name)?;
        let column = file.lines.iter().find(|line| line.number == number).map(|line| file.column(line));
        Some(self.spot(file.origin(number, column), name, value))
    }

    /// Assignments of some kinds whose value is known and not empty.
    pub fn texts<'a>(&'a self, kinds: &'a [Kind]) -> impl Iterator<Item = (&'a Assignment, &'a Secret)> {
        self.assignments
            .iter()
            .filter(|assignment| kinds.contains(&assignment.origin.kind))
            .filter_map(|assignment| Some((assignment, assignment.held.text()?)))
            .filter(|(_, value)| !value.expose().trim().is_empty())
    }

    /// Reads a file; none: there is none, or none that can be read, or the time is over.
    pub fn read(&self, path: &Path) -> Option<Zeroizing<Vec<u8>>> {
        if self.is_over() {
            return None;
        }
        bounded::read(path, MAX_FILE_BYTES, Links::Follow).ok().map(|(bytes, _)| Zeroizing::new(bytes))
    }

    /// The same as text; bytes that are none are replaced.
    pub fn read_text(&self, path: &Path) -> Option<Zeroizing<String>> {
        let bytes = self.read(path)?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        Some(Zeroizing::new(String::from_utf8_lossy(bytes).into_owned()))
    }

    /// Names of a folder's entries, sorted, at most this many.
    pub fn entries(&self, folder: &Path, most: usize) -> Vec<PathBuf> {
        if self.is_over() {
            return Vec::new();
        }
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).take(most).collect();
        paths.sort();
        paths
    }

    /// The nearest directory from here up that holds this name; the home's own is the last that counts.
    pub fn nearest(&self, name: &str) -> Option<PathBuf> {
        self.scene.upwards().map(|dir| dir.join(name)).find(|path| path.symlink_metadata().is_ok())
    }

    /// The root of the repository that this directory is in.
    pub fn repository(&self) -> Option<&Path> {
        self.scene.upwards().find(|dir| dir.join(".git").symlink_metadata().is_ok())
    }

    /// Whether a program is made for this directory by a file of one of these names, here or above in the repository.
    pub fn has_any(&self, names: &[&str]) -> bool {
        let root = self.repository();
        let dirs = self.scene.cwd.ancestors();
        for dir in dirs {
            if names.iter().any(|name| dir.join(name).symlink_metadata().is_ok()) {
                return true;
            }
            if root.is_none_or(|root| dir == root) || dir == self.scene.home {
                return false;
            }
        }
        false
    }
}

/// Reads files as their loaders do, many of them on all processors.
fn take_apart(scene: &Scene, contents: Vec<(PathBuf, Zeroizing<Vec<u8>>)>) -> Vec<EnvFile> {
    /// Fewer are done before a thread has begun.
    const MIN_EACH: usize = 64;
    let lookup = |name: &str| scene.variables.get(name).map(|value| value.expose().to_owned());
    let processors = std::thread::available_parallelism().map_or(1, usize::from).min(contents.len() / MIN_EACH).max(1);
    let each = contents.len().div_ceil(processors).max(1);
    let mut contents = contents.into_iter();
    let parts: Vec<Vec<_>> = (0..processors).map(|_| contents.by_ref().take(each).collect()).collect();
    let read = |part: Vec<(PathBuf, Zeroizing<Vec<u8>>)>| -> Vec<EnvFile> {
        part.into_iter().map(|(path, bytes)| EnvFile::new(&path, bytes, &lookup)).collect()
    };
    if processors == 1 {
        return parts.into_iter().flat_map(read).collect();
    }
    std::thread::scope(|scope| {
        let read = &read;
        let reading: Vec<_> = parts.into_iter().map(|part| scope.spawn(move || read(part))).collect();
        // Reading never panics; if it did, the files of that part would be as if they were not there.
        reading.into_iter().flat_map(|part| part.join().unwrap_or_default()).collect()
    })
}

/// What the sources are asked for.
pub fn is_sought(name: &str) -> bool {
    is_key(name) || is_base_url(name) || super::environment::is_routing(name) || super::environment::is_exposed(name)
}

/// A value in a few characters: keys masked, addresses without a password.
pub fn shown(name: &str, value: &Secret) -> String {
    if value.is_empty() {
        return "empty".into();
    }
    let trimmed = value.expose().trim();
    if is_base_url(name) && provider::of_key(value).is_empty() {
        return match Url::parse(trimmed) {
            Ok(mut url) => {
                let _ = url.set_password(None);
                let _ = url.set_username("");
                url.set_query(None);
                url.set_fragment(None);
                printable::text(url.as_str().trim_end_matches('/'))
            }
            Err(_) => format!("{} characters", trimmed.chars().count()),
        };
    }
    let key = sanitize::clean(trimmed).value;
    match provider::of_key(&key).first() {
        Some(owner) => key.shown(&owner.id),
        None => format!("{} characters", value.expose().chars().count()),
    }
}

/// The variables that belong together, of one place.
pub type Together = BTreeMap<String, Secret>;

/// Variables that a program has at once.
pub trait Values {
    /// The value of one.
    fn get(&self, name: &str) -> Option<&Secret>;
}

impl Values for Together {
    fn get(&self, name: &str) -> Option<&Secret> {
        Self::get(self, name)
    }
}

/// The host of an address.
pub fn host_of(url: &str) -> Option<String> {
    Url::parse(url.trim()).ok()?.host_str().map(str::to_owned)
}

/// The names by which a family's base URL is read, the most read first.
pub fn base_names(family: Family) -> &'static [&'static str] {
    match family {
        Family::Openai => &["OPENAI_BASE_URL", "OPENAI_API_BASE"],
        Family::Anthropic => &["ANTHROPIC_BASE_URL", "ANTHROPIC_API_BASE"],
        Family::Gemini => &["GOOGLE_GEMINI_BASE_URL"],
    }
}

/// The base URL beside a key of a family: the variable and its text.
pub fn base_beside<'a>(variables: &'a dyn Values, key: &str) -> Option<(&'static str, &'a str)> {
    let family = Family::of_variable(key)?;
    base_names(family).iter().find_map(|name| {
        let text = variables.get(name)?.expose().trim();
        (!text.is_empty()).then_some((*name, text))
    })
}

/// Whether a key goes to a server on this machine, as far as what stands beside it says.
pub fn goes_to_this_machine(variables: &dyn Values, key: &str) -> bool {
    match base_beside(variables, key) {
        Some((_, url)) => host_of(url).is_some_and(|host| is_this_machine(&host)),
        None => Family::of_variable(key).is_none() && provider::of_variable(key).iter().any(|(row, _)| row.local),
    }
}

/// The one whose key this certainly is, after cleaning.
pub fn owner(value: &Secret) -> Option<&'static Provider> {
    provider::of_key(&sanitize::clean(value.expose()).value).into_iter().next()
}
