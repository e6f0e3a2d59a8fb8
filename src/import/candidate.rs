//! Sections of settings become candidates: one entry a key, with every place in which it stands.
//!
//! The same key for the same address is one candidate however often it is found. Two keys never become one: where they stand under
//! the same variable, or are two of one provider, both are kept and the contradiction is told.

use super::environment::{self, FoundKey, Variables};
use super::llm_env::Account;
use super::section::{Oddity, Section, Setting};
use crate::profile::Family;
use crate::provider::{self, Role};
use crate::secret::Secret;

/// A setting: the section's index and its own in it.
pub type At = (usize, usize);

/// A key that could become a profile, and where it stands.
#[derive(Debug)]
pub struct Candidate {
    /// The key, whose it may be, and where it goes.
    pub key: FoundKey,
    /// Where the key stands.
    pub places: Vec<At>,
    /// What stands beside it and goes with it: base URLs, organizations, projects.
    pub beside: Vec<At>,
    /// Whether nobody reads it any more: a later line of each of its files sets the variable again.
    pub is_overridden: bool,
    /// What its profile could be called.
    pub name: Option<String>,
    /// The variable is another program's word for it: the profile takes its place, though it does not set it.
    pub is_replaced: bool,
}

/// Candidates and what is to be said about the rest.
#[derive(Debug, Default)]
pub struct Candidates {
    /// In the order in which they were found.
    pub list: Vec<Candidate>,
    /// What does not belong together.
    pub oddities: Vec<Oddity>,
}

/// A variable under which more than one key was found.
#[derive(Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The variable.
    pub variable: String,
    /// The candidates.
    pub candidates: Vec<usize>,
}

/// Looks through all sections; `accounts` say whose the variables of llm-env are.
pub fn all(sections: &[Section], accounts: &[Account]) -> Candidates {
    let mut candidates = Candidates::default();
    for (number, section) in sections.iter().enumerate() {
        look(&mut candidates, number, section, accounts);
    }
    candidates
}

fn look(candidates: &mut Candidates, number: usize, section: &Section, accounts: &[Account]) {
    let known: Vec<usize> =
        (0..section.settings.len()).filter(|at| environment::is_known(&section.settings[*at].variable)).collect();
    let current: Vec<usize> = known.iter().copied().filter(|at| !section.settings[*at].is_overridden).collect();
    look_at(candidates, number, section, &current);
    // What a later line overrides is a key all the same; it is looked at beside the rest of what holds.
    for overridden in known.iter().copied().filter(|at| section.settings[*at].is_overridden) {
        let name = &section.settings[overridden].variable;
        let others = current.iter().copied().filter(|at| section.settings[*at].variable != *name);
        let mut selected: Vec<usize> = others.filter(|at| !is_key(&section.settings[*at].variable)).collect();
        selected.push(overridden);
        look_at(candidates, number, section, &selected);
    }
    for (at, setting) in section.settings.iter().enumerate().filter(|(at, _)| !known.contains(at)) {
        let here = vec![(number, at)];
        if let Some(account) = accounts.iter().find(|account| account.variable == setting.variable) {
            for mut key in under_account(account, setting) {
                key.variables = vec![setting.variable.clone()];
                let added = candidates.add(key, here.clone(), Vec::new(), setting.is_overridden);
                added.is_replaced = true;
                let name = account.name.to_ascii_lowercase();
                added.name = added.name.take().or(Some(name).filter(|name| crate::profile::check_name(name).is_ok()));
            }
        } else if let Some(key) = environment::under_own_name(&setting.variable, &setting.value) {
            candidates.add(key, here, Vec::new(), setting.is_overridden);
        }
    }
}

/// A key as llm-env would hand it on: beside the address of its account.
fn under_account(account: &Account, setting: &Setting) -> Vec<FoundKey> {
    let (key, url) = match (account.is_anthropic, account.is_token) {
        (false, _) => ("OPENAI_API_KEY", "OPENAI_BASE_URL"),
        (true, false) => ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
        (true, true) => ("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"),
    };
    let variables = Variables::from([
        (key.to_owned(), setting.value.clone()),
        (url.to_owned(), Secret::new(account.base_url.as_str())),
    ]);
    let mut found = environment::look(&variables).keys;
    for key in &mut found {
        key.model.clone_from(&account.model);
    }
    found
}

fn look_at(candidates: &mut Candidates, number: usize, section: &Section, selected: &[usize]) {
    let variables: Variables = selected
        .iter()
        .map(|at| (section.settings[*at].variable.clone(), section.settings[*at].value.clone()))
        .collect();
    let find = |name: &str| selected.iter().copied().find(|at| section.settings[*at].variable == name);
    let found = environment::look(&variables);
    for explained in found.explained {
        // The first name in backticks is the one it is about.
        let line = explained.message.split('`').nth(1).and_then(find).and_then(|at| section.settings[at].line);
        let oddity = Oddity {
            id: explained.id,
            path: section.path.clone(),
            line,
            message: explained.message,
            hint: explained.hint,
        };
        if !candidates.oddities.contains(&oddity) {
            candidates.oddities.push(oddity);
        }
    }
    for key in found.keys {
        let places: Vec<At> = key.variables.iter().filter_map(|name| find(name)).map(|at| (number, at)).collect();
        let is_overridden = places.iter().all(|(_, at)| section.settings[*at].is_overridden);
        let all = (0..section.settings.len()).filter(|at| goes_with(&key, &section.settings[*at].variable));
        let beside = all.map(|at| (number, at)).collect();
        candidates.add(key, places, beside, is_overridden);
    }
}

/// Whether a variable says where a key goes or whose account it is, and so goes when the key goes.
fn goes_with(key: &FoundKey, name: &str) -> bool {
    let families = key.variables.iter().filter_map(|variable| Family::of_variable(variable));
    let in_family = families.into_iter().any(|family| {
        let variables = family.variables();
        let names = [variables.base_url, variables.organization, variables.project, variables.rivals].concat();
        names.contains(&name) && !variables.key.contains(&name)
    });
    let is_own = |role: Role| matches!(role, Role::BaseUrl | Role::Origin);
    let of_provider = || {
        provider::of_variable(name).iter().any(|(row, variable)| {
            variable.own && is_own(variable.role) && key.providers.iter().any(|p| p.id == row.id)
        })
    };
    in_family || of_provider()
}

/// Whether a variable carries a key.
fn is_key(name: &str) -> bool {
    Family::ALL.iter().any(|family| family.variables().key.contains(&name))
        || provider::of_variable(name).iter().any(|(_, variable)| variable.role == Role::Key)
}

impl Candidates {
    fn add(&mut self, key: FoundKey, places: Vec<At>, beside: Vec<At>, is_overridden: bool) -> &mut Candidate {
        let same = self.list.iter().position(|known| {
            let known = &known.key;
            known.key.same_as(&key.key)
                && known.base_url == key.base_url
                && known.dialect == key.dialect
                && known.providers.iter().any(|row| key.providers.iter().any(|other| row.id == other.id))
        });
        let Some(at) = same else {
            let new = Candidate { key, places, beside, is_overridden, name: None, is_replaced: false };
            self.list.push(new);
            let last = self.list.len() - 1;
            return &mut self.list[last];
        };
        let known = &mut self.list[at];
        known.is_overridden &= is_overridden;
        known.key.providers.retain(|row| key.providers.iter().any(|other| row.id == other.id));
        extend(&mut known.key.variables, key.variables);
        extend(&mut known.key.serve, key.serve);
        extend(&mut known.key.removed, key.removed);
        extend(&mut known.places, places);
        extend(&mut known.beside, beside);
        known
    }

    /// Keeps what may be a key of this provider, and makes it that one's.
    pub fn only(&mut self, provider: &str) {
        self.list.retain(|candidate| candidate.key.providers.iter().any(|row| row.id == provider));
        for candidate in &mut self.list {
            candidate.key.providers.retain(|row| row.id == provider);
        }
    }

    /// Variables under which different keys were found.
    pub fn conflicts(&self) -> Vec<Conflict> {
        let mut conflicts: Vec<Conflict> = Vec::new();
        for (at, candidate) in self.list.iter().enumerate() {
            for variable in &candidate.key.variables {
                match conflicts.iter_mut().find(|conflict| conflict.variable == *variable) {
                    Some(conflict) => conflict.candidates.push(at),
                    None => conflicts.push(Conflict { variable: variable.clone(), candidates: vec![at] }),
                }
            }
        }
        conflicts.retain(|conflict| conflict.candidates.len() > 1);
        conflicts
    }
}

impl Candidate {
    /// The settings in which the key stands.
    pub fn settings<'a>(&'a self, sections: &'a [Section]) -> impl Iterator<Item = (&'a Section, &'a Setting)> {
        self.places.iter().map(|(section, at)| (&sections[*section], &sections[*section].settings[*at]))
    }
}

fn extend<T: PartialEq>(list: &mut Vec<T>, more: Vec<T>) {
    for item in more {
        if !list.contains(&item) {
            list.push(item);
        }
    }
}
