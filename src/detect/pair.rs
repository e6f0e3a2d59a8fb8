//! Keys with the base URL that goes with each, of one place: this environment, a `.env` file, a line of a container's settings.

use super::environment::is_key;
use super::finding::Spot;
use super::look::{self, Look, Together, Values};
use super::value::beside;
use crate::dotenv::Dialect;
use crate::profile::Family;
use crate::provider::{self, Provider};
use crate::secret::Secret;
use crate::{sanitize, source::Kind};

/// A key and where it goes.
pub struct Pair {
    /// The variable with the key.
    pub key: String,
    /// Those whose key it certainly is; empty: its look proves nothing.
    pub owners: Vec<&'static Provider>,
    /// The variable with the base URL and its text, where one is set.
    pub base: Option<(String, String)>,
    /// Where the two stand.
    pub spots: Vec<Spot>,
    /// Whether it is what programs started here get.
    pub is_here: bool,
}

impl Pair {
    /// The host that the key goes to, where the base URL says.
    pub fn host(&self) -> Option<String> {
        look::host_of(&self.base.as_ref()?.1)
    }

    /// The row of that host.
    pub fn row(&self) -> Option<&'static Provider> {
        provider::of_host(&self.host()?)
    }

    /// The family of the key's variable.
    pub fn family(&self) -> Option<Family> {
        Family::of_variable(&self.key)
    }

    /// The one whose key it certainly is.
    pub fn owner(&self) -> Option<&'static Provider> {
        self.owners.first().copied()
    }

    /// Whether the key may be one of this row's.
    pub fn may_belong_to(&self, row: &Provider) -> bool {
        row.passes_keys || self.owners.iter().any(|owner| owner.id == row.id)
    }
}

/// Other places that hold such values.
const OTHERS: [Kind; 8] = [
    Kind::Envrc,
    Kind::Mise,
    Kind::Rc,
    Kind::System,
    Kind::SystemdUser,
    Kind::VsCode,
    Kind::Container,
    Kind::ToolConfig,
];

/// All pairs that there are. What llmenv itself set is none of them: it is checked before it is served.
pub(super) fn pairs(look: &Look) -> Vec<Pair> {
    let mut found = Vec::new();
    let here = &look.scene.variables;
    for (name, value) in look.keys().filter(|(name, _)| !look.is_own(name)) {
        let mut spots = vec![look.here(name)];
        let base = base(here, name);
        if let Some((base, _)) = &base {
            spots.push(look.here(base));
        }
        found.extend(pair(name, value, base, spots, true));
    }
    for file in &look.files {
        let mut names: Vec<&str> = Vec::new();
        for line in file.lines.iter().filter(|line| is_key(&line.name)) {
            let Some((value, _)) = file.value(&line.name).filter(|(value, _)| !value.expose().trim().is_empty()) else {
                continue;
            };
            if names.contains(&line.name.as_str()) {
                continue;
            }
            names.push(&line.name);
            let together = beside(look, file, Dialect::Python);
            let base = base(&together, &line.name);
            let mut spots: Vec<Spot> = look.in_file(file, &line.name).into_iter().collect();
            if let Some((base, _)) = &base {
                spots.push(look.in_file(file, base).unwrap_or_else(|| look.here(base)));
            }
            found.extend(pair(&line.name, value, base, spots, false));
        }
    }
    for (assignment, value) in look.texts(&OTHERS).filter(|(assignment, _)| is_key(&assignment.name)) {
        let same = look.assignments.iter().filter(|other| {
            let (one, other) = (&assignment.origin, &other.origin);
            one.kind == other.kind && one.path == other.path && one.reader == other.reader
        });
        let together: Together =
            same.clone().filter_map(|other| Some((other.name.clone(), other.held.text()?.clone()))).collect();
        // Without an address in the same place nobody knows which one the program will have.
        let Some(base) = base(&together, &assignment.name) else { continue };
        let mut spots = vec![look.place(assignment)];
        spots.extend(same.filter(|other| other.name == base.0).map(|other| look.place(other)));
        found.extend(pair(&assignment.name, value, Some(base), spots, false));
    }
    found
}

fn base(together: &dyn Values, key: &str) -> Option<(String, String)> {
    look::base_beside(together, key).map(|(name, text)| (name.to_owned(), text.to_owned()))
}

fn pair(key: &str, value: &Secret, base: Option<(String, String)>, spots: Vec<Spot>, is_here: bool) -> Option<Pair> {
    let clean = sanitize::clean(value.expose()).value;
    if clean.expose().starts_with("llmenv") {
        return None;
    }
    Some(Pair { key: key.to_owned(), owners: provider::of_key(&clean), base, spots, is_here })
}

/// The maker of a family's own clients, who gets the key where no base URL is set.
pub fn maker(family: Family) -> &'static Provider {
    let id = match family {
        Family::Openai => "openai",
        Family::Anthropic => "anthropic",
        Family::Gemini => "gemini",
    };
    provider::find(id).unwrap_or_else(provider::custom)
}

/// A finding about a pair, at its places.
pub fn told(finding: super::Finding, pair: &Pair) -> super::Finding {
    pair.spots.iter().cloned().fold(finding.variable(pair.key.clone()), super::Finding::at)
}
