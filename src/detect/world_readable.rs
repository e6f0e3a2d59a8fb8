//! A `.env` file with a key that other users of this computer can read.

use super::{Detector, Finding, Look};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["world-readable"], find };

#[cfg(unix)]
fn find(look: &Look) -> Vec<Finding> {
    use std::collections::HashMap;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::environment::is_key;
    use super::fix::{Change, Fix};
    use super::look::owner;

    // Where nobody else has an account the bits tell nothing to anybody.
    let users = look.read_text(&look.scene.root.join("etc/passwd")).map(|text| text.to_string()).unwrap_or_default();
    let own = rustix::process::geteuid().as_raw();
    let others = users.lines().filter_map(|line| line.split(':').nth(2)?.parse::<u32>().ok());
    let has_others = others.filter(|user| (1_000..60_000).contains(user)).any(|user| user != own);
    let mode = |path: &Path| std::fs::metadata(path).map_or(0, |found| found.permissions().mode());
    // A folder that nobody else may enter keeps all that is below it closed.
    let mut open: HashMap<&Path, bool> = HashMap::new();
    let mut found = Vec::new();
    for file in &look.files {
        let bits = mode(&file.path) & 0o777;
        let Some(dir) = file.path.parent().filter(|_| bits & 0o077 != 0) else { continue };
        let is_open = *open.entry(dir).or_insert_with(|| {
            let is_entered = |bit: u32| dir.ancestors().all(|dir| mode(dir) & bit != 0);
            bits & 0o004 != 0 && is_entered(0o001) || bits & 0o040 != 0 && is_entered(0o010)
        });
        if !is_open {
            continue;
        }
        let is_somebodys = |line: &&super::env_file::Line| {
            is_key(&line.name) && file.value(&line.name).is_some_and(|(value, _)| owner(value).is_some())
        };
        let Some(line) = file.lines.iter().find(is_somebodys) else { continue };
        let finding = if has_others && bits & 0o004 != 0 {
            let what = "the file has a key in it, and every user of this computer can read it";
            Finding::warning("world-readable", format!("{what} ({bits:04o})"))
        } else {
            let what = "the file has a key in it, and others may read it, where this computer has others";
            Finding::info("world-readable", format!("{what} ({bits:04o})"))
        };
        let finding = look.in_file(file, &line.name).into_iter().fold(finding, Finding::at);
        let edit = Fix::edit("`chmod 600` makes it yours alone", &file.path, Change::Mode(0o600)).safe();
        found.push(finding.data("mode", format!("{bits:04o}")).fix(edit));
    }
    found
}

/// Windows gives a user's folders to that user alone.
#[cfg(not(unix))]
fn find(_: &Look) -> Vec<Finding> {
    Vec::new()
}
