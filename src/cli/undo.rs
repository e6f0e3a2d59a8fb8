//! `llmenv undo`: files that llmenv changed get their earlier content back.

use serde_json::{Value, json};

use super::args::Undo as Args;
use super::connect::Answerer;
use super::{ask, change, render};
use crate::backup::{Backups, KEPT_FOR, Standing, Summary, Undo};
use crate::duration::show_duration;
use crate::error::{Error, Result};
use crate::ipc::protocol::{Request, Response, WireSecret};
use crate::paths::Paths;
use crate::printable;
use crate::secret::Secret;

/// Runs the command.
pub fn run(args: &Args) -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let backups = Backups::of(&paths);
    let known = backups.list()?;
    if args.list {
        return list(&known, args.report.json);
    }
    let id = match (&args.id, known.first()) {
        (Some(id), _) => id.clone(),
        (None, Some(last)) => last.id.clone(),
        (None, None) => {
            return Err(Error::new("there is nothing to undo").hint(format!(
                "llmenv keeps what `setup`, `doctor --fix`, `import --rewrite` and `client --write` change for {} days",
                KEPT_FOR.as_secs() / 86_400
            )));
        }
    };
    if known.iter().all(|summary| summary.id != id) {
        // Says that there is none, or what is wrong with it, without asking for the store's key first.
        return Err(backups.why_not(&id));
    }
    let key = change::key(&paths)?;
    let undo = Undo::plan(backups.open(&id, &key)?);
    if args.show {
        return show(&undo, args.report.json);
    }
    undo.check(args.force)?;
    if !args.yes {
        change::show(&undo.diff());
        ask::require("a yes", "`--yes`")?;
        let summary = &undo.record().summary;
        let question = format!("undo `{}` of {} ago?", printable::text(&summary.what), age(summary));
        if !ask::is_yes(&question)? {
            render::note("nothing was changed");
            return Ok(());
        }
    }
    let tokens = undo.tokens_gone();
    let restored = undo.apply(&backups, &key, args.force)?;
    let ended = end_tokens(&paths, tokens);
    if args.report.json {
        let over = restored.over.as_ref().map(change::as_json);
        let ended = ended?;
        return render::json(
            &json!({"schema": 1, "undone": id, "restored": restored.files, "kept": over, "tokens_ended": ended}),
        );
    }
    for file in &restored.files {
        render::line(format_args!("restored {}", printable::path(file)));
    }
    if restored.files.is_empty() {
        render::line("every file has its earlier content already");
    }
    if let Some(over) = restored.over {
        render::hint(format_args!("what they held is kept: `llmenv undo {}` brings it back", over.id));
    }
    for token in ended? {
        render::line(format_args!("ended the proxy's token {}", printable::text(&token)));
    }
    Ok(())
}

/// Ends the tokens of the proxy that stood in the files and stand there no more. Gives their ids.
fn end_tokens(paths: &Paths, tokens: Vec<Secret>) -> Result<Vec<String>> {
    if tokens.is_empty() {
        return Ok(Vec::new());
    }
    let mut answerer = Answerer::connect(paths)?;
    let mut ended = Vec::new();
    for token in tokens {
        let request = Request::TokenEnd { profile: None, named: Some(WireSecret(token)), shell: None };
        if let Response::Ended(tokens) = answerer.ask(&request)? {
            ended.extend(tokens.into_iter().map(|token| token.id));
        }
    }
    Ok(ended)
}

fn age(summary: &Summary) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    show_duration(std::time::Duration::from_secs(now.as_secs().saturating_sub(summary.made_at)))
}

fn list(known: &[Summary], json: bool) -> Result<()> {
    if json {
        let rows: Vec<Value> = known
            .iter()
            .map(|summary| json!({"id": summary.id, "made_at": summary.made_at, "what": summary.what, "files": summary.files}))
            .collect();
        return render::json(&json!({"schema": 1, "backups": rows}));
    }
    if known.is_empty() {
        render::line("there is nothing to undo");
        return Ok(());
    }
    let rows: Vec<Vec<String>> = known
        .iter()
        .map(|summary| {
            vec![summary.id.clone(), format!("{} ago", age(summary)), summary.what.clone(), summary.files.join(", ")]
        })
        .collect();
    render::table(&["id", "when", "what", "files"], &rows);
    Ok(())
}

fn show(undo: &Undo, json: bool) -> Result<()> {
    let word = |standing: &Standing| match standing {
        Standing::AsLeft => "would be restored".to_owned(),
        Standing::Restored => "has its earlier content already".to_owned(),
        Standing::Edited => "was edited since".to_owned(),
        Standing::Removed => "was removed since".to_owned(),
        Standing::Odd(why) => printable::line(why),
    };
    let diff = undo.diff();
    if json {
        let files: Vec<Value> =
            undo.standings().map(|(path, standing)| json!({"path": path, "standing": word(standing)})).collect();
        return render::json(&json!({"schema": 1, "id": undo.record().summary.id, "files": files, "diff": diff}));
    }
    change::show(&diff);
    for (path, standing) in undo.standings() {
        render::line(format_args!("{}: {}", printable::path(path), word(standing)));
    }
    Ok(())
}
