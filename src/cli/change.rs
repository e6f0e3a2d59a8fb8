//! Changing files of the user's, as every command does it: the diff is shown, a yes is asked for, earlier contents are sealed.

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::connect::Answerer;
use super::{ask, open_store, render};
use crate::backup::{Action, Applied, Backups, FileDiff, Key, LineKind};
use crate::error::Result;
use crate::paths::Paths;

const STRONG: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const GONE: Style = AnsiColor::Red.on_default();
const NEW: Style = AnsiColor::Green.on_default();

/// How a command wants a change carried out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// Without asking.
    pub yes: bool,
    /// Nothing is printed: the caller reports as JSON. Needs `yes`.
    pub json: bool,
}

/// Shows the diff, asks (the answer is no unless somebody types yes), seals, writes, and says how to take it back.
///
/// Gives none where the answer was no. Without a terminal and without `yes` it is an error that names `--yes`; the diff is
/// printed all the same. Call it with an action that changes something.
pub fn carry_out(paths: &Paths, action: Action, manner: Manner) -> Result<Option<Applied>> {
    if agree(&action, manner)? { apply(paths, action, manner).map(Some) } else { Ok(None) }
}

/// Shows the diff and asks. [`carry_out`]'s first half.
pub fn agree(action: &Action, manner: Manner) -> Result<bool> {
    if !manner.json {
        show(&action.diff());
    }
    if manner.yes {
        return Ok(true);
    }
    ask::require("a yes", "`--yes`")?;
    let count = action.files().len();
    let what = if count == 1 { "this file".to_owned() } else { format!("these {count} files") };
    let is_yes = ask::is_yes(&format!("change {what}?"))?;
    if !is_yes {
        render::note("nothing was changed");
    }
    Ok(is_yes)
}

/// Seals, writes, and says how to take it back. [`carry_out`]'s second half.
pub fn apply(paths: &Paths, action: Action, manner: Manner) -> Result<Applied> {
    let key = key(paths)?;
    let applied = action.apply(&Backups::of(paths), &key)?;
    if !manner.json {
        let shown: Vec<String> = applied.files.iter().map(|path| crate::printable::path(path)).collect();
        render::line(format_args!("changed {}", shown.join(", ")));
        render::hint(format_args!("`llmenv undo {}` takes it back", applied.id));
    }
    Ok(applied)
}

/// The key for backups, from the store in use; one that is locked is opened at a terminal.
pub fn key(paths: &Paths) -> Result<Key> {
    let mut answerer = Answerer::connect(paths)?;
    open_store::retry(&mut answerer, Answerer::backup_key)
}

/// Prints diffs.
pub fn show(diffs: &[FileDiff]) {
    for diff in diffs {
        let note = match (diff.is_new, diff.is_removed) {
            (true, _) => ", new",
            (_, true) => ", goes",
            _ => "",
        };
        render::line(format_args!("{STRONG}{}{STRONG:#}{note}", diff.file));
        let width = diff.lines.iter().map(|line| line.number).max().unwrap_or(0).to_string().len();
        for line in &diff.lines {
            let (sign, style) = match line.kind {
                LineKind::Kept => (' ', Style::new()),
                LineKind::Removed => ('-', GONE),
                LineKind::Added => ('+', NEW),
                LineKind::Gap => {
                    render::line(format_args!("{FAINT}{:>width$} …{FAINT:#}", ""));
                    continue;
                }
            };
            let text = format!("{:>width$} {sign} {}", line.number, line.text);
            render::line(format_args!("{style}{}{style:#}", text.trim_end()));
        }
    }
}

/// A written action, for `--json`.
pub fn as_json(applied: &Applied) -> Value {
    json!({"id": applied.id, "files": applied.files})
}
