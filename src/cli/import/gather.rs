//! What is found: files and this environment read, keys recognised, and compared with what the profiles hold.

use std::collections::BTreeMap;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::super::args::Import;
use super::super::connect::Answerer;
use super::super::{here, settings};
use super::take;
use crate::error::{Error, Result};
use crate::hook::state::{ShellState, VARIABLE};
use crate::import::candidate::{self, At, Candidates};
use crate::import::llm_env::Account;
use crate::import::section::{Cut, Format, Oddity, Section, Setting};
use crate::import::{environment, find};
use crate::ipc::protocol::WireSecret;
use crate::paths::Paths;

/// What becomes of a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No profile has it.
    New,
    /// This profile has it already.
    Held(String),
    /// It was a profile's key once and was rotated away.
    RotatedAway,
    /// It was stored just now.
    Stored(String),
}

/// All that was found.
pub struct Gathered {
    /// What was read.
    pub sections: Vec<Section>,
    /// The bytes of the files that hold something.
    pub files: BTreeMap<PathBuf, Zeroizing<Vec<u8>>>,
    /// What llm-env's configuration says of variables.
    pub accounts: Vec<Account>,
    /// The keys.
    pub candidates: Candidates,
    /// For each of them, what becomes of it.
    pub standings: Vec<Standing>,
    /// What else is to be said.
    pub oddities: Vec<Oddity>,
    /// How many files were read.
    pub files_read: usize,
    /// Whether this environment was looked at.
    pub has_environment: bool,
}

/// Reads what was named, or else every place that is known.
pub fn all(paths: &Paths, args: &Import) -> Result<Gathered> {
    let mut found = Gathered {
        sections: Vec::new(),
        files: BTreeMap::new(),
        accounts: Vec::new(),
        candidates: Candidates::default(),
        standings: Vec::new(),
        oddities: Vec::new(),
        files_read: 0,
        has_environment: args.files.is_empty(),
    };
    let cwd = here::cwd()?;
    if args.files.is_empty() {
        found.sections.extend(this_environment());
        for (path, format) in find::known(&cwd, &paths.home) {
            if let Err(error) = found.read(path.clone(), format) {
                found.oddities.push(find::unread(&path, &error));
            }
        }
    } else {
        for file in &args.files {
            let path = cwd.join(file);
            let format = match &args.format {
                Some(word) => parse_format(word)?,
                None => find::format_of(&path).ok_or_else(|| {
                    Error::usage(format!("what `{}` is cannot be told by its name", crate::printable::path(&path)))
                        .hint(format!("say it: `--format {}`", words().join("`, `")))
                })?,
            };
            found.read(path, format)?;
        }
    }
    found.candidates = candidate::all(&found.sections, &found.accounts);
    if let Some(id) = &args.provider {
        found.candidates.only(id);
    }
    let Candidates { oddities, .. } = &mut found.candidates;
    found.oddities.append(oddities);
    Ok(found)
}

fn words() -> Vec<&'static str> {
    Format::FILES.iter().map(|format| format.word()).collect()
}

fn parse_format(word: &str) -> Result<Format> {
    Format::parse(word).ok_or_else(|| {
        Error::usage(format!("there is no format `{}`", crate::printable::text(word)))
            .hint(format!("there is `{}`", words().join("`, `")))
    })
}

/// This process' environment, but for what llmenv set in it.
fn this_environment() -> Option<Section> {
    let own = std::env::var(VARIABLE).ok().and_then(|text| ShellState::parse(&text)).map(|state| state.names);
    let settings: Vec<Setting> = environment::variables(&own.unwrap_or_default())
        .into_iter()
        .filter(|(name, value)| crate::import::dotenv::is_of_interest(name, value))
        .map(|(variable, value)| Setting {
            variable,
            called: None,
            value,
            line: None,
            is_overridden: false,
            is_comment: false,
            cut: Cut::Not("a shell's variable is set by something else"),
        })
        .collect();
    (!settings.is_empty()).then_some(Section { format: Format::Environment, path: None, settings })
}

impl Gathered {
    /// A setting by its place.
    pub fn setting(&self, at: At) -> &Setting {
        &self.sections[at.0].settings[at.1]
    }

    fn read(&mut self, path: PathBuf, format: Format) -> Result<()> {
        let (reading, bytes) = find::read(&path, format)?;
        let bytes = Zeroizing::new(bytes);
        self.files_read += 1;
        self.oddities.extend(reading.oddities);
        self.accounts.extend(reading.accounts);
        if !reading.sections.is_empty() {
            self.sections.extend(reading.sections);
            self.files.insert(path, bytes);
        }
        Ok(())
    }

    /// Asks which of the keys the profiles have, or had.
    pub fn compare(&mut self, paths: &Paths, answerer: &mut Answerer) -> Result<()> {
        let values: Vec<WireSecret> =
            self.candidates.list.iter().map(|candidate| WireSecret(candidate.key.key.clone())).collect();
        if values.is_empty() {
            return Ok(());
        }
        let matches = answerer.matches(Vec::new(), values)?;
        let config = settings::load(paths)?;
        for (at, candidate) in self.candidates.list.iter().enumerate() {
            let facts = matches.values.get(at).cloned().unwrap_or_default();
            let profile = facts.profile.and_then(|name| config.profiles.get(&name));
            self.standings.push(match profile {
                Some(profile) if take::is_same_account(profile, &candidate.key) => Standing::Held(profile.name.clone()),
                // The same key may be another profile's, too.
                Some(_) => match take::holder(paths, answerer, &candidate.key)? {
                    Some(name) => Standing::Held(name),
                    None => Standing::New,
                },
                None if facts.is_rotated_away => Standing::RotatedAway,
                None => Standing::New,
            });
        }
        for name in matches.unread {
            self.oddities.push(Oddity {
                id: "key-unread",
                path: None,
                line: None,
                message: format!("the key of `{name}` could not be read, so nothing was compared with it"),
                hint: Some("`llmenv unlock` opens the store".into()),
            });
        }
        Ok(())
    }
}
