//! A key under a name that no program reads: a letter too many, a word too few, lower case.

use super::environment::{is_base_url, is_exposed, is_key};
use super::look::owner;
use super::{Detector, Finding, Look, fix::Fix};
use crate::profile::Family;
use crate::provider::{self, Role};
use crate::secret::Secret;

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["misspelt-name", "case-name"], find };

/// Names that people write for others.
const ALIASES: [(&str, &str); 14] = [
    ("OPEN_ROUTER_API_KEY", "OPENROUTER_API_KEY"),
    ("OPENROUTER_KEY", "OPENROUTER_API_KEY"),
    ("OPEN_AI_API_KEY", "OPENAI_API_KEY"),
    ("OPEN_AI_KEY", "OPENAI_API_KEY"),
    ("OPENAI_KEY", "OPENAI_API_KEY"),
    ("OPENAI_APIKEY", "OPENAI_API_KEY"),
    ("OPENAI_SECRET_KEY", "OPENAI_API_KEY"),
    ("OPENAI_TOKEN", "OPENAI_API_KEY"),
    ("ANTHROPIC_KEY", "ANTHROPIC_API_KEY"),
    ("ANTHROPIC_TOKEN", "ANTHROPIC_API_KEY"),
    ("CLAUDE_KEY", "ANTHROPIC_API_KEY"),
    ("GROQ_KEY", "GROQ_API_KEY"),
    ("GEMINI_KEY", "GEMINI_API_KEY"),
    ("MISTRAL_KEY", "MISTRAL_API_KEY"),
];

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, value) in look.foreign() {
        if let Some((id, meant)) = meant(name, value).filter(|(_, meant)| look.variable(meant).is_none()) {
            let finding = told(id, name, &meant).at(look.here(name));
            found.push(finding.hint(format!("set {meant} in its place")));
        }
    }
    for file in &look.files {
        for line in &file.lines {
            let Some((value, _)) = file.value(&line.name) else { continue };
            let Some((id, meant)) = meant(&line.name, value) else { continue };
            let is_there = file.value(&meant).is_some_and(|(value, _)| !value.is_empty());
            if is_there
                || found.iter().any(|known: &Finding| {
                    known.variable.as_ref() == Some(&line.name)
                        && known.id == id
                        && known.origins.iter().any(|spot| spot.origin.path.as_deref() == Some(&file.path))
                })
            {
                continue;
            }
            let finding = look.in_file(file, &line.name).into_iter().fold(told(id, &line.name, &meant), Finding::at);
            let clean = crate::sanitize::clean(value.expose()).value;
            let renamed = super::env_file::Line { name: meant.clone(), ..line.clone() };
            found.push(match file.rewrite(&renamed, clean.expose()) {
                Some(change) => finding.fix(Fix::edit(format!("rename it to {meant}"), &file.path, change)),
                None => finding.hint(format!("rename it to {meant}")),
            });
        }
    }
    found
}

fn told(id: &'static str, name: &str, meant: &str) -> Finding {
    let what = match id {
        "case-name" => format!("{name} is in lower case, which only pydantic reads; the name is {meant}"),
        _ => format!("{} holds a key, and programs read {meant}", crate::printable::text(name)),
    };
    Finding::warning(id, what).variable(name).data("meant", meant)
}

/// The name that was meant, where the value is certainly a key and the name is nobody's.
fn meant(name: &str, value: &Secret) -> Option<(&'static str, String)> {
    if is_key(name)
        || is_base_url(name)
        || is_exposed(name)
        || name.len() > 64
        || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        || !provider::of_variable(name).is_empty()
        || Family::of_variable(name).is_some()
    {
        return None;
    }
    let upper = name.to_ascii_uppercase();
    let owner = owner(value)?;
    if is_key(&upper) {
        return Some(("case-name", upper));
    }
    if let Some((_, meant)) = ALIASES.iter().find(|(alias, _)| *alias == upper) {
        return Some(("misspelt-name", (*meant).to_owned()));
    }
    // Names with a number are meant: `OPENAI_API_KEY_2`.
    if name.ends_with(|c: char| c.is_ascii_digit()) || name.len() < 8 {
        return None;
    }
    let own =
        owner.variables.iter().filter(|variable| variable.role == Role::Key).map(|variable| variable.name.as_str());
    let families = Family::ALL.iter().flat_map(|family| family.variables().key).copied();
    own.chain(families)
        .find(|known| strsim::damerau_levenshtein(known, &upper) <= 2)
        .map(|known| ("misspelt-name", known.to_owned()))
}
