//! `llmenv man`: the manual pages, from the same definition as the help.

use std::path::Path;

use clap::CommandFactory;

use super::args::{Cli, Man};
use super::render;
use crate::error::{Error, Result};

/// Prints one page, or writes all of them into a folder.
pub fn run(args: &Man) -> Result<()> {
    let pages = pages()?;
    let Some(dir) = &args.dir else {
        let wanted = match &args.command {
            Some(command) => format!("llmenv-{command}.1"),
            None => "llmenv.1".to_owned(),
        };
        let page = pages.into_iter().find(|(name, _)| *name == wanted).ok_or_else(|| {
            let shown = crate::printable::text(args.command.as_deref().unwrap_or_default());
            Error::usage(format!("there is no command `{shown}`")).hint("`llmenv --help` lists the commands")
        })?;
        render::raw(&page.1);
        return Ok(());
    };
    std::fs::create_dir_all(dir).map_err(|err| Error::io("create the folder", dir, &err))?;
    for (name, text) in &pages {
        write(&dir.join(name), text)?;
    }
    render::line(format_args!("wrote {} pages to {}", pages.len(), crate::printable::path(dir)));
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    crate::atomic::write(path, text.as_bytes(), 0o644)
}

/// Every page: `llmenv.1`, and `llmenv-COMMAND.1` for each command that help lists.
fn pages() -> Result<Vec<(String, String)>> {
    let mut whole = Cli::command();
    whole.build();
    let mut pages = vec![("llmenv.1".to_owned(), page(&whole, "llmenv")?)];
    for command in whole.get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = format!("llmenv-{}", command.get_name());
        pages.push((format!("{name}.1"), page(command, &name)?));
    }
    Ok(pages)
}

fn page(command: &clap::Command, name: &str) -> Result<String> {
    let mut bytes = Vec::new();
    clap_mangen::Man::new(command.clone())
        .title(name)
        .source(concat!("llmenv ", env!("CARGO_PKG_VERSION")))
        .manual("llmenv")
        .render(&mut bytes)
        .map_err(|err| Error::new(format!("cannot write a manual page: {err}")))?;
    String::from_utf8(bytes).map_err(|err| Error::new(format!("cannot write a manual page: {err}")))
}
