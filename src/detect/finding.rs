//! What a detector has to say: a stable id, where, one sentence, its parameters, and one thing to do about it.

use serde_json::{Map, Value, json};

use super::fix::Fix;
use crate::ipc::protocol::Severity;
use crate::source::Origin;

/// Something that is wrong.
#[derive(Clone, Debug)]
pub struct Finding {
    /// A stable id; parameters are in `data`.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The variable it is about.
    pub variable: Option<String>,
    /// Where the values stand that it is about, the one to change first.
    pub origins: Vec<Spot>,
    /// One sentence. Never quotes a value; what it takes from files is escaped where it is shown.
    pub message: String,
    /// Parameters, for programs.
    pub data: Map<String, Value>,
    /// What to do.
    pub fix: Option<Fix>,
}

/// A place and the value in it, masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The place.
    pub origin: Origin,
    /// The value as messages show it: `openrouter …1111`, an address without its password. None: there is no value to show.
    pub shown: Option<String>,
    /// By which the same value is recognised elsewhere.
    pub fingerprint: Option<String>,
}

impl Spot {
    /// A place without a value.
    pub fn bare(origin: Origin) -> Self {
        Self { origin, shown: None, fingerprint: None }
    }

    /// As every `--json` has it.
    pub fn json(&self) -> Value {
        let origin = &self.origin;
        json!({
            "kind": origin.kind.id(), "path": origin.path, "line": origin.line, "column": origin.column, "part": origin.part,
            "shown": self.shown, "fingerprint": self.fingerprint,
        })
    }
}

impl Finding {
    fn new(id: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        Self { id, severity, variable: None, origins: Vec::new(), message: message.into(), data: Map::new(), fix: None }
    }

    /// Something goes wrong, or a key is given away.
    pub fn error(id: &'static str, message: impl Into<String>) -> Self {
        Self::new(id, Severity::Error, message)
    }

    /// Something will go wrong.
    pub fn warning(id: &'static str, message: impl Into<String>) -> Self {
        Self::new(id, Severity::Warning, message)
    }

    /// Good to know.
    pub fn info(id: &'static str, message: impl Into<String>) -> Self {
        Self::new(id, Severity::Info, message)
    }

    /// Names the variable.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>) -> Self {
        self.variable = Some(name.into());
        self
    }

    /// Adds a place.
    #[must_use]
    pub fn at(mut self, spot: Spot) -> Self {
        if !self.origins.contains(&spot) {
            self.origins.push(spot);
        }
        self
    }

    /// Adds a parameter.
    #[must_use]
    pub fn data(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.data.insert(name.to_owned(), value.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// Says what a person can do, where no program should.
    #[must_use]
    pub fn hint(self, description: impl Into<String>) -> Self {
        self.fix(Fix::hint(description))
    }

    /// As every `--json` has it.
    pub fn json(&self) -> Value {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        json!({
            "id": self.id, "severity": severity, "variable": self.variable,
            "origins": self.origins.iter().map(Spot::json).collect::<Vec<_>>(),
            "message": self.message, "data": self.data, "fix": self.fix.as_ref().map(Fix::json),
        })
    }
}
