//! The `.env` files that programs started in a directory may load: those in it and above it, up to the home.

use std::path::{Path, PathBuf};

use super::{Held, Kind, Origin, Reader, Search};
use crate::bounded::{self, Links, NotRead};
use crate::dotenv::{self, Dialect, Environment, Readings, Value};
use crate::secret::Secret;

/// The most files that are read, nearest first.
const MAX_FILES: usize = 20;
/// The largest file that is read; real ones have a few kilobytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// The loaders whose reading counts: the most used ones, one for each sort of rules.
pub const LOADERS: [Dialect; 4] = [Dialect::Python, Dialect::Npm, Dialect::Node, Dialect::Bash];
/// Ends of names of files that are for reading by people.
const SAMPLES: [&str; 8] = ["example", "sample", "template", "dist", "defaults", "md", "bak", "swp"];

/// An assignment to a variable, in a file.
#[derive(Clone, Debug)]
pub struct FileSetting {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The variable.
    pub variable: String,
    /// What each loader of [`LOADERS`] gives to its program; none: nothing, or nothing that can be known by reading.
    pub values: [Option<Secret>; LOADERS.len()],
}

impl FileSetting {
    /// The different values, each once, with the loaders that give them.
    pub fn readings(&self) -> Vec<(&Secret, Vec<Dialect>)> {
        let mut readings: Vec<(&Secret, Vec<Dialect>)> = Vec::new();
        for (value, loader) in self.values.iter().zip(LOADERS) {
            let Some(value) = value else { continue };
            match readings.iter_mut().find(|(known, _)| known.same_as(value)) {
                Some((_, loaders)) => loaders.push(loader),
                None => readings.push((value, vec![loader])),
            }
        }
        readings
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Files {
    /// The assignments that were sought, nearest file first, in the order of each.
    pub settings: Vec<FileSetting>,
    /// How many files were read.
    pub count: usize,
    /// Files that could not be read, with the reason in words.
    pub unread: Vec<(PathBuf, String)>,
}

/// Reads the files of a directory and of those above it, up to and with `home`; outside the home up to the root.
pub fn upwards(from: &Path, home: &Path, is_sought: &dyn Fn(&str) -> bool) -> Files {
    let mut files = Files::default();
    for dir in from.ancestors() {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(dir)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.file_name().to_str().is_some_and(is_loaded))
            .map(|entry| entry.path())
            .collect();
        paths.sort();
        for path in paths {
            if files.count + files.unread.len() >= MAX_FILES {
                return files;
            }
            look(&path, is_sought, &mut files);
        }
        if dir == home {
            break;
        }
    }
    files
}

/// Reads these files too.
pub fn add<'a>(paths: impl Iterator<Item = &'a PathBuf>, is_sought: &dyn Fn(&str) -> bool, files: &mut Files) {
    for path in paths {
        look(path, is_sought, files);
    }
}

/// Whether a file of this name is one that programs load.
pub fn is_loaded(name: &str) -> bool {
    let Some(rest) = name.strip_prefix(".env") else { return false };
    (rest.is_empty() || rest.starts_with('.'))
        && !SAMPLES.iter().any(|sample| rest.rsplit('.').next() == Some(sample))
        && !rest.ends_with('~')
}

fn look(path: &Path, is_sought: &dyn Fn(&str) -> bool, files: &mut Files) {
    let bytes = match bounded::read(path, MAX_FILE_BYTES, Links::Follow) {
        Ok((bytes, _)) => zeroize::Zeroizing::new(bytes),
        Err(NotRead::Missing) => {
            return files.unread.push((path.to_owned(), "a link to a file that is not there".into()));
        }
        Err(reason) => return files.unread.push((path.to_owned(), reason.into_error(path, MAX_FILE_BYTES).message)),
    };
    files.count += 1;
    let lookup = |name: &str| std::env::var(name).ok();
    let readings = LOADERS.map(|loader| dotenv::read(&bytes, loader, &Environment::new(&lookup)));
    let mut names: Vec<(&str, usize)> = Vec::new();
    for assignment in readings.iter().flat_map(|reading| &reading.assignments) {
        if is_sought(&assignment.key) && names.iter().all(|(name, _)| *name != assignment.key) {
            // The line that decides, for the loader that sees one.
            let winner = readings.iter().find_map(|reading| reading.winner(&assignment.key)).unwrap_or(assignment);
            names.push((&assignment.key, winner.place.line));
        }
    }
    names.sort_by_key(|(_, line)| *line);
    for (name, line) in names {
        files.settings.push(FileSetting {
            path: path.to_owned(),
            line,
            variable: name.to_owned(),
            values: std::array::from_fn(|n| readings[n].text(name).cloned()),
        });
    }
}

/// The source: each reading of each assignment, with the loaders that read it so.
pub(super) fn search(search: &mut Search<'_>) {
    let scene = search.scene;
    let mut count = 0;
    for dir in scene.upwards() {
        for path in search.files_in(dir, MAX_FILES, &is_loaded) {
            count += 1;
            if count > MAX_FILES || search.is_over() {
                return;
            }
            search_file(&path, search);
        }
    }
}

/// Adds what a `.env` file gives to each loader.
pub(super) fn search_file(path: &Path, search: &mut Search<'_>) {
    let Some(bytes) = search.read(path) else { return };
    let scene = search.scene;
    let lookup = |name: &str| scene.variables.get(name).map(|value| value.expose().to_owned());
    let readings = Readings::new(&bytes, &LOADERS, &Environment::new(&lookup));
    let mut names: Vec<&str> = Vec::new();
    for assignment in readings.iter().flat_map(|(_, reading)| &reading.assignments) {
        if search.sought.has(&assignment.key) && !names.contains(&assignment.key.as_str()) {
            names.push(&assignment.key);
        }
    }
    for name in names {
        // Each value at each line once, with the loaders that take it from there.
        let mut taken: Vec<(usize, usize, &Value, Vec<Dialect>)> = Vec::new();
        for (read_by, reading) in readings.iter() {
            let Some(winner) = reading.winner(name) else { continue };
            let column = winner.place.column + search_column(&bytes, winner.place.span.start, winner.raw.start);
            match taken
                .iter_mut()
                .find(|(line, _, value, _)| *line == winner.place.line && is_same(value, &winner.value))
            {
                Some((.., loaders)) => loaders.extend(read_by),
                None => taken.push((winner.place.line, column, &winner.value, read_by.to_vec())),
            }
        }
        for (line, column, value, loaders) in taken {
            let held = match value {
                Value::Text(text) => Held::Text(text.clone()),
                Value::Bytes(_) | Value::Unknowable => Held::Unknowable,
                Value::Absent => Held::Unset,
            };
            let origin = Origin::at(Kind::Dotenv, Reader::Loaders(loaders), path, line, Some(column));
            search.add_exported(name, held, origin);
        }
    }
}

/// Characters between two bytes of one line.
fn search_column(file: &[u8], from: usize, to: usize) -> usize {
    file.get(from..to).map_or(0, |bytes| String::from_utf8_lossy(bytes).chars().count())
}

fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Text(one), Value::Text(other)) => one.same_as(other),
        (Value::Bytes(one), Value::Bytes(other)) => one == other,
        (Value::Absent, Value::Absent) | (Value::Unknowable, Value::Unknowable) => true,
        _ => false,
    }
}
