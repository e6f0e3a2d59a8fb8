//! A `.env` file with a key that every user of this computer can read.

use super::{Detector, Finding, Look};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["world-readable"], find };

#[cfg(unix)]
fn find(look: &Look) -> Vec<Finding> {
    use std::os::unix::fs::PermissionsExt;

    use super::environment::is_key;
    use super::fix::{Change, Fix};
    use super::look::owner;
    let mode = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |found| found.permissions().mode());
    // Where nobody else has an account the bits tell nothing to anybody.
    let users = look.read_text(&look.scene.root.join("etc/passwd")).map(|text| text.to_string()).unwrap_or_default();
    let own = rustix::process::geteuid().as_raw();
    let others = users.lines().filter_map(|line| line.split(':').nth(2)?.parse::<u32>().ok());
    let has_others = others.filter(|user| (1_000..60_000).contains(user)).any(|user| user != own);
    let mut found = Vec::new();
    for file in &look.files {
        let holding = file
            .lines
            .iter()
            .find(|line| is_key(&line.name) && file.value(&line.name).is_some_and(|(value, _)| owner(value).is_some()));
        let bits = mode(&file.path) & 0o777;
        let Some(line) = holding.filter(|_| bits & 0o077 != 0) else { continue };
        // A folder above that nobody else may enter keeps it closed.
        let is_reached =
            has_others && bits & 0o004 != 0 && file.path.ancestors().skip(1).all(|dir| mode(dir) & 0o001 != 0);
        let finding = if is_reached {
            Finding::warning(
                "world-readable",
                format!("the file has a key in it, and every user of this computer can read it ({bits:04o})"),
            )
        } else {
            Finding::info(
                "world-readable",
                format!(
                    "the file has a key in it, and others may read it, where this computer has others ({bits:04o})"
                ),
            )
        };
        let finding = look.in_file(file, &line.name).into_iter().fold(finding, Finding::at);
        let shown = crate::printable::path(&file.path);
        let edit = Fix::edit(format!("`chmod 600 {shown}`"), &file.path, Change::Mode(0o600)).safe();
        found.push(finding.data("mode", format!("{bits:04o}")).fix(edit));
    }
    found
}

/// Windows gives a user's folders to that user alone.
#[cfg(not(unix))]
fn find(_: &Look) -> Vec<Finding> {
    Vec::new()
}
