//! What the whole system, or systemd's user manager, gives to every session: `/etc/environment`, `/etc/profile.d`, `environment.d`.
//!
//! `pam_env(8)`: `NAME=value` lines, a leading `export`, quotes around the value and comments are taken away, nothing is expanded.
//! `environment.d(5)`: the same with `${NAME}`, later files win.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Held, Kind, Origin, Reader, Search, When, ask};
use crate::dotenv::{self, Dialect, Environment, Value};
use crate::secret::Secret;

/// The most files of one folder.
const MAX_FILES: usize = 50;
/// How long systemd may take.
const PATIENCE: Duration = Duration::from_millis(300);

/// The source: files that login sessions read.
pub(super) fn search(search: &mut Search<'_>) {
    for path in [search.scene.root.join("etc/environment"), search.scene.home.join(".pam_environment")] {
        let Some(text) = search.read_text(&path) else { continue };
        for (at, line) in text.lines().enumerate() {
            let Some((name, value)) = pam_line(line) else { continue };
            let column = line.find(value).map(|byte| line[..byte].chars().count() + 1);
            let value = value.trim_matches(['"', '\'']);
            let origin = Origin::at(Kind::System, Reader::Shell("login", When::Login), &path, at + 1, column);
            search.add_exported(name, Held::Text(Secret::new(value)), origin);
        }
    }
    let folder = search.scene.root.join("etc/profile.d");
    let files = search.files_in(&folder, MAX_FILES, &|name| is_called(name, "sh"));
    super::rc::search_files(&files, "login", When::Login, Kind::System, search);
}

/// `~/.pam_environment` of older systems also has `NAME DEFAULT=value`.
fn pam_line(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    if line.starts_with('#') {
        return None;
    }
    let (name, value) = line.split_once('=')?;
    let name = name.trim_end().trim_end_matches("DEFAULT").trim_end_matches("OVERRIDE").trim_end();
    // A comment begins at a `#` after a blank.
    let value = value.split(" #").next().unwrap_or_default().trim();
    (!name.is_empty() && !name.contains(char::is_whitespace)).then_some((name, value))
}

/// The source: systemd's user manager, by its files and, where it answers at once, by its own word.
pub(super) fn search_systemd(search: &mut Search<'_>) {
    let scene = search.scene;
    let folders = [
        scene.root.join("usr/lib/environment.d"),
        scene.root.join("etc/environment.d"),
        scene.config_folder().join("environment.d"),
    ];
    for folder in folders {
        for path in search.files_in(&folder, MAX_FILES, &|name| is_called(name, "conf")) {
            file(&path, search);
        }
    }
    ask_manager(search);
}

fn file(path: &Path, search: &mut Search<'_>) {
    let Some(bytes) = search.read(path) else { return };
    let scene = search.scene;
    let lookup = |name: &str| match name {
        "HOME" => Some(scene.home.display().to_string()),
        _ => scene.variables.get(name).map(|value| value.expose().to_owned()),
    };
    // Quotes, backslashes and `${NAME}` are a shell's; commands are not run by either.
    let reading = dotenv::read(&bytes, Dialect::Dash, &Environment::new(&lookup));
    for assignment in reading.assignments {
        let held = match assignment.value {
            Value::Text(text) => Held::Text(text),
            Value::Absent => continue,
            Value::Bytes(_) | Value::Unknowable => Held::Unknowable,
        };
        let place = assignment.place;
        let before = bytes
            .get(place.span.start..assignment.raw.start)
            .map_or(0, |bytes| String::from_utf8_lossy(bytes).chars().count());
        let origin =
            Origin::at(Kind::SystemdUser, Reader::Children("systemd"), path, place.line, Some(place.column + before));
        search.add_exported(&assignment.key, held, origin);
    }
}

/// The manager's own word holds what was imported into it, by a desktop session for example.
fn ask_manager(search: &mut Search<'_>) {
    let scene = search.scene;
    let Some(runtime) = scene.variable("XDG_RUNTIME_DIR").map(PathBuf::from) else { return };
    // Without its socket there is no manager, and `systemctl` would wait for a bus.
    if !runtime.join("systemd/private").exists() {
        return;
    }
    let Some(systemctl) = ask::program(scene, "systemctl") else { return };
    match ask::ask(scene, &systemctl, &["--user", "show-environment"], None, PATIENCE) {
        Ok(answer) => {
            let lookup = |_: &str| None;
            // Values are quoted as a shell would read them (systemctl(1)).
            for assignment in dotenv::read(&answer, Dialect::Bash, &Environment::new(&lookup)).assignments {
                if let Value::Text(text) = assignment.value {
                    let origin = Origin::of(Kind::SystemdUser, Reader::Children("systemd")).part("manager");
                    search.add_exported(&assignment.key, Held::Text(text), origin);
                }
            }
        }
        Err(ask::NoAnswer::Late) => {
            search.note(None, format!("`systemctl --user` gave no answer within {} ms", PATIENCE.as_millis()));
        }
        Err(ask::NoAnswer::Failed) => {}
    }
}

/// Whether a file has this extension; the programs that read these folders tell cases apart.
fn is_called(name: &str, extension: &str) -> bool {
    std::path::Path::new(name).extension().is_some_and(|own| own == extension)
}
