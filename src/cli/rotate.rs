//! `llmenv rotate`: a new key in the old one's place. The old one stays until the provider took the new one, and it is stored and
//! read back.

use super::args::Rotate;
use super::connect::Answerer;
use super::{check, edit, here, key_input, open_store, places, render, settings, show, stale};
use crate::detect;
use crate::error::{Error, ErrorKind, Result};
use crate::ipc::protocol::{KeyEntry, Request, Response, ShellFacts, WireSecret};
use crate::paths::Paths;
use crate::probe::Verdict;
use crate::profile::{KeySource, Profile};
use crate::provider;
use crate::secret::Secret;
use crate::source::{self, Assignment, Collected, Kind, Reader, Scene, Sought};

/// How long looking for the old key may take.
const BUDGET: std::time::Duration = std::time::Duration::from_millis(1_500);

/// Replaces a key.
pub fn run(args: &Rotate) -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let config = settings::load(&paths)?;
    let profile = config.profile(&args.name)?;
    refuse_foreign(profile)?;
    let base_url = edit::base_url(profile)?;
    let given = key_input::read(&args.key, &format!("new key for `{}` (hidden)", profile.name))?;
    key_input::vet(profile, Some(&base_url), &given.key, args.key.force)?;

    let mut answerer = Answerer::connect(&paths)?;
    refuse_same(profile, &stored(profile, &base_url, &mut answerer)?, &given.key)?;
    let row = super::add::known_provider(&profile.provider)?;
    let mut checked = None;
    if !args.key.no_check {
        checked = check::before_rotating(&config.network, profile, row, &base_url, &given.key)?;
    }
    // Only now: nobody else waits for a provider.
    let _turn = settings::Turn::take(&paths)?;
    let mut entry = stored(profile, &base_url, &mut answerer)?;
    refuse_same(profile, &entry, &given.key)?;
    let is_first = entry.key.0.is_empty();
    let origin = provider::base_url::origin(&base_url)?;
    if entry.origin != origin {
        render::note(format_args!("the new key is for `{origin}`; the old one was for `{}`", entry.origin));
        entry.origin = origin;
    }
    let old = std::mem::replace(&mut entry.key, WireSecret(given.key.clone())).0;
    let mut notes = answerer.done(&Request::KeyPut { profile: profile.name.clone(), entry, replace: !is_first })?;
    notes.extend(answerer.reload()?);
    let shells = match answerer.ask(&Request::Shells) {
        Ok(Response::Shells(shells)) => shells,
        _ => Vec::new(),
    };
    let registered: Vec<u32> = shells.iter().map(|shell| shell.pid).collect();
    let shells: Vec<ShellFacts> =
        shells.into_iter().filter(|shell| shell.profile.as_deref() == Some(profile.name.as_str())).collect();
    let key = answerer.key(&profile.name)?;
    let found = if is_first { Collected::default() } else { look(&paths)? };
    let holders = holders(&found, &old, &registered);
    if args.report.json {
        let programs: Vec<_> = programs(&holders)
            .into_iter()
            .map(|(pid, name, variables)| serde_json::json!({"pid": pid, "name": name, "variables": variables}))
            .collect();
        let places: Vec<_> = holders
            .iter()
            .filter(|found| found.origin.kind != Kind::Process)
            .map(|found| {
                let mut place = places::json(&found.origin);
                place["variable"] = found.name.as_str().into();
                place
            })
            .collect();
        let shells: Vec<_> =
            shells.iter().map(|shell| serde_json::json!({"pid": shell.pid, "shell": shell.shell})).collect();
        return render::json(&serde_json::json!({
            "schema": 1, "profile": profile.name, "key": show::key_json(&key), "removed": given.removed, "shells": shells,
            "programs": programs, "places": places, "check": checked.map(Verdict::name),
        }));
    }
    render::line(format_args!("{} has a new key: {}", render::strong(&profile.name), show::key_text(profile, &key)));
    for note in notes {
        render::note(crate::printable::line(&note));
    }
    for shell in &shells {
        render::line(format_args!(
            "  {} {} in {} gets it before its next command",
            crate::printable::text(&shell.shell),
            shell.pid,
            crate::printable::path(&shell.cwd)
        ));
    }
    show_holders(&holders, found.is_cut);
    Ok(())
}

/// What is stored now; an empty key where there is none.
fn stored(profile: &Profile, base_url: &str, answerer: &mut Answerer) -> Result<KeyEntry> {
    let get = Request::KeyGet { profile: profile.name.clone() };
    match open_store::retry(answerer, |answerer| answerer.ask(&get)) {
        Ok(Response::Key(entry)) => Ok(entry),
        // A profile whose key went away, or never was there: a team's file names it.
        Err(error) if error.kind == ErrorKind::NotFound => Ok(KeyEntry {
            key: WireSecret(crate::secret::Secret::default()),
            origin: provider::base_url::origin(base_url)?,
            more: std::collections::BTreeMap::new(),
        }),
        Ok(_) => Err(Error::of(ErrorKind::Unreachable, "the daemon answered something else than the key")),
        Err(error) => Err(error),
    }
}

fn refuse_same(profile: &Profile, stored: &KeyEntry, given: &Secret) -> Result<()> {
    if !stored.key.0.same_as(given) {
        return Ok(());
    }
    Err(Error::new("that is the key already stored")
        .at(format!("profile `{}`", profile.name))
        .hint("create a new key at the provider, then rotate to it"))
}

/// Looks at every place for every variable: a key may stand under any name.
fn look(paths: &Paths) -> Result<Collected> {
    let scene = Scene::here(&here::cwd()?, &paths.home);
    Ok(source::collect(&scene, &Sought::new(|_| true), &Kind::ALL, BUDGET))
}

/// Places that have the old key. Shells with a hook, and this command's own, get the new one by themselves.
fn holders<'a>(found: &'a Collected, old: &Secret, registered: &[u32]) -> Vec<&'a Assignment> {
    let mut seen: Vec<(&std::path::PathBuf, Option<usize>)> = Vec::new();
    let holding = stale::holding(found, old).into_iter();
    holding
        .filter(|found| match &found.origin.reader {
            Reader::Process { pid, .. } => !registered.contains(pid),
            _ => found.origin.kind != Kind::Environment || registered.is_empty(),
        })
        // One line of a file is told once, whoever reads it.
        .filter(|found| match &found.origin.path {
            Some(path) if found.origin.line.is_some() => {
                let is_new = !seen.contains(&(path, found.origin.line));
                seen.push((path, found.origin.line));
                is_new
            }
            _ => true,
        })
        .collect()
}

/// Programs with all their variables: process, name, variables.
fn programs<'a>(holders: &[&'a Assignment]) -> Vec<(u32, &'a str, Vec<&'a str>)> {
    let mut programs: Vec<(u32, &str, Vec<&str>)> = Vec::new();
    for found in holders {
        let Reader::Process { pid, name, .. } = &found.origin.reader else { continue };
        match programs.iter_mut().find(|(known, ..)| known == pid) {
            Some((.., variables)) => variables.push(&found.name),
            None => programs.push((*pid, name, vec![&found.name])),
        }
    }
    programs
}

fn show_holders(holders: &[&Assignment], is_cut: bool) {
    let is_program = |found: &&&Assignment| found.origin.kind == Kind::Process;
    let programs = programs(holders);
    for (pid, _, variables) in programs.iter().take(stale::MAX_SHOWN) {
        let of_it = |found: &&&Assignment| matches!(&found.origin.reader, Reader::Process { pid: of, .. } if of == pid);
        let Some(found) = holders.iter().find(of_it) else { continue };
        render::line(format_args!(
            "  {}, keeps the old key in {} until it is started again",
            stale::words(found),
            crate::printable::text(&variables.join(", ")),
        ));
    }
    if programs.len() > stale::MAX_SHOWN {
        render::line(format_args!("  and {} more programs", programs.len() - stale::MAX_SHOWN));
    }
    let places: Vec<&&Assignment> = holders.iter().filter(|found| !is_program(found)).collect();
    for found in places.iter().take(stale::MAX_SHOWN) {
        render::line(format_args!(
            "  {} still has the old key in {}: {}",
            stale::words(found),
            crate::printable::text(&found.name),
            detect::holder::take_out(&found.name, &found.origin)
        ));
    }
    if places.len() > stale::MAX_SHOWN {
        render::line(format_args!("  and {} more places; `llmenv doctor` lists them", places.len() - stale::MAX_SHOWN));
    }
    if is_cut {
        render::note("not everything could be looked at in time");
    }
    if !cfg!(target_os = "linux") {
        render::hint("programs that were started before keep the old key until they are started again");
    }
}

/// A key that is kept elsewhere is changed there.
fn refuse_foreign(profile: &Profile) -> Result<()> {
    let place = match &profile.key {
        KeySource::Stored => return Ok(()),
        KeySource::File(path) => format!("in the file `{}`", crate::printable::path(path)),
        KeySource::Command { argv, .. } => {
            format!("behind `{}`", crate::printable::text(argv.first().map_or("", String::as_str)))
        }
        KeySource::Absent => {
            return Err(Error::new(format!("`{}` has no key: its endpoint takes none", profile.name)));
        }
    };
    Err(Error::new(format!("the key of `{}` is kept {place}, not by llmenv", profile.name))
        .hint("change it there; llmenv serves the new one from then on"))
}
