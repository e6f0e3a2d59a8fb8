//! `--rewrite`: the plaintext goes out of the files, once its key is in the store and was read back. Diff, question, sealed backup and
//! undo are `cli::change`'s.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::super::args::Import;
use super::super::change::{self, Manner};
use super::super::connect::Answerer;
use super::super::{add, render, settings};
use super::gather::{Gathered, Standing};
use super::take;
use crate::backup::{Action, Applied};
use crate::bounded::Links;
use crate::error::{Error, Result};
use crate::import::candidate::{At, Candidate};
use crate::import::section::{Cut, Format, Setting};
use crate::import::{find, rewrite};
use crate::paths::Paths;
use crate::printable;

/// What is to be taken out of one file.
#[derive(Default)]
struct FilePlan {
    pieces: Vec<rewrite::Piece>,
    members: Vec<Vec<String>>,
}

/// A setting that stays, and why.
pub struct Left {
    path: PathBuf,
    line: Option<usize>,
    name: String,
    why: String,
}

/// What rewriting did.
#[derive(Default)]
pub struct Rewritten {
    /// The action, where something was written.
    pub applied: Option<Applied>,
    /// What stays in clear.
    pub left: Vec<Left>,
    /// Codex had a key in its login file, and has none now.
    pub is_codex_logged_out: bool,
}

/// Plans, shows, asks and writes; a dry run names the profiles that it would make.
pub fn run(paths: &Paths, args: &Import, answerer: &mut Answerer, gathered: &Gathered) -> Result<Rewritten> {
    let mut done = Rewritten::default();
    let plans = plan(paths, args, answerer, gathered, &mut done)?;
    let mut action = Action::new("import --rewrite");
    let own: Vec<PathBuf> = find::of_user(&paths.home).into_iter().map(|(path, _)| path).collect();
    for (path, plan) in &plans {
        let seen = gathered.files.get(path);
        // A link in somebody's own set-up leads to a folder of dotfiles; one in a project leads anywhere.
        let links = if own.contains(path) { Links::Follow } else { Links::Refuse };
        let planned = action.edit(path, links, |now| {
            if seen.is_none_or(|seen| seen.as_slice() != now) {
                return Err(Error::new(format!("`{}` changed meanwhile", printable::path(path))));
            }
            let text = rewrite::without(now, plan.pieces.clone());
            Ok(rewrite::without_members(&text, &plan.members))
        });
        if let Err(error) = planned {
            let names = plan.pieces.iter().map(|piece| piece.name.clone());
            let names: Vec<String> = names.chain(plan.members.iter().map(|member| member.join("."))).collect();
            done.left.push(Left { path: path.clone(), line: None, name: names.join(", "), why: error.message });
        }
    }
    if action.files().is_empty() {
        return Ok(done);
    }
    for candidate in &gathered.candidates.list {
        action.hide(&candidate.key.key);
    }
    if args.dry_run {
        if !args.report.json {
            change::show(&action.diff());
        }
        return Ok(done);
    }
    let codex: Vec<&PathBuf> =
        plans.keys().filter(|path| path.ends_with("auth.json") && !plans[*path].members.is_empty()).collect();
    let is_codex = gathered.sections.iter().any(|section| {
        section.format == Format::Codex && section.path.as_ref().is_some_and(|path| codex.contains(&path))
    });
    done.applied = change::carry_out(paths, action, Manner { yes: args.yes, json: args.report.json })?;
    done.is_codex_logged_out = is_codex && done.applied.is_some();
    if done.applied.is_some() {
        look_again(gathered, &mut done.left);
    }
    Ok(done)
}

/// Which pieces go out of which file.
fn plan(
    paths: &Paths,
    args: &Import,
    answerer: &mut Answerer,
    gathered: &Gathered,
    done: &mut Rewritten,
) -> Result<BTreeMap<PathBuf, FilePlan>> {
    let config = settings::load(paths)?;
    let mut gone: Vec<(At, Option<String>)> = Vec::new();
    let mut presumed: Vec<String> = Vec::new();
    for (candidate, standing) in gathered.candidates.list.iter().zip(&gathered.standings) {
        let (name, profile) = match standing {
            Standing::New if args.dry_run => {
                let row = candidate.key.providers[0];
                let name = super::name_for(&config, candidate, &presumed);
                presumed.push(name.clone());
                (Some(name.clone()), Some((take::profile_of(&candidate.key, row, name), row)))
            }
            Standing::New => {
                let places = candidate.places.iter().map(|at| (&gathered.sections[at.0], gathered.setting(*at)));
                done.left.extend(places.filter_map(|(section, setting)| {
                    let name = setting.shown().to_owned();
                    let why = "no profile has this key".to_owned();
                    Some(Left { path: section.path.clone()?, line: setting.line, name, why })
                }));
                continue;
            }
            Standing::RotatedAway => (None, None),
            Standing::Held(name) | Standing::Stored(name) => {
                // Whatever happened since: nothing goes that the store does not give back.
                take::read_back(answerer, name, &candidate.key.key)?;
                let profile = config.profile(name)?.clone();
                let row = add::known_provider(&profile.provider)?;
                (Some(name.clone()), Some((profile, row)))
            }
        };
        let names = profile.as_ref().map(|(profile, row)| take::names_of(profile, row));
        for at in &candidate.places {
            let setting = gathered.setting(*at);
            let Some(path) = gathered.sections[at.0].path.clone() else { continue };
            let is_carried = setting.is_comment || names.as_ref().is_none_or(|names| names.contains(&setting.variable));
            let why = match &setting.cut {
                Cut::Not(why) => Some((*why).to_owned()),
                _ if is_carried || candidate.is_replaced => None,
                _ => Some(format!("the profile `{}` sets other variables", name.as_deref().unwrap_or_default())),
            };
            match why {
                None => gone.push((*at, name.clone())),
                Some(why) => {
                    done.left.push(Left { path, line: setting.line, name: setting.shown().to_owned(), why });
                }
            }
        }
    }
    let beside = beside(gathered, &gone);
    gone.extend(beside);
    gone.sort_by_key(|(at, _)| *at);
    gone.dedup_by_key(|(at, _)| *at);
    let mut plans: BTreeMap<PathBuf, FilePlan> = BTreeMap::new();
    for (at, profile) in gone {
        let setting = gathered.setting(at);
        let Some(path) = gathered.sections[at.0].path.clone() else { continue };
        let plan = plans.entry(path).or_default();
        match &setting.cut {
            Cut::Lines { span, instead } => plan.pieces.push(rewrite::Piece {
                span: span.clone(),
                instead: *instead,
                name: setting.shown().to_owned(),
                profile,
            }),
            Cut::Member(path) => plan.members.push(path.clone()),
            Cut::Not(_) => {}
        }
    }
    Ok(plans)
}

/// What stands beside keys that go, and goes with them: an address without its key would be half a pair.
///
/// It stays where another key of the same section stays: that one may need it.
fn beside(gathered: &Gathered, gone: &[(At, Option<String>)]) -> Vec<(At, Option<String>)> {
    let goes = |at: &At| gone.iter().any(|(known, _)| known == at);
    let is_cut = |setting: &Setting| !matches!(setting.cut, Cut::Not(_));
    let mut found = Vec::new();
    for candidate in gathered.candidates.list.iter().filter(|candidate| candidate.places.iter().any(goes)) {
        for at in candidate.beside.iter().filter(|at| is_cut(gathered.setting(**at))) {
            let keeps = |other: &Candidate| {
                other.beside.contains(at) && other.places.iter().any(|place| place.0 == at.0 && !goes(place))
            };
            let holder = candidate.places.iter().find(|place| place.0 == at.0 && goes(place));
            if let (Some(place), false) = (holder, gathered.candidates.list.iter().any(keeps)) {
                let profile = gone.iter().find(|(known, _)| known == place).and_then(|(_, profile)| profile.clone());
                found.push((*at, profile));
            }
        }
    }
    found
}

/// Says where a key still stands in a file that was written: in a comment, in a line that nobody could cut.
fn look_again(gathered: &Gathered, left: &mut Vec<Left>) {
    for path in gathered.files.keys() {
        let Ok((bytes, _)) = crate::bounded::read(path, crate::import::section::MAX_FILE_BYTES, Links::Follow) else {
            continue;
        };
        let bytes = zeroize::Zeroizing::new(bytes);
        for (candidate, standing) in gathered.candidates.list.iter().zip(&gathered.standings) {
            if *standing == Standing::New {
                continue;
            }
            for line in rewrite::lines_with(&bytes, &candidate.key.key) {
                if left.iter().any(|known| known.path == *path && known.line == Some(line)) {
                    continue;
                }
                left.push(Left {
                    path: path.clone(),
                    line: Some(line),
                    name: format!("the key {}", super::report::masked(candidate)),
                    why: "it stands there in another way, such as a comment".into(),
                });
            }
        }
    }
}

impl Rewritten {
    /// Says what stays in clear, and what a tool needs now.
    pub fn tell(&self) {
        for left in &self.left {
            render::warning(format_args!(
                "{} stays in {}: {}",
                printable::text(&left.name),
                render::place_text(&left.path, left.line),
                printable::line(&left.why)
            ));
        }
        if self.is_codex_logged_out {
            render::hint(
                "Codex kept that key as its login and has none now: `llmenv client codex NAME --write` tells it where to look",
            );
        }
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let left = |left: &Left| json!({"path": left.path, "line": left.line, "name": left.name, "why": left.why});
        json!({
            "action": self.applied.as_ref().map(change::as_json),
            "left": self.left.iter().map(left).collect::<Vec<_>>(),
        })
    }
}
