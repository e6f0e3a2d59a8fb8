//! The configuration in the user's editor: on a copy, which replaces the file only once it is understood.

use std::path::Path;
use std::process::Command;

use super::{ask, key_ref, render, settings};
use crate::atomic::{self, Expected};
use crate::error::{Error, Result};
use crate::paths::Paths;
use crate::profile::Profile;

/// Opens the editor until the copy is valid or the user gives up.
pub fn run(paths: &Paths, profile: &Profile) -> Result<()> {
    let file = paths.config_file();
    // A configuration kept elsewhere and linked here is replaced there.
    let file = std::fs::canonicalize(&file).map_err(|err| Error::io("find", &file, &err))?;
    let original = std::fs::read(&file).map_err(|err| Error::io("read", &file, &err))?;
    let dir = file.parent().unwrap_or(&paths.config_dir);
    let copy = tempfile::Builder::new()
        .prefix(".config-")
        .suffix(".toml")
        .tempfile_in(dir)
        .map_err(|err| Error::io("write a copy in", dir, &err))?
        .into_temp_path();
    std::fs::write(&copy, &original).map_err(|err| Error::io("write", &copy, &err))?;
    let line = profile.defined_at.as_ref().map_or(1, |(_, line)| *line);
    loop {
        open_editor(&copy, line)?;
        let edited = std::fs::read(&copy).map_err(|err| Error::io("read", &copy, &err))?;
        if edited == original {
            render::note("nothing was changed");
            return Ok(());
        }
        let checked = String::from_utf8(edited.clone())
            .map_err(|_| Error::new("the file is not valid UTF-8"))
            .and_then(|text| settings::parse(paths, &text));
        if let Err(error) = checked {
            render::error(&error);
            if ask::is_yes("edit it again?")? {
                continue;
            }
            return Err(Error::new("the configuration was left as it was")
                .hint(format!("what you wrote is in `{}`", kept(copy))));
        }
        return match atomic::write_if(&file, Expected::Bytes(&original), &edited, 0o600) {
            Ok(true) => {
                render::note(format_args!("saved {}", crate::printable::path(&file)));
                Ok(())
            }
            Ok(false) => Err(Error::new("the configuration was changed by somebody else meanwhile")
                .hint(format!("what you wrote is in `{}`", kept(copy)))),
            Err(error) => Err(error.hint(format!("what you wrote is in `{}`", kept(copy)))),
        };
    }
}

/// Keeps the copy for the user and gives its path.
fn kept(copy: tempfile::TempPath) -> String {
    match copy.keep() {
        Ok(path) => crate::printable::path(&path),
        Err(error) => crate::printable::path(&error.path),
    }
}

fn open_editor(file: &Path, line: usize) -> Result<()> {
    let choice =
        ["VISUAL", "EDITOR"].into_iter().find_map(|name| std::env::var(name).ok().filter(|text| !text.is_empty()));
    let line_text = choice.unwrap_or_else(|| if cfg!(windows) { "notepad".into() } else { "vi".into() });
    let argv = key_ref::words(&line_text)?;
    let Some((program, arguments)) = argv.split_first() else {
        return Err(Error::new("EDITOR is empty").hint("set EDITOR to a program, such as `nano`"));
    };
    let mut command = Command::new(program);
    command.args(arguments);
    let name = Path::new(program).file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if matches!(name.as_str(), "vi" | "vim" | "nvim" | "nano" | "emacs" | "micro" | "kak") {
        command.arg(format!("+{line}"));
    }
    let status = command.arg(file).status().map_err(|err| {
        Error::new(format!("cannot run the editor `{}`: {err}", crate::printable::text(program)))
            .hint("set EDITOR to a program, such as `nano`")
    })?;
    if status.success() {
        return Ok(());
    }
    Err(Error::new(format!("the editor `{}` failed with {status}", crate::printable::text(program)))
        .hint("the configuration was left as it was"))
}
