//! `llmenv setup --undo`: our lines go, everything else stays byte for byte, and what stays is named.

use super::super::args::Setup;
use super::super::{ask, open_store, render, settings};
use super::rc_file::RcFile;
use super::target::Target;
use crate::error::Result;
use crate::paths::Paths;
use crate::printable;

/// Takes our lines out of the start-up files of every shell, or of the one that was named.
pub fn run(paths: &Paths, args: &Setup) -> Result<()> {
    let targets = match args.shell.as_deref() {
        Some(name) => vec![Target::find(Some(name))?],
        None => Target::ALL.to_vec(),
    };
    let mut files = Vec::new();
    for target in targets {
        let file = RcFile::open(&target.rc_path(paths))?;
        if !file.blocks.is_empty() {
            files.push(file);
        }
    }
    if files.is_empty() {
        render::line("no start-up file has lines of llmenv's setup");
    } else if !args.yes {
        ask::require("your word on what to take out", "`--yes`")?;
    }
    for file in files {
        let shown = printable::path(&file.file.path);
        file.file.check_writable()?;
        let lines: Vec<String> =
            file.blocks.iter().map(|block| format!("{}-{}", block.first_line, block.last_line)).collect();
        if !args.yes && !ask::is_yes_unless_no(&format!("take lines {} out of {shown}?", lines.join(", ")))? {
            render::line(format_args!("{shown} stays as it is"));
            continue;
        }
        // No backup of it: `llmenv setup` writes the same lines again.
        file.remove()?;
        render::line(format_args!("took llmenv's lines out of {shown}"));
    }
    say_what_stays(paths);
    Ok(())
}

fn say_what_stays(paths: &Paths) {
    let Ok(config) = settings::load(paths) else { return };
    if config.path.exists() {
        let store = settings::store_kind(&config).map(|kind| format!(", keys in the {}", open_store::words(kind)));
        render::line(format_args!(
            "what stays: {} in {}{}",
            match config.profiles.len() {
                0 => "the configuration".to_owned(),
                1 => "one profile".to_owned(),
                count => format!("{count} profiles"),
            },
            printable::path(&config.path),
            store.unwrap_or_default()
        ));
        render::hint("`llmenv remove NAME` removes a profile and its key");
    }
    render::hint("shells that are open keep the hook until they end");
}
