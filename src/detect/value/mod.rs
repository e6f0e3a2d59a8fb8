//! The value of a key variable, wherever it stands: what was pasted with it, and what is no key at all. One table for all of them.

mod encoded;
mod fault;

pub use encoded::base64;
pub use fault::{Fault, faults};

use crate::detect::env_file::{EnvFile, Line};
use crate::detect::environment::is_key;
use crate::detect::fix::Fix;
use crate::detect::look::{self, Look, Values};
use crate::detect::{Detector, Finding};
use crate::dotenv::Dialect;
use crate::secret::Secret;
use crate::source::Kind;

/// The detector.
pub const DETECTOR: Detector = Detector {
    ids: &[
        "trailing-whitespace",
        "leading-space",
        "newline-in-value",
        "cr-in-env",
        "bom",
        "invisible-char",
        "unicode-space",
        "smart-quotes",
        "unicode-dash",
        "quotes-in-value",
        "bearer-prefix",
        "assignment-in-value",
        "hash-in-value",
        "percent-encoded",
        "unterminated-quote",
        "key-truncated",
        "key-masked",
        "key-doubled",
        "multiple-keys",
        "control-char",
        "placeholder",
        "swapped-pair",
        "base64-key",
        "bad-alphabet",
        "unresolved-reference",
        "oauth-token-as-api-key",
        "admin-key",
        "token-expired",
    ],
    find,
};

/// Places whose values reach a program as they are.
const PLAIN: [Kind; 15] = [
    Kind::Envrc,
    Kind::Direnv,
    Kind::Mise,
    Kind::Rc,
    Kind::FishUniversal,
    Kind::System,
    Kind::SystemdUser,
    Kind::Tmux,
    Kind::Screen,
    Kind::VsCode,
    Kind::Container,
    Kind::ToolConfig,
    Kind::WindowsUser,
    Kind::WindowsMachine,
    Kind::Process,
];

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, value) in look.keys().filter(|(name, _)| !look.is_own(name)) {
        let is_local = look::goes_to_this_machine(&look.scene.variables, name);
        found.extend(faults(name, value, is_local, look.now).into_iter().map(|fault| {
            let fix = Fix::hint(fault.advice.clone());
            fault.finding.at(look.here(name)).fix(fix)
        }));
    }
    for file in &look.files {
        in_file(look, file, &mut found);
    }
    let here = |value: &Secret, name: &str| look.scene.variables.get(name).is_some_and(|own| own.same_as(value));
    for (assignment, value) in look.texts(&PLAIN).filter(|(assignment, _)| is_key(&assignment.name)) {
        // A running program is told of where its value is rotated away, and else has what is told here already.
        if assignment.origin.kind == Kind::Process
            || assignment.origin.kind == Kind::Direnv && here(value, &assignment.name)
        {
            continue;
        }
        let is_local = is_local_beside(look, assignment);
        found.extend(faults(&assignment.name, value, is_local, look.now).into_iter().map(|fault| {
            let fix = Fix::hint(fault.advice.clone());
            fault.finding.at(look.place(assignment)).fix(fix)
        }));
    }
    found
}

/// Whether a key goes to a server on this machine, by what the same place sets, else by this environment.
fn is_local_beside(look: &Look, assignment: &crate::source::Assignment) -> bool {
    let same = |other: &&crate::source::Assignment| {
        other.origin.kind == assignment.origin.kind && other.origin.path == assignment.origin.path
    };
    let together = Beside {
        look,
        nearer: |name: &str| {
            look.assignments
                .iter()
                .rev()
                .filter(same)
                .filter(|other| other.name == name)
                .find_map(|other| other.held.text())
        },
    };
    look::goes_to_this_machine(&together, &assignment.name)
}

/// What a place sets, and this environment behind it.
struct Beside<'a, F: Fn(&str) -> Option<&'a Secret>> {
    look: &'a Look,
    nearer: F,
}

impl<'a, F: Fn(&str) -> Option<&'a Secret>> Values for Beside<'a, F> {
    fn get(&self, name: &str) -> Option<&Secret> {
        (self.nearer)(name).or_else(|| self.look.scene.variables.get(name))
    }
}

fn in_file(look: &Look, file: &EnvFile, found: &mut Vec<Finding>) {
    let mut names: Vec<&str> = Vec::new();
    for line in file.lines.iter().filter(|line| is_key(&line.name)) {
        if names.contains(&line.name.as_str()) {
            continue;
        }
        names.push(&line.name);
        let mut told: Vec<&str> = Vec::new();
        let readings = file.readings_of(&line.name);
        for (value, loaders) in readings.iter().filter(|(value, _)| !value.is_empty()) {
            let is_local = look::goes_to_this_machine(&beside(look, file, loaders[0]), &line.name);
            for fault in faults(&line.name, value, is_local, look.now) {
                if told.contains(&fault.finding.id) || is_of_the_file(&fault) && loaders.len() * 2 < Dialect::ALL.len()
                {
                    continue;
                }
                told.push(fault.finding.id);
                found.push(of_line(look, file, line, fault, loaders));
            }
        }
    }
}

/// What a quote or a comment leaves in a value for a few loaders has findings of its own that name them.
fn is_of_the_file(fault: &Fault) -> bool {
    matches!(
        fault.finding.id,
        "hash-in-value"
            | "quotes-in-value"
            | "unterminated-quote"
            | "trailing-whitespace"
            | "leading-space"
            | "cr-in-env"
            | "bom"
    )
}

/// Says a fault of a line, with the edit that mends it.
fn of_line(look: &Look, file: &EnvFile, line: &Line, fault: Fault, loaders: &[Dialect]) -> Finding {
    let Fault { mut finding, advice, clean } = fault;
    let winner = file.value(&line.name).map_or(line.number, |(_, number)| number);
    let line = file.lines.iter().find(|other| other.number == winner && other.name == line.name).unwrap_or(line);
    if loaders.len() < Dialect::ALL.len() / 2 {
        finding.message = format!("{}, as {} reads it", finding.message, names(loaders));
    }
    let ids: Vec<&str> = loaders.iter().map(|loader| loader.id()).collect();
    finding = finding.data("loaders", ids);
    if let Some(spot) = look.in_file(file, &line.name) {
        finding = finding.at(spot);
    }
    let change = clean.and_then(|clean| file.rewrite(line, clean.expose()));
    finding.fix(match change {
        Some(change) => {
            Fix::edit(format!("{advice}: write it as `{}=…`, without quotes", line.name), &file.path, change).safe()
        }
        None => Fix::hint(advice),
    })
}

/// A few loaders by name.
pub fn names(loaders: &[Dialect]) -> String {
    const MAX: usize = 3;
    let named: Vec<&str> = loaders.iter().take(MAX).map(|loader| loader.name()).collect();
    match loaders.len() {
        0..=MAX => named.join(", "),
        more => format!("{} and {} more", named.join(", "), more - MAX),
    }
}

/// What a loader's program has beside a file's key.
pub fn beside<'a>(look: &'a Look, file: &'a EnvFile, loader: Dialect) -> impl Values + 'a {
    Beside { look, nearer: move |name: &str| file.text(loader, name) }
}
