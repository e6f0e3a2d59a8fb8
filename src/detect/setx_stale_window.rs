//! Windows: a window that was opened before `setx`, and a variable that the machine and the user both have.

use super::environment::{is_base_url, is_key};
use super::{Detector, Finding, Look};
use crate::source::Kind;

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["setx-stale-window", "machine-vs-user"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for (user, value) in
        look.texts(&[Kind::WindowsUser]).filter(|(held, _)| is_key(&held.name) || is_base_url(&held.name))
    {
        let name = &user.name;
        if let Some(here) = look.variable(name).filter(|here| !here.same_as(value) && !look.is_own(name)) {
            let what = format!("{name} has another value in the registry than in this window, which was opened before");
            let finding = Finding::warning("setx-stale-window", what)
                .variable(name.clone())
                .at(look.here(name))
                .at(look.place(user));
            let cut = here.len() == 1024 || value.len() == 1024;
            let hint = if cut {
                "setx cuts values at 1024 characters: set it in the system's settings"
            } else {
                "open a new window: `setx` changes none that is open"
            };
            found.push(finding.data("cut_at_1024", cut).hint(hint));
        }
        let machine =
            look.texts(&[Kind::WindowsMachine]).find(|(held, other)| held.name == *name && !other.same_as(value));
        if let Some((machine, _)) = machine {
            let what = format!("{name} is set for the machine and for the user, to different values: the user's wins");
            let finding = Finding::warning("machine-vs-user", what)
                .variable(name.clone())
                .at(look.place(user))
                .at(look.place(machine));
            found.push(finding.data("winner", "user").hint("take one of the two out"));
        }
    }
    found
}
