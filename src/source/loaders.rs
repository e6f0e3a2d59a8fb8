//! What the programs that load `.env` files get, started in a directory: the file each of them takes, and who wins.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

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

/// What one loader hands to its program.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The loader, in its usual call.
    pub loader: Dialect,
    /// The value; none: the variable is not set for the program.
    pub value: Option<Secret>,
    /// The file and line it comes from; none: what was set before.
    pub from: Option<(PathBuf, usize)>,
    /// Only running a command would tell the value.
    pub is_unknowable: bool,
    /// The loader gives up on the file, at this line.
    pub fails_at: Option<usize>,
}

/// Works out what each loader gives for a variable that is set to `present` before it runs. Without a file for it a loader is left
/// out.
pub fn outcomes(cwd: &Path, home: &Path, name: &str, present: Option<&Secret>) -> Vec<Outcome> {
    let here = File::read(&cwd.join(".env"));
    let mut dirs: Vec<&Path> = Vec::new();
    for dir in cwd.ancestors() {
        dirs.push(dir);
        if dir == home {
            break;
        }
    }
    let nearest = if here.is_some() { None } else { dirs.iter().skip(1).find_map(|dir| File::read(&dir.join(".env"))) };
    let mut outcomes = Vec::new();
    for loader in NEAREST {
        outcomes.extend(here.as_ref().or(nearest.as_ref()).map(|file| file.outcome(loader, name, present)));
    }
    for loader in HERE {
        outcomes.extend(here.as_ref().map(|file| file.outcome(loader, name, present)));
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

    fn outcome(&self, loader: Dialect, name: &str, present: Option<&Secret>) -> Outcome {
        let lookup = |asked: &str| std::env::var(asked).ok();
        let reading = dotenv::read(&self.bytes, loader, &Environment::new(&lookup));
        let mut outcome = Outcome {
            loader,
            value: present.cloned(),
            from: None,
            is_unknowable: false,
            fails_at: reading.failure.map(|failure| failure.place.line),
        };
        // A container begins with nothing of this shell's.
        let keeps =
            loader.precedence() == Precedence::Environment && loader != Dialect::Docker && loader != Dialect::Compose;
        if matches!(loader, Dialect::Docker | Dialect::Compose) {
            outcome.value = None;
        }
        if keeps && present.is_some() {
            return outcome;
        }
        if let Some(winner) = reading.winner(name) {
            outcome.from = Some((self.path.clone(), winner.place.line));
            outcome.value = winner.value.text().cloned();
            outcome.is_unknowable = matches!(winner.value, Value::Unknowable);
        }
        outcome
    }
}
