//! `sudo` starts programs without the caller's variables.

use super::{Detector, Finding, Look};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["sudo-stripped"], find };

fn find(look: &Look) -> Vec<Finding> {
    let Some(user) = look.text("SUDO_USER") else { return Vec::new() };
    if look.keys().next().is_some() || user == "root" {
        return Vec::new();
    }
    let what = format!(
        "this runs under sudo, which takes the variables of {} away: no key is set",
        crate::printable::text(user)
    );
    let finding = Finding::warning("sudo-stripped", what).data("user", user);
    vec![finding.hint("run it as yourself; or `sudo --preserve-env=NAME`, which shows the key to root's programs")]
}
