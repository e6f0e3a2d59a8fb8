//! A quote that nobody closes: loaders drop the variable, and some all that follows.

use super::env_file::{EnvFile, Line};
use super::environment::{is_base_url, is_key};
use super::fix::Fix;
use super::{Detector, Finding, Look, Spot};
use crate::dotenv::{Dialect, Problem};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["unterminated-quote"], find };

fn find(look: &Look) -> Vec<Finding> {
    look.files.iter().flat_map(|file| file.lines.iter().filter_map(|line| of_line(file, line))).collect()
}

fn of_line(file: &EnvFile, line: &Line) -> Option<Finding> {
    if !(is_key(&line.name) || is_base_url(&line.name)) {
        return None;
    }
    let written = file.written(line);
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let rest = &written[1..];
    // A value over several lines is closed further down; a key is none.
    if rest.contains(quote) {
        return None;
    }
    let is_told = |loader: &Dialect| {
        let reading = file.reading(*loader);
        reading.failure.is_some_and(|failure| failure.place.line >= line.number)
            || reading.diagnostics.iter().any(|diagnostic| {
                matches!(diagnostic.problem, Problem::UnterminatedQuote | Problem::RejectedLine)
                    && diagnostic.place.line >= line.number
            })
    };
    let losing: Vec<&str> = Dialect::ALL
        .iter()
        .filter(|loader| is_told(loader) || file.text(**loader, &line.name).is_none())
        .map(|loader| loader.name())
        .collect();
    let what = format!(
        "{} has a quote that is never closed: {} of {} loaders drop it, or all that follows",
        line.name,
        losing.len(),
        Dialect::ALL.len()
    );
    let finding = Finding::error("unterminated-quote", what)
        .variable(line.name.clone())
        .at(Spot::bare(file.origin(line.number, Some(file.column(line)))))
        .data("loaders", losing);
    let change = file.rewrite(line, rest.trim());
    Some(finding.fix(match change {
        Some(change) => Fix::edit(format!("write it as `{}=…`, without quotes", line.name), &file.path, change).safe(),
        None => Fix::hint("close the quote"),
    }))
}
