//! `llmenv import`: keys that lie in files and in this environment, shown, asked about one by one, and stored.
//!
//! ```text
//! gather ─► what is found, where, and whose it is       report ─► said to a person, or as JSON
//! take   ─► a key becomes a profile                        rewrite ─► the plaintext goes out of the files
//! ```

mod gather;
mod report;
mod rewrite;
pub mod take;

use super::args::Import;
use super::connect::Answerer;
use super::{add, ask, render, settings};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::import::candidate::Candidate;
use crate::paths::Paths;
use gather::{Gathered, Standing};

/// Runs the command.
pub fn run(args: &Import) -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    if !args.yes && !args.dry_run {
        ask::require("your word on what to store", "`--yes`, or `--dry-run` to look and store nothing")?;
    }
    if args.report.json && args.rewrite && !args.yes && !args.dry_run {
        return Err(Error::usage("`--json` asks nobody, so with `--rewrite` it needs `--yes`"));
    }
    if let Some(name) = &args.name {
        crate::profile::check_name(name)?;
    }
    if let Some(id) = &args.provider {
        add::known_provider(id)?;
    }
    let mut answerer = Answerer::connect(&paths)?;
    let mut gathered = gather::all(&paths, args)?;
    gathered.compare(&paths, &mut answerer)?;
    if !args.report.json {
        report::show(&gathered);
    }
    let outcome = store(&paths, args, &mut answerer, &mut gathered)?;
    let rewritten = if args.rewrite { Some(rewrite::run(&paths, args, &mut answerer, &gathered)?) } else { None };
    if args.report.json {
        report::json(&gathered, rewritten.as_ref())?;
    } else {
        if let Some(rewritten) = &rewritten {
            rewritten.tell();
        }
        let is_rewritten = rewritten.as_ref().is_some_and(|rewritten| rewritten.applied.is_some());
        report::hints(&gathered, args, is_rewritten);
    }
    match outcome {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// At the end of `setup`: names the files that hold keys in clear and, where somebody sits there, offers to take them over. Says
/// whether that was done.
pub fn offer(paths: &Paths, answerer: &mut Answerer, is_yes: bool) -> Result<bool> {
    let args = Import { rewrite: true, ..Import::default() };
    let mut gathered = gather::all(paths, &args)?;
    gathered.compare(paths, answerer)?;
    let holding = gathered.candidates.list.iter().flat_map(|candidate| &candidate.places);
    let mut files: Vec<String> = Vec::new();
    for place in holding.filter_map(|at| gathered.sections[at.0].path.as_deref()).map(crate::printable::path) {
        if !files.contains(&place) {
            files.push(place);
        }
    }
    if files.is_empty() {
        return Ok(false);
    }
    render::line(format_args!("keys stand in clear in {}", files.join(", ")));
    if is_yes || !ask::is_possible() {
        render::hint("`llmenv import --rewrite` takes them over and out of the files; `--dry-run` shows it first");
        return Ok(false);
    }
    if !ask::is_yes_unless_no("take them over now?")? {
        return Ok(false);
    }
    run(&args)?;
    Ok(true)
}

/// Stores what is new and wanted. Gives an error where something that was wanted could not be stored.
fn store(paths: &Paths, args: &Import, answerer: &mut Answerer, gathered: &mut Gathered) -> Result<Option<Error>> {
    let wanted: Vec<usize> = (0..gathered.candidates.list.len())
        .filter(|at| gathered.standings[*at] == Standing::New)
        // What a later line overrides is stored only where it would be lost otherwise.
        .filter(|at| !gathered.candidates.list[*at].is_overridden || !args.yes || args.rewrite)
        .collect();
    if args.name.is_some() && wanted.len() != 1 {
        let error = Error::usage(format!("`--name` is for one key, and {} are to be stored", wanted.len()));
        return Err(error.hint("name one file, or leave `--name` out: each key then gets its provider's name"));
    }
    if args.dry_run || wanted.is_empty() {
        return Ok(None);
    }
    let config = settings::load(paths)?;
    let mut is_store_ready = false;
    let mut failed = 0;
    for at in wanted {
        let candidate = &gathered.candidates.list[at];
        if args.yes {
            if let Some(why) = needs_a_person(candidate) {
                render::warning(format_args!("{} is not stored: {why}", report::named(candidate)));
                failed += 1;
                continue;
            }
        } else {
            // One alone has just been shown.
            if gathered.candidates.list.len() > 1 {
                report::candidate(gathered, at);
            }
            if !ask::is_yes_unless_no("keep it in llmenv, as a profile?")? {
                continue;
            }
        }
        if !is_store_ready {
            add::choose_store(paths, &config, answerer, None)?;
            is_store_ready = true;
        }
        let name = match (&args.name, args.yes) {
            (Some(name), _) => Some(name.clone()),
            (None, true) => Some(name_for(&settings::load(paths)?, candidate, &[])),
            (None, false) => None,
        };
        match take::take(paths, answerer, &candidate.key, name.as_deref(), args.report.json)? {
            Some(name) => {
                take::read_back(answerer, &name, &candidate.key.key)?;
                gathered.standings[at] = Standing::Stored(name);
            }
            None => failed += 1,
        }
    }
    Ok((failed > 0).then(|| {
        Error::new(format!("{failed} of the keys found {} not stored", if failed == 1 { "was" } else { "were" }))
            .hint("they are where they were")
    }))
}

/// What a profile for a key is called where nobody says.
fn name_for(config: &Config, candidate: &Candidate, taken: &[String]) -> String {
    let id = &candidate.key.providers[0].id;
    let word = candidate.name.as_ref().unwrap_or(id);
    let word = if candidate.is_overridden { format!("{word}-old") } else { word.clone() };
    take::free_name(config, &word, taken)
}

/// Why `--yes` does not decide about a key.
fn needs_a_person(candidate: &Candidate) -> Option<String> {
    let key = &candidate.key;
    if let [first, .., last] = &key.providers[..] {
        return Some(format!(
            "it may be one of {} or of {}; `--provider {}` says which",
            first.name, last.name, first.id
        ));
    }
    // A file may have come with somebody's repository: its address is a person's to accept.
    let url = key.base_url.as_ref().filter(|url| key.providers[0].id == "custom" && !is_local(url))?;
    Some(format!(
        "it goes to {}, which `--yes` does not decide about; without `--yes` you are asked",
        crate::printable::text(url)
    ))
}

fn is_local(url: &str) -> bool {
    let host = url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || host == "[::1]"
}
