//! Start-up files of bash, zsh, fish and PowerShell: read, never run; with line numbers, and with the files they read in turn.
//!
//! ```text
//! bash   login: /etc/profile, the first of ~/.bash_profile ~/.bash_login ~/.profile   with a prompt: /etc/bash.bashrc ~/.bashrc
//! zsh    always: .zshenv   login: .zprofile .zlogin   with a prompt: .zshrc      below ~ or $ZDOTDIR, and in /etc/zsh or /etc
//! fish   always: conf.d/*.fish config.fish
//! pwsh   with a prompt: profile.ps1, Microsoft.PowerShell_profile.ps1
//! ```
//! (bash(1) INVOCATION; zsh(1) STARTUP/SHUTDOWN FILES; fish(1); `about_Profiles`.)
//!
//! The same reading serves `/etc/profile.d` and `.envrc`, which are files of a shell that others than shells have run.

mod files;
pub mod fish;
pub mod posix;
pub mod powershell;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use self::files::MAX_FILES;
pub use self::files::{StartUp, start_up_files};
use self::fish::Act;
use super::{Held, Kind, Origin, Reader, Scene, Search, When};
use crate::dotenv::{self, Dialect, Environment, Value};
use crate::secret::Secret;

/// How deep files that files read are followed.
const MAX_DEPTH: usize = 3;

/// The source.
pub(super) fn search(search: &mut Search<'_>) {
    let mut shells: Vec<(&'static str, Reading)> = Vec::new();
    for file in start_up_files(search.scene) {
        let at = shells.iter().position(|(shell, _)| *shell == file.shell).unwrap_or_else(|| {
            shells.push((file.shell, Reading::new(search.scene, Kind::Rc)));
            shells.len() - 1
        });
        shells[at].1.file(&file, 0, false, search);
    }
}

/// Reads files of a shell that something else has read: `/etc/profile.d`, `.envrc`.
pub(super) fn search_files(paths: &[PathBuf], shell: &'static str, when: When, kind: Kind, search: &mut Search<'_>) {
    let mut reading = Reading::new(search.scene, kind);
    for path in paths {
        reading.file(&StartUp { path: path.clone(), shell, when }, 0, false, search);
    }
}

/// What one shell has read so far.
struct Reading {
    kind: Kind,
    variables: BTreeMap<String, Secret>,
    /// Files read, so that a loop ends and a file that two read is told once.
    seen: Vec<PathBuf>,
    /// Names whose values the shell knows but its programs do not yet get: `NAME=…` before `export NAME`.
    own: BTreeMap<String, (Held, Origin)>,
}

impl Reading {
    fn new(scene: &Scene, kind: Kind) -> Self {
        let mut variables = BTreeMap::new();
        // A new shell has these from whoever starts it; all else would be this shell's own.
        for name in ["USER", "LOGNAME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "ZDOTDIR"] {
            if let Some(value) = scene.variables.get(name) {
                variables.insert(name.to_owned(), value.clone());
            }
        }
        variables.insert("HOME".into(), Secret::new(scene.home.display().to_string()));
        Self { kind, variables, seen: Vec::new(), own: BTreeMap::new() }
    }

    /// Who reads a line of a file.
    fn reader(&self, file: &StartUp, is_called: bool) -> Reader {
        match self.kind {
            Kind::Envrc => Reader::Tool("direnv"),
            _ => Reader::Shell(file.shell, if is_called { When::Called } else { file.when }),
        }
    }

    fn file(&mut self, file: &StartUp, depth: usize, is_called: bool, search: &mut Search<'_>) {
        if depth > MAX_DEPTH || self.seen.len() >= MAX_FILES || self.seen.contains(&file.path) {
            return;
        }
        self.seen.push(file.path.clone());
        let Some(text) = search.read_text(&file.path) else { return };
        let text = text.replace("\r\n", "\n");
        match file.shell {
            "fish" => {
                let found = fish::read(&text, &self.variables);
                self.acts(found, file, depth, is_called, search);
            }
            "powershell" => {
                let folder = file.path.parent().map(|folder| folder.display().to_string()).unwrap_or_default();
                let found = powershell::read(&text, &self.variables, &folder);
                self.acts(found, file, depth, is_called, search);
            }
            _ => self.posix(&text, file, depth, is_called, search),
        }
    }

    fn acts(
        &mut self,
        found: Vec<fish::Found>,
        file: &StartUp,
        depth: usize,
        is_outer_called: bool,
        search: &mut Search<'_>,
    ) {
        for fish::Found { act, line, column, is_called } in found {
            let is_called = is_called || is_outer_called;
            match act {
                Act::Set { name, held, exported, .. } => {
                    let origin = Origin::at(self.kind, self.reader(file, is_called), &file.path, line, Some(column));
                    self.remember(&name, &held, is_called);
                    search.add(&name, held, origin, exported);
                }
                Act::Source(path) => self.follow(&path, file, depth, is_called, search),
            }
        }
    }

    fn follow(&mut self, path: &str, from: &StartUp, depth: usize, is_called: bool, search: &mut Search<'_>) {
        let mut path = PathBuf::from(path);
        // Where a shell stands when it starts nobody knows; direnv goes to the file's folder first.
        if self.kind == Kind::Envrc
            && let Some(folder) = from.path.parent()
        {
            path = folder.join(path);
        }
        if path.is_absolute() {
            self.file(&StartUp { path, shell: from.shell, when: from.when }, depth + 1, is_called, search);
        }
    }

    fn remember(&mut self, name: &str, held: &Held, is_called: bool) {
        if is_called {
            return;
        }
        match held {
            Held::Text(value) => {
                self.variables.insert(name.to_owned(), value.clone());
            }
            Held::Unset => {
                self.variables.remove(name);
            }
            Held::Variable(_) | Held::Unknowable => {}
        }
    }

    fn posix(&mut self, text: &str, file: &StartUp, depth: usize, is_outer_called: bool, search: &mut Search<'_>) {
        let dialect = if file.shell == "zsh" { Dialect::Zsh } else { Dialect::Bash };
        let (mut line, mut counted) = (1, 0);
        let mut sets_all = false;
        // `for f in DIR/*; do . "$f"; done`
        let mut looped: Option<(String, Vec<PathBuf>)> = None;
        for statement in posix::statements(text) {
            if search.is_over() {
                return;
            }
            line += text[counted..statement.start].matches('\n').count();
            counted = statement.start;
            let is_called = statement.is_called || is_outer_called;
            let reader = self.reader(file, is_called);
            let mut words = statement.text.split_ascii_whitespace();
            let first = words.next().unwrap_or_default();
            match first {
                "set" => match words.next() {
                    Some("-a" | "-o") if statement.text.ends_with("-a") || statement.text.ends_with("allexport") => {
                        sets_all = true;
                    }
                    Some("+a" | "+o") => sets_all = false,
                    _ => {}
                },
                "." | "source" => {
                    let word = statement.text[first.len()..].trim();
                    let name = word.trim_matches('"').trim_start_matches('$').trim_matches(['{', '}']);
                    match &looped {
                        Some((variable, paths)) if name == variable => {
                            for path in paths.clone() {
                                self.follow(&path.display().to_string(), file, depth, is_called, search);
                            }
                        }
                        _ => {
                            if let Some(path) = self.word(word, dialect) {
                                self.follow(&path, file, depth, is_called, search);
                            }
                        }
                    }
                }
                // direnv-stdlib(1).
                "dotenv" | "dotenv_if_exists" if self.kind == Kind::Envrc => {
                    let word = statement.text[first.len()..].trim();
                    let name = if word.is_empty() { Some(".env".to_owned()) } else { self.word(word, dialect) };
                    if let (Some(name), Some(folder)) = (name, file.path.parent()) {
                        self.dotenv(&folder.join(name), search);
                    }
                }
                "source_env" | "source_env_if_exists" if self.kind == Kind::Envrc => {
                    if let Some(path) = self.word(statement.text[first.len()..].trim(), dialect) {
                        let is_folder = file.path.parent().is_some_and(|folder| folder.join(&path).is_dir());
                        let path = if is_folder { format!("{path}/.envrc") } else { path };
                        self.follow(&path, file, depth, is_called, search);
                    }
                }
                "for" => {
                    let (variable, _, pattern) = (words.next(), words.next(), words.next().unwrap_or_default());
                    looped = variable.and_then(|variable| Some((variable.to_owned(), self.listed(pattern, dialect)?)));
                }
                "unset" => {
                    for name in words.filter(|word| !word.starts_with('-')) {
                        let origin = Origin::at(self.kind, reader.clone(), &file.path, line, None);
                        self.remember(name, &Held::Unset, is_called);
                        search.add(name, Held::Unset, origin, true);
                    }
                }
                "export" | "declare" | "typeset" | "readonly" | "local" => {
                    let exports = first == "export"
                        || words.clone().take_while(|word| word.starts_with('-')).any(|flags| flags.contains('x'));
                    self.assign(statement.text, line, exports || sets_all, dialect, (file, reader, is_called), search);
                    if exports {
                        for name in words.filter(|word| !word.contains('=') && !word.starts_with('-')) {
                            self.export(name, search);
                        }
                    }
                }
                _ if is_assignment(first) => {
                    self.assign(statement.text, line, sets_all, dialect, (file, reader, is_called), search);
                }
                _ => {}
            }
        }
    }

    /// The assignments of one statement, as the shell itself would take it apart.
    fn assign(
        &mut self,
        statement: &str,
        line: usize,
        exported: bool,
        dialect: Dialect,
        (file, reader, is_called): (&StartUp, Reader, bool),
        search: &mut Search<'_>,
    ) {
        let variables = &self.variables;
        let lookup = |name: &str| variables.get(name).map(|value| value.expose().to_owned());
        let reading = dotenv::read(statement.as_bytes(), dialect, &Environment::new(&lookup));
        for assignment in reading.assignments {
            let held = match assignment.value {
                Value::Text(text) => Held::Text(text),
                Value::Bytes(_) | Value::Unknowable => Held::Unknowable,
                // A name alone, or a value for one command.
                Value::Absent => continue,
            };
            let at = line + assignment.place.line - 1;
            let before = statement.get(assignment.place.span.start..assignment.raw.start).unwrap_or_default();
            // Columns are those of the file only on the first line and where nothing stands before the statement.
            let column = (at > line).then(|| assignment.place.column + before.chars().count());
            let origin = Origin::at(self.kind, reader.clone(), &file.path, at, column);
            let exported = exported || assignment.export || self.variables_exported(&assignment.key);
            self.remember(&assignment.key, &held, is_called);
            if !exported && !is_called {
                self.own.insert(assignment.key.clone(), (held.clone(), origin.clone()));
            }
            search.add(&assignment.key, held, origin, exported);
        }
    }

    /// Whether an earlier `export` holds for what is assigned now.
    fn variables_exported(&self, name: &str) -> bool {
        self.own.contains_key(&format!("export {name}"))
    }

    /// `export NAME` after `NAME=…`: what was the shell's own is everybody's.
    fn export(&mut self, name: &str, search: &mut Search<'_>) {
        if let Some((_, origin)) = self.own.remove(name) {
            search.export(name, &origin);
        }
        let origin = Origin::of(self.kind, Reader::Programs);
        self.own.insert(format!("export {name}"), (Held::Unset, origin));
    }

    /// direnv's own reading of a `.env` file.
    fn dotenv(&mut self, path: &Path, search: &mut Search<'_>) {
        let Some(bytes) = search.read(path) else { return };
        let variables = self.variables.clone();
        let lookup = |name: &str| variables.get(name).map(|value| value.expose().to_owned());
        let reading = dotenv::read(&bytes, Dialect::Direnv, &Environment::new(&lookup));
        // With an error in it, nothing of the file counts.
        if reading.failure.is_some() {
            return;
        }
        for assignment in &reading.assignments {
            let held = match &assignment.value {
                Value::Text(text) => Held::Text(text.clone()),
                Value::Absent => continue,
                Value::Bytes(_) | Value::Unknowable => Held::Unknowable,
            };
            let origin = Origin::at(self.kind, Reader::Tool("direnv"), path, assignment.place.line, None);
            self.remember(&assignment.key, &held, false);
            search.add_exported(&assignment.key, held, origin);
        }
    }

    /// The text of one word, where reading can tell it.
    fn word(&self, word: &str, dialect: Dialect) -> Option<String> {
        let lookup = |name: &str| self.variables.get(name).map(|value| value.expose().to_owned());
        // The tilde of a word expands as that of an assigned value does.
        let statement = format!("W={word}");
        let reading = dotenv::read(statement.as_bytes(), dialect, &Environment::new(&lookup));
        reading.text("W").map(|text| text.expose().to_owned())
    }

    /// The files that `DIR/*` and `DIR/*.sh` stand for.
    fn listed(&self, pattern: &str, dialect: Dialect) -> Option<Vec<PathBuf>> {
        let (folder, name) = pattern.trim_matches('"').rsplit_once('/')?;
        let end = name.strip_prefix('*')?.trim_end_matches("(N)");
        let folder = self.word(folder, dialect)?;
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| {
                entry.file_name().to_str().is_some_and(|name| name.ends_with(end) && !name.starts_with('.'))
            })
            .map(|entry| entry.path())
            .take(MAX_FILES)
            .collect();
        paths.sort();
        Some(paths)
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        let name = name.strip_suffix('+').unwrap_or(name);
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}
