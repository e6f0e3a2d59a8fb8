//! `llmenv allow` and `llmenv deny`: whether a file that came with somebody's repository may name a profile.

use std::path::{Path, PathBuf};

use super::args::Allow;
use super::connect::Answerer;
use super::{here, render, settings};
use crate::config;
use crate::error::{Error, Result};
use crate::paths::Paths;
use crate::pin;

/// Allows this content of this file. It is shown first: it is what takes effect.
pub fn allow(args: &Allow) -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let file = file(&paths, args.path.as_deref())?;
    let (canonical, content) = if is_pin(&file) {
        pin::read_to_allow(&file)?
    } else {
        config::read_include(&file, &settings::provider_check)?
    };
    settings::allow_list(&paths).allow(&canonical, &content)?;
    let text = String::from_utf8_lossy(&content);
    for line in text.lines().filter(|line| !line.trim().is_empty()).take(20) {
        render::note(format_args!("  {}", crate::printable::text(line)));
    }
    render::line(format_args!("allowed {}", crate::printable::path(&canonical)));
    reload(&paths)
}

/// Takes that back, whatever the file holds.
pub fn deny(args: &Allow) -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let file = file(&paths, args.path.as_deref())?;
    let canonical = canonical(&file).map_err(|err| Error::io("find", &file, &err))?;
    settings::allow_list(&paths).deny(&canonical)?;
    render::line(format_args!("denied {}", crate::printable::path(&canonical)));
    reload(&paths)
}

/// A daemon that runs takes it up now; one that starts later reads it then.
fn reload(paths: &Paths) -> Result<()> {
    if let Ok(mut answerer) = Answerer::running(paths) {
        for note in answerer.reload()? {
            render::note(crate::printable::line(&note));
        }
    }
    Ok(())
}

/// The path under which a file is remembered: a pin is never a link, an included file may be one.
fn canonical(file: &Path) -> std::io::Result<PathBuf> {
    match (file.parent(), file.file_name()) {
        (Some(dir), Some(name)) if is_pin(file) => {
            file.symlink_metadata()?;
            Ok(std::fs::canonicalize(dir)?.join(name))
        }
        _ => std::fs::canonicalize(file),
    }
}

fn is_pin(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name == pin::FILE_NAME)
}

/// The file meant: as given, the pin in the directory given, or the nearest pin upwards.
fn file(paths: &Paths, given: Option<&Path>) -> Result<PathBuf> {
    let cwd = here::cwd()?;
    if let Some(given) = given {
        let path = cwd.join(given);
        return Ok(if path.is_dir() { path.join(pin::FILE_NAME) } else { path });
    }
    cwd.ancestors()
        .take_while(|dir| *dir != paths.home)
        .map(|dir| dir.join(pin::FILE_NAME))
        .find(|file| file.symlink_metadata().is_ok())
        .ok_or_else(|| {
            Error::new(format!("there is no `{}` here or above", pin::FILE_NAME))
                .at(crate::printable::path(&cwd))
                .hint("`llmenv use NAME --here` makes one and allows it")
        })
}
