//! A made-up machine: a home with files, an environment, and what servers and registries would answer.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use llmenv::detect::{self, Active, Finding, Look, Marks, is_sought};
use llmenv::fingerprint::Salt;
use llmenv::secret::Secret;
use llmenv::source::{Assignment, Held, Kind, Origin, Reader, Scene, Sought, collect};

use crate::support::Home;

/// Kinds that are files; what servers and registries hold is put in by hand.
const FILES: [Kind; 11] = [
    Kind::Environment,
    Kind::Dotenv,
    Kind::Envrc,
    Kind::Direnv,
    Kind::Mise,
    Kind::Rc,
    Kind::FishUniversal,
    Kind::System,
    Kind::VsCode,
    Kind::Container,
    Kind::ToolConfig,
];

pub struct World {
    pub home: Home,
    variables: BTreeMap<String, Secret>,
    cwd: PathBuf,
    held: Vec<Assignment>,
    rotated: Vec<Secret>,
    pub active: Active,
}

impl World {
    pub fn new() -> Self {
        let home = Home::new();
        let cwd = home.path("p");
        std::fs::create_dir_all(&cwd).unwrap();
        Self { home, variables: BTreeMap::new(), cwd, held: Vec::new(), rotated: Vec::new(), active: Active::default() }
    }

    pub fn var(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.insert(name.into(), Secret::new(value.into()));
        self
    }

    /// A file; the directory is `p` below the home.
    pub fn file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        self.home.write(path, text);
        self
    }

    /// A file below the root of the system.
    pub fn system(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        self.home.write(format!("root/{path}"), text);
        self
    }

    pub fn at(mut self, dir: &str) -> Self {
        self.cwd = self.home.path(dir);
        std::fs::create_dir_all(&self.cwd).unwrap();
        self
    }

    pub fn rotated(mut self, value: &str) -> Self {
        self.rotated.push(Secret::new(value));
        self
    }

    /// What a place that is no file holds.
    pub fn held(mut self, kind: Kind, name: &str, value: &str) -> Self {
        let origin = Origin::of(kind, Reader::Children("it"));
        let held = Held::Text(Secret::new(value));
        self.held.push(Assignment { name: name.into(), held, origin, exported: true });
        self
    }

    pub fn with(mut self, held: Assignment) -> Self {
        self.held.push(held);
        self
    }

    pub fn with_active(mut self, active: Active) -> Self {
        self.active = active;
        self
    }

    pub fn run(self, does: impl FnOnce(&Home)) -> Self {
        does(&self.home);
        self
    }

    pub fn look(&self) -> Look {
        let root = self.home.path("root");
        std::fs::create_dir_all(&root).unwrap();
        let scene = Scene { cwd: self.cwd.clone(), home: self.home.path(""), variables: self.variables.clone(), root };
        // The home's path without the slash at its end.
        let scene = Scene { home: scene.home.components().collect(), ..scene };
        let budget = Duration::from_secs(20);
        let mut collected = collect(&scene, &Sought::new(is_sought), &FILES, budget);
        collected.assignments.extend(self.held.iter().cloned());
        let rotated: Vec<&Secret> = self.rotated.iter().collect();
        let marks = Marks::of(Salt([7; 32]), &rotated);
        Look::of(scene, self.active.clone(), marks, collected, Instant::now() + budget)
    }

    pub fn found(&self) -> Vec<Finding> {
        detect::run(&self.look())
    }

    pub fn ids(&self) -> Vec<&'static str> {
        self.found().into_iter().map(|finding| finding.id).collect()
    }
}

// Keys that are nobody's, by patterns.

pub fn or() -> String {
    format!("sk-or-v1-{}", "0123456789abcdef".repeat(4))
}

pub fn or1() -> String {
    format!("{}1111", &or()[..69])
}

pub fn or2() -> String {
    format!("{}2222", &or()[..69])
}

pub fn oa() -> String {
    format!("sk-proj-{}T3BlbkFJ{}", "A".repeat(74), "B".repeat(74))
}

pub fn an() -> String {
    format!("sk-ant-api03-{}AA", "a".repeat(93))
}

pub fn oat() -> String {
    format!("sk-ant-oat01-{}", "a1B".repeat(20))
}

pub fn gq() -> String {
    format!("gsk_{}", "a1B2".repeat(13))
}

pub fn xai() -> String {
    format!("xai-{}", "a1B2".repeat(20))
}

pub fn gm() -> String {
    format!("AIzaSy{}", "A1b".repeat(11))
}

pub fn az() -> String {
    "0123456789abcdef".repeat(2)
}
