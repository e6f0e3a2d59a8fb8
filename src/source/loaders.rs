//! What a program started here gets of a variable, by the way it comes to its variables: which value, from which place.
//!
//! Loaders of `.env` files, direnv, mise, new shells and windows, containers, and tools with settings of their own; each only where
//! there is something for it to read.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::tools::{Look, TOOLS, Tool};
use super::{Assignment, Collected, Held, Kind, Origin, Reader, Scene, When, envrc};
use crate::bounded::{self, Links};
use crate::dotenv::{self, Dialect, Environment, Precedence, Value};
use crate::secret::Secret;

/// The largest file that is read.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// Loaders that take the `.env` of the directory and no other.
const HERE: [Dialect; 7] =
    [Dialect::Npm, Dialect::Node, Dialect::Uv, Dialect::Ruby, Dialect::Bash, Dialect::Docker, Dialect::Compose];
/// Loaders that take the nearest one, in the directory or above it.
const NEAREST: [Dialect; 2] = [Dialect::Python, Dialect::Dotenvy];

/// What one way hands to its program.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// A stable word for the way: a loader's, a tool's, `new-bash`.
    pub id: String,
    /// How a person calls it.
    pub name: String,
    /// The value; none: the variable is not set for the program.
    pub value: Option<Secret>,
    /// The place it comes from; none: no place gives one.
    pub from: Option<Origin>,
    /// Only running a command would tell the value.
    pub is_unknowable: bool,
    /// The loader gives up on the file, at this line.
    pub fails_at: Option<usize>,
    /// What else is to be known.
    pub note: Option<&'static str>,
}

impl Outcome {
    fn of_environment(id: impl Into<String>, name: impl Into<String>, present: Option<&Secret>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            value: present.cloned(),
            from: present.map(|_| Origin::of(Kind::Environment, Reader::Programs)),
            is_unknowable: false,
            fails_at: None,
            note: None,
        }
    }

    fn of_assignment(id: impl Into<String>, name: impl Into<String>, found: &Assignment, scene: &Scene) -> Self {
        let (value, is_unknowable) = match &found.held {
            Held::Text(text) => (Some(text.clone()), false),
            Held::Variable(name) => (scene.variables.get(name).cloned(), false),
            Held::Unset => (None, false),
            Held::Unknowable => (None, true),
        };
        let note = matches!(found.held, Held::Variable(_)).then_some("the value of another variable");
        let from = Some(found.origin.clone());
        Self { id: id.into(), name: name.into(), value, from, is_unknowable, fails_at: None, note }
    }
}

/// Works out what each way gives for a variable. `collected` holds all sources' assignments of it.
pub fn outcomes(scene: &Scene, collected: &Collected, name: &str) -> Vec<Outcome> {
    let present = scene.variables.get(name);
    let mut outcomes = vec![Outcome::of_environment("environment", "a program that loads no file", present)];
    // A directory that gave no answer is not asked again without a deadline.
    let is_dead = collected.unread.iter().any(|unread| unread.kind == Kind::Dotenv && unread.path.is_none());
    if !is_dead {
        outcomes.extend(of_files(scene, name, present));
        outcomes.extend(of_next(scene, name, present));
        outcomes.extend(of_direnv(scene, collected, name, present));
    }
    let mise = collected.of(name).find(|found| found.origin.kind == Kind::Mise);
    outcomes.extend(mise.map(|found| Outcome::of_assignment("mise", "mise", found, scene)));
    outcomes.extend(of_containers(scene, collected, name));
    outcomes.extend(of_children(scene, collected, name));
    outcomes.extend(TOOLS.iter().filter_map(|tool| of_tool(tool, scene, collected, name)));
    outcomes
}

/// What one tool takes; none where no file of its own says anything about the variable.
fn of_tool(tool: &Tool, scene: &Scene, collected: &Collected, name: &str) -> Option<Outcome> {
    let is_own = |found: &&Assignment| {
        found.origin.kind == Kind::ToolConfig && found.origin.reader == Reader::Tool(tool.id) && found.exported
    };
    collected.of(name).find(is_own)?;
    Some(tool_outcome(tool, scene, collected, name))
}

/// What one tool takes, by the order of its places.
pub fn tool_outcome(tool: &Tool, scene: &Scene, collected: &Collected, name: &str) -> Outcome {
    for look in tool.order {
        match look {
            Look::Own => {
                let own = collected.of(name).find(|found| {
                    found.origin.kind == Kind::ToolConfig
                        && found.origin.reader == Reader::Tool(tool.id)
                        && found.exported
                });
                if let Some(found) = own {
                    return Outcome::of_assignment(tool.id, tool.name, found, scene);
                }
            }
            Look::Environment => {
                if let Some(present) = scene.variables.get(name) {
                    return Outcome::of_environment(tool.id, tool.name, Some(present));
                }
            }
        }
    }
    Outcome::of_environment(tool.id, tool.name, None)
}

fn of_files(scene: &Scene, name: &str, present: Option<&Secret>) -> Vec<Outcome> {
    let here = File::read(&scene.cwd.join(".env"));
    let nearest =
        if here.is_some() { None } else { scene.upwards().skip(1).find_map(|dir| File::read(&dir.join(".env"))) };
    let mut outcomes = Vec::new();
    for loader in NEAREST {
        outcomes.extend(here.as_ref().or(nearest.as_ref()).map(|file| file.outcome(loader, scene, name, present)));
    }
    for loader in HERE {
        outcomes.extend(here.as_ref().map(|file| file.outcome(loader, scene, name, present)));
    }
    outcomes
}

/// Next.js reads up to four files; the first that has the variable counts, and the environment goes before all of them.
fn of_next(scene: &Scene, name: &str, present: Option<&Secret>) -> Option<Outcome> {
    let mode = scene.variable("NODE_ENV").unwrap_or("development");
    let names = [format!(".env.{mode}.local"), ".env.local".into(), format!(".env.{mode}"), ".env".into()];
    let is_test = mode == "test";
    let wanted = names.iter().filter(|name| !(is_test && *name == ".env.local"));
    let files: Vec<File> = wanted.filter_map(|name| File::read(&scene.cwd.join(name))).collect();
    // With one file and no sign of Next.js it says nothing that npm's loader does not.
    let is_next =
        ["next.config.js", "next.config.mjs", "next.config.ts"].iter().any(|name| scene.cwd.join(name).exists());
    if files.is_empty() || (files.len() == 1 && !is_next) {
        return None;
    }
    let mut outcome = Outcome::of_environment(Dialect::Next.id(), Dialect::Next.name(), present);
    if present.is_none() {
        outcome = files
            .iter()
            .map(|file| file.outcome(Dialect::Next, scene, name, None))
            .find(|found| found.from.is_some())
            .unwrap_or(outcome);
    }
    Some(outcome)
}

fn of_direnv(scene: &Scene, collected: &Collected, name: &str, present: Option<&Secret>) -> Option<Outcome> {
    let found = collected.of(name).filter(|found| found.origin.kind == Kind::Envrc && found.exported).last()?;
    let mut outcome = Outcome::of_assignment("direnv", "direnv", found, scene);
    let note = match envrc::nearest(scene)?.permission {
        envrc::Permission::Allowed => return Some(outcome),
        envrc::Permission::Unknown => "direnv does not run this `.envrc` before `direnv allow`",
        envrc::Permission::Changed => "the `.envrc` changed since it was allowed, so direnv does not run it",
        envrc::Permission::Denied => "the `.envrc` was denied",
    };
    outcome = Outcome::of_environment(outcome.id, outcome.name, present);
    outcome.note = Some(note);
    Some(outcome)
}

/// `environment:` goes before `env_file:`, of files and lines the last counts.
fn of_containers(scene: &Scene, collected: &Collected, name: &str) -> Vec<Outcome> {
    let of_kind = || collected.of(name).filter(|found| found.origin.kind == Kind::Container && found.exported);
    let mut services: Vec<&str> = Vec::new();
    for found in of_kind() {
        if let Reader::Container(service) = &found.origin.reader
            && !services.contains(&service.as_str())
        {
            services.push(service);
        }
    }
    services
        .into_iter()
        .filter_map(|service| {
            let own =
                || of_kind().filter(|found| matches!(&found.origin.reader, Reader::Container(of) if of == service));
            let is_file = |found: &&Assignment| found.origin.part.as_deref() == Some("env_file");
            let found = own().filter(|found| !is_file(found)).last().or_else(|| own().last())?;
            let name = format!("the container `{}`", crate::printable::text(service));
            Some(Outcome::of_assignment(format!("container:{service}"), name, found, scene))
        })
        .collect()
}

/// What new shells and windows begin with.
fn of_children(scene: &Scene, collected: &Collected, name: &str) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let all = || collected.of(name).filter(|found| found.exported);
    for (id, shell, words) in [
        ("new-bash", "bash", "a new bash"),
        ("new-zsh", "zsh", "a new zsh"),
        ("new-fish", "fish", "a new fish"),
        ("new-powershell", "powershell", "a new PowerShell"),
    ] {
        let reads = |found: &&Assignment| matches!(found.origin.reader, Reader::Shell(of, When::Always | When::Interactive) if of == shell);
        // Start-up files come after what was inherited; a universal variable of fish counts where nothing global is set.
        let last = all()
            .filter(reads)
            .filter(|found| found.origin.kind == Kind::Rc)
            .last()
            .or_else(|| all().filter(reads).last());
        outcomes.extend(last.map(|found| Outcome::of_assignment(id, words, found, scene)));
    }
    for (id, of, words) in [
        ("tmux", "tmux", "a new tmux window"),
        ("screen", "screen", "a new screen window"),
        ("systemd-user", "systemd", "a unit of systemd's user manager"),
        ("vscode", "vscode", "a new terminal of VS Code"),
    ] {
        let mut found = all().filter(|found| found.origin.reader == Reader::Children(of));
        // The strongest settings file comes first; a session's own, and the later of systemd's files, last.
        let found = if id == "vscode" { found.next() } else { found.last() };
        outcomes.extend(found.map(|found| Outcome::of_assignment(id, words, found, scene)));
    }
    outcomes
}

struct File {
    path: PathBuf,
    bytes: Zeroizing<Vec<u8>>,
}

impl File {
    fn read(path: &Path) -> Option<Self> {
        let (bytes, _) = bounded::read(path, MAX_FILE_BYTES, Links::Follow).ok()?;
        Some(Self { path: path.to_owned(), bytes: Zeroizing::new(bytes) })
    }

    fn outcome(&self, loader: Dialect, scene: &Scene, name: &str, present: Option<&Secret>) -> Outcome {
        let lookup = |asked: &str| scene.variables.get(asked).map(|value| value.expose().to_owned());
        let reading = dotenv::read(&self.bytes, loader, &Environment::new(&lookup));
        // A container begins with nothing of this shell's.
        let is_container = matches!(loader, Dialect::Docker | Dialect::Compose);
        let present = present.filter(|_| !is_container);
        let mut outcome = Outcome::of_environment(loader.id(), loader.name(), present);
        outcome.fails_at = reading.failure.map(|failure| failure.place.line);
        if loader.precedence() == Precedence::Environment && present.is_some() {
            return outcome;
        }
        if let Some(winner) = reading.winner(name) {
            let reader = Reader::Loaders(vec![loader]);
            outcome.from =
                Some(Origin::at(Kind::Dotenv, reader, &self.path, winner.place.line, Some(winner.place.column)));
            outcome.value = winner.value.text().cloned();
            outcome.is_unknowable = matches!(winner.value, Value::Unknowable);
        }
        outcome
    }
}
