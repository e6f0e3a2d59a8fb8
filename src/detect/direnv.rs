//! direnv: a `.envrc` that it has not run, that was changed since, that belongs to another directory, or whose files it does not watch.

use std::path::Path;

use super::environment::{is_base_url, is_key};
use super::fix::Fix;
use super::{Detector, Finding, Look, Spot};
use crate::source::envrc::{self, Envrc, Permission};
use crate::source::{Kind, Origin, Reader};

/// The detector.
pub const DETECTOR: Detector =
    Detector { ids: &["direnv-blocked", "direnv-changed-not-allowed", "direnv-foreign-dir", "direnv-unwatched"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found: Vec<Finding> = foreign(look).into_iter().collect();
    let Some(Envrc { path, permission }) = envrc::nearest(&look.scene) else { return found };
    let Some(bytes) = look.read(&path) else { return found };
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().position(sets_something).map(|at| at + 1);
    let origin = |line: usize| Origin::at(Kind::Envrc, Reader::Tool("direnv"), &path, line, Some(1));
    let shown = path.parent().map(crate::printable::path).unwrap_or_default();
    let allow = Fix::command(format!("read it, then `direnv allow {shown}`"));
    match (permission, line) {
        (Permission::Allowed, _) => {
            found.extend(unwatched(&text, &path, &origin));
            return found;
        }
        (Permission::Changed, _) => {
            let what = "this `.envrc` was changed since you allowed it, and direnv takes away what it had set";
            found.push(
                Finding::warning("direnv-changed-not-allowed", what)
                    .at(Spot::bare(origin(line.unwrap_or(1))))
                    .fix(allow),
            );
        }
        (Permission::Unknown, Some(line)) => {
            let what = "direnv has not run this `.envrc`, which nobody has allowed: what this shell has is not from it";
            found.push(Finding::warning("direnv-blocked", what).at(Spot::bare(origin(line))).fix(allow));
        }
        (Permission::Denied, Some(line)) => {
            let what = "direnv does not run this `.envrc`, because you denied it: what this shell has is not from it";
            found.push(Finding::info("direnv-blocked", what).at(Spot::bare(origin(line))).fix(allow));
        }
        (Permission::Unknown | Permission::Denied, None) => {}
    }
    found
}

/// Whether a line sets a key or an address, or loads a file that may.
fn sets_something(line: &str) -> bool {
    let line = line.trim_start();
    let name = line.strip_prefix("export ").unwrap_or(line).split('=').next().unwrap_or_default().trim();
    is_key(name) || is_base_url(name) || line.starts_with("dotenv")
}

/// What direnv set for a directory that this is not.
fn foreign(look: &Look) -> Option<Finding> {
    let dir = look.text("DIRENV_DIR")?;
    let dir = Path::new(dir.strip_prefix('-').unwrap_or(dir));
    if !dir.is_absolute() || look.scene.cwd.starts_with(dir) {
        return None;
    }
    let (shown, here) = (crate::printable::path(dir), crate::printable::path(&look.scene.cwd));
    let held: Vec<_> = look
        .texts(&[Kind::Direnv])
        .filter(|(held, value)| is_key(&held.name) && look.variable(&held.name).is_some_and(|own| own.same_as(value)))
        .collect();
    let named = held
        .first()
        .map_or_else(|| "variables in this shell come".to_owned(), |(held, _)| format!("{} comes", held.name));
    let what = format!("{named} from direnv in {shown}, although this is {here}");
    let mut finding = Finding::warning("direnv-foreign-dir", what).data("directory", dir.display().to_string());
    if let Some((held, _)) = held.first() {
        finding = finding.variable(held.name.clone()).at(look.here(&held.name)).at(look.place(held));
    } else {
        finding = finding.at(look.here("DIRENV_DIR"));
    }
    Some(finding.hint("this shell has no hook of direnv, or was started from one that had: open a new one"))
}

/// A file that `.envrc` reads in a way that direnv does not notice, and that is newer than what direnv read.
fn unwatched(text: &str, path: &Path, origin: &dyn Fn(usize) -> Origin) -> Vec<Finding> {
    let dir = path.parent().unwrap_or(Path::new("/"));
    let is_watched = |name: &str| {
        text.lines().any(|line| {
            let line = line.trim_start();
            line.starts_with("watch_file") && line.contains(name) || line.starts_with("watch_dir")
        })
    };
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        let words =
            || line.split(|c: char| c.is_whitespace() || "()<`;|\"'".contains(c)).filter(|word| !word.is_empty());
        let is_source = line.starts_with("source ") || line.starts_with(". ");
        let is_read = ["$(cat ", "$(<", "`cat ", "xargs"].iter().any(|how| line.contains(how));
        if line.starts_with('#') || !(is_source || is_read) {
            continue;
        }
        let name = words().find(|word| word.contains(['.', '/']) && *word != "." && dir.join(word).is_file());
        let Some(name) = name.filter(|name| !is_watched(name.trim_start_matches("./"))) else { continue };
        let changed = |path: &Path| path.metadata().and_then(|found| found.modified()).ok();
        if changed(&dir.join(name)) < changed(path) {
            continue;
        }
        let shown = crate::printable::text(name);
        let what =
            format!("`.envrc` reads {shown}, which direnv does not watch: changes are not seen until `direnv reload`");
        let finding = Finding::warning("direnv-unwatched", what).at(Spot::bare(origin(at + 1))).data("file", name);
        found.push(finding.hint(format!("add `watch_file {shown}` to `.envrc`")));
    }
    found
}
