//! A key that a start-up file sets, and that the shell above this process did not read.

use super::environment::is_key;
use super::{Detector, Finding, Look};
use crate::source::{Held, Kind, Reader, When};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["not-read-by-this-shell"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for held in
        look.assignments.iter().filter(|held| held.origin.kind == Kind::Rc && held.exported && is_key(&held.name))
    {
        let name = &held.name;
        let Reader::Shell(shell, when) = held.origin.reader else { continue };
        let is_set = look.scene.variables.contains_key(name) || look.is_own(name);
        let is_text = held.held.text().is_some_and(|text| !text.is_empty()) || matches!(held.held, Held::Unknowable);
        if is_set || !is_text || when == When::Called || found.iter().any(|known| known.variable.as_ref() == Some(name))
        {
            continue;
        }
        let who = match when {
            When::Interactive => "shells with a prompt read it; scripts, cron, ssh commands and units do not",
            When::Login => "login shells read it, and no other",
            When::Always | When::Called => "shells started since it was written read it",
        };
        let what = format!("{name} is set in a start-up file of {shell} and not here: {who}");
        let finding = Finding::warning("not-read-by-this-shell", what).variable(name.clone()).at(look.place(held));
        found.push(finding.data("shell", shell).hint(
            "`llmenv exec -- COMMAND` gives a program its pair wherever it is started; a new shell reads the file",
        ));
    }
    found
}
